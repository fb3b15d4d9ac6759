//! A rebuild beside many writers, killed again and again: nobody notices, and the rows are right.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use sqlx::PgPool;
use tokio::time::sleep;

use crate::long_history::{all_come_along, fill};
use crate::program::{TestFolder, Trainer};
use crate::read_models::all_shown;
use crate::steady_load::SteadyLoad;
use crate::{eventually, number_from};

/// How long a rebuild may need to come as far as it is to be killed.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_is_killed_again_and_again_under_load_ends_and_nobody_has_noticed() {
    let events = number_from("TRAINER_TEST_EVENTS").unwrap_or(30_000);
    let kills = number_from("TRAINER_TEST_KILLS").unwrap_or(3);
    let writers = number_from("TRAINER_TEST_WRITERS").unwrap_or(10);
    let seed =
        number_from("TRAINER_TEST_SEED").unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    println!(
        "TRAINER_TEST_SEED={seed} TRAINER_TEST_EVENTS={events} TRAINER_TEST_KILLS={kills} TRAINER_TEST_WRITERS={writers}"
    );
    let mut fate = StdRng::seed_from_u64(seed);
    let folder = TestFolder::new();
    let trainer = Trainer::up(&folder);
    let pool = PgPool::connect(&folder.urls().await.database_url).await.unwrap();
    fill(&pool, events).await;
    all_come_along(&pool).await;
    let load = SteadyLoad::start(trainer.address, writers).await;

    let (mut begun, mut killed, mut at_the_end) = (Begun::new(), 0, false);
    for kill in 1..=kills {
        let mut rebuild = folder.command(&["projections", "rebuild", "--all", "--json"]);
        let mut rebuild = rebuild.spawn().unwrap();
        // Somewhere in the stretch that is its own; at once, when the one before has come beyond it.
        let end = (events * kill / (kills + 1)) as i64;
        let reached = hindmost(&begun);
        let at = fate.random_range(reached.min(end)..=end);
        let began = Instant::now();
        loop {
            let position = hindmost(&begun_generations(&pool).await);
            let is_there = position >= at && position > 0;
            if is_there || rebuild.try_wait().unwrap().is_some() {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "it does not come to {at}, but to {position}");
            sleep(Duration::from_millis(20)).await;
        }
        rebuild.kill().unwrap();
        let ended = rebuild.wait().unwrap();
        nobody_rebuilds(&pool).await;
        let now = begun_generations(&pool).await;
        if ended.code().is_some() {
            // On a busy machine it may come to its end between two looks: that was the last one.
            assert!(ended.success(), "{ended}");
            println!("kill {kill}, beyond position {at}: it was at its end");
            (begun, at_the_end) = (now, true);
            break;
        }
        println!("kill {kill}, beyond position {at}: {now:?}");
        assert_gone_on(&begun, &now);
        begun = now;
        killed += 1;
    }
    assert!(killed > 0, "it was at its end before it was killed");
    let goes_on = begun.values().any(|next| next.position > 0);
    assert!(goes_on || at_the_end, "there is nothing to go on with");
    let before = event_store::head(&pool).await.unwrap();
    let began = Instant::now();
    let told = folder.prints(&["projections", "rebuild", "--all", "--json"]);
    println!("the last one took {:.1?}: {}", began.elapsed(), told.trim());
    let after = event_store::head(&pool).await.unwrap();
    for line in told.lines() {
        let rebuilt: Value = serde_json::from_str(line).unwrap();
        let reached =
            begun.get(rebuilt["projection"].as_str().unwrap()).map_or(0, |at| at.position);
        let end = reached + rebuilt["events"].as_i64().unwrap();
        assert!((before..=after).contains(&end), "not from {reached} on: {rebuilt}");
    }

    load.end().await;
    all_shown(&pool).await;
    for line in folder.prints(&["projections", "verify", "--json"]).lines() {
        let verified: Value = serde_json::from_str(line).unwrap();
        assert_eq!(verified["clean"], true, "{verified}");
    }
    pool.close().await;
    trainer.stop();
}

/// By projection, the rows that a rebuild has begun.
type Begun = BTreeMap<String, Next>;

#[derive(Debug, Clone, Copy)]
struct Next {
    /// How far it has come.
    position: i64,
    /// The schema of its tables: of those that are made anew, it is another one.
    schema: i64,
}

async fn begun_generations(pool: &PgPool) -> Begun {
    let begun: Vec<(String, i64, i64)> = sqlx::query_as(
        "select c.projection, c.position, n.oid::bigint from projector.checkpoints c
           join pg_namespace n on n.nspname = 'rebuild_' || c.projection
          where c.generation = 'next'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    begun
        .into_iter()
        .map(|(projection, position, schema)| (projection, Next { position, schema }))
        .collect()
}

/// How far those that are begun have all come.
fn hindmost(begun: &Begun) -> i64 {
    begun.values().map(|next| next.position).min().unwrap_or_default()
}

/// Fails when a rebuild has begun again with what another one had begun. It may have come to its end: then there is none.
fn assert_gone_on(before: &Begun, now: &Begun) {
    for (projection, now) in now {
        let Some(before) = before.get(projection) else { continue };
        assert_eq!(before.schema, now.schema, "{projection} was begun again: {before:?}, {now:?}");
        assert!(now.position >= before.position, "{projection} went back: {before:?}, {now:?}");
    }
}

/// Waits until Postgres has noticed that a killed one is gone, and has ended what that had begun.
async fn nobody_rebuilds(pool: &PgPool) {
    // What was on its way is there.
    sleep(Duration::from_millis(100)).await;
    let killed: DateTime<Utc> =
        sqlx::query_scalar("select clock_timestamp()").fetch_one(pool).await.unwrap();
    eventually("the end of a killed rebuild", PATIENCE, async || {
        let (locks, transactions): (i64, i64) = sqlx::query_as(
            "select (select count(*) from pg_locks l join pg_database d on d.oid = l.database
                      where l.locktype = 'advisory' and d.datname = current_database()
                        and (l.classid::bigint << 32 | l.objid::bigint) in
                            (select hashtextextended('running-trainer generations of ' || projection, 0)
                               from projector.checkpoints)),
                    (select count(*) from pg_stat_activity
                      where datname = current_database() and backend_type = 'client backend'
                        and xact_start < $1)",
        )
        .bind(killed)
        .fetch_one(pool)
        .await
        .unwrap();
        (locks == 0 && transactions == 0).then_some(())
    })
    .await;
}
