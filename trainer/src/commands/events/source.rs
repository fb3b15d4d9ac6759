use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use event_store::RecordedEvent;
use indicatif::ProgressBar;
use tokio::sync::mpsc;

use super::end::End;
use super::json_line::read_line;
use super::parquet_file::{MAGIC, ParquetRows};
use crate::progress::spinner;

/// How many events are given on together.
const BATCH: usize = 5_000;

/// No event is longer: what a client may send is far shorter.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// What an import reads.
pub(super) enum Source {
    /// JSON lines, and how many bytes they are if that is known.
    Lines(Box<dyn BufRead + Send>, Option<u64>),
    /// A Parquet file.
    Rows(ParquetRows),
}

impl Source {
    /// Opens a file, whose beginning shows what it is; `-` is standard input.
    ///
    /// # Errors
    /// When it cannot be read, or is not what its beginning says.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let opened =
            if path == Path::new("-") { Self::standard_input() } else { Self::open_file(path) };
        opened.with_context(|| format!("{} cannot be read", path.display()))
    }

    fn standard_input() -> anyhow::Result<Self> {
        let mut input = BufReader::new(io::stdin());
        if input.fill_buf()?.starts_with(MAGIC) {
            bail!("Parquet is read from its end: name a file");
        }
        Ok(Self::Lines(Box::new(input), None))
    }

    fn open_file(path: &Path) -> anyhow::Result<Self> {
        let mut input = BufReader::with_capacity(1 << 20, File::open(path)?);
        if input.fill_buf()?.starts_with(MAGIC) {
            let mut file = input.into_inner();
            file.rewind()?;
            return Ok(Self::Rows(ParquetRows::open(file)?));
        }
        let metadata = input.get_ref().metadata()?;
        let length = metadata.is_file().then_some(metadata.len());
        Ok(Self::Lines(Box::new(input), length))
    }

    /// What an event is called in it, one of which each event has.
    pub(super) fn place(&self) -> &'static str {
        match self {
            Self::Lines(..) => "line",
            Self::Rows(_) => "row",
        }
    }

    /// A bar over all of it.
    pub(super) fn progress(&self) -> ProgressBar {
        let (things, length) = match self {
            Self::Lines(_, length) => ("bytes", *length),
            Self::Rows(rows) => ("events", Some(rows.rows())),
        };
        let bar = spinner(things);
        if let Some(length) = length {
            bar.set_length(length);
        }
        bar
    }

    /// Sends all events on; until the first fault, or until nobody takes them any more. Gives what it says at its end,
    /// if it does.
    ///
    /// # Errors
    /// When it cannot be read, or something in it is not an event.
    pub(super) fn read(
        self,
        bar: &ProgressBar,
        batches: &mpsc::Sender<Vec<RecordedEvent>>,
    ) -> anyhow::Result<Option<End>> {
        match self {
            Self::Lines(input, _) => read_lines(input, bar, batches),
            Self::Rows(rows) => {
                rows.read(BATCH, |events| {
                    bar.inc(events.len() as u64);
                    match batches.blocking_send(events) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_gone) => ControlFlow::Break(()),
                    }
                })?;
                rows.end()
            }
        }
    }
}

/// One event a line, so that an event's number is its line's. Nothing comes behind the end.
fn read_lines(
    mut input: impl BufRead,
    bar: &ProgressBar,
    batches: &mpsc::Sender<Vec<RecordedEvent>>,
) -> anyhow::Result<Option<End>> {
    let mut end = None;
    let mut line = Vec::new();
    let mut events = Vec::with_capacity(BATCH);
    for number in 1_u64.. {
        line.clear();
        let length = input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if length == 0 {
            break;
        }
        bar.inc(length as u64);
        let read = match end {
            Some(_) => Err(anyhow!("it comes behind the end of the export")),
            None => End::read_line(&line).and_then(|read| {
                end = read;
                if end.is_none() { read_line(&line).map(Some) } else { Ok(None) }
            }),
        };
        match read {
            Ok(event) => events.extend(event),
            Err(error) => {
                // What is wrong with an earlier line is said instead.
                let _gone = batches.blocking_send(events);
                return Err(anyhow!("line {number} is not an event: {error:#}"));
            }
        }
        if events.len() == BATCH && batches.blocking_send(std::mem::take(&mut events)).is_err() {
            return Ok(None);
        }
    }
    let _gone = batches.blocking_send(events);
    Ok(end)
}
