use event_store::{Leadership, Standby};
use sqlx::{PgConnection, PgPool};

use super::situation::situation;
use super::{job, standing_by};
use crate::{Projection, ProjectorError};

/// Takes a share that nobody has; answers its number, and the lease on it. When there is none, somebody stands by from
/// now on, and is seen.
///
/// # Errors
/// When the database fails, or a newer program has made the rows: then there is nothing to wait for.
pub(crate) async fn look_for_share(
    projection: Projection,
    mut standby: Standby,
) -> Result<Result<(i16, Leadership), Standby>, ProjectorError> {
    is_ours(standby.connection(), projection).await?;
    let division = situation(standby.connection(), projection).await?;
    for share in division.shares.iter().filter(|share| !share.is_held) {
        standby = match standby.try_take(&job(projection, share.number)).await? {
            Ok(lease) => return Ok(Ok((share.number, lease))),
            Err(standby) => standby,
        };
    }
    standby.be_seen_as(&standing_by(projection)).await?;
    Ok(Err(standby))
}

/// The lease on a share that nobody has; `None` when somebody was faster.
pub(crate) async fn lease(
    projection: Projection,
    share: i16,
    pool: &PgPool,
) -> sqlx::Result<Option<Leadership>> {
    Leadership::try_take(&job(projection, share), &pool.connect_options()).await
}

/// Fails when a newer program has made the rows.
async fn is_ours(
    connection: &mut PgConnection,
    projection: Projection,
) -> Result<(), ProjectorError> {
    let rows = sqlx::query_scalar!(
        "select max(version) from projector.checkpoints where projection = $1 and generation = 'live'",
        projection.name(),
    )
    .fetch_one(connection)
    .await?
    .unwrap_or_default();
    projection.can_follow(rows)
}
