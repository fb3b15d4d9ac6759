//! A process's ways to Postgres and to JetStream, where everything may be lost.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::Part;
use event_store::RecordedEvent;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::server::Envelope;
use crate::log::EventLog;
use crate::relay::{
    Alarm, EventStream, Message, Publication, RelayError, StreamState, Woken, Word,
};
use crate::subscription::{Feed, News};

/// How often Postgres is asked while NATS is away.
const OFFLINE_POLL: Duration = Duration::from_millis(50);

/// What a process asks for, and where its answer goes.
pub(super) struct Call {
    pub(super) ask: Ask,
    pub(super) reply: oneshot::Sender<Told>,
}

#[derive(Clone)]
pub(super) enum Ask {
    // Of Postgres.
    ReadAfter(i64, i64),
    HasOrErased(i64, Uuid),
    LastPositionOlderThan(Duration),
    LastPositions(Vec<Part>, i64),
    // Of JetStream.
    EnsureStream,
    State,
    LastMessage,
    MessageAt(u64),
    LastPositionsInStream,
    Publish(Box<Envelope>),
    // Of the machine.
    Lead,
    /// Until something behind this position is appended, or for a while.
    Wait(i64),
    Pause(Duration),
    // Of what a follower needs besides.
    Open,
    Close,
    Listen,
    Interruption,
    /// Events were given out: their positions and ids, and where the follower stands now.
    Given(Vec<(i64, Uuid)>, i64),
}

impl Ask {
    /// Whether it goes to Postgres, not to NATS.
    pub(super) fn is_for_postgres(&self) -> bool {
        matches!(
            self,
            Self::ReadAfter(..)
                | Self::HasOrErased(..)
                | Self::LastPositionOlderThan(_)
                | Self::LastPositions(..)
        )
    }
}

pub(super) enum Told {
    Failed(String),
    /// Refused by the stream: the last message is this one, or not known.
    BehindAnother(Option<Uuid>),
    Events(Vec<RecordedEvent>),
    Known(bool),
    Position(i64),
    Positions(Vec<(Part, i64)>),
    State(StreamState),
    Message(Option<Message>),
    PositionsInStream(HashMap<Part, i64>),
    Word(Word),
    Woken(Woken),
    /// What came, and whether more may.
    News(Vec<RecordedEvent>, bool),
    Done,
}

/// One process's end of all its ways.
#[derive(Clone, Default)]
pub(super) struct Link {
    pub(super) calls: Arc<Mutex<Vec<Call>>>,
}

impl Link {
    fn begin(&self, ask: Ask) -> oneshot::Receiver<Told> {
        let (reply, answer) = oneshot::channel();
        self.calls.lock().unwrap().push(Call { ask, reply });
        answer
    }

    async fn told(answer: oneshot::Receiver<Told>) -> Result<Told, String> {
        match answer.await {
            Ok(Told::Failed(why)) => Err(why),
            Ok(told) => Ok(told),
            Err(_closed) => Err("the world has ended".to_owned()),
        }
    }

    async fn ask_postgres(&self, ask: Ask) -> sqlx::Result<Told> {
        let told = Self::told(self.begin(ask)).await;
        told.map_err(|why| sqlx::Error::Io(io::Error::other(why)))
    }

    async fn ask_stream(&self, ask: Ask) -> Result<Told, RelayError> {
        Self::told(self.begin(ask)).await.map_err(RelayError::Stream)
    }

    /// Waits until this process leads.
    pub(super) async fn lead(&self) -> Result<(), RelayError> {
        self.ask_stream(Ask::Lead).await.map(drop)
    }

    pub(super) async fn ensure_stream(&self) -> Result<(), RelayError> {
        self.ask_stream(Ask::EnsureStream).await.map(drop)
    }

    /// Ends when the world wants that nobody waits any longer.
    pub(super) async fn interruption(&self) {
        if self.begin(Ask::Interruption).await.is_err() {
            std::future::pending().await
        }
    }

    pub(super) async fn given(&self, events: &[RecordedEvent], position: i64) {
        let events = events.iter().map(|event| (event.position, event.event_id)).collect();
        let _noted = self.begin(Ask::Given(events, position)).await;
    }

    pub(super) async fn pause(&self, time: Duration) {
        let _over = self.begin(Ask::Pause(time)).await;
    }
}

