use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::plan_export::Template;
use pdf_storage::{BucketSettings, Files, keep_logo};
use typesetting::RenderError;

use crate::office::{Office, page, somebody};

#[tokio::test]
async fn what_is_asked_for_is_printed_stored_and_said_to_be_ready() {
    let (office, ann) = (Office::open().await, somebody());
    let plan = office.plan(ann, "Spring").await;
    let pdf_id = office.ask(ann, plan).await;
    let working = office.start(office.printer());
    let row = office.until(pdf_id, "ready").await;
    office.until_idle().await;
    working.stop().await;
    assert_eq!((row.pages, row.size_bytes, row.error.clone()), (Some(1), Some(11), None));
    let key = Office::key(ann, pdf_id, &row);
    assert_eq!(office.files.read_whole(&key).await.unwrap(), "%PDF Spring");
    assert_eq!(office.story(pdf_id).await, ["plan_export.requested", "plan_export.rendered"]);
}

#[tokio::test]
async fn a_plan_is_printed_as_it_was_when_it_was_asked_for() {
    let (office, ann) = (Office::open().await, somebody());
    let plan = office.plan(ann, "Before").await;
    let before = office.ask(ann, plan).await;
    office.rename(ann, plan, "After").await;
    let after = office.ask(ann, plan).await;
    let working = office.start(office.printer());
    office.until(after, "ready").await;
    assert_eq!(office.row(before).await.unwrap().status, "ready");
    working.stop().await;
    assert_eq!(*office.printed.lock().unwrap(), ["Before", "After"]);
}

#[tokio::test]
async fn whoever_starts_anew_prints_nothing_twice_and_forgets_nothing() {
    let (office, ann) = (Office::open().await, somebody());
    let plan = office.plan(ann, "Spring").await;
    let mut asked = vec![];
    for _ in 0..3 {
        asked.push(office.ask(ann, plan).await);
        let working = office.start(office.printer());
        office.until(asked[asked.len() - 1], "ready").await;
        office.until_idle().await;
        working.stop().await;
    }
    assert_eq!(office.printed.lock().unwrap().len(), 3);
    for pdf_id in asked {
        assert_eq!(office.story(pdf_id).await.len(), 2);
    }
}

#[tokio::test]
async fn a_template_that_fails_is_told_to_whoever_asked_and_not_tried_again() {
    let (office, ann) = (Office::open().await, somebody());
    let plan = office.plan(ann, "Spring").await;
    let pdf_id = office.ask(ann, plan).await;
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    let working = office.start(office.printer_that(move |_, options| {
        counted.fetch_add(1, Ordering::SeqCst);
        let message = "weekly.typ:3:7: unknown variable: x".to_owned();
        Err(RenderError::Template { template: options.template.clone(), message })
    }));
    let row = office.until(pdf_id, "failed").await;
    working.stop().await;
    let error = row.error.unwrap();
    assert!(
        error.contains("weekly.typ:3:7") && error.contains(Template::weekly().as_str()),
        "{error}"
    );
    assert_eq!(tries.load(Ordering::SeqCst), 1);
    assert_eq!(office.story(pdf_id).await, ["plan_export.requested", "plan_export.failed"]);
}

#[tokio::test]
async fn what_breaks_off_is_tried_again_and_given_up_after_a_few_times() {
    let (office, ann) = (Office::open().await, somebody());
    let (once, always) = (office.plan(ann, "once").await, office.plan(ann, "always").await);
    let (once, always) = (office.ask(ann, once).await, office.ask(ann, always).await);
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    let working = office.start(office.printer_that(move |document, _| {
        let earlier = counted.fetch_add(1, Ordering::SeqCst);
        assert!(document.plan.name == "once" && earlier > 0, "a template breaks off, on purpose");
        Ok(page(document))
    }));
    office.until(once, "ready").await;
    let row = office.until(always, "failed").await;
    working.stop().await;
    assert_eq!(row.error.as_deref(), Some("tried 3 times: the template broke off"));
    assert_eq!(tries.load(Ordering::SeqCst), 2 + 3);
}

#[tokio::test]
async fn what_takes_too_long_counts_as_failed() {
    let (office, ann) = (Office::open().await, somebody());
    let plan = office.plan(ann, "slow").await;
    let pdf_id = office.ask(ann, plan).await;
    let mut printer = office.printer_that(|document, _| {
        std::thread::sleep(Duration::from_secs(5));
        Ok(page(document))
    });
    printer.pace.rendered_within = Duration::from_millis(50);
    let working = office.start(printer);
    let row = office.until(pdf_id, "failed").await;
    working.stop().await;
    assert_eq!(row.error.as_deref(), Some("tried 3 times: it takes too long"));
    assert!(office.stored().await.is_empty());
}

#[tokio::test]
async fn a_file_store_that_is_away_is_tried_again_and_told_plainly_at_the_end() {
    let (office, ann) = (Office::open().await, somebody());
    let plan = office.plan(ann, "Spring").await;
    let pdf_id = office.ask(ann, plan).await;
    let nowhere = BucketSettings {
        bucket: "plans".to_owned(),
        endpoint: Some("http://127.0.0.1:1".to_owned()),
        region: "us-east-1".to_owned(),
        access_key_id: "key".to_owned(),
        secret_access_key: "hush-hush".to_owned(),
    };
    let mut printer = office.printer();
    printer.files = Files::in_bucket(&nowhere).unwrap();
    let working = office.start(printer);
    let row = office.until(pdf_id, "failed").await;
    working.stop().await;
    let error = row.error.unwrap();
    assert_eq!(
        error,
        "tried 3 times: the file store cannot be used at the moment; try again later"
    );
    assert_eq!(office.printed.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_logo_is_printed_and_one_that_is_gone_is_missed() {
    const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'/>";
    let (office, ann) = (Office::open().await, somebody());
    let plan = office.plan(ann, "Spring").await;
    let kept = keep_logo(&office.pool, ann, SVG).await.unwrap();
    let with = office.ask_with(ann, plan, Some(kept.sha256), None).await;
    let without = office.ask_with(ann, plan, Some("00".repeat(32)), None).await;
    let working = office.start(office.printer_that(|document, options| {
        assert_eq!(options.branding.logo.as_ref().unwrap().bytes(), SVG);
        Ok(page(document))
    }));
    office.until(with, "ready").await;
    let row = office.until(without, "failed").await;
    working.stop().await;
    assert_eq!(row.error.as_deref(), Some("its logo is not there any more"));
}
