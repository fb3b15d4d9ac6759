use chrono::Utc;
use domain::{Name, OwnerId};
use serde::{Deserialize, Serialize};
use service::{IdempotencyKey, Role};
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, NewAccount};
use crate::email::Email;
use crate::error::AuthError;
use crate::keyed_requests::{self, Answer, Kept, KeyHash, RequestHash};
use crate::password::Password;
use crate::post::{addressee, addressee_at};
use crate::settings::Verification;
use crate::state::AuthState;

/// Somebody who wants an account.
pub(crate) struct Registration {
    pub(crate) email: Email,
    pub(crate) password: Password,
    pub(crate) name: Option<Name>,
}

/// A new account.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Registered {
    /// The account's id.
    #[schema(value_type = uuid::Uuid)]
    pub(crate) user_id: OwnerId,
    /// The e-mail address, as it was sent.
    #[schema(format = Email, example = "ann@example.org")]
    pub(crate) email: String,
}

/// Why somebody got no account.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegisterError {
    /// The e-mail address has an account.
    #[error("there is an account with this e-mail address already")]
    EmailTaken,
    /// The `Idempotency-Key` came with another request before.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// Nobody's mistake.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl From<sqlx::Error> for RegisterError {
    fn from(error: sqlx::Error) -> Self {
        Self::Auth(error.into())
    }
}

/// Makes an account. With a key the same registration can be sent again and gets the same answer.
pub(crate) async fn register(
    auth: &AuthState,
    registration: Registration,
    key: Option<&IdempotencyKey>,
) -> Result<Answer<Registered>, RegisterError> {
    let key = key.map(KeyHash::of_stranger);
    if let Some(key) = &key
        && let Some(answer) = first_answer(auth, &registration, key).await?
    {
        return Ok(answer);
    }
    let password_hash =
        auth.hasher.hash(registration.password.clone()).await.map_err(AuthError::from)?;
    if let Some(registered) = insert(auth, &registration, &password_hash, key.as_ref()).await? {
        return Ok(Answer::First(registered));
    }
    // Somebody was faster. With the same key that was this very request, sent twice at once.
    if let Some(key) = &key
        && let Some(answer) = first_answer(auth, &registration, key).await?
    {
        return Ok(answer);
    }
    match auth.settings.verification {
        Verification::Off => Err(RegisterError::EmailTaken),
        Verification::Required => {
            Ok(tell_the_owner(auth, &registration, &password_hash, key.as_ref()).await?)
        }
    }
}

async fn first_answer(
    auth: &AuthState,
    registration: &Registration,
    key: &KeyHash,
) -> Result<Option<Answer<Registered>>, RegisterError> {
    let Some(first) = keyed_requests::find(&auth.pool, key).await? else { return Ok(None) };
    // A fast hash of a password is not kept anywhere, so the account says whether it is the same.
    let is_same = first.is(&hash(registration))
        && auth
            .hasher
            .verify(registration.password.clone(), Some(&first.password_hash))
            .await
            .map_err(AuthError::from)?;
    if is_same { Ok(Some(Answer::Again(first.response()?))) } else { Err(RegisterError::KeyReused) }
}

/// The new account, or nothing when its e-mail or the key is taken.
async fn insert(
    auth: &AuthState,
    registration: &Registration,
    password_hash: &str,
    key: Option<&KeyHash>,
) -> Result<Option<Registered>, RegisterError> {
    let now = Utc::now();
    let Registration { email, name, .. } = registration;
    let account = NewAccount { email, name: name.as_ref(), password_hash, roles: &[Role::Athlete] };
    let mut transaction = auth.pool.begin().await?;
    let Some(user_id) = store::insert(&mut transaction, account, now).await? else {
        return Ok(None);
    };
    let registered = Registered { user_id, email: email.as_str().to_owned() };
    if let Some(key) = key {
        match keyed_requests::keep(
            &mut transaction,
            key,
            &hash(registration),
            user_id,
            &registered,
            now,
        )
        .await?
        {
            Kept::First => {}
            Kept::Late => return Ok(None),
        }
    }
    if auth.settings.verification == Verification::Required
        && let Some(owner) = addressee(&mut transaction, user_id).await?
    {
        auth.post.verify_email(&mut transaction, &owner, now).await?;
    }
    transaction.commit().await?;
    Ok(Some(registered))
}

/// Answers a registration with an address that has an account as any other, and tells the owner of the address. Nobody
/// else learns that there is one: the repetition of the request under its key is answered alike, too.
async fn tell_the_owner(
    auth: &AuthState,
    registration: &Registration,
    password_hash: &str,
    key: Option<&KeyHash>,
) -> Result<Answer<Registered>, RegisterError> {
    let now = Utc::now();
    let registered = Registered {
        user_id: OwnerId(Uuid::now_v7()),
        email: registration.email.as_str().to_owned(),
    };
    let mut transaction = auth.pool.begin().await?;
    // Gone in this very moment: then the address is free, and the next attempt gets it.
    let Some(owner) = addressee_at(&mut transaction, &registration.email).await? else {
        return Err(RegisterError::EmailTaken);
    };
    auth.post.address_taken(&mut transaction, &owner, now).await?;
    if let Some(key) = key {
        let request = hash(registration);
        let kept =
            keyed_requests::keep(&mut transaction, key, &request, owner.user_id, &registered, now);
        match kept.await? {
            Kept::First => {}
            Kept::Late => {
                drop(transaction);
                return first_answer(auth, registration, key)
                    .await?
                    .ok_or(RegisterError::KeyReused);
            }
        }
        keyed_requests::keep_password(&mut transaction, key, password_hash).await?;
    }
    transaction.commit().await?;
    Ok(Answer::First(registered))
}

fn hash(registration: &Registration) -> RequestHash {
    let name = registration.name.as_ref().map_or("", Name::as_str);
    RequestHash::of(&[b"register", registration.email.as_str().as_bytes(), name.as_bytes()])
}
