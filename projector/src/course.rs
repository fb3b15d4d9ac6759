//! Where a generation stands, and what it passes over.

use std::borrow::Cow;
use std::collections::HashSet;

use domain::OwnerId;
use domain::user::UserEvent;
use event_store::RecordedEvent;
use metrics::gauge;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::checkpoint::{Generation, Step};
use crate::shares::Parts;
use crate::{Projection, ProjectorError, parking};

/// What a generation's events are folded into. In production it is Postgres; the simulation makes it up.
pub(crate) trait Tables {
    /// Folds events into the rows and moves the checkpoint, in one commit; or does nothing of it.
    async fn project(
        &mut self,
        projection: Projection,
        events: &[RecordedEvent],
        step: Step,
    ) -> Result<(), ProjectorError>;

    /// Parks an event's stream and moves the checkpoint over the event, in one commit.
    async fn park(
        &mut self,
        step: Step,
        event: &RecordedEvent,
        reason: &str,
    ) -> Result<(), ProjectorError>;

    /// Whether this is part of a commit of the caller's.
    fn are_in_transaction(&self) -> bool;
}

/// The tables on the connection's search path.
impl Tables for PgConnection {
    async fn project(
        &mut self,
        projection: Projection,
        events: &[RecordedEvent],
        step: Step,
    ) -> Result<(), ProjectorError> {
        projection.project(self, events, step).await
    }

    async fn park(
        &mut self,
        step: Step,
        event: &RecordedEvent,
        reason: &str,
    ) -> Result<(), ProjectorError> {
        parking::park(self, step, event, reason).await
    }

    fn are_in_transaction(&self) -> bool {
        self.is_in_transaction()
    }
}

/// What somebody who folds events into a generation knows about it. As soon as anybody else changes one of these
/// things, the epoch is another one, and what is written from here is refused.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) projection: Projection,
    pub(crate) generation: Generation,
    pub(crate) share: i16,
    /// The parts of this share: events of others are none of its business.
    pub(crate) parts: Parts,
    /// Begun by whoever goes on in it, and by nobody else.
    pub(crate) epoch: i64,
    pub(crate) position: i64,
    /// The version of the code that made the rows.
    pub(crate) version: i32,
    pub(crate) paused: bool,
    pub(crate) parked: HashSet<(String, Uuid)>,
    pub(crate) dropped: HashSet<i64>,
}

impl Course {
    /// Takes a share over: from now on, nobody who had it before writes anything.
    pub(crate) async fn take_over(
        connection: &mut PgConnection,
        projection: Projection,
        generation: Generation,
        share: i16,
    ) -> Result<Self, ProjectorError> {
        let epoch = Self::begin_epoch(connection, projection, generation, share).await?;
        Self::read(connection, projection, generation, share).await?.in_epoch(epoch)
    }

    /// Begins another epoch of a share, and answers which.
    pub(crate) async fn begin_epoch(
        connection: &mut PgConnection,
        projection: Projection,
        generation: Generation,
        share: i16,
    ) -> Result<i64, ProjectorError> {
        let (name, word) = (projection.name(), generation.as_str());
        sqlx::query_scalar!(
            "update projector.checkpoints set epoch = default
              where projection = $1 and generation = $2 and share = $3 returning epoch",
            name,
            word,
            share,
        )
        .fetch_optional(connection)
        .await?
        .ok_or(ProjectorError::NoCheckpoint { projection: name, generation: word })
    }

    /// What was read, if it is of this epoch: somebody else may have begun another one meanwhile, and knows what was parked
    /// then.
    pub(crate) fn in_epoch(self, epoch: i64) -> Result<Self, ProjectorError> {
        if self.epoch == epoch { Ok(self) } else { Err(ProjectorError::Fenced) }
    }

    /// Reads how things are. Whatever changes between the statements changes the epoch too.
    pub(crate) async fn read(
        connection: &mut PgConnection,
        projection: Projection,
        generation: Generation,
        share: i16,
    ) -> Result<Self, ProjectorError> {
        let (name, word) = (projection.name(), generation.as_str());
        let found = sqlx::query!(
            r#"select parts, epoch, position, version, paused_at is not null as "paused!"
                 from projector.checkpoints where projection = $1 and generation = $2 and share = $3"#,
            name,
            word,
            share,
        )
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(ProjectorError::NoCheckpoint { projection: name, generation: word })?;
        let parts = Parts::from_bits(found.parts);
        let parked = sqlx::query!(
            "select aggregate_type, stream_id, owner_id from projector.parked_streams where projection = $1 and generation = $2",
            name,
            word,
        )
        .fetch_all(&mut *connection)
        .await?;
        let dropped = dropped_positions(connection, projection).await?;
        Ok(Self {
            projection,
            generation,
            share,
            parts,
            epoch: found.epoch,
            position: found.position,
            version: found.version,
            paused: found.paused,
            parked: parked
                .into_iter()
                .filter(|row| parts.are_of(OwnerId(row.owner_id)))
                .map(|row| (row.aggregate_type, row.stream_id))
                .collect(),
            dropped,
        })
    }

    /// Tells the metrics how many streams are parked, and how much of the work is done here.
    pub(crate) fn report(&self) {
        if self.generation == Generation::Live {
            report(self.projection, self.parked.len(), self.parts.count());
        }
    }

    /// Says in the figures that this process has no share of a projection.
    pub(crate) fn report_none(projection: Projection) {
        report(projection, 0, 0);
    }

