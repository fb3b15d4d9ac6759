//! The check of what clients were told sees what it looks for: it is shown histories that cannot be.

use crate::faults::{Stored, faults};
use crate::journal::{Ended, Entry, write_out};

/// Three that were sent at once, of which one was refused and nobody knows of one, and one that was sent when the first
/// two had ended.
const DONE: usize = 0;
const REFUSED: usize = 1;
const UNKNOWN: usize = 2;
const LATER: usize = 3;

#[test]
fn a_history_that_can_be_has_no_faults() {
    // What nobody knows of may be absent, or anywhere among what went on at the same time, or behind it.
    let all_that_may_be: [(i64, i64, &[usize]); 4] = [
        (2, 3, &[DONE, DONE, LATER]),
        (2, 4, &[DONE, DONE, UNKNOWN, LATER]),
        (4, 5, &[UNKNOWN, UNKNOWN, DONE, DONE, LATER]),
        (2, 3, &[DONE, DONE, LATER, UNKNOWN, UNKNOWN]),
    ];
    for (done, later, events) in all_that_may_be {
        assert_eq!(faults(&entries(done, later), &stored(events)), Vec::<String>::new());
    }
    // Whoever found it has found what is so.
    for found in [Ended::FoundDone, Ended::Ok { position: 3 }] {
        let mut entries = entries(2, 4);
        (entries[UNKNOWN].ended, entries[UNKNOWN].returned) = (found, Some(9));
        let stored = stored(&[DONE, DONE, UNKNOWN, LATER]);
        assert_eq!(faults(&entries, &stored), Vec::<String>::new());
    }
}

#[test]
fn what_is_lost_twice_torn_refused_and_there_or_out_of_order_is_noticed() {
    let faults: [(&str, i64, i64, &[usize]); 8] = [
        ("lost", 2, 1, &[LATER]),
        ("torn apart", 3, 4, &[DONE, UNKNOWN, DONE, LATER]),
        ("torn apart", 2, 4, &[DONE, DONE, UNKNOWN, LATER, UNKNOWN]),
        ("failed, but stored", 2, 4, &[DONE, DONE, REFUSED, LATER]),
        ("elsewhere", 1, 3, &[DONE, DONE, LATER]),
        ("elsewhere", 3, 3, &[DONE, DONE, LATER]),
        ("out of order", 3, 1, &[LATER, DONE, DONE]),
        ("nobody asked", 2, 4, &[DONE, DONE, 7, LATER]),
    ];
    for (fault, done, later, events) in faults {
        assert_only(fault, &entries(done, later), &stored(events));
    }
}

#[test]
fn what_was_carried_out_twice_is_noticed_wherever_the_second_time_lies() {
    for events in [[DONE, DONE, LATER], [DONE, LATER, DONE]] {
        let mut stored = stored(&events);
        stored.iter_mut().rfind(|event| event.request == request(DONE)).unwrap().command =
            "another".to_owned();
        let mut entries = entries(2, 2);
        // What was asked for at the same time may lie in between.
        entries[LATER].invoked = 2;
        entries[LATER].ended = Ended::Unknown;
        assert_only("2 times", &entries, &stored);
    }
}

#[test]
fn what_nobody_knew_of_is_found_as_it_was_seen_and_not_before_what_had_ended() {
    let mut absent = entries(2, 4);
    (absent[UNKNOWN].ended, absent[UNKNOWN].returned) = (Ended::FoundAbsent, Some(9));
    assert_only("came late", &absent, &stored(&[DONE, DONE, UNKNOWN, LATER]));

    let mut done = entries(2, 3);
    (done[UNKNOWN].ended, done[UNKNOWN].returned) = (Ended::FoundDone, Some(9));
    assert_only("lost", &done, &stored(&[DONE, DONE, LATER]));

    // It is done, nobody was told so, and it lies before what had ended when it was sent.
    let mut later = entries(3, 1);
    (later[LATER].ended, later[LATER].returned) = (Ended::Unknown, None);
    assert_only("out of order", &later, &stored(&[LATER, DONE, DONE]));
    // Once it was found absent it is sent anew: then it must lie behind all that had ended until that.
    let mut anew = entries(3, 4);
    anew[UNKNOWN] = Entry {
        invoked: 9,
        returned: Some(10),
        ended: Ended::Ok { position: 1 },
        ..anew[UNKNOWN].clone()
    };
    assert_only("out of order", &anew, &stored(&[UNKNOWN, DONE, DONE, LATER]));
}

#[test]
fn a_history_with_faults_can_be_read() {
    let file = write_out(0, &entries(2, 3), &stored(&[DONE, DONE, LATER]));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(file).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4 + 3);
    assert_eq!(lines[DONE]["ended"]["ok"]["position"], 2);
    assert_eq!(lines[UNKNOWN]["ended"], "unknown");
    assert_eq!(lines[4]["request"], lines[DONE]["request"]);
}

#[track_caller]
fn assert_only(fault: &str, entries: &[Entry], stored: &[Stored]) {
    let found = faults(entries, stored);
    assert!(found.len() == 1 && found[0].starts_with(fault), "not {fault}: {found:#?}");
}

/// What the clients noted, of which two were told a position.
fn entries(done: i64, later: i64) -> Vec<Entry> {
    let entry = |number: usize, invoked, returned, ended| Entry {
        request: request(number),
        asked: "PATCH /api/v1/runs/1".to_owned(),
        invoked,
        returned,
        ended,
    };
    vec![
        entry(DONE, 0, Some(4), Ended::Ok { position: done }),
        entry(REFUSED, 1, Some(3), Ended::Failed { status: 412 }),
        entry(UNKNOWN, 2, None, Ended::Unknown),
        entry(LATER, 5, Some(6), Ended::Ok { position: later }),
    ]
}

/// Events of these commands, at positions from 1 on.
fn stored(of: &[usize]) -> Vec<Stored> {
    let event = |(number, position): (&usize, i64)| Stored {
        position,
        request: request(*number),
        command: format!("of {number}"),
    };
    of.iter().zip(1..).map(event).collect()
}

fn request(number: usize) -> String {
    format!("command-{number}")
}
