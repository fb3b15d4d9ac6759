//! Events as rows of a Parquet file: what `export` writes and `import` reads.

use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use chrono::DateTime;
use domain::OwnerId;
use event_store::RecordedEvent;
use parquet::basic::Compression;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::TypePtr;
use uuid::Uuid;

use super::end::End;
use super::json_line::read_part;

/// What such a file begins with.
pub(super) const MAGIC: &[u8; 4] = b"PAR1";

/// What the end is called in the file's metadata.
const END: &str = "trainer.end";

/// How many rows are written together, and are in memory until then.
const GROUP: usize = 20_000;

/// The columns, in order, called as in the JSON lines. Ids are texts, which every reader shows as what they are.
const SCHEMA: &str = "
    message events {
        required int64 position;
        required binary type (STRING);
        required binary version (STRING);
        required binary aggregate_type (STRING);
        required binary aggregate_id (STRING);
        required int64 sequence;
        required binary owner_id (STRING);
        required binary part (STRING);
        required binary event_id (STRING);
        required int64 recorded_at (TIMESTAMP(MICROS, true));
        required binary data (JSON);
        required binary metadata (JSON);
    }";

fn schema() -> anyhow::Result<TypePtr> {
    Ok(Arc::new(parse_message_type(SCHEMA)?))
}

/// A file that is being written.
pub(super) struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    waiting: Vec<RecordedEvent>,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins it.
    ///
    /// # Errors
    /// When the writer fails.
    pub(super) fn new(to: W) -> anyhow::Result<Self> {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let file = SerializedFileWriter::new(to, schema()?, Arc::new(properties))?;
        Ok(Self { file, waiting: Vec::with_capacity(GROUP) })
    }

    /// Writes the next events.
    ///
    /// # Errors
    /// When the writer fails.
    pub(super) fn write(&mut self, events: &[RecordedEvent]) -> anyhow::Result<()> {
        for event in events {
            self.waiting.push(event.clone());
            if self.waiting.len() == GROUP {
                self.write_group()?;
            }
        }
        Ok(())
    }

    /// Writes what is left, and says that it is the end if it is; gives the writer back.
    ///
    /// # Errors
    /// When the writer fails.
    pub(super) fn finish(mut self, end: Option<End>) -> anyhow::Result<W> {
        if !self.waiting.is_empty() {
            self.write_group()?;
        }
        if let Some(end) = end {
            let end = serde_json::to_string(&end)?;
            self.file.append_key_value_metadata(KeyValue::new(END.to_owned(), end));
        }
        Ok(self.file.into_inner()?)
    }

    fn write_group(&mut self) -> anyhow::Result<()> {
        let events = std::mem::replace(&mut self.waiting, Vec::with_capacity(GROUP));
        let mut group = Group { rows: self.file.next_row_group()?, events: &events };
        group.numbers(|event| event.position)?;
        group.texts(|event| event.event_type.clone())?;
        group.texts(|event| event.event_version.clone())?;
        group.texts(|event| event.aggregate_type.clone())?;
        group.texts(|event| event.aggregate_id.to_string().into())?;
        group.numbers(|event| event.sequence)?;
        group.texts(|event| event.owner_id.to_string().into())?;
        group.texts(|event| event.part.to_string().into())?;
        group.texts(|event| event.event_id.to_string().into())?;
        group.numbers(|event| event.recorded_at.timestamp_micros())?;
        group.texts(|event| event.payload.clone())?;
        group.texts(|event| event.metadata.clone())?;
        group.rows.close()?;
        Ok(())
    }
}

/// Rows that are being written, column by column.
struct Group<'a, W: Write> {
    rows: SerializedRowGroupWriter<'a, W>,
    events: &'a [RecordedEvent],
}

