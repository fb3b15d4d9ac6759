//! Every event type and version ever shipped, as it is stored.
//!
//! The files are added with a new type or version and never edited: what is in them is in somebody's
//! database.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;
use std::path::Path;

use cqrs_es::Aggregate;
use domain::plan::{Plan, PlanEvent};
use domain::plan_export::{PlanExport, PlanExportEvent};
use domain::run::{Run, RunEvent};
use domain::user::UserEvent;
use domain::{DecodeError, StoredEvent};
use serde::Serialize;
use serde_json::Value;

#[test]
fn every_type_and_version_ever_written_has_a_golden_file() {
    let files: BTreeSet<_> = golden_files().into_keys().collect();
    let missing: Vec<_> = written_today()
        .chain(written_before())
        .map(|(name, version)| key(name, version))
        .filter(|key| !files.contains(key))
        .collect();

    assert!(missing.is_empty(), "without a golden file: {missing:?}");
}

#[test]
fn the_versions_of_a_type_begin_with_1_and_leave_none_out() {
    for (event_type, today) in written_today() {
        let older = written_before().filter(|(name, _)| *name == event_type);
        let versions: Vec<_> = older.map(|(_, version)| version).chain([today]).collect();
        let a_row: Vec<_> = (1..=versions.len()).map(|number| number.to_string()).collect();
        assert_eq!(versions, a_row, "{event_type}");
    }
}

#[test]
fn every_golden_file_is_of_a_type_that_can_still_be_read() {
    for ((event_type, version), payload) in golden_files() {
        let bytes = payload.to_string();
        let plan = PlanEvent::decode(&event_type, &version, bytes.as_bytes()).map(drop);
        let run = RunEvent::decode(&event_type, &version, bytes.as_bytes()).map(drop);
        let user = UserEvent::decode(&event_type, &version, bytes.as_bytes()).map(drop);
        let export = PlanExportEvent::decode(&event_type, &version, bytes.as_bytes()).map(drop);
        assert!(
            plan.is_ok() || run.is_ok() || user.is_ok() || export.is_ok(),
            "{event_type} {version}: {plan:?}, {run:?}, {user:?}, {export:?}"
        );
    }
}

#[test]
fn plan_events_are_stored_as_their_golden_files_say() {
    for (event_type, version) in PlanEvent::TYPES {
        is_stored_as_golden::<PlanEvent>(event_type, version);
    }
}

#[test]
fn run_events_are_stored_as_their_golden_files_say() {
    for (event_type, version) in RunEvent::TYPES {
        is_stored_as_golden::<RunEvent>(event_type, version);
    }
}

#[test]
fn plan_export_events_are_stored_as_their_golden_files_say() {
    for (event_type, version) in PlanExportEvent::TYPES {
        is_stored_as_golden::<PlanExportEvent>(event_type, version);
    }
}

#[test]
fn user_events_are_stored_as_their_golden_files_say() {
    for (event_type, version) in UserEvent::TYPES {
        is_stored_as_golden::<UserEvent>(event_type, version);
    }
}

#[test]
fn plan_events_fold() {
    let born = golden::<PlanEvent>("plan.created", "1");
    let scheduled = golden::<PlanEvent>("workout.scheduled", "1");
    for (event_type, version) in PlanEvent::TYPES.iter().filter(|(name, _)| *name != "plan.created")
    {
        let mut earlier = vec![born.clone()];
        if *event_type != "workout.scheduled" {
            earlier.push(scheduled.clone());
        }
        changes_something::<Plan>(earlier, golden(event_type, version));
    }
    changes_something::<Plan>(vec![], born);
}

#[test]
fn run_events_fold() {
    let born = golden::<RunEvent>("run.recorded", "1");
    for (event_type, version) in RunEvent::TYPES.iter().filter(|(name, _)| *name != "run.recorded")
    {
        let mut earlier = vec![born.clone()];
        if *event_type == "run.unmatched" {
            earlier.push(golden("run.matched", "1"));
        }
        changes_something::<Run>(earlier, golden(event_type, version));
    }
    changes_something::<Run>(vec![], born);
}

