use std::collections::HashSet;

use domain::plan::{Plan, PlanEvent};
use domain::run::{Run, RunEvent};
use domain::{Decider, StoredEvent};
use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, id_of, run, with, workout};

/// As many as are written one after the other in much less time than each of them may take.
const WRITERS: usize = 24;

#[tokio::test(flavor = "multi_thread")]
async fn many_may_add_workouts_to_one_plan_at_once() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let path = format!("{plan}/workouts");

    let answers = join_all((0..WRITERS).map(|_| runner.post(&path, workout()))).await;

    let ids: HashSet<_> =
        answers.into_iter().map(|answer| answer.must_be(201).json()["id"].clone()).collect();
    assert_eq!(ids.len(), WRITERS);
    let seen = runner.see(&plan).await;
    assert_eq!((&seen["workout_count"], &seen["version"]), (&json!(WRITERS), &json!(WRITERS + 1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_runs_of_one_plan_may_be_matched_and_let_go_at_once() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let list = json!({ "workouts": vec![workout(); WRITERS] });
    let added = runner.post(&format!("{plan}/workouts"), list).await.must_be(201).json();
    let workouts: Vec<String> = added["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect();

    let record = workouts
        .iter()
        .map(|workout| runner.post("/api/v1/runs", with(run(), json!({ "workout_id": workout }))));
    let runs: Vec<String> = join_all(record)
        .await
        .into_iter()
        .map(|answer| answer.must_be(201).header("location").unwrap().to_owned())
        .collect();
    let let_go = runs.iter().enumerate().map(|(n, run)| async move {
        match n % 3 {
            0 => runner.post(&format!("{run}/unmatch"), Value::Null).await.must_be(200),
            1 => runner.patch(run, json!({ "workout_id": null })).await.must_be(200),
            _ => runner.delete(run).await.must_be(204),
        }
    });
    join_all(let_go).await;
    for workout in workouts {
        let seen = runner.see(&format!("/api/v1/workouts/{workout}")).await;
        assert_eq!((&seen["status"], &seen["version"]), (&json!("planned"), &json!(3)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_change_one_run_at_once() {
    let api = Api::start().await;
    let runner = api.runner();
    let path = runner.run().await;

    let changes = (0..WRITERS).map(|n| {
        let path = &path;
        async move { runner.patch(path, json!({ "notes": format!("by {n}") })).await }
    });
    for answer in join_all(changes).await {
        answer.must_be(200);
    }
    assert_eq!(runner.see(&path).await["version"], WRITERS + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_runs_for_one_workout_one_gets_it() {
    let api = Api::start().await;
    let runner = api.runner();
    let plan = runner.plan().await;
    let workout = runner.workout(&plan).await;
    let body = with(run(), json!({ "workout_id": id_of(&workout) }));

    let answers = join_all((0..24).map(|_| runner.post("/api/v1/runs", body.clone()))).await;

    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (201, &[409; 23][..]));
    // All or nothing: no run of those that were refused.
    assert_eq!(api.events_after(2).await, ["run.recorded", "run.matched", "workout.completed"]);
}

/// Everything at once, from many sides, with a few runners whose plans, workouts and runs are in each other's way.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_what_was_answered_whatever_runs_at_once() {
    let api = Api::start().await;
    let runner = api.runner();
    let plans = [runner.plan().await, runner.plan().await];
    let mut workouts = vec![];
    let mut runs = vec![];
    for n in 0..6 {
        workouts.push(runner.workout(&plans[n % 2]).await);
        runs.push(runner.run().await);
    }
    let (plans, workouts, runs) = (&plans, &workouts, &runs);
    let storm = (0..32_usize).map(|worker| async move {
        let mut answers = vec![];
        for step in 0..25_usize {
            let pick = worker.wrapping_mul(31).wrapping_add(step.wrapping_mul(17));
            let (plan, workout, run_path) =
                (&plans[pick % 2], &workouts[pick % 6], &runs[(pick / 6) % 6]);
            let workout_id = json!({ "workout_id": id_of(workout) });
            let (method, path, body) = match pick % 11 {
                0 => (Method::POST, format!("{run_path}/match"), workout_id),
                1 => (Method::POST, format!("{run_path}/unmatch"), Value::Null),
                2 => (Method::PATCH, run_path.clone(), workout_id),
                3 => (Method::PUT, run_path.clone(), with(run(), workout_id)),
                4 => (
                    Method::PATCH,
                    run_path.clone(),
                    json!({ "workout_id": null, "notes": pick.to_string() }),
                ),
                5 => (Method::POST, format!("{workout}/skip"), Value::Null),
                6 => (Method::POST, format!("{workout}/reopen"), Value::Null),
                7 => (Method::PATCH, plan.clone(), json!({ "description": pick.to_string() })),
                8 => (Method::POST, format!("{plan}/workouts"), self::workout()),
                9 => (Method::POST, "/api/v1/runs".to_owned(), with(run(), workout_id)),
                _ if worker == 7 && step == 24 => (Method::DELETE, plans[1].clone(), Value::Null),
                _ if step > 20 => (Method::DELETE, run_path.clone(), Value::Null),
                _ => (Method::PATCH, workout.clone(), json!({ "description": pick.to_string() })),
            };
            answers.push(runner.send(method, &path, &[], &body).await);
        }
        answers
    });
    let answers: Vec<_> = join_all(storm).await.into_iter().flatten().collect();
    let statuses: HashSet<u16> = answers.iter().map(|answer| answer.status).collect();
    assert!(statuses.is_subset(&HashSet::from([200, 201, 204, 404, 409])), "{statuses:?}");
    let contended = answers.iter().filter(|answer| answer.header("retry-after").is_some()).count();
    assert!(contended * 20 < answers.len(), "{contended} of {}", answers.len());

    check(&api).await;
    for plan in plans {
        agrees(runner.patch(plan, json!({})).await, "plan", plan, &api).await;
    }
    for run in runs {
        agrees(runner.patch(run, json!({})).await, "run", run, &api).await;
    }
}

/// Positions are dense, sequences too, and runs and workouts agree on who fulfils what.
pub(crate) async fn check(api: &Api) {
    let events = event_store::read_after(&api.pool, 0, 100_000).await.unwrap();
    let positions: Vec<i64> = events.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..=api.head().await).collect::<Vec<_>>());

    let mut by_run: Vec<(Uuid, Uuid)> = vec![];
    let mut by_workout: Vec<(Uuid, Uuid)> = vec![];
    let streams: HashSet<(String, Uuid)> = events
        .iter()
        .map(|event| (event.aggregate_type().to_owned(), event.aggregate_id))
        .collect();
    for (aggregate, id) in streams {
        if aggregate == "run" {
            let (run, _) = fold::<Run, RunEvent>(api, "run", id).await;
            by_run.extend(run.matched().map(|with| (id, with.workout_id.0)));
        } else {
            let (plan, _) = fold::<Plan, PlanEvent>(api, "plan", id).await;
            by_workout.extend(
                plan.workouts().iter().filter_map(|(id, workout)| Some((workout.run_id?.0, id.0))),
            );
        }
    }
    by_run.sort_unstable();
    by_workout.sort_unstable();
    assert_eq!(by_run, by_workout);
}

/// The state that a stream's stored events make, and how many they are.
async fn fold<A, E>(api: &Api, aggregate: &str, id: Uuid) -> (A, i64)
where
    E: StoredEvent,
    A: Decider + cqrs_es::Aggregate<Event = E>,
{
    let events = event_store::read_stream(&api.pool, aggregate, id).await.unwrap();
    let mut state = A::default();
    for (event, expected) in events.iter().zip(1..) {
        assert_eq!(event.sequence, expected);
        state.apply_at(event.decode::<E>().unwrap(), event.recorded_at);
    }
    (state, events.len() as i64)
}

/// What a cached state answers is what the stored events make.
async fn agrees(answer: crate::api::Answer, aggregate: &str, path: &str, api: &Api) {
    let id = id_of(path).parse().unwrap();
    let folded = if aggregate == "plan" {
        let (plan, sequence) = fold::<Plan, PlanEvent>(api, aggregate, id).await;
        service::resource::PlanResource::of(&plan, sequence).map(|plan| json!(plan))
    } else {
        let (run, sequence) = fold::<Run, RunEvent>(api, aggregate, id).await;
        service::resource::RunResource::of(&run, sequence).map(|run| json!(run))
    };
    match folded {
        Some(folded) => assert_eq!(answer.must_be(200).json(), folded),
        None => drop(answer.must_be(404)),
    }
}
