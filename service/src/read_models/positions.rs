use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use domain::{PARTS, Part};
use tokio::sync::oneshot;

/// The position that each part has reached.
pub(super) type ByPart = [u64; PARTS as usize];

/// How far each projection has come, and who waits for them to come further.
///
/// Waiters are kept by the position they wait for and woken one by one when it is reached: with hundreds of them,
/// waking all at each step, as a watch channel does, would cost hundreds of wake-ups for each that is due.
#[derive(Debug)]
pub(super) struct Positions {
    by_projection: HashMap<String, ByPart>,
    /// What all projections have reached.
    lowest: ByPart,
    waiters: BTreeMap<(u64, Ticket), Waiter>,
    next_ticket: u64,
}

/// Tells waiters for the same position apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

#[derive(Debug)]
struct Waiter {
    part: Part,
    since: Instant,
    wake: oneshot::Sender<()>,
}

/// How far a projector has come with the parts it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) projection: String,
    /// Bit n stands for part n.
    pub(super) parts: u64,
    pub(super) position: u64,
}

/// What came of asking for a position.
#[derive(Debug)]
pub(super) enum Asked {
    /// It is reached.
    Reached,
    /// It will be said here.
    Waiting(Ticket, oneshot::Receiver<()>),
}

impl Default for Positions {
    fn default() -> Self {
        Self {
            by_projection: HashMap::new(),
            lowest: [0; PARTS as usize],
            waiters: BTreeMap::new(),
            next_ticket: 0,
        }
    }
}

impl Positions {
    /// The position that all projections have reached, of each part.
    pub(super) fn lowest(&self) -> &ByPart {
        &self.lowest
    }

    /// Takes note of how far one projection has come with some parts. One that is not known from the database yet is
    /// none of ours.
    pub(super) fn advance(&mut self, projection: &str, parts: u64, position: u64) {
        if let Some(known) = self.by_projection.get_mut(projection) {
            raise(known, parts, position);
            self.settle();
        }
    }

    /// Takes note of the projections that there are, and how far they have come.
    ///
    /// A position never goes back: what was announced may be newer than what was read.
    pub(super) fn replace(&mut self, read: impl IntoIterator<Item = Progress>) {
        let announced = std::mem::take(&mut self.by_projection);
        for Progress { projection, parts, position } in read {
            let known = self.by_projection.entry(projection).or_insert_with_key(|projection| {
                announced.get(projection).copied().unwrap_or([0; PARTS as usize])
            });
            raise(known, parts, position);
        }
        self.settle();
    }

    pub(super) fn ask(&mut self, part: Part, position: u64) -> Asked {
        if position <= self.reached(part) {
            return Asked::Reached;
        }
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let (wake, woken) = oneshot::channel();
        self.waiters.insert((position, ticket), Waiter { part, since: Instant::now(), wake });
        Asked::Waiting(ticket, woken)
    }

    pub(super) fn give_up(&mut self, position: u64, ticket: Ticket) {
        self.waiters.remove(&(position, ticket));
    }

    pub(super) fn has_waiters(&self) -> bool {
        !self.waiters.is_empty()
    }

    /// Whether the waiter for the lowest position has waited for `patience`.
    pub(super) fn is_stuck(&self, patience: Duration) -> bool {
        self.waiters.first_key_value().is_some_and(|(_, waiter)| waiter.since.elapsed() >= patience)
    }

    fn reached(&self, part: Part) -> u64 {
        self.lowest[usize::from(part.number())]
    }

    fn settle(&mut self) {
        for (part, lowest) in self.lowest.iter_mut().enumerate() {
            *lowest = self.by_projection.values().map(|at| at[part]).min().unwrap_or_default();
        }
        let foremost = self.lowest.iter().copied().max().unwrap_or_default();
        let not_yet = self.waiters.split_off(&(foremost + 1, Ticket(0)));
        for (place, waiter) in std::mem::replace(&mut self.waiters, not_yet) {
            if place.0 <= self.reached(waiter.part) {
                // Who gave up in this moment does not listen any more.
                let _ = waiter.wake.send(());
            } else {
                self.waiters.insert(place, waiter);
            }
        }
    }
}