impl<W: Write + Send> Group<'_, W> {
    fn numbers(&mut self, field: impl Fn(&RecordedEvent) -> i64) -> anyhow::Result<()> {
        let values: Vec<i64> = self.events.iter().map(field).collect();
        self.column::<Int64Type>(&values)
    }

    fn texts(&mut self, field: impl Fn(&RecordedEvent) -> Bytes) -> anyhow::Result<()> {
        let values: Vec<ByteArray> =
            self.events.iter().map(|event| ByteArray::from(field(event))).collect();
        self.column::<ByteArrayType>(&values)
    }

    fn column<T: DataType>(&mut self, values: &[T::T]) -> anyhow::Result<()> {
        let mut column = self.rows.next_column()?.context("a value without a column")?;
        column.typed::<T>().write_batch(values, None, None)?;
        Ok(column.close()?)
    }
}

/// A file that is being read.
pub(super) struct ParquetRows {
    file: SerializedFileReader<File>,
}

impl ParquetRows {
    /// Opens it.
    ///
    /// # Errors
    /// When it is not a Parquet file, or its columns are not those of an export.
    pub(super) fn open(file: File) -> anyhow::Result<Self> {
        let file = SerializedFileReader::new(file)?;
        let found = file.metadata().file_metadata().schema();
        ensure!(found == &*schema()?, "its columns are not those of an export");
        Ok(Self { file })
    }

    /// How many rows it has.
    pub(super) fn rows(&self) -> u64 {
        self.file.metadata().file_metadata().num_rows().unsigned_abs()
    }

    /// What it says that all of it is, if it does.
    ///
    /// # Errors
    /// When that makes no sense.
    pub(super) fn end(&self) -> anyhow::Result<Option<End>> {
        let metadata = self.file.metadata().file_metadata().key_value_metadata();
        let end = metadata.into_iter().flatten().find(|metadata| metadata.key == END);
        let Some(end) = end.and_then(|end| end.value.as_ref()) else { return Ok(None) };
        Ok(Some(serde_json::from_str(end).context("it is not the end of an export")?))
    }

