use chrono::{DateTime, Utc};
use domain::{Name, OwnerId};
use serde::{Deserialize, Serialize};
use service::{IfMatch, Role};
use sqlx::PgPool;
use utoipa::ToSchema;

use super::store::{self, Account, Renamed};
use crate::error::AuthError;
use crate::keyed_requests::{Answer, Keyed, KeyedError};

/// An account as its owner sees it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Profile {
    /// The account's id.
    #[schema(value_type = uuid::Uuid)]
    pub(crate) user_id: OwnerId,
    /// As its owner wrote it.
    #[schema(format = Email, example = "ann@example.org")]
    email: String,
    /// Whether its owner has shown to get mail there.
    #[serde(default)]
    email_verified: bool,
    /// What its owner wants to be called.
    #[schema(example = "Ann")]
    name: Option<String>,
    /// What its owner may do.
    roles: Vec<Role>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Counts its changes, from 1.
    #[schema(minimum = 1)]
    pub(crate) version: u64,
}

/// A new name for an account, or none.
pub(crate) struct Rename {
    pub(crate) user_id: OwnerId,
    /// What to call its owner; nothing takes the name away. Absent, it stays as it is.
    pub(crate) name: Option<Option<Name>>,
    pub(crate) if_match: IfMatch,
    pub(crate) keyed: Keyed,
}

/// Why an account was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenameError {
    /// It has another version than the client thinks.
    #[error("the account has another version")]
    VersionDiffers,
    /// There is no such account.
    #[error("there is no such account")]
    NoAccount,
    /// Another request came with the `Idempotency-Key` before.
    #[error(transparent)]
    Keyed(#[from] KeyedError),
    /// Nobody's mistake.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl From<sqlx::Error> for RenameError {
    fn from(error: sqlx::Error) -> Self {
        Self::Auth(error.into())
    }
}

impl From<Account> for Profile {
    fn from(account: Account) -> Self {
        let Account { user_id, email, is_verified, name, roles, version, created_at } = account;
        Self { user_id, email, email_verified: is_verified, name, roles, created_at, version }
    }
}

impl Rename {
    /// Carries it out. With a key the same request can be sent again and gets the same answer.
    pub(crate) async fn execute(self, pool: &PgPool) -> Result<Answer<Profile>, RenameError> {
        let mut transaction = pool.begin().await?;
        if let Some(profile) = self.keyed.first_answer(&mut transaction).await? {
            return Ok(Answer::Again(profile));
        }
        let (name, now) = (self.name.as_ref().map(Option::as_ref), Utc::now());
        let profile =
            match store::rename(&mut transaction, self.user_id, name, &self.if_match, now).await? {
                Renamed::Account(account) => Profile::from(account),
                Renamed::VersionDiffers => return Err(RenameError::VersionDiffers),
                Renamed::NoAccount => return Err(RenameError::NoAccount),
            };
        self.keyed.keep(&mut transaction, &profile).await?;
        transaction.commit().await?;
        Ok(Answer::First(profile))
    }
}
