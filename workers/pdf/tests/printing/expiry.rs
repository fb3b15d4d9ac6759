use std::fs;
use std::time::Duration;

use chrono::TimeDelta;
use domain::ExportId;
use pdf::{Cleaned, clean_up};
use pdf_storage::FileKey;
use uuid::Uuid;

use crate::office::{Office, somebody};

#[tokio::test]
async fn a_file_is_kept_for_its_time_and_not_longer() {
    let (mut office, ann) = (Office::open().await, somebody());
    office.kept_for = TimeDelta::milliseconds(300);
    let plan = office.plan(ann, "Spring").await;
    let pdf_id = office.ask(ann, plan).await;
    let working = office.start(office.printer());
    office.until(pdf_id, "expired").await;
    let began = std::time::Instant::now();
    while !office.stored().await.is_empty() {
        assert!(began.elapsed() < Duration::from_secs(120), "the file stays");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    working.stop().await;
    let story = office.story(pdf_id).await;
    assert_eq!(story, ["plan_export.requested", "plan_export.rendered", "plan_export.expired"]);
}

#[tokio::test]
async fn the_clean_up_removes_what_nobody_knows_and_nothing_else() {
    let (office, ann) = (Office::open().await, somebody());
    let plan = office.plan(ann, "Spring").await;
    let pdf_id = office.ask(ann, plan).await;
    let working = office.start(office.printer());
    let row = office.until(pdf_id, "ready").await;
    office.until_idle().await;
    working.stop().await;
    let known = Office::key(ann, pdf_id, &row);
    // Of the same export, but other bytes; of nobody's export; torn; and somebody else's file.
    let twin = FileKey { sha256: "0".repeat(64), ..known.clone() };
    let stray = FileKey { pdf_id: ExportId(Uuid::now_v7()), ..known.clone() };
    for key in [&twin, &stray] {
        office.files.put(key, "x".into()).await.unwrap();
    }
    fs::write(office.folder().join(format!("{known}#1")), "half").unwrap();
    fs::write(office.folder().join("README"), "mine").unwrap();

    let hour = Duration::from_secs(60 * 60);
    assert_eq!(clean_up(&office.pool, &office.files, hour).await.unwrap(), Cleaned::default());
    let cleaned = clean_up(&office.pool, &office.files, Duration::ZERO).await.unwrap();
    assert_eq!(cleaned, Cleaned { files: 2, torn: 1, logos: 0 });
    assert_eq!(office.files.read_whole(&known).await.unwrap(), "%PDF Spring");
    assert!(office.folder().join("README").exists());

    // What the rows do not show yet, the events do.
    sqlx::query("delete from plan_exports").execute(&office.pool).await.unwrap();
    let cleaned = clean_up(&office.pool, &office.files, Duration::ZERO).await.unwrap();
    assert_eq!(cleaned, Cleaned::default());
}
