use chrono::{DateTime, Utc};
use domain::OwnerId;
use sqlx::{PgConnection, PgPool};

use super::Purpose;
use crate::secret_token::SecretToken;

/// A token that was good, and is used up.
pub(crate) struct Redeemed {
    pub(crate) user_id: OwnerId,
    pub(crate) purpose: Purpose,
    /// Where it was sent.
    pub(crate) email: String,
}

/// Uses a token up, if it is for one of these purposes; nothing when it is unknown, used or expired. Of two who come with
/// the same one at once, one finds it.
pub(crate) async fn redeem(
    connection: &mut PgConnection,
    token: &SecretToken,
    purposes: &[Purpose],
    now: DateTime<Utc>,
) -> Result<Option<Redeemed>, sqlx::Error> {
    let purposes: Vec<_> = purposes.iter().map(|purpose| purpose.as_str().to_owned()).collect();
    let row = sqlx::query!(
        "delete from auth.mail_tokens
          where token_hash = $1 and purpose = any($2) and expires_at > $3
          returning user_id, purpose, email",
        token.hash(),
        &purposes,
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.and_then(|row| {
        let purpose = Purpose::from_word(&row.purpose)?;
        Some(Redeemed { user_id: OwnerId(row.user_id), purpose, email: row.email })
    }))
}

/// The address that a token was sent to, while it is good.
pub(crate) async fn address_of(
    pool: &PgPool,
    token: &SecretToken,
    purpose: Purpose,
    now: DateTime<Utc>,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select email from auth.mail_tokens where token_hash = $1 and purpose = $2 and expires_at > $3",
        token.hash(),
        purpose.as_str(),
        now,
    )
    .fetch_optional(pool)
    .await
}
