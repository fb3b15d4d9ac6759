use axum::extract::FromRequestParts;
use chrono::{DateTime, Utc};
use domain::OwnerId;
use http::request::Parts;
use uuid::Uuid;

use super::{Authentication, Role};
use crate::Problem;

/// The user a request speaks for. A handler that takes it answers 401 to requests without a valid access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user, who owns what the request makes.
    pub user_id: OwnerId,
    /// What the user may do.
    pub roles: Vec<Role>,
    /// The access token's own id.
    pub jti: Uuid,
    /// When the access token ends.
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
            Some(Authentication(Ok(principal))) => Ok(principal.as_ref().clone()),
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
