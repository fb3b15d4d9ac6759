//! Finds out how a program is.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State as NatsState;
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio::sync::watch;
use tracing::warn;

use super::report::{
    BreakerState, DatabaseHealth, HealthReport, HealthStatus, MailHealth, NatsHealth,
    ProjectionLag, UpstreamHealth,
};

/// How long the database may take to answer before it counts as out of reach.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a mail may wait before something is wrong.
const LATE_MAIL_S: f64 = 15.0 * 60.0;

/// What a program asks to know how it is, and the paths that say so.
#[derive(Clone)]
pub struct HealthChecks {
    service: &'static str,
    version: &'static str,
    database: PgPool,
    nats: Option<Client>,
    publishes: Option<watch::Receiver<bool>>,
    upstreams: Option<Arc<Upstreams>>,
}

type Upstreams = dyn Fn() -> Vec<UpstreamHealth> + Send + Sync;

impl HealthChecks {
    /// Of the program with this name and version.
    #[must_use]
    pub fn new(
        service: &'static str,
        version: &'static str,
        database: PgPool,
        nats: Option<Client>,
    ) -> Self {
        Self { service, version, database, nats, publishes: None, upstreams: None }
    }

    /// The same, which also says whether events can be published.
    #[must_use]
    pub fn with_relay(self, publishes: Option<watch::Receiver<bool>>) -> Self {
        Self { publishes, ..self }
    }

    /// The same, which also asks how the processes are that requests are passed on to.
    #[must_use]
    pub fn with_upstreams(
        self,
        upstreams: impl Fn() -> Vec<UpstreamHealth> + Send + Sync + 'static,
    ) -> Self {
        Self { upstreams: Some(Arc::new(upstreams)), ..self }
    }

    /// How the program is now.
    pub async fn report(&self) -> HealthReport {
        let asked = async { Ok((self.projections().await?, Some(self.mail().await?))) };
        let (database, (projections, mail)) =
            match tokio::time::timeout(DATABASE_TIMEOUT, asked).await {
                Ok(Ok(found)) => (DatabaseHealth::Connected, found),
                // Undefined table or schema.
                Ok(Err(sqlx::Error::Database(cause)))
                    if matches!(cause.code().as_deref(), Some("42P01" | "3F000")) =>
                {
                    (DatabaseHealth::NotMigrated, (vec![], None))
                }
                Ok(Err(cause)) => {
                    warn!(%cause, "database not healthy");
                    (DatabaseHealth::Unreachable, (vec![], None))
                }
                Err(_) => (DatabaseHealth::Unreachable, (vec![], None)),
            };
        let nats = self.nats_health();
        let upstreams = self.upstreams.as_ref().map_or_else(Vec::new, |upstreams| upstreams());
        let is_down = database != DatabaseHealth::Connected || nobody_answers(&upstreams);
        let something_missing = is_missing(nats)
            || !upstreams.iter().all(answers)
            || projections.iter().any(|projection| projection.parked_streams > 0)
            || mail.as_ref().is_some_and(|mail| mail.waiting_seconds > LATE_MAIL_S);
        let status = match (is_down, something_missing) {
            (true, _) => HealthStatus::Down,
            (false, true) => HealthStatus::Degraded,
            (false, false) => HealthStatus::Ok,
        };
        HealthReport {
            status,
            service: self.service,
            version: self.version,
            database,
            nats,
            projections,
            upstreams,
            mail,
        }
    }

    fn nats_health(&self) -> NatsHealth {
        let publishes = self.publishes.as_ref().is_none_or(|publishes| *publishes.borrow());
        match self.nats.as_ref().map(Client::connection_state) {
            None => NatsHealth::NotUsed,
            Some(NatsState::Connected) if publishes => NatsHealth::Connected,
            Some(NatsState::Connected) => NatsHealth::Unusable,
            Some(NatsState::Pending | NatsState::Disconnected) => NatsHealth::Disconnected,
        }
    }

    async fn mail(&self) -> Result<MailHealth, sqlx::Error> {
        let (waiting, waiting_seconds, given_up) = sqlx::query_as(
            "select count(*) filter (where failed_at is null),
                    coalesce(extract(epoch from now() - min(queued_at) filter (where failed_at is null)), 0)::float8,
                    count(*) filter (where failed_at is not null)
               from mail.queue
              where sent_at is null",
        )
        .fetch_one(&self.database)
        .await?;
        Ok(MailHealth { waiting, waiting_seconds, given_up })
    }

    async fn projections(&self) -> Result<Vec<ProjectionLag>, sqlx::Error> {
        type Row = (String, i64, i64, Option<DateTime<Utc>>, i64);
        let rows: Vec<Row> = sqlx::query_as(
            "select c.projection, c.position, h.position,
                    (select e.recorded_at from es.events e where e.position > c.position order by e.position limit 1),
                    (select count(*) from projector.parked_streams p
                      where p.projection = c.projection and p.generation = 'live')
               -- Of a projection whose work is divided, what is furthest behind.
               from (select projection, min(position) as position from projector.checkpoints
                      where generation = 'live' group by projection) c
              cross join es.head h
              order by c.projection",
        )
        .fetch_all(&self.database)
        .await?;
        let now = Utc::now();
        Ok(rows
            .into_iter()
            .map(|(name, position, head, first_missing, parked_streams)| ProjectionLag {
                name,
                position,
                lag_events: (head - position).max(0),
                lag_seconds: first_missing.map_or(0.0, |recorded| {
                    (now - recorded).num_milliseconds().max(0) as f64 / 1000.0
                }),
                parked_streams,
            })
            .collect())
    }
}

impl std::fmt::Debug for HealthChecks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HealthChecks").field("service", &self.service).finish_non_exhaustive()
    }
}

/// Whether what NATS is there for waits.
fn is_missing(nats: NatsHealth) -> bool {
    match nats {
        NatsHealth::Disconnected | NatsHealth::Unusable => true,
        NatsHealth::Connected | NatsHealth::NotUsed => false,
    }
}

/// Whether there are processes behind a gateway, and none of them is asked.
fn nobody_answers(upstreams: &[UpstreamHealth]) -> bool {
    !upstreams.is_empty() && !upstreams.iter().any(answers)
}

fn answers(upstream: &UpstreamHealth) -> bool {
    upstream.breaker == BreakerState::Closed
}
