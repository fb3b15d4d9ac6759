use chrono::{DateTime, Utc};
use domain::{OwnerId, Part, PlanId, StoredEvent, WorkoutId};
use std::sync::Arc;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::append::{Keyed, NewEvent, Outcome, Pending, StreamWrite};
use crate::cache::Caches;
use crate::context::now;
use crate::load::load;
use crate::serial::Turn;
use crate::{CommandContext, EventStore, Loaded, StoreError, Stream};

/// Keeps a state that was appended up to a position.
type Keep = Box<dyn FnOnce(&Caches, i64) + Send + Sync>;

/// One command at work: what it has read, and what it wants to append, all or nothing.
pub struct Work<'a> {
    store: &'a EventStore,
    context: &'a CommandContext,
    at: DateTime<Utc>,
    /// Whether states are brought up to date before they are used.
    fresh: bool,
    used_cache: bool,
    seen_position: i64,
    turn: Option<Turn>,
    writes: Vec<StreamWrite>,
    keep: Vec<Keep>,
}

impl<'a> Work<'a> {
    pub(crate) fn new(store: &'a EventStore, context: &'a CommandContext, fresh: bool) -> Self {
        Self {
            store,
            context,
            at: now(),
            fresh,
            used_cache: false,
            seen_position: 0,
            turn: None,
            writes: Vec::new(),
            keep: Vec::new(),
        }
    }

    /// Whose data the command is about.
    #[must_use]
    pub fn owner(&self) -> OwnerId {
        self.context.owner
    }

    /// When the command's events will say they were recorded.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Loads an aggregate; one without events is its default.
    ///
    /// The first one loaded is the one that commands wait in line for, so a command should begin
    /// with the stream that others are likely to write too.
    ///
    /// # Errors
    /// When the database fails or a stored event cannot be read.
    pub async fn load<A: Stream>(&mut self, id: Uuid) -> Result<Loaded<A>, StoreError> {
        if self.turn.is_none() {
            self.turn = Some(self.store.turns().take(id).await);
        }
        self.peek(id).await
    }

    /// Loads an aggregate without waiting in line for it: to learn from it which stream to begin with.
    ///
    /// # Errors
    /// When the database fails or a stored event cannot be read.
    pub async fn peek<A: Stream>(&mut self, id: Uuid) -> Result<Loaded<A>, StoreError> {
        let loaded = match A::cache(self.store.caches()).get(&id) {
            Some(cached) if self.fresh => cached.catch_up(self.store.pool()).await?,
            Some(cached) => {
                self.used_cache = true;
                cached
            }
            None => load(self.store.pool(), id).await?,
        };
        if loaded.sequence > 0 {
            self.store.caches().keep(loaded.clone());
        }
        self.seen_position = self.seen_position.max(loaded.position);
        Ok(loaded)
    }

    /// An aggregate that cannot have events yet, because its id was just made.
    #[must_use]
    pub fn begin<A: Stream>(&self, id: Uuid) -> Loaded<A> {
        Loaded { id, state: Arc::new(A::default()), sequence: 0, position: 0 }
    }

    /// The plan that a workout was scheduled in; `None` when there was never such a workout.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plan_of_workout(
        &self,
        workout_id: WorkoutId,
    ) -> Result<Option<PlanId>, StoreError> {
        let known = &self.store.caches().plan_of_workout;
        if let Some(plan_id) = known.get(&workout_id.0) {
            return Ok(Some(PlanId(plan_id)));
        }
        let found = sqlx::query_scalar!(
            "select aggregate_id from es.events
              where event_type = 'workout.scheduled' and payload ->> 'workout_id' = $1
              limit 1",
            workout_id.to_string(),
        )
        .fetch_optional(self.store.pool())
        .await?;
        let plan_id = found.and_then(|id| Uuid::parse_str(&id).ok());
        if let Some(plan_id) = plan_id {
            known.insert(workout_id.0, plan_id);
        }
        Ok(plan_id.map(PlanId))
    }

    /// Gives a command to an aggregate: its events will be appended, and `loaded` is the state after them.
    ///
    /// # Errors
    /// Why the aggregate refuses it, or that an event cannot be written as JSON.
    pub fn decide<A: Stream, R: From<A::Error> + From<StoreError>>(
        &mut self,
        loaded: &mut Loaded<A>,
        command: A::Command,
    ) -> Result<(), R> {
        let events = loaded.state.decide(command)?;
        if events.is_empty() {
            return Ok(());
        }
        self.stage(loaded, events).map_err(R::from)
    }

    fn stage<A: Stream>(
        &mut self,
        loaded: &mut Loaded<A>,
        events: Vec<A::Event>,
    ) -> Result<(), StoreError> {
        let mut encoded = Vec::with_capacity(events.len());
        for event in &events {
            let (event_type, event_version) = event.stored_as();
            // The first event carries the command's id: an append whose answer was lost is found by it.
            let first = self.writes.is_empty() && encoded.is_empty();
            let event_id = if first { self.context.command_id } else { Uuid::now_v7() };
            let payload = serde_json::to_string(event)?;
            encoded.push(NewEvent { event_id, event_type, event_version, payload });
        }
        let count = encoded.len() as i64;
        let aggregate_id = loaded.id.to_string();
        match self.writes.iter_mut().find(|write| write.aggregate_id == aggregate_id) {
            Some(write) => write.events.extend(encoded),
            None => self.writes.push(StreamWrite {
                aggregate_type: A::TYPE,
                aggregate_id,
                expected: loaded.sequence,
                events: encoded,
            }),
        }
        let state = Arc::make_mut(&mut loaded.state);
        for event in events {
            state.apply_at(event, self.at);
        }
        loaded.sequence += count;
        let after = loaded.clone();
        self.keep.push(Box::new(move |caches, position| caches.keep(Loaded { position, ..after })));
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Whether a state came from memory, so that another process may have moved on since. A rule that
    /// refuses then is asked again on the present states.
    #[must_use]
    pub fn may_be_stale(&self) -> bool {
        self.used_cache
    }

    pub(crate) fn seen_position(&self) -> i64 {
        self.seen_position
    }

    /// Appends what was decided.
    pub(crate) async fn commit(self, answer: Option<String>) -> Result<Outcome, StoreError> {
        let keyed = self.context.key.as_ref().zip(answer).map(|(key, answer)| Keyed {
            id: key.id,
            request_hash: key.request_hash.clone(),
            answer,
        });
        let (reply, outcome) = oneshot::channel();
        let pending = Pending {
            writes: self.writes,
            keyed,
            owner_id: self.context.owner.0,
            part: Part::of(self.context.owner),
            metadata: serde_json::to_string(&self.context.metadata())?,
            recorded_at: self.at,
            until: self.context.until,
            reply,
        };
        self.store.submit(pending)?;
        let outcome = outcome.await.map_err(|_lost| orphaned())??;
        if let Outcome::Appended { position } = outcome {
            for keep in self.keep {
                keep(self.store.caches(), position);
            }
        }
        // The turn, held until here, is given back: the next in line sees this state.
        drop(self.turn);
        Ok(outcome)
    }
}

/// What is known of a command that was sent, when whoever sent it has ended without a word.
fn orphaned() -> StoreError {
    StoreError::Unanswered(Arc::new(sqlx::Error::WorkerCrashed))
}
