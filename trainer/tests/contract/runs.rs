//! Runs.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::runner::Runner;
use crate::training::{each, ids, in_days, run, with, without};

#[tokio::test]
async fn a_new_run_has_everything_the_contract_lists() {
    let runner = Runner::new().await;
    let whole = json!({
        "started_at": "2025-03-05T07:30:00+02:00", "distance_km": 21.0975, "duration_seconds": 5_400,
        "average_heart_rate": 150, "max_heart_rate": 171, "elevation_gain_m": 120, "perceived_effort": 8,
        "is_race": true, "notes": "Windy",
    });
    let created = runner.post("/api/v1/runs", whole).await.must_be(201);
    assert_eq!(created.version(), 1);
    let run = created.json();
    let path = format!("/api/v1/runs/{}", run["id"].as_str().unwrap());
    assert_eq!(created.header("location"), Some(path.as_str()));
    let said = json!({
        "id": run["id"], "plan_id": null, "workout_id": null, "actual_date": "2025-03-05",
        "started_at": "2025-03-05T07:30:00+02:00", "distance_km": 21.098, "duration_minutes": 90.0,
        "duration_seconds": 5_400, "average_pace": 4.27, "pace": "4:16/km", "average_heart_rate": 150,
        "max_heart_rate": 171, "elevation_gain_m": 120, "perceived_effort": 8, "is_race": true, "notes": "Windy",
        "source": "manual", "external_id": null, "created_at": run["created_at"], "updated_at": run["created_at"],
        "version": 1,
    });
    assert_eq!(run, said);
    assert_eq!(runner.see(&path).await, run);
    assert_eq!(runner.list("/api/v1/runs").await, [run]);
}

#[tokio::test]
async fn a_run_took_so_many_minutes_or_seconds() {
    let runner = Runner::new().await;
    let bare = without(run(), "duration_minutes");
    for (said, seconds, minutes, pace, words) in [
        (json!({ "duration_minutes": 50.5 }), 3_030, 50.5, 5.05, "5:03/km"),
        (json!({ "duration_minutes": 50.483 }), 3_029, 50.48, 5.05, "5:03/km"),
        (json!({ "duration_seconds": 3_029 }), 3_029, 50.48, 5.05, "5:03/km"),
        (
            json!({ "duration_seconds": 3_029, "duration_minutes": 50.48 }),
            3_029,
            50.48,
            5.05,
            "5:03/km",
        ),
        (json!({ "duration_seconds": 3_595 }), 3_595, 59.92, 5.99, "6:00/km"),
    ] {
        let (run, path) = runner.run(with(json!({ "duration_minutes": null }), said.clone())).await;
        assert_eq!(
            (&run["duration_seconds"], &run["duration_minutes"]),
            (&json!(seconds), &json!(minutes)),
            "{said}"
        );
        assert_eq!((&run["average_pace"], &run["pace"]), (&json!(pace), &json!(words)), "{said}");
        assert_eq!(runner.see(&path).await, run);
    }
    for wrong in [
        json!({}),
        json!({ "duration_seconds": 0 }),
        json!({ "duration_seconds": 604_801 }),
        json!({ "duration_seconds": 3_029.5 }),
        json!({ "duration_seconds": "3029" }),
        json!({ "duration_minutes": 0 }),
        json!({ "duration_minutes": 10_080.1 }),
        json!({ "duration_minutes": -50 }),
        json!({ "duration_minutes": "50" }),
        json!({ "duration_minutes": null, "duration_seconds": null }),
        json!({ "duration_minutes": 50, "duration_seconds": 3_100 }),
    ] {
        let blamed = runner.post("/api/v1/runs", with(bare.clone(), wrong.clone())).await.blames();
        assert!(blamed.keys().all(|field| field.starts_with("duration_")), "{wrong}: {blamed:?}");
    }
    // Both ends, with distances that go with them.
    runner.run(json!({ "distance_km": 1000, "duration_minutes": 10_080 })).await;
    runner
        .run(json!({ "distance_km": 0.01, "duration_minutes": null, "duration_seconds": 2 }))
        .await;
}

