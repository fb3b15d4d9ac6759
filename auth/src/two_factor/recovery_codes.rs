use chrono::{DateTime, Utc};
use domain::OwnerId;
use sqlx::{PgConnection, PgPool};

use super::code::RecoveryCode;
use crate::error::AuthError;

/// How many an account gets.
const HOW_MANY: usize = 10;

/// Codes that are about to be shown, once.
pub(crate) struct NewRecoveryCodes(Vec<RecoveryCode>);

impl NewRecoveryCodes {
    /// What their owner is to keep.
    pub(crate) fn expose(&self) -> Vec<String> {
        self.0.iter().map(RecoveryCode::expose).collect()
    }
}

/// Gives an account new codes; those it had are worth nothing any more. Nothing when no factor guards it.
pub(crate) async fn replace(
    pool: &PgPool,
    user_id: OwnerId,
) -> Result<Option<NewRecoveryCodes>, AuthError> {
    let mut transaction = pool.begin().await?;
    // One at a time, or two sets would be good.
    let factor = sqlx::query!(
        "select user_id from auth.second_factors where user_id = $1 and confirmed_at is not null for update",
        user_id.0,
    )
    .fetch_optional(&mut *transaction)
    .await?;
    if factor.is_none() {
        return Ok(None);
    }
    let codes = insert(&mut transaction, user_id, Utc::now()).await?;
    transaction.commit().await?;
    Ok(Some(codes))
}

/// Stores the hashes of new codes in place of all that were there.
pub(super) async fn insert(
    transaction: &mut PgConnection,
    user_id: OwnerId,
    now: DateTime<Utc>,
) -> Result<NewRecoveryCodes, AuthError> {
    let codes = (0..HOW_MANY).map(|_| RecoveryCode::generate()).collect::<Result<Vec<_>, _>>()?;
    let hashes: Vec<_> = codes.iter().map(RecoveryCode::hash).collect();
    sqlx::query!("delete from auth.recovery_codes where user_id = $1", user_id.0)
        .execute(&mut *transaction)
        .await?;
    sqlx::query!(
        "insert into auth.recovery_codes (code_hash, user_id, created_at) select unnest($1::bytea[]), $2, $3",
        &hashes,
        user_id.0,
        now,
    )
    .execute(transaction)
    .await?;
    Ok(NewRecoveryCodes(codes))
}
