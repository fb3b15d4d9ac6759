use command_api::transactions::{FirstStatus, ImportPlan, ImportRun, Imported, Refusal};
use domain::plan::{CreatePlan, NewWorkout, PlanDetails, PlanStatus, WorkoutContent, WorkoutType};
use domain::run::{RecordRun, RunDetails, Source};
use domain::{Distance, Name, OwnerId, PlanId, RunId, Seconds, WorkoutId};
use event_store::{CommandContext, ExecuteError};
use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::api::{Api, TODAY};

fn owner() -> OwnerId {
    OwnerId(Uuid::now_v7())
}

fn a_plan(owner: OwnerId, status: FirstStatus) -> ImportPlan {
    let plan_id = PlanId::imported(owner, "yaml", "spring");
    let details = PlanDetails {
        name: Name::parse("Spring").unwrap(),
        description: None,
        start_date: "2026-04-01".parse().unwrap(),
        end_date: "2026-05-31".parse().unwrap(),
        goal_race_date: None,
        goal_race_distance_m: None,
    };
    let workouts = (0..40).map(|index| NewWorkout {
        workout_id: WorkoutId::imported(plan_id, index),
        scheduled_date: Some("2026-04-12".parse().unwrap()),
        content: WorkoutContent {
            name: Name::parse("Easy").unwrap(),
            workout_type: WorkoutType::EasyRun,
            description: None,
            distance_m: None,
            duration_minutes: None,
            target_pace_s_per_km: None,
        },
    });
    ImportPlan {
        create: CreatePlan { plan_id, owner_id: owner, details },
        workouts: workouts.collect(),
        status,
    }
}

fn a_run(owner: OwnerId, external_id: &str, workout_id: Option<WorkoutId>) -> ImportRun {
    let record = RecordRun {
        run_id: RunId::imported(owner, "file", external_id),
        owner_id: owner,
        source: Source::File,
        external_id: Some(external_id.to_owned()),
        details: RunDetails {
            actual_date: "2026-04-12".parse().unwrap(),
            started_at: None,
            distance_m: Distance::from_km(10.0).unwrap(),
            duration_s: Seconds::from_seconds(3000).unwrap(),
            average_heart_rate: None,
            max_heart_rate: None,
            elevation_gain_m: None,
            perceived_effort: None,
            is_race: false,
            notes: None,
        },
        today: TODAY.parse().unwrap(),
        duration_field: "duration_seconds",
    };
    ImportRun { record, workout_id }
}

#[tokio::test]
async fn a_plan_comes_in_once_with_all_its_workouts() {
    let api = Api::start().await;
    let owner = owner();
    let context = CommandContext::new(owner, "import");
    let import = a_plan(owner, FirstStatus::Active);

    let first = api.store.execute(&context, &import).await.unwrap();
    let Imported::New(plan) = first.output else { panic!("{first:?}") };
    assert_eq!((plan.workout_count, plan.status, plan.version), (40, PlanStatus::Active, 42));
    assert_eq!(api.head().await, 42);

    let context = CommandContext::new(owner, "import");
    let again = api.store.execute(&context, &import).await.unwrap();
    assert_eq!(again.output, Imported::AlreadyThere);
    // Neither does it come back after it was deleted.
    let runner = api.runner_with(owner.0);
    runner.delete(&format!("/api/v1/plans/{}", plan.id)).await.must_be(204);
    let context = CommandContext::new(owner, "import");
    assert_eq!(api.store.execute(&context, &import).await.unwrap().output, Imported::AlreadyThere);
    assert_eq!(api.head().await, 43);
}

#[tokio::test]
async fn a_plan_that_breaks_a_rule_does_not_come_in_at_all() {
    let api = Api::start().await;
    let owner = owner();
    let mut import = a_plan(owner, FirstStatus::Draft);
    import.workouts[7].scheduled_date = Some("2026-06-01".parse().unwrap());

    let refused =
        api.store.execute(&CommandContext::new(owner, "import"), &import).await.unwrap_err();
    let ExecuteError::Refused(refusal) = refused else { panic!("{refused}") };
    let fields: Vec<_> =
        refusal.into_violations().into_iter().map(|violation| violation.field).collect();
    assert_eq!(fields, ["workouts[7].scheduled_date"]);
    assert_eq!(api.head().await, 0);
}

#[tokio::test]
async fn a_run_comes_in_once() {
    let api = Api::start().await;
    let owner = owner();
    let execute = async |import: ImportRun| {
        api.store.execute(&CommandContext::new(owner, "import"), &import).await.unwrap().output
    };
    let Imported::New(run) = execute(a_run(owner, "a-1", None)).await else { panic!() };
    assert_eq!((run.source, run.external_id.as_deref()), (Source::File, Some("a-1")));
    assert_eq!(execute(a_run(owner, "a-1", None)).await, Imported::AlreadyThere);

    let runner = api.runner_with(owner.0);
    runner.delete(&format!("/api/v1/runs/{}", run.id)).await.must_be(204);
    assert_eq!(execute(a_run(owner, "a-1", None)).await, Imported::AlreadyThere);
    assert_eq!(api.events_after(0).await, ["run.recorded", "run.deleted"]);
}

#[tokio::test]
async fn an_imported_run_may_complete_a_workout() {
    let api = Api::start().await;
    let owner = owner();
    let plan = a_plan(owner, FirstStatus::Draft);
    let context = CommandContext::new(owner, "import");
    api.store.execute(&context, &plan).await.unwrap();
    let before = api.head().await;
    let workout_id = plan.workouts[3].workout_id;

    let import = a_run(owner, "a-1", Some(workout_id));
    api.store.execute(&CommandContext::new(owner, "import"), &import).await.unwrap();
    assert_eq!(
        api.events_after(before).await,
        ["run.recorded", "run.matched", "workout.completed"]
    );
    let runner = api.runner_with(owner.0);
    assert_eq!(
        runner.see(&format!("/api/v1/workouts/{workout_id}")).await["run_id"],
        json!(import.record.run_id)
    );

    // The workout is taken, but what is there already is no reason to complain.
    let again = api.store.execute(&CommandContext::new(owner, "import"), &import).await.unwrap();
    assert_eq!(again.output, Imported::AlreadyThere);
    let other = a_run(owner, "a-2", Some(workout_id));
    let refused =
        api.store.execute(&CommandContext::new(owner, "import"), &other).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::Refused(Refusal::Plan(_))), "{refused}");
    assert_eq!(api.head().await, before + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_import_from_many_sides_comes_in_once() {
    let api = Api::start().await;
    let owner = owner();
    let (plan, run) = (a_plan(owner, FirstStatus::Draft), a_run(owner, "a-1", None));
    let contexts: Vec<_> = (0..16).map(|_| CommandContext::new(owner, "import")).collect();

    let plans = join_all(contexts.iter().map(|context| api.store.execute(context, &plan))).await;
    let fresh =
        plans.into_iter().filter(|done| matches!(done.as_ref().unwrap().output, Imported::New(_)));
    assert_eq!(fresh.count(), 1);
    let runs = join_all(contexts.iter().map(|context| api.store.execute(context, &run))).await;
    let fresh =
        runs.into_iter().filter(|done| matches!(done.as_ref().unwrap().output, Imported::New(_)));
    assert_eq!(fresh.count(), 1);
    assert_eq!(api.head().await, 42);
}
