//! How somebody gets in whose password was right, or for whom a provider has vouched.

use axum::response::Response;
use chrono::Utc;
use domain::OwnerId;
use service::{Problem, ProblemKind, Role};

use super::token_pair;
use crate::accounts::Credentials;
use crate::activity::{self, By, Kind, Visitor};
use crate::secret_token::SecretToken;
use crate::sign_in::{self, Begun};
use crate::state::AuthState;
use crate::two_factor;

/// Lets somebody in, or asks for the code that their account takes besides.
pub(super) async fn admit(
    auth: &AuthState,
    visitor: Visitor,
    account: &Credentials,
    provider: Option<&str>,
) -> Result<Response, Problem> {
    let user_id = account.user_id;
    refuse_locked(auth, &visitor, user_id, account.is_locked).await?;
    if two_factor::is_on(&auth.pool, user_id).await? {
        let begun =
            Begun { user_id, password_hash: &account.password_hash, provider, browser: None };
        let challenge = sign_in::begin(&auth.pool, begun, Utc::now()).await?;
        tracing::info!(user.id = %user_id, "code asked for");
        let by = By::Visitor(visitor);
        activity::keep(&auth.pool, user_id, Kind::CodeAsked, by, provider).await;
        return Err(code_required(&challenge));
    }
    open(auth, visitor, user_id, &account.roles, provider).await
}

/// The same for a browser that has come back from a provider and goes on to a page: what it goes on with stands in a URL,
/// so it is worth something in this browser alone.
pub(super) async fn admit_later(
    auth: &AuthState,
    visitor: &Visitor,
    account: &Credentials,
    provider: &str,
    browser: &SecretToken,
) -> Result<SecretToken, Problem> {
    let user_id = account.user_id;
    refuse_locked(auth, visitor, user_id, account.is_locked).await?;
    let (password_hash, browser) = (account.password_hash.as_str(), Some(browser));
    let begun = Begun { user_id, password_hash, provider: Some(provider), browser };
    Ok(sign_in::begin(&auth.pool, begun, Utc::now()).await?)
}

/// Refuses whoever may not sign in. Only who has shown who they are learns of it.
pub(super) async fn refuse_locked(
    auth: &AuthState,
    visitor: &Visitor,
    user_id: OwnerId,
    is_locked: bool,
) -> Result<(), Problem> {
    if !is_locked {
        return Ok(());
    }
    tracing::info!(user.id = %user_id, "login to a locked account refused");
    let by = By::Visitor(visitor.clone());
    activity::keep(&auth.pool, user_id, Kind::SignInFailed, by, None).await;
    Err(Problem::forbidden("the account is locked; ask who runs this server"))
}

/// Begins a session, and answers with its tokens.
pub(super) async fn open(
    auth: &AuthState,
    visitor: Visitor,
    user_id: OwnerId,
    roles: &[Role],
    provider: Option<&str>,
) -> Result<Response, Problem> {
    let now = Utc::now();
    let (session_id, refresh_token) = sign_in::enter(auth, user_id, &visitor, now).await?;
    tracing::info!(user.id = %user_id, session.id = %session_id, "logged in");
    activity::keep(&auth.pool, user_id, Kind::SignedIn, By::Visitor(visitor), provider).await;
    Ok(token_pair::answer(auth, user_id, roles, session_id, &refresh_token, now).await?)
}

fn code_required(challenge: &SecretToken) -> Problem {
    Problem::new(ProblemKind::SecondFactorRequired)
        .detail("send the challenge with a code to /api/v1/auth/login/complete")
        .with("challenge", challenge.expose())
        .with("expires_in", sign_in::LIFETIME.num_seconds())
}
