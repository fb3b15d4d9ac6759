use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::PgPool;

/// Where a figure was measured, and with which servers.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    trainer: &'static str,
    build: &'static str,
    cpus: usize,
    cpu_model: String,
    memory_mb: u64,
    postgres: String,
    fsync: String,
    synchronous_commit: String,
    full_page_writes: String,
    nats_server: Option<String>,
}

impl Machine {
    pub(super) async fn look(
        pool: &PgPool,
        nats: Option<&async_nats::Client>,
    ) -> anyhow::Result<Self> {
        let setting = async |name: &str| {
            sqlx::query_scalar::<_, String>("select current_setting($1)")
                .bind(name)
                .fetch_one(pool)
                .await
        };
        Ok(Self {
            trainer: env!("CARGO_PKG_VERSION"),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            cpu_model: first_value("/proc/cpuinfo", "model name").unwrap_or_default(),
            memory_mb: first_value("/proc/meminfo", "MemTotal")
                .and_then(kilobytes)
                .map_or(0, |kb| kb / 1024),
            postgres: setting("server_version").await?,
            fsync: setting("fsync").await?,
            synchronous_commit: setting("synchronous_commit").await?,
            full_page_writes: setting("full_page_writes").await?,
            nats_server: nats.map(|client| client.server_info().version),
        })
    }

    pub(super) fn facts(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(facts)) => facts,
            Ok(_) | Err(_) => Map::new(),
        }
    }
}

/// The memory this process has in use, in megabytes; `None` where the system does not say.
pub(super) fn resident_mb() -> Option<u64> {
    first_value("/proc/self/status", "VmRSS").and_then(kilobytes).map(|kb| kb / 1024)
}

/// The most memory that another process has had in use, in megabytes; `None` where the system does not say, and when it
/// is gone.
pub(super) fn peak_mb(process: u32) -> Option<u64> {
    let status = format!("/proc/{process}/status");
    first_value(&status, "VmHWM").and_then(kilobytes).map(|kb| kb / 1024)
}

fn kilobytes(value: String) -> Option<u64> {
    value.split_whitespace().next()?.parse().ok()
}

fn first_value(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
