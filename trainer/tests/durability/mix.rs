//! The mix of commands. What is drawn depends on the seed and on what the writer has, on nothing else.

use std::sync::LazyLock;

use chrono::{Days, NaiveDate, Utc};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use crate::program::Ask;
use crate::things::{Kind, NEW_RUN, Thing, fields};
use crate::write::{Belongings, Change, Write};

/// One day for the whole test: it may run over midnight.
static TODAY: LazyLock<NaiveDate> = LazyLock::new(|| Utc::now().date_naive());

#[derive(Debug, Clone, Copy)]
enum Step {
    CreatePlan,
    ChangePlan,
    DeletePlan,
    Schedule,
    ScheduleThree,
    ChangeWorkout,
    RemoveWorkout,
    SkipOrReopen,
    RecordRun,
    RecordRunForWorkout,
    ChangeRun,
    Match,
    Unmatch,
    DeleteRun,
}

const WEIGHTS: [(Step, u32); 14] = [
    (Step::CreatePlan, 4),
    (Step::ChangePlan, 3),
    (Step::DeletePlan, 1),
    (Step::Schedule, 16),
    (Step::ScheduleThree, 4),
    (Step::ChangeWorkout, 6),
    (Step::RemoveWorkout, 4),
    (Step::SkipOrReopen, 4),
    (Step::RecordRun, 10),
    (Step::RecordRunForWorkout, 14),
    (Step::ChangeRun, 8),
    (Step::Match, 8),
    (Step::Unmatch, 4),
    (Step::DeleteRun, 5),
];

/// Draws the next write. `label` is like no other, and `shared` are the plans that others write into as well.
pub(crate) fn draw(
    rng: &mut StdRng,
    belongings: &Belongings,
    shared: &[String],
    label: &str,
) -> Write {
    loop {
        let (step, _) =
            WEIGHTS.choose_weighted(rng, |(_, weight)| *weight).expect("there are steps");
        let mut drawing = Drawing { rng, belongings, shared, label };
        // Not every step is possible at any time: a run is only unmatched when there is one that is matched.
        if let Some(write) = drawing.write(*step) {
            return write;
        }
    }
}

/// A plan for the hundred days from today.
pub(crate) fn plan(name: &str) -> Value {
    json!({ "name": name, "start_date": *TODAY, "end_date": *TODAY + Days::new(100) })
}

struct Drawing<'a> {
    rng: &'a mut StdRng,
    belongings: &'a Belongings,
    shared: &'a [String],
    label: &'a str,
}

