use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};
use domain::run::{RunDetails, RunEvent, RunRevision};
use domain::{Elevation, Heartbeat, PerceivedEffort, Seconds};
use event_store::read_after;
use projector::Projection;
use serde_json::{Value, json};

use crate::scene::Scene;
use crate::story::{
    correct, create, day, delete_run, fulfil, instant, km, owner, plan_id, ran, record, reopen,
    run_id, schedule, text, unmatch, workout_id,
};

#[tokio::test]
async fn runs_show_what_happened_to_them() {
    let scene = Scene::new().await;
    let (owner, plan, workout, other_workout) = (owner(), plan_id(), workout_id(), workout_id());
    let (run, unmatched, deleted) = (run_id(), run_id(), run_id());
    scene.tell(owner, vec![create(plan, owner)]).await;
    scene
        .tell(
            owner,
            vec![
                schedule(plan, workout, "Long", None),
                schedule(plan, other_workout, "Short", None),
            ],
        )
        .await;

    let recorded = scene.tell(owner, vec![record(run, owner, in_detail())]).await;
    let unmatched_recorded =
        scene.tell(owner, vec![record(unmatched, owner, ran(day(150), 5.0, 1_500))]).await;
    scene.tell(owner, vec![record(deleted, owner, ran(day(151), 5.0, 1_500))]).await;
    let notes =
        RunRevision { notes: Some(Some(text("longer than thought"))), ..RunRevision::default() };
    scene
        .tell(owner, vec![correct(run, RunRevision { distance_m: Some(km(30.5)), ..notes })])
        .await;
    // The last of its events in the run's stream is the first of the command's two.
    let matched = scene.tell(owner, fulfil(plan, workout, run)).await - 1;
    scene.tell(owner, fulfil(plan, other_workout, unmatched)).await;
    let reopened = reopen(plan, other_workout, Some(unmatched));
    let unmatched_at = scene.tell(owner, vec![unmatch(unmatched), reopened]).await - 1;
    scene.tell(owner, vec![delete_run(deleted)]).await;
    scene.project(Projection::Runs).await;

    let events = read_after(&scene.pool, 0, i64::MAX).await.unwrap();
    let at = |position: i64| timestamp(events[position as usize - 1].recorded_at);
    let types: BTreeSet<&str> = events.iter().map(|event| event.event_type()).collect();
    for (event_type, _) in RunEvent::TYPES {
        assert!(types.contains(event_type), "the story tells nothing of {event_type}");
    }
    let row = json!({
        "run_id": run, "owner_id": owner, "plan_id": plan, "workout_id": workout, "actual_date": day(151),
        "started_at": "2026-05-30T21:15:00.000000Z", "started_offset_s": 12_600, "distance_m": 30_500,
        "duration_s": 9_000, "average_heart_rate": 140, "max_heart_rate": 171, "elevation_gain_m": 300,
        "perceived_effort": 7, "is_race": true, "notes": "longer than thought", "source": "manual",
        "external_id": null, "version": 3, "created_at": at(recorded), "updated_at": at(matched),
    });
    let unmatched_row = json!({
        "run_id": unmatched, "owner_id": owner, "plan_id": null, "workout_id": null, "actual_date": day(150),
        "started_at": null, "started_offset_s": null, "distance_m": 5_000, "duration_s": 1_500,
        "average_heart_rate": null, "max_heart_rate": null, "elevation_gain_m": null, "perceived_effort": null,
        "is_race": false, "notes": null, "source": "manual", "external_id": null, "version": 3,
        "created_at": at(unmatched_recorded), "updated_at": at(unmatched_at),
    });
    let mut rows = scene.rows("runs").await;
    rows.iter_mut().for_each(rewrite_times);
    rows.sort_by_key(|row| row["distance_m"].as_i64());
    assert_eq!(rows, [unmatched_row, row]);
}

