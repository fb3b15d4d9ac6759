use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};
use domain::plan::{PlanEvent, PlanRevision, PlanStatus, WorkoutRevision, WorkoutType};
use domain::{Distance, Minutes, PaceRange, SecondsPerKm};
use event_store::read_after;
use projector::Projection;
use serde_json::{Value, json};

use crate::scene::Scene;
use crate::story::{
    create, day, delete_plan, fulfil, km, name, owner, plan_id, ran, record, remove, rename,
    reopen, revise, revise_workout, run_id, schedule, skip, text, workout_id,
};

#[tokio::test]
async fn plans_and_workouts_show_what_happened_to_them() {
    let scene = Scene::new().await;
    let (owner, other_owner) = (owner(), owner());
    let (plan, deleted) = (plan_id(), plan_id());
    let (kept, removed, fulfilled, gone) = (workout_id(), workout_id(), workout_id(), workout_id());
    let run = run_id();
    let status = |status| PlanRevision { status: Some(status), ..PlanRevision::default() };

    let created = scene.tell(owner, vec![create(plan, owner)]).await;
    scene.tell(other_owner, vec![create(deleted, other_owner)]).await;
    scene.tell(other_owner, vec![schedule(deleted, gone, "Gone with its plan", None)]).await;
    let kept_scheduled =
        scene.tell(owner, vec![schedule(plan, kept, "Kept", Some(day(110)))]).await;
    scene.tell(owner, vec![schedule(plan, removed, "Removed", None)]).await;
    let fulfilled_scheduled =
        scene.tell(owner, vec![schedule(plan, fulfilled, "Fulfilled", None)]).await;
    scene.tell(owner, vec![rename(plan, "Berlin")]).await;
    let details = PlanRevision {
        description: Some(Some(text("to the gate"))),
        start_date: Some(day(103)),
        end_date: Some(day(250)),
        goal_race_date: Some(Some(day(249))),
        goal_race_distance_m: Some(Some(Distance::race_from_km(42.195).unwrap())),
        ..PlanRevision::default()
    };
    // Moves the workouts along.
    scene.tell(owner, vec![revise(plan, details)]).await;
    scene.tell(owner, vec![revise(plan, status(PlanStatus::Active))]).await;
    scene.tell(owner, vec![skip(plan, removed)]).await;
    scene.tell(owner, vec![skip(plan, kept)]).await;
    scene.tell(owner, vec![reopen(plan, kept, None)]).await;
    let moved =
        WorkoutRevision { scheduled_date: Some(Some(day(120))), ..WorkoutRevision::default() };
    scene.tell(owner, vec![revise_workout(plan, kept, moved)]).await;
    let kept_changed = scene.tell(owner, vec![revise_workout(plan, kept, harder())]).await;
    scene.tell(owner, vec![record(run, owner, ran(day(110), 8.0, 2_400))]).await;
    let completed = scene.tell(owner, fulfil(plan, fulfilled, run)).await;
    scene.tell(owner, vec![remove(plan, removed)]).await;
    scene.tell(owner, vec![revise(plan, status(PlanStatus::Abandoned))]).await;
    scene.tell(owner, vec![revise(plan, status(PlanStatus::Active))]).await;
    let ended = scene.tell(owner, vec![revise(plan, status(PlanStatus::Completed))]).await;
    scene.tell(other_owner, vec![delete_plan(deleted)]).await;
    scene.project(Projection::Plans).await;

    let events = read_after(&scene.pool, 0, i64::MAX).await.unwrap();
    let at = |position: i64| instant(events[position as usize - 1].recorded_at);
    let types: BTreeSet<&str> = events.iter().map(|event| event.event_type()).collect();
    for (event_type, _) in PlanEvent::TYPES {
        assert!(types.contains(event_type), "the story tells nothing of {event_type}");
    }
    let row = json!({
        "plan_id": plan, "owner_id": owner, "name": "Berlin", "description": "to the gate",
        "start_date": day(103), "end_date": day(250), "goal_race_date": day(249), "goal_race_distance_m": 42_195,
        "status": "completed", "workout_count": 2, "version": events[ended as usize - 1].sequence,
        "created_at": at(created), "updated_at": at(ended),
    });
    assert_eq!(rows(&scene, "plans").await, [row]);
    let kept_row = json!({
        "workout_id": kept, "plan_id": plan, "owner_id": owner, "name": "Harder", "workout_type": "intervals",
        "description": "until it hurts", "scheduled_date": day(120), "distance_m": 10_000, "duration_minutes": 55,
        "target_pace_fast_s_per_km": 240, "target_pace_slow_s_per_km": 260, "status": "planned", "run_id": null,
        "version": 6, "created_at": at(kept_scheduled), "updated_at": at(kept_changed),
    });
    let fulfilled_row = json!({
        "workout_id": fulfilled, "plan_id": plan, "owner_id": owner, "name": "Fulfilled", "workout_type": "easy_run",
        "description": null, "scheduled_date": null, "distance_m": 8_000, "duration_minutes": null,
        "target_pace_fast_s_per_km": null, "target_pace_slow_s_per_km": null, "status": "completed", "run_id": run,
        "version": 2, "created_at": at(fulfilled_scheduled), "updated_at": at(completed),
    });
    let mut workouts = rows(&scene, "workouts").await;
    workouts.sort_by_key(|row| row["name"].to_string());
    assert_eq!(workouts, [fulfilled_row, kept_row]);
}

