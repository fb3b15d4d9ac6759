//! Lists of runs read into commands, row by row.

use chrono::{FixedOffset, NaiveDate};
use domain::run::{RecordRun, Source};
use domain::{OwnerId, RunId};
use import::ImportError;
use import::runs::{Row, RunOptions, read};
use uuid::Uuid;

#[test]
fn a_json_list_with_clock_times_is_read() {
    let run = only_run(CLOCK_TIMES, options());

    assert_eq!(run.run_id, RunId::imported(owner(), "strava", "7001"));
    assert_eq!((run.source, run.external_id.as_deref()), (Source::File, Some("7001")));
    assert_eq!(run.details.actual_date, date("2024-12-05"));
    assert_eq!(
        run.details.started_at.map(|at| at.to_rfc3339()).as_deref(),
        Some("2024-12-05T05:48:15+08:00")
    );
    assert_eq!((run.details.distance_m.metres(), run.details.duration_s.seconds()), (5_014, 1_493));
    assert_eq!(run.details.average_heart_rate.map(|rate| rate.bpm()), Some(161));
    assert_eq!(
        run.details.notes.map(|notes| notes.as_str().to_owned()).as_deref(),
        Some("晨间跑步")
    );
    assert!(!run.details.is_race);
}

#[test]
fn a_json_list_with_seconds_is_read() {
    let run = only_run(SECONDS, options());

    assert_eq!((run.details.actual_date, run.details.started_at), (date("2020-06-09"), None));
    assert_eq!((run.details.distance_m.metres(), run.details.duration_s.seconds()), (3_505, 1_232));
    assert_eq!(run.details.average_heart_rate, None, "zero means none");
    assert_eq!(run.details.elevation_gain_m.map(|gain| gain.metres()), Some(12));

    let east = only_run(SECONDS, RunOptions { offset: FixedOffset::east_opt(7_200), ..options() });
    assert_eq!(
        east.details.started_at.map(|at| at.to_rfc3339()).as_deref(),
        Some("2020-06-09T19:37:09+02:00")
    );
}

