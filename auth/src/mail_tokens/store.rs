use chrono::{DateTime, Utc};
use domain::OwnerId;
use sqlx::PgConnection;

use super::Purpose;
use crate::error::AuthError;
use crate::secret_token::SecretToken;

/// Makes a token for the reader of mail to an address. Those that the account had before stay good, because mails overtake
/// each other; those that have expired go.
pub(crate) async fn issue(
    connection: &mut PgConnection,
    user_id: OwnerId,
    purpose: Purpose,
    email: &str,
    now: DateTime<Utc>,
) -> Result<SecretToken, AuthError> {
    let token = SecretToken::generate()?;
    sqlx::query!(
        "with expired as (delete from auth.mail_tokens where user_id = $2 and expires_at < $5)
         insert into auth.mail_tokens (token_hash, user_id, purpose, email, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
        token.hash(),
        user_id.0,
        purpose.as_str(),
        email,
        now,
        now + purpose.lifetime(),
    )
    .execute(connection)
    .await?;
    Ok(token)
}

/// Makes an account's tokens for these purposes worthless.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    user_id: OwnerId,
    purposes: &[Purpose],
) -> Result<(), sqlx::Error> {
    let purposes: Vec<_> = purposes.iter().map(|purpose| purpose.as_str().to_owned()).collect();
    sqlx::query!(
        "delete from auth.mail_tokens where user_id = $1 and purpose = any($2)",
        user_id.0,
        &purposes,
    )
    .execute(connection)
    .await?;
    Ok(())
}
