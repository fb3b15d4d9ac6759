use serde_json::json;

use crate::api::{Api, nobody};

#[tokio::test]
async fn a_malformed_parameter_is_named() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan(json!({})).await;
    let plans = "/api/v1/plans";
    let workouts = "/api/v1/workouts";
    let runs = "/api/v1/runs";
    let summary = "/api/v1/analytics/summary";
    let (workouts_of_plan, runs_of_plan) =
        (format!("/api/v1/plans/{plan}/workouts"), format!("/api/v1/plans/{plan}/runs"));
    for (path, query, parameter) in [
        (plans, "status=running", "status"),
        (plans, "status=missed", "status"),
        (plans, "limit=0", "limit"),
        (plans, "limit=101", "limit"),
        (plans, "limit=-1", "limit"),
        (plans, "limit=ten", "limit"),
        (plans, "limit=20&limit=30", "limit"),
        (plans, "cursor=%21", "cursor"),
        (plans, "cursor=AAAA", "cursor"),
        (plans, "cursor=e30", "cursor"), // {}
        (workouts, "from=2026-02-30", "from"),
        (workouts, "to=tomorrow", "to"),
        (workouts, "to=12026-01-01", "to"),
        (workouts, "from=2026-04-16&to=2026-04-15", "from"),
        (workouts, "workout_type=jog", "workout_type"),
        (workouts, "status=done", "status"),
        (workouts, "plan_id=1", "plan_id"),
        (workouts, "cursor=e30", "cursor"),
        (&workouts_of_plan, "from=2026-13-01", "from"),
        (&workouts_of_plan, "limit=0", "limit"),
        (runs, "from=01.04.2026", "from"),
        (runs, "from=2026-04-16&to=2026-04-15", "from"),
        (runs, "source=garmin", "source"),
        (runs, "workout_id=x", "workout_id"),
        (runs, "plan_id=x", "plan_id"),
        (runs, "limit=1000000000000000000000", "limit"),
        (runs, "cursor=e30", "cursor"),
        (&runs_of_plan, "source=", "none"),
        (&runs_of_plan, "source=1", "source"),
        (summary, "from=2026", "from"),
        (summary, "to=2026-00-10", "to"),
        (summary, "from=2026-04-16&to=2026-04-15", "from"),
    ] {
        let answer = runner.get(&format!("{path}?{query}")).await;
        if parameter == "none" {
            assert_eq!(answer.status, 200, "{path}?{query}");
            continue;
        }
        assert_eq!(answer.status, 400, "{path}?{query}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let detail = answer.json()["detail"].to_string();
        assert!(detail.contains(parameter), "{path}?{query}: {detail}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_or_age_is_refused() {
    let api = Api::start().await;
    let runner = api.runner();
    for day in ["2026-04-01", "2026-04-02"] {
        runner.run(json!({"actual_date": day})).await;
        let plan = runner.plan(json!({"start_date": day})).await;
        runner.workout(plan, json!({"scheduled_date": day})).await;
    }
    let lists = ["/api/v1/plans", "/api/v1/workouts", "/api/v1/runs"];
    for from in lists {
        let page = runner.read(&format!("{from}?limit=1")).await;
        let cursor = page["next_cursor"].as_str().expect("a next page");
        for to in lists {
            let status = runner.get(&format!("{to}?cursor={cursor}")).await.status;
            assert_eq!(status, if from == to { 200 } else { 400 }, "from {from} to {to}");
        }
    }
    // Forged ones, with days that no database has: {"actual_date":"-200000-01-01",…} and the like.
    for key in [
        json!({"actual_date": "-200000-01-01", "run_id": runner.id}),
        json!({"actual_date": "+200000-01-01", "run_id": runner.id}),
        json!({"actual_date": "2026-04-01", "started_at": "-200000-01-01T00:00:00Z", "run_id": runner.id}),
        json!({"actual_date": null, "run_id": runner.id}),
        json!(["2026-04-01"]),
        json!(1),
    ] {
        let cursor = service::Cursor::encode(&key).expect("a cursor");
        let status = runner.get(&format!("/api/v1/runs?cursor={}", cursor.as_str())).await.status;
        assert_eq!(status, 400, "{key}");
    }
    let key = json!({"scheduled_date": "2026-04-01", "name": "a\u{0}b", "workout_id": runner.id});
    let cursor = service::Cursor::encode(&key).expect("a cursor");
    assert_eq!(
        runner.get(&format!("/api/v1/workouts?cursor={}", cursor.as_str())).await.status,
        400
    );
}

#[tokio::test]
async fn a_cursor_carries_no_filter() {
    let api = Api::start().await;
    let runner = api.runner();
    for (day, source) in [("2026-04-03", "file"), ("2026-04-02", "manual"), ("2026-04-01", "file")]
    {
        runner.run(json!({"actual_date": day, "source": source})).await;
    }
    let page = runner.read("/api/v1/runs?limit=1").await;
    let cursor = page["next_cursor"].as_str().expect("a next page");
    let rest =
        runner.listed(&format!("/api/v1/runs?source=file&cursor={cursor}"), "actual_date").await;
    assert_eq!(rest, ["2026-04-01"]);
}

#[tokio::test]
async fn a_malformed_id_in_the_path_is_a_400() {
    let api = Api::start().await;
    let runner = api.runner();
    for path in [
        "/api/v1/plans/1",
        "/api/v1/plans/not-an-id/workouts",
        "/api/v1/plans/0190000000007000800000000000000z/runs",
        "/api/v1/workouts/%00",
        "/api/v1/runs/'or'1'='1",
        "/api/v1/analytics/plans/x/progress",
        "/api/v1/analytics/plan/x",
    ] {
        assert_eq!(runner.get(path).await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn nobody_reads_nothing() {
    let api = Api::start().await;
    let id = uuid::Uuid::now_v7();
    for path in [
        "/api/v1/plans".to_owned(),
        format!("/api/v1/plans/{id}"),
        format!("/api/v1/plans/{id}/workouts"),
        format!("/api/v1/plans/{id}/runs"),
        "/api/v1/workouts".to_owned(),
        format!("/api/v1/workouts/{id}"),
        "/api/v1/runs".to_owned(),
        format!("/api/v1/runs/{id}"),
        "/api/v1/analytics/summary".to_owned(),
        format!("/api/v1/analytics/plans/{id}/progress"),
        format!("/api/v1/analytics/plan/{id}"),
    ] {
        let answer = api.get(&path, &[], nobody()).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("www-authenticate").is_some(), "{path}");
    }
}
