use serde_json::{Value, json};

use crate::api::{Api, id_of, run, with, without};

#[tokio::test]
async fn a_run_is_recorded() {
    let api = Api::start().await;
    let answer = api.runner().post("/api/v1/runs", run()).await.must_be(201);

    let recorded = answer.json();
    let id = recorded["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), Some(format!("/api/v1/runs/{id}").as_str()));
    assert_eq!(
        (answer.header("etag"), answer.header("trainer-position")),
        (Some("\"1\""), Some("1"))
    );
    let expected = json!({
        "id": id, "plan_id": null, "workout_id": null, "actual_date": "2026-04-12", "started_at": null,
        "distance_km": 10.0, "duration_minutes": 50.48, "duration_seconds": 3029, "average_pace": 5.05, "pace": "5:03/km",
        "average_heart_rate": null, "max_heart_rate": null, "elevation_gain_m": null, "perceived_effort": null,
        "is_race": false, "notes": null, "source": "manual", "external_id": null, "version": 1,
        "created_at": recorded["created_at"], "updated_at": recorded["created_at"],
    });
    assert_eq!(recorded, expected);
    assert_eq!(api.events_after(0).await, ["run.recorded"]);
}

fn whole() -> Value {
    json!({
        "started_at": "2026-04-11T23:30:00.123456-05:00", "distance_km": 21.0975, "duration_minutes": 105.5,
        "average_heart_rate": 150, "max_heart_rate": 180, "elevation_gain_m": 123.4, "perceived_effort": 8,
        "is_race": true, "notes": "🏅 'fast'",
    })
}

#[tokio::test]
async fn every_field_of_a_run_is_kept() {
    let api = Api::start().await;
    let recorded = api.runner().post("/api/v1/runs", whole()).await.must_be(201).json();
    for (field, value) in [
        ("actual_date", json!("2026-04-11")),
        ("started_at", json!("2026-04-11T23:30:00.123456-05:00")),
        ("distance_km", json!(21.098)),
        ("duration_seconds", json!(6330)),
        ("average_heart_rate", json!(150)),
        ("max_heart_rate", json!(180)),
        ("elevation_gain_m", json!(123)),
        ("perceived_effort", json!(8)),
        ("is_race", json!(true)),
        ("notes", json!("🏅 'fast'")),
    ] {
        assert_eq!(recorded[field], value, "{field}");
    }
}

#[tokio::test]
async fn a_run_is_replaced_as_a_whole() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = runner
        .post("/api/v1/runs", whole())
        .await
        .must_be(201)
        .header("location")
        .unwrap()
        .to_owned();

    let answer = runner.put(&path, run()).await.must_be(200);

    assert_eq!(answer.header("etag"), Some("\"2\""));
    let replaced = answer.json();
    assert_eq!(
        (&replaced["actual_date"], &replaced["is_race"]),
        (&json!("2026-04-12"), &json!(false))
    );
    for field in [
        "started_at",
        "average_heart_rate",
        "max_heart_rate",
        "elevation_gain_m",
        "perceived_effort",
        "notes",
    ] {
        assert_eq!(replaced[field], Value::Null, "{field}");
    }
    assert_eq!(api.events_after(1).await, ["run.corrected"]);
    runner
        .put(&path, without(run(), "distance_km"))
        .await
        .must_blame(&[("distance_km", "required")]);
}

#[tokio::test]
async fn what_was_answered_can_be_sent_back() {
    let api = Api::start().await;
    let runner = api.runner();
    for seconds in (1200..1320).step_by(7) {
        let body = with(
            without(whole(), "duration_minutes"),
            json!({ "duration_seconds": seconds, "distance_km": 5 }),
        );
        let recorded = runner.post("/api/v1/runs", body).await.must_be(201);
        let path = recorded.header("location").unwrap();
        let mut back = recorded.json();
        for read_only in [
            "id",
            "plan_id",
            "average_pace",
            "pace",
            "source",
            "external_id",
            "created_at",
            "updated_at",
            "version",
        ] {
            back.as_object_mut().unwrap().remove(read_only);
        }
        assert_eq!(runner.put(path, back.clone()).await.must_be(200).header("etag"), Some("\"1\""));
        assert_eq!(runner.patch(path, back).await.must_be(200).header("etag"), Some("\"1\""));
    }
}