    /// The step from here to a position.
    pub(crate) fn step(&self, to: i64) -> Step {
        let Self { projection, generation, epoch, position, .. } = *self;
        Step { projection, generation, epoch, from: position, to }
    }

    /// Whether the rows change by an event.
    pub(crate) fn concerns(&self, events: &[RecordedEvent]) -> bool {
        events.iter().any(|event| {
            self.projection.concerns(event) && self.is_own(event) && !self.passes_over(event)
        })
    }

    /// Whether any of these events is of a parked stream, or dropped.
    pub(crate) fn passes_over_any(&self, events: &[RecordedEvent]) -> bool {
        events.iter().any(|event| self.passes_over(event))
    }

    fn is_own(&self, event: &RecordedEvent) -> bool {
        self.parts.contains(event.part)
    }

    fn passes_over(&self, event: &RecordedEvent) -> bool {
        if self.parked.is_empty() && self.dropped.is_empty() {
            return false;
        }
        self.dropped.contains(&event.position)
            || self.parked.contains(&(event.aggregate_type().to_owned(), event.aggregate_id))
    }

    fn applicable<'a>(&self, events: &'a [RecordedEvent]) -> Cow<'a, [RecordedEvent]> {
        if self.parts != Parts::ALL || self.passes_over_any(events) {
            let is_kept = |event: &&RecordedEvent| self.is_own(event) && !self.passes_over(event);
            return Cow::Owned(events.iter().filter(is_kept).cloned().collect());
        }
        Cow::Borrowed(events)
    }

    /// Folds events into tables, and comes to position `to` with them. Each commit holds rows and checkpoint. The
    /// stream of an event that cannot be applied is parked; all others go on. In the caller's transaction a row that the
    /// database refuses is an error: it has ended that transaction.
    pub(crate) async fn apply(
        &mut self,
        tables: &mut impl Tables,
        events: &[RecordedEvent],
        to: i64,
    ) -> Result<(), ProjectorError> {
        // What is still to do, the next of it at the end.
        let mut left = self.pieces(events, to);
        while let Some((piece, to)) = left.pop() {
            let applicable = self.applicable(piece);
            let step = self.step(to);
            let Err(error) = tables.project(self.projection, &applicable, step).await else {
                self.position = to;
                continue;
            };
            if tables.are_in_transaction() && matches!(error, ProjectorError::Database(_)) {
                return Err(error);
            }
            match Suspect::of(&error, piece) {
                Suspect::None => return Err(error),
                Suspect::AmongMany(index) => {
                    let (before, rest) = piece.split_at(index);
                    left.push((rest, to));
                    if let Some(last) = before.last() {
                        left.push((before, last.position));
                    }
                }
                Suspect::Event(event) => {
                    tables.park(step, event, &error.to_string()).await?;
                    self.parked.insert((event.aggregate_type().to_owned(), event.aggregate_id));
                    self.position = to;
                    self.report();
                }
            }
        }
        Ok(())
    }

    /// Cuts out what is about users, which comes seldom, between what came before and what comes after.
    fn pieces<'a>(&self, events: &'a [RecordedEvent], to: i64) -> Vec<(&'a [RecordedEvent], i64)> {
        let mut pieces = Vec::new();
        let mut rest = events;
        while let Some(index) =
            rest.iter().position(|event| event.aggregate_type() == UserEvent::AGGREGATE)
        {
            let (before, after) = (&rest[..index], &rest[index + 1..]);
            if let Some(last) = before.last() {
                pieces.push((before, last.position));
            }
            pieces.push((&rest[index..=index], rest[index].position));
            rest = after;
        }
        if !rest.is_empty() || pieces.last().map_or(self.position, |(_, to)| *to) < to {
            pieces.push((rest, to));
        }
        pieces.reverse();
        pieces
    }
}

fn report(projection: Projection, parked: usize, parts: u32) {
    gauge!("trainer_parked_streams", "projection" => projection.name()).set(parked as f64);
    gauge!("trainer_projection_parts", "projection" => projection.name()).set(f64::from(parts));
}

/// The events that an operator has decided to pass over.
pub(crate) async fn dropped_positions(
    connection: &mut PgConnection,
    projection: Projection,
) -> sqlx::Result<HashSet<i64>> {
    let positions = sqlx::query_scalar!(
        "select position from projector.dropped_events where projection = $1",
        projection.name(),
    )
    .fetch_all(connection)
    .await?;
    Ok(positions.into_iter().collect())
}

/// Which event an error is about.
enum Suspect<'a> {
    /// None: it is the database, or somebody else has taken over.
    None,
    /// This one.
    Event(&'a RecordedEvent),
    /// One of several; cut there and try again.
    AmongMany(usize),
}

impl<'a> Suspect<'a> {
    fn of(error: &ProjectorError, events: &'a [RecordedEvent]) -> Self {
        let index = match error {
            ProjectorError::Event { position, .. } => {
                let index = events.partition_point(|event| event.position < *position);
                // First what comes behind it is cut off, then what lies before it.
                if index + 1 < events.len() { index + 1 } else { index }
            }
            ProjectorError::Database(error) if is_about_data(error) => events.len() / 2,
            _other => return Self::None,
        };
        match events {
            [] => Self::None,
            [event] => Self::Event(event),
            _several => Self::AmongMany(index),
        }
    }
}

/// Whether a row does not fit its table: trying again would not help, other rows may fit.
pub(crate) fn is_about_data(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    // Data exceptions, such as a number out of range; integrity constraints.
    code.is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}
