use std::collections::{BTreeMap, BTreeSet};

use domain::run::{RunEvent, RunRecorded};
use event_store::RecordedEvent;
use uuid::Uuid;

use super::row::RunRow;
use super::totals::{Share, Totals};

/// The runs a batch touches, and what becomes of them. Sorted by id, as their index is.
#[derive(Debug, Default)]
pub(crate) struct Fold {
    runs: BTreeMap<Uuid, Slot>,
}

#[derive(Debug)]
struct Slot {
    /// What the run counts for in the totals before the batch; `None` when it was not there.
    before: Option<Share>,
    now: Option<RunRow>,
}

/// What to write.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) rows: Vec<RunRow>,
    pub(super) gone: Vec<Uuid>,
}

/// The runs that have rows already: their first event in the batch is not their birth.
pub(super) fn born_before(events: &[(&RecordedEvent, RunEvent)]) -> Vec<Uuid> {
    let mut born_here = BTreeSet::new();
    let mut older = BTreeSet::new();
    for (event, run_event) in events {
        match run_event {
            RunEvent::Recorded(_) => {
                born_here.insert(event.aggregate_id);
            }
            RunEvent::Corrected(_)
            | RunEvent::Matched(_)
            | RunEvent::Unmatched(_)
            | RunEvent::Deleted(_) => {
                if !born_here.contains(&event.aggregate_id) {
                    older.insert(event.aggregate_id);
                }
            }
        }
    }
    older.into_iter().collect()
}

impl Fold {
    pub(super) fn start_with(&mut self, rows: Vec<RunRow>) {
        self.runs.extend(
            rows.into_iter()
                .map(|row| (row.run_id, Slot { before: Some(Share::of(&row)), now: Some(row) })),
        );
    }

    pub(crate) fn apply(&mut self, event: &RecordedEvent, run_event: RunEvent) {
        match run_event {
            RunEvent::Recorded(recorded) => {
                self.runs.insert(
                    event.aggregate_id,
                    Slot { before: None, now: Some(born(event, recorded)) },
                );
            }
            RunEvent::Corrected(corrected) => self.change(event, |row| row.describe(corrected.run)),
            RunEvent::Matched(matched) => self.change(event, |row| {
                row.plan_id = Some(matched.plan_id.0);
                row.workout_id = Some(matched.workout_id.0);
            }),
            RunEvent::Unmatched(_) => self.change(event, |row| {
                row.plan_id = None;
                row.workout_id = None;
            }),
            RunEvent::Deleted(_) => {
                if let Some(slot) = self.runs.get_mut(&event.aggregate_id) {
                    slot.now = None;
                }
            }
        }
    }

    fn change(&mut self, event: &RecordedEvent, change: impl FnOnce(&mut RunRow)) {
        if let Some(row) = self.runs.get_mut(&event.aggregate_id).and_then(|slot| slot.now.as_mut())
        {
            change(row);
            row.version = event.sequence;
            row.updated_at = event.recorded_at;
        }
    }

    pub(crate) fn finish(self) -> (Changes, Totals) {
        let mut changes = Changes::default();
        let mut totals = Totals::default();
        for (run_id, Slot { before, now }) in self.runs {
            let after = now.as_ref().map(Share::of);
            totals.change(before.as_ref(), after.as_ref());
            match (before, now) {
                (_, Some(row)) => changes.rows.push(row),
                (Some(_), None) => changes.gone.push(run_id),
                (None, None) => {}
            }
        }
        (changes, totals)
    }
}

fn born(event: &RecordedEvent, recorded: RunRecorded) -> RunRow {
    let RunRecorded { run_id, owner_id, source, external_id, run } = recorded;
    let mut row = RunRow {
        run_id: run_id.0,
        owner_id: owner_id.0,
        plan_id: None,
        workout_id: None,
        actual_date: run.actual_date,
        started_at: None,
        started_offset_s: None,
        distance_m: 0,
        duration_s: 0,
        average_heart_rate: None,
        max_heart_rate: None,
        elevation_gain_m: None,
        perceived_effort: None,
        is_race: false,
        notes: None,
        source: source.as_str().to_owned(),
        external_id,
        version: event.sequence,
        created_at: event.recorded_at,
        updated_at: event.recorded_at,
    };
    row.describe(run);
    row
}
