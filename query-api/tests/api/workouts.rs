use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::Api;

#[tokio::test]
async fn a_workout_reads_as_the_contract_says() {
    let api = Api::start().await;
    let runner = api.runner();
    let (plan, run) = (runner.plan(json!({})).await, Uuid::now_v7());
    let id = runner
        .workout(
            plan,
            json!({
                "name": "Tempo", "workout_type": "tempo", "description": "", "scheduled_date": "2026-04-14",
                "distance_m": 8_050, "duration_minutes": 45, "target_pace_fast_s_per_km": 250,
                "target_pace_slow_s_per_km": 265, "status": "completed", "run_id": run, "version": 2,
            }),
        )
        .await;
    let answer = runner.get(&format!("/api/v1/workouts/{id}")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("etag"), Some("\"2\""));
    assert_eq!(
        answer.json(),
        json!({
            "id": id, "plan_id": plan, "name": "Tempo", "workout_type": "tempo", "description": "",
            "scheduled_date": "2026-04-14", "distance_km": 8.05, "duration_minutes": 45,
            "target_pace_fast_s_per_km": 250, "target_pace_slow_s_per_km": 265, "status": "completed", "run_id": run,
            "created_at": "2026-03-01T08:00:00Z", "updated_at": "2026-03-01T08:00:00Z", "version": 2,
        })
    );
    let answer =
        runner.get_with(&format!("/api/v1/workouts/{id}"), &[("if-none-match", "\"2\"")]).await;
    assert_eq!(answer.status, 304);
}

#[tokio::test]
async fn anothers_workout_is_not_there() {
    let api = Api::start().await;
    let (runner, other) = (api.runner(), api.runner());
    let plan = other.plan(json!({})).await;
    let workout = other.workout(plan, json!({})).await;
    for id in [workout, Uuid::now_v7()] {
        let answer = runner.get(&format!("/api/v1/workouts/{id}")).await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.json()["detail"], "there is no such workout");
    }
    assert_eq!(
        runner.listed(&format!("/api/v1/workouts?plan_id={plan}"), "id").await,
        Vec::<Value>::new()
    );
    assert_eq!(runner.listed("/api/v1/workouts", "id").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_planned_workout_of_a_past_day_is_missed_even_to_who_has_the_version() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan(json!({})).await;
    let state = async |columns| {
        let path = format!("/api/v1/workouts/{}", runner.workout(plan, columns).await);
        let again = runner.get_with(&path, &[("if-none-match", "\"1\"")]).await;
        (runner.read(&path).await["status"].clone(), again.status.as_u16())
    };
    assert_eq!(state(json!({"scheduled_date": "2026-04-14"})).await, (json!("missed"), 200));
    assert_eq!(state(json!({"scheduled_date": "2026-04-15"})).await, (json!("planned"), 304));
    assert_eq!(state(json!({"scheduled_date": null})).await, (json!("planned"), 304));
    let skipped = json!({"scheduled_date": "2026-04-14", "status": "skipped"});
    assert_eq!(state(skipped).await, (json!("skipped"), 304));
}

#[tokio::test]
async fn workouts_are_listed_by_day_then_name_and_undated_last() {
    let api = Api::start().await;
    let runner = api.runner();
    let (plan, other_plan) = (runner.plan(json!({})).await, runner.plan(json!({})).await);
    // Names in the order of their characters; equal ones in the order of their ids.
    let sorted = [
        (plan, Some("2026-04-01"), "Zebra"),
        (other_plan, Some("2026-04-02"), "B"),
        (plan, Some("2026-04-02"), "a"),
        (plan, Some("2026-04-02"), "same"),
        (other_plan, Some("2026-04-02"), "same"),
        (plan, Some("2026-04-02"), "same"),
        (plan, Some("2026-04-02"), "ä 🏃"),
        (plan, None, "Anything"),
        (other_plan, None, "anything"),
        (plan, None, "anything"),
    ];
    let mut ids = (0..sorted.len()).map(|_| Uuid::now_v7()).collect::<Vec<_>>();
    ids.sort();
    for index in [7, 2, 9, 0, 4, 6, 1, 3, 8, 5] {
        let (plan, scheduled_date, name) = sorted[index];
        let row = json!({"workout_id": ids[index], "scheduled_date": scheduled_date, "name": name});
        runner.workout(plan, row).await;
    }
    let expected = ids.iter().map(|id| json!(id)).collect::<Vec<_>>();
    let of_plan = (0..sorted.len())
        .filter(|index| sorted[*index].0 == plan)
        .map(|index| json!(ids[index]))
        .collect::<Vec<_>>();
    for limit in [1, 2, 3, 7, 10, 100] {
        let pages = runner.pages("/api/v1/workouts", limit).await;
        assert_eq!(pages.concat(), expected, "{limit} a page");
        assert_eq!(pages.len(), 10_usize.div_ceil(limit), "{limit} a page");
        let pages = runner.pages(&format!("/api/v1/plans/{plan}/workouts"), limit).await;
        assert_eq!(pages.concat(), of_plan, "{limit} a page");
        let pages = runner.pages(&format!("/api/v1/workouts?plan_id={plan}"), limit).await;
        assert_eq!(pages.concat(), of_plan, "{limit} a page");
    }
}

#[tokio::test]
async fn workouts_are_filtered() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan(json!({})).await;
    for (name, day, workout_type, status) in [
        ("a", Some("2026-04-13"), "easy_run", "planned"),
        ("b", Some("2026-04-14"), "long_run", "completed"),
        ("c", Some("2026-04-14"), "easy_run", "skipped"),
        ("d", Some("2026-04-15"), "tempo", "planned"),
        ("e", Some("2026-04-16"), "easy_run", "completed"),
        ("f", None, "easy_run", "planned"),
    ] {
        let row = json!({"name": name, "scheduled_date": day, "workout_type": workout_type, "status": status});
        runner.workout(plan, row).await;
    }
    let empty_plan = runner.plan(json!({})).await;
    for (query, expected) in [
        ("from=2026-04-14", "bcde"),
        ("to=2026-04-14", "abc"),
        ("from=2026-04-14&to=2026-04-14", "bc"),
        ("from=2026-04-17", ""),
        ("workout_type=easy_run", "acef"),
        ("workout_type=rest", ""),
        ("status=planned", "df"),
        ("status=missed", "a"),
        ("status=completed", "be"),
        ("status=skipped", "c"),
        ("status=completed&workout_type=easy_run&from=2026-04-15&to=2026-04-16", "e"),
        ("status=missed&from=2026-04-14", ""),
        ("", "abcdef"),
    ] {
        for path in [
            format!("/api/v1/workouts?{query}"),
            format!("/api/v1/workouts?{query}&plan_id={plan}"),
            format!("/api/v1/plans/{plan}/workouts?{query}"),
        ] {
            let names = runner.listed(&path, "name").await;
            assert_eq!(
                names.iter().filter_map(Value::as_str).collect::<String>(),
                expected,
                "{path}"
            );
            let pages = runner.pages(&path, 1).await;
            assert_eq!(pages.concat().len(), expected.len(), "{path}");
        }
    }
    for path in [
        format!("/api/v1/workouts?plan_id={empty_plan}"),
        format!("/api/v1/plans/{empty_plan}/workouts"),
    ] {
        assert_eq!(runner.read(&path).await, json!({"items": [], "next_cursor": null}));
    }
}
