use std::collections::HashSet;

use domain::DecodeError;
use event_store::RecordedEvent;
use uuid::Uuid;

use super::stored::{Row, Stored, Total};
use crate::generations::Differences;
use crate::{Projection, exports, plans, runs};

/// The rows that the events say, being folded.
pub(super) enum Expected {
    Plans(plans::Fold),
    Runs(runs::Fold),
    Exports(exports::Fold),
}

impl Expected {
    pub(super) fn of(projection: Projection) -> Self {
        match projection {
            Projection::Plans => Self::Plans(plans::Fold::default()),
            Projection::Runs => Self::Runs(runs::Fold::default()),
            Projection::Exports => Self::Exports(exports::Fold::default()),
        }
    }

    pub(super) fn take_in(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        match self {
            Self::Plans(fold) => fold.apply(event, event.decode()?),
            Self::Runs(fold) => fold.apply(event, event.decode()?),
            Self::Exports(fold) => fold.apply(event, event.decode()?),
        }
        Ok(())
    }

    /// Compares the folded rows of everybody but the erased with the stored ones.
    pub(super) async fn compare(
        self,
        mut stored: Stored<'_>,
        erased: &HashSet<Uuid>,
        differences: &mut Differences,
    ) -> sqlx::Result<()> {
        match self {
            Self::Plans(fold) => {
                let changes = fold.finish();
                let plans = rows(changes.plans, erased);
                stored.compare("plans", plans, differences).await?;
                let workouts = rows(changes.workouts, erased);
                stored.compare("workouts", workouts, differences).await
            }
            Self::Runs(fold) => {
                let (changes, totals) = fold.finish();
                let runs = rows(changes.rows, erased);
                stored.compare("runs", runs, differences).await?;
                let weeks = rows(Total::all(totals.weeks), erased);
                stored.compare("weekly_totals", weeks, differences).await?;
                let months = rows(Total::all(totals.months), erased);
                stored.compare("monthly_totals", months, differences).await
            }
            Self::Exports(fold) => {
                let exports = rows(fold.finish(), erased);
                stored.compare("plan_exports", exports, differences).await
            }
        }
    }
}

/// The rows of everybody but the erased, in the order of their keys as they were before.
fn rows<R: Row>(
    rows: impl IntoIterator<Item = R>,
    erased: &HashSet<Uuid>,
) -> impl Iterator<Item = R> {
    rows.into_iter().filter(|row| !erased.contains(&row.owner_id()))
}
