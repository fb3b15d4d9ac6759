//! Files made to hurt: each is refused or survived, quickly and without eating the memory.

use std::io::{self, Cursor, Read};
use std::time::{Duration, Instant};

use domain::OwnerId;
use import::ImportError;
use import::plan::{Anchor, PlanOptions, Unit};
use import::runs::{Row, RunOptions};
use proptest::prelude::*;
use uuid::Uuid;

#[test]
fn aliases_of_aliases_are_refused() {
    let mut laughs =
        "id: x\nname: x\nunits: km\na0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
            .to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    laughs.push_str("schedule: *a11\n");

    assert!(matches!(refused_quickly(&laughs), ImportError::Yaml { .. }));
}

#[test]
fn one_week_repeated_by_aliases_is_refused() {
    let rest = "{title: Rest}, ".repeat(7);
    let week =
        format!("id: x\nname: x\nunits: km\nweek: &week {{workouts: [{rest}]}}\nschedule: [");
    let weeks = "*week, ".repeat(100_000);

    refused_quickly(&format!("{week}{weeks}]\n"));
}

#[test]
fn a_hundred_thousand_weeks_are_refused() {
    let empty = "- workouts: []\n".repeat(60_000);
    let error = refused_quickly(&format!("id: x\nname: x\nunits: km\nschedule:\n{empty}"));
    assert!(matches!(error, ImportError::Yaml { .. }), "{error}");

    let full = "- workouts: [{title: Rest}, {title: Rest}]\n".repeat(100_000);
    let error = refused_quickly(&format!("id: x\nname: x\nunits: km\nschedule:\n{full}"));
    assert!(matches!(error, ImportError::TooLarge { .. }), "{error}");
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        refused_quickly(&format!(
            "id: x\nschedule: {}{}\n",
            open.repeat(50_000),
            close.repeat(50_000)
        ));
        refused_quickly(&format!("id: x\nschedule: {}\n", open.repeat(50_000)));
    }
    let blocks: String = (0..1_000).map(|depth| format!("{}- \n", " ".repeat(depth))).collect();
    refused_quickly(&blocks);
}

#[test]
fn strange_yaml_is_refused() {
    for yaml in [
        "",
        "\u{feff}",
        "---\n---\n",
        "id: a\n---\nid: b\n",
        "!!binary aGVsbG8=",
        "? [a, b]\n: c\n",
        "<<: *nothing\n",
        "a: &a\n  b: *a\n",
        "id: .nan\nname: .inf\nunits: km\nschedule: .nan\n",
        "%YAML 9.9\n---\nid: x\n",
        "id: \"\\uD800\"\n",
        "\t\t\t",
        "@",
        "id: x\nname: x\nunits: km\nschedule:\n- workouts: [{title: x, distance: 1e999}]\n",
    ] {
        refused_quickly(yaml);
    }
}

#[test]
fn a_title_of_templates_does_not_blow_up() {
    let yaml = |templates: usize| {
        let (title, rest) = ("{3:4.8} {6} ".repeat(templates), "{title: Rest}, ".repeat(6));
        format!(
            "id: x\nname: x\nunits: km\nschedule:\n- workouts: [{{title: '{title}'}}, {rest}]\n"
        )
    };

    let plan = import::plan::read(&yaml(800), plan_options()).expect("a long title is cut");
    let content = &plan.workouts[0].content;
    assert_eq!(content.name.as_str().chars().count(), 255);
    assert!(
        content.description.as_ref().is_some_and(|text| text.as_str().chars().count() <= 10_000)
    );
    assert!(matches!(refused_quickly(&yaml(20_000)), ImportError::Day { week: 1, day: 1, .. }));
}

