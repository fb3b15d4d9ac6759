use domain::OwnerId;
use service::{CoachAccess, Coaching, KeySourceError};
use sqlx::PgPool;

use super::relation::decode_scope;

/// What coaches may do, as the database has it.
pub(crate) fn source(pool: PgPool) -> Coaching {
    Coaching::new(move |coach, athlete| {
        let pool = pool.clone();
        Box::pin(async move { find(&pool, coach, athlete).await.map_err(KeySourceError::new) })
    })
}

/// What a coach may do for an athlete: nothing once either is locked, or the coach is a coach no more.
async fn find(
    pool: &PgPool,
    coach: OwnerId,
    athlete: OwnerId,
) -> Result<Option<CoachAccess>, sqlx::Error> {
    let row = sqlx::query!(
        "select a.access_id, a.scope, a.version
           from auth.coach_access a
           join auth.users c on c.user_id = a.coach_id and c.locked_at is null and 'coach' = any(c.roles)
           join auth.users t on t.user_id = a.athlete_id and t.locked_at is null
          where a.coach_id = $1 and a.athlete_id = $2",
        coach.0,
        athlete.0,
    )
    .fetch_optional(pool)
    .await?;
    row.map(|row| {
        let scope = decode_scope(&row.scope)?;
        Ok(CoachAccess { id: row.access_id, scope, version: row.version })
    })
    .transpose()
}
