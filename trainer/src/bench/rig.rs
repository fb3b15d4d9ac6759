use embedded::{Embedded, Lifetime, Options, Storage, Supervision};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tempfile::TempDir;

use crate::config::ServerConfig;
use crate::migrations::MIGRATIONS;

/// Private servers that a benchmark has for itself, with everything migrated.
pub(super) struct Rig {
    servers: Embedded,
    _folder: TempDir,
}

impl Rig {
    pub(super) async fn start(config: &ServerConfig) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("trainer-bench-").tempdir()?;
        let options = Options {
            pg_bin_dir: config.pg_bin_dir.clone(),
            nats_server: config.nats_server.clone(),
            lifetime: Lifetime::DieWithParent,
            supervision: Supervision::Off,
            storage: Storage::Throwaway,
            max_connections: 700,
            shared_buffers_mb: 512,
            ..Options::new(folder.path().join("data"))
        };
        let servers = embedded::start(options).await?;
        let rig = Self { servers, _folder: folder };
        let pool = rig.pool(1).await?;
        MIGRATIONS.run(&pool).await?;
        Ok(rig)
    }

    pub(super) fn database_url(&self) -> &str {
        self.servers.database_url()
    }

    pub(super) fn nats_url(&self) -> &str {
        self.servers.nats_url()
    }

    pub(super) async fn pool(&self, connections: u32) -> anyhow::Result<PgPool> {
        Ok(PgPoolOptions::new()
            .max_connections(connections)
            .test_before_acquire(false)
            .connect(self.database_url())
            .await?)
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        Ok(self.servers.stop().await?)
    }
}
