//! `/api/v1/auth/api-keys`: keys for programs.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chrono::{DateTime, Utc};
use domain::{Name, Violation};
use serde::Serialize;
use serde_json::Value;
use service::readers::{instant, text};
use service::{
    ApiKeys, ApiQuery, JsonBody, KeyHeader, Listing, Page, PathId, Problem, ProblemDetails, Scope,
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::current_session::CurrentSession;
use super::problems::{
    BodyProblems, KeyProblems, NotFound, PageProblems, Problems, ProofProblems, SessionProblems,
};
use super::proof::ProvedSession;
use super::words::words;
use super::write_key::WriteKey;
use crate::activity::{self, By, Kind, Visitor};
use crate::api_keys::{self, ApiKey, CreateError, KeyToBe};
use crate::keyed_requests::Answer;
use crate::state::AuthState;

/// A key for a program.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body in the API document; it is read field by field")]
pub(super) struct CreateKeyRequest {
    /// What you want to call it.
    #[schema(min_length = 1, max_length = 255, example = "the watch")]
    name: String,
    /// What it is for, at least one.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// When it ends; without it, when you revoke it.
    expires_at: Option<DateTime<Utc>>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
struct CreatedKey<'a> {
    #[serde(flatten)]
    about: ApiKey,
    /// The key, for `Authorization: Bearer`. It is shown this once.
    #[schema(example = "rtk_kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")]
    key: &'a str,
}

/// Make an API key.
///
/// It works wherever an access token does, within its scopes, but for what concerns sessions, passwords and keys. An
/// `Idempotency-Key` is not heeded: the answer holds a secret, which is not kept to be told again.
#[utoipa::path(
    post,
    path = "/api/v1/auth/api-keys",
    tag = "auth",
    operation_id = "create_api_key",
    security(("bearer" = [])),
    request_body = CreateKeyRequest,
    responses(
        (status = 201, description = "The key; it is shown this once", body = CreatedKey),
        ProofProblems,
        (status = 409, description = "You have too many", body = ProblemDetails, content_type = "application/problem+json"),
        BodyProblems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn create_key(
    State(auth): State<AuthState>,
    session: ProvedSession,
    visitor: Visitor,
    body: JsonBody,
) -> Result<Response, Problem> {
    let mut fields = body.fields();
    let name = fields.required("name", text(Name::parse));
    let scopes = fields.required("scopes", |value| words(value, &Scope::ALL, Scope::as_str));
    let expires_at = fields.optional("expires_at", in_the_future);
    let wanted = fields.finish(|| Some(KeyToBe { name: name?, scopes: scopes?, expires_at }))?;
    let (about, key) = api_keys::create(&auth.pool, session.user_id, wanted).await?;
    let by = By::Visitor(visitor);
    activity::keep(&auth.pool, session.user_id, Kind::ApiKeyMade, by, Some(&about.name)).await;
    tracing::info!(key.id = %about.id, "API key made");
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    let created = CreatedKey { about, key: key.expose() };
    Ok((StatusCode::CREATED, no_store, Json(created)).into_response())
}

/// Your API keys, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/auth/api-keys",
    tag = "auth",
    operation_id = "list_api_keys",
    security(("bearer" = [])),
    params(Page),
    responses(
        (status = 200, description = "A page of the keys, without what they are used with", body = Listing<ApiKey>),
        PageProblems,
        SessionProblems,
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn list_keys(
    State(auth): State<AuthState>,
    session: CurrentSession,
    ApiQuery(page): ApiQuery<Page>,
) -> Result<Listing<ApiKey>, Problem> {
    let after = page.after::<(DateTime<Utc>, Uuid)>()?;
    let keys = api_keys::list(&auth.pool, session.user_id, after, page.fetch()).await?;
    Listing::of(keys, &page, |key| (key.created_at, key.id), |key| key)
}

/// Revoke an API key.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/api-keys/{id}",
    tag = "auth",
    operation_id = "revoke_api_key",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The key's id"), KeyHeader),
    responses(
        (status = 204, description = "It opens nothing any more"),
        SessionProblems,
        NotFound,
        KeyProblems,
        Problems,
    ),
)]
#[tracing::instrument(skip_all, fields(user.id = %session.user_id))]
pub(super) async fn revoke_key(
    State(auth): State<AuthState>,
    session: CurrentSession,
    visitor: Visitor,
    PathId(key_id): PathId<Uuid>,
    key: WriteKey,
    known: Option<Extension<ApiKeys>>,
) -> Result<Response, Problem> {
    let keyed = key.of(session.user_id, None);
    let revoked = api_keys::revoke(&auth.pool, session.user_id, key_id, &keyed).await?;
    let revoked = revoked.ok_or_else(|| Problem::not_found("API key"))?;
    if let Some(Extension(known)) = known {
        known.revoke(key_id);
    }
    if let Answer::First(name) = &revoked {
        let by = By::Visitor(visitor);
        activity::keep(&auth.pool, session.user_id, Kind::ApiKeyRevoked, by, Some(name)).await;
        tracing::info!(key.id = %key_id, "API key revoked");
    }
    Ok(revoked.no_content())
}

fn in_the_future(value: &Value) -> Result<DateTime<Utc>, Violation> {
    let at = instant(value)?.to_utc();
    if at > Utc::now() {
        Ok(at)
    } else {
        Err(Violation::new("in_the_past", "must lie in the future"))
    }
}

impl From<CreateError> for Problem {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::TooMany => Self::conflict(error.to_string()),
            CreateError::Auth(cause) => cause.into(),
        }
    }
}
