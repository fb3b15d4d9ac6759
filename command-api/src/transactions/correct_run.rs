use chrono::NaiveDate;
use domain::run::{self, RunCommand, RunRevision};
use domain::{Decider, RunId, WorkoutId};
use event_store::{Refused, Transaction, Work};
use service::resource::RunResource;

use super::matching::{Plans, join, own_run_in_line, part};
use super::ownership::{own_run, run_resource};
use super::refusal::Stop;
use super::unreadable::broken_rules;
use super::{Precondition, Refusal, Unreadable};

/// Says what a run of the caller's was really like, and which workout it fulfilled.
#[derive(Debug, Clone)]
pub struct CorrectRun {
    /// The run.
    pub run_id: RunId,
    /// The version that is meant.
    pub precondition: Precondition,
    /// What to change.
    pub revision: RunRevision,
    /// The workout it fulfils. `None` stays as it is; an inner `None` unmatches.
    pub workout_id: Option<Option<WorkoutId>>,
    /// The fields that could not be read.
    pub unreadable: Unreadable,
    /// The date in UTC.
    pub today: NaiveDate,
    /// What the client calls the duration, for refusals.
    pub duration_field: &'static str,
}

impl Transaction for CorrectRun {
    type Output = RunResource;
    type Refusal = Refusal;

    async fn run(&self, work: &mut Work<'_>) -> Result<RunResource, Refused<Refusal>> {
        Ok(self.correct(work).await?)
    }
}

impl CorrectRun {
    async fn correct(&self, work: &mut Work<'_>) -> Result<RunResource, Stop> {
        let mut run = match self.workout_id {
            Some(workout_id) => own_run_in_line(work, self.run_id, workout_id).await?,
            None => own_run(work, self.run_id).await?,
        };
        self.precondition.check(run.sequence)?;
        let command = RunCommand::Correct(run::CorrectRun {
            revision: self.revision.clone(),
            today: self.today,
            duration_field: self.duration_field,
        });
        if !self.unreadable.is_empty() {
            self.unreadable.and(broken_rules(run.state.decide(command.clone())), about)?;
        }
        work.decide::<_, Stop>(&mut run, command)?;
        let fulfilled = run.state.matched().map(|matched| matched.workout_id);
        if let Some(fulfils) = self.workout_id.filter(|fulfils| *fulfils != fulfilled) {
            let mut plans = Plans::default();
            if fulfilled.is_some() {
                part(work, &mut plans, &mut run).await?;
            }
            if let Some(workout_id) = fulfils {
                join(work, &mut plans, &mut run, workout_id).await?;
            }
        }
        run_resource(&run)
    }
}

/// The fields that the rule named by a field is about.
fn about(field: &str) -> &'static [&'static str] {
    match field {
        "actual_date" | "started_at" => &["actual_date", "started_at"],
        "duration_minutes" | "duration_seconds" => {
            &["distance_km", "duration_minutes", "duration_seconds"]
        }
        "average_heart_rate" => &["average_heart_rate", "max_heart_rate"],
        _ => &[],
    }
}
