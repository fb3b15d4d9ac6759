use chrono::{DateTime, Utc};
use domain::OwnerId;
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::activity::{self, By, Kind};

/// Whether a second factor guards an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TwoFactorStatus {
    /// Whether signing in takes a code.
    enabled: bool,
    /// Since when; null when it does not.
    enabled_at: Option<DateTime<Utc>>,
    /// How many recovery codes are left.
    #[schema(minimum = 0, maximum = 10)]
    recovery_codes_left: i64,
}

/// Whether signing in to an account takes a code.
pub(crate) async fn is_on(pool: &PgPool, user_id: OwnerId) -> Result<bool, sqlx::Error> {
    let factor = sqlx::query!(
        "select user_id from auth.second_factors where user_id = $1 and confirmed_at is not null",
        user_id.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(factor.is_some())
}

/// The same, as its owner sees it.
pub(crate) async fn status(
    pool: &PgPool,
    user_id: OwnerId,
) -> Result<TwoFactorStatus, sqlx::Error> {
    let factor = sqlx::query!(
        r#"select confirmed_at,
                  (select count(*) from auth.recovery_codes c where c.user_id = f.user_id) as "left!"
             from auth.second_factors f where user_id = $1 and confirmed_at is not null"#,
        user_id.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(match factor {
        Some(factor) => TwoFactorStatus {
            enabled: true,
            enabled_at: factor.confirmed_at,
            recovery_codes_left: factor.left,
        },
        None => TwoFactorStatus { enabled: false, enabled_at: None, recovery_codes_left: 0 },
    })
}

/// Takes the factor away, with its recovery codes; whether there was one.
pub(crate) async fn remove(pool: &PgPool, user_id: OwnerId) -> Result<bool, sqlx::Error> {
    let removed = sqlx::query!(
        "delete from auth.second_factors where user_id = $1 and confirmed_at is not null",
        user_id.0,
    )
    .execute(pool)
    .await?;
    Ok(removed.rows_affected() > 0)
}

/// Takes the second factor of an account away whose owner has lost it, for whoever operates the server; whether there
/// was one. The owner sees that it happened.
///
/// # Errors
/// When the database does not answer.
pub async fn remove_second_factor(pool: &PgPool, user_id: OwnerId) -> Result<bool, sqlx::Error> {
    let removed = remove(pool, user_id).await?;
    if removed {
        activity::keep(pool, user_id, Kind::TwoFactorOff, By::Administrator, None).await;
    }
    Ok(removed)
}
