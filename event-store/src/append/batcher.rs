use std::collections::VecDeque;

use super::Pending;
use super::batch::Batch;
use super::claims::Claims;

/// How many batches are on their way at once: while Postgres works on one, the next is put together and
/// sent, and waits for the head's lock there. More would only make them smaller.
const IN_FLIGHT: usize = 2;

/// Decides which commands go to Postgres together, and when. Natural batching, no timer: when nothing is
/// on its way a command goes at once; while something is, the others queue, and all of them go next.
#[derive(Debug)]
pub(super) struct Batcher {
    /// How many commands may be held back.
    most: usize,
    /// Commands whose stream or key is already on its way.
    held_back: VecDeque<Pending>,
    claims: Claims,
    in_flight: usize,
}

impl Batcher {
    pub(super) fn new(most: usize) -> Self {
        Self { most, held_back: VecDeque::new(), claims: Claims::default(), in_flight: 0 }
    }

    /// Whether another command may leave the queue. Those that were held back count as waiting too.
    pub(super) fn may_take(&self) -> bool {
        self.in_flight < IN_FLIGHT && self.held_back.len() < self.most
    }

    /// A command has left the queue.
    pub(super) fn arrived(&mut self, command: Pending) {
        self.held_back.push_back(command);
    }

    /// Everything that waits and can go now, up to the caps, with what it claims until it is settled.
    pub(super) fn next_batch(
        &mut self,
        mut queue: impl FnMut() -> Option<Pending>,
    ) -> Option<(Batch, Claims)> {
        if self.in_flight >= IN_FLIGHT {
            return None;
        }
        let mut batch = Batch::default();
        for command in std::mem::take(&mut self.held_back) {
            self.take_in(&mut batch, command);
        }
        while !batch.is_full() && self.may_take() {
            let Some(command) = queue() else { break };
            self.take_in(&mut batch, command);
        }
        if batch.is_empty() {
            return None;
        }
        self.in_flight += 1;
        let claims = Claims::of(&batch.commands);
        Some((batch, claims))
    }

    fn take_in(&mut self, batch: &mut Batch, command: Pending) {
        if batch.is_full() || !self.claims.claim(&command) {
            self.held_back.push_back(command);
        } else {
            batch.push(command);
        }
    }

    /// A batch has been settled.
    pub(super) fn settled(&mut self, claims: &Claims) {
        self.in_flight -= 1;
        self.claims.release(claims);
    }

    /// Whether nothing waits and nothing is on its way.
    pub(super) fn is_idle(&self) -> bool {
        self.held_back.is_empty() && self.in_flight == 0
    }
}
