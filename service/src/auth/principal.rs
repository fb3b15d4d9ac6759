use axum::extract::FromRequestParts;
use chrono::{DateTime, Utc};
use domain::OwnerId;
use http::request::Parts;
use uuid::Uuid;

use super::{Access, Authentication, Role, Scope};
use crate::Problem;

/// The user a request speaks for. A handler that takes it answers 401 to requests without a valid access token or API
/// key, and 403 to those with a key that is not for such requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user, who owns what the request makes.
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
        match parts.extensions.get::<Authentication>() {
            Some(Authentication(Ok(principal))) => {
                let needed = Scope::needed_for(&parts.method);
                if principal.access.allows(needed) {
                    Ok(principal.as_ref().clone())
                } else {
                    let needed = needed.as_str();
                    Err(Problem::forbidden(format!("this API key has not the scope {needed}")))
                }
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
}
