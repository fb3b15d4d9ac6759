use domain::plan::Plan;
use domain::plan_export::PlanExport;
use domain::run::Run;
use domain::user::UserEvent;
use event_store::RecordedEvent;
use sqlx::PgConnection;

use crate::checkpoint::{Generation, Step};
use crate::{ProjectorError, exports, plans, runs, users};

/// The projections there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Projection {
    /// Plans and their workouts.
    Plans,
    /// Runs, and their weekly and monthly totals.
    Runs,
    /// PDFs of plans.
    Exports,
}

impl Projection {
    /// Every projection.
    pub const ALL: [Self; 3] = [Self::Plans, Self::Runs, Self::Exports];

    /// Its name, as operators write it and checkpoints keep it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plans => "plans",
            Self::Runs => "runs",
            Self::Exports => "exports",
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
            Self::Plans | Self::Runs | Self::Exports => 1,
        }
    }

    /// Fails when a newer program has made the rows: this one leaves them alone.
    pub(crate) fn can_follow(self, rows: i32) -> Result<(), ProjectorError> {
        let (projection, program) = (self.name(), self.version());
        if rows > program {
            return Err(ProjectorError::Newer { projection, rows, program });
        }
        Ok(())
    }

    /// Fails when another version of the code has made the rows of a generation.
    pub(crate) fn has_made(self, generation: Generation, rows: i32) -> Result<(), ProjectorError> {
        self.can_follow(rows)?;
        let (projection, generation, program) = (self.name(), generation.as_str(), self.version());
        if rows < program {
            return Err(ProjectorError::Outdated { projection, generation, rows, program });
        }
        Ok(())
    }

    /// The tables it fills.
    #[must_use]
    pub fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Plans => &["plans", "workouts"],
            Self::Runs => &["runs", "weekly_totals", "monthly_totals"],
            Self::Exports => &["plan_exports"],
        }
    }

    /// Whether its rows may change by this event.
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
            Self::Exports => event.aggregate_type() == PlanExport::TYPE,
        }
    }

    /// The columns that tell the rows of one of its tables apart.
    pub(crate) fn key_of(table: &str) -> &'static [&'static str] {
        match table {
            "plans" => &["plan_id"],
            "workouts" => &["workout_id"],
            "runs" => &["run_id"],
            "plan_exports" => &["pdf_id"],
            _totals => &["owner_id", "start_date"],
        }
    }

    /// Folds events into the tables on the connection's search path, and moves the checkpoint, in one commit. An
    /// event about a user comes alone.
    pub(crate) async fn project(
        self,
        connection: &mut PgConnection,
        events: &[RecordedEvent],
        step: Step,
    ) -> Result<(), ProjectorError> {
        match (events, self) {
            ([event], _) if event.aggregate_type() == UserEvent::AGGREGATE => {
                users::project(connection, event, step).await
            }
            (events, Self::Plans) => plans::project(connection, events, step).await,
            (events, Self::Runs) => runs::project(connection, events, step).await,
            (events, Self::Exports) => exports::project(connection, events, step).await,
        }
    }
}
