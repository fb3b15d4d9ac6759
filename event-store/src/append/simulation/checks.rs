//! What must hold after every run.

use std::collections::HashMap;

use uuid::Uuid;

use super::model::{Model, Stored};
use super::request::{Attempt, End, Request};

/// Fails with the first promise that was broken.
pub(super) fn check(model: &Model, requests: &[Request]) -> Result<(), String> {
    positions_are_dense(model)?;
    sequences_are_consecutive(model)?;
    let mut by_id: HashMap<Uuid, Vec<&Stored>> = HashMap::new();
    for event in &model.log {
        by_id.entry(event.event_id).or_default().push(event);
    }
    let mut stored_for: HashMap<usize, i64> = HashMap::new();
    for (number, request) in requests.iter().enumerate() {
        let stored =
            what_is_stored(request, &by_id).map_err(|why| format!("request {number} {why}"))?;
        let erased = model.is_erased(request.owner);
        let says =
            |what: String| Err(format!("request {number} was told {:?}, but {what}", request.end));
        match (&request.end, stored) {
            (End::Waiting | End::Forgotten, _) => {
                return says("should have got an answer".to_owned());
            }
            (End::Acknowledged(position), Some(last)) if *position == last => {
                if last <= request.began_at {
                    return says("that was there before it began".to_owned());
                }
            }
            // A keyed command without events is known by its key only.
            (End::Acknowledged(_), None) if request.streams().next().is_none() => {}
            (End::Refused | End::Replayed(_), None) => {}
            // Of somebody who is erased nothing is left to tell by.
            (End::Erased | End::Refused, _) if erased => {}
            (End::Unknown, _) => {}
            (_, stored) => return says(format!("{stored:?} is stored")),
        }
        if let Some(last) = stored
            && let Some(other) = stored_for.insert(request.intent, last)
        {
            return says(format!("it is stored at {last} and under the same key at {other}"));
        }
    }
    replays_tell_the_first_answer(requests, &stored_for)
}

fn positions_are_dense(model: &Model) -> Result<(), String> {
    let dense = model.log.iter().map(|event| event.position).eq(1..=model.head);
    if dense { Ok(()) } else { Err(format!("positions up to {} are not dense", model.head)) }
}

fn sequences_are_consecutive(model: &Model) -> Result<(), String> {
    let mut streams: HashMap<usize, i64> = HashMap::new();
    for event in &model.log {
        let last = streams.entry(event.stream).or_default();
        *last += 1;
        if event.sequence != *last {
            return Err(format!(
                "stream {} goes on with {}, not {last}",
                event.stream, event.sequence
            ));
        }
    }
    Ok(())
}

/// The position of the last event of what is stored of a request: one attempt as a whole, or nothing.
fn what_is_stored(
    request: &Request,
    by_id: &HashMap<Uuid, Vec<&Stored>>,
) -> Result<Option<i64>, String> {
    let mut ids: Vec<Uuid> = request.attempts.iter().flatten().map(|(.., id)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    let all: usize = ids.iter().map(|id| by_id.get(id).map_or(0, Vec::len)).sum();
    if all == 0 {
        return Ok(None);
    }
    let mut wholes = request.attempts.iter().filter_map(|attempt| position_of(attempt, by_id));
    let last = wholes.next().ok_or("is stored in part")?;
    let events = request.attempts[0].len();
    if all != events {
        return Err(format!("has {all} events stored instead of {events}"));
    }
    Ok(Some(last))
}

/// The position of an attempt's last event, when it is stored: together and in order.
fn position_of(attempt: &Attempt, by_id: &HashMap<Uuid, Vec<&Stored>>) -> Option<i64> {
    let mut positions = attempt.iter().map(|(stream, sequence, id)| {
        let found = by_id.get(id)?;
        let same = |event: &&&Stored| (event.stream, event.sequence) == (*stream, *sequence);
        found.iter().find(same).map(|event| event.position)
    });
    let mut last = positions.next()??;
    for position in positions {
        if position? != last + 1 {
            return None;
        }
        last += 1;
    }
    Some(last)
}

fn replays_tell_the_first_answer(
    requests: &[Request],
    stored_for: &HashMap<usize, i64>,
) -> Result<(), String> {
    for (number, request) in requests.iter().enumerate() {
        if let (End::Replayed(position), Some(first)) =
            (&request.end, stored_for.get(&request.intent))
            && position != first
        {
            return Err(format!("request {number} was told {position}, not {first}"));
        }
        if matches!(request.end, End::Replayed(_))
            && request.streams().next().is_some()
            && !stored_for.contains_key(&request.intent)
        {
            return Err(format!("request {number} was told of something that is not stored"));
        }
    }
    Ok(())
}
