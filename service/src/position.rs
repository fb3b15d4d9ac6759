use axum::extract::OptionalFromRequestParts;
use http::request::Parts;
use http::{HeaderName, HeaderValue};

use crate::Problem;

/// The header that says up to which event an answer goes, or must go.
pub const TRAINER_POSITION: HeaderName = HeaderName::from_static("trainer-position");
/// The header of an answer that could not wait for the read models any longer.
pub const TRAINER_CONSISTENCY: HeaderName = HeaderName::from_static("trainer-consistency");
/// The write is stored, but reads may not show it yet.
pub const CONSISTENCY_PENDING: HeaderValue = HeaderValue::from_static("pending");
/// The read shows less than was asked for.
pub const CONSISTENCY_STALE: HeaderValue = HeaderValue::from_static("stale");

/// The position of an event in the order of all events: the `Trainer-Position` header.
///
/// Take it as `Option<TrainerPosition>`. Refuses with 400 what is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrainerPosition(pub u64);

impl TrainerPosition {
    /// As the header of an answer.
    #[must_use]
    pub fn header(self) -> (HeaderName, HeaderValue) {
        (TRAINER_POSITION, self.0.into())
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for TrainerPosition {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        let mut lines = parts.headers.get_all(TRAINER_POSITION).iter();
        let Some(line) = lines.next() else {
            return Ok(None);
        };
        let digits =
            line.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        // Positions are a bigint in the database.
        let position = digits
            .and_then(|digits| digits.parse().ok())
            .filter(|position| *position <= i64::MAX as u64);
        match (position, lines.next()) {
            (Some(position), None) => Ok(Some(Self(position))),
            (None, _) | (Some(_), Some(_)) => {
                Err(Problem::bad_request("Trainer-Position must be a whole number, once"))
            }
        }
    }
}
