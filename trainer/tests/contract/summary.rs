//! What a runner's runs add up to, by figures worked out by hand.

use serde_json::{Value, json};

use crate::runner::Runner;
use crate::training::{in_days, with};

const SUMMARY: &str = "/api/v1/analytics/summary";

async fn ran(runner: &Runner, day: &str, kilometres: f64, seconds: i64, climb: Value) -> String {
    let said = json!({
        "actual_date": day, "distance_km": kilometres, "duration_minutes": null, "duration_seconds": seconds,
        "elevation_gain_m": climb,
    });
    runner.run(said).await.1
}

/// Runs over the end of 2020, whose last ISO week, the 53rd, ends on Sunday, 3 January 2021.
async fn runner_of_2020() -> Runner {
    let runner = Runner::new().await;
    ran(&runner, "2020-12-20", 10.004, 3_000, json!(100)).await; // Sunday
    ran(&runner, "2020-12-28", 5.0, 1_500, json!(null)).await; // Monday
    ran(&runner, "2021-01-01", 12.5, 4_000, json!(50)).await; // Friday of the same week
    ran(&runner, "2021-01-03", 21.098, 6_329, json!(0)).await; // Sunday of the same week
    ran(&runner, "2021-01-04", 8.0, 2_400, json!(7)).await; // Monday of the next
    runner
}

fn period(start_date: &str, runs: i64, distance_km: f64, duration_minutes: f64) -> Value {
    json!({ "start_date": start_date, "runs": runs, "distance_km": distance_km, "duration_minutes": duration_minutes })
}

fn everything() -> Value {
    json!({
        "total_runs": 5,
        "total_distance_km": 56.6, // 56.602
        "total_duration_minutes": 287.15, // 17,229 s
        "average_pace": 5.07, // 304.39 s/km
        "average_distance_km": 11.32,
        "longest_run_km": 21.1,
        "total_elevation_gain_m": 157,
        "runs_per_week": 1.25, // in four weeks, one of them without
        "current_streak_weeks": 0,
        "longest_streak_weeks": 2,
        "by_week": [
            period("2020-12-14", 1, 10.0, 50.0),
            period("2020-12-28", 3, 38.6, 197.15), // 38.598, 11,829 s
            period("2021-01-04", 1, 8.0, 40.0),
        ],
        "by_month": [period("2020-12-01", 2, 15.0, 75.0), period("2021-01-01", 3, 41.6, 212.15)],
    })
}

#[tokio::test]
async fn no_runs_add_up_to_nothing() {
    let runner = Runner::new().await;
    let nothing = json!({
        "total_runs": 0, "total_distance_km": 0.0, "total_duration_minutes": 0.0, "average_pace": null,
        "average_distance_km": 0.0, "longest_run_km": 0.0, "total_elevation_gain_m": 0, "runs_per_week": 0.0,
        "current_streak_weeks": 0, "longest_streak_weeks": 0, "by_week": [], "by_month": [],
    });
    assert_eq!(runner.see(SUMMARY).await, nothing);
    assert_eq!(runner.see(format!("{SUMMARY}?from=2025-01-01&to=2025-01-01")).await, nothing);
}

#[tokio::test]
async fn runs_add_up_by_iso_weeks_and_months() {
    let runner = runner_of_2020().await;
    assert_eq!(runner.see(SUMMARY).await, everything());
    assert_eq!(runner.see(format!("{SUMMARY}?from=2000-01-01")).await, everything());
    // A streak up to the last day that is asked for.
    let on_the_last_day = with(everything(), json!({ "current_streak_weeks": 2 }));
    assert_eq!(
        runner.see(format!("{SUMMARY}?from=2020-12-20&to=2021-01-04")).await,
        on_the_last_day
    );
}

#[tokio::test]
async fn a_part_of_the_days_adds_up_by_itself() {
    let runner = runner_of_2020().await;
    let part = runner.see(format!("{SUMMARY}?from=2020-12-29&to=2021-01-03")).await;
    assert_eq!(part["total_runs"], 2);
    assert_eq!(part["total_distance_km"], 33.6); // 33.598
    assert_eq!(part["longest_run_km"], 21.1);
    assert_eq!(part["runs_per_week"], 2.0);
    assert_eq!(part["longest_streak_weeks"], 1);
    assert_eq!(part["by_week"], json!([period("2020-12-28", 2, 33.6, 172.15)]));
    assert_eq!(part["by_month"], json!([period("2021-01-01", 2, 33.6, 172.15)]));
    assert_eq!(runner.see(format!("{SUMMARY}?to=2020-12-20")).await["total_runs"], 1);
    assert_eq!(runner.see(format!("{SUMMARY}?from=2021-01-05")).await["total_runs"], 0);
}

#[tokio::test]
async fn what_is_deleted_or_corrected_counts_as_it_is_now() {
    let runner = runner_of_2020().await;
    let before = everything();
    let path = ran(&runner, "2020-12-22", 100.0, 40_000, json!(1_000)).await; // in the week without a run
    let with_it = runner.see(SUMMARY).await;
    assert_eq!(
        (&with_it["longest_streak_weeks"], &with_it["longest_run_km"]),
        (&json!(4), &json!(100.0))
    );
    runner
        .patch(&path, json!({ "actual_date": "2021-02-01", "distance_km": 90 }))
        .await
        .must_be(200);
    let moved = runner.see(SUMMARY).await;
    assert_eq!(
        (&moved["longest_streak_weeks"], &moved["longest_run_km"]),
        (&json!(2), &json!(90.0))
    );
    assert_eq!(moved["by_month"][2], period("2021-02-01", 1, 90.0, 666.67));
    assert_eq!(moved["by_week"][3]["start_date"], "2021-02-01");
    runner.delete(&path).await.must_be(204);
    assert_eq!(runner.see(SUMMARY).await, before);
    assert_eq!(runner.see(format!("{SUMMARY}?from=2020-01-01")).await, before);
}

#[tokio::test]
async fn a_streak_goes_up_to_this_week_or_the_last() {
    let runner = Runner::new().await;
    for weeks_ago in [5, 3, 2, 1] {
        ran(&runner, &in_days(-7 * weeks_ago), 10.0, 3_000, json!(null)).await;
    }
    let streaks = async || {
        let summary = runner.see(SUMMARY).await;
        (summary["current_streak_weeks"].clone(), summary["longest_streak_weeks"].clone())
    };
    assert_eq!(streaks().await, (json!(3), json!(3)), "this week is not over");
    ran(&runner, &in_days(0), 10.0, 3_000, json!(null)).await;
    assert_eq!(streaks().await, (json!(4), json!(4)));
    ran(&runner, &in_days(-28), 10.0, 3_000, json!(null)).await;
    assert_eq!(streaks().await, (json!(6), json!(6)));
    let until_then = runner.see(format!("{SUMMARY}?to={}", in_days(-14))).await;
    assert_eq!(
        (&until_then["current_streak_weeks"], &until_then["total_runs"]),
        (&json!(4), &json!(4))
    );
}
