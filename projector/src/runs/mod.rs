//! Projection `runs`: every run as it is, and weekly and monthly totals.

mod columns;
mod fold;
mod row;
mod totals;
mod write;

use domain::run::RunEvent;
use event_store::RecordedEvent;
use sqlx::PgConnection;

pub(crate) use self::fold::Fold;
pub(crate) use self::row::RunRow;
pub(crate) use self::totals::Sums;
use crate::checkpoint::Step;
use crate::{Projection, ProjectorError};

pub(crate) async fn project(
    connection: &mut PgConnection,
    events: &[RecordedEvent],
    step: Step,
) -> Result<(), ProjectorError> {
    let mut decoded = Vec::with_capacity(events.len());
    for event in events.iter().filter(|event| Projection::Runs.folds(event)) {
        let run_event = event
            .decode::<RunEvent>()
            .map_err(|source| ProjectorError::Event { position: event.position, source })?;
        decoded.push((event, run_event));
    }
    let mut fold = Fold::default();
    let older = fold::born_before(&decoded);
    if !older.is_empty() {
        fold.start_with(row::load(connection, &older).await?);
    }
    for (event, run_event) in decoded {
        fold.apply(event, run_event);
    }
    let (changes, totals) = fold.finish();
    let emptied = totals::emptied(connection, &totals).await?;
    write::write(connection, step, &changes, &totals, &emptied).await
}
