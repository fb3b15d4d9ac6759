//! Two of each part of the program on one set of servers, as on two machines.

use std::collections::HashMap;
use std::net::SocketAddr;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::program::{Doors, TestFolder, Trainer};

/// Every part that may be a process of its own.
pub(crate) const ROLES: [&str; 7] =
    ["command-api", "query-api", "pdf", "auth", "projector", "relay", "worker"];

/// Every process.
pub(crate) struct House {
    parts: HashMap<&'static str, [Option<Trainer>; 2]>,
    /// What those of each side find in their environment.
    sides: [Environment; 2],
}

/// Names and values.
pub(crate) type Environment = Vec<(&'static str, String)>;

impl House {
    /// Starts all of them at once, on a database without tables.
    pub(crate) fn start(folder: &TestFolder) -> Self {
        Self::with_sides(folder, [vec![], vec![]])
    }

    /// The same, with an environment for each side: of each two, the first is on the first.
    pub(crate) fn with_sides(folder: &TestFolder, sides: [Environment; 2]) -> Self {
        let started =
            ROLES.map(|role| (role, sides.each_ref().map(|side| start(folder, role, side))));
        let ready = |pair: [Trainer; 2]| pair.map(|part| Some(part.ready()));
        let parts = started.into_iter().map(|(role, pair)| (role, ready(pair))).collect();
        Self { parts, sides }
    }

    /// Where the two of a role listen.
    pub(crate) fn both(&self, role: &str) -> [SocketAddr; 2] {
        self.parts[role].each_ref().map(|part| part.as_ref().unwrap().address)
    }

    /// Where every process listens.
    pub(crate) fn all(&self) -> impl Iterator<Item = SocketAddr> {
        self.parts.values().flatten().flatten().map(|part| part.address)
    }

    /// Every way to write with one and read from the other, or from the same.
    pub(crate) fn doors(&self) -> Vec<Doors> {
        let [accounts, writes, reads] =
            ["auth", "command-api", "query-api"].map(|role| self.both(role));
        let pairs = [(0, 0), (0, 1), (1, 0), (1, 1)];
        pairs
            .map(|(one, other)| Doors {
                accounts: accounts[other],
                writes: writes[one],
                reads: reads[other],
            })
            .to_vec()
    }

    /// A process.
    pub(crate) fn pid(&self, role: &str, which: usize) -> Pid {
        self.parts[role][which].as_ref().unwrap().pid()
    }

    pub(crate) fn kill(&mut self, role: &'static str, which: usize) {
        let victim = self.parts.get_mut(role).unwrap()[which].take().unwrap();
        kill(victim.pid(), Signal::SIGKILL).unwrap();
        victim.killed();
    }

    pub(crate) fn start_again(&mut self, folder: &TestFolder, role: &'static str, which: usize) {
        let part = start(folder, role, &self.sides[which]).ready();
        self.parts.get_mut(role).unwrap()[which] = Some(part);
    }

    pub(crate) fn stop(self) {
        self.parts.into_values().flatten().flatten().for_each(Trainer::stop);
    }
}

fn start(folder: &TestFolder, role: &str, side: &Environment) -> Trainer {
    Trainer::start_with(folder, &["serve", role, "--port", "0"], side)
}