#[test]
fn a_bulk_export_is_read_from_its_precise_columns() {
    let csv = export(&[r#"8001,"Jul 5, 2023, 8:45:34 AM","Morning, wet",Run,"Light rain
and wind",1520,5.21,170,,Legs heavy,1500.0,1490.6,5213.89,35.8,,152.4,8.0"#]);
    let run = only_run(&csv, options());

    assert_eq!(run.run_id, RunId::imported(owner(), "strava", "8001"));
    assert_eq!(
        run.details.started_at.map(|at| at.to_rfc3339()).as_deref(),
        Some("2023-07-05T08:45:34+00:00")
    );
    assert_eq!((run.details.distance_m.metres(), run.details.duration_s.seconds()), (5_214, 1_491));
    assert_eq!(run.details.elevation_gain_m.map(|gain| gain.metres()), Some(36));
    assert_eq!(run.details.average_heart_rate.map(|rate| rate.bpm()), Some(152));
    // The precise column is empty; the shown one has the same unit.
    assert_eq!(run.details.max_heart_rate.map(|rate| rate.bpm()), Some(170));
    assert_eq!(run.details.perceived_effort.map(|effort| effort.level()), Some(8));
    assert_eq!(
        run.details.notes.map(|notes| notes.as_str().to_owned()).as_deref(),
        Some("Morning, wet\n\nLight rain\nand wind\n\nLegs heavy")
    );
}

#[test]
fn an_exported_run_is_on_the_runners_own_day_when_the_offset_is_known() {
    let csv = export(&[
        r#"8001,"Jul 5, 2023, 11:45:34 PM",Late,Run,,1520,5.21,,,,1500.0,1490.0,5213.0,,,,"#,
    ]);

    assert_eq!(only_run(&csv, options()).details.actual_date, date("2023-07-05"));
    let east = RunOptions { offset: FixedOffset::east_opt(7_200), ..options() };
    assert_eq!(only_run(&csv, east).details.actual_date, date("2023-07-06"));
}

#[test]
fn the_same_activity_is_the_same_run_in_every_form() {
    let csv = export(&[r#"7001,"Dec 4, 2024, 9:48:15 PM",x,Run,,1,5.0,,,,1500,1493,5014,,,,"#]);

    assert_eq!(only_run(&csv, options()).run_id, only_run(CLOCK_TIMES, options()).run_id);
}

#[test]
fn what_is_no_run_is_skipped_as_what_it_is() {
    let json = r#"[{"type":"Walk"},{"type":"Ride","distance":"far"},{"type":"WeightTraining"}]"#;
    assert_eq!(told(json), ["1:1 skipped Walk", "1:2 skipped Ride", "1:3 skipped WeightTraining"]);

    let csv = export(&[r#"1,"Jul 5, 2023, 8:45:34 AM",x,Yoga,,,,,,,,,,,,,"#]);
    assert_eq!(told(&csv), ["2:1 skipped Yoga"]);
}

#[test]
fn runs_on_trails_and_treadmills_are_runs() {
    for activity_type in ["Run", "TrailRun", "Trail Run", "VirtualRun", "Virtual Run", "run"] {
        only_run(&json(&[("type", &format!("{activity_type:?}"))]), options());
    }
}

#[test]
fn a_bad_row_is_told_with_its_line_and_the_rest_goes_on() {
    let good = entry(&[]);
    let json = format!(
        "[\n{good},\n{},\n\n{},\n{},\n{good}]",
        entry(&[("distance", "\"far\"")]),
        entry(&[("distance", "0.0")]),
        entry(&[("run_id", "null")]),
    );
    assert_eq!(
        told(&json),
        [
            "2:1 run",
            "3:2 bad: `distance` is not a number",
            "5:3 bad: the distance is zero",
            "6:4 bad: `run_id` is missing",
            "7:5 run",
        ]
    );

    let csv = export(&[
        GOOD_EXPORT,
        r#"2,"Jul 5, 2023, 8:45:34 AM","two
lines",Run,,,,,,,,x,5000,,,,"#,
        "3,only,four,columns",
        GOOD_EXPORT,
    ]);
    assert_eq!(
        told(&csv),
        [
            "2:1 run",
            "3:2 bad: \"Moving Time\" is not a number: \"x\"",
            "5:3 bad: the row has 4 columns instead of 17",
            "6:4 run",
        ]
    );
}

#[test]
fn every_reason_for_a_bad_entry_is_told() {
    for (field, value, reason) in [
        ("run_id", "1.5", "`run_id` is neither a whole number nor a text"),
        ("run_id", "\" \"", "the id must not be empty"),
        ("type", "null", "`type` is missing"),
        ("type", "7", "`type` is not a text"),
        ("name", "7", "`name` is not a text"),
        ("distance", "null", "`distance` is missing"),
        ("distance", "-5", "the distance of -5 m must be between 0.01 and 1000 km"),
        ("distance", "9.9", "the distance of 9.9 m must be between 0.01 and 1000 km"),
        ("distance", "1e300", "the distance of 1"),
        ("distance", "20000", "20000 m in 1500 s are 1:15/km, not between 2:00/km and 60:00/km"),
        ("distance", "200", "200 m in 1500 s are 125:00/km, not between 2:00/km and 60:00/km"),
        ("moving_time", "0", "the moving time is zero"),
        ("moving_time", "-1", "the moving time of -1 s must be between 1 and 604800 s"),
        ("moving_time", "1e300", "the moving time of 1"),
        ("moving_time", "\"soon\"", "`moving_time` is not H:MM:SS: \"soon\""),
        ("moving_time", "[1]", "`moving_time` is neither seconds nor H:MM:SS"),
        ("average_heartrate", "300", "the average heart rate must be between 20 and 260"),
        ("max_heartrate", "100", "average_heart_rate must not be above max_heart_rate"),
        ("elevation_gain", "-5", "the elevation gain must be between 0 and 20000 m"),
        ("perceived_exertion", "11", "the perceived exertion must be between 1 and 10"),
        (
            "start_date_local",
            "\"2024-02-30 10:00:00\"",
            "`start_date_local` is not a time: \"2024-02-30 10:00:00\"",
        ),
        ("start_date", "\"never\"", "`start_date` is not a time: \"never\""),
        ("start_date_local", "\"2026-06-02 10:00:00\"", "2026-06-02 is in the future"),
    ] {
        let told = told(&json(&[("average_heartrate", "150"), (field, value)]));
        assert!(told[0].starts_with(&format!("1:1 bad: {reason}")), "{field} {value}: {told:?}");
    }
}

#[test]
fn a_run_may_be_a_day_ahead_of_utc() {
    let ahead = [
        ("start_date_local", "\"2026-06-01 10:00:00\""),
        ("start_date", "\"2026-05-31 21:00:00Z\""),
    ];

    assert_eq!(told(&json(&ahead)), ["1:1 run"]);
}

#[test]
fn a_broken_entry_costs_only_itself() {
    let good = entry(&[]);
    for broken in [
        "{\"run_id\":1,,}",
        "{\"run_id\":1}}",
        "{\"run_id\":tru}",
        "7",
        "null",
        "\"text, with ] and }\"",
        "[1, 2]",
        "{\"run_id\":1, \"name\":\"\\ud800\"}",
        // Never closed: told when the next one begins.
        "{\"run_id\":1",
        "{\"run_id\":1, \"name\":\"torn\n",
    ] {
        let told = told(&format!("[{good},\n{broken},\n{good},\n{good}]"));
        let kinds: Vec<_> =
            told.iter().map(|row| row.split(' ').nth(1).unwrap_or_default()).collect();
        assert_eq!(kinds, ["run", "bad:", "run", "run"], "{broken}: {told:?}");
    }
}

#[test]
fn a_list_that_is_cut_off_gives_what_it_has() {
    let good = entry(&[]);

    assert_eq!(told(&format!("[{good}")).len(), 2, "the only entry is not known to be whole");
    assert_eq!(
        told(&format!("[{good},\n{good},")),
        ["1:1 run", "2:2 run", "2:3 bad: the list is cut off: its end is missing"]
    );
    assert_eq!(
        told(&format!("[{good}] {good}"))[1],
        "1:2 bad: there is more behind the end of the list"
    );
    assert_eq!(told("[]"), Vec::<String>::new());
    assert_eq!(told("[")[0], "1:1 bad: the list is cut off: its end is missing");
}

#[test]
fn a_byte_order_mark_and_blanks_are_passed_over() {
    assert_eq!(told(&format!("\u{feff}\n  [{}]", entry(&[]))).len(), 1);
    assert_eq!(told(&format!("\u{feff}{}", export(&[GOOD_EXPORT]))), ["2:1 run"]);
    assert_eq!(told(&export(&[GOOD_EXPORT]).replace('\n', "\r\n")), ["2:1 run"]);
}

#[test]
fn another_file_is_refused_with_the_reason() {
    for (file, reason) in [
        ("", "it is empty"),
        (" \n ", "it is empty"),
        ("{\"runs\": []}", "it is a single JSON object"),
        ("%PDF-1.7", "not the heading"),
        ("a;b;c\n1;2;3\n", "not the heading"),
        ("Activity ID,Activity Type\n1,Run\n", "\"Distance\", in metres, is missing"),
        (
            "Activity ID,Activity Type,Distance,Distance\n1,Run,1,1\n",
            "the column \"Activity Date\" is missing",
        ),
    ] {
        let error = read(file.as_bytes(), options()).unwrap_err();
        assert!(
            matches!(error, ImportError::UnknownForm { .. }) && error.to_string().contains(reason),
            "{file}: {error}"
        );
    }
}

const CLOCK_TIMES: &str = r#"[
{"run_id":7001,"name":"晨间跑步","type":"Run","start_date":"2024-12-04 21:48:15+00:00","start_date_local":"2024-12-05 05:48:15","distance":5014.0,"moving_time":"0:24:53","average_heartrate":161.1,"average_speed":3.358}
]"#;

const SECONDS: &str = r#"[
{"run_id":7002,"name":"","type":"Run","subtype":"Run","start_date":"2020-06-09T19:37:09","start_date_local":"2020-06-09T19:37:09","distance":3505.3,"moving_time":1232,"elapsed_time":1247,"average_heartrate":0.0,"average_speed":2.84,"elevation_gain":12.1}
]"#;

const GOOD_EXPORT: &str =
    r#"8001,"Jul 5, 2023, 8:45:34 AM",Run,Run,,1520,5.21,,,,1500.0,1490.0,5213.0,,,,"#;

/// A bulk export, with the columns that count and the double ones among them.
fn export(rows: &[&str]) -> String {
    let heading = "Activity ID,Activity Date,Activity Name,Activity Type,Activity Description,Elapsed Time,Distance,Max Heart Rate,Commute,Activity Private Note,Elapsed Time,Moving Time,Distance,Elevation Gain,Max Heart Rate,Average Heart Rate,Perceived Exertion";
    format!("{heading}\n{}\n", rows.join("\n"))
}

/// A good entry of a list with some fields changed.
fn entry(changed: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("run_id", "9001"),
        ("name", "\"Evening\""),
        ("type", "\"Run\""),
        ("start_date", "\"2026-05-01 16:00:00+00:00\""),
        ("start_date_local", "\"2026-05-01 18:00:00\""),
        ("distance", "5000.0"),
        ("moving_time", "1500"),
    ];
    for (name, value) in changed {
        match fields.iter_mut().find(|(field, _)| field == name) {
            Some(field) => field.1 = value,
            None => fields.push((name, value)),
        }
    }
    let fields: Vec<_> =
        fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

fn json(changed: &[(&str, &str)]) -> String {
    format!("[{}]", entry(changed))
}

fn only_run(file: &str, options: RunOptions) -> RecordRun {
    let mut rows: Vec<_> = read(file.as_bytes(), options).expect("a known form").collect();
    match (rows.pop(), rows.is_empty()) {
        (Some(Row::Run { command, .. }), true) => *command,
        other => panic!("expected one run, got {other:?}"),
    }
}

/// Each row as `line:entry`, what it is and why.
fn told(file: &str) -> Vec<String> {
    let rows = read(file.as_bytes(), options()).expect("a known form");
    rows.map(|row| match row {
        Row::Run { place, .. } => format!("{}:{} run", place.line, place.entry),
        Row::Skipped { place, reason } => {
            format!("{}:{} skipped {reason}", place.line, place.entry)
        }
        Row::Bad { place, reason } => format!("{}:{} bad: {reason}", place.line, place.entry),
    })
    .collect()
}

fn options() -> RunOptions {
    RunOptions { owner: owner(), today: date("2026-05-31"), offset: None }
}

fn owner() -> OwnerId {
    OwnerId(Uuid::from_u128(1))
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}
