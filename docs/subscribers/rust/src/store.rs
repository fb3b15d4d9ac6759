use std::collections::HashMap;
use std::env;

use anyhow::{Context, anyhow};
use async_nats::HeaderMap;
use async_nats::jetstream::Message;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::{Map, Value, json};

use crate::follow::Interruption;

/// The effects, and how far they go.
pub struct Store {
    database: Connection,
    progress: Progress,
    /// Events up to here may be missing; see "A hole" in docs/SUBSCRIBERS.md.
    accept_up_to: i64,
}

#[derive(Clone, Default)]
struct Progress {
    /// The stream's sequence of the last message.
    sequence: u64,
    /// The position of the first event ever taken.
    beginning: Option<i64>,
    /// The last position of each part.
    parts: HashMap<String, i64>,
}

impl Store {
    pub fn open(file: &str) -> anyhow::Result<Self> {
        let database = Connection::open(file)?;
        database.pragma_update(None, "synchronous", "full")?;
        database.execute_batch(
            "create table if not exists runners (owner text primary key, events integer, metres integer);
             create table if not exists runs (run text primary key, owner text, metres integer);
             create table if not exists parts (part text primary key, position integer);
             create table if not exists progress (sequence integer, beginning integer);",
        )?;
        let progress = Progress::load(&database)?;
        let accept_up_to = env::var("SUBSCRIBER_ACCEPT_UP_TO").ok().map(|text| text.parse());
        Ok(Self { database, progress, accept_up_to: accept_up_to.transpose()?.unwrap_or(0) })
    }

    pub fn sequence(&self) -> u64 {
        self.progress.sequence
    }

    /// What has been added up.
    pub fn show(&self) -> anyhow::Result<Value> {
        let mut statement = self.database.prepare("select owner, events, metres from runners")?;
        let rows = statement.query_map([], |row| {
            let (owner, events, metres): (String, i64, i64) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((owner, json!({ "events": events, "metres": metres })))
        })?;
        Ok(rows.collect::<Result<Map<String, Value>, _>>()?.into())
    }

    /// Takes messages as they come. `first` is the first position that the stream has, when it is read from there.
    pub fn apply(&mut self, messages: &[Message], first: Option<i64>) -> Result<(), Interruption> {
        let mut progress = self.progress.clone();
        let stopped = self.commit(&mut progress, messages, first).map_err(Interruption::Store)?;
        self.progress = progress;
        stopped.map_or(Ok(()), Err)
    }

    /// Effects and progress together: after a crash either both are there or neither.
    fn commit(
        &mut self,
        progress: &mut Progress,
        messages: &[Message],
        first: Option<i64>,
    ) -> anyhow::Result<Option<Interruption>> {
        let transaction = self.database.transaction()?;
        let mut stopped = None;
        for message in messages {
            stopped = progress.take(&transaction, message, first, self.accept_up_to)?;
            if stopped.is_some() {
                break;
            }
        }
        transaction.execute("delete from progress", [])?;
        transaction.execute(
            "insert into progress values (?, ?)",
            params![progress.sequence.cast_signed(), progress.beginning],
        )?;
        transaction.commit()?;
        Ok(stopped)
    }
}

impl Progress {
    fn load(database: &Connection) -> anyhow::Result<Self> {
        let progress = database
            .query_row("select sequence, beginning from progress", [], |row| {
                Ok((row.get::<_, i64>(0)?, row.get(1)?))
            })
            .optional()?;
        let (sequence, beginning) = progress.unwrap_or((0, None));
        let mut statement = database.prepare("select part, position from parts")?;
        let parts = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self {
            sequence: sequence.cast_unsigned(),
            beginning,
            parts: parts.collect::<Result<_, _>>()?,
        })
    }

    fn take(
        &mut self,
        transaction: &Transaction<'_>,
        message: &Message,
        first: Option<i64>,
        accept_up_to: i64,
    ) -> anyhow::Result<Option<Interruption>> {
        let headers = message.headers.as_ref().context("a message without headers")?;
        let position: i64 = header(headers, "Trainer-Position")?.parse()?;
        let previous: i64 = header(headers, "Trainer-Previous-Position")?.parse()?;
        let part = message.subject.split('.').nth(2).context("a subject without a part")?;
        let beginning = *self.beginning.get_or_insert(position);
        let known = self.parts.get(part).copied().unwrap_or(beginning - 1);
        if previous > known {
            let missing =
                format!("events of part {part} behind position {known}, up to {previous}");
            let Some(first) = first else { return Ok(Some(Interruption::Hole(missing))) };
            // Read from the stream's beginning, so they are not in it. Within what it covers only erasures take
            // messages out; what lies before it may have expired.
            if known + 1 < first && previous > accept_up_to {
                return Ok(Some(Interruption::Incomplete(missing)));
            }
            eprintln!("erased: {missing}");
        }
        if position > known {
            let data = serde_json::from_slice(&message.payload)?;
            have_effect(
                transaction,
                header(headers, "ce-type")?,
                header(headers, "Trainer-Owner")?,
                &data,
            )?;
            self.parts.insert(part.to_owned(), position);
            transaction
                .execute("insert or replace into parts values (?, ?)", params![part, position])?;
        }
        self.sequence = message.info().map_err(|error| anyhow!("{error}"))?.stream_sequence;
        Ok(None)
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> anyhow::Result<&'a str> {
    headers.get(name).map(|value| value.as_str()).with_context(|| format!("no header {name}"))
}

/// The effect of one event. It may be as clumsy as this: it happens once.
fn have_effect(
    transaction: &Transaction<'_>,
    event_type: &str,
    owner: &str,
    data: &Value,
) -> anyhow::Result<()> {
    if event_type == "user.erased" {
        transaction.execute("delete from runners where owner = ?", [owner])?;
        transaction.execute("delete from runs where owner = ?", [owner])?;
        return Ok(());
    }
    transaction.execute("insert or ignore into runners values (?, 0, 0)", [owner])?;
    transaction.execute("update runners set events = events + 1 where owner = ?", [owner])?;
    let metres = match event_type {
        "run.recorded" | "run.corrected" => data["run"]["distance_m"].as_i64(),
        "run.deleted" => Some(0),
        // Whatever else happens, now or in later versions, does not change how far was run.
        _ => return Ok(()),
    };
    let metres = metres.context("a run without a distance")?;
    let run = data["run_id"].as_str().context("a run without an id")?;
    let before: Option<i64> = transaction
        .query_row("select metres from runs where run = ?", [run], |row| row.get(0))
        .optional()?;
    transaction
        .execute("insert or replace into runs values (?, ?, ?)", params![run, owner, metres])?;
    transaction.execute(
        "update runners set metres = metres + ? where owner = ?",
        params![metres - before.unwrap_or(0), owner],
    )?;
    Ok(())
}
