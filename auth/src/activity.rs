//! What happens to an account's security, kept for its owner to see.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use chrono::{DateTime, TimeDelta, Utc};
use domain::OwnerId;
use serde::Serialize;
use sqlx::{PgExecutor, PgPool};
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
    CodeAsked,
    SignedOut,
    RefreshTokenReused,
    PasswordChanged,
    PasswordChangeFailed,
    ApiKeyMade,
    ApiKeyRevoked,
    RolesChanged,
    Locked,
    Unlocked,
    TwoFactorOn,
    TwoFactorOff,
    CodeFailed,
    RecoveryCodeUsed,
    RecoveryCodesMade,
    Proved,
    ProofFailed,
    Linked,
    Unlinked,
    EmailVerified,
    EmailChangeRequested,
    EmailChangeFailed,
    EmailChanged,
    PasswordResetRequested,
    PasswordReset,
    CoachingAsked,
    CoachingAccepted,
    CoachingDeclined,
    CoachingTakenBack,
    CoachingEnded,
    CoachingScopeChanged,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::CodeAsked => "code_asked",
            Self::SignedOut => "signed_out",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::PasswordChanged => "password_changed",
            Self::PasswordChangeFailed => "password_change_failed",
            Self::ApiKeyMade => "api_key_made",
            Self::ApiKeyRevoked => "api_key_revoked",
            Self::RolesChanged => "roles_changed",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::TwoFactorOn => "two_factor_on",
            Self::TwoFactorOff => "two_factor_off",
            Self::CodeFailed => "code_failed",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::RecoveryCodesMade => "recovery_codes_made",
            Self::Proved => "proved",
            Self::ProofFailed => "proof_failed",
            Self::Linked => "linked",
            Self::Unlinked => "unlinked",
            Self::EmailVerified => "email_verified",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChangeFailed => "email_change_failed",
            Self::EmailChanged => "email_changed",
            Self::PasswordResetRequested => "password_reset_requested",
            Self::PasswordReset => "password_reset",
            Self::CoachingAsked => "coaching_asked",
            Self::CoachingAccepted => "coaching_accepted",
            Self::CoachingDeclined => "coaching_declined",
            Self::CoachingTakenBack => "coaching_taken_back",
            Self::CoachingEnded => "coaching_ended",
            Self::CoachingScopeChanged => "coaching_scope_changed",
        }
    }
}

/// Who did it.
pub(crate) enum By {
    /// Whoever came from here.
    Visitor(Visitor),
    /// An administrator, whose address is nobody else's business.
    Administrator,
    /// The coach or athlete across, whose address is not either.
    OtherSide,
}

/// When a request came, and where from, as far as is known.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    at: DateTime<Utc>,
    address: Option<String>,
    user_agent: Option<String>,
}

impl Visitor {
    /// The address it came from: that of the proxy, where there is one.
    pub(crate) fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// What the program said it is.
    pub(crate) fn program(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// The smallest network that one visitor can be taken for: with IPv6 one has a whole /64 to pick addresses from.
    pub(crate) fn network(&self) -> Option<String> {
        let address = self.address.as_deref()?.parse::<IpAddr>().ok()?;
        Some(match address {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => {
                let network = Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64));
                format!("{network}/64")
            }
        })
    }
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
    /// `password_change_failed`, `api_key_made`, `api_key_revoked`, `roles_changed`, `locked`, `unlocked`,
    /// `two_factor_on`, `two_factor_off`, `code_asked`, `code_failed`, `recovery_code_used`, `recovery_codes_made`, `proved`,
    /// `proof_failed`, `linked`, `unlinked`,
    /// `email_verified`, `email_change_requested`, `email_change_failed`, `email_changed`,
    /// `password_reset_requested`, `password_reset`,
    /// `coaching_asked`, `coaching_accepted`, `coaching_declined`, `coaching_taken_back`, `coaching_ended`,
    /// `coaching_scope_changed`.
    #[schema(example = "signed_in")]
    kind: String,
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// Whether an administrator did it, and not whoever holds the account.
    by_admin: bool,
    /// Whether the coach or athlete across did it, and not whoever holds the account.
    by_other: bool,
    /// The address it came from: that of the proxy, where there is one.
    #[schema(example = "192.0.2.7")]
    address: Option<String>,
    /// What the program said it is.
    user_agent: Option<String>,
    /// What it was about, such as the name of an API key or of the provider somebody signed in through; for
    /// `coaching_…`, the scope and the id in the lists of coaches and athletes.
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
    if let Err(error) = record(pool, user_id, kind, by, subject).await {
        tracing::error!(user.id = %user_id, kind = kind.as_str(), %error, "activity not kept");
    }
}

/// The same as a part of what else is done, which fails with it. What happens to nobody's account is not kept.
pub(crate) async fn record(
    executor: impl PgExecutor<'_>,
    user_id: OwnerId,
    kind: Kind,
    by: By,
    subject: Option<&str>,
) -> Result<(), sqlx::Error> {
    let (by_admin, by_other) = match by {
        By::Visitor(_) => (false, false),
        By::Administrator => (true, false),
        By::OtherSide => (false, true),
    };
    let Visitor { at, address, user_agent } = match by {
        By::Visitor(visitor) => visitor,
        By::Administrator | By::OtherSide => {
            Visitor { at: Utc::now(), address: None, user_agent: None }
        }
    };
    sqlx::query!(
        "with old as (delete from auth.activity where user_id = $2 and happened_at < $9)
         insert into auth.activity (activity_id, user_id, kind, happened_at, by_admin, address, user_agent, subject,
                                    by_other)
         select $1, $2, $3, $4, $5, $6, $7, $8, $10
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
        by_other,
    )
    .execute(executor)
    .await?;
    Ok(())
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
        "select activity_id as id, kind, happened_at as at, by_admin, by_other, address, user_agent, subject
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_visitor_has_many_addresses_of_ipv6() {
        let network = |address: &str| {
            let address = Some(address.to_owned());
            Visitor { at: Utc::now(), address, user_agent: None }.network()
        };
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("192.0.2.1").as_deref(), Some("192.0.2.1"));
    }
}
