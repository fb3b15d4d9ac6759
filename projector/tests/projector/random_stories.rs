//! Whatever happens, and however it is cut into batches, the rows are those of one batch.

use domain::plan::{PlanRevision, PlanStatus, WorkoutRevision};
use domain::run::RunRevision;
use domain::{Elevation, OwnerId, PlanId, RunId, Seconds, WorkoutId};
use projector::Projection;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use crate::commands::Step;
use crate::scene::Scene;
use crate::story::{
    correct, create, day, delete_plan, delete_run, fulfil, km, name, owner, plan_id, ran, record,
    remove, reopen, revise, revise_workout, run_id, schedule, skip, text, unmatch, workout_id,
};

const COMMANDS: usize = 250;

#[tokio::test]
async fn a_story_in_any_batches_gives_the_rows_of_one_batch() {
    batches_do_not_matter(1).await;
}

#[tokio::test]
async fn another_story_in_any_batches_gives_the_rows_of_one_batch() {
    batches_do_not_matter(2).await;
}

#[tokio::test]
async fn a_third_story_in_any_batches_gives_the_rows_of_one_batch() {
    batches_do_not_matter(3).await;
}

async fn batches_do_not_matter(seed: u64) {
    let scene = Scene::new().await;
    let mut teller = Teller::new(seed);
    let mut told = 0;
    while told < COMMANDS {
        // A projector that runs takes events as they come; one that begins takes all there are.
        let mut followers =
            if teller.random.random_bool(0.3) { scene.both_follow() } else { vec![] };
        let commands = teller.random.random_range(1..40);
        for _ in 0..commands {
            let (owner, steps) = teller.next();
            // The rules refuse what makes no sense.
            let _refused = scene.try_to_tell(owner, steps).await;
        }
        told += commands;
        if followers.is_empty() {
            followers = scene.both_follow();
        }
        let head = scene.head().await;
        for mut follower in followers {
            follower.reaches(head).await;
            follower.stop().await;
        }
    }

    let rows = (scene.rows("plans").await, scene.rows("workouts").await, scene.rows("runs").await);
    assert!(
        rows.0.len() > 2 && rows.1.len() > 5 && rows.2.len() > 20,
        "seed {seed} tells of too little"
    );
    scene.assert_totals_add_up().await;
    let counted = scene.columns("plans", "plan_id, workout_count").await;
    let there = "(select plan_id, (select count(*) from workouts w where w.plan_id = p.plan_id) as workout_count from plans p)";
    assert_eq!(counted, scene.columns(there, "plan_id, workout_count").await, "seed {seed}");
    for projection in Projection::ALL {
        scene.assert_equals_its_rebuild(projection).await;
    }
}

impl Scene {
    fn both_follow(&self) -> Vec<crate::scene::Following> {
        Projection::ALL.map(|projection| self.follow(projection)).into()
    }
}

/// Makes up what some runners do.
struct Teller {
    random: StdRng,
    owners: Vec<OwnerId>,
    plans: Vec<(OwnerId, PlanId)>,
    workouts: Vec<(PlanId, WorkoutId)>,
    runs: Vec<(OwnerId, RunId)>,
}

impl Teller {
    fn new(seed: u64) -> Self {
        let owners = vec![owner(), owner(), owner()];
        let plans = vec![(owners[0], plan_id())];
        let runs = vec![(owners[0], run_id())];
        let workouts = vec![(plans[0].1, workout_id())];
        Self { random: StdRng::seed_from_u64(seed), owners, plans, workouts, runs }
    }

    /// The next command, and whose it is.
    fn next(&mut self) -> (OwnerId, Vec<Step>) {
        match self.random.random_range(0..100) {
            0..8 => self.new_plan(),
            8..26 => self.new_workouts(),
            26..48 => self.new_run(),
            48..70 => self.change_a_plan(),
            70..98 => self.change_a_run(),
            _ => {
                let (owner, plan) = self.a_plan();
                (owner, vec![delete_plan(plan)])
            }
        }
    }

    fn new_plan(&mut self) -> (OwnerId, Vec<Step>) {
        let owner = *self.owners.choose(&mut self.random).unwrap();
        let plan = plan_id();
        self.plans.push((owner, plan));
        (owner, vec![create(plan, owner)])
    }

