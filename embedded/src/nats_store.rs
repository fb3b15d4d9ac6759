use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{EmbeddedError, nats_users::TRAINERS_ACCOUNT};

/// The folder in which the JetStream of the private nats-server keeps what it has. The server must be down when
/// something is changed here.
pub(crate) struct NatsStore(pub(crate) PathBuf);

impl NatsStore {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Removes everything.
    pub(crate) fn wipe(&self) -> Result<(), EmbeddedError> {
        match fs::remove_dir_all(&self.0) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(EmbeddedError::file("remove", &self.0)(error)),
        }
    }

    /// Gives the trainer's account what was stored before there were accounts, in the one that every server has. The
    /// stream and its sequences stay as they were.
    pub(crate) fn keep_what_had_no_account(&self) -> Result<(), EmbeddedError> {
        let accounts = self.0.join("jetstream");
        let (nameless, ours) = (accounts.join("$G"), accounts.join(TRAINERS_ACCOUNT));
        if ours.exists() || !nameless.exists() {
            return Ok(());
        }
        fs::rename(&nameless, &ours).map_err(EmbeddedError::file("rename", &nameless))
    }
}
