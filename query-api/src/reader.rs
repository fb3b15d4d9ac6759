use axum::extract::FromRequestParts;
use domain::OwnerId;
use http::request::Parts;
use service::{Acting, CoachScope, Problem};

/// Somebody who reads their own things, or those of an athlete who has let them.
#[derive(Debug)]
pub(crate) struct Reader {
    /// Whose things.
    pub(crate) owner: OwnerId,
}

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Acting { owner, .. } = Acting::of(parts, CoachScope::View).await?;
        Ok(Self { owner })
    }
}