/// The events as JetStream delivers them to one process.
pub(super) struct LinkFeed {
    pub(super) link: Link,
    pub(super) open: bool,
}

impl Feed for LinkFeed {
    fn is_open(&self) -> bool {
        self.open
    }

    async fn open(&mut self) {
        self.open = self.link.ask_stream(Ask::Open).await.is_ok();
    }

    fn close(&mut self) {
        self.open = false;
        drop(self.link.begin(Ask::Close));
    }

    async fn next(&mut self, _position: i64) -> News {
        if !self.open {
            self.link.pause(OFFLINE_POLL).await;
            return News::Late;
        }
        match Link::told(self.link.begin(Ask::Listen)).await {
            Ok(Told::News(messages, open)) => {
                self.open = open;
                if messages.is_empty() { News::Late } else { News::Messages(messages) }
            }
            _other => unreachable!("it is news"),
        }
    }
}

impl EventLog for Link {
    async fn read_after(&self, position: i64, limit: i64) -> sqlx::Result<Vec<RecordedEvent>> {
        match self.ask_postgres(Ask::ReadAfter(position, limit)).await? {
            Told::Events(events) => Ok(events),
            _other => unreachable!("a read is answered with events"),
        }
    }

    async fn has_or_erased(&self, position: i64, event_id: Uuid) -> sqlx::Result<bool> {
        match self.ask_postgres(Ask::HasOrErased(position, event_id)).await? {
            Told::Known(known) => Ok(known),
            _other => unreachable!("it is known or not"),
        }
    }

    async fn last_position_older_than(&self, age: Duration) -> sqlx::Result<i64> {
        match self.ask_postgres(Ask::LastPositionOlderThan(age)).await? {
            Told::Position(position) => Ok(position),
            _other => unreachable!("it is a position"),
        }
    }

    async fn last_positions(&self, parts: &[Part], up_to: i64) -> sqlx::Result<Vec<(Part, i64)>> {
        match self.ask_postgres(Ask::LastPositions(parts.to_vec(), up_to)).await? {
            Told::Positions(positions) => Ok(positions),
            _other => unreachable!("they are positions"),
        }
    }
}

impl EventStream for Link {
    type Sent = oneshot::Receiver<Told>;

    fn is_connected(&self) -> bool {
        true
    }

    async fn state(&self) -> Result<StreamState, RelayError> {
        match self.ask_stream(Ask::State).await? {
            Told::State(state) => Ok(state),
            _other => unreachable!("it is a state"),
        }
    }

    async fn last_message(&self) -> Result<Option<Message>, RelayError> {
        match self.ask_stream(Ask::LastMessage).await? {
            Told::Message(message) => Ok(message),
            _other => unreachable!("it is a message"),
        }
    }

    async fn message(&self, sequence: u64) -> Result<Option<Message>, RelayError> {
        match self.ask_stream(Ask::MessageAt(sequence)).await? {
            Told::Message(message) => Ok(message),
            _other => unreachable!("it is a message"),
        }
    }

    async fn last_positions(&self) -> Result<HashMap<Part, i64>, RelayError> {
        match self.ask_stream(Ask::LastPositionsInStream).await? {
            Told::PositionsInStream(positions) => Ok(positions),
            _other => unreachable!("they are positions"),
        }
    }

    async fn send(&self, publication: Publication<'_>) -> Result<Self::Sent, RelayError> {
        let Publication { event, previous, behind_sequence, behind_message } = publication;
        let event = event.clone();
        let envelope = Envelope { event, previous, behind_sequence, behind_message };
        Ok(self.begin(Ask::Publish(Box::new(envelope))))
    }

    async fn word_on(&self, sent: Self::Sent) -> Result<Word, RelayError> {
        match Self::told(sent).await.map_err(RelayError::Stream)? {
            Told::Word(word) => Ok(word),
            Told::BehindAnother(known) => Err(RelayError::BehindAnother { known }),
            _other => unreachable!("it is the server's word"),
        }
    }
}

impl Alarm for Link {
    async fn wait(&mut self, position: i64) -> Result<Woken, RelayError> {
        match self.ask_stream(Ask::Wait(position)).await? {
            Told::Woken(woken) => Ok(woken),
            _other => unreachable!("it is why it woke"),
        }
    }
}
