use std::collections::HashSet;

use uuid::Uuid;

use super::Pending;

/// The streams and keys that are on their way to Postgres. No two commands under way write the same
/// stream or have the same key: the second would only lose.
#[derive(Debug, Default)]
pub(super) struct Claims {
    streams: HashSet<String>,
    keys: HashSet<Uuid>,
}

impl Claims {
    /// What these commands claim.
    pub(super) fn of(commands: &[Pending]) -> Self {
        let mut claims = Self::default();
        for command in commands {
            claims.add(command);
        }
        claims
    }

    /// Claims a command's streams and key, all or none; whether it could.
    pub(super) fn claim(&mut self, command: &Pending) -> bool {
        let taken = command.writes.iter().any(|write| self.streams.contains(&write.aggregate_id))
            || command.keyed.as_ref().is_some_and(|keyed| self.keys.contains(&keyed.id));
        if !taken {
            self.add(command);
        }
        !taken
    }

    fn add(&mut self, command: &Pending) {
        self.streams.extend(command.writes.iter().map(|write| write.aggregate_id.clone()));
        self.keys.extend(command.keyed.as_ref().map(|keyed| keyed.id));
    }

    /// Gives back what is no longer under way.
    pub(super) fn release(&mut self, others: &Self) {
        self.streams.retain(|stream| !others.streams.contains(stream));
        self.keys.retain(|key| !others.keys.contains(key));
    }
}
