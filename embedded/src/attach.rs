//! Reaching servers that another process started.

use std::{fs, path::Path, time::Duration};

use sqlx::Connection;
use tokio::time::{Instant, sleep};

use crate::{
    EmbeddedError, Urls,
    account::Account,
    cluster,
    home::Home,
    nats::Nats,
    ports::Ports,
    postgres::{DATABASE, Postgres},
    process::Process,
    server::Server,
};

/// How to reach the servers that run on this data folder; none when Postgres does not run or does
/// not answer.
///
/// The nats-server may be down for a while without harm; its process is only named while it answers.
pub async fn connect(data_dir: &Path) -> Option<Urls> {
    let data_dir = fs::canonicalize(data_dir).ok()?;
    let home = Home::existing(&data_dir);
    let account = Account::choose(&home.postgres()).ok()?;
    let ports = Ports::read(&home.ports());

    let mut postgres = Postgres::at(&home, &account, cluster::password(&home).ok()?, 0);
    let process = postgres.find()?;
    postgres.set_port(postgres.running_port()?);
    postgres.connect(DATABASE).await.ok()?.close().await.ok()?;

    let nats = Nats::at(&home, &account, ports.nats?)?;
    let nats_process = nats.find();
    let nats_answers = nats_process.is_some() && nats.answers().await;
    Some(Urls {
        database_url: postgres.url(DATABASE),
        socket_url: postgres.socket_url(DATABASE),
        nats_url: nats.url(),
        pg_pid: process.id(),
        nats_pid: nats_process.filter(|_| nats_answers).map(Process::id),
    })
}

/// Waits until the process that holds the lock has its servers ready, or has let go of the lock,
/// which `try_lock` then takes.
pub(crate) async fn wait_for_the_holder<T>(
    data_dir: &Path,
    at_most: Duration,
    try_lock: impl Fn() -> Result<Option<T>, EmbeddedError>,
) -> Result<Found<T>, EmbeddedError> {
    let deadline = Instant::now() + at_most;
    loop {
        if let Some(urls) = connect(data_dir).await.filter(|urls| urls.nats_pid.is_some()) {
            return Ok(Found::Servers(urls));
        }
        if let Some(lock) = try_lock()? {
            return Ok(Found::Lock(lock));
        }
        if Instant::now() >= deadline {
            return Err(EmbeddedError::Busy {
                data_dir: data_dir.to_owned(),
                seconds: at_most.as_secs(),
            });
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// What came first.
pub(crate) enum Found<T> {
    Servers(Urls),
    Lock(T),
}
