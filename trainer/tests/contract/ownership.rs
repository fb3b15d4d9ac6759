//! What is unknown, deleted or another's does not exist.

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::runner::Runner;
use crate::training::{plan, run, with, without, workout};

/// The paths of something of each kind.
struct Things {
    plan: Value,
    workout: Value,
    run: Value,
}

impl Things {
    async fn of(runner: &Runner) -> Self {
        let (plan, _) = runner.plan(json!({})).await;
        let (workout, _) = runner.workout(&plan, json!({})).await;
        let (run, _) = runner.run(json!({ "workout_id": workout["id"] })).await;
        Self { plan, workout, run }
    }

    fn unknown() -> Self {
        let id = || json!({ "id": Uuid::now_v7() });
        Self { plan: id(), workout: id(), run: id() }
    }

    /// Every request that names one of them in its path.
    fn requests(&self) -> Vec<(Method, String, Value)> {
        let id = |thing: &Value| thing["id"].as_str().unwrap().to_owned();
        let (plan_id, workout_id, run_id) = (id(&self.plan), id(&self.workout), id(&self.run));
        let plan_path = format!("/api/v1/plans/{plan_id}");
        let workout_path = format!("/api/v1/workouts/{workout_id}");
        let run_path = format!("/api/v1/runs/{run_id}");
        let new_workout = without(workout(&self.plan), "plan_id");
        let rename = json!({ "name": "Mine now" });
        let (get, post) = (Method::GET, Method::POST);
        vec![
            (get.clone(), plan_path.clone(), json!({})),
            (Method::PUT, plan_path.clone(), plan()),
            (Method::PATCH, plan_path.clone(), rename.clone()),
            (
                Method::PATCH,
                format!("{plan_path}?shift_workouts=true"),
                json!({ "start_date": "2025-03-04" }),
            ),
            (Method::DELETE, plan_path.clone(), json!({})),
            (get.clone(), format!("{plan_path}/workouts"), json!({})),
            (get.clone(), format!("{plan_path}/runs"), json!({})),
            (post.clone(), format!("{plan_path}/workouts"), new_workout.clone()),
            (
                post.clone(),
                format!("{plan_path}/workouts"),
                json!({ "workouts": [new_workout.clone()] }),
            ),
            (get.clone(), format!("/api/v1/analytics/plans/{plan_id}/progress"), json!({})),
            (get.clone(), format!("/api/v1/analytics/plan/{plan_id}"), json!({})),
            (get.clone(), workout_path.clone(), json!({})),
            (Method::PUT, workout_path.clone(), new_workout),
            (Method::PATCH, workout_path.clone(), rename),
            (Method::DELETE, workout_path.clone(), json!({})),
            (post.clone(), format!("{workout_path}/skip"), json!({})),
            (post.clone(), format!("{workout_path}/reopen"), json!({})),
            (get, run_path.clone(), json!({})),
            (Method::PUT, run_path.clone(), run()),
            (Method::PATCH, run_path.clone(), json!({ "notes": "Mine now" })),
            (Method::DELETE, run_path.clone(), json!({})),
            (post.clone(), format!("{run_path}/match"), json!({ "workout_id": workout_id })),
            (post, format!("{run_path}/unmatch"), json!({})),
        ]
    }
}

async fn all_are_404(runner: &Runner, things: &Things) {
    for (method, path, body) in things.requests() {
        let refused = runner.ask(method.clone(), &path).json(&body).await;
        let problem = refused.problem(404);
        assert!(!problem.to_string().contains("Autumn"), "{problem}");
        // Nor does a version tell whether it exists.
        if method != Method::GET {
            runner.ask(method, &path).json(&body).header("if-match", "\"1\"").await.problem(404);
        }
    }
}

#[tokio::test]
async fn what_never_was_is_a_404() {
    all_are_404(&Runner::new().await, &Things::unknown()).await;
}

