use event_store::{CommandContext, begin_erasure};
use service::IfMatch;
use sqlx::PgPool;
use uuid::Uuid;

use crate::coaching;
use crate::error::AuthError;

/// Why an account was not erased.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EraseError {
    /// It has another version than the client thinks.
    #[error("the account has another version")]
    VersionDiffers,
    /// There is no such account.
    #[error("there is no such account")]
    NoAccount,
    /// Nobody's mistake.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl From<sqlx::Error> for EraseError {
    fn from(error: sqlx::Error) -> Self {
        Self::Auth(error.into())
    }
}

/// An account that is gone.
pub(crate) struct Erased {
    /// The sessions that have ended with it.
    pub(crate) sessions: Vec<Uuid>,
    /// The accesses that have ended with it, of coaches and to athletes.
    pub(crate) accesses: Vec<Uuid>,
    /// Of the tombstone among the events.
    pub(crate) position: i64,
}

/// Erases the account of a command's owner, with all its sessions, and begins to erase what they did: in one
/// commit, so that neither happens alone.
pub(crate) async fn erase(
    pool: &PgPool,
    context: &CommandContext,
    if_match: &IfMatch,
) -> Result<Erased, EraseError> {
    let user_id = context.owner.0;
    let mut transaction = pool.begin().await?;
    let account = sqlx::query!(
        "select version, email from auth.users where user_id = $1 for update",
        user_id
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(EraseError::NoAccount)?;
    if !if_match.allows(account.version.unsigned_abs()) {
        return Err(EraseError::VersionDiffers);
    }
    let sessions = sqlx::query_scalar!(
        "delete from auth.sessions where user_id = $1 returning session_id",
        user_id
    )
    .fetch_all(&mut *transaction)
    .await?;
    let accesses = coaching::forget(&mut transaction, context.owner).await?;
    mail::forget_recipient(&mut transaction, &account.email).await?;
    sqlx::query!("delete from auth.users where user_id = $1", user_id)
        .execute(&mut *transaction)
        .await?;
    // Last: it locks the log's head until the commit.
    let erasure = begin_erasure(&mut transaction, context).await.map_err(AuthError::from)?;
    transaction.commit().await?;
    Ok(Erased { sessions, accesses, position: erasure.position })
}
