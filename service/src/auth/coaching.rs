use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::OwnerId;
use futures::future::BoxFuture;
use moka::{future, sync};
use tracing::warn;
use uuid::Uuid;

use super::{CoachScope, KeySourceError};
use crate::Problem;

/// How many accesses are remembered.
const REMEMBERED: u64 = 100_000;
/// How long an access is believed in.
const BELIEVED_FOR: Duration = Duration::from_millis(500);
/// How long the source may take. An answer may be as old as this when it comes: with the above, a process learns within
/// a second that an access has ended in another one.
const PATIENCE: Duration = Duration::from_millis(400);
/// How long an access that ended or changed here is remembered: longer than an answer that was on its way then.
const SETTLED_FOR: Duration = Duration::from_secs(60);
/// How long a client is asked to wait when the source says nothing.
const RETRY_AFTER_S: u64 = 1;

/// What an athlete has granted a coach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoachAccess {
    /// Its id.
    pub id: Uuid,
    /// What the coach may do.
    pub scope: CoachScope,
    /// Counts the changes of the scope.
    pub version: i64,
}

type Source = Box<
    dyn Fn(OwnerId, OwnerId) -> BoxFuture<'static, Result<Option<CoachAccess>, KeySourceError>>
        + Send
        + Sync,
>;

/// What coaches may do for which athletes. Cheap to clone; clones share what they know.
///
/// A handler that ends an access or changes its scope finds this among the request's extensions.
#[derive(Clone)]
pub struct Coaching(Arc<Inner>);

struct Inner {
    source: Source,
    known: future::Cache<(OwnerId, OwnerId), CoachAccess>,
    // Apart, because an answer that was on its way when the access ended must not bring it back.
    ended: sync::Cache<Uuid, ()>,
    changed: sync::Cache<Uuid, CoachAccess>,
}

/// Why somebody may do nothing for somebody.
#[derive(Debug, Clone, Copy)]
enum NoAccess {
    NoneGranted,
    NotLookedUp,
}

impl Coaching {
    /// Asks `source` what a coach, named first, may do for an athlete.
    pub fn new(
        source: impl Fn(
            OwnerId,
            OwnerId,
        ) -> BoxFuture<'static, Result<Option<CoachAccess>, KeySourceError>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let known = future::Cache::builder().max_capacity(REMEMBERED);
        let ended = sync::Cache::builder().max_capacity(REMEMBERED);
        let changed = sync::Cache::builder().max_capacity(REMEMBERED);
        Self(Arc::new(Inner {
            source: Box::new(source),
            known: known.time_to_live(BELIEVED_FOR).build(),
            ended: ended.time_to_live(SETTLED_FOR).build(),
            changed: changed.time_to_live(SETTLED_FOR).build(),
        }))
    }

    /// Takes note that an access has ended: it opens nothing from now on.
    pub fn end(&self, access_id: Uuid) {
        self.0.ended.insert(access_id, ());
    }

    /// Takes note that the scope of an access is another one: it counts from now on, and an older one does not.
    pub fn change(&self, access: CoachAccess) {
        // Of two changes at once, the later one counts, whichever is told first.
        self.0.changed.entry(access.id).and_upsert_with(|known| {
            let known = known.map(moka::Entry::into_value);
            known.filter(|known| known.version > access.version).unwrap_or(access)
        });
    }

    /// What the coach may do for the athlete; 404 when that is nothing, whoever the athlete is or is not.
    pub(super) async fn scope(
        &self,
        coach: OwnerId,
        athlete: OwnerId,
    ) -> Result<CoachScope, Problem> {
        // Only what was granted is remembered: a coach who was just let in is let in at once, in every process.
        let access =
            self.0.known.try_get_with((coach, athlete), self.look_up(coach, athlete)).await;
        match access.map_err(|none| *none) {
            Ok(access) if self.0.ended.contains_key(&access.id) => Err(no_athlete()),
            Ok(access) => Ok(self.newest(access).scope),
            Err(NoAccess::NoneGranted) => Err(no_athlete()),
            Err(NoAccess::NotLookedUp) => Err(Problem::unavailable(RETRY_AFTER_S)),
        }
    }

    /// The access as it was changed here, when an older answer is still believed in.
    fn newest(&self, access: CoachAccess) -> CoachAccess {
        let changed = self.0.changed.get(&access.id);
        changed.filter(|changed| changed.version > access.version).unwrap_or(access)
    }

    async fn look_up(&self, coach: OwnerId, athlete: OwnerId) -> Result<CoachAccess, NoAccess> {
        match tokio::time::timeout(PATIENCE, (self.0.source)(coach, athlete)).await {
            Ok(Ok(access)) => access.ok_or(NoAccess::NoneGranted),
            Ok(Err(cause)) => {
                warn!(%cause, "access of a coach not looked up");
                Err(NoAccess::NotLookedUp)
            }
            Err(_) => {
                warn!("access of a coach not looked up in time");
                Err(NoAccess::NotLookedUp)
            }
        }
    }
}

/// The answer to whoever acts for somebody they do not coach, be it that the other never was.
fn no_athlete() -> Problem {
    Problem::not_found("athlete")
}

impl fmt::Debug for Coaching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coaching").finish_non_exhaustive()
    }
}
