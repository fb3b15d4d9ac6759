use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Pending, StoredAnswer};

/// Commands that are appended together. No two of them write the same stream or have the same key.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) commands: Vec<Pending>,
    events: usize,
}

/// What one call of `es.append` said.
#[derive(Debug)]
pub(super) enum Answer {
    /// All of it was appended behind this position.
    Appended { head: i64 },
    /// Nothing was written, because of these commands (indexes into the batch).
    Refused(Refusals),
}

/// The commands of a batch that cannot be appended, by why.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// A stream of theirs stands elsewhere.
    pub(super) conflicts: Vec<usize>,
    /// Their key is stored already.
    pub(super) duplicates: Vec<usize>,
    /// Their owner was erased.
    pub(super) erased: Vec<usize>,
}

impl Batch {
    const MAX_COMMANDS: usize = 1_024;
    const MAX_EVENTS: usize = 4_096;

    pub(super) fn push(&mut self, command: Pending) {
        self.events += command.event_count();
        self.commands.push(command);
    }

    pub(super) fn is_full(&self) -> bool {
        self.commands.len() >= Self::MAX_COMMANDS || self.events >= Self::MAX_EVENTS
    }

    pub(super) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// Appends all of it, or nothing.
    pub(super) async fn append(&self, connection: &mut PgConnection) -> sqlx::Result<Answer> {
        let columns = Columns::of(&self.commands);
        let rows = sqlx::query!(
            r#"select outcome as "outcome!", item as "item!", value as "value!"
                 from es.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)"#,
            &columns.command_owner,
            columns.write_type as _,
            columns.write_stream as _,
            &columns.write_expected,
            &columns.key_id,
            &columns.key_owner,
            columns.key_hash as _,
            &columns.key_events,
            columns.key_answer as _,
            &columns.key_at,
            columns.aggregate_type as _,
            columns.aggregate_id as _,
            &columns.sequence,
            columns.event_type as _,
            columns.event_version as _,
            columns.payload as _,
            columns.metadata as _,
            &columns.owner,
            &columns.part,
            &columns.event_id,
            &columns.recorded_at,
        )
        .fetch_all(connection)
        .await?;
        let mut refusals = Refusals::default();
        for row in rows {
            // The function counts from 1.
            let item = usize::try_from(row.item).unwrap_or_default().saturating_sub(1);
            match row.outcome.as_str() {
                "appended" => return Ok(Answer::Appended { head: row.value }),
                "conflict" => refusals.conflicts.push(columns.write_command[item]),
                "duplicate" => refusals.duplicates.push(columns.key_command[item]),
                _erased => refusals.erased.push(item),
            }
        }
        Ok(Answer::Refused(refusals))
    }

    /// Whether an earlier attempt, of which no answer came, did append this batch; then, behind which position.
    pub(super) async fn appended_before(
        &self,
        connection: &mut PgConnection,
    ) -> sqlx::Result<Option<i64>> {
        let first = self
            .commands
            .iter()
            .flat_map(|command| &command.writes)
            .find(|write| !write.events.is_empty());
        let Some(write) = first else { return Ok(None) };
        let Some(event) = write.events.first() else { return Ok(None) };
        let position = sqlx::query_scalar!(
            "select position from es.events
              where aggregate_type = $1 and aggregate_id = $2 and sequence = $3 and event_id = $4",
            write.aggregate_type,
            write.aggregate_id,
            write.expected + 1,
            event.event_id,
        )
        .fetch_optional(connection)
        .await?;
        // The first event of the batch lies right behind the head it was appended to.
        Ok(position.map(|position| position - 1))
    }
}

/// Reads what is stored under a key.
pub(super) async fn stored_answer(
    connection: &mut PgConnection,
    key: Uuid,
) -> sqlx::Result<Option<StoredAnswer>> {
    sqlx::query_as!(
        StoredAnswer,
        r#"select request_hash, position, response::text as "answer!" from es.commands where command_id = $1"#,
        key,
    )
    .fetch_optional(connection)
    .await
}

/// A batch as the arrays that `es.append` takes.
#[derive(Default)]
struct Columns<'a> {
    command_owner: Vec<Uuid>,
    write_type: Vec<&'a str>,
    write_stream: Vec<&'a str>,
    write_expected: Vec<i64>,
    write_command: Vec<usize>,
    key_id: Vec<Uuid>,
    key_owner: Vec<Uuid>,
    key_hash: Vec<&'a [u8]>,
    key_events: Vec<i32>,
    key_answer: Vec<&'a str>,
    key_at: Vec<DateTime<Utc>>,
    key_command: Vec<usize>,
    aggregate_type: Vec<&'a str>,
    aggregate_id: Vec<&'a str>,
    sequence: Vec<i64>,
    event_type: Vec<&'a str>,
    event_version: Vec<&'a str>,
    payload: Vec<&'a str>,
    metadata: Vec<&'a str>,
    owner: Vec<Uuid>,
    part: Vec<i16>,
    event_id: Vec<Uuid>,
    recorded_at: Vec<DateTime<Utc>>,
}

impl<'a> Columns<'a> {
    fn of(commands: &'a [Pending]) -> Self {
        let mut columns = Self::default();
        for (index, command) in commands.iter().enumerate() {
            columns.command_owner.push(command.owner_id);
            for write in &command.writes {
                columns.write_type.push(write.aggregate_type);
                columns.write_stream.push(&write.aggregate_id);
                columns.write_expected.push(write.expected);
                columns.write_command.push(index);
                for (event, sequence) in write.events.iter().zip(write.expected + 1..) {
                    columns.aggregate_type.push(write.aggregate_type);
                    columns.aggregate_id.push(&write.aggregate_id);
                    columns.sequence.push(sequence);
                    columns.event_type.push(event.event_type);
                    columns.event_version.push(event.event_version);
                    columns.payload.push(&event.payload);
                    columns.metadata.push(&command.metadata);
                    columns.owner.push(command.owner_id);
                    columns.part.push(i16::from(command.part.number()));
                    columns.event_id.push(event.event_id);
                    columns.recorded_at.push(command.recorded_at);
                }
            }
            if let Some(keyed) = &command.keyed {
                columns.key_id.push(keyed.id);
                columns.key_owner.push(command.owner_id);
                columns.key_hash.push(&keyed.request_hash);
                columns.key_events.push(i32::try_from(columns.event_id.len()).unwrap_or(i32::MAX));
                columns.key_answer.push(&keyed.answer);
                columns.key_at.push(command.recorded_at);
                columns.key_command.push(index);
            }
        }
        columns
    }
}