#[tokio::test]
async fn a_pace_that_nobody_runs_is_a_422_on_the_duration() {
    let runner = Runner::new().await;
    for (kilometres, seconds, possible) in [
        (10.0, 1_200, true),
        (10.0, 1_199, false),
        (10.0, 36_000, true),
        (10.0, 36_001, false),
        (0.01, 36, true),
        (0.01, 37, false),
        (0.01, 1, false),
        (1000.0, 604_800, true),
    ] {
        let seconds_said = json!({ "distance_km": kilometres, "duration_minutes": null, "duration_seconds": seconds });
        let minutes = f64::from(seconds) / 60.0;
        for (said, field) in [
            (seconds_said, "duration_seconds"),
            (json!({ "distance_km": kilometres, "duration_minutes": minutes }), "duration_minutes"),
        ] {
            let answer = runner.post("/api/v1/runs", with(run(), said.clone())).await;
            if possible {
                answer.must_be(201);
            } else {
                assert_eq!(answer.blames().keys().collect::<Vec<_>>(), [field], "{said}");
            }
        }
    }
    let (created, path) = runner.run(json!({})).await;
    let blamed = runner.patch(&path, json!({ "distance_km": 100 })).await.blames();
    assert!(blamed.keys().all(|field| field.starts_with("duration_")), "{blamed:?}");
    assert_eq!(runner.see(&path).await, created);
}

#[tokio::test]
async fn a_runs_day_follows_from_when_it_began() {
    let runner = Runner::new().await;
    let bare = json!({ "distance_km": 10, "duration_minutes": 50 });
    for (began, day) in [
        ("2025-03-05T23:30:00-08:00", "2025-03-05"),
        ("2025-03-05T00:30:00+14:00", "2025-03-05"),
        ("2025-03-05T23:59:59.999Z", "2025-03-05"),
    ] {
        let run = runner
            .post("/api/v1/runs", with(bare.clone(), json!({ "started_at": began })))
            .await
            .must_be(201);
        let run = run.json();
        assert_eq!(run["actual_date"], day);
        let said =
            chrono::DateTime::parse_from_rfc3339(run["started_at"].as_str().unwrap()).unwrap();
        let meant = chrono::DateTime::parse_from_rfc3339(began).unwrap();
        assert_eq!((said, said.offset()), (meant, meant.offset()), "{run}");
        assert_eq!(runner.see(format!("/api/v1/runs/{}", run["id"].as_str().unwrap())).await, run);
    }
    let both = json!({ "started_at": "2025-03-05T07:00:00Z", "actual_date": "2025-03-05" });
    runner.post("/api/v1/runs", with(bare.clone(), both)).await.must_be(201);
    let tomorrow = format!("{}T00:30:00+01:00", in_days(1));
    runner
        .post("/api/v1/runs", with(bare.clone(), json!({ "started_at": tomorrow })))
        .await
        .must_be(201);
    for wrong in [
        json!({}),
        json!({ "started_at": null, "actual_date": null }),
        json!({ "started_at": "2025-03-05T07:00:00" }),
        json!({ "started_at": "2025-03-05" }),
        json!({ "started_at": "2025-02-30T07:00:00Z" }),
        json!({ "started_at": 1_741_158_000 }),
        json!({ "started_at": format!("{}T00:30:00Z", in_days(3)) }),
        json!({ "started_at": "2025-03-05T07:00:00Z", "actual_date": "2025-03-06" }),
    ] {
        let blamed = runner.post("/api/v1/runs", with(bare.clone(), wrong.clone())).await.blames();
        assert!(
            blamed.keys().all(|field| ["started_at", "actual_date"].contains(&field.as_str())),
            "{wrong}: {blamed:?}"
        );
    }
}

#[tokio::test]
async fn a_corrected_beginning_moves_the_day_and_a_corrected_day_drops_the_beginning() {
    let runner = Runner::new().await;
    let (_, path) = runner.run(json!({ "started_at": "2025-03-05T07:00:00+02:00" })).await;
    let later = runner
        .patch(&path, json!({ "started_at": "2025-03-06T07:00:00+02:00" }))
        .await
        .must_be(200)
        .json();
    assert_eq!(later["actual_date"], "2025-03-06");
    let same =
        runner.patch(&path, json!({ "actual_date": "2025-03-06" })).await.must_be(200).json();
    assert_eq!(same["started_at"], "2025-03-06T07:00:00+02:00");
    let other =
        runner.patch(&path, json!({ "actual_date": "2025-03-07" })).await.must_be(200).json();
    assert_eq!((&other["started_at"], &other["actual_date"]), (&json!(null), &json!("2025-03-07")));
    runner
        .patch(&path, json!({ "started_at": "2025-03-08T23:00:00Z", "actual_date": "2025-03-09" }))
        .await
        .problem(422);
    assert_eq!(runner.see(&path).await, other);
}

