use chrono::Utc;
use domain::OwnerId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::activity::Visitor;
use crate::coaching;
use crate::email::Email;
use crate::error::AuthError;
use crate::familiar;
use crate::mail_tokens::{self, Purpose, Redeemed};
use crate::post::{Addressee, addressee, addressee_at};
use crate::secret_token::SecretToken;
use crate::sessions::{self, Reason, SessionId};
use crate::state::AuthState;
use crate::throttle::Attempt;

/// A password that was reset.
pub(crate) struct Reset {
    pub(crate) user_id: OwnerId,
    /// The sessions that have ended.
    pub(crate) sessions: Vec<SessionId>,
    /// The API keys that open nothing any more.
    pub(crate) api_keys: Vec<Uuid>,
}

/// Sends a mail with which another password can be set, if the address has an account. Whose; nobody's when there is
/// none, or it has got enough of such mails.
pub(crate) async fn forgot_password(
    auth: &AuthState,
    email: &Email,
) -> Result<Option<OwnerId>, AuthError> {
    let mut transaction = auth.pool.begin().await?;
    let Some(owner) = addressee_at(&mut transaction, email).await? else { return Ok(None) };
    let is_sent = auth.post.reset_password(&mut transaction, &owner, Utc::now()).await?;
    transaction.commit().await?;
    Ok(is_sent.then_some(owner.user_id))
}

/// Gives an account another password; nothing when the token is not good, or not any more. Every session ends, and
/// whoever comes from the same network may sign in, whatever strangers try.
///
/// Who could read the mail has shown that the address is theirs. If nobody had before, the account may have been made by
/// somebody else: then its API keys and links end, too. A second factor stays: mail alone is no way around it.
pub(crate) async fn reset_password(
    auth: &AuthState,
    token: &SecretToken,
    password_hash: &str,
    visitor: &Visitor,
) -> Result<Option<Reset>, AuthError> {
    let now = Utc::now();
    let mut transaction = auth.pool.begin().await?;
    let purposes = [Purpose::ResetPassword];
    let redeemed = mail_tokens::redeem(&mut transaction, token, &purposes, now).await?;
    let Some(Redeemed { user_id, email, .. }) = redeemed else { return Ok(None) };
    let owner = addressee(&mut transaction, user_id).await?;
    let Some(owner) = owner.filter(|owner| owner.email.eq_ignore_ascii_case(&email)) else {
        return Ok(None);
    };
    let api_keys = set(&mut transaction, &owner, password_hash).await?;
    let sessions =
        sessions::revoke_all(&mut transaction, user_id, None, Reason::PasswordChange, now).await?;
    let all = [Purpose::VerifyEmail, Purpose::ResetPassword, Purpose::ChangeEmail];
    mail_tokens::forget(&mut transaction, user_id, &all).await?;
    let address = Email::parse(&email).ok();
    Attempt::to_sign_in(&email, address.as_ref(), visitor).forgive(&mut transaction).await?;
    familiar::remember_network(&mut transaction, user_id, visitor, now).await?;
    auth.post.password_changed(&mut transaction, &owner, now).await?;
    transaction.commit().await?;
    Ok(Some(Reset { user_id, sessions, api_keys }))
}

/// Sets the password; the ids of the API keys that have ended with it.
async fn set(
    connection: &mut PgConnection,
    owner: &Addressee,
    password_hash: &str,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query!(
        "update auth.users
            set password_hash = $2, email_verified_at = coalesce(email_verified_at, now()), updated_at = now()
          where user_id = $1",
        owner.user_id.0,
        password_hash,
    )
    .execute(&mut *connection)
    .await?;
    if owner.is_verified {
        return Ok(vec![]);
    }
    coaching::take_questions(connection, owner.user_id).await?;
    sqlx::query!("delete from auth.links where user_id = $1", owner.user_id.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query_scalar!(
        "delete from auth.api_keys where user_id = $1 returning key_id",
        owner.user_id.0
    )
    .fetch_all(connection)
    .await
}
