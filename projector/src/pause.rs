use sqlx::PgPool;

use crate::{Projection, ProjectorError};

/// Keeps a projection from going on, wherever its projector runs. Its rows stay as they are, and whoever waits for them
/// waits in vain.
///
/// # Errors
/// When the database fails.
pub async fn pause(projection: Projection, pool: &PgPool) -> Result<(), ProjectorError> {
    sqlx::query!(
        "update projector.checkpoints set paused_at = coalesce(paused_at, now()), epoch = default
          where projection = $1 and generation = 'live'",
        projection.name(),
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Lets a projection go on where it was paused.
///
/// # Errors
/// When the database fails.
pub async fn resume(projection: Projection, pool: &PgPool) -> Result<(), ProjectorError> {
    sqlx::query!(
        "update projector.checkpoints set paused_at = null, epoch = default
          where projection = $1 and generation = 'live'",
        projection.name(),
    )
    .execute(pool)
    .await?;
    Ok(())
}
