//! Projection `exports`: every PDF of a plan that was asked for, and what became of it.

mod columns;
mod fold;
mod row;
mod write;

use domain::plan_export::PlanExportEvent;
use event_store::RecordedEvent;
use sqlx::PgConnection;

pub(crate) use self::fold::Fold;
pub(crate) use self::row::ExportRow;
use crate::checkpoint::Step;
use crate::{Projection, ProjectorError};

pub(crate) async fn project(
    connection: &mut PgConnection,
    events: &[RecordedEvent],
    step: Step,
) -> Result<(), ProjectorError> {
    let mut decoded = Vec::new();
    for event in events.iter().filter(|event| Projection::Exports.folds(event)) {
        let export_event = event
            .decode::<PlanExportEvent>()
            .map_err(|source| ProjectorError::Event { position: event.position, source })?;
        decoded.push((event, export_event));
    }
    let mut fold = Fold::default();
    let older = fold::requested_before(&decoded);
    if !older.is_empty() {
        fold.start_with(row::load(connection, &older).await?);
    }
    for (event, export_event) in decoded {
        fold.apply(event, export_event);
    }
    write::write(connection, step, &fold.finish()).await
}
