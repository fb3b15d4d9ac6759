//! A process that appends: the production batcher and settling, with a queue before them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use simulation::{Chance, Task};

use super::wire::{Call, Wire};
use crate::append::Pending;
use crate::append::batch::Batch;
use crate::append::batcher::Batcher;
use crate::append::claims::Claims;
use crate::append::settle::settle;

pub(super) struct Process {
    capacity: usize,
    patience: Duration,
    pub(super) wire: Wire,
    queue: VecDeque<Pending>,
    batcher: Batcher,
    in_flight: Vec<(Claims, Task<Option<i64>>)>,
    /// The last position it knows to be appended.
    pub(super) appended: i64,
    /// How far it believes each stream to be.
    pub(super) cache: HashMap<usize, i64>,
    /// Stopped for a while, as by SIGSTOP: answers wait for it.
    pub(super) suspended: bool,
}

/// Too many commands wait.
pub(super) struct Full;

impl Process {
    pub(super) fn new(capacity: usize, patience: Duration, start: Instant) -> Self {
        let clock = Arc::new(Mutex::new(start));
        Self {
            capacity,
            patience,
            wire: Wire { calls: Arc::default(), clock },
            queue: VecDeque::new(),
            batcher: Batcher::new(capacity),
            in_flight: Vec::new(),
            appended: 0,
            cache: HashMap::new(),
            suspended: false,
        }
    }

    /// Kills it and starts it anew, with nothing in memory.
    pub(super) fn restart(&mut self) {
        let now = *self.wire.clock.lock().unwrap();
        *self = Self::new(self.capacity, self.patience, now);
    }

    /// Takes a command into the queue, unless that is full.
    pub(super) fn submit(&mut self, command: Pending) -> Result<(), Full> {
        if self.queue.len() >= self.capacity {
            return Err(Full);
        }
        self.queue.push_back(command);
        Ok(())
    }

    /// Does all that it can do now, as the appender's loop does; what it asks for.
    pub(super) fn go_on(&mut self, chance: &mut Chance) -> Result<Vec<Call>, String> {
        if self.suspended {
            return Ok(Vec::new());
        }
        loop {
            // Settled batches and new commands come in either order.
            let mut progress = false;
            if chance.percent(50) {
                progress |= self.settle();
            }
            if chance.percent(50)
                && self.batcher.may_take()
                && let Some(command) = self.queue.pop_front()
            {
                self.batcher.arrived(command);
                progress = true;
            }
            progress |= self.send()?;
            progress |= self.settle();
            if !progress {
                return Ok(std::mem::take(&mut self.wire.calls.lock().unwrap()));
            }
        }
    }

    fn send(&mut self) -> Result<bool, String> {
        let Some((batch, claims)) = self.batcher.next_batch(|| self.queue.pop_front()) else {
            return Ok(false);
        };
        check_apart(&batch)?;
        let (wire, patience) = (self.wire.clone(), self.patience);
        let mut task = Task::new(async move { settle(&wire, patience, batch).await });
        // It does not end before it has asked for anything.
        task.go_on();
        self.in_flight.push((claims, task));
        if self.in_flight.len() > 2 {
            return Err("more than two batches are on their way".to_owned());
        }
        Ok(true)
    }

    fn settle(&mut self) -> bool {
        let before = self.in_flight.len();
        let mut index = 0;
        while index < self.in_flight.len() {
            match self.in_flight[index].1.go_on() {
                Some(position) => {
                    self.appended = self.appended.max(position.unwrap_or(0));
                    let (claims, _) = self.in_flight.remove(index);
                    self.batcher.settled(&claims);
                }
                None => index += 1,
            }
        }
        self.in_flight.len() < before
    }

    /// Whether it has nothing left to do.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.batcher.is_idle() && self.in_flight.is_empty()
    }
}

fn check_apart(batch: &Batch) -> Result<(), String> {
    let mut streams: Vec<&str> = batch
        .commands
        .iter()
        .flat_map(|command| &command.writes)
        .map(|write| write.aggregate_id.as_str())
        .collect();
    let mut keys: Vec<_> = batch
        .commands
        .iter()
        .filter_map(|command| command.keyed.as_ref())
        .map(|key| key.id)
        .collect();
    let counts = (streams.len(), keys.len());
    streams.sort_unstable();
    streams.dedup();
    keys.sort_unstable();
    keys.dedup();
    if counts == (streams.len(), keys.len()) {
        Ok(())
    } else {
        Err("two commands of one batch write the same stream or have the same key".to_owned())
    }
}
