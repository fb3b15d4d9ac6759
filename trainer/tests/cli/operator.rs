//! The operator: a data folder, with or without a running trainer, and the commands given beside it.

use std::io::Write;
use std::process::{Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use uuid::Uuid;

use crate::program::{Ask, PASSWORD, Runner, TestFolder, Trainer, output_of};

pub(crate) struct Operator {
    pub(crate) folder: TestFolder,
    pub(crate) trainer: Trainer,
}

impl Operator {
    /// One with a running trainer, which all tests share that do not care about what others do.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Operator> = OnceLock::new();
        SHARED.get_or_init(Self::new)
    }

    /// One with a running trainer.
    pub(crate) fn new() -> Self {
        let folder = TestFolder::new();
        let trainer = Trainer::up(&folder);
        Self { folder, trainer }
    }

    /// Makes an account with a new e-mail, and gives that.
    pub(crate) fn account(&self) -> String {
        let email = format!("{}@example.org", Uuid::new_v4().simple());
        must_succeed(create_account(&self.folder, &["--email", &email], PASSWORD));
        email
    }

    /// What a path shows now to the owner of an account.
    pub(crate) async fn see(&self, email: &str, path: &str) -> Value {
        let runner = Runner::login(self.trainer.address, email).await;
        let ask = Ask::get(path)
            .header("trainer-position", self.head().to_string())
            .header("prefer", "wait=30");
        let answer = runner.client(self.trainer.address).send(&ask).await.unwrap().must_be(200);
        assert_eq!(answer.header("trainer-consistency"), None, "{path}");
        answer.json()
    }

    /// Everything in a list of the owner of an account, as it is now.
    pub(crate) async fn list(&self, email: &str, path: &str) -> Vec<Value> {
        let head = self.head();
        Runner::login(self.trainer.address, email)
            .await
            .list(self.trainer.address, path, head)
            .await
    }

    /// The position of the last event.
    pub(crate) fn head(&self) -> i64 {
        head(&self.folder)
    }
}

/// The position of the last event.
pub(crate) fn head(folder: &TestFolder) -> i64 {
    let list: Value =
        serde_json::from_str(&folder.prints(&["projections", "list", "--json"])).unwrap();
    list["head"].as_i64().unwrap()
}

/// Runs `user create` with a password on its standard input.
pub(crate) fn create_account(folder: &TestFolder, arguments: &[&str], password: &str) -> Output {
    let mut command = folder.command(&["user", "create"]);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
    output_of(child)
}

/// What a command has printed that looked for faults, and must have found some.
#[track_caller]
pub(crate) fn must_find_fault(output: Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

/// What a command has printed, which must have ended well.
#[track_caller]
pub(crate) fn must_succeed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What a command has said about its failure, in a few lines and without printing anything else.
#[track_caller]
pub(crate) fn must_fail(output: Output) -> String {
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code().is_some_and(|code| code != 0), "{}: {said}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{said}");
    assert!(!said.contains("panicked"), "{said}");
    let said: Vec<_> = said.lines().filter(|line| !line.starts_with('{')).collect();
    assert!(!said.is_empty() && said.len() <= 25, "{said:#?}");
    said.join("\n")
}
