use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::OwnerId;
use serde::Serialize;
use service::Role;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access_token::{AccessToken, LIFETIME};
use crate::error::AuthError;
use crate::sessions::{RefreshToken, SessionId};
use crate::state::AuthState;

/// What a client works with: a token for now and one for later.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenPair<'a> {
    /// Goes into `Authorization: Bearer`.
    access_token: &'a str,
    /// How to send it.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// How many seconds the access token is good for.
    #[schema(example = 900)]
    expires_in: i64,
    /// Gets the next pair, once, within 30 days.
    refresh_token: &'a str,
    /// The account's id.
    user_id: Uuid,
}

/// The answer to a login or a refresh.
pub(super) async fn answer(
    auth: &AuthState,
    user_id: OwnerId,
    roles: &[Role],
    session_id: SessionId,
    refresh_token: &RefreshToken,
    now: DateTime<Utc>,
) -> Result<Response, AuthError> {
    let key = auth.signing_key.get(&auth.pool).await?;
    let access_token = AccessToken::sign(&key, user_id, roles, session_id, now, LIFETIME)?;
    let pair = TokenPair {
        access_token: access_token.expose(),
        token_type: "Bearer",
        expires_in: LIFETIME.num_seconds(),
        refresh_token: refresh_token.expose(),
        user_id: user_id.0,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(pair)).into_response())
}
