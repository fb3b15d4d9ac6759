use chrono::{DateTime, Utc};
use domain::{Name, OwnerId};
use serde::{Deserialize, Serialize};
use service::{IfMatch, Role};
use sqlx::PgPool;
use utoipa::ToSchema;

use super::store::{self, Account, Renamed};
use crate::error::AuthError;
use crate::keyed_requests::{self, Answer, Kept, KeyHash, RequestHash};

/// An account as its owner sees it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Profile {
    /// The account's id.
    #[schema(value_type = uuid::Uuid)]
    pub(crate) user_id: OwnerId,
    /// As its owner wrote it.
    #[schema(format = Email, example = "ann@example.org")]
    email: String,
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
    pub(crate) key: Option<(KeyHash, RequestHash)>,
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
    /// The `Idempotency-Key` came with another request before.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
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
        let Account { user_id, email, name, roles, version, created_at } = account;
        Self { user_id, email, name, roles, created_at, version }
    }
}

impl Rename {
    /// Carries it out. With a key the same request can be sent again and gets the same answer.
    pub(crate) async fn execute(self, pool: &PgPool) -> Result<Answer<Profile>, RenameError> {
        if let Some(answer) = self.first_answer(pool).await? {
            return Ok(answer);
        }
        match self.rename(pool).await {
            Ok(Some(profile)) => Ok(Answer::First(profile)),
            Ok(None) => self.first_answer(pool).await?.ok_or(RenameError::KeyReused),
            // It may have been this very request, sent twice at once, that changed the version.
            Err(RenameError::VersionDiffers) => {
                self.first_answer(pool).await?.ok_or(RenameError::VersionDiffers)
            }
            Err(error) => Err(error),
        }
    }

    async fn first_answer(&self, pool: &PgPool) -> Result<Option<Answer<Profile>>, RenameError> {
        let Some((key, request)) = &self.key else { return Ok(None) };
        let Some(first) = keyed_requests::find(pool, key).await? else { return Ok(None) };
        if first.is(request) {
            Ok(Some(Answer::Again(first.response()?)))
        } else {
            Err(RenameError::KeyReused)
        }
    }

    /// The account as it is then, or nothing when another request with the key came first.
    async fn rename(&self, pool: &PgPool) -> Result<Option<Profile>, RenameError> {
        let now = Utc::now();
        let mut transaction = pool.begin().await?;
        let name = self.name.as_ref().map(Option::as_ref);
        let profile =
            match store::rename(&mut transaction, self.user_id, name, &self.if_match, now).await? {
                Renamed::Account(account) => Profile::from(account),
                Renamed::VersionDiffers => return Err(RenameError::VersionDiffers),
                Renamed::NoAccount => return Err(RenameError::NoAccount),
            };
        if let Some((key, request)) = &self.key {
            match keyed_requests::keep(&mut transaction, key, request, self.user_id, &profile, now)
                .await?
            {
                Kept::First => {}
                Kept::Late => return Ok(None),
            }
        }
        transaction.commit().await?;
        Ok(Some(profile))
    }
}
