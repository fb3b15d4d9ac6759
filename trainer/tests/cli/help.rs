//! `trainer --help` and the help of everything below it.

use std::fs;
use std::path::Path;

use crate::operator::{must_fail, must_succeed};
use crate::program::TestFolder;

#[test]
fn every_command_explains_itself() {
    let folder = TestFolder::new();
    let mut commands = vec![vec![]];
    let mut explained = 0;
    while let Some(command) = commands.pop() {
        let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let help = must_succeed(folder.run(&arguments));
        assert!(help.contains("Usage: trainer"), "{command:?}: {help}");
        let about = help.lines().next().unwrap();
        assert!(
            about.len() > 10 && !about.starts_with("Usage"),
            "{command:?} does not say what it does"
        );
        explained += 1;
        let below = help
            .lines()
            .skip_while(|line| *line != "Commands:")
            .skip(1)
            .take_while(|line| !line.is_empty());
        for line in below.filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
            let name = line.split_whitespace().next().unwrap();
            assert!(line.trim().len() > name.len() + 10, "{command:?} {name} is not described");
            if name != "help" {
                commands.push([&command[..], &[name.to_owned()]].concat());
            }
        }
    }
    assert!(explained >= 18, "{explained} commands");
    assert_eq!(folder.processes(), vec![], "help needs no server");
}

/// `.env.example` says (not compose) of settings that compose.yaml decides itself, in the comment above them.
#[test]
fn compose_passes_on_every_setting_that_is_not_marked() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let compose = fs::read_to_string(root.join("compose.yaml")).unwrap();
    let example = fs::read_to_string(root.join(".env.example")).unwrap();
    let is_name = |text: &&str| text.chars().all(|c| c.is_ascii_uppercase() || "_3".contains(c));
    // Whoever has more providers names them.
    let is_made_up = |name: &str| name.contains("_OIDC_WORK_") || name.contains("_OIDC_MY_CLUB_");
    let (mut marked, mut in_comment, mut seen) = (false, false, 0);
    for line in example.lines() {
        let name = line.trim_start_matches('#').split_once('=').map(|(name, _)| name);
        let Some(name) = name.filter(is_name) else {
            marked = line.contains("(not compose)") || (marked && in_comment);
            in_comment = !line.is_empty();
            continue;
        };
        in_comment = false;
        seen += 1;
        // As .env has it, with or without a default.
        let passed =
            compose.contains(&format!("${{{name}:")) || compose.contains(&format!(" {name}:\n"));
        assert!(
            passed != marked || is_made_up(name),
            "{name}: passed on {passed}, marked {marked}"
        );
    }
    assert!(seen > 60, "{seen} settings");
}

#[test]
fn a_wrong_call_is_answered_with_what_is_right() {
    let folder = TestFolder::new();
    assert!(must_fail(folder.run(&["migrat"])).contains("'migrate'"));
    assert!(must_fail(folder.run(&["serve", "everything"])).contains("command-api"));
    assert!(must_fail(folder.run(&["up", "--port", "100000"])).contains("100000"));
    assert!(must_fail(folder.run(&["projections"])).contains("rebuild"));
    for days in ["0", "36501"] {
        let said = must_fail(folder.run(&["doctor", "--nats-retention-days", days]));
        assert!(said.contains("1..=36500"), "{said}");
    }
    assert_eq!(
        must_succeed(folder.run(&["--version"])).trim(),
        format!("trainer {}", env!("CARGO_PKG_VERSION"))
    );
}
