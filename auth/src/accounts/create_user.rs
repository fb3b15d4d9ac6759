use chrono::Utc;
use domain::{Name, OwnerId, Violation};
use service::Role;
use sqlx::PgPool;

use super::store::{self, NewAccount};
use crate::coaching;
use crate::email::Email;
use crate::error::AuthError;
use crate::password::{Password, PasswordHasher};

/// Why an operator could not make an account.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// The e-mail address is none.
    #[error("the e-mail address {}", .0.message)]
    Email(Violation),
    /// The password is not good enough.
    #[error("the password {}", .0.message)]
    Password(Violation),
    /// The name is not taken.
    #[error("the name {}", .0.message)]
    Name(Violation),
    /// An account without roles could do nothing.
    #[error("a user needs at least one role")]
    NoRole,
    /// The e-mail address has an account.
    #[error("there is an account with this e-mail address already")]
    EmailTaken,
    /// Nobody's mistake.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

/// Makes an account, for whoever operates the server and knows whose address it is.
///
/// # Errors
/// When something is wrong with the account, its e-mail has one already, or the database does not answer.
pub async fn create_user(
    pool: &PgPool,
    email: &str,
    password: Password,
    name: Option<&str>,
    roles: &[Role],
) -> Result<OwnerId, CreateUserError> {
    let email = Email::parse(email).map_err(CreateUserError::Email)?;
    password.check(Some(&email)).map_err(CreateUserError::Password)?;
    let name = name.map(Name::parse).transpose().map_err(CreateUserError::Name)?;
    if roles.is_empty() {
        return Err(CreateUserError::NoRole);
    }
    let hasher = PasswordHasher::start().await.map_err(AuthError::from)?;
    let password_hash = hasher.hash(password).await.map_err(AuthError::from)?;
    let account =
        NewAccount { email: &email, name: name.as_ref(), password_hash: &password_hash, roles };
    let now = Utc::now();
    let mut transaction = pool.begin().await.map_err(AuthError::from)?;
    let user_id = store::insert(&mut transaction, account, now).await.map_err(AuthError::from)?;
    let user_id = user_id.ok_or(CreateUserError::EmailTaken)?;
    store::set_verified(&mut transaction, user_id, now).await.map_err(AuthError::from)?;
    coaching::take_questions(&mut transaction, user_id).await.map_err(AuthError::from)?;
    transaction.commit().await.map_err(AuthError::from)?;
    Ok(user_id)
}

/// The account with an e-mail address, in whatever case it is written.
///
/// # Errors
/// When the database does not answer.
pub async fn find_user(pool: &PgPool, email: &str) -> Result<Option<OwnerId>, sqlx::Error> {
    let Ok(email) = Email::parse(email) else { return Ok(None) };
    Ok(store::credentials(pool, &email).await?.map(|credentials| credentials.user_id))
}
