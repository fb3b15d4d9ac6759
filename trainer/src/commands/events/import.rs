use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, anyhow};
use clap::Args;
use event_store::{Import, ImportError, RecordedEvent};
use tokio::sync::mpsc;

use super::json_line::read_line;
use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;
use crate::progress::spinner;

/// How many events are stored together.
const BATCH: usize = 5_000;

/// No event is longer: what a client may send is far shorter.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// Options of `events import`.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// A file that `events export` has written; `-` for standard input.
    file: PathBuf,
}

/// Fills an empty store from a file, all or nothing.
///
/// # Errors
/// When the file is not a whole export, the store is not empty, or the servers fail. Nothing is stored then.
#[expect(clippy::print_stdout, reason = "what was imported is the command's answer")]
pub(super) async fn import(args: ImportArgs, config: &ServerConfig) -> anyhow::Result<()> {
    let ImportArgs { file } = args;
    let (input, length) = open(&file)?;
    Infrastructure::with(config, async |infrastructure| {
        infrastructure.migrate().await?;
        let mut import = Import::begin(&infrastructure.pool).await?;
        let bar = spinner("bytes");
        if let Some(length) = length {
            bar.set_length(length);
        }
        let (sender, mut batches) = mpsc::channel(2);
        let input = bar.wrap_read(input);
        // No task: the program would wait for one at its end, and input may keep it waiting for ever.
        let reader = thread::spawn(move || read_lines(input, &sender));
        while let Some(batch) = batches.recv().await {
            import.add(&batch).await.map_err(in_line)?;
        }
        reader.join().map_err(|_panic| anyhow!("reading stopped early"))??;
        let imported = import.finish().await.map_err(in_line)?;
        bar.finish_and_clear();
        println!(
            "{} events imported, the last one at position {}; the read models follow while a trainer runs",
            imported.events, imported.head
        );
        Ok(())
    })
    .await
    .with_context(|| format!("{} is not imported", file.display()))
}

fn open(path: &Path) -> anyhow::Result<(Box<dyn Read + Send>, Option<u64>)> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let length = file.metadata().ok().map(|metadata| metadata.len()).filter(|length| *length > 0);
    Ok((Box::new(file), length))
}

/// Sends the events of all lines; one a line, so that an event's number is its line's.
fn read_lines(input: impl Read, batches: &mpsc::Sender<Vec<RecordedEvent>>) -> anyhow::Result<()> {
    let mut input = BufReader::with_capacity(1 << 20, input);
    let mut line = Vec::new();
    let mut events = Vec::with_capacity(BATCH);
    for number in 1_u64.. {
        line.clear();
        input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            break;
        }
        match read_line(&line) {
            Ok(event) => events.push(event),
            Err(error) => {
                // What is wrong with an earlier line is said instead.
                let _gone = batches.blocking_send(events);
                return Err(anyhow!("line {number} is not an event: {error:#}"));
            }
        }
        if events.len() == BATCH && batches.blocking_send(std::mem::take(&mut events)).is_err() {
            return Ok(());
        }
    }
    let _gone = batches.blocking_send(events);
    Ok(())
}

/// Events are counted, and each has a line.
fn in_line(error: ImportError) -> anyhow::Error {
    match error {
        ImportError::Event { number, fault } => anyhow!("line {number}: {fault}"),
        ImportError::NotEmpty { .. } | ImportError::Database(_) => error.into(),
    }
}
