use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Pending;
use super::batch::{Answer, Refusals};

/// A batch as the arrays that `es.append` takes.
#[derive(Debug, Default)]
pub(super) struct Columns<'a> {
    pub(super) command_owner: Vec<Uuid>,
    pub(super) write_type: Vec<&'a str>,
    pub(super) write_stream: Vec<&'a str>,
    pub(super) write_expected: Vec<i64>,
    write_command: Vec<usize>,
    pub(super) key_id: Vec<Uuid>,
    pub(super) key_owner: Vec<Uuid>,
    pub(super) key_hash: Vec<&'a [u8]>,
    pub(super) key_events: Vec<i32>,
    pub(super) key_answer: Vec<&'a str>,
    pub(super) key_at: Vec<DateTime<Utc>>,
    key_command: Vec<usize>,
    pub(super) aggregate_type: Vec<&'a str>,
    pub(super) aggregate_id: Vec<&'a str>,
    pub(super) sequence: Vec<i64>,
    pub(super) event_type: Vec<&'a str>,
    pub(super) event_version: Vec<&'a str>,
    pub(super) payload: Vec<&'a str>,
    pub(super) metadata: Vec<&'a str>,
    pub(super) owner: Vec<Uuid>,
    pub(super) part: Vec<i16>,
    pub(super) event_id: Vec<Uuid>,
    pub(super) recorded_at: Vec<DateTime<Utc>>,
}

/// A row that `es.append` answers.
#[derive(Debug, Clone)]
pub(super) struct AppendRow {
    pub(super) outcome: String,
    pub(super) item: i32,
    pub(super) value: i64,
}

impl<'a> Columns<'a> {
    pub(super) fn of(commands: &'a [Pending]) -> Self {
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

    /// What the rows say about the commands of the batch.
    pub(super) fn answer(&self, rows: Vec<AppendRow>) -> Answer {
        let mut refusals = Refusals::default();
        for row in rows {
            // The function counts from 1.
            let item = usize::try_from(row.item).unwrap_or_default().saturating_sub(1);
            match row.outcome.as_str() {
                "appended" => return Answer::Appended { head: row.value },
                "conflict" => refusals.conflicts.push(self.write_command[item]),
                "duplicate" => refusals.duplicates.push(self.key_command[item]),
                _erased => refusals.erased.push(item),
            }
        }
        Answer::Refused(refusals)
    }
}
