use sqlx::PgPool;

use crate::{Projection, ProjectorError};

/// Keeps a projection from going on, wherever its projector runs. Its rows stay as they are, and whoever waits for them
/// waits in vain.
///
/// # Errors
/// When the database fails.
pub async fn pause(projection: Projection, pool: &PgPool) -> Result<(), ProjectorError> {
    set(projection, pool, true).await
}

/// Lets a projection go on where it was paused.
///
/// # Errors
/// When the database fails.
pub async fn resume(projection: Projection, pool: &PgPool) -> Result<(), ProjectorError> {
    set(projection, pool, false).await
}

/// Until every live share is so. One statement may not be enough: what it has waited for may have let other rows be live, or
/// divided them, and those it has not seen.
async fn set(projection: Projection, pool: &PgPool, paused: bool) -> Result<(), ProjectorError> {
    loop {
        sqlx::query!(
            "update projector.checkpoints
                set paused_at = case when $2 then coalesce(paused_at, now()) end, epoch = default
              where projection = $1 and generation = 'live'",
            projection.name(),
            paused,
        )
        .execute(pool)
        .await?;
        let is_so = sqlx::query_scalar!(
            r#"select coalesce(bool_and((paused_at is not null) = $2), true) as "is_so!"
                 from projector.checkpoints where projection = $1 and generation = 'live'"#,
            projection.name(),
            paused,
        )
        .fetch_one(pool)
        .await?;
        if is_so {
            return Ok(());
        }
    }
}
