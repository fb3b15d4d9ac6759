use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::machine::peak_mb;
use super::rig::Rig;
use crate::role::Role;

/// How often the memory of a command is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A command of this program that has ended well.
pub(super) struct Done {
    /// What it said with `--json`, line by line.
    pub(super) answers: Vec<Value>,
    pub(super) elapsed: Duration,
    /// The most memory it had in use, in megabytes; `None` where the system does not say.
    pub(super) peak_mb: Option<u64>,
}

/// Runs a command of this program on what the rig holds, as an operator does.
///
/// # Errors
/// When it does not end well.
pub(super) async fn command(rig: &Rig, words: &[&str]) -> anyhow::Result<Done> {
    let began = Instant::now();
    let mut child = program(rig)?.args(words).arg("--json").stdout(Stdio::piped()).spawn()?;
    let mut said = String::new();
    let (process, mut peak) = (child.id(), None);
    if let Some(mut stdout) = child.stdout.take() {
        let reading = stdout.read_to_string(&mut said);
        let looking = async {
            loop {
                peak = peak.max(process.and_then(peak_mb));
                sleep(LOOK_EVERY).await;
            }
        };
        tokio::select! {
            read = reading => { read?; }
            () = looking => {}
        }
    }
    let status = child.wait().await?;
    ensure!(status.success(), "`trainer {}` failed: {status}", words.join(" "));
    let answers = said.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    Ok(Done { answers, elapsed: began.elapsed(), peak_mb: peak })
}

/// A role as a process of its own, on what the rig holds; it ends with the handle.
pub(super) fn serve(rig: &Rig, role: Role, folder: &Path) -> std::io::Result<Child> {
    program(rig)?
        .args(["serve", role.name(), "--port", "0"])
        .env("TRAINER_DATA_DIR", folder)
        // Whatever the operator has set: nothing of a benchmark is kept.
        .env("TRAINER_PDF_S3_BUCKET", "")
        .env("TRAINER_PDF_DIR", folder.join("pdf"))
        .stdout(Stdio::null())
        .spawn()
}

fn program(rig: &Rig) -> std::io::Result<Command> {
    let mut program = Command::new(std::env::current_exe()?);
    program
        .env("DATABASE_URL", rig.database_url())
        .env("NATS_URL", rig.nats_url())
        .env("TRAINER_LOG", "error")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    Ok(program)
}