#[test]
fn deep_and_endless_json_costs_one_row() {
    let deep = format!("[{}{}, {{\"type\":\"Walk\"}}]", "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(kinds(deep.as_bytes()), ["bad", "skipped"]);

    let deep =
        format!("[{}1{}, {{\"type\":\"Walk\"}}]", "{\"a\":".repeat(1_000), "}".repeat(1_000));
    assert_eq!(kinds(deep.as_bytes()), ["bad", "skipped"]);

    let wide = format!(
        "[{{\"type\":\"Run\",\"name\":\"{}\"}}, {{\"type\":\"Walk\"}}]",
        "a".repeat(3_000_000)
    );
    assert_eq!(kinds(wide.as_bytes()), ["bad", "skipped"]);
}

#[test]
fn bytes_that_are_no_text_cost_one_row() {
    let json = [&b"[{\"type\":\"Run\",\"name\":\"\xff\xfe\"}, {\"type\":\"Walk\"}]"[..]].concat();
    assert_eq!(kinds(&json), ["bad", "skipped"]);

    let row = |bytes: &[u8]| [bytes, b",\"Jul 5, 2023, 8:45:34 AM\",x,Walk,1,1,1\n"].concat();
    let heading =
        &b"Activity ID,Activity Date,Activity Name,Activity Type,Distance,Distance,Moving Time\n"[..];
    assert_eq!(kinds(&[heading, &row(b"\xc3\x28"), &row(b"2")].concat()), ["bad", "skipped"]);
}

#[test]
fn an_unclosed_quote_in_a_bulk_export_ends_in_a_bad_row() {
    let heading =
        "Activity ID,Activity Date,Activity Name,Activity Type,Distance,Distance,Moving Time\n";
    let csv = format!(
        "{heading}1,\"Jul 5, 2023, 8:45:34 AM\",x,Walk,1,1,1\n2,\"{}",
        "never closed\n".repeat(10_000)
    );

    assert_eq!(kinds(csv.as_bytes()), ["skipped", "bad"]);
}

#[test]
fn an_endless_file_is_given_up() {
    for beginning in [
        "[{\"name\":\"",
        "Activity ID,Activity Date,Activity Type,Moving Time,Distance,Distance\n\"",
    ] {
        let endless = Cursor::new(beginning.as_bytes()).chain(Endless);
        let mut rows = import::runs::read(endless, run_options()).expect("a known form");
        let last = rows.by_ref().take(10).last();
        assert!(
            matches!(&last, Some(Row::Bad { reason, .. }) if reason.contains("larger than 65536 KiB")),
            "{last:?}"
        );
        assert!(rows.next().is_none());
    }
    assert!(import::runs::read(Endless, run_options()).is_err());
}

#[test]
fn a_failing_disk_is_told_and_ends_the_rows() {
    let failing = Cursor::new(&b"[{\"type\":\"Walk\"}, "[..]).chain(Failing);
    let rows: Vec<_> =
        import::runs::read(failing, run_options()).expect("a known form").take(5).collect();

    assert_eq!(rows.len(), 2);
    assert!(
        matches!(&rows[1], Row::Bad { reason, .. } if reason.contains("cannot be read any further")),
        "{rows:?}"
    );
    assert!(matches!(import::runs::read(Failing, run_options()), Err(ImportError::Unreadable(_))));
}

proptest! {
    #[test]
    fn no_text_makes_the_plan_reader_panic(text in "\\PC{0,200}") {
        let _ = import::plan::read(&text, plan_options());
    }

    #[test]
    fn no_title_makes_the_plan_reader_panic(title in "[ -~\\n×–{}:0-9mikrun ]{1,80}", description in "\\PC{0,40}", km in any::<f64>()) {
        let day = serde_json::json!({ "title": title, "description": description, "distance": km });
        let rest = serde_json::json!({ "title": "Rest" });
        let days = [day, rest.clone(), rest.clone(), rest.clone(), rest.clone(), rest.clone(), rest];
        let file = serde_json::json!({ "id": "x", "name": "x", "units": "mi", "schedule": [{ "workouts": days }] });
        for unit in [Unit::Km, Unit::Mi] {
            let _ = import::plan::read(&file.to_string(), PlanOptions { unit, ..plan_options() });
        }
    }

    #[test]
    fn no_bytes_make_the_run_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), json in any::<bool>()) {
        let mut file = if json { b"[".to_vec() } else { b"Activity ID,Activity Date,Activity Type,Moving Time,Distance,Distance\n".to_vec() };
        file.extend(bytes);
        let _ = kinds(&file);
    }

    #[test]
    fn no_json_makes_the_run_reader_panic(text in "[\\[\\]{},:\"\\\\\n a-z0-9.-]{0,300}") {
        let _ = kinds(format!("[{text}").as_bytes());
    }
}

struct Endless;

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(b' ');
        Ok(buffer.len())
    }
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is on fire"))
    }
}

fn refused_quickly(yaml: &str) -> ImportError {
    let started = Instant::now();
    let error = import::plan::read(yaml, plan_options()).expect_err("a refusal");
    // Generous, for a debug build on a busy machine; a real expansion takes minutes.
    assert!(started.elapsed() < Duration::from_secs(10), "{:?} for {error}", started.elapsed());
    assert!(error.to_string().len() < 500, "a message for people: {error}");
    error
}

fn kinds(file: &[u8]) -> Vec<&'static str> {
    let Ok(rows) = import::runs::read(file, run_options()) else { return vec![] };
    rows.map(|row| match row {
        Row::Run { .. } => "run",
        Row::Skipped { .. } => "skipped",
        Row::Bad { .. } => "bad",
    })
    .collect()
}

fn plan_options() -> PlanOptions {
    let start = "2026-03-02".parse().expect("a date");
    PlanOptions { owner: OwnerId(Uuid::from_u128(1)), anchor: Anchor::Start(start), unit: Unit::Km }
}

fn run_options() -> RunOptions {
    let today = "2026-05-31".parse().expect("a date");
    RunOptions { owner: OwnerId(Uuid::from_u128(1)), today, offset: None }
}
