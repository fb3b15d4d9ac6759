use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, Utc};
use domain::OwnerId;
use tokio::time::Instant;
use uuid::Uuid;

/// Who asks for a command, on whose behalf, and in which request. Kept with every event.
#[derive(Debug, Clone)]
pub struct CommandContext {
    /// The command's id; its first event carries it too.
    pub command_id: Uuid,
    /// Who acts.
    pub actor: OwnerId,
    /// Whose data it is.
    pub owner: OwnerId,
    /// Where the command came in, such as `http` or `import`.
    pub source: &'static str,
    /// What a chain of commands and events has in common.
    pub correlation_id: Option<String>,
    /// The event or command that led to this one.
    pub causation_id: Option<String>,
    /// The HTTP request.
    pub request_id: Option<String>,
    /// The W3C trace it belongs to.
    pub traceparent: Option<String>,
    /// The client's key, when it sent one.
    pub key: Option<CommandKey>,
    /// Until when its append may begin. After that it is [`StoreError::Late`](crate::StoreError::Late) and never stored, so
    /// that whoever waits for it and gives up knows what became of it.
    pub until: Option<Instant>,
}

/// A client's `Idempotency-Key`: the same key and request get the first answer again.
#[derive(Debug, Clone)]
pub struct CommandKey {
    /// Derived from the user and the key.
    pub id: Uuid,
    /// A digest of the request, to tell another request under the same key.
    pub request_hash: Vec<u8>,
}

impl CommandContext {
    /// A context for a command that a runner gives on their own behalf.
    #[must_use]
    pub fn new(owner: OwnerId, source: &'static str) -> Self {
        Self {
            command_id: Uuid::now_v7(),
            actor: owner,
            owner,
            source,
            correlation_id: None,
            causation_id: None,
            request_id: None,
            traceparent: None,
            key: None,
            until: None,
        }
    }

    /// The metadata of the command's events: flat strings, as `cqrs-es` reads them.
    pub(crate) fn metadata(&self) -> BTreeMap<&'static str, String> {
        let command_id = self.command_id.to_string();
        let correlation_id = self.correlation_id.clone().unwrap_or_else(|| command_id.clone());
        let always = [
            ("actor_id", self.actor.to_string()),
            ("owner_id", self.owner.to_string()),
            ("source", self.source.to_owned()),
            ("correlation_id", correlation_id),
            ("command_id", command_id),
        ];
        let optional = [
            ("causation_id", &self.causation_id),
            ("request_id", &self.request_id),
            ("traceparent", &self.traceparent),
        ];
        let present = optional.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        always.into_iter().chain(present).collect()
    }
}

/// The time now, as precise as Postgres keeps it: what is answered equals what is read back.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
