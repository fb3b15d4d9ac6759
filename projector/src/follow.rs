use std::sync::Arc;
use std::time::Duration;

use event_store::Leadership;
use metrics::{counter, gauge};
use nats::Subscription;
use sqlx::{ConnectOptions, PgConnection, PgPool};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::checkpoint::Generation;
use crate::course::Course;
use crate::{Projection, ProjectorError, RebuildFrom, RebuildProgress, parking, rebuild};

/// Called after a projection's rows show everything up to a position.
pub type OnProjected = Arc<dyn Fn(Projection, i64) + Send + Sync>;

/// How long events that write nothing may go without the checkpoint saying so.
const LAZY: Duration = Duration::from_millis(200);

/// How long to wait after an error.
const RETRY: Duration = Duration::from_millis(500);

/// How long to wait before an interrupted rebuild is taken up again.
const REBUILD_RETRY: Duration = Duration::from_secs(5);

/// How often a rebuild says how far it is.
const PROGRESS: Duration = Duration::from_secs(5);

/// How often a projector of an older version looks whether it is needed again.
const STAND_ASIDE: Duration = Duration::from_secs(5);

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
        if let Err(error @ ProjectorError::Newer { .. }) = led {
            tracing::warn!(projection = projection.name(), %error, "projector stands aside");
            shutdown.run_until_cancelled(tokio::time::sleep(STAND_ASIDE)).await;
        } else if let Err(error) = led {
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
    let mut course = Course::take_over(&mut connection, projection, Generation::Live).await?;
    if course.version > projection.version() {
        return Err(ProjectorError::Newer {
            projection: projection.name(),
            rows: course.version,
            program: projection.version(),
        });
    }
    parking::retry_all(&mut connection, &mut course).await?;
    // Ends with this function.
    let mut rebuilding = JoinSet::new();
    if course.version < projection.version() {
        rebuilding.spawn(rebuild_outdated(projection, pool.clone()));
    }
    let mut subscription =
        Subscription::new(pool.clone(), client.clone(), course.position, appended);
    tracing::info!(
        projection = projection.name(),
        position = course.position,
        "projection follows"
    );
    loop {
        if course.paused {
            tracing::info!(projection = projection.name(), "projection is paused");
            course = until_resumed(&mut connection, course, &mut leadership).await?;
            tracing::info!(projection = projection.name(), "projection goes on");
        }
        course.report();
        subscription.seek(course.position);
        on_projected(projection, course.position);
        match go_on(&mut connection, &mut course, &mut subscription, &mut leadership, on_projected)
            .await
        {
            // An operator has changed the course, or another leader has taken over: then the lock is gone.
            ProjectorError::Fenced => {
                leadership.check().await?;
                course = Course::read(&mut connection, projection, Generation::Live).await?;
            }
            error => return Err(error),
        }
    }
}

/// Projects what comes, until it cannot go on this way.
async fn go_on(
    connection: &mut PgConnection,
    course: &mut Course,
    subscription: &mut Subscription,
    leadership: &mut Leadership,
    on_projected: &OnProjected,
) -> ProjectorError {
    let mut written_at = Instant::now();
    loop {
        let went = go_on_once(connection, course, subscription, &mut written_at);
        match went.await {
            Ok(0) => {
                if let Err(error) = leadership.check().await {
                    return error.into();
                }
            }
            Ok(events) => {
                let (name, position) = (course.projection.name(), subscription.position());
                counter!("trainer_projected_events_total", "projection" => name)
                    .increment(events as u64);
                gauge!("trainer_projection_position", "projection" => name).set(position as f64);
                on_projected(course.projection, position);
            }
            Err(error) => return error,
        }
    }
}

/// Projects what comes next; answers how many events that were.
async fn go_on_once(
    connection: &mut PgConnection,
    course: &mut Course,
    subscription: &mut Subscription,
    written_at: &mut Instant,
) -> Result<usize, ProjectorError> {
    let events =
        subscription.next_batch().await.map_err(|error| ProjectorError::Database(error.0))?;
    let to = subscription.position();
    if course.concerns(&events) {
        course.apply(connection, &events, to).await?;
        *written_at = Instant::now();
    } else if to > course.position
        && (events.is_empty() || course.passes_over_any(&events) || written_at.elapsed() > LAZY)
    {
        // Nothing to write: the rows are as of `to` already, the checkpoint may follow later. But whether a stream is
        // still parked is for the fence to say.
        course.step(to).take(connection).await?;
        course.position = to;
        *written_at = Instant::now();
    }
    Ok(events.len())
}

/// Waits until nobody keeps the projection from going on any more.
async fn until_resumed(
    connection: &mut PgConnection,
    mut course: Course,
    leadership: &mut Leadership,
) -> Result<Course, ProjectorError> {
    while course.paused {
        tokio::time::sleep(RETRY).await;
        leadership.check().await?;
        course = Course::read(connection, course.projection, course.generation).await?;
    }
    Ok(course)
}

/// Builds rows anew that older code has made; they serve until then.
async fn rebuild_outdated(projection: Projection, pool: PgPool) {
    tracing::info!(projection = projection.name(), "rows of an older version are built anew");
    let mut said_at = Instant::now();
    loop {
        let mut say = |progress: RebuildProgress| {
            if said_at.elapsed() > PROGRESS {
                said_at = Instant::now();
                tracing::info!(
                    projection = projection.name(),
                    position = progress.position,
                    head = progress.head,
                    "rebuild goes on"
                );
            }
        };
        let rebuilt = rebuild(projection, &pool, RebuildFrom::WhereItStopped, &mut say);
        match rebuilt.await {
            Ok(rebuilt) => {
                let (events, elapsed) = (rebuilt.events, rebuilt.elapsed);
                tracing::info!(projection = projection.name(), events, ?elapsed, "rebuild done");
                return;
            }
            // Somebody else is at it.
            Err(ProjectorError::Busy { .. }) => {}
            Err(error) => {
                tracing::error!(projection = projection.name(), %error, "rebuild interrupted, trying again");
            }
        }
        tokio::time::sleep(REBUILD_RETRY).await;
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
