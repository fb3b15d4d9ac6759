use std::io::{Cursor, Read};

use chrono::{FixedOffset, NaiveDate};
use domain::OwnerId;
use domain::run::RecordRun;

use super::Place;
use super::bulk_export::BulkExport;
use super::json_list::JsonList;
use super::limited::Limited;
use crate::ImportError;

/// For whom and when a list of runs is read.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// Whose they will be.
    pub owner: OwnerId,
    /// The date in UTC; no run may lie after the day after it.
    pub today: NaiveDate,
    /// The runner's offset from UTC, used where a file does not tell the local time.
    pub offset: Option<FixedOffset>,
}

/// What a row of a file turned out to be.
#[derive(Debug, Clone)]
pub enum Row {
    /// A run to record.
    Run {
        /// Where it stands in the file.
        place: Place,
        /// Records it.
        command: Box<RecordRun>,
    },
    /// Something else than a run.
    Skipped {
        /// Where it stands in the file.
        place: Place,
        /// What it is.
        reason: String,
    },
    /// A row that cannot be taken.
    Bad {
        /// Where it stands in the file.
        place: Place,
        /// What is wrong with it.
        reason: String,
    },
}

/// The rows of a file, in its order. A bad row does not end it.
pub struct Rows<R: Read> {
    form: Form<Source<R>>,
}

enum Form<R: Read> {
    Json(Box<JsonList<R>>),
    BulkExport(Box<BulkExport<R>>),
}

/// The file again from its beginning, after a look at it.
type Source<R> = std::io::Chain<Cursor<Vec<u8>>, Limited<R>>;

/// The largest file that is read: some 200,000 activities.
const MAX_KIB: usize = 64 * 1024;

/// Reads a list of runs; its form is told from its content.
///
/// Activities are known by their id at Strava: a run is the same one whether it comes from a file or,
/// later, over Strava's API.
///
/// # Errors
/// When the file is none of the known forms, or its beginning cannot be read.
pub fn read<R: Read>(reader: R, options: RunOptions) -> Result<Rows<R>, ImportError> {
    let mut reader = Limited::new(reader, MAX_KIB);
    let (first, seen) = first_sign(&mut reader)?;
    let source = Cursor::new(seen).chain(reader);
    let form = match first {
        None => return Err(ImportError::UnknownForm { reason: "it is empty".to_owned() }),
        Some(b'[') => Form::Json(Box::new(JsonList::new(source, options))),
        Some(b'{') => {
            return Err(ImportError::UnknownForm {
                reason: "it is a single JSON object".to_owned(),
            });
        }
        Some(_) => Form::BulkExport(Box::new(BulkExport::open(source, options)?)),
    };
    Ok(Rows { form })
}

/// The first byte that is no blank, and everything read to find it, less a byte-order mark.
fn first_sign(reader: &mut impl Read) -> Result<(Option<u8>, Vec<u8>), ImportError> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    const MAX_BLANKS: usize = 4096;
    let mut seen = Vec::new();
    let mut byte = [0];
    while seen.len() < MAX_BLANKS && reader.read(&mut byte)? == 1 {
        seen.push(byte[0]);
        if seen == BYTE_ORDER_MARK {
            seen.clear();
        } else if !byte[0].is_ascii_whitespace() && !BYTE_ORDER_MARK.starts_with(&seen) {
            return Ok((Some(byte[0]), seen));
        }
    }
    Ok((None, seen))
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        match &mut self.form {
            Form::Json(list) => list.next(),
            Form::BulkExport(export) => export.next(),
        }
    }
}

impl<R: Read> std::fmt::Debug for Rows<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let form = match &self.form {
            Form::Json(_) => "JSON list",
            Form::BulkExport(_) => "bulk export",
        };
        f.debug_struct("Rows").field("form", &form).finish_non_exhaustive()
    }
}
