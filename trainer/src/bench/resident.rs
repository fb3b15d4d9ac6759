use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::machine::peak_mb;
use super::rig::Rig;
use crate::role::Role;

/// How long the roles run: they connect, catch up and come to rest.
const RUN: Duration = Duration::from_secs(30);

/// A role as a process of its own, on what the rig holds; it ends with the handle.
pub(super) fn serve(rig: &Rig, role: Role, folder: &Path) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["serve", role.name(), "--port", "0"])
        .env("DATABASE_URL", rig.database_url())
        .env("NATS_URL", rig.nats_url())
        .env("TRAINER_DATA_DIR", folder)
        .env("TRAINER_LOG", "error")
        // Whatever the operator has set: nothing of a benchmark is kept.
        .env("TRAINER_PDF_S3_BUCKET", "")
        .env("TRAINER_PDF_DIR", folder.join("pdf"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}

/// The most memory that each role has in use as a process of its own, started beside the others on what the rig holds.
pub(super) async fn of_roles(rig: &Rig) -> anyhow::Result<Map<String, Value>> {
    let folder = tempfile::tempdir()?;
    let mut running = Vec::new();
    for role in Role::ALL {
        running.push((role, serve(rig, role, folder.path())?));
        // One makes the keys, the others find them.
        sleep(Duration::from_secs(1)).await;
    }
    sleep(RUN).await;
    let mut peaks = Map::new();
    for (role, mut child) in running {
        let peak = child.id().and_then(peak_mb);
        peaks.insert(format!("{}_peak_mb", role.name().replace('-', "_")), peak.into());
        child.kill().await?;
    }
    Ok(peaks)
}