#[tokio::test]
async fn a_run_is_changed_in_part() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = runner
        .post("/api/v1/runs", whole())
        .await
        .must_be(201)
        .header("location")
        .unwrap()
        .to_owned();
    let change = async |body: Value| runner.patch(&path, body).await.must_be(200).json();

    assert_eq!(change(json!({})).await["version"], 1);
    let changed = change(json!({ "notes": null, "duration_seconds": 6000, "is_race": null })).await;
    assert_eq!(
        (&changed["notes"], &changed["duration_minutes"], &changed["is_race"]),
        (&Value::Null, &json!(100.0), &json!(false))
    );
    assert_eq!((&changed["max_heart_rate"], &changed["version"]), (&json!(180), &json!(2)));

    // A beginning on another day than the run's cannot be right any more.
    let moved = change(json!({ "actual_date": "2026-04-10" })).await;
    assert_eq!((&moved["actual_date"], &moved["started_at"]), (&json!("2026-04-10"), &Value::Null));
    let moved = change(json!({ "started_at": "2026-04-09T06:00:00Z" })).await;
    assert_eq!(
        (&moved["actual_date"], &moved["started_at"]),
        (&json!("2026-04-09"), &json!("2026-04-09T06:00:00Z"))
    );
    let cleared = change(json!({ "started_at": null })).await;
    assert_eq!(
        (&cleared["actual_date"], &cleared["started_at"]),
        (&json!("2026-04-09"), &Value::Null)
    );

    runner
        .patch(&path, json!({ "distance_km": null, "duration_minutes": null, "actual_date": null }))
        .await
        .must_blame(&[
            ("distance_km", "required"),
            ("duration_minutes", "required"),
            ("actual_date", "required"),
        ]);
    // One that stands for the other makes up for it.
    change(json!({ "duration_minutes": null, "duration_seconds": 6001, "actual_date": null, "started_at": "2026-04-09T06:00:00Z" })).await;
}

#[tokio::test]
async fn the_same_instant_under_another_offset_may_be_another_day() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = runner
        .post("/api/v1/runs", whole())
        .await
        .must_be(201)
        .header("location")
        .unwrap()
        .to_owned();

    let moved = runner
        .patch(&path, json!({ "started_at": "2026-04-12T06:30:00.123456+02:00" }))
        .await
        .must_be(200)
        .json();
    assert_eq!(
        (&moved["actual_date"], &moved["started_at"]),
        (&json!("2026-04-12"), &json!("2026-04-12T06:30:00.123456+02:00"))
    );
    let same_day = runner
        .patch(&path, json!({ "started_at": "2026-04-12T05:30:00.123456+01:00" }))
        .await
        .must_be(200)
        .json();
    assert_eq!(same_day["started_at"], "2026-04-12T05:30:00.123456+01:00");
}

#[tokio::test]
async fn a_deleted_run_is_gone() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = runner.run().await;

    let answer = runner.delete(&path).await.must_be(204);
    assert_eq!((answer.header("trainer-position"), answer.bytes.len()), (Some("2"), 0));
    runner.delete(&path).await.must_be(404);
    runner.put(&path, run()).await.must_be(404);
    runner.patch(&path, json!({})).await.must_be(404);
    runner.post(&format!("{path}/unmatch"), Value::Null).await.must_be(404);
    let plan = runner.plan().await;
    let workout = runner.workout(&plan).await;
    runner
        .post(&format!("{path}/match"), json!({ "workout_id": id_of(&workout) }))
        .await
        .must_be(404);
}
