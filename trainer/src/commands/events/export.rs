use std::io::{BufWriter, IntoInnerError};
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use event_store::{RecordedEvent, copy_between, log_end};
use indicatif::ProgressBar;
use sqlx::PgPool;
use tokio::task::spawn_blocking;

use super::end::End;
use super::json_line::write_line;
use super::output::Output;
use super::parquet_file::ParquetWriter;
use super::stretch::end_of;
use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;
use crate::progress::spinner;

/// How many events are read by one statement; up to four times as many are in memory while the reader is ahead.
const BATCH: usize = 5_000;

/// Options of `events export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Begin behind this position.
    #[arg(long, value_name = "POSITION", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    from: i64,
    /// End with this position; with the last event when not given.
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
    to: Option<i64>,
    /// The form of the file.
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// The file, which is there when all of it is there; `-` for standard output.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// One JSON object a line, as `events tail` prints them; behind all events a line that says how many they are.
    Jsonl,
    /// Parquet, for DuckDB, pandas and the like; a column has the same name as in the JSON lines.
    Parquet,
}

/// Writes events to a file.
///
/// # Errors
/// When the servers fail, or the file cannot be written.
pub(super) async fn export(args: ExportArgs, config: &ServerConfig) -> anyhow::Result<()> {
    let output = Output::open(&args.output)?;
    if let Format::Parquet = args.format {
        ensure!(!output.is_terminal(), "Parquet is not for a terminal: --output names a file");
    }
    Infrastructure::with(config, async |infrastructure| {
        infrastructure.migrate().await?;
        write(args, output, &infrastructure.pool).await
    })
    .await
}

async fn write(args: ExportArgs, output: Output, pool: &PgPool) -> anyhow::Result<()> {
    let ExportArgs { from, to, format, .. } = args;
    let writer = match format {
        Format::Jsonl => Writer::Jsonl(BufWriter::new(output)),
        Format::Parquet => Writer::Parquet(Box::new(ParquetWriter::new(output)?)),
    };
    let mut export = Export { writer, events: 0, last: from, bar: spinner("events"), from };
    let mut log = log_end(pool).await?;
    export = export.write(pool, from, end_of(from, to, log.position)?).await?;
    while to.is_none() {
        let now = log_end(pool).await?;
        if now.erasures == log.erasures {
            break;
        }
        // Some of what was written before, or was not there any more, is erased. It goes on up to where that is said.
        export = export.write(pool, log.position.max(from), now.position).await?;
        log = now;
    }
    let is_whole = from == 0 && to.is_none();
    let Export { writer, events, last, bar, .. } = export;
    let end = is_whole.then_some(End { events, head: last });
    spawn_blocking(move || writer.finish(end)).await??;
    bar.finish_and_clear();
    // Standard output may be the file.
    eprintln!("{events} events written, the last one at position {last}");
    Ok(())
}

/// An export that is being written.
struct Export {
    writer: Writer,
    /// How many events it has.
    events: u64,
    /// The last one's position.
    last: i64,
    bar: ProgressBar,
    /// Behind which position it begins.
    from: i64,
}

impl Export {
    /// Writes the events behind `after` up to and with `up_to`, as they are when they are read.
    async fn write(mut self, pool: &PgPool, after: i64, up_to: i64) -> anyhow::Result<Self> {
        self.bar.set_length((up_to - self.from).max(0).unsigned_abs());
        let mut batches = copy_between(pool.clone(), after, up_to, BATCH);
        while let Some(batch) = batches.recv().await {
            let batch = batch.context("the events could not be read")?;
            self.events += batch.len() as u64;
            self.last = batch.last().map_or(self.last, |event| event.position);
            let mut writer = self.writer;
            self.writer = spawn_blocking(move || writer.write(&batch).map(|()| writer)).await??;
            self.bar.set_position((self.last - self.from).unsigned_abs());
        }
        Ok(self)
    }
}

/// The form that it is written in.
enum Writer {
    Jsonl(BufWriter<Output>),
    Parquet(Box<ParquetWriter<Output>>),
}

impl Writer {
    fn write(&mut self, events: &[RecordedEvent]) -> anyhow::Result<()> {
        match self {
            Self::Jsonl(to) => Ok(events.iter().try_for_each(|event| write_line(event, to))?),
            Self::Parquet(to) => to.write(events),
        }
    }

    fn finish(self, end: Option<End>) -> anyhow::Result<()> {
        let output = match self {
            Self::Jsonl(mut to) => {
                if let Some(end) = end {
                    end.write_line(&mut to)?;
                }
                to.into_inner().map_err(IntoInnerError::into_error)?
            }
            Self::Parquet(to) => to.finish(end)?,
        };
        Ok(output.finish()?)
    }
}