impl Drawing<'_> {
    fn write(&mut self, step: Step) -> Option<Write> {
        match step {
            Step::CreatePlan => Some(self.create_plan()),
            Step::ChangePlan => self.change(Kind::Plan),
            Step::DeletePlan => self.delete_plan(),
            Step::Schedule => Some(self.schedule()),
            Step::ScheduleThree => Some(self.schedule_three()),
            Step::ChangeWorkout => self.change(Kind::Workout),
            Step::RemoveWorkout => self.remove_workout(),
            Step::SkipOrReopen => self.skip_or_reopen(),
            Step::RecordRun => Some(self.record_run()),
            Step::RecordRunForWorkout => self.record_run_for_workout(),
            Step::ChangeRun => self.change(Kind::Run),
            Step::Match => self.match_run(),
            Step::Unmatch => self.unmatch(),
            Step::DeleteRun => self.delete_run(),
        }
    }

    fn any(&mut self, kind: Kind, fits: impl Fn(&Thing) -> bool) -> Option<Thing> {
        let fitting: Vec<_> = self
            .belongings
            .things
            .iter()
            .filter(|thing| thing.kind == kind && fits(thing))
            .collect();
        fitting.choose(self.rng).map(|thing| (*thing).clone())
    }

    fn create_plan(&mut self) -> Write {
        let body = plan(self.label);
        Write { ask: Ask::post("/api/v1/plans", body.clone()), change: born(Kind::Plan, [body]) }
    }

    /// A new label and, but for plans, something else as well.
    fn change(&mut self, kind: Kind) -> Option<Write> {
        let thing = self.any(kind, |_| true)?;
        let mut changes = fields(json!({ kind.label(): self.label }));
        match kind {
            Kind::Plan => {}
            Kind::Workout => changes.extend(fields(json!({ "distance_km": self.kilometres() }))),
            Kind::Run => {
                changes.extend(fields(json!({ "perceived_effort": self.rng.random_range(1..=10) })))
            }
        }
        let mut after = changes.clone();
        if kind != Kind::Plan {
            after.extend(next_version(&thing));
        }
        let change = Change { altered: vec![(thing.id.clone(), after)], ..Change::default() };
        Some(Write { ask: Ask::patch(thing.path(), Value::Object(changes)), change })
    }

    fn delete_plan(&mut self) -> Option<Write> {
        let plan = self.any(Kind::Plan, |_| true)?;
        let inside: Vec<_> = self
            .belongings
            .things
            .iter()
            .filter(|thing| thing.get("plan_id") == plan.id.as_str())
            .collect();
        let workouts =
            inside.iter().filter(|thing| thing.kind == Kind::Workout).map(|thing| thing.id.clone());
        let gone = workouts.chain([plan.id.clone()]).collect();
        let altered = inside
            .iter()
            .filter(|thing| thing.kind == Kind::Run)
            .map(|run| unmatched(run))
            .collect();
        Some(Write {
            ask: Ask::delete(plan.path()),
            change: Change { gone, altered, ..Change::default() },
        })
    }

    /// One of the plans that many write into, or sometimes one of its own.
    fn some_plan(&mut self) -> String {
        let own = if self.rng.random_bool(0.2) { self.any(Kind::Plan, |_| true) } else { None };
        match own {
            Some(plan) => plan.id,
            None => self.shared.choose(self.rng).expect("there are plans").clone(),
        }
    }

    fn workout(&mut self, name: &str) -> Value {
        let workout_type = ["easy_run", "tempo", "long_run"].choose(self.rng);
        json!({
            "name": name,
            "workout_type": workout_type,
            "scheduled_date": *TODAY + Days::new(self.rng.random_range(2..=100)),
            "distance_km": self.kilometres(),
        })
    }

    fn schedule(&mut self) -> Write {
        let plan_id = self.some_plan();
        let mut workout = self.workout(self.label);
        workout["plan_id"] = plan_id.into();
        Write {
            ask: Ask::post("/api/v1/workouts", workout.clone()),
            change: born(Kind::Workout, [workout]),
        }
    }

    fn schedule_three(&mut self) -> Write {
        let plan_id = self.some_plan();
        let workouts =
            ["a", "b", "c"].map(|which| self.workout(&format!("{} {which}", self.label)));
        let ask =
            Ask::post(format!("/api/v1/plans/{plan_id}/workouts"), json!({ "workouts": workouts }));
        let shown = workouts.map(|mut workout| {
            workout["plan_id"] = plan_id.as_str().into();
            workout
        });
        Write { ask, change: born(Kind::Workout, shown) }
    }

    fn remove_workout(&mut self) -> Option<Write> {
        let workout = self.any(Kind::Workout, |_| true)?;
        let altered =
            workout.get("run_id").as_str().map(|run| unmatched(self.belongings.thing(run)));
        let change = Change {
            gone: vec![workout.id.clone()],
            altered: altered.into_iter().collect(),
            ..Change::default()
        };
        Some(Write { ask: Ask::delete(workout.path()), change })
    }

    fn skip_or_reopen(&mut self) -> Option<Write> {
        let workout = self.any(Kind::Workout, |workout| workout.get("run_id").is_null())?;
        let (action, status) = match workout.get("status").as_str() {
            Some("planned") => ("skip", "skipped"),
            _ => ("reopen", "planned"),
        };
        let ask = Ask::post(format!("{}/{action}", workout.path()), None);
        Some(Write { ask, change: altered([settled(&workout, status, Value::Null)]) })
    }

    fn run(&mut self) -> Value {
        let kilometres = self.kilometres();
        let seconds = (kilometres * self.rng.random_range(250.0..450.0)).round() as u32;
        json!({
            "actual_date": *TODAY,
            "distance_km": kilometres,
            "duration_seconds": seconds,
            "elevation_gain_m": self.rng.random_range(0..500),
            "notes": self.label,
        })
    }

    fn record_run(&mut self) -> Write {
        let run = self.run();
        Write { ask: Ask::post("/api/v1/runs", run.clone()), change: born(Kind::Run, [run]) }
    }

    fn record_run_for_workout(&mut self) -> Option<Write> {
        let workout = self.open_workout()?;
        let mut run = self.run();
        run["workout_id"] = workout.id.as_str().into();
        let ask = Ask::post("/api/v1/runs", run.clone());
        run["plan_id"] = workout.get("plan_id").clone();
        let change = Change {
            altered: vec![settled(&workout, "completed", NEW_RUN.into())],
            ..born(Kind::Run, [run])
        };
        Some(Write { ask, change })
    }

    fn open_workout(&mut self) -> Option<Thing> {
        self.any(Kind::Workout, |workout| workout.get("run_id").is_null())
    }

    fn match_run(&mut self) -> Option<Write> {
        let run = self.any(Kind::Run, |run| run.get("workout_id").is_null())?;
        let workout = self.open_workout()?;
        let ask = Ask::post(format!("{}/match", run.path()), json!({ "workout_id": workout.id }));
        let mut matched =
            fields(json!({ "workout_id": workout.id, "plan_id": workout.get("plan_id") }));
        matched.extend(next_version(&run));
        let workout = settled(&workout, "completed", run.id.as_str().into());
        Some(Write { ask, change: altered([(run.id, matched), workout]) })
    }

    fn matched_run(&mut self) -> Option<(Thing, Thing)> {
        let run = self.any(Kind::Run, |run| !run.get("workout_id").is_null())?;
        let workout = self.belongings.thing(run.get("workout_id").as_str()?).clone();
        Some((run, workout))
    }

    fn unmatch(&mut self) -> Option<Write> {
        let (run, workout) = self.matched_run()?;
        let ask = Ask::post(format!("{}/unmatch", run.path()), None);
        Some(Write {
            ask,
            change: altered([unmatched(&run), settled(&workout, "planned", Value::Null)]),
        })
    }

    fn delete_run(&mut self) -> Option<Write> {
        let run = self.any(Kind::Run, |_| true)?;
        let workout = run.get("workout_id").as_str().map(|id| self.belongings.thing(id));
        let altered =
            workout.map(|workout| settled(workout, "planned", Value::Null)).into_iter().collect();
        let change = Change { gone: vec![run.id.clone()], altered, ..Change::default() };
        Some(Write { ask: Ask::delete(run.path()), change })
    }

    fn kilometres(&mut self) -> f64 {
        f64::from(self.rng.random_range(300..2_000)) / 100.0
    }
}

type Altered = (String, crate::things::Fields);

fn born<const N: usize>(kind: Kind, things: [Value; N]) -> Change {
    Change { born: things.map(|thing| (kind, fields(thing))).into(), ..Change::default() }
}

fn altered<const N: usize>(altered: [Altered; N]) -> Change {
    Change { altered: altered.into(), ..Change::default() }
}

fn next_version(thing: &Thing) -> crate::things::Fields {
    let version = thing.get("version").as_i64().expect("a version");
    fields(json!({ "version": version + 1 }))
}

/// A workout after its status changed.
fn settled(workout: &Thing, status: &str, run_id: Value) -> Altered {
    let mut changes = fields(json!({ "status": status, "run_id": run_id }));
    changes.extend(next_version(workout));
    (workout.id.clone(), changes)
}

/// A run after its workout was taken from it.
fn unmatched(run: &Thing) -> Altered {
    let mut changes = fields(json!({ "workout_id": null, "plan_id": null }));
    changes.extend(next_version(run));
    (run.id.clone(), changes)
}
