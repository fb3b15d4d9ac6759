use std::io::Read;

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::activity::{Activity, is_run};
use super::moment::{Moment, spelt_out};
use super::{Place, Row, RunOptions};
use crate::ImportError;
use crate::cut::cut;

/// The `activities.csv` of a Strava account export.
pub(super) struct BulkExport<R: Read> {
    reader: Reader<R>,
    columns: Columns,
    options: RunOptions,
    entries: u64,
    /// How many lines the reader's count is behind: with Windows line ends it counts a line only when it
    /// goes on to the next.
    lag: u64,
    done: bool,
}

/// Where the columns are. Some names appear twice: first as Strava shows the value, rounded and in the
/// account's unit, then as it was measured.
struct Columns {
    id: usize,
    date: usize,
    name: Option<usize>,
    activity_type: usize,
    description: Option<usize>,
    private_note: Option<usize>,
    distance_m: usize,
    moving_time_s: usize,
    elevation_gain_m: Option<usize>,
    average_heart_rate: Option<usize>,
    /// The measured value is often left out where the shown one is not; both are beats per minute.
    max_heart_rate: Vec<usize>,
    perceived_effort: Option<usize>,
    count: usize,
}

impl Columns {
    fn find(heading: &ByteRecord) -> Result<Self, ImportError> {
        let unknown = |reason: String| ImportError::UnknownForm { reason };
        let names: Vec<_> =
            heading.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
        let places = |wanted: &str| -> Vec<usize> {
            (0..names.len()).filter(|index| names[*index] == wanted).collect()
        };
        let last = |wanted: &str| places(wanted).last().copied();
        let needed = |wanted: &str| {
            last(wanted).ok_or_else(|| unknown(format!("the column {wanted:?} is missing")))
        };
        let distance_m = match places("Distance").as_slice() {
            // The first alone is in kilometres or miles, and nothing says which.
            [_, .., measured] => *measured,
            [] | [_] => {
                return Err(unknown(
                    "the second column \"Distance\", in metres, is missing".to_owned(),
                ));
            }
        };
        Ok(Self {
            id: needed("Activity ID")?,
            date: needed("Activity Date")?,
            name: last("Activity Name"),
            activity_type: needed("Activity Type")?,
            description: last("Activity Description"),
            private_note: last("Activity Private Note"),
            distance_m,
            moving_time_s: needed("Moving Time")?,
            elevation_gain_m: last("Elevation Gain"),
            average_heart_rate: last("Average Heart Rate"),
            max_heart_rate: places("Max Heart Rate").into_iter().rev().collect(),
            perceived_effort: last("Perceived Exertion"),
            count: names.len(),
        })
    }
}

impl<R: Read> BulkExport<R> {
    pub(super) fn open(reader: R, options: RunOptions) -> Result<Self, ImportError> {
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(reader);
        let heading = reader
            .byte_headers()
            .map_err(|error| ImportError::UnknownForm { reason: error.to_string() })?;
        if !heading.iter().any(|name| name.starts_with(b"Activity")) {
            return Err(ImportError::UnknownForm {
                reason: "its first line is not the heading of an export in English".to_owned(),
            });
        }
        let columns = Columns::find(heading)?;
        let lines = heading.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        let lag = (lines + 1).saturating_sub(reader.position().line());
        Ok(Self { reader, columns, options, entries: 0, lag, done: false })
    }

    pub(super) fn next(&mut self) -> Option<Row> {
        if self.done {
            return None;
        }
        let mut record = ByteRecord::new();
        let line = self.reader.position().line() + self.lag;
        match self.reader.read_byte_record(&mut record) {
            Ok(true) => {
                self.entries += 1;
                let line = record.position().map_or(line, |position| position.line() + self.lag);
                Some(self.row(Place { line, entry: self.entries }, &record))
            }
            Ok(false) => {
                self.done = true;
                None
            }
            Err(error) => {
                self.done = true;
                let place = Place { line, entry: self.entries + 1 };
                Some(Row::Bad {
                    place,
                    reason: format!("the file cannot be read any further: {error}"),
                })
            }
        }
    }

    fn row(&self, place: Place, record: &ByteRecord) -> Row {
        let fields: Result<Vec<&str>, _> = record.iter().map(std::str::from_utf8).collect();
        let Ok(fields) = fields else {
            return Row::Bad { place, reason: "the row is not UTF-8".to_owned() };
        };
        if fields.len() != self.columns.count {
            let reason =
                format!("the row has {} columns instead of {}", fields.len(), self.columns.count);
            return Row::Bad { place, reason };
        }
        let activity_type = fields[self.columns.activity_type].trim();
        if activity_type.is_empty() {
            return Row::Bad { place, reason: "\"Activity Type\" is empty".to_owned() };
        }
        if !is_run(activity_type) {
            return Row::Skipped { place, reason: cut(activity_type, 40) };
        }
        match self.activity(&fields).and_then(|activity| activity.record(&self.options)) {
            Ok(command) => Row::Run { place, command: Box::new(command) },
            Err(reason) => Row::Bad { place, reason },
        }
    }

    fn activity(&self, fields: &[&str]) -> Result<Activity, String> {
        let columns = &self.columns;
        let date = fields[columns.date];
        let utc = spelt_out(date)
            .ok_or_else(|| format!("\"Activity Date\" is not a time: {:?}", cut(date, 40)))?;
        let optional = |column: Option<usize>, name: &str| match column {
            Some(column) => number(fields[column], name),
            None => Ok(None),
        };
        let needed = |column: usize, name: &str| {
            number(fields[column], name)?.ok_or_else(|| format!("\"{name}\" is empty"))
        };
        let max_heart_rate =
            columns.max_heart_rate.iter().find(|column| !fields[**column].trim().is_empty());
        let notes = [columns.name, columns.description, columns.private_note].into_iter().flatten();
        let notes: Vec<_> =
            notes.map(|column| fields[column].trim()).filter(|text| !text.is_empty()).collect();
        Ok(Activity {
            id: fields[columns.id].trim().to_owned(),
            moment: Moment::in_utc(utc, self.options.offset),
            distance_m: needed(columns.distance_m, "Distance")?,
            moving_time_s: needed(columns.moving_time_s, "Moving Time")?,
            average_heart_rate: optional(columns.average_heart_rate, "Average Heart Rate")?,
            max_heart_rate: optional(max_heart_rate.copied(), "Max Heart Rate")?,
            elevation_gain_m: optional(columns.elevation_gain_m, "Elevation Gain")?,
            perceived_effort: optional(columns.perceived_effort, "Perceived Exertion")?,
            notes: notes.join("\n\n"),
        })
    }
}

fn number(text: &str, name: &str) -> Result<Option<f64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let number: Option<f64> = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.map(Some).ok_or_else(|| format!("\"{name}\" is not a number: {:?}", cut(text, 40)))
}
