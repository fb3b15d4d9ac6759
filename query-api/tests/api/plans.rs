use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::Api;

#[tokio::test]
async fn a_plan_reads_as_the_contract_says() {
    let api = Api::start().await;
    let runner = api.runner();
    let id = runner
        .plan(json!({
            "name": "Berlin 🏃", "description": "Sub 3", "goal_race_date": "2026-05-31", "goal_race_distance_m": 42_195,
            "workout_count": 7, "version": 9, "updated_at": "2026-03-02T08:00:00.123456Z",
        }))
        .await;
    let answer = runner.get(&format!("/api/v1/plans/{id}")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("etag"), Some("\"9\""));
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    assert_eq!(
        answer.json(),
        json!({
            "id": id, "name": "Berlin 🏃", "description": "Sub 3", "start_date": "2026-03-02",
            "end_date": "2026-05-31", "goal_race_date": "2026-05-31", "goal_race_distance_km": 42.195,
            "status": "active", "duration_days": 91, "workout_count": 7, "created_at": "2026-03-01T08:00:00Z",
            "updated_at": "2026-03-02T08:00:00.123456Z", "version": 9,
        })
    );
}

#[tokio::test]
async fn a_client_that_has_the_version_gets_304() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = format!("/api/v1/plans/{}", runner.plan(json!({"version": 3})).await);
    for has in ["\"3\"", "W/\"3\"", "\"1\", \"3\"", "*"] {
        let answer = runner.get_with(&path, &[("if-none-match", has)]).await;
        assert_eq!((answer.status.as_u16(), answer.bytes.len()), (304, 0), "{has}");
        assert_eq!(answer.header("etag"), Some("\"3\""));
    }
    for has in ["\"2\"", "\"\"", "3"] {
        assert_eq!(runner.get_with(&path, &[("if-none-match", has)]).await.status, 200, "{has}");
    }
}

#[tokio::test]
async fn anothers_plan_is_not_there() {
    let api = Api::start().await;
    let (runner, other) = (api.runner(), api.runner());
    let plan = other.plan(json!({})).await;
    other.workout(plan, json!({})).await;
    for id in [plan, Uuid::now_v7()] {
        for path in [
            format!("/api/v1/plans/{id}"),
            format!("/api/v1/plans/{id}/workouts"),
            format!("/api/v1/plans/{id}/runs"),
            format!("/api/v1/analytics/plans/{id}/progress"),
            format!("/api/v1/analytics/plan/{id}"),
        ] {
            let answer = runner.get(&path).await;
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.json()["detail"], "there is no such plan", "{path}");
        }
    }
    assert_eq!(runner.read("/api/v1/plans").await, json!({"items": [], "next_cursor": null}));
    assert_eq!(other.read("/api/v1/plans").await["items"][0]["id"], json!(plan));
}

#[tokio::test]
async fn plans_are_listed_by_newest_start() {
    let api = Api::start().await;
    let runner = api.runner();
    let id = |n: u128| Uuid::from_u128(runner.id.as_u128() ^ n);
    for (n, start) in [
        (1, "2026-01-05"),
        (2, "2026-03-02"),
        (3, "2026-03-02"),
        (4, "2026-03-02"),
        (5, "2025-12-29"),
    ] {
        runner.plan(json!({"plan_id": id(n), "start_date": start})).await;
    }
    let mut ties = [id(2), id(3), id(4)];
    ties.sort();
    let expected: Vec<Value> =
        [ties[2], ties[1], ties[0], id(1), id(5)].into_iter().map(|id| json!(id)).collect();
    for limit in [1, 2, 3, 5, 100] {
        let pages = runner.pages("/api/v1/plans", limit).await;
        assert_eq!(pages.concat(), expected, "{limit} a page");
        assert_eq!(pages.len(), 5_usize.div_ceil(limit), "{limit} a page");
    }
}

#[tokio::test]
async fn plans_are_filtered_by_status() {
    let api = Api::start().await;
    let runner = api.runner();
    for status in ["draft", "active", "active", "completed", "abandoned"] {
        runner.plan(json!({"status": status})).await;
    }
    assert_eq!(runner.listed("/api/v1/plans?status=active", "status").await, ["active", "active"]);
    assert_eq!(runner.listed("/api/v1/plans?status=abandoned", "status").await, ["abandoned"]);
    assert_eq!(runner.pages("/api/v1/plans?status=active", 1).await.len(), 2);
    assert_eq!(runner.listed("/api/v1/plans?status=", "status").await.len(), 5);
}

#[tokio::test]
async fn plans_are_searched_as_written() {
    let api = Api::start().await;
    let runner = api.runner();
    for name in [
        "100% Berlin",
        "1000 Berlin",
        "snake_case",
        "snakeXcase",
        r"back\slash",
        "Zürich ÄRGER",
        "o'clock",
    ] {
        runner.plan(json!({"name": name})).await;
    }
    runner.plan(json!({"name": "plain", "description": "a Hidden gem"})).await;
    let found = async |q: &str| {
        let mut names = runner.listed(&format!("/api/v1/plans?q={q}"), "name").await;
        names.sort_by_key(ToString::to_string);
        names
    };
    assert_eq!(found("100%25").await, ["100% Berlin"]);
    assert_eq!(found("bERLIN").await, ["100% Berlin", "1000 Berlin"]);
    assert_eq!(found("e_c").await, ["snake_case"]);
    assert_eq!(found("%5C").await, [r"back\slash"]);
    assert_eq!(found("z%C3%BCrich%20%C3%A4rger").await, ["Zürich ÄRGER"]);
    assert_eq!(found("o'clock").await, ["o'clock"]);
    assert_eq!(found("hidden").await, ["plain"]);
    assert_eq!(found("%25%25").await, Vec::<Value>::new());
    assert_eq!(found("').*;--").await, Vec::<Value>::new());
}
