//! The one command these tests need: a run is recorded, which is one event.

use chrono::NaiveDate;
use domain::run::{RecordRun, Run, RunCommand, RunDetails, RunError, Source};
use domain::{Distance, OwnerId, RunId, Seconds};
use event_store::{Refused, StoreError, Transaction, Work};
use uuid::Uuid;

pub(crate) struct Record {
    pub(crate) owner: OwnerId,
    pub(crate) metres: u32,
}

/// `Refused` cannot have our `From`s: it belongs to another crate.
enum Stop {
    Run(RunError),
    Store(StoreError),
}

impl From<RunError> for Stop {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Stop> for Refused<RunError> {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Run(error) => Self::Rule(error),
            Stop::Store(error) => Self::Store(error),
        }
    }
}

impl Transaction for Record {
    type Output = ();
    type Refusal = RunError;

    async fn run(&self, work: &mut Work<'_>) -> Result<(), Refused<RunError>> {
        let run_id = RunId(Uuid::now_v7());
        let day = NaiveDate::from_ymd_opt(2026, 5, 5).unwrap();
        let details = RunDetails {
            actual_date: day,
            started_at: None,
            distance_m: Distance::from_km(f64::from(self.metres) / 1000.0).unwrap(),
            duration_s: Seconds::from_seconds(2_400).unwrap(),
            average_heart_rate: None,
            max_heart_rate: None,
            elevation_gain_m: None,
            perceived_effort: None,
            is_race: false,
            notes: None,
        };
        let record = RecordRun {
            run_id,
            owner_id: self.owner,
            source: Source::Manual,
            external_id: None,
            details,
            today: day,
            duration_field: "duration_seconds",
        };
        let mut run = work.begin::<Run>(run_id.0);
        Ok(work.decide::<Run, Stop>(&mut run, RunCommand::Record(record))?)
    }
}
