use std::fmt::Display;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use metrics::{SharedString, counter, gauge};
use service::{BreakerState, UpstreamHealth};
use tokio::sync::Notify;
use tracing::{info, warn};

use super::address::UpstreamAddress;
use super::breaker::{Breaker, Consequence};

/// One process that answers for a role, and what is known of how it is.
pub(super) struct Upstream {
    role: &'static str,
    pub(super) address: UpstreamAddress,
    breaker: Mutex<Breaker>,
    ready: AtomicBool,
    under_way: AtomicUsize,
    /// How often it has shown that it is there.
    heard: AtomicUsize,
    /// Tells those who wait for its answer that none will come.
    given_up: Notify,
    /// What it is called in figures.
    label: Arc<str>,
}

impl Upstream {
    pub(super) fn new(role: &'static str, address: UpstreamAddress) -> Self {
        let label = Arc::from(address.to_string());
        Self {
            role,
            address,
            breaker: Mutex::new(Breaker::closed()),
            ready: AtomicBool::new(true),
            under_way: AtomicUsize::new(0),
            heard: AtomicUsize::new(0),
            given_up: Notify::new(),
            label,
        }
    }

    /// Whether it answers, as far as is known.
    pub(super) fn answers(&self) -> bool {
        self.breaker().is_closed()
    }

    /// Whether it says of itself that it can serve.
    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    pub(super) fn says_it_is_ready(&self, ready: bool) {
        if self.ready.swap(ready, Ordering::Relaxed) != ready {
            info!(role = self.role, upstream = %self.address, ready, "readiness of an upstream changed");
        }
    }

    /// How many requests it has not answered yet.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Counts a request until what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(self))
    }

    /// Whether a request may be sent to it now.
    pub(super) fn lets_pass(&self) -> bool {
        let mut breaker = self.breaker();
        let passes = breaker.lets_pass(Instant::now());
        self.show(&breaker);
        passes
    }

    /// It has answered; what it answered is between it and the client.
    pub(super) fn answered(&self) {
        counter!("trainer_upstream_answers_total", "role" => self.role, "upstream" => self.label())
            .increment(1);
        self.is_there();
    }

    /// It has shown that it is there.
    pub(super) fn is_there(&self) {
        self.heard.fetch_add(1, Ordering::Relaxed);
        let mut breaker = self.breaker();
        let was_closed = breaker.is_closed();
        breaker.succeeded();
        if !was_closed && breaker.is_closed() {
            info!(role = self.role, upstream = %self.address, "upstream answers again");
        }
        self.show(&breaker);
    }

    /// How often it has shown that it is there: whoever finds a greater number later has heard from it meanwhile.
    pub(super) fn times_heard(&self) -> usize {
        self.heard.load(Ordering::Relaxed)
    }

    /// It has not answered.
    pub(super) fn failed(&self, cause: &dyn Display) {
        self.fails(cause, Breaker::failed);
    }

    /// It says nothing to anybody, and is not asked any more.
    pub(super) fn stands_still(&self, cause: &dyn Display) {
        self.fails(cause, Breaker::stands_still);
    }

    fn fails(&self, cause: &dyn Display, tell: fn(&mut Breaker, Instant) -> Consequence) {
        counter!("trainer_upstream_failures_total", "role" => self.role, "upstream" => self.label())
            .increment(1);
        let mut breaker = self.breaker();
        let was_closed = breaker.is_closed();
        if tell(&mut breaker, Instant::now()) == Consequence::Opened {
            if was_closed {
                warn!(role = self.role, upstream = %self.address, %cause, "upstream does not answer");
            }
            let labels = [("role", self.role.to_owned()), ("upstream", self.label.to_string())];
            counter!("trainer_upstream_breaker_openings_total", &labels).increment(1);
            self.given_up.notify_waiters();
        }
        self.show(&breaker);
    }

    /// Ends when it is given up; at once when it has been since it was chosen.
    pub(super) async fn given_up(&self) {
        let mut given_up = pin!(self.given_up.notified());
        given_up.as_mut().enable();
        let is_open = matches!(*self.breaker(), Breaker::Open { .. });
        if !is_open {
            given_up.await;
        }
    }

    pub(super) fn health(&self) -> UpstreamHealth {
        UpstreamHealth {
            role: self.role,
            address: self.address.to_string(),
            breaker: state_of(&self.breaker()),
            ready: self.is_ready(),
            requests_under_way: self.under_way(),
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, breaker: &Breaker) {
        let state = match state_of(breaker) {
            BreakerState::Closed => 0.0,
            BreakerState::HalfOpen => 1.0,
            BreakerState::Open => 2.0,
        };
        gauge!("trainer_upstream_breaker", "role" => self.role, "upstream" => self.label())
            .set(state);
    }

    fn label(&self) -> SharedString {
        SharedString::from(Arc::clone(&self.label))
    }
}

fn state_of(breaker: &Breaker) -> BreakerState {
    match breaker {
        Breaker::Closed { .. } => BreakerState::Closed,
        Breaker::HalfOpen { .. } => BreakerState::HalfOpen,
        Breaker::Open { .. } => BreakerState::Open,
    }
}

/// A request that an upstream has not answered to the end.
pub(super) struct UnderWay(Arc<Upstream>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
