use std::sync::Arc;
use std::time::Duration;

use crate::office::{Office, page, somebody};

#[tokio::test]
async fn two_hundred_at_once_are_printed_in_order_for_each_and_nobody_is_starved() {
    const MANY: usize = 100;
    let office = Office::open().await;
    let (busy, others) = (somebody(), [somebody(), somebody(), somebody(), somebody()]);
    // All of them wait before anybody prints: a hundred of one, then a hundred of four others.
    for number in 0..MANY {
        let plan = office.plan(busy, &format!("busy {number:03}")).await;
        office.ask(busy, plan).await;
    }
    let mut last = None;
    for number in 0..25 {
        for (index, other) in others.iter().enumerate() {
            let plan = office.plan(*other, &format!("other{index} {number:03}")).await;
            last = Some(office.ask(*other, plan).await);
        }
    }
    let working = office.start(office.printer());
    office.until(last.unwrap(), "ready").await;
    office.until_idle().await;
    working.stop().await;
    let printed = office.printed.lock().unwrap().clone();
    assert_eq!(printed.len(), 2 * MANY);
    for who in ["busy", "other0", "other1", "other2", "other3"] {
        let theirs: Vec<_> = printed.iter().filter(|name| name.starts_with(who)).collect();
        assert!(theirs.is_sorted(), "{who}: {theirs:?}");
    }
    // Each of the five has their turn in each round: two are at work at once, so a round is off by a few.
    let where_is = |name: &str| printed.iter().position(|printed| printed == name).unwrap();
    for number in 0..25 {
        let place = where_is(&format!("other3 {number:03}"));
        assert!(
            place < (number + 1) * 5 + 10,
            "other3 {number} comes as number {place}: {printed:?}"
        );
    }
}

#[tokio::test]
async fn whoever_comes_later_does_not_wait_for_the_many_of_another() {
    let office = Office::open().await;
    let (busy, late) = (somebody(), somebody());
    let plan = office.plan(busy, "busy").await;
    for _ in 0..40 {
        office.ask(busy, plan).await;
    }
    let printed = Arc::clone(&office.printed);
    let working = office.start(office.printer_that(move |document, _| {
        std::thread::sleep(Duration::from_millis(20));
        printed.lock().unwrap().push(document.plan.name.clone());
        Ok(page(document))
    }));
    while office.printed.lock().unwrap().len() < 5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let plan = office.plan(late, "late").await;
    let pdf_id = office.ask(late, plan).await;
    office.until(pdf_id, "ready").await;
    let done = office.printed.lock().unwrap().len();
    working.stop().await;
    assert!(done < 35, "{done} were printed first");
}
