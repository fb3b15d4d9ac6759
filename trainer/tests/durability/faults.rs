//! What cannot be: commands as they ended, against the events that are stored.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use sqlx::PgPool;

use crate::journal::{Ended, Entry};

/// An event, and what it belongs to.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub(crate) struct Stored {
    pub(crate) position: i64,
    /// The request it came with.
    pub(crate) request: String,
    /// Each time a request is carried out, this is another one.
    pub(crate) command: String,
}

/// Every event, in order.
pub(crate) async fn stored(pool: &PgPool) -> Vec<Stored> {
    sqlx::query_as(
        "select position, coalesce(metadata ->> 'request_id', '') as request,
                coalesce(metadata ->> 'command_id', '') as command
           from es.events order by position",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

/// A command that was done.
#[derive(Debug, Clone, Copy)]
struct Done<'a> {
    entry: &'a Entry,
    first: i64,
    last: i64,
}

/// Everything that contradicts what clients were told. What was done is there, whole and once; what was refused is not;
/// and what was asked for after something else had ended lies behind it.
pub(crate) fn faults(entries: &[Entry], stored: &[Stored]) -> Vec<String> {
    let mut events_of: BTreeMap<&str, Vec<&Stored>> = BTreeMap::new();
    for event in stored {
        events_of.entry(&event.request).or_default().push(event);
    }
    let (mut faults, mut all_done) = (vec![], vec![]);
    for entry in entries {
        let mut events = events_of.remove(entry.request.as_str()).unwrap_or_default();
        events.sort_by_key(|event| event.position);
        faults.extend(fault_of(entry, &events).map(|fault| format!("{fault}: {entry:?}")));
        if let [first, .., last] | [first @ last] = events.as_slice() {
            all_done.push(Done { entry, first: first.position, last: last.position });
        }
    }
    faults.extend(events_of.values().map(|events| format!("nobody asked for it: {events:?}")));
    faults.extend(out_of_order(&all_done));
    faults
}

/// What is wrong about one command and its events, which come in order.
fn fault_of(entry: &Entry, events: &[&Stored]) -> Option<String> {
    let ([first, .., last] | [first @ last]) = events else {
        return match entry.ended {
            Ended::Ok { .. } | Ended::FoundDone => Some("lost".to_owned()),
            Ended::Failed { .. } | Ended::Unknown | Ended::FoundAbsent => None,
        };
    };
    let positions: Vec<_> = events.iter().map(|event| event.position).collect();
    let times: HashSet<_> = events.iter().map(|event| event.command.as_str()).collect();
    let is_torn = last.position - first.position + 1 != events.len() as i64;
    match entry.ended {
        Ended::Failed { .. } => Some(format!("failed, but stored at {positions:?}")),
        Ended::FoundAbsent => Some(format!("came late, at {positions:?}")),
        _ if times.len() > 1 => Some(format!("{} times, at {positions:?}", times.len())),
        _ if is_torn => Some(format!("torn apart, at {positions:?}")),
        Ended::Ok { position } if position != last.position => {
            Some(format!("elsewhere than answered, at {positions:?}"))
        }
        Ended::Ok { .. } | Ended::Unknown | Ended::FoundDone => None,
    }
}

/// What lies before something that had ended when it was asked for.
fn out_of_order(done: &[Done<'_>]) -> Vec<String> {
    let mut invoked = done.to_vec();
    invoked.sort_by_key(|done| done.entry.invoked);
    let mut returned: Vec<_> =
        done.iter().filter_map(|done| Some((done.entry.returned?, *done))).collect();
    returned.sort_by_key(|(when, _)| *when);
    let mut returned = returned.into_iter().peekable();
    // Of all that had ended, the one that lies behind the others.
    let mut foremost: Option<Done<'_>> = None;
    let mut faults = vec![];
    for later in invoked {
        while let Some((_, earlier)) = returned.next_if(|(when, _)| *when < later.entry.invoked) {
            if foremost.is_none_or(|foremost| foremost.last < earlier.last) {
                foremost = Some(earlier);
            }
        }
        if let Some(earlier) = foremost.filter(|earlier| later.first < earlier.last) {
            let (one, other) = (later.entry, earlier.entry);
            faults.push(format!(
                "out of order: {}, at {} though asked for after the end of what is at {}: {one:?}, {other:?}",
                one.request, later.first, earlier.last,
            ));
        }
    }
    faults
}
