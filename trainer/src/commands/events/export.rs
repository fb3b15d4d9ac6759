use std::io::{BufWriter, IntoInnerError};
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use event_store::{RecordedEvent, copy_between, head};
use sqlx::PgPool;
use tokio::task::spawn_blocking;

use super::json_line::write_line;
use super::output::Output;
use super::parquet_file::ParquetWriter;
use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;
use crate::progress::spinner;

/// How many events are in memory at once, about; three times this while the reader is ahead.
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
    /// One JSON object a line, as `events tail` prints them.
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
    let head = head(pool).await?;
    let to = to.unwrap_or(head).min(head);
    let mut writer = match format {
        Format::Jsonl => Writer::Jsonl(BufWriter::new(output)),
        Format::Parquet => Writer::Parquet(Box::new(ParquetWriter::new(output)?)),
    };
    let bar = spinner("events");
    bar.set_length((to - from).max(0).unsigned_abs());
    let mut batches = copy_between(pool.clone(), from, to, BATCH);
    let (mut events, mut last) = (0, from);
    while let Some(batch) = batches.recv().await {
        let batch = batch.context("the events could not be read")?;
        events += batch.len();
        last = batch.last().map_or(last, |event| event.position);
        writer = spawn_blocking(move || writer.write(&batch).map(|()| writer)).await??;
        bar.set_position((last - from).unsigned_abs());
    }
    spawn_blocking(move || writer.finish()).await??;
    bar.finish_and_clear();
    // Standard output may be the file.
    eprintln!("{events} events written, the last one at position {last}");
    Ok(())
}

/// An export that is being written.
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

    fn finish(self) -> anyhow::Result<()> {
        let output = match self {
            Self::Jsonl(to) => to.into_inner().map_err(IntoInnerError::into_error)?,
            Self::Parquet(to) => to.finish()?,
        };
        Ok(output.finish()?)
    }
}
