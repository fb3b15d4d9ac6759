use chrono::{DateTime, Utc};
use event_store::head;
use sqlx::PgPool;

use crate::generations::latest_rebuilds;
use crate::{
    Checkpoint, LatestRebuild, Projection, RebuildState, Share, Undertaking, checkpoints, shares,
};

/// How a projection is doing.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Which.
    pub projection: Projection,
    /// In a word.
    pub state: ProjectionState,
    /// The position of the last event there is.
    pub head: i64,
    /// The generation that queries read.
    pub live: Checkpoint,
    /// How the work on it is divided among projectors.
    pub shares: Vec<Share>,
    /// One that is being built, or lies beside the live one.
    pub next: Option<Checkpoint>,
    /// The one that was live before.
    pub previous: Option<Checkpoint>,
    /// How the latest rebuild went, if there was one.
    pub rebuild: Option<LatestRebuild>,
}

/// How a projection is doing, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectionState {
    /// Every event is in its rows, but those of parked streams.
    UpToDate,
    /// Events are not in its rows yet.
    Behind,
    /// An operator keeps it from going on.
    Paused,
    /// A newer program has made its rows; this one leaves them alone.
    OfNewerVersion,
    /// An older program has made its rows; they are to be built anew.
    OfOlderVersion,
}

impl ProjectionState {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UpToDate => "up_to_date",
            Self::Behind => "behind",
            Self::Paused => "paused",
            Self::OfNewerVersion => "of_newer_version",
            Self::OfOlderVersion => "of_older_version",
        }
    }
}

impl Standing {
    /// How many events a generation has not come past.
    #[must_use]
    pub fn lag_of(&self, checkpoint: &Checkpoint) -> i64 {
        (self.head - checkpoint.position).max(0)
    }

    /// The generation that somebody builds or brings up to date, or else the one that waits to be taken.
    #[must_use]
    pub fn beside(&self) -> Option<&Checkpoint> {
        match self.running().map(|latest| latest.undertaking) {
            Some(Undertaking::Rollback) => self.previous.as_ref(),
            Some(Undertaking::Rebuild | Undertaking::Build) | None => self.next.as_ref(),
        }
    }

    /// The generation that the latest rebuild is at, and how many events a second it has folded since it began; `None` when
    /// nobody is at it.
    #[must_use]
    pub fn rate(&self, now: DateTime<Utc>) -> Option<(&Checkpoint, f64)> {
        let (rebuild, generation) = (self.running()?, self.beside()?);
        let seconds = (now - rebuild.begun_at).as_seconds_f64().max(f64::EPSILON);
        Some((generation, (generation.position - rebuild.begun_from).max(0) as f64 / seconds))
    }

    fn running(&self) -> Option<&LatestRebuild> {
        self.rebuild.as_ref().filter(|latest| latest.state == RebuildState::Running)
    }
}

/// How all projections are doing.
///
/// # Errors
/// When the database fails.
pub async fn standings(pool: &PgPool) -> sqlx::Result<Vec<Standing>> {
    // The checkpoints first: the head does not go back.
    let all = checkpoints(pool).await?;
    let head = head(pool).await?;
    let find = |projection: Projection, generation: &str| {
        let is_it =
            |at: &&Checkpoint| at.projection == projection.name() && at.generation == generation;
        all.iter().find(is_it).cloned()
    };
    let rebuilds = latest_rebuilds(&mut *pool.acquire().await?).await?;
    let latest = |projection: Projection| {
        let found = rebuilds.iter().find(|(name, _)| name == projection.name());
        found.map(|(_, latest)| latest.clone())
    };
    let mut standings = Vec::new();
    for projection in Projection::ALL {
        let Some(live) = find(projection, "live") else { continue };
        standings.push(Standing {
            projection,
            state: state_of(projection, &live, head),
            head,
            live,
            shares: shares(pool, projection).await?,
            next: find(projection, "next"),
            previous: find(projection, "previous"),
            rebuild: latest(projection),
        });
    }
    Ok(standings)
}

fn state_of(projection: Projection, live: &Checkpoint, head: i64) -> ProjectionState {
    if live.paused_at.is_some() {
        ProjectionState::Paused
    } else if live.version > projection.version() {
        ProjectionState::OfNewerVersion
    } else if live.version < projection.version() {
        ProjectionState::OfOlderVersion
    } else if live.position < head {
        ProjectionState::Behind
    } else {
        ProjectionState::UpToDate
    }
}
