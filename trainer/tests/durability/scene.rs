//! Many writers at once, and the checks of what they were told.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures::future::join_all;
use http::StatusCode;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio::time::sleep;
use uuid::Uuid;

use crate::eventually;
use crate::history::{assert_dense, assert_published};
use crate::journal::Journal;
use crate::mix;
use crate::program::{Ask, Doors, Runner, TestFolder};
use crate::read_models::{all_shown, assert_equal_their_rebuild};
use crate::seen::Seen;
use crate::things::Kind;
use crate::write::Outcome;
use crate::writer::{Stopped, Tally, Writer};

const WRITERS: usize = 64;
/// How many of them may be asked to come again before anything has happened, on a busy machine.
const UNLUCKY: usize = WRITERS / 4;
const RUNNERS: usize = 4;
/// How many plans of each runner all of their writers write into.
const SHARED_PLANS: usize = 2;

/// How many writes more are acknowledged after something that the trainer survives.
const AFTERWARDS: u64 = 200;
const GOES_ON_WITHIN: Duration = Duration::from_secs(90);

/// The same for the same seed, round and writer.
pub(crate) fn rng(seed: u64, round: u64, writer: usize) -> StdRng {
    StdRng::seed_from_u64((seed << 24) ^ (round << 8) ^ writer as u64)
}

/// All writers, and what they write into.
pub(crate) struct Scene {
    seed: u64,
    runners: Vec<Runner>,
    /// By runner.
    shared_plans: Vec<Vec<String>>,
    writers: Vec<Writer>,
    journal: Arc<Journal>,
}

/// When the writers of a round stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// When no answer comes any more.
    WithTheProgram,
    /// Each when an answer stays out, and the others when they have written enough after what happened.
    WhenEnoughIsWritten,
}

/// What was acknowledged in spite of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Survived {
    pub(crate) acknowledged: u64,
    /// Writes that lost every race for a plan, and did nothing.
    pub(crate) contended: u64,
    /// Writes that meant an outdated version, and did nothing.
    pub(crate) outdated: u64,
}

/// What was found afterwards, all of it as it must be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checked {
    /// How many writes were not answered.
    pub(crate) unanswered: usize,
    /// How many of those were done all the same.
    pub(crate) done: usize,
    /// How many events there are.
    pub(crate) events: i64,
}

impl Scene {
    /// What is drawn follows from the seed.
    pub(crate) async fn new(seed: u64, doors: Doors) -> Self {
        let runners = join_all((0..RUNNERS).map(|_| Runner::register(doors))).await;
        let journal = Arc::new(Journal::default());
        let mut shared_plans = vec![];
        for runner in &runners {
            let mut plans = vec![];
            for number in 1..=SHARED_PLANS {
                let ask = Ask::post("/api/v1/plans", mix::plan(&format!("shared plan {number}")));
                let sent = journal.send(&mut runner.client(doors), ask).await;
                let plan = sent.answer.unwrap().must_be(201).json();
                plans.push(plan["id"].as_str().unwrap().to_owned());
            }
            shared_plans.push(plans);
        }
        let writer = |number: usize| Writer::new(number, number % RUNNERS, Arc::clone(&journal));
        let writers = (0..WRITERS).map(writer).collect();
        Self { seed, runners, shared_plans, writers, journal }
    }

    /// Lets all writers write at once, and something happen in the middle of it. They come in by these doors in turn.
    pub(crate) async fn write_until(
        &mut self,
        round: u64,
        doors: &[Doors],
        end: End,
        happens: impl AsyncFnOnce(&mut StdRng),
    ) -> Survived {
        let mut fate = rng(self.seed, round, WRITERS);
        let tally = Arc::new(Tally::default());
        let mut working = JoinSet::new();
        for (number, mut writer) in self.writers.drain(..).enumerate() {
            writer.reseed(rng(self.seed, round, number));
            let mut client = writer.client(&self.runners, doors[number % doors.len()]);
            let (shared, tally) = (self.shared_plans[writer.runner].clone(), Arc::clone(&tally));
            working.spawn(async move {
                let stopped = writer.work(&mut client, &shared, &tally).await;
                (number, writer, stopped)
            });
        }
        let acknowledged = || tally.acknowledged.load(Ordering::SeqCst);
        let enough = fate.random_range(300..1_500);
        let mut writers = vec![];
        while acknowledged() < enough {
            if let Some(ended) = working.try_join_next().map(Result::unwrap) {
                let (number, _, stopped) = &ended;
                assert_eq!(*stopped, Stopped::Unavailable, "writer {number}, and nothing happened");
                writers.push(ended);
                assert!(writers.len() <= UNLUCKY, "nobody can write, and nothing happened");
            }
            sleep(Duration::from_millis(1)).await;
        }
        happens(&mut fate).await;
        if end == End::WhenEnoughIsWritten {
            // Those that were answered go on for a while.
            let (enough, began) = (acknowledged() + AFTERWARDS, Instant::now());
            while acknowledged() < enough && !working.is_empty() {
                writers.extend(working.try_join_next().map(Result::unwrap));
                assert!(began.elapsed() < GOES_ON_WITHIN, "nothing goes on");
                sleep(Duration::from_millis(1)).await;
            }
            tally.stop.store(true, Ordering::SeqCst);
        }
        writers.extend(working.join_all().await);
        writers.sort_by_key(|(number, _, _)| *number);
        self.writers = writers.into_iter().map(|(_, writer, _)| writer).collect();
        let [contended, outdated] =
            [&tally.contended, &tally.outdated].map(|count| count.load(Ordering::SeqCst));
        Survived { acknowledged: acknowledged(), contended, outdated }
    }

