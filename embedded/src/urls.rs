use std::fmt;

/// How to reach a private Postgres and a private nats-server that are running.
#[derive(Clone, PartialEq, Eq)]
pub struct Urls {
    /// The database of the trainer, over TCP, with its password.
    pub database_url: String,
    /// The same database over its Unix socket, which takes a third less time for a short statement;
    /// none where the path of the data folder is too long for a socket.
    pub socket_url: Option<String>,
    /// The nats-server, with its user and password, which async-nats does not take out of a URL by
    /// itself.
    pub nats_url: String,
    /// The process of the Postgres server.
    pub pg_pid: u32,
    /// The process of the nats-server; none while it does not answer.
    pub nats_pid: Option<u32>,
}

impl fmt::Debug for Urls {
    /// Leaves the passwords out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Urls")
            .field("pg_pid", &self.pg_pid)
            .field("nats_pid", &self.nats_pid)
            .finish_non_exhaustive()
    }
}
