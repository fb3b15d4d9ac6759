use serde_json::json;

use crate::api::{Api, run, with, without};

#[tokio::test]
async fn everything_wrong_with_a_run_is_named_at_once() {
    let api = Api::start().await;
    let runner = api.runner();
    let wrong = json!({
        "actual_date": "2026-04-17", "distance_km": 100, "duration_minutes": 10, "average_heart_rate": 180,
        "max_heart_rate": 150, "elevation_gain_m": -1, "perceived_effort": 11, "is_race": "no", "notes": 7,
        "workout_id": "w1", "pace": "4:00/km", "plan_id": null, "shoes": "red",
    });
    let expected = [
        ("actual_date", "in_the_future"),
        ("duration_minutes", "implausible_pace"),
        ("average_heart_rate", "above_maximum"),
        ("elevation_gain_m", "out_of_range"),
        ("perceived_effort", "out_of_range"),
        ("is_race", "wrong_type"),
        ("notes", "wrong_type"),
        ("workout_id", "invalid_id"),
        ("pace", "read_only"),
        ("plan_id", "read_only"),
        ("shoes", "unknown_field"),
    ];
    runner.post("/api/v1/runs", wrong.clone()).await.must_blame(&expected);
    let path = runner.run().await;
    runner.put(&path, wrong.clone()).await.must_blame(&expected);
    runner.patch(&path, wrong).await.must_blame(&expected);

    let unread = json!({ "actual_date": "2026-13-01", "distance_km": "ten", "duration_seconds": 0, "average_heart_rate": 300 });
    runner.post("/api/v1/runs", unread).await.must_blame(&[
        ("actual_date", "invalid_date"),
        ("distance_km", "wrong_type"),
        ("duration_seconds", "out_of_range"),
        ("average_heart_rate", "out_of_range"),
    ]);
    assert_eq!(api.head().await, 1);
}

#[tokio::test]
async fn a_run_needs_a_day_a_distance_and_a_duration() {
    let api = Api::start().await;
    let expected = [
        ("actual_date", "required"),
        ("distance_km", "required"),
        ("duration_minutes", "required"),
    ];
    let runner = api.runner();
    runner.post("/api/v1/runs", json!({})).await.must_blame(&expected);
    let path = runner.run().await;
    runner.put(&path, json!({ "notes": "forgot" })).await.must_blame(&expected);
}

#[tokio::test]
async fn a_run_is_of_today_or_tomorrow_at_the_latest() {
    let api = Api::start().await;
    let runner = api.runner();
    let on =
        |field: &str, value: &str| with(without(run(), "actual_date"), json!({ field: value }));

    runner.post("/api/v1/runs", on("actual_date", "2026-04-16")).await.must_be(201);
    runner
        .post("/api/v1/runs", on("actual_date", "2026-04-17"))
        .await
        .must_blame(&[("actual_date", "in_the_future")]);
    // The day is the runner's own.
    runner.post("/api/v1/runs", on("started_at", "2026-04-16T23:59:00-11:00")).await.must_be(201);
    runner
        .post("/api/v1/runs", on("started_at", "2026-04-17T00:30:00+14:00"))
        .await
        .must_blame(&[("started_at", "in_the_future")]);
    let path = runner.run().await;
    runner
        .patch(&path, json!({ "actual_date": "2026-04-17", "perceived_effort": 0 }))
        .await
        .must_blame(&[("actual_date", "in_the_future"), ("perceived_effort", "out_of_range")]);
}

#[tokio::test]
async fn a_day_and_a_beginning_must_agree() {
    let api = Api::start().await;
    let runner = api.runner();
    let begun = |at: &str| with(run(), json!({ "started_at": at }));

    runner.post("/api/v1/runs", begun("2026-04-12T00:30:00+02:00")).await.must_be(201);
    runner
        .post("/api/v1/runs", begun("2026-04-11T22:30:00Z"))
        .await
        .must_blame(&[("started_at", "another_day")]);
    for no_instant in
        ["2026-04-12T08:00:00", "2026-04-12", "2026-04-12 08:00:00Z", "2026-04-12T25:00:00Z"]
    {
        runner
            .post("/api/v1/runs", begun(no_instant))
            .await
            .must_blame(&[("started_at", "invalid_instant")]);
    }
}

