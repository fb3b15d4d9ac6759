use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// How far each projection has come, and who waits for them to come further.
///
/// Waiters are kept by the position they wait for and woken one by one when it is reached: with hundreds of them,
/// waking all at each step, as a watch channel does, would cost hundreds of wake-ups for each that is due.
#[derive(Debug, Default)]
pub(super) struct Positions {
    by_projection: HashMap<String, u64>,
    lowest: u64,
    waiters: BTreeMap<(u64, Ticket), Waiter>,
    next_ticket: u64,
}

/// Tells waiters for the same position apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

#[derive(Debug)]
struct Waiter {
    since: Instant,
    wake: oneshot::Sender<()>,
}

/// What came of asking for a position.
#[derive(Debug)]
pub(super) enum Asked {
    /// It is reached.
    Reached,
    /// It will be said here.
    Waiting(Ticket, oneshot::Receiver<()>),
}

impl Positions {
    /// The position that all projections have reached.
    pub(super) fn lowest(&self) -> u64 {
        self.lowest
    }

    /// Takes note of how far one projection has come. One that is not known from the database yet is none of ours.
    pub(super) fn advance(&mut self, projection: &str, position: u64) {
        if let Some(known) =
            self.by_projection.get_mut(projection).filter(|known| **known < position)
        {
            *known = position;
            self.settle();
        }
    }

    /// Takes note of the projections that there are, and how far they have come.
    ///
    /// A position never goes back: what was announced may be newer than what was read.
    pub(super) fn replace(&mut self, read: impl IntoIterator<Item = (String, u64)>) {
        self.by_projection = read
            .into_iter()
            .map(|(projection, position)| {
                let announced = self.by_projection.get(&projection).copied().unwrap_or_default();
                (projection, position.max(announced))
            })
            .collect();
        self.settle();
    }

    pub(super) fn ask(&mut self, position: u64) -> Asked {
        if position <= self.lowest {
            return Asked::Reached;
        }
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let (wake, woken) = oneshot::channel();
        self.waiters.insert((position, ticket), Waiter { since: Instant::now(), wake });
        Asked::Waiting(ticket, woken)
    }

    pub(super) fn give_up(&mut self, position: u64, ticket: Ticket) {
        self.waiters.remove(&(position, ticket));
    }

    pub(super) fn has_waiters(&self) -> bool {
        !self.waiters.is_empty()
    }

    /// Whether the waiter who is due first has waited for `patience`. The others cannot be due before it.
    pub(super) fn is_stuck(&self, patience: Duration) -> bool {
        self.waiters.first_key_value().is_some_and(|(_, waiter)| waiter.since.elapsed() >= patience)
    }

    fn settle(&mut self) {
        self.lowest = self.by_projection.values().min().copied().unwrap_or_default();
        let not_yet = self.waiters.split_off(&(self.lowest + 1, Ticket(0)));
        for waiter in std::mem::replace(&mut self.waiters, not_yet).into_values() {
            // Who gave up in this moment does not listen any more.
            let _ = waiter.wake.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(plans: u64, runs: u64) -> Positions {
        let mut positions = Positions::default();
        positions.replace([("plans".to_owned(), plans), ("runs".to_owned(), runs)]);
        positions
    }

    fn waiting(positions: &mut Positions, position: u64) -> (Ticket, oneshot::Receiver<()>) {
        match positions.ask(position) {
            Asked::Waiting(ticket, woken) => (ticket, woken),
            Asked::Reached => panic!("{position} is not reached"),
        }
    }

    #[test]
    fn the_slowest_projection_counts() {
        let mut positions = at(5, 3);
        assert!(matches!(positions.ask(3), Asked::Reached));
        let (_, mut woken) = waiting(&mut positions, 4);
        positions.advance("plans", 9);
        assert!(woken.try_recv().is_err());
        positions.advance("runs", 4);
        assert!(woken.try_recv().is_ok());
        assert_eq!(positions.lowest(), 4);
    }

    #[test]
    fn only_those_who_are_due_are_woken() {
        let mut positions = at(0, 0);
        let (_, mut due) = waiting(&mut positions, 7);
        let (_, mut also_due) = waiting(&mut positions, 7);
        let (_, mut not_due) = waiting(&mut positions, 8);
        positions.advance("plans", 7);
        positions.advance("runs", 7);
        assert!(due.try_recv().is_ok() && also_due.try_recv().is_ok());
        assert!(not_due.try_recv().is_err() && positions.has_waiters());
    }

    #[test]
    fn a_position_never_goes_back() {
        let mut positions = at(5, 5);
        positions.advance("plans", 2);
        positions.replace([("plans".to_owned(), 4), ("runs".to_owned(), 6)]);
        assert_eq!(positions.lowest(), 5);
    }

    #[test]
    fn a_projection_that_is_not_ours_holds_nobody_up() {
        let mut positions = at(5, 5);
        positions.advance("stranger", 1);
        assert_eq!(positions.lowest(), 5);
        // Until the projections are known, nothing counts as reached.
        let mut unknown = Positions::default();
        unknown.advance("plans", 5);
        assert_eq!(unknown.lowest(), 0);
    }

    #[test]
    fn who_gives_up_leaves_nothing_behind() {
        let mut positions = at(0, 0);
        let (ticket, woken) = waiting(&mut positions, 7);
        assert!(positions.is_stuck(Duration::ZERO) && !positions.is_stuck(Duration::from_secs(60)));
        drop(woken);
        positions.give_up(7, ticket);
        assert!(!positions.has_waiters() && !positions.is_stuck(Duration::ZERO));
    }
}
