use chrono::NaiveDate;

use super::{Run, RunDetails, RunError, RunEvent, RunRecorded, Source};
use crate::{Name, OwnerId, RunId};

/// Records a run.
#[derive(Debug, Clone)]
pub struct RecordRun {
    /// The new run's id.
    pub run_id: RunId,
    /// Whose it is.
    pub owner_id: OwnerId,
    /// Where it came from.
    pub source: Source,
    /// Its id at that source.
    pub external_id: Option<String>,
    /// What it was like.
    pub details: RunDetails,
    /// The date in UTC.
    pub today: NaiveDate,
    /// What the client calls the duration, for refusals.
    pub duration_field: &'static str,
}

impl RecordRun {
    pub(super) fn decide(self, run: &Run) -> Result<Vec<RunEvent>, RunError> {
        let Self { run_id, owner_id, source, external_id, details, today, duration_field } = self;
        if run.born {
            return Err(RunError::AlreadyRecorded);
        }
        let mut violations = details.violations(today, duration_field);
        // Ids are as long as names may be, and have no more characters than tables can keep.
        if let Some(Err(violation)) = external_id.as_deref().map(Name::parse) {
            violations.push(violation.of("external_id"));
        }
        if !violations.is_empty() {
            return Err(RunError::Invalid(violations));
        }
        Ok(vec![RunEvent::Recorded(RunRecorded {
            run_id,
            owner_id,
            source,
            external_id,
            run: details,
        })])
    }
}
