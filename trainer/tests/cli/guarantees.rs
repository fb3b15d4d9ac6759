//! The tests that docs/GUARANTEES.md names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_test_that_the_guarantees_name_is_there() {
    let document = fs::read_to_string(source("docs/GUARANTEES.md")).unwrap();
    let named: BTreeSet<(&str, &str)> = document
        .split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|code| code.split_once(".rs::"))
        .collect();
    assert!(named.len() > 40, "{named:?}");
    let missing: Vec<_> = named.iter().filter(|(file, name)| !is_there(file, name)).collect();
    assert!(missing.is_empty(), "{missing:#?}");

    assert!(is_there(
        "trainer/tests/cli/guarantees",
        "every_test_that_the_guarantees_name_is_there"
    ));
    assert!(!is_there("trainer/tests/cli/guarantees", "is_there"), "it is no test");
    assert!(!is_there("trainer/tests/cli/nowhere", "every_test_that_the_guarantees_name_is_there"));
}

/// Whether a file, named without its ending, has a test of this name that is not left out of `make test`.
fn is_there(file: &str, name: &str) -> bool {
    let Ok(text) = fs::read_to_string(source(&format!("{file}.rs"))) else { return false };
    let begins = format!("fn {name}(");
    let lines: Vec<&str> = text.lines().collect();
    let Some(line) = lines
        .iter()
        .position(|line| line.trim_start().trim_start_matches("async ").starts_with(&begins))
    else {
        return false;
    };
    let attributes: Vec<_> =
        lines[..line].iter().rev().take_while(|line| line.trim_start().starts_with("#[")).collect();
    let is_test = attributes.iter().any(|line| line.contains("test]") || line.contains("::test("));
    is_test && !attributes.iter().any(|line| line.contains("#[ignore"))
}

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
