use serde_json::{Value, json};

use crate::api::{Api, Runner, id_of, run, with};

/// A plan with two workouts.
async fn calendar(runner: Runner<'_>) -> (String, String, String) {
    let plan = runner.plan().await;
    let (one, other) = (runner.workout(&plan).await, runner.workout(&plan).await);
    (plan, one, other)
}

async fn is_completed_by(runner: Runner<'_>, workout: &str, run: Option<&str>) {
    let workout = runner.see(workout).await;
    let status = if run.is_some() { "completed" } else { "planned" };
    assert_eq!((&workout["status"], &workout["run_id"]), (&json!(status), &json!(run.map(id_of))));
}

#[tokio::test]
async fn recording_a_run_for_a_workout_completes_it() {
    let api = Api::start().await;
    let runner = api.runner();
    let (plan, workout, _) = calendar(runner).await;
    let before = api.head().await;

    let body = with(run(), json!({ "workout_id": id_of(&workout) }));
    let recorded = runner.post("/api/v1/runs", body).await.must_be(201);

    assert_eq!(
        api.events_after(before).await,
        ["run.recorded", "run.matched", "workout.completed"]
    );
    assert_eq!(recorded.header("trainer-position"), Some((before + 3).to_string().as_str()));
    let run = recorded.json();
    assert_eq!(
        (&run["workout_id"], &run["plan_id"], &run["version"]),
        (&json!(id_of(&workout)), &json!(id_of(&plan)), &json!(2))
    );
    is_completed_by(runner, &workout, recorded.header("location")).await;

    // All of one command.
    let commands: i64 = sqlx::query_scalar(
        "select count(distinct metadata ->> 'command_id') from es.events where position > $1",
    )
    .bind(before)
    .fetch_one(&api.pool)
    .await
    .unwrap();
    assert_eq!(commands, 1);
}

#[tokio::test]
async fn a_workout_is_completed_by_one_run() {
    let api = Api::start().await;
    let runner = api.runner();
    let (_, workout, _) = calendar(runner).await;
    let first = runner.run_for(&workout).await;
    let before = api.head().await;

    let body = with(run(), json!({ "workout_id": id_of(&workout) }));
    let problem = runner.post("/api/v1/runs", body).await.must_be(409).json();
    assert_eq!(problem["run_id"], id_of(&first));
    let second = runner.run().await;
    let workout_id = json!({ "workout_id": id_of(&workout) });
    runner.post(&format!("{second}/match"), workout_id.clone()).await.must_be(409);
    runner.patch(&second, workout_id).await.must_be(409);
    // Nothing of the refused ones is stored.
    assert_eq!(api.events_after(before).await, ["run.recorded"]);
}

#[tokio::test]
async fn a_run_is_matched_and_unmatched() {
    let api = Api::start().await;
    let runner = api.runner();
    let (plan, workout, other) = calendar(runner).await;
    let run = runner.run().await;
    let before = api.head().await;
    let with_workout = json!({ "workout_id": id_of(&workout) });

    let matched = runner.post(&format!("{run}/match"), with_workout.clone()).await.must_be(200);
    assert_eq!(matched.header("etag"), Some("\"2\""));
    assert_eq!(
        (&matched.json()["workout_id"], &matched.json()["plan_id"]),
        (&json!(id_of(&workout)), &json!(id_of(&plan)))
    );
    is_completed_by(runner, &workout, Some(&run)).await;
    // Again is no change; another is refused.
    assert_eq!(
        runner.post(&format!("{run}/match"), with_workout).await.must_be(200).header("etag"),
        Some("\"2\"")
    );
    let problem = runner
        .post(&format!("{run}/match"), json!({ "workout_id": id_of(&other) }))
        .await
        .must_be(409)
        .json();
    assert_eq!(problem["workout_id"], id_of(&workout));

    let unmatched = runner.post(&format!("{run}/unmatch"), Value::Null).await.must_be(200);
    assert_eq!(
        (unmatched.header("etag"), &unmatched.json()["workout_id"]),
        (Some("\"3\""), &Value::Null)
    );
    is_completed_by(runner, &workout, None).await;
    runner.post(&format!("{run}/unmatch"), Value::Null).await.must_be(409);
    assert_eq!(
        api.events_after(before).await,
        ["run.matched", "workout.completed", "run.unmatched", "workout.reopened"]
    );
    runner.post(&format!("{run}/match"), json!({})).await.must_blame(&[("workout_id", "required")]);
    runner
        .post(&format!("{run}/match"), json!({ "workout_id": null }))
        .await
        .must_blame(&[("workout_id", "required")]);
}

#[tokio::test]
async fn a_skipped_workout_may_be_completed_after_all() {
    let api = Api::start().await;
    let runner = api.runner();
    let (_, workout, _) = calendar(runner).await;
    runner.post(&format!("{workout}/skip"), Value::Null).await.must_be(200);
    let run = runner.run_for(&workout).await;
    is_completed_by(runner, &workout, Some(&run)).await;
}

#[tokio::test]
async fn deleting_a_run_reopens_its_workout() {
    let api = Api::start().await;
    let runner = api.runner();
    let (_, workout, _) = calendar(runner).await;
    let run = runner.run_for(&workout).await;
    let before = api.head().await;

    runner.delete(&run).await.must_be(204);

    assert_eq!(api.events_after(before).await, ["run.deleted", "workout.reopened"]);
    is_completed_by(runner, &workout, None).await;
}

