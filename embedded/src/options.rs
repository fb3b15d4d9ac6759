use std::path::PathBuf;

/// What to start, where, and for how long.
#[derive(Debug, Clone)]
pub struct Options {
    /// Everything the two servers keep lies below this folder.
    pub data_dir: PathBuf,
    /// The port of Postgres; without one, the port of the last start or a free one.
    pub pg_port: Option<u16>,
    /// The port of nats-server; without one, the port of the last start or a free one.
    pub nats_port: Option<u16>,
    /// The port of nats-server's HTTP monitoring on 127.0.0.1; without one it is off.
    pub nats_monitoring_port: Option<u16>,
    /// The folder that holds `initdb` and `postgres`, instead of the search for them.
    pub pg_bin_dir: Option<PathBuf>,
    /// The nats-server program, instead of the search for it.
    pub nats_server: Option<PathBuf>,
    /// What becomes of the servers when this process dies without stopping them.
    pub lifetime: Lifetime,
    /// Whether a server that dies is started again.
    pub supervision: Supervision,
    /// Whether the data is meant to last.
    pub storage: Storage,
    /// The connections Postgres accepts at once.
    pub max_connections: u32,
    /// The memory Postgres takes for its page cache.
    pub shared_buffers_mb: u32,
    /// How long the log of Postgres gets before a checkpoint, which writes what has changed since the last one.
    pub max_wal_mb: u32,
    /// Where the servers keep their files when they run as another account that cannot reach the
    /// data folder.
    pub fallback_root: PathBuf,
}

impl Options {
    /// The options of a server that is meant to last, with its data in `data_dir`.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            pg_port: None,
            nats_port: None,
            nats_monitoring_port: None,
            pg_bin_dir: None,
            nats_server: None,
            lifetime: Lifetime::Outlive,
            supervision: Supervision::Restart,
            storage: Storage::Lasting,
            max_connections: 100,
            shared_buffers_mb: 128,
            max_wal_mb: 2_048,
            fallback_root: PathBuf::from("/var/lib/running-trainer"),
        }
    }
}

/// What becomes of the servers when the process that started them dies without stopping them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// They go on, and the next start on the same data takes them over.
    Outlive,
    /// They are stopped at once.
    DieWithParent,
}

/// What happens when a server dies by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supervision {
    /// It is started again on the same port, at once and then less and less often.
    Restart,
    /// It stays dead.
    Off,
}

/// Whether the data is meant to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// The data is kept for the next start.
    Lasting,
    /// The whole data folder is removed at the end; a new cluster is not forced to disk.
    ///
    /// Commits are as durable as in a lasting cluster, so that tests measure and prove the same
    /// thing.
    Throwaway,
}
