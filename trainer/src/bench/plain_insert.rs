use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use embedded::{Binaries, Options};
use tokio::process::Command;

use super::rig::Rig;
use crate::config::ServerConfig;

/// One INSERT of an event into a table like `es.events`, by `pgbench`: what the server can do when
/// nobody thinks about it.
pub(super) struct PlainInsert {
    pgbench: PathBuf,
    script: tempfile::NamedTempFile,
    database_url: String,
}

const SCRIPT: &str = r#"insert into bench.plain (position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, owner_id, part, event_id, recorded_at) values (nextval('bench.position'), 'run', gen_random_uuid()::text, 1, 'run.recorded', '1', '{"type": "run.recorded","run_id": "01936f00-0000-7000-8000-000000000000","owner_id": "01936f00-0000-7000-8000-000000000001","source": "manual","external_id": null,"run": {"actual_date": "2024-06-28","started_at": null,"distance_m": 18400,"duration_s": 5924,"average_heart_rate": 154,"max_heart_rate": 175,"elevation_gain_m": 72,"perceived_effort": null,"is_race": false,"notes": "along the river and back"}}', '{"actor_id": "01936f00-0000-7000-8000-000000000001","command_id": "01936f00-0000-7000-8000-000000000002","correlation_id": "01936f00-0000-7000-8000-000000000002","owner_id": "01936f00-0000-7000-8000-000000000001","request_id": "01936f00-0000-7000-8000-000000000003","source": "http"}', '01936f00-0000-7000-8000-000000000001', 11, gen_random_uuid(), now());
"#;

impl PlainInsert {
    pub(super) async fn prepare(rig: &Rig, config: &ServerConfig) -> anyhow::Result<Self> {
        let options =
            Options { pg_bin_dir: config.pg_bin_dir.clone(), ..Options::new(&config.data_dir) };
        let pgbench = pgbench_beside(&Binaries::find_for(&options)?.pg_bin_dir.join("initdb"));
        let pool = rig.pool(1).await?;
        sqlx::raw_sql(
            "create schema bench;
             create sequence bench.position cache 100;
             create table bench.plain (like es.events including all);",
        )
        .execute(&pool)
        .await?;
        let script = tempfile::Builder::new().suffix(".sql").tempfile()?;
        std::fs::write(script.path(), SCRIPT)?;
        Ok(Self { pgbench, script, database_url: rig.database_url().to_owned() })
    }

    pub(super) fn way(&self) -> &'static str {
        "pgbench, one INSERT a transaction into a table like es.events, as many clients as connections"
    }

    pub(super) async fn per_second(&self, clients: usize, time: Duration) -> anyhow::Result<f64> {
        let output = Command::new(&self.pgbench)
            .args(["--no-vacuum", "--jobs=2"])
            .arg(format!("--client={clients}"))
            .arg(format!("--time={}", time.as_secs()))
            .arg("--file")
            .arg(self.script.path())
            // The URL holds a password: not an argument, which everybody on the machine could read.
            .env("PGSERVICEFILE", "/dev/null")
            .envs(connection(&self.database_url)?)
            .output()
            .await
            .context("pgbench did not start")?;
        ensure!(
            output.status.success(),
            "pgbench failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("tps = "))
            .context("pgbench told no tps")?;
        let rate = line.split_whitespace().next().context("pgbench told no tps")?;
        Ok(rate.parse()?)
    }
}

/// pgbench lies where initdb does, which may be a link; else the path will find it.
fn pgbench_beside(initdb: &Path) -> PathBuf {
    let real = initdb.canonicalize().unwrap_or_else(|_gone| initdb.to_owned());
    let beside = [initdb, &real].map(|initdb| initdb.with_file_name("pgbench"));
    beside.into_iter().find(|pgbench| pgbench.exists()).unwrap_or_else(|| PathBuf::from("pgbench"))
}

/// The connection as the variables that Postgres's own programs read.
fn connection(database_url: &str) -> anyhow::Result<Vec<(&'static str, String)>> {
    let rest = database_url.split_once("://").context("no Postgres URL")?.1;
    let (credentials, place) = rest.rsplit_once('@').context("no user in the Postgres URL")?;
    let (user, password) =
        credentials.split_once(':').context("no password in the Postgres URL")?;
    let (host, database) = place.split_once('/').context("no database in the Postgres URL")?;
    let (host, port) = host.split_once(':').context("no port in the Postgres URL")?;
    let database = database.split('?').next().unwrap_or(database);
    Ok(vec![
        ("PGUSER", user.to_owned()),
        ("PGPASSWORD", password.to_owned()),
        ("PGHOST", host.to_owned()),
        ("PGPORT", port.to_owned()),
        ("PGDATABASE", database.to_owned()),
    ])
}