#[tokio::test]
async fn removing_a_workout_unmatches_its_run() {
    let api = Api::start().await;
    let runner = api.runner();
    let (_, workout, _) = calendar(runner).await;
    let run = runner.run_for(&workout).await;
    let before = api.head().await;

    runner.delete(&workout).await.must_be(204);

    assert_eq!(api.events_after(before).await, ["workout.removed", "run.unmatched"]);
    let seen = runner.see(&run).await;
    assert_eq!(
        (&seen["workout_id"], &seen["plan_id"], &seen["version"]),
        (&Value::Null, &Value::Null, &json!(3))
    );
    runner.post(&format!("{run}/unmatch"), Value::Null).await.must_be(409);
    runner.delete(&run).await.must_be(204);
}

#[tokio::test]
async fn deleting_a_plan_unmatches_its_runs() {
    let api = Api::start().await;
    let runner = api.runner();
    let (plan, one, other) = calendar(runner).await;
    let runs = [runner.run_for(&one).await, runner.run_for(&other).await, runner.run().await];
    let before = api.head().await;

    runner.delete(&plan).await.must_be(204);

    assert_eq!(api.events_after(before).await, ["plan.deleted", "run.unmatched", "run.unmatched"]);
    for run in runs {
        assert_eq!(runner.see(&run).await["workout_id"], Value::Null);
    }
}

#[tokio::test]
async fn a_run_is_matched_anew_by_a_correction() {
    let api = Api::start().await;
    let runner = api.runner();
    let (_, one, other) = calendar(runner).await;
    let elsewhere = calendar(runner).await.1;
    let run_path = runner.run_for(&one).await;
    let before = api.head().await;

    // Within one plan, together with another correction.
    let body = json!({ "workout_id": id_of(&other), "notes": "It was this one" });
    let changed = runner.patch(&run_path, body).await.must_be(200).json();
    assert_eq!(changed["workout_id"], id_of(&other));
    is_completed_by(runner, &one, None).await;
    is_completed_by(runner, &other, Some(&run_path)).await;
    // From one plan to another.
    let body = with(run(), json!({ "workout_id": id_of(&elsewhere) }));
    runner.put(&run_path, body.clone()).await.must_be(200);
    is_completed_by(runner, &other, None).await;
    is_completed_by(runner, &elsewhere, Some(&run_path)).await;
    assert_eq!(runner.put(&run_path, body).await.must_be(200).json()["version"], 8);
    // Left as it is by a change that does not name it.
    runner.patch(&run_path, json!({ "perceived_effort": 5 })).await.must_be(200);
    is_completed_by(runner, &elsewhere, Some(&run_path)).await;
    // Away: by null, or by a replacement that does not name it.
    runner.patch(&run_path, json!({ "workout_id": null })).await.must_be(200);
    is_completed_by(runner, &elsewhere, None).await;
    runner.patch(&run_path, json!({ "workout_id": id_of(&one) })).await.must_be(200);
    is_completed_by(runner, &one, Some(&run_path)).await;
    runner.put(&run_path, run()).await.must_be(200);
    is_completed_by(runner, &one, None).await;

    let matches = api.events_after(before).await;
    let count = |event: &str| matches.iter().filter(|seen| *seen == event).count();
    assert_eq!(
        (
            count("run.matched"),
            count("run.unmatched"),
            count("workout.completed"),
            count("workout.reopened")
        ),
        (3, 4, 3, 4)
    );
}

#[tokio::test]
async fn a_correction_that_cannot_be_matched_changes_nothing() {
    let api = Api::start().await;
    let runner = api.runner();
    let (_, one, other) = calendar(runner).await;
    let (first, second) = (runner.run_for(&one).await, runner.run_for(&other).await);
    let before = api.head().await;

    let body = json!({ "workout_id": id_of(&other), "notes": "Mine" });
    runner.patch(&first, body).await.must_be(409);
    runner
        .patch(&first, json!({ "workout_id": uuid::Uuid::now_v7(), "notes": "Mine" }))
        .await
        .must_be(404);

    assert_eq!(api.head().await, before);
    is_completed_by(runner, &one, Some(&first)).await;
    is_completed_by(runner, &other, Some(&second)).await;
}

#[tokio::test]
async fn a_run_whose_workout_is_lost_can_still_be_unmatched_and_deleted() {
    let api = Api::start().await;
    let runner = api.runner();
    let (plan, one, other) = calendar(runner).await;
    let runs = [runner.run_for(&one).await, runner.run_for(&other).await];
    // A history that our commands do not write: the plan is gone, and its runs know nothing of it.
    sqlx::query(
        "insert into es.events select h.position + 1, 'plan', $1, e.sequence + 1, 'plan.deleted', '1',
                json_build_object('type', 'plan.deleted', 'plan_id', $1), e.metadata, e.owner_id, e.part, gen_random_uuid(), now()
           from es.head h, (select * from es.events where aggregate_id = $1 order by sequence desc limit 1) e",
    )
    .bind(id_of(&plan))
    .execute(&api.pool)
    .await
    .unwrap();
    sqlx::query("update es.head set position = position + 1").execute(&api.pool).await.unwrap();

    let unmatched =
        runner.post(&format!("{}/unmatch", runs[0]), Value::Null).await.must_be(200).json();
    assert_eq!(unmatched["workout_id"], Value::Null);
    runner.delete(&runs[1]).await.must_be(204);
}
