use std::{io, path::PathBuf};

use crate::MissingBinaries;

/// Why the private servers could not be started, reached or stopped.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The programs are not installed.
    #[error(transparent)]
    MissingBinaries(#[from] MissingBinaries),
    /// The cluster was made by a version of Postgres that is not installed.
    #[error(
        "the data in {} was made by PostgreSQL {needed}, but only {found} is installed; install PostgreSQL {needed}, \
         or name its folder of programs in TRAINER_PG_BIN",
        folder.display()
    )]
    PostgresVersion {
        /// The Postgres data folder.
        folder: PathBuf,
        /// The major version that made it.
        needed: String,
        /// The major versions that were found.
        found: String,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What came of it.
        source: io::Error,
    },
    /// Started as root, but there is no account to run the servers as.
    #[error(
        "Postgres does not run as root, and neither an account named postgres nor one named nobody exists; start as \
         another user"
    )]
    NoAccount,
    /// The account that runs the servers cannot reach a folder.
    #[error(
        "the account {account}, which runs the servers when started as root, cannot enter {}; choose another data \
         folder, or start as another user than root",
        folder.display()
    )]
    Unreachable {
        /// The account.
        account: String,
        /// The first folder on the way that stops it.
        folder: PathBuf,
    },
    /// The data belongs to another account.
    #[error("{} belongs to the account with the id {owner}; start as that account or as root", folder.display())]
    ForeignOwner {
        /// The folder.
        folder: PathBuf,
        /// The owner's user id.
        owner: u32,
    },
    /// A configured port is in use.
    #[error("port {port}, configured for {server}, is in use by another program")]
    PortTaken {
        /// The server that should listen there.
        server: &'static str,
        /// The port.
        port: u16,
    },
    /// A program did not run to a good end.
    #[error("{program} failed: {output}")]
    Program {
        /// The program.
        program: String,
        /// The end of what it printed.
        output: String,
    },
    /// A server died before it was ready.
    #[error("{server} stopped before it was ready: {log}")]
    DiedAtStart {
        /// The server.
        server: &'static str,
        /// The end of its log.
        log: String,
    },
    /// A server runs but is not ready in time.
    #[error("{server} runs but was not ready after {seconds} s: {log}")]
    NotReady {
        /// The server.
        server: &'static str,
        /// How long it was waited for.
        seconds: u64,
        /// The end of its log.
        log: String,
    },
    /// A server refuses the secret in the data folder.
    #[error("{server} refuses the password kept in the data folder")]
    PasswordRefused {
        /// The server.
        server: &'static str,
    },
    /// A statement on the private cluster failed.
    #[error("the private Postgres cluster refused a statement: {0}")]
    Database(#[from] sqlx::Error),
    /// Another process supervises this data folder, but its servers do not get ready.
    #[error("another process holds {}, but its servers are not ready after {seconds} s", data_dir.display())]
    Busy {
        /// The data folder.
        data_dir: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },
    /// Only the process that supervises the servers may start and stop them.
    #[error("these servers are supervised by another process")]
    Attached,
    /// A server did not end although it was killed.
    #[error("{server} (process {pid}) does not end")]
    DoesNotEnd {
        /// The server.
        server: &'static str,
        /// Its process.
        pid: i32,
    },
}

impl EmbeddedError {
    /// For `map_err`: says what was tried on which path.
    pub(crate) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}
