//! Projection `plans`: every plan and workout as it is.

mod columns;
mod fold;
mod row;
mod write;

use domain::plan::PlanEvent;
use event_store::RecordedEvent;
use sqlx::PgConnection;

pub(crate) use self::fold::Fold;
pub(crate) use self::row::{PlanRow, WorkoutRow};
use crate::checkpoint::Step;
use crate::{Projection, ProjectorError};

pub(crate) async fn project(
    connection: &mut PgConnection,
    events: &[RecordedEvent],
    step: Step,
) -> Result<(), ProjectorError> {
    let mut decoded = Vec::with_capacity(events.len());
    for event in events.iter().filter(|event| Projection::Plans.folds(event)) {
        let plan_event = event
            .decode::<PlanEvent>()
            .map_err(|source| ProjectorError::Event { position: event.position, source })?;
        decoded.push((event, plan_event));
    }
    let older = fold::born_before(&decoded);
    let mut fold = Fold::default();
    if !older.plans.is_empty() {
        fold.start_with_plans(row::load_plans(connection, &older.plans).await?);
    }
    if !older.workouts.is_empty() {
        fold.start_with_workouts(row::load_workouts(connection, &older.workouts).await?);
    }
    for (event, plan_event) in decoded {
        fold.apply(event, plan_event);
    }
    write::write(connection, step, &fold.finish()).await
}
