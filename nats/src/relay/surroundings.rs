use std::collections::HashMap;

use domain::Part;
use event_store::RecordedEvent;
use uuid::Uuid;

use super::RelayError;

/// The stream that is published into.
pub(crate) trait EventStream: Sync {
    /// A message on its way, until the server's word on it.
    type Sent: Send;

    /// Whether there is a connection to the server.
    fn is_connected(&self) -> bool;

    /// How the stream is.
    fn state(&self) -> impl Future<Output = Result<StreamState, RelayError>> + Send;

    /// The last message on the subjects of events.
    fn last_message(&self) -> impl Future<Output = Result<Option<Message>, RelayError>> + Send;

    /// The message at a sequence.
    fn message(
        &self,
        sequence: u64,
    ) -> impl Future<Output = Result<Option<Message>, RelayError>> + Send;

    /// The last position of each part that has one in the stream.
    fn last_positions(&self)
    -> impl Future<Output = Result<HashMap<Part, i64>, RelayError>> + Send;

    /// Sends a message, without waiting for the server.
    fn send(
        &self,
        publication: Publication<'_>,
    ) -> impl Future<Output = Result<Self::Sent, RelayError>> + Send;

    /// Waits for the server's word on a message.
    fn word_on(&self, sent: Self::Sent) -> impl Future<Output = Result<Word, RelayError>> + Send;
}

/// What tells the relay that it should look again.
pub(crate) trait Alarm: Send {
    /// Waits until something behind `position` may have been appended, or for a while.
    ///
    /// # Errors
    /// When this relay does not lead any more.
    fn wait(&mut self, position: i64) -> impl Future<Output = Result<Woken, RelayError>> + Send;
}

/// Why a relay looks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Somebody said so.
    BySomebody,
    /// Nobody said anything for a while.
    ByTime,
}

/// How a stream is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamState {
    pub(crate) first_sequence: u64,
    pub(crate) last_sequence: u64,
    pub(crate) messages: u64,
}

/// A message of the stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message {
    pub(crate) sequence: u64,
    /// The position and id of its event, when it is one.
    pub(crate) event: Option<(i64, Uuid)>,
}

/// An event as it is to be published.
#[derive(Debug)]
pub(crate) struct Publication<'a> {
    pub(crate) event: &'a RecordedEvent,
    /// The position of the event before it in the same part, 0 when there is none.
    pub(crate) previous: i64,
    /// The sequence it must follow, or the server refuses it.
    pub(crate) behind_sequence: u64,
    /// The message it must follow.
    pub(crate) behind_message: Option<Uuid>,
}

/// What the server says about a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    /// Where it is.
    pub(crate) sequence: u64,
    /// Whether the server had it before.
    pub(crate) duplicate: bool,
}