    /// Waits until somebody can write.
    pub(crate) async fn can_be_written(&self, doors: Doors) {
        let path = format!("/api/v1/plans/{}", self.shared_plans[0][0]);
        eventually("a write that succeeds", GOES_ON_WITHIN, async || {
            // Each time another one, so that each is an event.
            let change = json!({ "description": format!("goes on: {}", Uuid::new_v4()) });
            let ask = Ask::patch(path.as_str(), change);
            let sent = self.journal.send(&mut self.runners[0].client(doors), ask).await;
            (sent.answer.ok()?.status == StatusCode::OK).then_some(())
        })
        .await;
    }

    /// Everybody signs in again: tokens are good for a quarter of an hour.
    pub(crate) async fn sign_in(&mut self, doors: Doors) {
        self.runners = join_all(self.runners.iter().map(|runner| runner.sign_in(doors))).await;
    }

    /// Fails unless everything is as it was acknowledged: over HTTP, in Postgres, in the stream and in the rows; and the
    /// events are those of all commands since the beginning, each whole and once, in the order of real time.
    pub(crate) async fn check(&mut self, doors: &[Doors], folder: &TestFolder) -> Checked {
        let (database_url, nats_url) = folder.servers().await;
        let pool = PgPool::connect(&database_url).await.unwrap();
        let outcomes = self.settle(doors, &pool).await;
        let events = assert_dense(&pool).await;
        self.journal.assert_true(self.seed, &pool).await;
        assert_published(&pool, &nats_url).await;
        assert_equal_their_rebuild(&pool, folder).await;
        pool.close().await;
        let done = outcomes.iter().filter(|outcome| **outcome == Outcome::Whole).count();
        Checked { unanswered: outcomes.len(), done, events }
    }

    /// Reads everything again and compares it with what the writers know. Says what became of the writes that
    /// were not answered.
    async fn settle(&mut self, doors: &[Doors], pool: &PgPool) -> Vec<Outcome> {
        let seen = self.see(doors, pool).await;
        let mut outcomes = vec![];
        for (writer, doors) in self.writers.iter_mut().zip(doors.iter().cycle()) {
            let mut client = writer.client(&self.runners, *doors);
            outcomes.extend(writer.settle(&mut client, &seen[writer.runner]).await);
            writer.repeat(&mut client).await.unwrap();
        }
        let seen = self.see(doors, pool).await;
        for (writer, doors) in self.writers.iter().zip(doors.iter().cycle()) {
            writer.check(&mut writer.client(&self.runners, *doors), &seen[writer.runner]).await;
        }
        for (number, seen) in seen.iter().enumerate() {
            let writers = self.writers.iter().filter(|writer| writer.runner == number);
            let made =
                writers.flat_map(|writer| &writer.belongings.things).map(|thing| thing.id.as_str());
            let made: HashSet<&str> =
                made.chain(self.shared_plans[number].iter().map(String::as_str)).collect();
            assert_eq!(seen.ids(), made, "what there is, and what was made");
            assert_versions(seen, pool).await;
        }
        outcomes
    }

    async fn see(&self, doors: &[Doors], pool: &PgPool) -> Vec<Seen> {
        let position = all_shown(pool).await;
        let runners = self.runners.iter().zip(doors.iter().cycle());
        join_all(runners.map(|(runner, doors)| Seen::by(runner, *doors, position))).await
    }
}

/// Plans hold as many workouts as are listed; plans and runs are at the version of their last event.
async fn assert_versions(seen: &Seen, pool: &PgPool) {
    for plan in seen.of(Kind::Plan) {
        let inside = seen
            .of(Kind::Workout)
            .filter(|workout| workout.get("plan_id") == plan.id.as_str())
            .count();
        assert_eq!(*plan.get("workout_count"), inside, "{plan:?}");
    }
    for thing in seen.of(Kind::Plan).chain(seen.of(Kind::Run)) {
        let last: i64 =
            sqlx::query_scalar("select max(sequence) from es.events where aggregate_id = $1")
                .bind(&thing.id)
                .fetch_one(pool)
                .await
                .unwrap();
        assert_eq!(*thing.get("version"), last, "{thing:?}");
    }
}
