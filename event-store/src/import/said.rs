use domain::OwnerId;
use domain::plan::PlanEvent;
use domain::plan_export::PlanExportEvent;
use domain::run::RunEvent;
use uuid::Uuid;

/// What an event's payload says it happened to, and whose that is.
pub(super) struct Said {
    pub(super) aggregate: Uuid,
    /// The first event of a stream says it.
    pub(super) owner: Option<OwnerId>,
}

impl Said {
    pub(super) fn by_plan(event: &PlanEvent) -> Self {
        let (plan_id, owner) = match event {
            PlanEvent::Created(event) => (event.plan_id, Some(event.owner_id)),
            PlanEvent::Renamed(event) => (event.plan_id, None),
            PlanEvent::Described(event) => (event.plan_id, None),
            PlanEvent::Rescheduled(event) => (event.plan_id, None),
            PlanEvent::GoalChanged(event) => (event.plan_id, None),
            PlanEvent::Activated(event)
            | PlanEvent::Completed(event)
            | PlanEvent::Abandoned(event)
            | PlanEvent::Deleted(event) => (event.plan_id, None),
            PlanEvent::WorkoutScheduled(event) => (event.plan_id, None),
            PlanEvent::WorkoutMoved(event) => (event.plan_id, None),
            PlanEvent::WorkoutChanged(event) => (event.plan_id, None),
            PlanEvent::WorkoutCompleted(event) => (event.plan_id, None),
            PlanEvent::WorkoutSkipped(event)
            | PlanEvent::WorkoutReopened(event)
            | PlanEvent::WorkoutRemoved(event) => (event.plan_id, None),
        };
        Self { aggregate: plan_id.0, owner }
    }

    pub(super) fn by_run(event: &RunEvent) -> Self {
        let (run_id, owner) = match event {
            RunEvent::Recorded(event) => (event.run_id, Some(event.owner_id)),
            RunEvent::Corrected(event) => (event.run_id, None),
            RunEvent::Matched(event) | RunEvent::Unmatched(event) => (event.run_id, None),
            RunEvent::Deleted(event) => (event.run_id, None),
        };
        Self { aggregate: run_id.0, owner }
    }

    pub(super) fn by_plan_export(event: &PlanExportEvent) -> Self {
        let (pdf_id, owner) = match event {
            PlanExportEvent::Requested(event) => (event.pdf_id, Some(event.owner_id)),
            PlanExportEvent::Rendered(event) => (event.pdf_id, None),
            PlanExportEvent::Failed(event) => (event.pdf_id, None),
            PlanExportEvent::Expired(event) => (event.pdf_id, None),
            PlanExportEvent::Mailed(event) => (event.pdf_id, None),
        };
        Self { aggregate: pdf_id.0, owner }
    }
}
