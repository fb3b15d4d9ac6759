use axum::extract::FromRequestParts;
use http::request::Parts;
use projector::Projection;
use service::{Principal, Problem, Role};

/// An administrator who asks. Everybody else gets 403, whatever they ask for.
pub(crate) struct Operator {
    pub(crate) principal: Principal,
}

impl<S: Send + Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let principal = Principal::from_request_parts(parts, state).await?;
        principal.require(Role::Admin)?;
        Ok(Self { principal })
    }
}

impl Operator {
    /// Leaves in the log who did what.
    pub(crate) fn notes(&self, projection: Projection, what: &'static str) {
        tracing::info!(admin.id = %self.principal.user_id, projection = projection.name(), what, "operator");
    }
}
