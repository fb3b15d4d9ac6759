use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use domain::OwnerId;
use service::{Access, Principal, Problem, Role};

use crate::access_token::SessionClaims;
use crate::sessions::{self, SessionId};
use crate::state::AuthState;

/// The user who asks, and the session that the access token belongs to, which has not been revoked.
pub(super) struct CurrentSession {
    pub(super) user_id: OwnerId,
    pub(super) session_id: SessionId,
}

impl FromRequestParts<AuthState> for CurrentSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, auth: &AuthState) -> Result<Self, Problem> {
        // Refuses every request whose one Authorization header is not a token that we signed.
        let Principal { user_id, access, .. } = Principal::from_request_parts(parts, auth).await?;
        match access {
            Access::Session => {}
            Access::ApiKey(_) => {
                return Err(Problem::forbidden("an API key cannot do this; sign in"));
            }
        }
        let session_id = session_of(parts)
            .ok_or_else(|| Problem::invalid_token("the access token has no session"))?;
        if sessions::is_alive(&auth.pool, session_id, user_id).await? {
            Ok(Self { user_id, session_id })
        } else {
            Err(Problem::invalid_token("the access token has been revoked"))
        }
    }
}

/// The user who asks, with an API key or in a session that has not been revoked.
pub(super) struct Caller {
    pub(super) user_id: OwnerId,
}

impl FromRequestParts<AuthState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, auth: &AuthState) -> Result<Self, Problem> {
        let Principal { user_id, access, .. } = Principal::from_request_parts(parts, auth).await?;
        match access {
            Access::ApiKey(_) => {}
            Access::Session => {
                CurrentSession::from_request_parts(parts, auth).await?;
            }
        }
        Ok(Self { user_id })
    }
}

/// An administrator who asks, with an API key or in a session that has not been revoked. Everybody else gets 403, whatever they ask for.
pub(super) struct Administrator {
    pub(super) user_id: OwnerId,
}

impl FromRequestParts<AuthState> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, auth: &AuthState) -> Result<Self, Problem> {
        let Caller { user_id } = Caller::from_request_parts(parts, auth).await?;
        Principal::from_request_parts(parts, auth).await?.require(Role::Admin)?;
        Ok(Self { user_id })
    }
}

/// The session that the token names. The signature has been verified already.
fn session_of(parts: &Parts) -> Option<SessionId> {
    let header = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (_, token) = header.split_once(' ')?;
    jsonwebtoken::dangerous::insecure_decode_claims::<SessionClaims>(token.trim())
        .ok()
        .map(|claims| claims.sid)
}
