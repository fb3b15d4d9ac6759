//! What happens to an account's security, kept for its owner to see.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use chrono::{DateTime, TimeDelta, Utc};
use domain::OwnerId;
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

/// How long it is kept.
const KEPT_FOR: TimeDelta = TimeDelta::days(365);

/// How much of a browser's description of itself is kept, in characters.
const MAX_AGENT_CHARS: usize = 255;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    SignedIn,
    SignInFailed,
    SignedOut,
    RefreshTokenReused,
    PasswordChanged,
    PasswordChangeFailed,
    ApiKeyMade,
    ApiKeyRevoked,
    RolesChanged,
    Locked,
    Unlocked,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SignedOut => "signed_out",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::PasswordChanged => "password_changed",
            Self::PasswordChangeFailed => "password_change_failed",
            Self::ApiKeyMade => "api_key_made",
            Self::ApiKeyRevoked => "api_key_revoked",
            Self::RolesChanged => "roles_changed",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
        }
    }
}

/// Who did it.
pub(crate) enum By {
    /// Whoever came from here.
    Visitor(Visitor),
    /// An administrator, whose address is nobody else's business.
    Administrator,
}

/// When a request came, and where from, as far as is known.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    at: DateTime<Utc>,
    address: Option<String>,
    user_agent: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        Ok(Self {
            at: Utc::now(),
            address: connection.map(|ConnectInfo(address)| address.ip().to_canonical().to_string()),
            user_agent: agent.map(|agent| agent.chars().take(MAX_AGENT_CHARS).collect()),
        })
    }
}

/// Something that happened, as the owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Activity {
    #[serde(skip)]
    pub(crate) id: Uuid,
    /// What: `signed_in`, `sign_in_failed`, `signed_out`, `refresh_token_reused`, `password_changed`,
    /// `password_change_failed`, `api_key_made`, `api_key_revoked`, `roles_changed`, `locked`, `unlocked`.
    #[schema(example = "signed_in")]
    kind: String,
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// Whether an administrator did it, and not whoever holds the account.
    by_admin: bool,
    /// The address it came from: that of the proxy, where there is one.
    #[schema(example = "192.0.2.7")]
    address: Option<String>,
    /// What the program said it is.
    user_agent: Option<String>,
    /// What it was about, such as the name of an API key.
    subject: Option<String>,
}

/// Keeps what happened, and forgets what is old. When that fails it is logged, and what happened stands.
pub(crate) async fn keep(
    pool: &PgPool,
    user_id: OwnerId,
    kind: Kind,
    by: By,
    subject: Option<&str>,
) {
    let (by_admin, Visitor { at, address, user_agent }) = match by {
        By::Visitor(visitor) => (false, visitor),
        By::Administrator => (true, Visitor { at: Utc::now(), address: None, user_agent: None }),
    };
    let kept = sqlx::query!(
        "with old as (delete from auth.activity where user_id = $2 and happened_at < $9)
         insert into auth.activity (activity_id, user_id, kind, happened_at, by_admin, address, user_agent, subject)
         select $1, $2, $3, $4, $5, $6, $7, $8
          where exists (select from auth.users where user_id = $2)",
        Uuid::now_v7(),
        user_id.0,
        kind.as_str(),
        at,
        by_admin,
        address,
        user_agent,
        subject,
        at - KEPT_FOR,
    )
    .execute(pool)
    .await;
    if let Err(error) = kept {
        tracing::error!(user.id = %user_id, kind = kind.as_str(), %error, "activity not kept");
    }
}

/// What happened to an account, the latest first, behind what happened at this time under this id.
pub(crate) async fn list(
    pool: &PgPool,
    user_id: OwnerId,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Activity>, sqlx::Error> {
    let (happened_at, activity_id) = after.unzip();
    sqlx::query_as!(
        Activity,
        "select activity_id as id, kind, happened_at as at, by_admin, address, user_agent, subject
           from auth.activity
          where user_id = $1
            and (happened_at, activity_id)
                < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, '00000000-0000-0000-0000-000000000000'))
          order by happened_at desc, activity_id desc
          limit $4",
        user_id.0,
        happened_at,
        activity_id,
        limit,
    )
    .fetch_all(pool)
    .await
}