    fn new_workouts(&mut self) -> (OwnerId, Vec<Step>) {
        let (owner, plan) = self.a_plan();
        let count = self.random.random_range(1..4);
        let steps = (0..count).map(|_| {
            let on = self.random.random_bool(0.8).then(|| self.a_day());
            // Now and then one that was there before.
            let known = self
                .workouts
                .iter()
                .filter(|(of, _)| *of == plan)
                .map(|(_, workout)| *workout)
                .next_back();
            let workout = known.filter(|_| self.random.random_bool(0.2)).unwrap_or_else(workout_id);
            self.workouts.push((plan, workout));
            let called = format!("Workout {}", self.random.random_range(0..1_000));
            schedule(plan, workout, &called, on)
        });
        (owner, steps.collect())
    }

    fn new_run(&mut self) -> (OwnerId, Vec<Step>) {
        let owner = *self.owners.choose(&mut self.random).unwrap();
        let run = run_id();
        self.runs.push((owner, run));
        let elevation_gain_m = self
            .random
            .random_bool(0.5)
            .then(|| Elevation::from_metres(self.random.random_range(0.0..900.0)).unwrap());
        let details = ran(
            self.a_day(),
            self.random.random_range(5.0..10.0),
            self.random.random_range(1_500..4_000),
        );
        let mut steps =
            vec![record(run, owner, domain::run::RunDetails { elevation_gain_m, ..details })];
        if self.random.random_bool(0.3) {
            let (plan, workout) = self.a_workout();
            steps.extend(fulfil(plan, workout, run));
        }
        (owner, steps)
    }

    fn change_a_plan(&mut self) -> (OwnerId, Vec<Step>) {
        let (plan, workout) = self.a_workout();
        let owner = self
            .plans
            .iter()
            .find(|(_, of)| *of == plan)
            .map_or(self.owners[0], |(owner, _)| *owner);
        let steps = match self.random.random_range(0..10) {
            0 => vec![skip(plan, workout)],
            1 => vec![reopen(plan, workout, None)],
            2 => vec![remove(plan, workout)],
            // Taken out and put back at once.
            3 => vec![remove(plan, workout), schedule(plan, workout, "Again", Some(self.a_day()))],
            4 | 5 => {
                let scheduled_date = Some(self.random.random_bool(0.8).then(|| self.a_day()));
                vec![revise_workout(
                    plan,
                    workout,
                    WorkoutRevision { scheduled_date, ..WorkoutRevision::default() },
                )]
            }
            6 => {
                let called = Some(name(&format!("Workout {}", self.random.random_range(0..1_000))));
                let distance_m = Some(self.random.random_bool(0.7).then(|| km(12.0)));
                vec![revise_workout(
                    plan,
                    workout,
                    WorkoutRevision { name: called, distance_m, ..WorkoutRevision::default() },
                )]
            }
            7 => {
                let description = Some(self.random.random_bool(0.7).then(|| text("as it comes")));
                vec![revise(plan, PlanRevision { description, ..PlanRevision::default() })]
            }
            8 => {
                let start = self.random.random_range(80..120);
                let (start_date, end_date) =
                    (Some(day(start)), Some(day(start + self.random.random_range(90..200))));
                vec![revise(plan, PlanRevision { start_date, end_date, ..PlanRevision::default() })]
            }
            _ => {
                let status = PlanStatus::ALL.choose(&mut self.random).copied();
                vec![revise(plan, PlanRevision { status, ..PlanRevision::default() })]
            }
        };
        (owner, steps)
    }

    fn change_a_run(&mut self) -> (OwnerId, Vec<Step>) {
        let (owner, run) = *self.runs.choose(&mut self.random).unwrap();
        let steps = match self.random.random_range(0..8) {
            0 | 1 => vec![correct(
                run,
                RunRevision { actual_date: Some(self.a_day()), ..RunRevision::default() },
            )],
            2 => {
                let duration_s =
                    Some(Seconds::from_seconds(self.random.random_range(2_000..4_000)).unwrap());
                vec![correct(
                    run,
                    RunRevision {
                        duration_s,
                        elevation_gain_m: Some(None),
                        ..RunRevision::default()
                    },
                )]
            }
            3 | 4 => {
                let (plan, workout) = self.a_workout();
                fulfil(plan, workout, run)
            }
            5 => vec![unmatch(run)],
            _ => vec![delete_run(run)],
        };
        (owner, steps)
    }

    fn a_plan(&mut self) -> (OwnerId, PlanId) {
        *self.plans.choose(&mut self.random).unwrap()
    }

    fn a_workout(&mut self) -> (PlanId, WorkoutId) {
        *self.workouts.choose(&mut self.random).unwrap()
    }

    fn a_day(&mut self) -> chrono::NaiveDate {
        day(self.random.random_range(100..200))
    }
}