#[tokio::test]
async fn a_workout_that_is_taken_out_and_put_back_begins_anew() {
    // At once, and with other events in between.
    for batches in [1, 3] {
        let scene = Scene::new().await;
        let (owner, plan, workout) = (owner(), plan_id(), workout_id());
        scene.tell(owner, vec![create(plan, owner)]).await;
        scene.tell(owner, vec![schedule(plan, workout, "Before", Some(day(120)))]).await;
        scene.tell(owner, vec![skip(plan, workout)]).await;
        scene.project(Projection::Plans).await;

        scene.tell(owner, vec![remove(plan, workout)]).await;
        if batches > 1 {
            scene.project(Projection::Plans).await;
        }
        let back = scene.tell(owner, vec![schedule(plan, workout, "After", None)]).await;
        scene.project(Projection::Plans).await;

        let events = read_after(&scene.pool, back - 1, 1).await.unwrap();
        let row = &rows(&scene, "workouts").await[0];
        assert_eq!(
            (&row["name"], &row["status"], &row["version"]),
            (&json!("After"), &json!("planned"), &json!(1))
        );
        assert_eq!(row["created_at"], instant(events[0].recorded_at));
        assert_eq!(scene.columns("plans", "workout_count").await, ["1"]);
        scene.assert_equals_its_rebuild(Projection::Plans).await;
    }
}

#[tokio::test]
async fn a_workout_that_is_taken_out_put_back_and_taken_out_is_gone() {
    let scene = Scene::new().await;
    let (owner, plan, workout) = (owner(), plan_id(), workout_id());
    scene.tell(owner, vec![create(plan, owner), schedule(plan, workout, "Here", None)]).await;
    scene.project(Projection::Plans).await;

    let steps =
        vec![remove(plan, workout), schedule(plan, workout, "There", None), remove(plan, workout)];
    scene.tell(owner, steps).await;
    scene.project(Projection::Plans).await;

    assert!(rows(&scene, "workouts").await.is_empty());
    assert_eq!(scene.columns("plans", "workout_count").await, ["0"]);
    // And a plan that comes and goes within one batch.
    let fleeting = plan_id();
    scene
        .tell(
            owner,
            vec![create(fleeting, owner), schedule(fleeting, workout_id(), "Never seen", None)],
        )
        .await;
    scene.tell(owner, vec![delete_plan(fleeting)]).await;
    scene.project(Projection::Plans).await;
    assert_eq!((rows(&scene, "plans").await.len(), rows(&scene, "workouts").await.len()), (1, 0));
}

fn harder() -> WorkoutRevision {
    let pace = |seconds| SecondsPerKm::from_seconds(seconds).unwrap();
    WorkoutRevision {
        name: Some(name("Harder")),
        workout_type: Some(WorkoutType::Intervals),
        description: Some(Some(text("until it hurts"))),
        scheduled_date: None,
        distance_m: Some(Some(km(10.0))),
        duration_minutes: Some(Some(Minutes::from_minutes(55).unwrap())),
        target_pace_s_per_km: Some(Some(PaceRange::new(pace(240), pace(260)).unwrap())),
    }
}

/// The rows of a table, their times written as `instant` writes them.
async fn rows(scene: &Scene, table: &str) -> Vec<Value> {
    let mut rows = scene.rows(table).await;
    for row in &mut rows {
        for column in ["created_at", "updated_at"] {
            let at: DateTime<Utc> = row[column].as_str().unwrap().parse().unwrap();
            row[column] = json!(instant(at));
        }
    }
    rows
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
