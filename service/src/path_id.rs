use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use crate::{Problem, readers};

/// The id in a path such as `/api/v1/plans/{id}`.
///
/// Refuses what is no UUID in its usual form with 400. The path must have one parameter.
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(pub T);

impl<T, S> FromRequestParts<S> for PathId<T>
where
    T: FromStr + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let malformed = || Problem::bad_request("the id in the path must be a UUID");
        let params =
            RawPathParams::from_request_parts(parts, state).await.map_err(|_| malformed())?;
        let (_, text) = params.iter().next().ok_or_else(malformed)?;
        let uuid = readers::parse_uuid(text).map_err(|_| malformed())?;
        uuid.to_string().parse().map(Self).map_err(|_| malformed())
    }
}
