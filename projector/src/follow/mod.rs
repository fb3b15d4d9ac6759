//! Keeping a projection up to date, in whatever share of the work falls to this process.

mod follower;
mod outdated;
mod postgres;
mod surroundings;

use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use sqlx::{ConnectOptions, PgConnection, PgPool};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) use self::follower::Follower;
use self::outdated::rebuild_outdated;
use self::postgres::Postgres;
#[cfg(test)]
pub(crate) use self::surroundings::{Lease, Surroundings};
use crate::course::Course;
use crate::shares::Parts;
use crate::{Projection, ProjectorError};

/// Called after the rows of some parts show everything up to a position.
pub type OnProjected = Arc<dyn Fn(Projection, Parts, i64) + Send + Sync>;

/// How long to wait after an error.
const RETRY: Duration = Duration::from_millis(500);

/// How often a projector of an older version looks whether it is needed again.
const STAND_ASIDE: Duration = Duration::from_secs(5);

/// Keeps a projection up to date until told to stop. Several processes that do so divide the work by parts: each part is
/// in the hands of one of them, and when that one is gone, of another. Errors are logged and tried again.
pub async fn follow(
    projection: Projection,
    pool: PgPool,
    client: async_nats::Client,
    appended: Option<watch::Receiver<i64>>,
    on_projected: OnProjected,
    shutdown: CancellationToken,
) {
    while !shutdown.is_cancelled() {
        let followed = tokio::select! {
            () = shutdown.cancelled() => return,
            followed = follow_once(projection, &pool, &client, appended.clone(), &on_projected) => followed,
        };
        if let Err(error @ ProjectorError::Newer { .. }) = followed {
            tracing::warn!(projection = projection.name(), %error, "projector stands aside");
            shutdown.run_until_cancelled(tokio::time::sleep(STAND_ASIDE)).await;
        } else if let Err(error) = followed {
            counter!("trainer_projection_errors_total", "projection" => projection.name())
                .increment(1);
            tracing::error!(projection = projection.name(), %error, "projection interrupted, trying again");
            tokio::time::sleep(RETRY).await;
        }
    }
}

async fn follow_once(
    projection: Projection,
    pool: &PgPool,
    client: &async_nats::Client,
    appended: Option<watch::Receiver<i64>>,
    on_projected: &OnProjected,
) -> Result<(), ProjectorError> {
    let world = Postgres::connect(projection, pool, client, appended).await?;
    let mut follower = Follower::take_share(world, Arc::clone(on_projected)).await?;
    // Ends with this function.
    let mut rebuilding = JoinSet::new();
    if follower.rows_version() < projection.version() {
        rebuilding.spawn(rebuild_outdated(projection, pool.clone()));
    }
    let ended = follower.go_on().await;
    // What it has reported is somebody else's to report now.
    Course::report_none(projection);
    ended
}

/// A connection that writes rows into the tables of a schema.
pub(crate) async fn connect(pool: &PgPool, schema: &str) -> sqlx::Result<PgConnection> {
    let options = (*pool.connect_options()).clone().options([
        ("search_path", schema),
        // Whoever stands still in the middle of a commit keeps nobody waiting for longer: what they had begun is undone.
        ("idle_in_transaction_session_timeout", "5s"),
        // The statements are the same for ever and planned once, perhaps while the tables are empty.
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("jit", "off"),
    ]);
    options.connect().await
}