fn raise(known: &mut ByPart, parts: u64, position: u64) {
    for (part, known) in known.iter_mut().enumerate() {
        if parts >> part & 1 == 1 {
            *known = position.max(*known);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: u64 = u64::MAX;

    fn part(number: i16) -> Part {
        Part::from_number(number).expect("a part")
    }

    fn progress(projection: &str, position: u64) -> Progress {
        Progress { projection: projection.to_owned(), parts: ALL, position }
    }

    fn at(plans: u64, runs: u64) -> Positions {
        let mut positions = Positions::default();
        positions.replace([progress("plans", plans), progress("runs", runs)]);
        positions
    }

    fn waiting(positions: &mut Positions, position: u64) -> (Ticket, oneshot::Receiver<()>) {
        match positions.ask(part(7), position) {
            Asked::Waiting(ticket, woken) => (ticket, woken),
            Asked::Reached => panic!("{position} is not reached"),
        }
    }

    #[test]
    fn the_slowest_projection_counts() {
        let mut positions = at(5, 3);
        assert!(matches!(positions.ask(part(7), 3), Asked::Reached));
        let (_, mut woken) = waiting(&mut positions, 4);
        positions.advance("plans", ALL, 9);
        assert!(woken.try_recv().is_err());
        positions.advance("runs", ALL, 4);
        assert!(woken.try_recv().is_ok());
        assert_eq!(positions.reached(part(7)), 4);
    }

    #[test]
    fn only_those_who_are_due_are_woken() {
        let mut positions = at(0, 0);
        let (_, mut due) = waiting(&mut positions, 7);
        let (_, mut also_due) = waiting(&mut positions, 7);
        let (_, mut not_due) = waiting(&mut positions, 8);
        positions.advance("plans", ALL, 7);
        positions.advance("runs", ALL, 7);
        assert!(due.try_recv().is_ok() && also_due.try_recv().is_ok());
        assert!(not_due.try_recv().is_err() && positions.has_waiters());
    }

    #[test]
    fn nobody_waits_for_the_parts_of_others() {
        let mut positions = at(5, 5);
        let (_, mut of_seven) = waiting(&mut positions, 9);
        positions.advance("plans", ALL, 9);
        positions.advance("runs", ALL & !(1 << 7), 9);
        assert!(matches!(positions.ask(part(6), 9), Asked::Reached));
        assert!(of_seven.try_recv().is_err(), "its part is not there yet");
        positions.advance("runs", 1 << 7, 9);
        assert!(of_seven.try_recv().is_ok());
    }

    #[test]
    fn a_projection_may_be_read_in_shares() {
        let mut positions = Positions::default();
        let share = |parts, position| Progress { parts, ..progress("plans", position) };
        positions.replace([share(0xffff_ffff, 5), share(0xffff_ffff << 32, 3)]);
        assert_eq!((positions.reached(part(0)), positions.reached(part(63))), (5, 3));
    }

    #[test]
    fn a_position_never_goes_back() {
        let mut positions = at(5, 5);
        positions.advance("plans", ALL, 2);
        positions.replace([progress("plans", 4), progress("runs", 6)]);
        assert_eq!(positions.reached(part(7)), 5);
    }

    #[test]
    fn a_projection_that_is_not_ours_holds_nobody_up() {
        let mut positions = at(5, 5);
        positions.advance("stranger", ALL, 1);
        assert_eq!(positions.reached(part(7)), 5);
        // Until the projections are known, nothing counts as reached.
        let mut unknown = Positions::default();
        unknown.advance("plans", ALL, 5);
        assert_eq!(unknown.reached(part(7)), 0);
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
