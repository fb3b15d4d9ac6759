use std::time::{Duration, Instant};

use domain::OwnerId;
use event_store::{CommandContext, begin_erasure, remove_events_of};
use pdf_storage::{erase, keep_logo};

use crate::office::{Office, PATIENCE, page, somebody};

#[tokio::test]
async fn of_somebody_who_is_erased_nothing_is_left_even_when_it_is_just_being_printed() {
    let (office, ann, bob) = (Office::open().await, somebody(), somebody());
    for owner in [ann, bob] {
        let plan = office.plan(owner, "Spring").await;
        for _ in 0..3 {
            office.ask(owner, plan).await;
        }
        keep_logo(&office.pool, owner, b"a logo").await.unwrap();
    }
    let working = office.start(office.printer_that(|document, _| {
        std::thread::sleep(Duration::from_millis(150));
        Ok(page(document))
    }));
    while office.stored().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut transaction = office.pool.begin().await.unwrap();
    let context = CommandContext::new(ann, "test");
    let erasure = begin_erasure(&mut transaction, &context).await.unwrap();
    transaction.commit().await.unwrap();
    remove_events_of(&office.pool, &erasure).await.unwrap();
    erase(&office.pool, &office.files, ann).await.unwrap();
    office.until_idle().await;
    // What was just being printed is cleaned up after it.
    let began = Instant::now();
    let left = loop {
        let (left, of_ann) = (office.stored().await, rows_of(&office, ann).await);
        if left.len() == 3 && of_ann == 0 {
            break left;
        }
        assert!(began.elapsed() < PATIENCE, "{of_ann} rows, {left:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    working.stop().await;
    assert!(left.iter().all(|key| key.starts_with(&bob.to_string())), "{left:?}");
    assert_eq!((office.stored().await, rows_of(&office, ann).await), (left, 0));
}

/// How many rows are about somebody.
async fn rows_of(office: &Office, owner: OwnerId) -> i64 {
    sqlx::query_scalar(
        "select (select count(*) from plan_exports where owner_id = $1)
              + (select count(*) from pdf.jobs where owner_id = $1)
              + (select count(*) from pdf.logos where owner_id = $1)",
    )
    .bind(owner.0)
    .fetch_one(&office.pool)
    .await
    .unwrap()
}
