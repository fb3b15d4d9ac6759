use std::time::Duration;

use event_store::{CommandContext, begin_erasure, remove_events_of};
use pdf_storage::{erase, keep_logo};

use crate::office::{Office, page, somebody};

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
    working.stop().await;
    let left = office.stored().await;
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(left.iter().all(|key| key.starts_with(&bob.to_string())), "{left:?}");
    let of_ann: i64 = sqlx::query_scalar(
        "select (select count(*) from plan_exports where owner_id = $1)
              + (select count(*) from pdf.jobs where owner_id = $1)
              + (select count(*) from pdf.logos where owner_id = $1)",
    )
    .bind(ann.0)
    .fetch_one(&office.pool)
    .await
    .unwrap();
    assert_eq!(of_ann, 0);
}
