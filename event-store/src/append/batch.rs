use uuid::Uuid;

use super::Pending;

/// Commands that are appended together. No two of them write the same stream or have the same key.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) commands: Vec<Pending>,
    events: usize,
}

/// What one call of `es.append` said.
#[derive(Debug)]
pub(super) enum Answer {
    /// All of it was appended behind this position.
    Appended { head: i64 },
    /// Nothing was written, because of these commands (indexes into the batch).
    Refused(Refusals),
}

/// The commands of a batch that cannot be appended, by why.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// A stream of theirs stands elsewhere.
    pub(super) conflicts: Vec<usize>,
    /// Their key is stored already.
    pub(super) duplicates: Vec<usize>,
    /// Their owner was erased.
    pub(super) erased: Vec<usize>,
}

impl Batch {
    const MAX_COMMANDS: usize = 1_024;
    const MAX_EVENTS: usize = 4_096;

    pub(super) fn push(&mut self, command: Pending) {
        self.events += command.event_count();
        self.commands.push(command);
    }

    /// Takes out those that come too late to be sent now.
    pub(super) fn take_late(&mut self) -> Vec<Pending> {
        let late: Vec<_> = self.commands.extract_if(.., |command| command.is_late()).collect();
        self.events -= late.iter().map(Pending::event_count).sum::<usize>();
        late
    }

    pub(super) fn is_full(&self) -> bool {
        self.commands.len() >= Self::MAX_COMMANDS || self.events >= Self::MAX_EVENTS
    }

    pub(super) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// The first event of each command: where one of them is, the whole batch is.
    pub(super) fn traces(&self) -> impl Iterator<Item = Trace<'_>> {
        let mut events = 0;
        self.commands.iter().filter_map(move |command| {
            let events_before = events;
            events += command.event_count();
            let write = command.writes.iter().find(|write| !write.events.is_empty())?;
            Some(Trace {
                aggregate_type: write.aggregate_type,
                aggregate_id: &write.aggregate_id,
                sequence: write.expected + 1,
                event_id: write.events.first()?.event_id,
                events_before: events_before as i64,
            })
        })
    }
}

/// By which event it is seen whether a batch is stored.
#[derive(Debug)]
pub(super) struct Trace<'a> {
    pub(super) aggregate_type: &'static str,
    pub(super) aggregate_id: &'a str,
    pub(super) sequence: i64,
    pub(super) event_id: Uuid,
    /// How many events of the batch come before it.
    pub(super) events_before: i64,
}
