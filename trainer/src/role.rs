//! The parts of the program.

use clap::ValueEnum;

/// A part of the program that may be a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// The public door: passes requests on to the others.
    Gateway,
    /// Writes: commands in, events out.
    CommandApi,
    /// Reads: rows as JSON.
    QueryApi,
    /// PDFs of plans: asked for, rendered, fetched.
    Pdf,
    /// Accounts and tokens.
    Auth,
    /// Events into rows.
    Projector,
    /// Events onto NATS.
    Relay,
    /// What is done in the background: completing erasures, sending mails.
    Worker,
}

impl Role {
    /// Everything that one process does when there is only one. Its door is its own, and no role.
    pub(crate) const ALL: [Self; 7] = [
        Self::CommandApi,
        Self::QueryApi,
        Self::Pdf,
        Self::Auth,
        Self::Projector,
        Self::Relay,
        Self::Worker,
    ];

    /// Its name, as `serve` takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::CommandApi => "command-api",
            Self::QueryApi => "query-api",
            Self::Pdf => "pdf",
            Self::Auth => "auth",
            Self::Projector => "projector",
            Self::Relay => "relay",
            Self::Worker => "worker",
        }
    }

    /// Where it listens when it is alone.
    pub(crate) fn port(self) -> u16 {
        match self {
            Self::Gateway => 8000,
            Self::CommandApi => 8001,
            Self::Pdf => 8002,
            Self::Auth => 8004,
            Self::QueryApi => 8005,
            Self::Projector => 8006,
            Self::Relay => 8007,
            Self::Worker => 8008,
        }
    }
}
