//! Commands given one after the other, as a stream gets them, with everything going through storage.

use cqrs_es::Aggregate;
use cqrs_es::test::TestFramework;
use domain::{Decider, StoredEvent};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Runs commands one after the other, as a stream would: what is refused changes nothing, and what
/// is accepted is stored, read back and folded.
pub(crate) fn after<A>(commands: Vec<A::Command>) -> A
where
    A: Aggregate<Services = ()> + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned,
    A::Event: StoredEvent + Serialize,
{
    let mut history: Vec<A::Event> = vec![];
    let mut state = A::default();
    for command in commands {
        let decided =
            TestFramework::<A>::with(()).given(history.clone()).when(command).inspect_result();
        for event in decided.unwrap_or_default() {
            let stored = stored(&event);
            assert_eq!(stored, event);
            history.push(stored.clone());
            state.apply(stored);
        }
        let json = serde_json::to_string(&state).expect("a state is JSON");
        assert_eq!(serde_json::from_str::<A>(&json).expect("what was written"), state);
    }
    let mut replayed = A::default();
    history.into_iter().for_each(|event| replayed.apply(event));
    assert_eq!(replayed, state);
    state
}

fn stored<E: StoredEvent + Serialize>(event: &E) -> E {
    let payload = serde_json::to_vec(event).expect("an event is JSON");
    let (event_type, version) = event.stored_as();
    let decoded = E::decode(event_type, version, &payload).expect("what was stored");
    // Equal is not enough: instants are equal whatever their offsets.
    assert_eq!(serde_json::to_vec(&decoded).expect("an event is JSON"), payload);
    for other in other_programs(&payload) {
        assert_eq!(E::decode(event_type, version, &other).expect("what was stored"), *event);
    }
    decoded
}

/// The same event as an older program stored it, before its optional fields were there, and as a newer
/// one does, with fields of its own.
fn other_programs(payload: &[u8]) -> [Vec<u8>; 2] {
    let mut older: Value = serde_json::from_slice(payload).expect("JSON");
    drop_nulls(&mut older);
    let mut newer: Value = serde_json::from_slice(payload).expect("JSON");
    add_fields(&mut newer);
    [older.to_string().into_bytes(), newer.to_string().into_bytes()]
}

fn drop_nulls(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.retain(|_, field| !field.is_null());
        fields.values_mut().for_each(drop_nulls);
    }
}

fn add_fields(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.values_mut().for_each(add_fields);
        fields.insert("of_a_newer_program".to_owned(), Value::from(true));
    }
}

/// Gives a command to an aggregate: how many events it led to, or why it was refused.
pub(crate) fn obeyed<A: Decider>(aggregate: &mut A, command: A::Command) -> Result<usize, A::Error>
where
    A::Event: StoredEvent + Serialize,
{
    let events = aggregate.decide(command)?;
    let count = events.len();
    events.iter().for_each(|event| aggregate.apply(stored(event)));
    Ok(count)
}
