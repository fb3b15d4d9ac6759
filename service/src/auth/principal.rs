use axum::extract::FromRequestParts;
use chrono::{DateTime, Utc};
use domain::OwnerId;
use http::request::Parts;
use uuid::Uuid;

use super::{Access, Authentication, Role, X_ACT_AS};
use crate::Problem;

/// The user a request speaks for. A handler that takes it answers 401 to requests without a valid access token or API
/// key, and 403 to those with a key that is not for such requests.
///
/// It answers 400 to requests for an athlete: routes that can be asked for another's data take an
/// [`Acting`](super::Acting), and no others can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user.
    pub user_id: OwnerId,
    /// What the user may do.
    pub roles: Vec<Role>,
    /// With what the request came in.
    pub access: Access,
    /// The id of the access token or API key.
    pub jti: Uuid,
    /// When that ends.
    pub expires_at: DateTime<Utc>,
}

impl Principal {
    /// The user a request speaks for, whomever it is about.
    pub(super) fn of(parts: &Parts) -> Result<Self, Problem> {
        match parts.extensions.get::<Authentication>() {
            Some(Authentication(Ok(principal))) => {
                let allowed = principal.access.allows(&parts.method, parts.uri.path());
                allowed.map_err(|needed| {
                    let needed = needed.as_str();
                    Problem::forbidden(format!("this API key has not the scope {needed}"))
                })?;
                Ok(principal.as_ref().clone())
            }
            Some(Authentication(Err(error))) => Err((*error).into()),
            None => {
                tracing::error!(
                    "a route asks for the user, and nothing authenticates requests to it"
                );
                Err(Problem::internal())
            }
        }
    }

    /// Whether the user has a role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Passes when the user has a role.
    ///
    /// # Errors
    /// 403 when not.
    pub fn require(&self, role: Role) -> Result<(), Problem> {
        if self.has(role) {
            Ok(())
        } else {
            Err(Problem::forbidden(format!("this is for role {}", role.as_str())))
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let principal = Self::of(parts)?;
        if parts.headers.contains_key(X_ACT_AS) {
            return Err(Problem::bad_request(
                "X-Act-As is for plans, workouts, runs and analytics; this is done for oneself",
            ));
        }
        Ok(principal)
    }
}
