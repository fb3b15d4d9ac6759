use chrono::Utc;
use domain::OwnerId;
use sqlx::PgConnection;

use crate::coaching;
use crate::email::Email;
use crate::error::AuthError;
use crate::mail_tokens::{self, Purpose, Redeemed};
use crate::post::{Addressee, addressee, addressee_at};
use crate::secret_token::SecretToken;
use crate::state::AuthState;

/// Why an address was not verified.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    /// The token is unknown, used or expired, or was sent to another address than the account has.
    #[error("is unknown, used or expired")]
    BadToken,
    /// Somebody else has an account with the new address by now.
    #[error("there is an account with this e-mail address already")]
    EmailTaken,
    /// Nobody's mistake.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl From<sqlx::Error> for VerifyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Auth(error.into())
    }
}

/// What a token from a mail has done.
pub(crate) struct Verified {
    pub(crate) user_id: OwnerId,
    /// Whether the account has another address now.
    pub(crate) is_changed: bool,
}

/// Takes note that somebody reads mail at an address: that of their account, or the one it is to have.
pub(crate) async fn verify_email(
    auth: &AuthState,
    token: &SecretToken,
) -> Result<Verified, VerifyError> {
    let now = Utc::now();
    let mut transaction = auth.pool.begin().await?;
    let purposes = [Purpose::VerifyEmail, Purpose::ChangeEmail];
    let Redeemed { user_id, purpose, email } =
        mail_tokens::redeem(&mut transaction, token, &purposes, now)
            .await?
            .ok_or(VerifyError::BadToken)?;
    let owner = addressee(&mut transaction, user_id).await?.ok_or(VerifyError::BadToken)?;
    let is_changed = match purpose {
        Purpose::VerifyEmail => {
            verify(&mut transaction, &owner, &email).await?;
            false
        }
        Purpose::ChangeEmail => {
            change(&mut transaction, &owner, &email).await?;
            auth.post.email_changed(&mut transaction, &owner, &email, now).await?;
            true
        }
        // Not asked for.
        Purpose::ResetPassword => return Err(VerifyError::BadToken),
    };
    transaction.commit().await?;
    Ok(Verified { user_id, is_changed })
}

async fn verify(
    connection: &mut PgConnection,
    owner: &Addressee,
    email: &str,
) -> Result<(), VerifyError> {
    if !owner.email.eq_ignore_ascii_case(email) {
        return Err(VerifyError::BadToken);
    }
    sqlx::query!(
        "update auth.users set email_verified_at = now(), version = version + 1, updated_at = now()
          where user_id = $1 and email_verified_at is null",
        owner.user_id.0,
    )
    .execute(&mut *connection)
    .await?;
    coaching::take_questions(connection, owner.user_id).await?;
    mail_tokens::forget(connection, owner.user_id, &[Purpose::VerifyEmail]).await?;
    Ok(())
}

/// Gives the account the new address. What was sent to the old one opens nothing any more.
async fn change(
    connection: &mut PgConnection,
    owner: &Addressee,
    email: &str,
) -> Result<(), VerifyError> {
    let changed = sqlx::query!(
        "update auth.users
            set email = $2, email_verified_at = now(), version = version + 1, updated_at = now()
          where user_id = $1",
        owner.user_id.0,
        email,
    )
    .execute(&mut *connection)
    .await;
    match changed {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            return Err(VerifyError::EmailTaken);
        }
        changed => changed?,
    };
    if !owner.is_verified {
        coaching::leave_questions(connection, owner.user_id, &owner.email).await?;
    }
    coaching::take_questions(connection, owner.user_id).await?;
    let all = [Purpose::VerifyEmail, Purpose::ResetPassword, Purpose::ChangeEmail];
    mail_tokens::forget(connection, owner.user_id, &all).await?;
    Ok(())
}

/// Sends the mail again that verifies an address, if it has an account that needs it.
pub(crate) async fn resend_verification(auth: &AuthState, email: &Email) -> Result<(), AuthError> {
    let mut transaction = auth.pool.begin().await?;
    if let Some(owner) = addressee_at(&mut transaction, email).await?
        && !owner.is_verified
    {
        auth.post.verify_email(&mut transaction, &owner, Utc::now()).await?;
    }
    transaction.commit().await?;
    Ok(())
}
