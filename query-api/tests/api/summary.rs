use serde_json::{Value, json};

use crate::api::Api;

const SUMMARY: &str = "/api/v1/analytics/summary";

#[tokio::test]
async fn runs_add_up() {
    let api = Api::start().await;
    let (runner, other) = (api.runner(), api.runner());
    other.run(json!({"distance_m": 99_000})).await;
    other.sum_up().await;
    for (day, metres, seconds, climb) in [
        ("2026-03-25", 15_005, 4_700, Some(100)),
        ("2026-04-06", 10_000, 3_100, None),
        ("2026-04-13", 21_098, 6_345, Some(31)),
        ("2026-04-15", 18_903, 6_000, None),
    ] {
        let row = json!({"actual_date": day, "distance_m": metres, "duration_s": seconds, "elevation_gain_m": climb});
        runner.run(row).await;
    }
    runner.sum_up().await;
    let expected = json!({
        "total_runs": 4,
        "total_distance_km": 65.01,
        "total_duration_minutes": 335.75,
        "average_pace": 5.16,
        "average_distance_km": 16.25,
        "longest_run_km": 21.1,
        "total_elevation_gain_m": 131,
        "runs_per_week": 1.0,
        "current_streak_weeks": 2,
        "longest_streak_weeks": 2,
        "by_week": [
            {"start_date": "2026-03-23", "runs": 1, "distance_km": 15.01, "duration_minutes": 78.33},
            {"start_date": "2026-04-06", "runs": 1, "distance_km": 10.0, "duration_minutes": 51.67},
            {"start_date": "2026-04-13", "runs": 2, "distance_km": 40.0, "duration_minutes": 205.75},
        ],
        "by_month": [
            {"start_date": "2026-03-01", "runs": 1, "distance_km": 15.01, "duration_minutes": 78.33},
            {"start_date": "2026-04-01", "runs": 3, "distance_km": 50.0, "duration_minutes": 257.42},
        ],
    });
    assert_eq!(runner.read(SUMMARY).await, expected);
    // From the runs themselves, the same.
    assert_eq!(runner.read(&format!("{SUMMARY}?from=2026-01-01&to=2026-12-31")).await, expected);
    assert_eq!(runner.read(&format!("{SUMMARY}?from=2026-01-01")).await, expected);
}

#[tokio::test]
async fn no_runs_are_zeros() {
    let api = Api::start().await;
    let runner = api.runner();
    let zeros = json!({
        "total_runs": 0, "total_distance_km": 0.0, "total_duration_minutes": 0.0, "average_pace": null,
        "average_distance_km": 0.0, "longest_run_km": 0.0, "total_elevation_gain_m": 0, "runs_per_week": 0.0,
        "current_streak_weeks": 0, "longest_streak_weeks": 0, "by_week": [], "by_month": [],
    });
    assert_eq!(runner.read(SUMMARY).await, zeros);
    assert_eq!(runner.read(&format!("{SUMMARY}?from=2026-01-01")).await, zeros);
    runner.run(json!({"actual_date": "2026-04-01"})).await;
    runner.sum_up().await;
    assert_eq!(runner.read(&format!("{SUMMARY}?to=2026-03-31")).await, zeros);
    assert_eq!(runner.read(&format!("{SUMMARY}?from=2026-04-02")).await, zeros);
}

#[tokio::test]
async fn weeks_and_months_at_the_turn_of_the_year() {
    let api = Api::start().await;
    let runner = api.runner();
    // Week 1 of 2026 began on 29 December 2025; 2020 had 53 weeks, its last up to 3 January 2021.
    for day in [
        "2020-12-27",
        "2020-12-28",
        "2021-01-03",
        "2021-01-04",
        "2025-12-29",
        "2025-12-31",
        "2026-01-01",
    ] {
        runner.run(json!({"actual_date": day, "distance_m": 5_000, "duration_s": 1_500})).await;
    }
    runner.sum_up().await;
    for path in [SUMMARY.to_owned(), format!("{SUMMARY}?from=2020-01-01")] {
        let summary = runner.read(&path).await;
        assert_eq!(
            periods(&summary["by_week"]),
            [("2020-12-21", 1), ("2020-12-28", 2), ("2021-01-04", 1), ("2025-12-29", 3)]
        );
        assert_eq!(
            periods(&summary["by_month"]),
            [("2020-12-01", 2), ("2021-01-01", 2), ("2025-12-01", 2), ("2026-01-01", 1)]
        );
        assert_eq!(
            (&summary["longest_streak_weeks"], &summary["current_streak_weeks"]),
            (&json!(3), &json!(0))
        );
    }
}

#[tokio::test]
async fn days_cut_weeks_and_months() {
    let api = Api::start().await;
    let runner = api.runner();
    for day in ["2026-03-30", "2026-03-31", "2026-04-01", "2026-04-05", "2026-04-06"] {
        runner.run(json!({"actual_date": day})).await;
    }
    let summary = runner.read(&format!("{SUMMARY}?from=2026-03-31&to=2026-04-05")).await;
    assert_eq!(summary["total_runs"], 3);
    assert_eq!(periods(&summary["by_week"]), [("2026-03-30", 3)]);
    assert_eq!(periods(&summary["by_month"]), [("2026-03-01", 1), ("2026-04-01", 2)]);
    assert_eq!(summary["runs_per_week"], 3.0);
}

#[tokio::test]
async fn a_streak_is_counted_as_of_the_last_day_asked_for() {
    let api = Api::start().await;
    let runner = api.runner();
    for day in ["2026-02-03", "2026-02-10", "2026-02-17", "2026-04-08"] {
        runner.run(json!({"actual_date": day})).await;
    }
    runner.sum_up().await;
    let streaks = async |query: &str| {
        let summary = runner.read(&format!("{SUMMARY}?{query}")).await;
        (summary["current_streak_weeks"].clone(), summary["longest_streak_weeks"].clone())
    };
    assert_eq!(streaks("").await, (json!(1), json!(3)));
    assert_eq!(streaks("to=2026-02-28").await, (json!(3), json!(3)));
    assert_eq!(streaks("to=2026-03-02").await, (json!(0), json!(3)));
    assert_eq!(streaks("from=2026-02-09&to=2026-02-18").await, (json!(2), json!(2)));
    // A day to come is no day yet.
    assert_eq!(streaks("to=2030-01-01").await, (json!(1), json!(3)));
}

fn periods(list: &Value) -> Vec<(&str, i64)> {
    let periods = list.as_array().expect("periods").iter();
    periods
        .map(|period| {
            (
                period["start_date"].as_str().expect("a day"),
                period["runs"].as_i64().expect("a number"),
            )
        })
        .collect()
}
