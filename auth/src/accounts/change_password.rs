use chrono::Utc;
use domain::OwnerId;
use sqlx::PgPool;

use crate::error::AuthError;
use crate::mail_tokens::{self, Purpose};
use crate::post::addressee;
use crate::sessions::{self, Reason, SessionId};
use crate::state::AuthState;

/// What a new password is checked against.
pub(crate) struct PresentPassword {
    /// As its owner writes it.
    pub(crate) email: String,
    /// The hash of the present password.
    pub(crate) hash: String,
}

/// What the account's next password is checked against; nothing when there is no such account.
pub(crate) async fn present_password(
    pool: &PgPool,
    user_id: OwnerId,
) -> Result<Option<PresentPassword>, sqlx::Error> {
    sqlx::query_as!(
        PresentPassword,
        "select email, password_hash as hash from auth.users where user_id = $1",
        user_id.0,
    )
    .fetch_optional(pool)
    .await
}

/// Gives an account another password, and ends every other session: whoever knew the old one is out, and what they may
/// have asked for by mail opens nothing. Nothing when the password is not the one any more that was checked. Which
/// sessions ended.
pub(crate) async fn change_password(
    auth: &AuthState,
    user_id: OwnerId,
    from: &str,
    to: &str,
    session: SessionId,
) -> Result<Option<Vec<SessionId>>, AuthError> {
    let now = Utc::now();
    let mut transaction = auth.pool.begin().await?;
    let changed = sqlx::query!(
        "update auth.users set password_hash = $3, updated_at = $4 where user_id = $1 and password_hash = $2",
        user_id.0,
        from,
        to,
        now,
    )
    .execute(&mut *transaction)
    .await?
    .rows_affected();
    if changed == 0 {
        return Ok(None);
    }
    let ended =
        sessions::revoke_all(&mut transaction, user_id, Some(session), Reason::PasswordChange, now)
            .await?;
    let purposes = [Purpose::ResetPassword, Purpose::ChangeEmail];
    mail_tokens::forget(&mut transaction, user_id, &purposes).await?;
    if let Some(owner) = addressee(&mut transaction, user_id).await? {
        auth.post.password_changed(&mut transaction, &owner, now).await?;
    }
    transaction.commit().await?;
    Ok(Some(ended))
}
