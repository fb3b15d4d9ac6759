//! What every client of a scene asked, when, and how it ended. It goes on over all rounds and kills.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;
use serde::Serialize;

use crate::faults::{Stored, faults, stored};
use crate::program::{Answer, Ask, Client, Lost};
use crate::write::Outcome;

/// Shared by all clients.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// Counts whatever is sent and whatever comes back.
    clock: AtomicU64,
    entries: Mutex<Vec<Entry>>,
}

/// Which entry of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number(usize);

/// One command.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    /// The `X-Request-Id`, which its events carry. When the command is repeated, it is the same.
    pub(crate) request: String,
    pub(crate) asked: String,
    /// Not sent before this moment of the journal's clock.
    pub(crate) invoked: u64,
    /// Ended before this one, when it is known how.
    pub(crate) returned: Option<u64>,
    pub(crate) ended: Ended,
}

/// A command, and what came back.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) number: Number,
    /// As it was sent: sent again, it is the same command.
    pub(crate) ask: Ask,
    pub(crate) ended: Ended,
    pub(crate) answer: Result<Answer, Lost>,
}

/// How a command ended, as far as its client knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ended {
    /// It was done: there were so many events with it.
    Ok { position: i64 },
    /// It was refused, and has done nothing.
    Failed { status: u16 },
    /// Nobody can say.
    Unknown,
    /// No answer came, and later its effects were seen.
    FoundDone,
    /// No answer came, and when nothing was on its way any more, none of its effects were seen.
    FoundAbsent,
}

impl Ended {
    /// What an answer says, or that there is none.
    fn of(answer: &Result<Answer, Lost>) -> Self {
        match answer {
            Ok(answer) if answer.status.is_success() => Self::Ok { position: answer.position() },
            Ok(answer) if answer.status == StatusCode::SERVICE_UNAVAILABLE => Self::Unknown,
            Ok(answer) => Self::Failed { status: answer.status.as_u16() },
            Err(Lost(_)) => Self::Unknown,
        }
    }
}

impl From<Outcome> for Ended {
    fn from(found: Outcome) -> Self {
        match found {
            Outcome::Whole => Self::FoundDone,
            Outcome::Absent => Self::FoundAbsent,
        }
    }
}

impl Journal {
    /// Sends a request, with an id that no other has, and writes down how it ends.
    pub(crate) async fn send(&self, client: &mut Client, ask: Ask) -> Sent {
        let (number, ask) = self.sends(ask);
        let answer = client.send(&ask).await;
        let ended = Ended::of(&answer);
        self.has_ended(number, ended);
        Sent { number, ask, ended, answer }
    }

    fn sends(&self, ask: Ask) -> (Number, Ask) {
        let asked = ask.to_string();
        let mut entries = self.entries.lock().unwrap();
        let number = entries.len();
        let request = format!("command-{number}");
        let ask = ask.header("x-request-id", request.as_str());
        let invoked = self.tick();
        let ended = Ended::Unknown;
        entries.push(Entry { request, asked, invoked, returned: None, ended });
        (Number(number), ask)
    }

    /// The same is sent again, and nothing of it has happened so far.
    pub(crate) fn sends_anew(&self, Number(number): Number) {
        let mut entries = self.entries.lock().unwrap();
        entries[number].invoked = self.tick();
    }

    /// Writes down how it has ended.
    pub(crate) fn has_ended(&self, Number(number): Number, ended: Ended) {
        let mut entries = self.entries.lock().unwrap();
        entries[number].returned = (ended != Ended::Unknown).then(|| self.tick());
        entries[number].ended = ended;
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    /// Fails unless the events are those of the commands. What can be read then is named after the seed.
    pub(crate) async fn assert_true(&self, seed: u64, pool: &sqlx::PgPool) {
        let entries = self.entries.lock().unwrap().clone();
        let stored = stored(pool).await;
        let mut faults = faults(&entries, &stored);
        if faults.is_empty() {
            return;
        }
        let file = write_out(seed, &entries, &stored);
        let count = faults.len();
        faults.truncate(20);
        panic!("{count} faults, such as {faults:#?}; the whole history is in {}", file.display());
    }
}

/// Writes everything to a file, a line for each command and for each event.
pub(crate) fn write_out(seed: u64, entries: &[Entry], stored: &[Stored]) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("history-{seed}.jsonl"));
    let mut out = BufWriter::new(std::fs::File::create(&file).unwrap());
    let commands = entries.iter().map(|entry| serde_json::to_string(entry).unwrap());
    let events = stored.iter().map(|event| serde_json::to_string(event).unwrap());
    for line in commands.chain(events) {
        writeln!(out, "{line}").unwrap();
    }
    out.flush().unwrap();
    file
}
