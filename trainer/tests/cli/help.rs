//! `trainer --help` and the help of everything below it.

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

#[test]
fn a_wrong_call_is_answered_with_what_is_right() {
    let folder = TestFolder::new();
    assert!(must_fail(folder.run(&["migrat"])).contains("'migrate'"));
    assert!(must_fail(folder.run(&["serve", "everything"])).contains("command-api"));
    assert!(must_fail(folder.run(&["up", "--port", "100000"])).contains("100000"));
    assert!(must_fail(folder.run(&["projections"])).contains("rebuild"));
    assert_eq!(
        must_succeed(folder.run(&["--version"])).trim(),
        format!("trainer {}", env!("CARGO_PKG_VERSION"))
    );
}