#[tokio::test]
async fn an_average_heart_rate_is_not_above_the_maximum() {
    let runner = Runner::new().await;
    let rates = |average: Value, max: Value| json!({ "average_heart_rate": average, "max_heart_rate": max });
    let (_, path) = runner.run(rates(json!(150), json!(150))).await;
    let refused =
        runner.post("/api/v1/runs", with(run(), rates(json!(151), json!(150)))).await.blames();
    assert_eq!(refused.keys().collect::<Vec<_>>(), ["average_heart_rate"]);
    runner.patch(&path, json!({ "average_heart_rate": 151 })).await.problem(422);
    runner.patch(&path, json!({ "max_heart_rate": 149 })).await.problem(422);
    runner.patch(&path, rates(json!(151), json!(152))).await.must_be(200);
    runner.patch(&path, rates(json!(200), json!(null))).await.must_be(200);
}

#[tokio::test]
async fn a_put_replaces_a_run_and_a_patch_only_what_it_names() {
    let runner = Runner::new().await;
    let details =
        json!({ "notes": "x", "perceived_effort": 5, "is_race": true, "elevation_gain_m": 12.4 });
    let (created, path) = runner.run(details).await;
    assert_eq!(created["elevation_gain_m"], 12);
    let patched =
        runner.patch(&path, json!({ "duration_seconds": 3_300 })).await.must_be(200).json();
    let changed = json!({
        "duration_seconds": 3_300, "duration_minutes": 55.0, "average_pace": 5.5, "pace": "5:30/km", "version": 2,
        "updated_at": patched["updated_at"],
    });
    assert_eq!(patched, with(created.clone(), changed));
    assert_eq!(runner.see(&path).await, patched);

    let put = runner.put(&path, run()).await.must_be(200).json();
    for field in ["notes", "perceived_effort", "elevation_gain_m"] {
        assert_eq!(put[field], Value::Null, "{field}");
    }
    assert_eq!(
        (&put["is_race"], &put["duration_seconds"], &put["version"]),
        (&json!(false), &json!(3_000), &json!(3))
    );
    assert_eq!((&put["created_at"], &put["source"]), (&created["created_at"], &json!("manual")));
    assert_eq!(runner.see(&path).await, put);
    for field in ["duration_minutes", "duration_seconds", "actual_date", "distance_km"] {
        runner.patch(&path, json!({ field: null })).await.problem(422);
    }
}

#[tokio::test]
async fn runs_are_listed_with_the_newest_first() {
    let runner = Runner::new().await;
    let early = |time: &str| json!({ "actual_date": "2025-03-05", "started_at": format!("2025-03-05T{time}Z") });
    for (notes, when) in [
        ("morning", early("06:00:00")),
        ("oldest", json!({ "actual_date": "2024-12-31" })),
        ("newest", json!({ "actual_date": "2025-03-06" })),
        ("evening", early("18:00:00")),
    ] {
        runner.run(with(when, json!({ "notes": notes }))).await;
    }
    let runs = runner.list("/api/v1/runs").await;
    assert_eq!(each(&runs, "notes"), ["newest", "evening", "morning", "oldest"]);
}

#[tokio::test]
async fn runs_are_found_by_day_workout_plan_and_source() {
    let runner = Runner::new().await;
    let (plan, path) = runner.plan(json!({})).await;
    let (workout, _) = runner.workout(&plan, json!({})).await;
    let (matched, _) =
        runner.run(json!({ "workout_id": workout["id"], "actual_date": "2025-03-07" })).await;
    let (free, _) = runner.run(json!({ "actual_date": "2025-03-01" })).await;
    let (matched, free) = (matched["id"].as_str().unwrap(), free["id"].as_str().unwrap());
    let (plan_id, workout_id) = (plan["id"].as_str().unwrap(), workout["id"].as_str().unwrap());
    for (query, found) in [
        ("".to_owned(), vec![matched, free]),
        ("from=2025-03-01&to=2025-03-07".to_owned(), vec![matched, free]),
        ("from=2025-03-02".to_owned(), vec![matched]),
        ("to=2025-03-06".to_owned(), vec![free]),
        ("from=2025-03-02&to=2025-03-06".to_owned(), vec![]),
        (format!("plan_id={plan_id}"), vec![matched]),
        (format!("workout_id={workout_id}"), vec![matched]),
        (format!("workout_id={workout_id}&plan_id={plan_id}"), vec![matched]),
        (format!("workout_id={workout_id}&plan_id={}", Uuid::now_v7()), vec![]),
        (format!("plan_id={}", Uuid::now_v7()), vec![]),
        ("source=manual".to_owned(), vec![matched, free]),
        ("source=file".to_owned(), vec![]),
        ("source=strava".to_owned(), vec![]),
    ] {
        assert_eq!(ids(&runner.list(format!("/api/v1/runs?{query}")).await), found, "{query}");
    }
    assert_eq!(ids(&runner.list(format!("{path}/runs")).await), [matched]);
    assert_eq!(ids(&runner.list(format!("{path}/runs?from=2025-03-08")).await), Vec::<&str>::new());
}