#[tokio::test]
async fn minutes_and_seconds_must_agree_to_the_second() {
    let api = Api::start().await;
    let runner = api.runner();
    let lasting = |minutes: f64, seconds: i64| {
        with(run(), json!({ "duration_minutes": minutes, "duration_seconds": seconds }))
    };

    for (minutes, seconds) in [(50.0, 3000), (50.48, 3029), (50.02, 3001), (50.33, 3020)] {
        let recorded =
            runner.post("/api/v1/runs", lasting(minutes, seconds)).await.must_be(201).json();
        assert_eq!(recorded["duration_seconds"], seconds);
    }
    runner
        .post("/api/v1/runs", lasting(50.0, 3001))
        .await
        .must_blame(&[("duration_minutes", "another_duration")]);
    let path = runner.run().await;
    runner
        .patch(&path, json!({ "duration_minutes": 1, "duration_seconds": 61 }))
        .await
        .must_blame(&[("duration_minutes", "another_duration")]);
}

#[tokio::test]
async fn a_pace_is_one_that_people_run() {
    let api = Api::start().await;
    let runner = api.runner();
    let ran = |km: f64, seconds: i64| {
        with(run(), json!({ "distance_km": km, "duration_seconds": seconds }))
    };
    runner.post("/api/v1/runs", ran(10.0, 1200)).await.must_be(201);
    runner.post("/api/v1/runs", ran(10.0, 36_000)).await.must_be(201);
    let too_fast = [("duration_seconds", "implausible_pace")];
    runner.post("/api/v1/runs", ran(10.0, 1199)).await.must_blame(&too_fast);
    runner.post("/api/v1/runs", ran(10.0, 36_001)).await.must_blame(&too_fast);

    // A change of one is judged with the stored other.
    let path = runner.run().await;
    runner.patch(&path, json!({ "distance_km": 30 })).await.must_blame(&too_fast);
    runner
        .patch(&path, json!({ "duration_minutes": 5 }))
        .await
        .must_blame(&[("duration_minutes", "implausible_pace")]);
    runner
        .patch(&path, json!({ "max_heart_rate": 170, "average_heart_rate": 160 }))
        .await
        .must_be(200);
    runner
        .patch(&path, json!({ "max_heart_rate": 150 }))
        .await
        .must_blame(&[("average_heart_rate", "above_maximum")]);
}

#[tokio::test]
async fn bounds_are_inclusive() {
    let api = Api::start().await;
    let runner = api.runner();
    let week = with(run(), json!({ "distance_km": 1000, "duration_seconds": 604_800 }));
    runner.post("/api/v1/runs", week).await.must_be(201);
    let sprint = with(run(), json!({ "distance_km": 0.01, "duration_seconds": 2 }));
    runner.post("/api/v1/runs", sprint).await.must_be(201);
    let edges = json!({
        "average_heart_rate": 20, "max_heart_rate": 260, "elevation_gain_m": 20_000, "perceived_effort": 1,
        "notes": "ä".repeat(10_000),
    });
    runner.post("/api/v1/runs", with(run(), edges)).await.must_be(201);
    let beyond = json!({
        "distance_km": 1000.001, "duration_seconds": 604_801, "average_heart_rate": 19, "max_heart_rate": 261,
        "elevation_gain_m": 20_000.1, "perceived_effort": 1.5, "notes": "ä".repeat(10_001),
    });
    let named = runner.post("/api/v1/runs", with(run(), beyond)).await.violations();
    assert_eq!(named.len(), 7, "{named:?}");
}
