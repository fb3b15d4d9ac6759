use std::convert::Infallible;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel,
};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use metrics::counter;
use tracing::{info, warn};

use super::AccessLogTarget;

/// Lines that wait to be written; more are lost, and counted: no request waits for a slow disk.
const WAITING_LINES: usize = 16_384;
/// Bytes that are written at once.
const BATCH_BYTES: usize = 256 * 1024;
/// How often is looked whether the file has been moved away.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long the program's end waits for the last lines: a pipe that nobody reads from takes none.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// Writes lines in a thread of its own. What waits is written when it is dropped.
pub(crate) struct Writer {
    lines: Option<SyncSender<Vec<u8>>>,
    /// Nothing comes from it; it ends with the thread.
    ended: Mutex<Receiver<Infallible>>,
}

impl Writer {
    pub(super) fn to(target: &AccessLogTarget) -> io::Result<Option<Self>> {
        let sink = match target {
            AccessLogTarget::Off => return Ok(None),
            AccessLogTarget::Stdout => Sink::Stdout,
            AccessLogTarget::File(path) => Sink::File(Followed::open(path)?),
        };
        let (lines, waiting) = sync_channel(WAITING_LINES);
        let (ends, ended) = channel();
        thread::Builder::new().name("access-log".to_owned()).spawn(move || {
            let _ends_with_it = ends;
            write_all(&waiting, sink);
        })?;
        Ok(Some(Self { lines: Some(lines), ended: Mutex::new(ended) }))
    }

    /// Writes a line soon.
    pub(super) fn write(&self, line: Vec<u8>) {
        let Some(lines) = &self.lines else { return };
        match lines.try_send(line) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => lost(1),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.lines.take());
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        if ended.recv_timeout(ENDS_WITHIN) == Err(RecvTimeoutError::Timeout) {
            warn!("the last lines of the access log were not written");
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

enum Sink {
    Stdout,
    File(Followed),
}

impl Sink {
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(lines)?;
                stdout.flush()
            }
            Self::File(file) => file.write(lines),
        }
    }
}

/// A file, wherever its name leads: when it was moved away a new one is made.
struct Followed {
    path: PathBuf,
    file: File,
    looked: Instant,
}

impl Followed {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: open(path)?, looked: Instant::now() })
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.looked.elapsed() >= LOOK_EVERY {
            self.looked = Instant::now();
            if self.was_moved()? {
                self.file = open(&self.path)?;
            }
        }
        self.file.write_all(lines)
    }

    fn was_moved(&self) -> io::Result<bool> {
        let file = self.file.metadata()?;
        Ok(match std::fs::metadata(&self.path) {
            Ok(named) => (named.dev(), named.ino()) != (file.dev(), file.ino()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(error),
        })
    }
}

/// Addresses and who asked for what are not for everybody on the machine.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o640).open(path)
}

fn write_all(waiting: &Receiver<Vec<u8>>, mut sink: Sink) {
    let mut in_trouble = false;
    while let Ok(mut batch) = waiting.recv() {
        let mut lines = 1;
        while batch.len() < BATCH_BYTES
            && let Ok(line) = waiting.try_recv()
        {
            batch.extend(line);
            lines += 1;
        }
        match sink.write(&batch) {
            Ok(()) if in_trouble => info!("the access log is written again"),
            Ok(()) => {}
            Err(error) => {
                lost(lines);
                // Once for each trouble.
                if !in_trouble {
                    warn!(%error, "access log not written");
                }
                in_trouble = true;
                continue;
            }
        }
        in_trouble = false;
    }
}

fn lost(lines: u64) {
    counter!("trainer_access_log_lost_lines_total").increment(lines);
}
