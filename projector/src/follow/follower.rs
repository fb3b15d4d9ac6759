use std::time::Duration;

use metrics::{counter, gauge};

use super::surroundings::{Lease, Surroundings};
use super::{OnProjected, RETRY};
use crate::ProjectorError;
use crate::course::Course;
use crate::shares::Move;

/// How often somebody who stands by looks for a share.
const LOOK: Duration = Duration::from_millis(500);

/// How long events that write nothing may go without the checkpoint saying so.
const LAZY: Duration = Duration::from_millis(200);

/// How often it is looked whether the work should be divided another way.
const TEND: Duration = Duration::from_secs(1);

/// A projector that has a share of a projection's work.
pub(crate) struct Follower<S: Surroundings> {
    world: S,
    on_projected: OnProjected,
    lease: S::Lease,
    course: Course,
    /// Which parked streams were not tried again yet since their share was taken over.
    untried: Option<Untried>,
    /// When the checkpoint was written.
    written_at: Duration,
    tended_at: Duration,
}

/// Parked streams that are stuck behind a position, up to and with another.
#[derive(Debug, Clone, Copy)]
struct Untried {
    after: i64,
    up_to: i64,
}

impl Untried {
    /// What there is when a share is taken over.
    fn all_of(course: &Course) -> Option<Self> {
        (!course.parked.is_empty()).then_some(Self { after: 0, up_to: course.position })
    }
}

impl<S: Surroundings> Follower<S> {
    /// Waits for a share, and takes it over.
    ///
    /// # Errors
    /// When the database fails, or a newer program has made the rows: then there is nothing to wait for.
    pub(crate) async fn take_share(
        mut world: S,
        on_projected: OnProjected,
    ) -> Result<Self, ProjectorError> {
        let (share, lease) = loop {
            if let Some(taken) = world.take_free_share().await? {
                break taken;
            }
            world.pause(LOOK).await;
        };
        let course = world.take_over(share).await?;
        let (name, parts, position) = (course.projection.name(), course.parts, course.position);
        tracing::info!(projection = name, share, %parts, position, "projection follows");
        let (written_at, tended_at) = (world.now(), world.now());
        let untried = Untried::all_of(&course);
        Ok(Self { world, on_projected, lease, course, untried, written_at, tended_at })
    }

    /// The version of the code that has made the rows.
    pub(crate) fn rows_version(&self) -> i32 {
        self.course.version
    }

    /// Projects what comes, until there is no such share any more, or other rows are live that this program has to build
    /// anew.
    ///
    /// # Errors
    /// When the database fails. Of one that is silent for long, the lease knows first.
    pub(crate) async fn go_on(&mut self) -> Result<(), ProjectorError> {
        let lost = self.lease.lost();
        tokio::select! {
            biased;
            () = lost => Err(ProjectorError::Database(
                std::io::Error::other("nothing has been heard from it for long").into(),
            )),
            ended = self.go_on_whatever_changes() => ended,
        }
    }

    async fn go_on_whatever_changes(&mut self) -> Result<(), ProjectorError> {
        loop {
            let version = self.course.version;
            let again = if self.course.paused {
                self.wait_until_resumed().await
            } else {
                self.course.report();
                self.world.seek(self.course.position);
                self.say(self.course.position);
                match self.go_this_way().await {
                    // An operator has changed the course, or another projector has taken over: then the lease is gone.
                    ProjectorError::Fenced => self.read_again().await,
                    error => return Err(error),
                }
            };
            match again {
                Err(ProjectorError::NoCheckpoint { .. }) => {
                    let (name, share) = (self.course.projection.name(), self.course.share);
                    tracing::info!(projection = name, share, "share is gone: other rows are live");
                    return Ok(());
                }
                read => read?,
            }
            if self.course.version < version {
                let name = self.course.projection.name();
                tracing::info!(projection = name, "rows of an older program are live");
                return Ok(());
            }
        }
    }

    /// Projects what comes, until it cannot go on this way.
    async fn go_this_way(&mut self) -> ProjectorError {
        loop {
            if let Err(error) = self.retry_untried().await {
                return error;
            }
            match self.go_on_once().await {
                Ok(0) => {
                    if let Err(error) = self.lease.check().await {
                        return error;
                    }
                }
                Ok(events) => {
                    let (name, position) = (self.course.projection.name(), self.world.position());
                    counter!("trainer_projected_events_total", "projection" => name)
                        .increment(events as u64);
                    gauge!("trainer_projection_position", "projection" => name)
                        .set(position as f64);
                    self.say(position);
                }
                Err(error) => return error,
            }
            if self.world.now() > self.tended_at + TEND {
                self.tended_at = self.world.now();
                if let Err(error) = self.tend().await {
                    return error;
                }
            }
        }
    }

