use std::fs;
use std::os::unix::fs::symlink;

use domain::plan_export::{PrintOptions, Template};
use typesetting::{RenderError, Settings, TemplateError, Typesetter};

use crate::TYPESETTER;
use crate::plans::{day, plan};
use crate::poppler::text;

fn with(files: &[(&str, &str)]) -> Result<Typesetter, TemplateError> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    let templates = Some(folder.path().to_owned());
    // What was read stays, the folder goes.
    Typesetter::new(&Settings { templates, fonts: None, system_fonts: false })
}

/// The same, where it must be refused.
fn fault(content: &str) -> String {
    match with(&[("club.typ", content)]) {
        Err(TemplateError::Broken { template, message }) => {
            assert_eq!(template.as_str(), "club");
            message
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_own_template_needs_no_compiler() {
    let typesetter = with(&[
        ("club.typ", "#import \"/lib/plan.typ\": *\n#import \"parts/head.typ\": head\n#show: pages\n#head(plan.name)"),
        ("parts/head.typ", "#let head(name) = heading[Club: #name]"),
    ])
    .unwrap();
    let club = Template::parse("club").unwrap();
    assert!(typesetter.has(&club) && typesetter.has(&Template::weekly()));
    let document = plan("A #plan", day("2027-03-01"), 2);
    let rendered = typesetter.render(&document, &PrintOptions::new(club.clone())).unwrap();
    assert!(text(&rendered.pdf).is_none_or(|text| text.contains("Club:A#plan")));
    let refused = TYPESETTER.render(&document, &PrintOptions::new(club));
    assert!(matches!(refused, Err(RenderError::UnknownTemplate(_))));
}

#[test]
fn a_broken_template_is_refused_with_its_line() {
    assert!(fault("fine\n\n#let x = (").starts_with("club.typ:3:"));
    let message = fault("#set page(width: 5cm)\n#nobody");
    assert!(message.starts_with("club.typ:2:2: unknown variable: nobody"), "{message}");
    assert!(
        fault("#let forever() = forever()\n#forever()").contains("maximum function call depth")
    );
    assert!(fault("#let n = 0\n#while n < 1 { n = n - 1 }").contains("infinite"));
}

#[test]
fn a_template_reads_its_own_folder_and_nothing_else() {
    for path in [
        "/etc/passwd",
        "../../../../../etc/passwd",
        "lib/../../x",
        "/proc/self/environ",
        "http://127.0.0.1/x",
    ] {
        let message = fault(&format!("#read(\"{path}\")"));
        assert!(message.starts_with("club.typ:1:"), "{path}: {message}");
    }
    assert!(fault("#import \"@preview/cetz:0.3.0\": *").starts_with("club.typ:1:"));
    assert!(fault("#datetime.today()").contains("unable to get the current date"));
}

#[test]
fn links_and_odd_names_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let settings =
        Settings { templates: Some(folder.path().to_owned()), fonts: None, system_fonts: false };
    symlink("/etc/passwd", folder.path().join("data.txt")).unwrap();
    assert!(matches!(Typesetter::new(&settings), Err(TemplateError::Link(_))));
    assert!(matches!(with(&[("My Club.typ", "x")]), Err(TemplateError::Name { .. })));
    let missing = Some(folder.path().join("missing"));
    let settings = Settings { templates: missing, fonts: None, system_fonts: false };
    assert!(matches!(Typesetter::new(&settings), Err(TemplateError::Unreadable { .. })));
}
