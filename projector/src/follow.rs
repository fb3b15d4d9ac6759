use std::sync::Arc;
use std::time::Duration;

use event_store::Leadership;
use metrics::{counter, gauge};
use nats::Subscription;
use sqlx::{ConnectOptions, PgConnection, PgPool};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::checkpoint::{Generation, Step, position};
use crate::{Projection, ProjectorError};

/// Called after a projection's rows show everything up to a position.
pub type OnProjected = Arc<dyn Fn(Projection, i64) + Send + Sync>;

/// How long events that write nothing may go without the checkpoint saying so.
const LAZY: Duration = Duration::from_millis(200);

/// How long to wait after an error.
const RETRY: Duration = Duration::from_millis(500);

/// Keeps a projection up to date until told to stop: one process at a time, the others stand by.
/// Errors are logged and tried again.
pub async fn follow(
    projection: Projection,
    pool: PgPool,
    client: async_nats::Client,
    appended: Option<watch::Receiver<i64>>,
    on_projected: OnProjected,
    shutdown: CancellationToken,
) {
    while !shutdown.is_cancelled() {
        let led = tokio::select! {
            () = shutdown.cancelled() => return,
            led = lead(projection, &pool, &client, appended.clone(), &on_projected) => led,
        };
        if let Err(error) = led {
            counter!("trainer_projection_errors_total", "projection" => projection.name())
                .increment(1);
            tracing::error!(projection = projection.name(), %error, "projection interrupted, trying again");
            tokio::time::sleep(RETRY).await;
        }
    }
}

async fn lead(
    projection: Projection,
    pool: &PgPool,
    client: &async_nats::Client,
    appended: Option<watch::Receiver<i64>>,
    on_projected: &OnProjected,
) -> Result<(), ProjectorError> {
    let options = pool.connect_options();
    let mut leadership =
        Leadership::wait_for(&format!("projection {}", projection.name()), &options).await?;
    let mut connection = connect(pool, "public").await?;
    let mut checkpoint = position(&mut connection, projection, Generation::Live).await?;
    let mut subscription = Subscription::new(pool.clone(), client.clone(), checkpoint, appended);
    tracing::info!(projection = projection.name(), position = checkpoint, "projection follows");
    on_projected(projection, checkpoint);
    let mut written_at = Instant::now();
    loop {
        let events =
            subscription.next_batch().await.map_err(|error| ProjectorError::Database(error.0))?;
        let to = subscription.position();
        let step = Step { projection, generation: Generation::Live, from: checkpoint, to };
        if events.iter().any(|event| projection.concerns(event)) {
            let projected = projection.project(&mut connection, &events, step).await;
            if let Err(ProjectorError::Event { position, .. }) = &projected {
                // What came before it is not held up by it.
                let readable = events.partition_point(|event| event.position < *position);
                let step = Step { to: position - 1, ..step };
                if step.from < step.to {
                    projection.project(&mut connection, &events[..readable], step).await?;
                    on_projected(projection, step.to);
                }
            }
            projected?;
            (checkpoint, written_at) = (to, Instant::now());
        } else if to > checkpoint && (events.is_empty() || written_at.elapsed() > LAZY) {
            // Nothing to write: the rows are as of `to` already, the checkpoint may follow later.
            step.take(&mut connection).await?;
            (checkpoint, written_at) = (to, Instant::now());
        }
        if events.is_empty() {
            leadership.check().await?;
        } else {
            counter!("trainer_projected_events_total", "projection" => projection.name())
                .increment(events.len() as u64);
            gauge!("trainer_projection_position", "projection" => projection.name()).set(to as f64);
            on_projected(projection, to);
        }
    }
}

/// A connection that writes rows into the tables of a schema.
pub(crate) async fn connect(pool: &PgPool, schema: &str) -> sqlx::Result<PgConnection> {
    let options = (*pool.connect_options()).clone().options([
        ("search_path", schema),
        // The statements are the same for ever and planned once, perhaps while the tables are empty.
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("jit", "off"),
    ]);
    options.connect().await
}