#[tokio::test]
async fn totals_follow_every_run_through_its_weeks_and_months() {
    let scene = Scene::new().await;
    let (ann, bob) = (owner(), owner());
    let mut runs = scene.follow(Projection::Runs);
    let [long, short, easy] = [run_id(), run_id(), run_id()];

    // A Monday and the Sunday before it, on both sides of a month.
    let hilly = RunDetails {
        elevation_gain_m: Some(Elevation::from_metres(120.0).unwrap()),
        ..ran(day(31), 20.0, 6_000)
    };
    scene.tell(ann, vec![record(long, ann, hilly)]).await;
    scene.tell(ann, vec![record(short, ann, ran(day(32), 5.0, 1_500))]).await;
    let last = scene.tell(bob, vec![record(easy, bob, ran(day(32), 7.0, 2_700))]).await;
    runs.reaches(last).await;
    assert_eq!(scene.totals("weekly_totals", ann).await, ["2026-01-26 2 25000 7500 120"]);
    assert_eq!(
        scene.totals("monthly_totals", ann).await,
        ["2026-01-01 1 20000 6000 120", "2026-02-01 1 5000 1500 0"]
    );
    assert_eq!(scene.totals("weekly_totals", bob).await, ["2026-01-26 1 7000 2700 0"]);

    // Only the distance; then to another week of the same month, into a year before.
    let further = RunRevision { distance_m: Some(km(6.0)), ..RunRevision::default() };
    let last = scene.tell(ann, vec![correct(short, further)]).await;
    runs.reaches(last).await;
    assert_eq!(scene.totals("weekly_totals", ann).await, ["2026-01-26 2 26000 7500 120"]);
    let later = RunRevision {
        actual_date: Some(day(33)),
        duration_s: Some(seconds(1_800)),
        ..RunRevision::default()
    };
    let last = scene.tell(ann, vec![correct(short, later)]).await;
    runs.reaches(last).await;
    assert_eq!(
        scene.totals("weekly_totals", ann).await,
        ["2026-01-26 1 20000 6000 120", "2026-02-02 1 6000 1800 0"]
    );
    assert_eq!(
        scene.totals("monthly_totals", ann).await,
        ["2026-01-01 1 20000 6000 120", "2026-02-01 1 6000 1800 0"]
    );
    let last_year = chrono::NaiveDate::from_ymd_opt(2024, 12, 31).unwrap();
    let earlier = RunRevision { actual_date: Some(last_year), ..RunRevision::default() };
    let last = scene.tell(ann, vec![correct(long, earlier)]).await;
    runs.reaches(last).await;
    assert_eq!(
        scene.totals("weekly_totals", ann).await,
        ["2024-12-30 1 20000 6000 120", "2026-02-02 1 6000 1800 0"]
    );
    assert_eq!(
        scene.totals("monthly_totals", ann).await,
        ["2024-12-01 1 20000 6000 120", "2026-02-01 1 6000 1800 0"]
    );

    // One goes as another comes; then nothing is left, and no empty week either.
    let another = run_id();
    let last = scene
        .tell(ann, vec![delete_run(short), record(another, ann, ran(day(33), 9.0, 3_000))])
        .await;
    runs.reaches(last).await;
    assert_eq!(
        scene.totals("weekly_totals", ann).await,
        ["2024-12-30 1 20000 6000 120", "2026-02-02 1 9000 3000 0"]
    );
    scene.tell(ann, vec![delete_run(another)]).await;
    let last = scene.tell(ann, vec![delete_run(long)]).await;
    runs.reaches(last).await;
    assert!(scene.totals("weekly_totals", ann).await.is_empty());
    assert!(scene.totals("monthly_totals", ann).await.is_empty());
    assert_eq!(
        scene.totals("weekly_totals", bob).await,
        ["2026-01-26 1 7000 2700 0"],
        "nobody else's are touched"
    );

    // A run that comes and goes in one batch counts nowhere.
    let fleeting = run_id();
    let last = scene
        .tell(ann, vec![record(fleeting, ann, ran(day(40), 9.0, 3_000)), delete_run(fleeting)])
        .await;
    runs.reaches(last).await;
    assert!(scene.totals("weekly_totals", ann).await.is_empty());
    scene.assert_totals_add_up().await;
    runs.stop().await;
}

fn in_detail() -> RunDetails {
    let bpm = |bpm| Some(Heartbeat::from_bpm(bpm).unwrap());
    RunDetails {
        actual_date: day(151),
        // The day before in UTC.
        started_at: Some(instant("2026-05-31T00:45:00+03:30")),
        average_heart_rate: bpm(140),
        max_heart_rate: bpm(171),
        elevation_gain_m: Some(Elevation::from_metres(300.0).unwrap()),
        perceived_effort: Some(PerceivedEffort::from_level(7).unwrap()),
        is_race: true,
        notes: Some(text("long")),
        ..ran(day(151), 30.0, 9_000)
    }
}

fn seconds(seconds: i64) -> Seconds {
    Seconds::from_seconds(seconds).unwrap()
}

/// Writes a row's times as `timestamp` does.
fn rewrite_times(row: &mut Value) {
    for column in ["created_at", "updated_at", "started_at"] {
        if let Some(at) = row[column].as_str() {
            row[column] = json!(timestamp(at.parse().unwrap()));
        }
    }
}

fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
