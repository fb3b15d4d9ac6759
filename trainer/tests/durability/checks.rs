//! The checks of this program see what they look for: each is shown a fault and must notice it.

use std::panic::AssertUnwindSafe;

use chrono::Utc;
use futures::FutureExt;
use serde_json::json;
use sqlx::PgPool;

use crate::history::{assert_dense, assert_published, faults_of_the_stream};
use crate::program::{Ask, Runner, TestFolder, Trainer};
use crate::read_models::{assert_equal_their_rebuild, differences};
use crate::seen::Seen;
use crate::things::{Kind, NEW_RUN, Thing, fields};
use crate::write::{Belongings, Change, Outcome};

#[test]
fn what_is_lost_changed_or_back_is_noticed() {
    let [kept, deleted] = [run("kept", 1), run("deleted", 1)];
    let belongings = Belongings { things: vec![kept.clone()], gone: vec![deleted.clone()] };
    assert_eq!(belongings.differences(&Seen::all(vec![kept.clone()])), Vec::<String>::new());
    for wrong in [vec![], vec![run("kept", 2)], vec![kept.clone(), deleted]] {
        assert_eq!(belongings.differences(&Seen::all(wrong)).len(), 1);
    }
    assert!(
        std::panic::catch_unwind(|| Seen::all(vec![kept.clone(), kept])).is_err(),
        "one that is there twice"
    );
}

#[test]
fn a_write_that_happened_in_part_is_noticed() {
    let open = json!({ "id": "w", "name": "w", "status": "planned", "run_id": null, "version": 1 });
    let done =
        json!({ "id": "w", "name": "w", "status": "completed", "run_id": "new", "version": 2 });
    let (open, done) = (Thing::of(Kind::Workout, &open), Thing::of(Kind::Workout, &done));
    let change = Change {
        born: vec![(Kind::Run, fields(json!({ "notes": "new" })))],
        altered: vec![(
            "w".to_owned(),
            fields(json!({ "status": "completed", "run_id": NEW_RUN, "version": 2 })),
        )],
        gone: vec![],
    };
    let outcome = |seen: Vec<Thing>| {
        let mut belongings = Belongings { things: vec![open.clone()], gone: vec![] };
        belongings.resolve(&change, &Seen::all(seen))
    };
    assert_eq!(outcome(vec![open.clone()]), Ok(Outcome::Absent));
    assert_eq!(outcome(vec![run("new", 1), done.clone()]), Ok(Outcome::Whole));
    assert!(outcome(vec![done]).is_err());
    assert!(outcome(vec![run("new", 1), open.clone()]).is_err());
}

fn run(label: &str, version: i64) -> Thing {
    Thing::of(Kind::Run, &json!({ "id": label, "notes": label, "version": version }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_events_and_messages_that_are_missing_or_others_are_noticed() {
    let folder = TestFolder::new();
    let trainer = Trainer::up(&folder);
    let runner = Runner::register(trainer.address).await;
    for _ in 0..10 {
        let run = json!({ "actual_date": Utc::now().date_naive(), "distance_km": 8, "duration_minutes": 40 });
        runner
            .client(trainer.address)
            .send(&Ask::post("/api/v1/runs", run))
            .await
            .unwrap()
            .must_be(201);
    }
    let urls = folder.urls().await;
    let pool = PgPool::connect(&urls.database_url).await.unwrap();
    assert_dense(&pool).await;
    assert_published(&pool, &urls.nats_url).await;
    assert_equal_their_rebuild(&pool, &folder).await;

    for fault in [
        "delete from runs where run_id = (select max(run_id::text)::uuid from runs)",
        "update runs set distance_m = distance_m + 1 where run_id = (select min(run_id::text)::uuid from runs)",
        "update weekly_totals set runs = runs + 1",
    ] {
        sqlx::query(fault).execute(&pool).await.unwrap();
    }
    assert_eq!(differences(&pool, "previous_runs.runs", "public.runs").await.len(), 3);
    assert_eq!(
        differences(&pool, "previous_runs.weekly_totals", "public.weekly_totals").await.len(),
        2
    );
    assert!(
        fails(assert_equal_their_rebuild(&pool, &folder)).await,
        "rows that are others than a rebuild's"
    );

    let jetstream =
        async_nats::jetstream::new(nats::connect(&urls.nats_url, "fault").await.unwrap());
    let stream = jetstream.get_stream(nats::STREAM).await.unwrap();
    sqlx::query("update es.events set payload = '{}' where position = 4")
        .execute(&pool)
        .await
        .unwrap();
    let faults = || faults_of_the_stream(&pool, &urls.nats_url);
    let another = faults().await;
    assert!(another.len() == 1 && another[0].starts_with("another"), "{another:?}");
    stream.delete_message(5).await.unwrap();
    assert_eq!(faults().await[1..], ["lost: 5"]);
    assert!(fails(assert_published(&pool, &urls.nats_url)).await, "a stream with faults");
    sqlx::query("delete from es.events where position = 4").execute(&pool).await.unwrap();
    assert_eq!(faults().await, ["lost: 5", "never happened: 4"]);
    assert!(fails(assert_dense(&pool)).await, "an event that is missing");
    pool.close().await;
    trainer.stop();
}

/// Whether a check fails.
async fn fails<T>(check: impl Future<Output = T>) -> bool {
    AssertUnwindSafe(check).catch_unwind().await.is_err()
}
