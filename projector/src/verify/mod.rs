//! The proof that rows are what their events say: the log is folded in memory and compared row by row.

mod expected;
mod reached;
mod stored;

use std::collections::{BTreeSet, HashSet};
use std::num::NonZeroU32;

use domain::OwnerId;
use domain::Part;
use domain::user::{UserErased, UserEvent};
use event_store::{RecordedEvent, copy_parts, unfinished_erasures};
use serde::Serialize;
use sqlx::{ConnectOptions, Executor, PgConnection, PgPool};
use uuid::Uuid;

use self::expected::Expected;
use self::reached::Reached;
use self::stored::Stored;
use crate::checkpoint::{Generation, checkpoint};
use crate::course::dropped_positions;
use crate::generations::Differences;
use crate::{Projection, ProjectorError};

/// How many events are folded in memory at once, roughly; of more, some parts are taken after the others.
const EVENTS_AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(999_999);

/// How many unreadable events are named.
const UNREADABLE: usize = 100;

/// What came of a verification.
#[derive(Debug, Clone, Serialize)]
pub struct Verified {
    /// Where the rows are: every event up to and with this one was folded.
    pub position: i64,
    /// How many events were folded.
    pub events: u64,
    /// Positions of events that cannot be read, and are neither parked nor dropped; the first of them.
    pub unreadable: Vec<i64>,
    /// The rows that differ from what the events say; `found` is the stored one.
    pub differences: Differences,
}

impl Verified {
    /// Whether the rows are what the events say.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.unreadable.is_empty() && self.differences.is_empty()
    }
}

/// Folds the log in memory and compares the result with the live rows, as of one moment; nothing stands still
/// meanwhile. Events of parked streams and dropped events are left out, as they are in the rows, and so is whoever is being
/// erased at that moment.
///
/// # Errors
/// When another version of the code has made the rows, or the database fails.
pub async fn verify(
    projection: Projection,
    pool: &PgPool,
    examples: usize,
    on_progress: impl FnMut(u64, u64),
) -> Result<Verified, ProjectorError> {
    verify_at_once(projection, pool, examples, EVENTS_AT_ONCE, on_progress).await
}

/// [`verify`] with about so many events in memory at once. The log is read once for each so many that there are.
///
/// # Errors
/// When another version of the code has made the rows, or the database fails.
pub async fn verify_at_once(
    projection: Projection,
    pool: &PgPool,
    examples: usize,
    events_at_once: NonZeroU32,
    mut on_progress: impl FnMut(u64, u64),
) -> Result<Verified, ProjectorError> {
    let mut snapshot = snapshot(pool, projection).await?;
    let rows = checkpoint(&mut snapshot, projection, Generation::Live).await?.version;
    projection.has_made(Generation::Live, rows)?;
    let leaving = unfinished_erasures(&mut snapshot).await?;
    let leaving: HashSet<Uuid> = leaving.into_iter().map(|erasure| erasure.owner.0).collect();
    let reached = Reached::read(&mut snapshot, projection).await?;
    let dropped = dropped_positions(&mut snapshot, projection).await?;
    let parked = crate::parking::positions(&mut snapshot, projection).await?;
    let mut verified = Verified {
        position: reached.hindmost(),
        events: 0,
        unreadable: Vec::new(),
        differences: Differences::up_to(examples),
    };
    let foremost = reached.foremost();
    let at_once = i64::from(events_at_once.get());
    let passes = (foremost / at_once + 1).clamp(1, i64::from(domain::PARTS)) as u8;
    let owners = match passes {
        1 => None,
        _ => Some(owners(&mut snapshot, projection).await?),
    };
    let parts_a_pass = domain::PARTS.div_ceil(passes);
    for first in (0..domain::PARTS).step_by(usize::from(parts_a_pass)) {
        let parts = first..=(first + parts_a_pass - 1).min(domain::PARTS - 1);
        let mut pass = Pass {
            projection,
            expected: Expected::of(projection),
            reached: &reached,
            dropped: &dropped,
            parked: &parked,
            leaving: &leaving,
            erased: HashSet::new(),
            unreadable: Vec::new(),
        };
        let mut events = 0;
        copy_parts(&mut snapshot, 0, foremost, parts.clone(), |event| {
            pass.take_in(&event);
            events += 1;
            if events % 10_000 == 0 {
                on_progress(verified.events + events, foremost.unsigned_abs());
            }
        })
        .await?;
        verified.events += events;
        let Pass { expected, erased, unreadable, .. } = pass;
        verified.unreadable.extend(unreadable);
        verified.unreadable.truncate(UNREADABLE);
        let is_of_pass = |owner: &Uuid| parts.contains(&Part::of(OwnerId(*owner)).number());
        let owners = owners
            .as_ref()
            .map(|owners| owners.iter().copied().filter(is_of_pass).collect::<Vec<_>>());
        let stored =
            Stored { owners: owners.as_deref(), leaving: &leaving, snapshot: &mut snapshot };
        expected.compare(stored, &erased, &mut verified.differences).await?;
    }
    on_progress(verified.events, verified.events);
    Ok(verified)
}

/// Sees everything as of one moment, until it is dropped. The tables are held before that moment: if other ones took their
/// places later, they would be looked for there and be empty.
async fn snapshot(pool: &PgPool, projection: Projection) -> sqlx::Result<PgConnection> {
    let mut connection = pool.connect_options().connect().await?;
    // Names of our own, none from outside.
    let begin = format!(
        "begin isolation level repeatable read read only;
         set local idle_in_transaction_session_timeout = '60s';
         lock table {} in access share mode;
         select 1",
        Generation::Live.tables(projection).join(", "),
    );
    connection.execute(begin.as_str()).await?;
    Ok(connection)
}

/// Whose rows there are.
async fn owners(
    snapshot: &mut PgConnection,
    projection: Projection,
) -> sqlx::Result<BTreeSet<Uuid>> {
    let mut owners = BTreeSet::new();
    for table in projection.tables() {
        // A name of our own.
        let statement = format!("select distinct owner_id from public.{table}");
        let theirs: Vec<Uuid> = sqlx::query_scalar(&statement).fetch_all(&mut *snapshot).await?;
        owners.extend(theirs);
    }
    Ok(owners)
}

/// The events of some parts, being folded.
struct Pass<'a> {
    projection: Projection,
    expected: Expected,
    reached: &'a Reached,
    dropped: &'a HashSet<i64>,
    parked: &'a crate::parking::Positions,
    leaving: &'a HashSet<Uuid>,
    erased: HashSet<Uuid>,
    unreadable: Vec<i64>,
}

impl Pass<'_> {
    fn take_in(&mut self, event: &RecordedEvent) {
        if self.reached.is_before(event) || self.leaving.contains(&event.owner_id.0) {
            return;
        }
        let is_parked = self
            .parked
            .get(&(event.aggregate_type().to_owned(), event.aggregate_id))
            .is_some_and(|from| event.position >= *from);
        if is_parked || self.dropped.contains(&event.position) {
            return;
        }
        let read = if event.aggregate_type() == UserEvent::AGGREGATE {
            event.decode::<UserEvent>().map(|UserEvent::Erased(UserErased { user_id })| {
                self.erased.insert(user_id.0);
            })
        } else if self.projection.folds(event) {
            self.expected.take_in(event)
        } else {
            Ok(())
        };
        if read.is_err() && self.unreadable.len() < UNREADABLE {
            self.unreadable.push(event.position);
        }
    }
}
