use chrono::Utc;
use domain::OwnerId;
use service::Role;

use super::store::{self, Credentials, NewAccount};
use crate::coaching;
use crate::email::Email;
use crate::error::AuthError;
use crate::links::{self, Linked};
use crate::password::Password;
use crate::providers::Identity;
use crate::secret_token::SecretToken;
use crate::state::AuthState;

/// An account that a provider vouches for.
pub(crate) struct ThroughProvider {
    pub(crate) account: Credentials,
    /// Whether it was linked just now.
    pub(crate) is_linked_now: bool,
}

/// Why a provider's word is not enough to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotVouchedFor {
    /// No account is linked, and the provider knows no address of theirs.
    #[error(
        "no account is linked with this one, and the provider does not confirm an e-mail address: sign in and link it"
    )]
    NoEmail,
    /// The account with the address may belong to somebody else, who only wrote it there.
    #[error(
        "the account with this e-mail address has not confirmed that the address is its owner's: sign in with its \
         password, and link it"
    )]
    Unverified,
    /// The account with the address is linked to another person there.
    #[error("the account with this e-mail address is linked to somebody else at this provider")]
    LinkedToAnother,
}

/// The account of whoever a provider says is there: the one that is linked; else the one with the address, when both
/// sides have found it to be theirs; else, with an address that the provider has, a new one.
pub(crate) async fn through_provider(
    auth: &AuthState,
    provider: &str,
    identity: &Identity,
) -> Result<Result<ThroughProvider, NotVouchedFor>, AuthError> {
    // Somebody else may make the link or the account at the same moment: the second look finds it.
    for _ in 0..2 {
        if let Some(owner) = links::owner(&auth.pool, identity).await?
            && let Some(account) = store::credentials_of(&auth.pool, owner).await?
        {
            return Ok(Ok(ThroughProvider { account, is_linked_now: false }));
        }
        let Some(email) = &identity.verified_email else { return Ok(Err(NotVouchedFor::NoEmail)) };
        let owner = match store::verified_owner(&auth.pool, email).await? {
            Some((_, false)) => return Ok(Err(NotVouchedFor::Unverified)),
            Some((owner, true)) => {
                let mut connection = auth.pool.acquire().await?;
                match links::link(&mut connection, owner, provider, identity).await? {
                    Linked::Now => owner,
                    Linked::Before | Linked::OfAnother => continue,
                    Linked::ToAnother => return Ok(Err(NotVouchedFor::LinkedToAnother)),
                }
            }
            None => match make(auth, provider, identity, email).await? {
                Some(owner) => owner,
                None => continue,
            },
        };
        if let Some(account) = store::credentials_of(&auth.pool, owner).await? {
            return Ok(Ok(ThroughProvider { account, is_linked_now: true }));
        }
    }
    Ok(Err(NotVouchedFor::LinkedToAnother))
}

/// A new account with a password that nobody knows, linked. Nothing when somebody was faster.
async fn make(
    auth: &AuthState,
    provider: &str,
    identity: &Identity,
    email: &Email,
) -> Result<Option<OwnerId>, AuthError> {
    let password = Password::new(SecretToken::generate()?.expose().to_owned());
    let password_hash = auth.hasher.hash(password).await?;
    let account = NewAccount {
        email,
        name: identity.name.as_ref(),
        password_hash: &password_hash,
        roles: &[Role::Athlete],
    };
    let now = Utc::now();
    let mut transaction = auth.pool.begin().await?;
    let Some(owner) = store::insert(&mut transaction, account, now).await? else {
        return Ok(None);
    };
    sqlx::query!(
        "update auth.users set email_verified_at = $2, unknown_password_hash = password_hash where user_id = $1",
        owner.0,
        now,
    )
    .execute(&mut *transaction)
    .await?;
    coaching::take_questions(&mut transaction, owner).await?;
    if links::link(&mut transaction, owner, provider, identity).await? != Linked::Now {
        return Ok(None);
    }
    transaction.commit().await?;
    tracing::info!(user.id = %owner, provider, "registered through a provider");
    Ok(Some(owner))
}
