use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// What will happen and when, and the clock that jumps from one to the next.
#[derive(Debug)]
pub struct Agenda<E> {
    now: Duration,
    entries: u64,
    heap: BinaryHeap<Reverse<Entry<E>>>,
}

#[derive(Debug)]
struct Entry<E> {
    at: Duration,
    /// Orders what happens at the same time.
    number: u64,
    what: E,
}

impl<E> Agenda<E> {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { now: Duration::ZERO, entries: 0, heap: BinaryHeap::new() }
    }

    /// The time since the beginning.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Lets something happen after a while.
    pub fn after(&mut self, delay: Duration, what: E) {
        self.entries += 1;
        self.heap.push(Reverse(Entry { at: self.now + delay, number: self.entries, what }));
    }
}

/// What happens next; the clock says when.
impl<E> Iterator for Agenda<E> {
    type Item = E;

    fn next(&mut self) -> Option<E> {
        let Reverse(entry) = self.heap.pop()?;
        self.now = entry.at;
        Some(entry.what)
    }
}

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_earlier_happens_first_and_what_is_at_the_same_time_in_turn() {
        let mut agenda = Agenda::new();
        for (ms, what) in [(5, 'c'), (1, 'a'), (5, 'd'), (2, 'b')] {
            agenda.after(Duration::from_millis(ms), what);
        }
        assert_eq!([agenda.next(), agenda.next()], [Some('a'), Some('b')]);
        assert_eq!(agenda.now(), Duration::from_millis(2));
        agenda.after(Duration::from_millis(3), 'e');
        assert_eq!(agenda.by_ref().collect::<String>(), "cde");
        assert_eq!(agenda.now(), Duration::from_millis(5));
    }
}
