use domain::plan::Plan;
use domain::run::Run;
use domain::user::UserEvent;
use event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::checkpoint::Step;
use crate::{ProjectorError, plans, runs, users};

/// The projections there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Projection {
    /// Plans and their workouts.
    Plans,
    /// Runs, and their weekly and monthly totals.
    Runs,
}

impl Projection {
    /// Every projection.
    pub const ALL: [Self; 2] = [Self::Plans, Self::Runs];

    /// Its name, as operators write it and checkpoints keep it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plans => "plans",
            Self::Runs => "runs",
        }
    }

    /// The projection of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|projection| projection.name() == name)
    }

    /// The version of its code: a change of what it writes counts it up.
    #[must_use]
    pub fn version(self) -> i32 {
        match self {
            Self::Plans | Self::Runs => 1,
        }
    }

    /// The tables it fills.
    #[must_use]
    pub fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Plans => &["plans", "workouts"],
            Self::Runs => &["runs", "weekly_totals", "monthly_totals"],
        }
    }

    /// Whether it writes anything because of this event.
    #[must_use]
    pub fn concerns(self, event: &RecordedEvent) -> bool {
        event.aggregate_type() == UserEvent::AGGREGATE || self.folds(event)
    }

    /// Whether this event is of the kind of aggregate that its rows show.
    pub(crate) fn folds(self, event: &RecordedEvent) -> bool {
        use cqrs_es::Aggregate;
        match self {
            Self::Plans => event.aggregate_type() == Plan::TYPE,
            Self::Runs => event.aggregate_type() == Run::TYPE,
        }
    }

    /// Folds a batch into the tables on the connection's search path, and moves the checkpoint, in one commit.
    pub(crate) async fn project(
        self,
        connection: &mut PgConnection,
        events: &[RecordedEvent],
        step: Step,
    ) -> Result<(), ProjectorError> {
        // What is about users comes seldom, and between what came before it and what comes after.
        let (mut rest, mut from) = (events, step.from);
        while let Some(index) =
            rest.iter().position(|event| event.aggregate_type() == UserEvent::AGGREGATE)
        {
            let (before, about_user, after) = (&rest[..index], &rest[index], &rest[index + 1..]);
            if before.iter().any(|event| self.folds(event)) {
                let to = about_user.position - 1;
                self.fold(connection, before, Step { from, to, ..step }).await?;
                from = to;
            }
            let to = about_user.position;
            users::project(connection, about_user, Step { from, to, ..step }).await?;
            (rest, from) = (after, to);
        }
        if from < step.to {
            self.fold(connection, rest, Step { from, ..step }).await?;
        }
        Ok(())
    }

    async fn fold(
        self,
        connection: &mut PgConnection,
        events: &[RecordedEvent],
        step: Step,
    ) -> Result<(), ProjectorError> {
        match self {
            Self::Plans => plans::project(connection, events, step).await,
            Self::Runs => runs::project(connection, events, step).await,
        }
    }
}
