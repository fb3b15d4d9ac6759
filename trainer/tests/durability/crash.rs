//! Everything is killed in the middle of many writers, and started again on the same data.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures::future::join_all;
use nix::sys::signal::{Signal, kill};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::history::{assert_dense, assert_published};
use crate::mix;
use crate::number_from;
use crate::program::{Ask, Runner, TestFolder, Trainer};
use crate::read_models::{all_shown, assert_equal_their_rebuild};
use crate::seen::Seen;
use crate::things::Kind;
use crate::write::Outcome;
use crate::writer::{Tally, Writer};

const WRITERS: usize = 64;
const RUNNERS: usize = 4;
/// How many plans of each runner all of their writers write into.
const SHARED_PLANS: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_of_everything_what_was_acknowledged_is_there_and_nothing_twice() {
    let seed =
        number_from("TRAINER_TEST_SEED").unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    let rounds = number_from("TRAINER_TEST_ROUNDS").unwrap_or(3);
    println!("TRAINER_TEST_SEED={seed} TRAINER_TEST_ROUNDS={rounds}");
    // The servers of a dead trainer become this process's children, and stay zombies when they are killed: as in a
    // container, nobody collects them.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_child_subreaper(true).unwrap();
    let folder = TestFolder::new();
    let mut trainer = Trainer::up(&folder);
    let mut scene = Scene::new(trainer.address).await;
    for round in 1..=rounds {
        let began = Instant::now();
        let mut fate = rng(seed, round, WRITERS);
        let tally = scene.write_until_the_crash(seed, round, &mut fate, &folder, &trainer).await;
        trainer.killed();
        let crashed = began.elapsed();
        trainer = Trainer::up(&folder);
        let up = began.elapsed() - crashed;
        let pool = PgPool::connect(&folder.urls().await.database_url).await.unwrap();
        let outcomes = scene.check(trainer.address, &pool).await;
        let head = assert_dense(&pool).await;
        assert_published(&pool, &folder.urls().await.nats_url).await;
        assert_equal_their_rebuild(&pool, &folder).await;
        pool.close().await;
        let whole = outcomes.iter().filter(|outcome| **outcome == Outcome::Whole).count();
        println!(
            "round {round}: {} acknowledged and {} contended in {crashed:.1?}, up again in {up:.1?}, of {} without an \
             answer {whole} were done; {head} events, checked in {:.1?}",
            tally.acknowledged.load(Ordering::SeqCst),
            tally.contended.load(Ordering::SeqCst),
            outcomes.len(),
            began.elapsed() - crashed - up,
        );
    }
    trainer.stop();
    assert_eq!(folder.processes(), vec![], "left behind");
}

/// The same for the same seed, round and writer.
fn rng(seed: u64, round: u64, writer: usize) -> StdRng {
    StdRng::seed_from_u64((seed << 24) ^ (round << 8) ^ writer as u64)
}

struct Scene {
    runners: Vec<Runner>,
    /// By runner.
    shared_plans: Vec<Vec<String>>,
    writers: Vec<Writer>,
}

impl Scene {
    async fn new(address: SocketAddr) -> Self {
        let runners = join_all((0..RUNNERS).map(|_| Runner::register(address))).await;
        let mut shared_plans = vec![];
        for runner in &runners {
            let mut plans = vec![];
            for number in 1..=SHARED_PLANS {
                let ask = Ask::post("/api/v1/plans", mix::plan(&format!("shared plan {number}")));
                let plan = runner.client(address).send(&ask).await.unwrap().must_be(201).json();
                plans.push(plan["id"].as_str().unwrap().to_owned());
            }
            shared_plans.push(plans);
        }
        let writers = (0..WRITERS).map(|number| Writer::new(number, number % RUNNERS)).collect();
        Self { runners, shared_plans, writers }
    }

    /// Lets all writers write at once, and kills everything in the middle of it.
    async fn write_until_the_crash(
        &mut self,
        seed: u64,
        round: u64,
        fate: &mut StdRng,
        folder: &TestFolder,
        trainer: &Trainer,
    ) -> Arc<Tally> {
        let tally = Arc::new(Tally::default());
        let mut working = JoinSet::new();
        for (number, mut writer) in self.writers.drain(..).enumerate() {
            writer.reseed(rng(seed, round, number));
            let mut client = writer.client(&self.runners, trainer.address);
            let (shared, tally) = (self.shared_plans[writer.runner].clone(), Arc::clone(&tally));
            working.spawn(async move {
                writer.work(&mut client, &shared, &tally).await;
                (number, writer)
            });
        }
        let enough = fate.random_range(300..1_500);
        while tally.acknowledged.load(Ordering::SeqCst) < enough {
            if let Some(ended) = working.try_join_next() {
                let (number, _) = ended.unwrap();
                panic!("writer {number} got no answer before the crash");
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        kill_everything(folder, fate).await;
        let mut writers = working.join_all().await;
        writers.sort_by_key(|(number, _)| *number);
        self.writers = writers.into_iter().map(|(_, writer)| writer).collect();
        tally
    }

    /// Reads everything again and compares it with what the writers know. Says what became of the writes that
    /// were not answered.
    async fn check(&mut self, address: SocketAddr, pool: &PgPool) -> Vec<Outcome> {
        let seen = self.see(address, pool).await;
        let mut outcomes = vec![];
        for writer in &mut self.writers {
            let mut client = writer.client(&self.runners, address);
            outcomes.extend(writer.settle(&mut client, &seen[writer.runner]).await);
            writer.repeat(&mut client).await.unwrap();
        }
        let seen = self.see(address, pool).await;
        for writer in &self.writers {
            writer.check(&mut writer.client(&self.runners, address), &seen[writer.runner]).await;
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

    async fn see(&self, address: SocketAddr, pool: &PgPool) -> Vec<Seen> {
        let position = all_shown(pool).await;
        join_all(self.runners.iter().map(|runner| Seen::by(runner, address, position))).await
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

/// Ends the trainer, its Postgres with all of its processes and its nats-server without warning, in some order.
async fn kill_everything(folder: &TestFolder, fate: &mut StdRng) {
    let mut programs = ["trainer", "postgres", "nats-server"];
    programs.shuffle(fate);
    // Long enough at times that the trainer starts a server again before it dies itself.
    let pause = Duration::from_millis(*[0, 0, 2, 20, 700].choose(fate).expect("there are some"));
    println!("kills {programs:?}, {pause:?} after each other");
    for program in programs {
        let mut victims = folder.processes();
        victims.retain(|(_, name)| name == program);
        assert!(!victims.is_empty(), "{program} does not run");
        victims.shuffle(fate);
        for (pid, _) in victims {
            kill(pid, Signal::SIGKILL).ok();
        }
        tokio::time::sleep(pause).await;
    }
    // What was started again meanwhile, and what dies slowly.
    loop {
        let left = folder.processes();
        if left.is_empty() {
            return;
        }
        for (pid, _) in left {
            kill(pid, Signal::SIGKILL).ok();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
