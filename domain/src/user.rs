//! What happens to users themselves, as far as it is history. Their accounts are not: those are kept
//! elsewhere and change in place.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::OwnerId;
use crate::stored::events;

events! {
    /// What has happened to a user.
    ///
    /// Stored for ever: add variants and optional fields; never rename or reuse one. What must change otherwise
    /// gets a new version, and the old one a step to it (`stored/upcast.rs`).
    UserEvent {
        /// Everything of theirs is gone, by their own wish or by law. All that remains.
        Erased(UserErased) = "user.erased" "1",
    }
}

impl UserEvent {
    /// The type of the streams of these events.
    pub const AGGREGATE: &'static str = "user";
}

/// Payload of `user.erased`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UserErased {
    /// Who was erased; the id means nobody any more.
    pub user_id: OwnerId,
}
