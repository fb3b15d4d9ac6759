use std::collections::{HashMap, HashSet};

use anyhow::Context;
use async_nats::{HeaderMap, Message};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde_json::{Map, Value, json};

/// The effects, and how far they go.
pub struct Store {
    database: Connection,
    progress: Progress,
}

/// A message, and its sequence in the stream; what is published again has none.
pub struct Received {
    pub message: Message,
    pub sequence: Option<u64>,
}

/// What is missing before an event.
pub struct Missing {
    pub part: String,
    /// Everything of the part behind this position
    pub known: i64,
    /// and up to this one.
    pub previous: i64,
    /// Where the last message of the part was in the stream.
    pub sequence: u64,
    /// The event's own position.
    pub position: i64,
}

#[derive(Default)]
struct Progress {
    /// The stream's sequence of the last message.
    sequence: u64,
    /// Its position.
    position: Option<i64>,
    /// The position of the first event ever taken.
    beginning: Option<i64>,
    /// Up to which position everything of a part is done, and the sequence of its last message.
    parts: HashMap<String, (i64, u64)>,
}

/// An event's position and the one before it in its part; nothing for a message that is no event.
pub fn place(headers: Option<&HeaderMap>) -> Option<(i64, i64)> {
    let number = |name: &str| headers?.get(name)?.as_str().parse().ok();
    Some((number("Trainer-Position")?, number("Trainer-Previous-Position")?))
}

impl Store {
    pub fn open(file: &str) -> anyhow::Result<Self> {
        let database = Connection::open(file)?;
        database.pragma_update(None, "synchronous", "full")?;
        database.execute_batch(
            "create table if not exists runners (owner text primary key, events integer, metres integer);
             create table if not exists runs (run text primary key, owner text, metres integer);
             create table if not exists parts (part text primary key, position integer, sequence integer);
             create table if not exists progress (sequence integer, beginning integer, position integer);",
        )?;
        // Files of earlier versions have neither.
        for (table, column) in [("parts", "sequence"), ("progress", "position")] {
            let present = "select count(*) from pragma_table_info(?) where name = ?";
            if database.query_row(present, [table, column], |row| row.get::<_, i64>(0))? == 0 {
                database
                    .execute(&format!("alter table {table} add column {column} integer"), [])?;
            }
        }
        let progress = Progress::load(&database)?;
        Ok(Self { database, progress })
    }

    pub fn sequence(&self) -> u64 {
        self.progress.sequence
    }

    pub fn position(&self) -> Option<i64> {
        self.progress.position
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

    /// Takes everything from a position on for missing that is not known, unless it has begun elsewhere.
    pub fn begin_at(&mut self, position: i64) -> anyhow::Result<()> {
        if self.progress.beginning.is_none() {
            self.database.execute(
                "insert into progress (sequence, position, beginning) values (0, null, ?)",
                [position],
            )?;
            self.progress = Progress::load(&self.database)?;
        }
        Ok(())
    }

    /// Has the stream read from its beginning; what is known already is passed over.
    pub fn begin_again(&mut self) -> anyhow::Result<()> {
        let transaction =
            self.database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("update progress set sequence = 0, position = null", [])?;
        transaction.execute("update parts set sequence = 0", [])?;
        let progress = Progress::load(&transaction)?;
        transaction.commit()?;
        self.progress = progress;
        Ok(())
    }

    /// Takes messages as they come, until something is missing, which it returns. `erased` has the positions of those
    /// before which nothing is missing any more.
    pub fn apply(
        &mut self,
        messages: &[Received],
        erased: &HashSet<i64>,
    ) -> anyhow::Result<Option<Missing>> {
        let transaction =
            self.database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Not what was known before: another process may have had the file meanwhile.
        let mut progress = Progress::load(&transaction)?;
        let mut missing = None;
        for message in messages {
            missing = progress.take(&transaction, message, erased)?;
            if missing.is_some() {
                break;
            }
        }
        // Effects and progress together: after a crash either both are there or neither.
        transaction.execute("delete from progress", [])?;
        transaction.execute(
            "insert into progress (sequence, position, beginning) values (?, ?, ?)",
            params![progress.sequence.cast_signed(), progress.position, progress.beginning],
        )?;
        transaction.commit()?;
        self.progress = progress;
        Ok(missing)
    }
}

impl Progress {
    fn load(database: &Connection) -> anyhow::Result<Self> {
        let progress = database
            .query_row("select sequence, position, beginning from progress", [], |row| {
                Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let (sequence, position, beginning) = progress.unwrap_or_default();
        let mut statement =
            database.prepare("select part, position, coalesce(sequence, 0) from parts")?;
        let parts = statement.query_map([], |row| {
            Ok((row.get(0)?, (row.get(1)?, row.get::<_, i64>(2)?.cast_unsigned())))
        })?;
        Ok(Self {
            sequence: sequence.cast_unsigned(),
            position,
            beginning,
            parts: parts.collect::<Result<_, _>>()?,
        })
    }

    fn take(
        &mut self,
        transaction: &Transaction<'_>,
        received: &Received,
        erased: &HashSet<i64>,
    ) -> anyhow::Result<Option<Missing>> {
        let Received { message, sequence } = received;
        let (Some(headers), Some((position, previous))) =
            (message.headers.as_ref(), place(message.headers.as_ref()))
        else {
            let sequence = sequence.unwrap_or_default();
            eprintln!("passed over: the message at sequence {sequence} is no event");
            return Ok(None);
        };
        // Published again it has another subject; published by earlier versions it has no such header.
        let part =
            header(headers, "Trainer-Part").ok().or_else(|| message.subject.split('.').nth(2));
        let part = part.context("neither header nor subject has a part")?;
        let beginning = *self.beginning.get_or_insert(position);
        let (mut known, mut last) = self.parts.get(part).copied().unwrap_or((beginning - 1, 0));
        if previous > known && !erased.contains(&position) {
            let part = part.to_owned();
            return Ok(Some(Missing { part, known, previous, sequence: last, position }));
        }
        if position > known {
            let data = serde_json::from_slice(&message.payload)?;
            have_effect(
                transaction,
                header(headers, "ce-type")?,
                header(headers, "Trainer-Owner")?,
                &data,
            )?;
            known = position;
        }
        if let Some(sequence) = *sequence {
            last = sequence;
            (self.sequence, self.position) = (sequence, Some(position));
        }
        transaction.execute(
            "insert or replace into parts (part, position, sequence) values (?, ?, ?)",
            params![part, known, last.cast_signed()],
        )?;
        self.parts.insert(part.to_owned(), (known, last));
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
