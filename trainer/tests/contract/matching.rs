//! Runs and the workouts they fulfil.

use serde_json::{Value, json};

use crate::runner::Runner;
use crate::training::{run, with};

/// A plan with two workouts, and the paths of all three.
struct Scene {
    runner: Runner,
    plan_path: String,
    first: Value,
    first_path: String,
    second: Value,
    second_path: String,
}

impl Scene {
    async fn set() -> Self {
        let runner = Runner::new().await;
        let (plan, plan_path) = runner.plan(json!({})).await;
        let (first, first_path) = runner.workout(&plan, json!({ "name": "first" })).await;
        let (second, second_path) = runner.workout(&plan, json!({ "name": "second" })).await;
        Self { runner, plan_path, first, first_path, second, second_path }
    }

    /// Where something stands, and its version.
    async fn stands(&self, path: &str) -> (Value, i64) {
        let is = self.runner.see(path).await;
        (is["status"].clone(), is["version"].as_i64().unwrap())
    }

    async fn fulfils(&self, run_path: &str) -> (Value, i64) {
        let is = self.runner.see(run_path).await;
        assert_eq!(is["plan_id"].is_null(), is["workout_id"].is_null());
        (is["workout_id"].clone(), is["version"].as_i64().unwrap())
    }
}

#[tokio::test]
async fn a_run_recorded_for_a_workout_completes_it_and_each_version_counts_its_own() {
    let scene = Scene::set().await;
    assert_eq!(scene.stands(&scene.plan_path).await.1, 3);
    let (run, run_path) = scene.runner.run(json!({ "workout_id": scene.first["id"] })).await;
    assert_eq!(
        (&run["workout_id"], &run["plan_id"]),
        (&scene.first["id"], &scene.first["plan_id"])
    );
    assert_eq!(run["version"], 2, "it was recorded and matched");
    assert_eq!(scene.runner.see(&run_path).await, run);
    assert_eq!(scene.stands(&scene.first_path).await, (json!("completed"), 2));
    assert_eq!(scene.runner.see(&scene.first_path).await["run_id"], run["id"]);
    assert_eq!(scene.stands(&scene.plan_path).await.1, 4);
    assert_eq!(scene.stands(&scene.second_path).await, (json!("missed"), 1));
}

#[tokio::test]
async fn a_run_that_goes_reopens_its_workout() {
    let scene = Scene::set().await;
    let (_, run_path) = scene.runner.run(json!({ "workout_id": scene.first["id"] })).await;
    scene.runner.delete(&run_path).await.must_be(204);
    scene.runner.get(&run_path).await.problem(404);
    assert_eq!(scene.stands(&scene.first_path).await, (json!("missed"), 3));
    assert_eq!(scene.runner.see(&scene.first_path).await["run_id"], Value::Null);
    scene.runner.run(json!({ "workout_id": scene.first["id"] })).await;
}

#[tokio::test]
async fn matching_and_unmatching_are_seen_from_both_sides() {
    let scene = Scene::set().await;
    let (_, run_path) = scene.runner.run(json!({})).await;
    let to_first = json!({ "workout_id": scene.first["id"] });
    let matched =
        scene.runner.post(format!("{run_path}/match"), to_first.clone()).await.must_be(200);
    assert_eq!((matched.version(), &matched.json()["workout_id"]), (2, &scene.first["id"]));
    assert_eq!(scene.stands(&scene.first_path).await, (json!("completed"), 2));
    // Once more changes nothing.
    assert_eq!(
        scene.runner.post(format!("{run_path}/match"), to_first).await.must_be(200).version(),
        2
    );

    let unmatched = scene.runner.post(format!("{run_path}/unmatch"), json!({})).await.must_be(200);
    assert_eq!((unmatched.version(), &unmatched.json()["workout_id"]), (3, &Value::Null));
    assert_eq!(scene.stands(&scene.first_path).await, (json!("missed"), 3));
    assert_eq!(scene.fulfils(&run_path).await, (Value::Null, 3));
    scene.runner.post(format!("{run_path}/unmatch"), json!({})).await.problem(409);
    assert_eq!(scene.stands(&scene.plan_path).await.1, 5);
}

