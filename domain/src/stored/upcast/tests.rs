//! A story told in the versions of many programs is the story that happened.
//!
//! No event of ours has an older version yet, so these are of something else: running shoes. They are
//! declared, stored and read as ours are.

#[allow(unreachable_pub, reason = "events are declared for everybody")]
mod shoes;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use self::shoes::{Shoes, ShoesEvent, facts, written_once};
use super::{Payload, Upcaster, steps_from, upcast};
use crate::{DecodeError, StoredEvent};

proptest! {
    #[test]
    fn a_story_of_many_programs_folds_to_what_happened(story in vec((facts(), any::<usize>()), 0..30)) {
        let (mut told, mut happened) = (Shoes::default(), Shoes::default());
        for (fact, program) in story {
            let (version, payload) = fact.as_stored_by(program);
            let event = decoded(fact.event_type(), version, &payload).unwrap();
            // Who knows more than an older program could say has it lost; what it said is all there.
            let fact = fact.as_known_to(version);
            prop_assert_eq!(&event, &fact.event());
            told.apply(&event);
            happened.hear(&fact);

            // Stored again by the program of today, it is the same event.
            let (event_type, today) = event.stored_as();
            let again = decoded(event_type, today, &serde_json::to_value(&event).unwrap()).unwrap();
            prop_assert_eq!(again, event);
        }
        prop_assert_eq!(told, happened);
    }

    #[test]
    fn fields_that_nobody_knows_change_nothing(fact in facts(), program in any::<usize>(), more in unknown_fields()) {
        let (version, payload) = fact.as_stored_by(program);
        let mut with_more = payload.clone();
        with_more.as_object_mut().unwrap().extend(more);

        let event = decoded(fact.event_type(), version, &with_more).unwrap();
        prop_assert_eq!(event, decoded(fact.event_type(), version, &payload).unwrap());
    }

    #[test]
    fn a_version_that_nobody_has_written_is_refused_by_its_name(fact in facts(), version in versions()) {
        let known = written_once().contains(&(fact.event_type(), &version));
        let payload = fact.event();
        let result = decoded(fact.event_type(), &version, &serde_json::to_value(payload).unwrap());
        match result {
            Err(error @ DecodeError::Unknown { .. }) => {
                prop_assert!(!known, "{} is one that was written", version);
                let says = format!("unknown event type {} version {version}", fact.event_type());
                prop_assert_eq!(error.to_string(), says);
            }
            // A payload of today under an older version may be wrong, or pass for one.
            Ok(_) | Err(DecodeError::Payload { .. }) => prop_assert!(known, "{:?} was read", version),
        }
    }

    #[test]
    fn what_is_not_a_payload_of_its_version_is_refused_and_nothing_panics(
        (event_type, version) in select(written_once()),
        bytes in any::<Vec<u8>>(),
        fields in prop::collection::hash_map(select(shoes::FIELDS.to_vec()), values(), 0..6),
    ) {
        for payload in [bytes, serde_json::to_vec(&fields).unwrap()] {
            match ShoesEvent::decode(event_type, version, &payload) {
                Ok(event) => prop_assert_eq!(event.stored_as().0, event_type),
                Err(DecodeError::Payload { event_type: named, .. }) => prop_assert_eq!(named, event_type),
                Err(error @ DecodeError::Unknown { .. }) => prop_assert!(false, "{}", error),
            }
        }
    }

    #[test]
    fn any_chain_goes_each_step_from_the_version_on_once_and_in_order(
        steps in vec(select(STEPS.to_vec()), 0..VERSIONS.len()),
        begins in any::<prop::sample::Index>(),
        payload in unknown_fields(),
    ) {
        let older: Vec<Upcaster> =
            steps.iter().zip(VERSIONS).map(|(step, from)| Upcaster { from, step: *step }).collect();
        prop_assert!(steps_from("of today", &older).is_none());
        if older.is_empty() {
            return Ok(());
        }
        let begins = begins.index(older.len());

        let mut by_hand = payload.clone();
        for step in &steps[begins..] {
            step(&mut by_hand).unwrap();
        }
        let stored = serde_json::to_vec(&payload).unwrap();
        let steps = steps_from(VERSIONS[begins], &older).unwrap();
        prop_assert_eq!(upcast(&stored, steps).unwrap(), Value::Object(by_hand));
    }
}

#[test]
fn every_version_that_was_declared_can_be_read() {
    let told = [
        ("shoes.bought", "1"),
        ("shoes.worn", "1"),
        ("shoes.worn", "2"),
        ("shoes.bought", "2"),
        ("shoes.worn", "3"),
        ("shoes.retired", "1"),
    ];
    assert_eq!(written_once(), told);
}

#[test]
fn a_step_that_fails_ends_the_way() {
    let older =
        [Upcaster { from: "1", step: fails }, Upcaster { from: "2", step: |_| unreachable!() }];
    let steps = steps_from("1", &older).unwrap();
    assert_eq!(upcast(b"{}", steps).unwrap_err().to_string(), "missing field `distance_m`");
}

const VERSIONS: [&str; 8] = ["1", "2", "3", "4", "5", "6", "7", "8"];

/// Steps that do not commute, and tell that they were there.
const STEPS: [fn(&mut Payload) -> serde_json::Result<()>; 4] =
    [leaves::<0>, leaves::<1>, leaves::<2>, turns_round];

fn leaves<const MARK: u8>(payload: &mut Payload) -> serde_json::Result<()> {
    let marks = payload.entry("marks").or_insert_with(|| json!([]));
    marks.as_array_mut().unwrap().push(json!(MARK));
    Ok(())
}

fn turns_round(payload: &mut Payload) -> serde_json::Result<()> {
    let marks = payload.remove("marks").unwrap_or_else(|| json!([]));
    let marks = marks.as_array().unwrap().iter().rev().cloned();
    payload.insert("marks".to_owned(), marks.chain([json!("turned")]).collect());
    Ok(())
}

fn fails(_payload: &mut Payload) -> serde_json::Result<()> {
    Err(serde::de::Error::missing_field("distance_m"))
}

fn decoded(event_type: &str, version: &str, payload: &Value) -> Result<ShoesEvent, DecodeError> {
    ShoesEvent::decode(event_type, version, payload.to_string().as_bytes())
}

fn unknown_fields() -> impl Strategy<Value = Payload> {
    vec(("[a-z]{1,8}", values()), 0..5).prop_map(|fields| {
        fields.into_iter().map(|(name, value)| (format!("unknown_{name}"), value)).collect()
    })
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // As events have none, a fraction need not survive to its last digit.
        any::<i32>().prop_map(|quarters| Value::from(f64::from(quarters) / 4.0)),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| vec(inner, 0..3).prop_map(Value::from))
}

fn versions() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9]{0,3}", "[0-9.v -]{1,4}", ".{0,6}"]
}
