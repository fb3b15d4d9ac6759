use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use uuid::Uuid;

use crate::{Access, Principal};

/// What is found out about a request on its way, for its line in the access log: among the extensions of every request
/// of which a line is written. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct AccessNotes(Arc<Noted>);

/// All that was found out.
#[derive(Debug, Default)]
pub(super) struct Noted {
    pub(super) client: OnceLock<IpAddr>,
    pub(super) user_id: OnceLock<Uuid>,
    pub(super) api_key_id: OnceLock<Uuid>,
    pub(super) answered_by: OnceLock<(String, usize)>,
}

impl AccessNotes {
    /// The client behind a proxy that is trusted.
    pub(crate) fn is_from(&self, client: IpAddr) {
        let _first = self.0.client.set(client);
    }

    /// Whom it speaks for.
    pub(crate) fn speaks_for(&self, principal: &Principal) {
        let _first = self.0.user_id.set(principal.user_id.0);
        match principal.access {
            Access::ApiKey(_) => drop(self.0.api_key_id.set(principal.jti)),
            Access::Session => {}
        }
    }

    /// Which process behind the door has answered it, and how many were asked.
    pub fn answered_by(&self, upstream: &impl ToString, attempts: usize) {
        let _first = self.0.answered_by.set((upstream.to_string(), attempts));
    }

    pub(super) fn noted(&self) -> &Noted {
        &self.0
    }
}
