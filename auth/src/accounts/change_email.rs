use chrono::Utc;
use domain::OwnerId;

use crate::email::Email;
use crate::error::AuthError;
use crate::post::{addressee, addressee_at};
use crate::state::AuthState;

/// What came of asking for another address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EmailChange {
    /// Mails are on their way.
    Requested,
    /// It was asked for too often.
    TooOften,
    /// There is no such account.
    NoAccount,
}

/// Asks whoever reads mail at an address to confirm that an account is to have it, and tells the present address. When
/// the address has an account already, its owner is told instead, and whoever asked learns nothing of it.
pub(crate) async fn request_email_change(
    auth: &AuthState,
    user_id: OwnerId,
    new: &Email,
) -> Result<EmailChange, AuthError> {
    let now = Utc::now();
    let mut transaction = auth.pool.begin().await?;
    let Some(owner) = addressee(&mut transaction, user_id).await? else {
        return Ok(EmailChange::NoAccount);
    };
    let other = addressee_at(&mut transaction, new).await?;
    let is_sent = match other.filter(|other| other.user_id != user_id) {
        Some(other) => {
            auth.post.refuse_new_email(&mut transaction, &owner, &other, new, now).await?
        }
        None => auth.post.change_email(&mut transaction, &owner, new, now).await?,
    };
    transaction.commit().await?;
    Ok(if is_sent { EmailChange::Requested } else { EmailChange::TooOften })
}
