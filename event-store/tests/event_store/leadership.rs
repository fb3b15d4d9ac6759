//! One process at a time does a job.

use std::time::Duration;

use event_store::Leadership;
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

use crate::database::database;

#[tokio::test]
async fn a_leader_that_stands_still_is_replaced_and_one_that_lives_is_not() {
    let pool = database().await;
    let options = pool.connect_options();
    // As a process that was paused: its connection stands, and nothing comes over it.
    let mut paused = PgConnection::connect_with(&options).await.unwrap();
    sqlx::query("select pg_advisory_lock(hashtextextended('running-trainer paused job', 0))")
        .execute(&mut paused)
        .await
        .unwrap();
    let mut alive = Leadership::wait_for("lively job", &options).await.unwrap();
    assert!(Leadership::try_take("paused job", &options).await.unwrap().is_none(), "too early");

    let (replaced, not_replaced) = tokio::join!(
        timeout(Duration::from_secs(15), Leadership::wait_for("paused job", &options)),
        timeout(Duration::from_secs(12), Leadership::wait_for("lively job", &options)),
    );

    replaced.expect("within fifteen seconds").unwrap();
    assert!(not_replaced.is_err(), "it led, and was replaced");
    alive.check().await.unwrap();
    sqlx::query("select 1").execute(&mut paused).await.unwrap_err();
}

#[tokio::test]
async fn whoever_resigns_or_goes_leaves_the_job_to_others() {
    let pool = database().await;
    let options = pool.connect_options();
    let first = Leadership::wait_for("job", &options).await.unwrap();
    assert!(Leadership::try_take("job", &options).await.unwrap().is_none());
    assert!(Leadership::try_take("another job", &options).await.unwrap().is_some());
    first.resign().await;
    let second = Leadership::try_take("job", &options).await.unwrap();
    drop(second.expect("it is free at once"));
    timeout(Duration::from_secs(15), Leadership::wait_for("job", &options)).await.unwrap().unwrap();
}