#[tokio::test]
async fn what_is_anothers_is_a_404_and_stays_as_it_is() {
    let (owner, stranger) = (Runner::new().await, Runner::new().await);
    let things = Things::of(&owner).await;
    all_are_404(&stranger, &things).await;

    let id = |thing: &Value| thing["id"].as_str().unwrap().to_owned();
    let plan = owner.see(format!("/api/v1/plans/{}", id(&things.plan))).await;
    assert_eq!((&plan["name"], &plan["version"]), (&json!("Autumn marathon"), &json!(3)));
    let workout = owner.see(format!("/api/v1/workouts/{}", id(&things.workout))).await;
    assert_eq!((&workout["status"], &workout["version"]), (&json!("completed"), &json!(2)));
    assert_eq!(owner.see(format!("/api/v1/runs/{}", id(&things.run))).await, things.run);
}

#[tokio::test]
async fn what_was_deleted_is_a_404() {
    let runner = Runner::new().await;
    let things = Things::of(&runner).await;
    for thing in [("runs", &things.run), ("workouts", &things.workout), ("plans", &things.plan)] {
        let path = format!("/api/v1/{}/{}", thing.0, thing.1["id"].as_str().unwrap());
        let deleted = runner.delete(&path).await.must_be(204);
        assert!(deleted.body.is_empty() && deleted.position() > 0);
    }
    all_are_404(&runner, &things).await;
    for list in ["/api/v1/plans", "/api/v1/workouts", "/api/v1/runs"] {
        assert_eq!(runner.list(list).await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn an_id_in_a_body_that_is_unknown_deleted_or_anothers_is_a_404() {
    let (owner, stranger) = (Runner::new().await, Runner::new().await);
    let others = Things::of(&owner).await;
    let (gone, gone_path) = stranger.plan(json!({})).await;
    let (gone_workout, _) = stranger.workout(&gone, json!({})).await;
    stranger.delete(&gone_path).await.must_be(204);
    let (run_of_mine, run_path) = stranger.run(json!({})).await;

    let unknown = Things::unknown();
    for (plan, workout_of) in
        [(&others.plan, &others.workout), (&unknown.plan, &unknown.workout), (&gone, &gone_workout)]
    {
        stranger.post("/api/v1/workouts", workout(plan)).await.problem(404);
        let for_it = json!({ "workout_id": workout_of["id"] });
        stranger.post("/api/v1/runs", with(run(), for_it.clone())).await.problem(404);
        stranger.put(&run_path, with(run(), for_it.clone())).await.problem(404);
        stranger.patch(&run_path, for_it.clone()).await.problem(404);
        stranger.post(format!("{run_path}/match"), for_it).await.problem(404);
    }
    assert_eq!(stranger.list("/api/v1/runs").await, vec![run_of_mine]);
    assert_eq!(owner.list("/api/v1/workouts").await.len(), 1);
}

#[tokio::test]
async fn lists_and_sums_hold_nothing_of_anothers() {
    let (owner, stranger) = (Runner::new().await, Runner::new().await);
    let things = Things::of(&owner).await;
    let id = |thing: &Value| thing["id"].as_str().unwrap().to_owned();
    for path in [
        "/api/v1/plans".to_owned(),
        "/api/v1/workouts".to_owned(),
        "/api/v1/runs".to_owned(),
        format!("/api/v1/workouts?plan_id={}", id(&things.plan)),
        format!("/api/v1/runs?plan_id={}", id(&things.plan)),
        format!("/api/v1/runs?workout_id={}", id(&things.workout)),
    ] {
        assert_eq!(stranger.list(&path).await, Vec::<Value>::new(), "{path}");
    }
    assert_eq!(stranger.see("/api/v1/analytics/summary").await["total_runs"], 0);
    // A cursor of another's leads to nothing of theirs.
    owner.run(json!({ "actual_date": "2025-03-01" })).await;
    let page = owner.see("/api/v1/runs?limit=1").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(stranger.list(format!("/api/v1/runs?cursor={cursor}")).await, Vec::<Value>::new());
}
