//! Lists: pages, cursors and order.

use serde_json::{Value, json};

use crate::runner::Runner;
use crate::training::{ids, with, without, workout};

/// Every item of a list, page by page.
async fn leaf_through(runner: &Runner, path: &str, limit: usize) -> Vec<Value> {
    let mut items = vec![];
    let mut cursor = String::new();
    loop {
        let separator = if path.contains('?') { '&' } else { '?' };
        let page = runner.see(format!("{path}{separator}limit={limit}{cursor}")).await;
        let on_page = page["items"].as_array().unwrap();
        assert_eq!(page.as_object().unwrap().len(), 2, "items and next_cursor");
        assert!(on_page.len() <= limit);
        items.extend(on_page.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => {
                assert_eq!(on_page.len(), limit, "only the last page may be short");
                // It goes into a query as it is.
                assert!(
                    next.bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)),
                    "{next}"
                );
                cursor = format!("&cursor={next}");
            }
            None => return items,
        }
    }
}

#[tokio::test]
async fn a_page_has_20_items_unless_told_otherwise_and_100_at_most() {
    let runner = Runner::new().await;
    let (_, path) = runner.plan(json!({})).await;
    let one = json!({ "name": "x", "workout_type": "rest" });
    runner
        .post(format!("{path}/workouts"), json!({ "workouts": vec![one; 130] }))
        .await
        .must_be(201);
    for (limit, count) in
        [("", 20), ("?limit=1", 1), ("?limit=100", 100), ("?limit=", 20), ("?limit=20", 20)]
    {
        let page = runner.see(format!("{path}/workouts{limit}")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{limit}");
        assert!(page["next_cursor"].is_string());
    }
    // A page that is just full and the last one leads nowhere.
    let page = runner.see(format!("{path}/workouts?limit=65")).await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let last = runner.see(format!("{path}/workouts?limit=65&cursor={cursor}")).await;
    assert_eq!((last["items"].as_array().unwrap().len(), &last["next_cursor"]), (65, &Value::Null));
}

#[tokio::test]
async fn an_empty_list_is_a_list() {
    let runner = Runner::new().await;
    let (_, path) = runner.plan(json!({})).await;
    for list in
        ["/api/v1/runs", "/api/v1/workouts", &format!("{path}/runs"), &format!("{path}/workouts")]
    {
        assert_eq!(runner.see(list).await, json!({ "items": [], "next_cursor": null }));
    }
}

#[tokio::test]
async fn pages_hold_each_item_once_in_the_same_order_when_all_sort_alike() {
    let runner = Runner::new().await;
    let (plan, path) = runner.plan(json!({})).await;
    for _ in 0..24 {
        runner.plan(json!({})).await;
        runner.run(json!({})).await;
    }
    let alike = without(workout(&plan), "plan_id");
    let undated = with(alike.clone(), json!({ "scheduled_date": null, "name": "x' \"y\" ,🏃" }));
    let workouts = [vec![alike; 12], vec![undated; 13]].concat();
    runner.post(format!("{path}/workouts"), json!({ "workouts": workouts })).await.must_be(201);
    let started = json!({ "started_at": "2025-03-05T07:00:00+02:00" });
    for _ in 0..8 {
        runner.run(started.clone()).await;
    }
    for (list, count) in [
        ("/api/v1/plans".to_owned(), 25),
        ("/api/v1/runs".to_owned(), 32),
        ("/api/v1/workouts".to_owned(), 25),
        (format!("{path}/workouts"), 25),
        ("/api/v1/workouts?status=missed".to_owned(), 12),
        ("/api/v1/runs?from=2025-03-05&source=manual".to_owned(), 32),
    ] {
        let at_once = leaf_through(&runner, &list, 100).await;
        assert_eq!(at_once.len(), count, "{list}");
        for limit in [1, 3, 7, 20] {
            let leafed = leaf_through(&runner, &list, limit).await;
            assert_eq!(ids(&leafed), ids(&at_once), "{list} by {limit}");
        }
        assert_eq!(leafed_twice(&runner, &list).await, ids(&at_once));
    }
}

async fn leafed_twice(runner: &Runner, list: &str) -> Vec<String> {
    let items = leaf_through(runner, list, 10).await;
    ids(&items).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn what_comes_and_goes_between_two_pages_moves_nothing_else() {
    let runner = Runner::new().await;
    for day in 10..30 {
        runner.run(json!({ "actual_date": format!("2025-03-{day}") })).await;
    }
    let all = leaf_through(&runner, "/api/v1/runs", 100).await;
    let first = runner.see("/api/v1/runs?limit=5").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    runner.run(json!({ "actual_date": "2025-03-31" })).await;
    // The item the cursor was made of, and one behind it.
    for gone in [4, 7] {
        runner.delete(format!("/api/v1/runs/{}", ids(&all)[gone])).await.must_be(204);
    }
    let second = runner.see(format!("/api/v1/runs?limit=5&cursor={cursor}")).await;
    let expected = [5, 6, 8, 9, 10].map(|index| ids(&all)[index]);
    assert_eq!(ids(second["items"].as_array().unwrap()), expected);
}

#[tokio::test]
async fn a_cursor_of_another_list_is_a_400() {
    let runner = Runner::new().await;
    let (_, path) = runner.plan(json!({})).await;
    runner.plan(json!({})).await;
    let one = json!({ "name": "x", "workout_type": "rest" });
    runner.post(format!("{path}/workouts"), json!({ "workouts": [one, one] })).await.must_be(201);
    let cursor_of = async |list: &str| {
        let page = runner.see(format!("{list}?limit=1")).await;
        page["next_cursor"].as_str().unwrap().to_owned()
    };
    let (of_plans, of_workouts) =
        (cursor_of("/api/v1/plans").await, cursor_of("/api/v1/workouts").await);
    runner.get(format!("/api/v1/workouts?cursor={of_plans}")).await.problem(400);
    runner.get(format!("/api/v1/plans?cursor={of_workouts}")).await.problem(400);
    for cursor in ["%20", "%00", "e30", "W10", "Wzdd", "%F0%9F%8F%83", "..", &"A".repeat(20_000)] {
        runner.get(format!("/api/v1/runs?cursor={cursor}")).await.problem(400);
    }
}

#[tokio::test]
async fn a_parameter_that_a_list_does_not_have_is_ignored() {
    let runner = Runner::new().await;
    runner.run(json!({})).await;
    assert_eq!(runner.list("/api/v1/runs?utm_source=mail&_=1").await.len(), 1);
    // As is one that has no value.
    let without_values = "/api/v1/runs?from=&to=&workout_id=&plan_id=&source=&limit=&cursor=";
    assert_eq!(runner.list(without_values).await.len(), 1);
}
