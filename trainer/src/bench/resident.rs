use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::sleep;

use super::machine::peak_mb;
use super::program::serve;
use super::rig::Rig;
use crate::role::Role;

/// How long the roles run: they connect, catch up and come to rest.
const RUN: Duration = Duration::from_secs(30);

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
