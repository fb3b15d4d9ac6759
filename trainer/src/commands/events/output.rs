use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::NamedTempFile;

/// Where an export goes.
pub(super) enum Output {
    /// To whoever reads it.
    Stdout(io::Stdout),
    /// Into a file, which is there when all of it is there. Only its owner may read it.
    File { path: PathBuf, unfinished: NamedTempFile },
    /// Into what lies there already and is no file, such as a pipe.
    Device(File),
}

impl Output {
    /// Opens it; `-` is standard output.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdout(io::stdout()));
        }
        Self::create(path).with_context(|| format!("{} cannot be written", path.display()))
    }

    fn create(path: &Path) -> io::Result<Self> {
        match path.metadata() {
            Ok(metadata) if !metadata.is_file() => {
                return OpenOptions::new().write(true).open(path).map(Self::Device);
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(_) | Err(_) => {}
        }
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            Some(_) | None => Path::new("."),
        };
        Ok(Self::File { path: path.to_owned(), unfinished: NamedTempFile::new_in(folder)? })
    }

    /// Whether a person looks at it.
    pub(super) fn is_terminal(&self) -> bool {
        match self {
            Self::Stdout(stdout) => stdout.is_terminal(),
            Self::Device(device) => device.is_terminal(),
            Self::File { .. } => false,
        }
    }

    /// Makes what was written last.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        match self {
            Self::Stdout(_) | Self::Device(_) => Ok(()),
            Self::File { path, unfinished } => {
                unfinished.as_file().sync_all()?;
                unfinished.persist(path).map(drop).map_err(|error| error.error)
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(data),
            Self::File { unfinished, .. } => unfinished.write(data),
            Self::Device(device) => device.write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::File { unfinished, .. } => unfinished.flush(),
            Self::Device(device) => device.flush(),
        }
    }
}