#[test]
fn plan_export_events_fold() {
    let born = golden::<PlanExportEvent>("plan_export.requested", "1");
    for (event_type, version) in
        PlanExportEvent::TYPES.iter().filter(|(name, _)| *name != "plan_export.requested")
    {
        changes_something::<PlanExport>(vec![born.clone()], golden(event_type, version));
    }
    changes_something::<PlanExport>(vec![], born);
}

#[test]
fn an_unknown_type_or_version_is_said_to_be_unknown() {
    for (event_type, version) in
        [("plan.exploded", "1"), ("plan.created", "2"), ("", ""), ("Plan.Created", "1")]
    {
        let result = PlanEvent::decode(event_type, version, b"{}");
        assert!(
            matches!(result, Err(DecodeError::Unknown { .. })),
            "{event_type} {version}: {result:?}"
        );
    }
}

#[test]
fn a_payload_that_does_not_fit_is_an_error_of_the_payload() {
    for payload in [&b"{}"[..], b"null", b"{\"plan_id\":1}", b"", b"\xff"] {
        let result = PlanEvent::decode("plan.created", "1", payload);
        assert!(matches!(result, Err(DecodeError::Payload { .. })), "{result:?}");
    }
}

fn written_today() -> impl Iterator<Item = (&'static str, &'static str)> {
    [PlanEvent::TYPES, RunEvent::TYPES, PlanExportEvent::TYPES, UserEvent::TYPES]
        .into_iter()
        .flatten()
        .copied()
}

fn written_before() -> impl Iterator<Item = (&'static str, &'static str)> {
    [PlanEvent::OLDER, RunEvent::OLDER, PlanExportEvent::OLDER, UserEvent::OLDER]
        .into_iter()
        .flatten()
        .copied()
}

/// Every golden file, by event type and version.
fn golden_files() -> BTreeMap<(String, String), Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let entries = fs::read_dir(folder).expect("the folder of golden files");
    let paths = entries.map(|entry| entry.expect("a folder entry").path());
    paths
        .map(|path| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a readable name")
                .to_owned();
            let (event_type, version) = name
                .strip_suffix(".json")
                .and_then(|stem| stem.rsplit_once(".v"))
                .unwrap_or_else(|| panic!("{name} is not named <event_type>.v<version>.json"));
            let text = fs::read(&path).expect("a readable file");
            let value =
                serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (key(event_type, version), value)
        })
        .collect()
}

fn key(event_type: &str, version: &str) -> (String, String) {
    (event_type.to_owned(), version.to_owned())
}

fn golden<E: StoredEvent>(event_type: &str, version: &str) -> E {
    let payload = &golden_files()[&key(event_type, version)];
    E::decode(event_type, version, payload.to_string().as_bytes())
        .unwrap_or_else(|error| panic!("{event_type} {version}: {error}"))
}

fn is_stored_as_golden<E: StoredEvent + Serialize>(event_type: &str, version: &str) {
    let event: E = golden(event_type, version);
    let stored = serde_json::to_value(&event).expect("an event is JSON");

    assert_eq!(stored, golden_files()[&key(event_type, version)], "{event_type} {version}");
    assert_eq!(event.stored_as(), (event_type, version));
    assert_eq!(stored["type"], *event_type);
    assert_eq!(serde_json::from_value::<E>(stored).expect("what was stored"), event);
}

fn changes_something<A: Aggregate + Clone + PartialEq + Debug>(
    earlier: Vec<A::Event>,
    event: A::Event,
) {
    let mut before = A::default();
    earlier.into_iter().for_each(|event| before.apply(event));
    let mut after = before.clone();
    after.apply(event.clone());
    assert_ne!(after, before, "{event:?} changes nothing");
}
