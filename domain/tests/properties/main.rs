//! What holds after any sequence of commands.

mod commands;
mod export_commands;
mod export_model;
mod plan_model;
mod run_model;
mod storage;

use domain::plan::{Plan, WorkoutStatus};
use domain::plan_export::PlanExport;
use domain::run::Run;
use domain::{Distance, Heartbeat, Minutes, Seconds, StoredEvent};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use self::commands::{plan_commands, run_commands, today};
use self::export_commands::export_commands;
use self::export_model::{ExportModel, Shown};
use self::plan_model::PlanModel;
use self::run_model::RunModel;
use self::storage::{after, obeyed};

proptest! {
    #[test]
    fn a_plan_survives_any_commands_and_storage(commands in plan_commands()) {
        let plan = after::<Plan>(commands);
        if let Some(details) = plan.details() {
            prop_assert_eq!(details.violations(), vec![]);
            prop_assert!(plan_model::is_valid(details), "it breaks a rule: {:?}", details);
            for workout in plan.workouts().values() {
                let within = workout.scheduled_date.is_none_or(|day| (details.start_date..=details.end_date).contains(&day));
                prop_assert!(within, "a workout lies outside its plan: {:?}", workout);
                prop_assert_eq!(workout.status == WorkoutStatus::Completed, workout.run_id.is_some());
            }
        } else {
            prop_assert!(plan.workouts().is_empty());
        }
    }

    #[test]
    fn a_run_survives_any_commands_and_storage(commands in run_commands()) {
        let run = after::<Run>(commands);
        if let Some(details) = run.details() {
            prop_assert_eq!(details.violations(today(), "duration_seconds"), vec![]);
            prop_assert!(run_model::is_valid(details), "it breaks a rule: {:?}", details);
        } else {
            prop_assert_eq!(run.matched(), None);
        }
    }

    #[test]
    fn a_printed_plan_survives_any_commands_and_storage(commands in export_commands()) {
        let export = after::<PlanExport>(commands);
        let all = [export.plan_id().is_some(), export.options().is_some(), export.state().is_some()];
        prop_assert_eq!(all, [export.id().is_some(); 3]);
        prop_assert!(export.id().is_some() || export.to_be_mailed_to().is_none());
    }

    #[test]
    fn a_plan_does_what_its_plain_model_does(commands in plan_commands()) {
        let (mut plan, mut model) = (Plan::default(), PlanModel::default());
        for command in commands {
            let said = obeyed(&mut plan, command.clone());
            let before = model.clone();
            let reasons = model.obey(&command);
            match said {
                Err(refusal) => prop_assert!(
                    reasons.contains(&plan_model::reason(&refusal)),
                    "{:?} to {:?}, which may be refused for {:?}", refusal, command, reasons
                ),
                Ok(events) => {
                    prop_assert!(reasons.is_empty(), "{:?} although {:?}", command, reasons);
                    prop_assert_eq!(events == 0, model == before, "{:?} stores {} events", command, events);
                }
            }
            prop_assert_eq!(&PlanModel::of(&plan), &model, "after {:?}", command);
        }
    }

    #[test]
    fn a_run_does_what_its_plain_model_does(commands in run_commands()) {
        let (mut run, mut model) = (Run::default(), RunModel::default());
        for command in commands {
            let said = obeyed(&mut run, command.clone());
            let before = model.clone();
            let reason = model.obey(&command);
            match said {
                Err(refusal) => prop_assert_eq!(Some(run_model::reason(&refusal)), reason, "{:?}", command),
                Ok(events) => {
                    prop_assert_eq!(reason, None, "{:?}", command);
                    prop_assert_eq!(events == 0, model == before, "{:?} stores {} events", command, events);
                }
            }
            prop_assert_eq!(&RunModel::of(&run), &model, "after {:?}", command);
        }
    }

    #[test]
    fn a_printed_plan_does_what_its_plain_model_does(commands in export_commands()) {
        let (mut export, mut model) = (PlanExport::default(), ExportModel::default());
        for command in commands {
            let said = obeyed(&mut export, command.clone());
            let before = model.clone();
            let reason = model.obey(&command);
            match said {
                Err(refusal) => prop_assert_eq!(Some(export_model::reason(&refusal)), reason, "{:?}", command),
                Ok(events) => {
                    prop_assert_eq!(reason, None, "{:?}", command);
                    prop_assert_eq!(events == 0, model == before, "{:?} stores {} events", command, events);
                }
            }
            prop_assert_eq!(Shown::of(&export), model.shown(), "after {:?}", command);
        }
    }

    #[test]
    fn no_payload_makes_decoding_panic(event_type in select(stored_types()), payload in any::<Vec<u8>>(), json in json()) {
        for payload in [payload, json.into_bytes()] {
            let _ = domain::plan::PlanEvent::decode(event_type, "1", &payload);
            let _ = domain::run::RunEvent::decode(event_type, "1", &payload);
            let _ = domain::plan_export::PlanExportEvent::decode(event_type, "1", &payload);
        }
    }

    #[test]
    fn an_event_of_a_newer_version_is_refused_by_its_name((event_type, today) in select(stored_versions()), version in ".{0,4}") {
        let known = stored_versions().contains(&(event_type, version.as_str()));
        prop_assume!(!known, "{} is not a new one", version);
        for error in [
            domain::plan::PlanEvent::decode(event_type, &version, b"{}").unwrap_err(),
            domain::run::RunEvent::decode(event_type, &version, b"{}").unwrap_err(),
            domain::plan_export::PlanExportEvent::decode(event_type, &version, b"{}").unwrap_err(),
        ] {
            prop_assert_eq!(error.to_string(), format!("unknown event type {event_type} version {version}"), "today {}", today);
        }
    }

    #[test]
    fn no_number_makes_a_value_panic(number in any::<f64>(), whole in any::<i64>()) {
        let _ = (Distance::from_km(number), Distance::race_from_km(number), Seconds::from_minutes(number));
        let _ = (Seconds::from_seconds(whole), Minutes::from_minutes(whole), Heartbeat::from_bpm(whole));
        let _ = domain::run::average_pace(whole, whole).map(|pace| pace.to_string());
    }
}

fn stored_types() -> Vec<&'static str> {
    stored_versions().into_iter().map(|(event_type, _)| event_type).collect()
}

fn stored_versions() -> Vec<(&'static str, &'static str)> {
    use domain::plan::PlanEvent;
    use domain::plan_export::PlanExportEvent;
    use domain::run::RunEvent;
    [
        PlanEvent::TYPES,
        PlanEvent::OLDER,
        RunEvent::TYPES,
        RunEvent::OLDER,
        PlanExportEvent::TYPES,
        PlanExportEvent::OLDER,
    ]
    .concat()
}

fn json() -> impl Strategy<Value = String> {
    let field = select(vec![
        "plan_id",
        "run_id",
        "pdf_id",
        "owner_id",
        "plan",
        "run",
        "name",
        "type",
        "workout",
        "scheduled_date",
    ]);
    let value = select(vec![
        "null",
        "1",
        "-1e999",
        "\"\"",
        "{}",
        "[]",
        "\"0193a1f2-4c00-7a10-8b5e-3f1d2c4b5a60\"",
    ]);
    vec((field, value), 0..6).prop_map(|fields| {
        let fields: Vec<_> =
            fields.into_iter().map(|(field, value)| format!("\"{field}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    })
}
