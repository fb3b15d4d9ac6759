use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::Api;

#[tokio::test]
async fn a_run_reads_as_the_contract_says() {
    let api = Api::start().await;
    let runner = api.runner();
    let (plan, workout) = (Uuid::now_v7(), Uuid::now_v7());
    let id = runner
        .run(json!({
            "plan_id": plan, "workout_id": workout, "actual_date": "2026-04-12", "distance_m": 21_098,
            "duration_s": 6_543, "started_at": "2026-04-11T22:30:00Z", "started_offset_s": 7_200,
            "average_heart_rate": 151, "max_heart_rate": 178, "elevation_gain_m": 120, "perceived_effort": 7,
            "is_race": true, "notes": "windy", "source": "strava", "external_id": "123", "version": 4,
        }))
        .await;
    let answer = runner.get(&format!("/api/v1/runs/{id}")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("etag"), Some("\"4\""));
    assert_eq!(
        answer.json(),
        json!({
            "id": id, "plan_id": plan, "workout_id": workout, "actual_date": "2026-04-12",
            "started_at": "2026-04-12T00:30:00+02:00", "distance_km": 21.098, "duration_minutes": 109.05,
            "duration_seconds": 6_543, "average_pace": 5.17, "pace": "5:10/km", "average_heart_rate": 151,
            "max_heart_rate": 178, "elevation_gain_m": 120, "perceived_effort": 7, "is_race": true, "notes": "windy",
            "source": "strava", "external_id": "123", "created_at": "2026-03-01T08:00:00Z",
            "updated_at": "2026-03-01T08:00:00Z", "version": 4,
        })
    );
    assert_eq!(
        runner.get_with(&format!("/api/v1/runs/{id}"), &[("if-none-match", "\"4\"")]).await.status,
        304
    );
}

#[tokio::test]
async fn anothers_run_is_not_there() {
    let api = Api::start().await;
    let (runner, other) = (api.runner(), api.runner());
    let (plan, workout) = (other.plan(json!({})).await, Uuid::now_v7());
    let run = other.run(json!({"plan_id": plan, "workout_id": workout})).await;
    for id in [run, Uuid::now_v7()] {
        let answer = runner.get(&format!("/api/v1/runs/{id}")).await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.json()["detail"], "there is no such run");
    }
    for query in [String::new(), format!("plan_id={plan}"), format!("workout_id={workout}")] {
        let empty = json!({"items": [], "next_cursor": null});
        assert_eq!(runner.read(&format!("/api/v1/runs?{query}")).await, empty, "{query}");
    }
}

#[tokio::test]
async fn runs_are_listed_newest_first() {
    let api = Api::start().await;
    let runner = api.runner();
    // Newest first: by day, then by the hour it began, without an hour last; equal ones by their ids.
    let sorted = [
        ("2026-04-12", Some("2026-04-12T18:00:00Z")),
        ("2026-04-12", Some("2026-04-12T06:00:00.000001Z")),
        ("2026-04-12", Some("2026-04-12T06:00:00Z")),
        ("2026-04-12", Some("2026-04-12T06:00:00Z")),
        ("2026-04-12", None),
        ("2026-04-12", None),
        ("2026-04-11", Some("2026-04-12T09:00:00Z")),
        ("2026-01-01", None),
        ("2025-12-31", None),
    ];
    let mut ids = (0..sorted.len()).map(|_| Uuid::now_v7()).collect::<Vec<_>>();
    ids.sort_by(|one, other| other.cmp(one));
    let plan = runner.plan(json!({})).await;
    let workout = Uuid::now_v7();
    for index in [5, 2, 8, 0, 4, 7, 1, 6, 3] {
        let (actual_date, started_at) = sorted[index];
        runner
            .run(json!({"run_id": ids[index], "actual_date": actual_date, "started_at": started_at, "plan_id": plan,
                "workout_id": workout}))
            .await;
    }
    let expected = ids.iter().map(|id| json!(id)).collect::<Vec<_>>();
    for limit in [1, 2, 3, 9, 100] {
        for path in [
            "/api/v1/runs".to_owned(),
            format!("/api/v1/runs?plan_id={plan}"),
            format!("/api/v1/runs?workout_id={workout}"),
            format!("/api/v1/plans/{plan}/runs"),
        ] {
            let pages = runner.pages(&path, limit).await;
            assert_eq!(pages.concat(), expected, "{path}, {limit} a page");
            assert_eq!(pages.len(), 9_usize.div_ceil(limit), "{path}, {limit} a page");
        }
    }
}

#[tokio::test]
async fn runs_are_filtered() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan(json!({})).await;
    let (workout, other_workout) = (Uuid::now_v7(), Uuid::now_v7());
    for (notes, day, source, plan, workout) in [
        ("a", "2026-04-13", "manual", Some(plan), Some(workout)),
        ("b", "2026-04-12", "file", None, None),
        ("c", "2026-04-11", "strava", Some(plan), Some(other_workout)),
        ("d", "2026-04-10", "manual", None, None),
    ] {
        runner
            .run(json!({"notes": notes, "actual_date": day, "source": source, "plan_id": plan, "workout_id": workout}))
            .await;
    }
    for (query, expected) in [
        ("from=2026-04-12".to_owned(), "ab"),
        ("to=2026-04-12".to_owned(), "bcd"),
        ("from=2026-04-11&to=2026-04-12".to_owned(), "bc"),
        ("source=manual".to_owned(), "ad"),
        ("source=strava".to_owned(), "c"),
        (format!("plan_id={plan}"), "ac"),
        (format!("plan_id={plan}&source=manual"), "a"),
        (format!("workout_id={workout}"), "a"),
        (format!("workout_id={workout}&plan_id={plan}"), "a"),
        (format!("workout_id={workout}&plan_id={}", Uuid::now_v7()), ""),
        (format!("workout_id={}", Uuid::now_v7()), ""),
        (String::new(), "abcd"),
    ] {
        let path = format!("/api/v1/runs?{query}");
        let notes = runner.listed(&path, "notes").await;
        assert_eq!(notes.iter().filter_map(Value::as_str).collect::<String>(), expected, "{path}");
    }
    let of_plan = runner
        .listed(&format!("/api/v1/plans/{plan}/runs?from=2026-04-12&source=manual"), "notes")
        .await;
    assert_eq!(of_plan, ["a"]);
}
