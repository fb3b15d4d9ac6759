//! The lock of a data folder: one process supervises its servers.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::MetadataExt,
    path::Path,
};

use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
    unistd::geteuid,
};

use crate::EmbeddedError;

/// Held by the one process that starts and stops the servers; the system lets go of it when that
/// process dies.
#[derive(Debug)]
pub(crate) struct DataLock {
    _file: Flock<File>,
}

impl DataLock {
    /// Takes the lock, unless another process has it.
    pub(crate) fn try_take(data_dir: &Path) -> Result<Option<Self>, EmbeddedError> {
        let path = data_dir.join("lock");
        let file = match OpenOptions::new().create(true).append(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(not_ours(data_dir, &path)
                    .unwrap_or_else(|| EmbeddedError::file("open", path)(error)));
            }
            Err(error) => return Err(EmbeddedError::file("open", path)(error)),
        };
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => Ok(Some(Self { _file: file })),
            Err((_, Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, error)) => Err(EmbeddedError::file("lock", path)(io::Error::from(error))),
        }
    }
}

/// The data folder as another account's, which is why its lock cannot be opened.
fn not_ours(data_dir: &Path, lock: &Path) -> Option<EmbeddedError> {
    let owner = fs::metadata(lock).or_else(|_| fs::metadata(data_dir)).ok()?.uid();
    let foreign = owner != geteuid().as_raw();
    foreign.then(|| EmbeddedError::ForeignOwner { folder: data_dir.to_owned(), owner })
}
