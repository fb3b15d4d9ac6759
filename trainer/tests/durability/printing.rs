//! Whoever prints is killed in the middle of it, again and again.

use std::time::{Duration, Instant};

use chrono::{Days, Utc};
use futures::TryStreamExt;
use nix::sys::signal::{Signal, kill};
use pdf::{Cleaned, clean_up};
use pdf_storage::Files;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::crash::adopt_orphans;
use crate::number_from;
use crate::program::{Ask, Runner, TestFolder, Trainer};

/// How many PDFs are asked for in each round, by each of two runners.
const ASKED: usize = 2;

/// How long the next PDF may take, however slow the machine.
const RENDERED_WITHIN: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_prints_again_and_again_each_pdf_is_ready_exactly_once() {
    let seed =
        number_from("TRAINER_TEST_SEED").unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    let rounds = number_from("TRAINER_TEST_ROUNDS").unwrap_or(20);
    println!("TRAINER_TEST_SEED={seed} TRAINER_TEST_ROUNDS={rounds}");
    let mut fate = StdRng::seed_from_u64(seed);
    adopt_orphans();
    let folder = TestFolder::new();
    let mut trainer = Trainer::up(&folder);
    let runners =
        [Runner::register(trainer.address).await, Runner::register(trainer.address).await];
    let mut plans = vec![];
    for runner in &runners {
        plans.push(plan_of(runner, &trainer).await);
    }
    let pool = PgPool::connect(&folder.urls().await.database_url).await.unwrap();
    let mut in_the_middle = 0;
    for _ in 0..rounds {
        let before = rendered(&pool).await;
        for (runner, plan) in runners.iter().zip(&plans) {
            let mut client = runner.sign_in(trainer.address).await.client(trainer.address);
            for _ in 0..ASKED {
                let ask = Ask::post(
                    format!("/api/v1/pdf/plans/{plan}/generate"),
                    json!({ "template": "weekly" }),
                );
                client.send(&ask.header("prefer", "respond-async")).await.unwrap().must_be(202);
            }
        }
        // Something gets done each time, and the next thing is begun.
        while_it_prints(&pool, async || {
            let goes_on = rendered(&pool).await > before && under_way(&pool).await > 0;
            goes_on || waiting(&pool).await == 0
        })
        .await;
        tokio::time::sleep(Duration::from_millis(fate.random_range(0..60))).await;
        kill(trainer.pid(), Signal::SIGKILL).unwrap();
        trainer.killed();
        in_the_middle += u64::from(under_way(&pool).await > 0);
        trainer = Trainer::up(&folder);
    }
    let asked = rounds as usize * ASKED * runners.len();
    while_it_prints(&pool, async || waiting(&pool).await == 0).await;
    println!("{asked} PDFs, killed {rounds} times, {in_the_middle} of them while one was printed");
    assert!(in_the_middle * 2 >= rounds, "killed too late to be a test: {in_the_middle}");

    let ready: Vec<(i64, i64, i64)> = sqlx::query_as(
        "select count(*) filter (where event_type = 'plan_export.requested'),
                count(*) filter (where event_type = 'plan_export.rendered'),
                count(*) filter (where event_type not in ('plan_export.requested', 'plan_export.rendered'))
           from es.events where aggregate_type = 'plan_export' group by aggregate_id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(ready, vec![(1, 1, 0); asked]);

    trainer.stop();
    let files = Files::in_folder(&folder.file("data/pdf")).unwrap();
    // The servers are down with the trainer; what is known is asked of them before.
    let stored: Vec<_> = files.list().try_collect().await.unwrap();
    let trainer = Trainer::up(&folder);
    let pool = PgPool::connect(&folder.urls().await.database_url).await.unwrap();
    let cleaned = clean_up(&pool, &files, Duration::ZERO).await.unwrap();
    println!("{} files were stored, {cleaned:?}", stored.len());
    let left: Vec<_> = files.list().try_collect().await.unwrap();
    assert_eq!(left.len(), asked);
    assert_eq!(clean_up(&pool, &files, Duration::ZERO).await.unwrap(), Cleaned::default());
    trainer.stop();
    folder.assert_nothing_is_left();
}

/// Waits until something is so, as long as one PDF after the other gets ready.
async fn while_it_prints(pool: &PgPool, is_so: impl AsyncFn() -> bool) {
    let (mut ready, mut grown) = (rendered(pool).await, Instant::now());
    while !is_so().await {
        let now = rendered(pool).await;
        if now > ready {
            (ready, grown) = (now, Instant::now());
        }
        assert!(grown.elapsed() < RENDERED_WITHIN, "{ready} PDFs are ready, and no other gets so");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn plan_of(runner: &Runner, trainer: &Trainer) -> String {
    let mut client = runner.client(trainer.address);
    let today = Utc::now().date_naive();
    let plan =
        json!({ "name": "Sixteen weeks", "start_date": today, "end_date": today + Days::new(111) });
    let plan = Ask::post("/api/v1/plans", plan);
    let plan = client.send(&plan).await.unwrap().must_be(201).json()["id"].clone();
    let workouts: Vec<Value> = (0..80)
        .map(|number| {
            json!({
                "name": format!("Workout {number}"), "workout_type": "easy_run", "distance_km": 10,
                "scheduled_date": today + Days::new(number),
            })
        })
        .collect();
    let plan = plan.as_str().unwrap().to_owned();
    let workouts =
        Ask::post(format!("/api/v1/plans/{plan}/workouts"), json!({ "workouts": workouts }));
    client.send(&workouts).await.unwrap().must_be(201);
    plan
}

async fn rendered(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from es.events where event_type = 'plan_export.rendered'")
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn under_way(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from pdf.jobs where began_at is not null")
        .fetch_one(pool)
        .await
        .unwrap()
}

/// How many are not settled, whether or not they are jobs already.
async fn waiting(pool: &PgPool) -> i64 {
    sqlx::query_scalar(
        "select (select count(*) from pdf.jobs)
              + (select count(*) from es.events e, pdf.intake i
                  where e.position > i.position and e.event_type = 'plan_export.requested')",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}