    /// Tries a few of the streams again that were parked when their share was taken over; everything else goes on in between.
    async fn retry_untried(&mut self) -> Result<(), ProjectorError> {
        let Some(Untried { after, up_to }) = self.untried else { return Ok(()) };
        let stopped = self.world.retry_parked(&mut self.course, after, up_to).await?;
        self.untried = stopped.map(|after| Untried { after, up_to });
        self.course.report();
        Ok(())
    }

    /// Projects what comes next; answers how many events that were.
    async fn go_on_once(&mut self) -> Result<usize, ProjectorError> {
        let Self { world, course, written_at, .. } = self;
        let events = world.next_batch().await?;
        let to = world.position();
        if course.concerns(&events) {
            world.apply(course, &events, to).await?;
            *written_at = world.now();
        } else if to > course.position
            && (events.is_empty()
                || course.passes_over_any(&events)
                || world.now() > *written_at + LAZY)
        {
            // Nothing to write: the rows are as of `to` already, the checkpoint may follow later. But whether a stream is
            // still parked is for the fence to say.
            world.pass(course, to).await?;
            *written_at = world.now();
        }
        Ok(events.len())
    }

    /// Divides the work another way, when that is up to this projector.
    async fn tend(&mut self) -> Result<(), ProjectorError> {
        let situation = self.world.situation().await?;
        if !situation.has(self.course.share) {
            // Somebody who was thought to be gone has taken it on. Without an event to write nothing else would show it.
            return Err(ProjectorError::Fenced);
        }
        match situation.move_of(self.course.share) {
            Move::Stay => Ok(()),
            Move::GiveHalf => self.give_half().await,
            Move::TakeOn(share) => match self.world.lease(share).await? {
                Some(lease) => self.take_on(share, lease).await,
                None => Ok(()),
            },
        }
    }

    async fn give_half(&mut self) -> Result<(), ProjectorError> {
        let Some((kept, given)) = self.course.parts.halves() else { return Ok(()) };
        let to_share = self.world.split(&mut self.course, given).await?;
        let name = self.course.projection.name();
        tracing::info!(projection = name, %kept, %given, to_share, "half of the work is given away");
        self.course = self.world.read(self.course.share).await?.in_epoch(self.course.epoch)?;
        self.course.report();
        self.say(self.course.position);
        Ok(())
    }

    /// Brings a share that nobody has to where this one is, or this one to there, and makes one of them.
    async fn take_on(&mut self, share: i16, lease: S::Lease) -> Result<(), ProjectorError> {
        let Self { world, course, .. } = self;
        let mut other = world.take_over(share).await?;
        if other.paused {
            // So is this one, by now.
            return Err(ProjectorError::Fenced);
        }
        let to = world.position().max(other.position);
        if let Some(Untried { up_to, .. }) = Untried::all_of(&other) {
            let own = self.untried.map_or(0, |untried| untried.up_to);
            self.untried = Some(Untried { after: 0, up_to: up_to.max(own) });
        }
        for behind in [&mut *course, &mut other] {
            world.fold_up_to(behind, to).await?;
        }
        world.join(course, other).await?;
        world.seek(to);
        let (name, parts) = (course.projection.name(), course.parts);
        tracing::info!(projection = name, share, %parts, "a share that was left behind is taken on");
        lease.resign().await;
        self.course.report();
        self.say(to);
        Ok(())
    }

    async fn wait_until_resumed(&mut self) -> Result<(), ProjectorError> {
        tracing::info!(projection = self.course.projection.name(), "projection is paused");
        while self.world.read(self.course.share).await?.paused {
            self.world.pause(RETRY).await;
            // Not for ever for somebody else.
            self.lease.check().await?;
        }
        tracing::info!(projection = self.course.projection.name(), "projection goes on");
        self.read_again().await
    }

    /// Reads where the share stands after somebody has changed its course, and goes on in an epoch of its own: in that of
    /// another, who may have it still, streams are not parked any more, or events applied, without anything showing it here.
    async fn read_again(&mut self) -> Result<(), ProjectorError> {
        let share = self.course.share;
        loop {
            self.lease.check().await?;
            let epoch = self.world.begin_epoch(share).await?;
            match self.world.read(share).await?.in_epoch(epoch) {
                // Somebody was faster.
                Err(ProjectorError::Fenced) => {}
                read => {
                    self.course = read?;
                    return self.course.projection.can_follow(self.course.version);
                }
            }
        }
    }

    fn say(&self, position: i64) {
        (self.on_projected)(self.course.projection, self.course.parts, position);
    }
}