    /// Gives its events to `take` in order, at most so many at once, until it wants no more.
    ///
    /// # Errors
    /// When a row is not an event; those before it were given.
    pub(super) fn read(
        &self,
        at_once: usize,
        mut take: impl FnMut(Vec<RecordedEvent>) -> ControlFlow<()>,
    ) -> anyhow::Result<()> {
        let mut number = 0_u64;
        for group in 0..self.file.num_row_groups() {
            let group = self.file.get_row_group(group)?;
            let columns: Result<Vec<_>, _> =
                (0..group.num_columns()).map(|column| group.get_column_reader(column)).collect();
            let mut columns = Columns(columns?);
            loop {
                let rows = columns.next(at_once)?;
                if rows.is_empty() {
                    break;
                }
                let mut events = Vec::with_capacity(rows.len());
                for row in rows {
                    number += 1;
                    match row.event() {
                        Ok(event) => events.push(event),
                        Err(error) => {
                            // What is wrong with an earlier row is said instead.
                            let _enough = take(events);
                            bail!("row {number} is not an event: {error:#}");
                        }
                    }
                }
                if take(events).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// The columns of some rows, each read as far as the others.
struct Columns(Vec<ColumnReader>);

/// The values of one row.
struct Row {
    numbers: [i64; 3],
    texts: [Bytes; 9],
}

impl Columns {
    /// The next rows; none at the end.
    fn next(&mut self, at_most: usize) -> anyhow::Result<Vec<Row>> {
        let (mut numbers, mut texts) = (vec![], vec![]);
        for column in &mut self.0 {
            match column {
                ColumnReader::Int64ColumnReader(column) => numbers.push(read(column, at_most)?),
                ColumnReader::ByteArrayColumnReader(column) => texts.push(read(column, at_most)?),
                _other => bail!("its columns are not those of an export"),
            }
        }
        let rows = numbers.first().map_or(0, Vec::len);
        let as_long = numbers.iter().map(Vec::len).chain(texts.iter().map(Vec::len));
        ensure!(as_long.into_iter().all(|length| length == rows), "some columns end early");
        let row = |row: usize| Row {
            numbers: std::array::from_fn(|column| numbers[column][row]),
            texts: std::array::from_fn(|column| Bytes::copy_from_slice(texts[column][row].data())),
        };
        Ok((0..rows).map(row).collect())
    }
}

fn read<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    at_most: usize,
) -> anyhow::Result<Vec<T::T>> {
    let mut values = Vec::with_capacity(at_most);
    column.read_records(at_most, None, None, &mut values)?;
    Ok(values)
}

impl Row {
    fn event(self) -> anyhow::Result<RecordedEvent> {
        let [position, sequence, recorded_at] = self.numbers;
        let [
            event_type,
            event_version,
            aggregate_type,
            aggregate_id,
            owner_id,
            part,
            event_id,
            payload,
            metadata,
        ] = self.texts;
        Ok(RecordedEvent {
            position,
            aggregate_type,
            aggregate_id: Uuid::try_parse_ascii(&aggregate_id).context("its aggregate_id")?,
            sequence,
            event_type,
            event_version,
            payload,
            metadata,
            owner_id: OwnerId(Uuid::try_parse_ascii(&owner_id).context("its owner_id")?),
            part: read_part(std::str::from_utf8(&part)?)?,
            event_id: Uuid::try_parse_ascii(&event_id).context("its event_id")?,
            recorded_at: DateTime::from_timestamp_micros(recorded_at).context("its recorded_at")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Seek;

    use chrono::Utc;

    use super::*;

    /// More than one group of rows, and the last one not full.
    const EVENTS: usize = GROUP * 2 + 7;
    const END_OF_EVENTS: End = End { events: EVENTS as u64, head: EVENTS as i64 };

    #[test]
    fn events_come_back_as_they_were_written() {
        let events: Vec<RecordedEvent> = (1..=EVENTS as u128).map(event).collect();
        let rows = ParquetRows::open(written(&events)).unwrap();
        assert_eq!(rows.rows(), EVENTS as u64);
        assert_eq!(rows.end().unwrap(), Some(END_OF_EVENTS));
        let mut read = vec![];
        rows.read(3_000, |batch| {
            assert!(batch.len() <= 3_000);
            read.extend(batch);
            ControlFlow::Continue(())
        })
        .unwrap();
        assert!(read == events, "others came back");
    }

    #[test]
    fn reading_ends_when_nobody_wants_more() {
        let events: Vec<RecordedEvent> = (1..=10).map(event).collect();
        let rows = ParquetRows::open(written(&events)).unwrap();
        let mut times = 0;
        rows.read(3, |_batch| {
            times += 1;
            ControlFlow::Break(())
        })
        .unwrap();
        assert_eq!(times, 1);
    }

    #[test]
    fn a_file_of_something_else_is_refused() {
        let other = parse_message_type("message events { required int64 position; }").unwrap();
        let mut file = tempfile::tempfile().unwrap();
        let writer =
            SerializedFileWriter::new(file.try_clone().unwrap(), Arc::new(other), Arc::default());
        writer.unwrap().close().unwrap();
        file.rewind().unwrap();
        let error = ParquetRows::open(file).err().unwrap();
        assert_eq!(error.to_string(), "its columns are not those of an export");
    }

    fn written(events: &[RecordedEvent]) -> File {
        let mut writer = ParquetWriter::new(tempfile::tempfile().unwrap()).unwrap();
        events.chunks(1_000).for_each(|events| writer.write(events).unwrap());
        let mut file = writer.finish(Some(END_OF_EVENTS)).unwrap();
        file.rewind().unwrap();
        file
    }

    fn event(number: u128) -> RecordedEvent {
        let owner_id = OwnerId(Uuid::from_u128(number % 5));
        RecordedEvent {
            position: number as i64,
            aggregate_type: Bytes::from_static(b"run"),
            aggregate_id: Uuid::from_u128(number << 64),
            sequence: 1,
            event_type: Bytes::from_static(b"run.recorded"),
            event_version: Bytes::from_static(b"1"),
            payload: format!("{{\n\"z\":{number}.10,\"a\":\"ä\"}}").into(),
            metadata: Bytes::from_static(b"{ }"),
            owner_id,
            part: domain::Part::of(owner_id),
            event_id: Uuid::from_u128(number),
            recorded_at: DateTime::<Utc>::from_timestamp_micros(number as i64 * 1_234_567 - 9)
                .unwrap(),
        }
    }
}
