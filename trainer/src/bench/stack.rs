use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use auth::{MasterKey, Password};
use chrono::TimeDelta;
use gateway::{DoorSettings, RateLimits};
use service::{Role as UserRole, ServeOptions};
use sqlx::PgPool;

use super::rig::Rig;
use crate::config::ServerConfig;
use crate::http_client::HttpClient;
use crate::process::{Listen, Process};
use crate::role::Role;

/// The whole program, serving HTTP in this process, with one runner signed in.
pub(super) struct Stack {
    process: Process,
    address: SocketAddr,
    token: String,
}

impl Stack {
    pub(super) async fn start(rig: &Rig, config: &ServerConfig) -> anyhow::Result<Self> {
        let pool = rig.pool(config.db_connections).await?;
        let client = nats::connect(rig.nats_url(), "trainer bench").await?;
        let mut process = Process::new(pool, client);
        let master_key = MasterKey::generate()?;
        let door = DoorSettings { rate_limits: RateLimits::Off, ..DoorSettings::default() };
        let address = (IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let listen = Listen { address, door, options: ServeOptions::default() };
        let address = process.run(&Role::ALL, config, Some(&master_key), listen).await?;
        let pool = &process.pool;
        let password = Password::new(uuid::Uuid::new_v4().to_string());
        let owner =
            auth::create_user(pool, "bench@example.org", password, None, &[UserRole::Athlete])
                .await?;
        let token = auth::issue_token(pool, &master_key, owner, TimeDelta::hours(6)).await?;
        Ok(Self { address, token: token.expose().to_owned(), process })
    }

    /// The process that serves.
    pub(super) fn process(&self) -> &Process {
        &self.process
    }

    /// The runner's access token.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn pool(&self) -> &PgPool {
        &self.process.pool
    }

    pub(super) fn nats(&self) -> &async_nats::Client {
        &self.process.client
    }

    pub(super) async fn client(&self) -> anyhow::Result<HttpClient> {
        HttpClient::connect(self.address, &self.token).await
    }

    pub(super) async fn stop(self) {
        self.process.stop().await;
    }
}