#[tokio::test]
async fn a_workout_has_one_run_and_a_run_one_workout() {
    let scene = Scene::set().await;
    let (one, one_path) = scene.runner.run(json!({ "workout_id": scene.first["id"] })).await;
    let (_, other_path) = scene.runner.run(json!({ "workout_id": scene.second["id"] })).await;
    let (_, free_path) = scene.runner.run(json!({})).await;
    let to_first = json!({ "workout_id": scene.first["id"] });
    let taken = [
        scene.runner.post("/api/v1/runs", with(run(), to_first.clone())).await,
        scene.runner.post(format!("{free_path}/match"), to_first.clone()).await,
        scene.runner.patch(&free_path, to_first.clone()).await,
        scene.runner.put(&free_path, with(run(), to_first.clone())).await,
        scene.runner.patch(&other_path, to_first.clone()).await,
    ];
    for answer in taken {
        let problem = answer.problem(409);
        assert!(problem.to_string().contains(one["id"].as_str().unwrap()), "{problem}");
    }
    let to_second = json!({ "workout_id": scene.second["id"] });
    let problem = scene.runner.post(format!("{one_path}/match"), to_second).await.problem(409);
    assert!(problem.to_string().contains(scene.first["id"].as_str().unwrap()), "{problem}");
    assert_eq!(scene.fulfils(&one_path).await, (scene.first["id"].clone(), 2));
    assert_eq!(scene.fulfils(&other_path).await, (scene.second["id"].clone(), 2));
    assert_eq!(scene.fulfils(&free_path).await, (Value::Null, 1));
    assert_eq!(
        scene.runner.list("/api/v1/runs").await.len(),
        3,
        "a refused run is not half stored"
    );
}

#[tokio::test]
async fn a_run_is_matched_and_unmatched_by_its_field_too() {
    let scene = Scene::set().await;
    let (_, run_path) = scene.runner.run(json!({ "workout_id": scene.first["id"] })).await;
    // A PATCH without the field leaves it.
    scene.runner.patch(&run_path, json!({ "notes": "x" })).await.must_be(200);
    assert_eq!(scene.fulfils(&run_path).await.0, scene.first["id"]);
    // To another workout, in one request.
    let moved = scene
        .runner
        .patch(&run_path, json!({ "workout_id": scene.second["id"] }))
        .await
        .must_be(200)
        .json();
    assert_eq!(moved["workout_id"], scene.second["id"]);
    assert_eq!(scene.stands(&scene.first_path).await.0, "missed");
    assert_eq!(scene.stands(&scene.second_path).await.0, "completed");
    // A PUT without it unmatches, as null does.
    scene.runner.put(&run_path, run()).await.must_be(200);
    assert_eq!(
        (scene.fulfils(&run_path).await.0, scene.stands(&scene.second_path).await.0),
        (json!(null), json!("missed"))
    );
    scene
        .runner
        .put(&run_path, with(run(), json!({ "workout_id": scene.first["id"] })))
        .await
        .must_be(200);
    scene.runner.patch(&run_path, json!({ "workout_id": null })).await.must_be(200);
    assert_eq!(
        (scene.fulfils(&run_path).await.0, scene.stands(&scene.first_path).await.0),
        (json!(null), json!("missed"))
    );
}

#[tokio::test]
async fn a_match_names_a_workout() {
    let scene = Scene::set().await;
    let (_, run_path) = scene.runner.run(json!({})).await;
    for (body, code) in [
        (json!({}), "required"),
        (json!({ "workout_id": null }), "required"),
        (json!({ "workout_id": 5 }), "wrong_type"),
        (json!({ "workout_id": "x" }), "invalid_id"),
    ] {
        let blamed = scene.runner.post(format!("{run_path}/match"), body).await.blames();
        assert_eq!(json!(blamed), json!({ "workout_id": code }));
    }
    scene
        .runner
        .post(format!("{run_path}/unmatch"), json!({ "workout_id": scene.first["id"] }))
        .await
        .problem(422);
}
