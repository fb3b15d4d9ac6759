use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use service::UpstreamHealth;
use tokio_util::sync::CancellationToken;

use super::address::UpstreamAddress;
use super::checks::keep_looking;
use super::upstream::Upstream;

/// An idle connection is dropped before the other side, which waits half a minute, drops it.
const IDLE_CONNECTION: Duration = Duration::from_secs(15);
/// Idle connections to one upstream.
const IDLE_CONNECTIONS: usize = 256;
/// How long a connection may take: the roles are in the same network.
const CONNECTED_WITHIN: Duration = Duration::from_secs(1);

pub(super) type HttpClient = Client<HttpConnector, Body>;

/// How long upstreams are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpstreamSettings {
    /// Until an answer begins. What it streams afterwards may take as long as it does.
    pub answers_within: Duration,
}

impl Default for UpstreamSettings {
    fn default() -> Self {
        // Longer than a role itself waits for its database before it answers 503.
        Self { answers_within: Duration::from_secs(30) }
    }
}

/// All processes that answer for one role. Clones are the same.
#[derive(Clone)]
pub struct Upstreams {
    pub(super) role: &'static str,
    all: Arc<[Arc<Upstream>]>,
    turn: Arc<AtomicUsize>,
    pub(super) client: HttpClient,
    pub(super) settings: UpstreamSettings,
}

impl Upstreams {
    /// Those at these addresses.
    #[must_use]
    pub fn new(
        role: &'static str,
        addresses: impl IntoIterator<Item = UpstreamAddress>,
        settings: UpstreamSettings,
    ) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECTED_WITHIN));
        connector.set_keepalive(Some(Duration::from_secs(30)));
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_CONNECTION)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build(connector);
        let all = addresses.into_iter().map(|address| Arc::new(Upstream::new(role, address)));
        Self { role, all: all.collect(), turn: Arc::default(), client, settings }
    }

    /// Looks after all of them again and again until `shutdown`: whether they are there, and whether they are ready.
    pub async fn look_after(self, shutdown: CancellationToken) {
        let looking = self.all.iter().map(|upstream| keep_looking(&self, upstream));
        shutdown.run_until_cancelled(futures::future::join_all(looking)).await;
    }

    /// How each is.
    #[must_use]
    pub fn health(&self) -> Vec<UpstreamHealth> {
        self.all.iter().map(|upstream| upstream.health()).collect()
    }

    /// The one to ask: of those that answer the one with the least to do, those first that say they are ready. When none
    /// answers, one that may be tried.
    ///
    /// Those that were asked already are asked again only when there is no other.
    pub(super) fn choose(&self, asked: &[Arc<Upstream>]) -> Option<Arc<Upstream>> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let was_asked =
            |upstream: &Arc<Upstream>| asked.iter().any(|one| Arc::ptr_eq(one, upstream));
        // Those with equally much to do have their turns.
        let in_turn = || (0..self.all.len()).map(|step| &self.all[(turn + step) % self.all.len()]);
        let answering = in_turn().filter(|upstream| upstream.answers());
        let least_busy =
            answering.min_by_key(|one| (was_asked(one), !one.is_ready(), one.under_way()));
        least_busy.or_else(|| in_turn().find(|upstream| upstream.lets_pass())).cloned()
    }

    /// Nothing was heard from this one for a while.
    ///
    /// Where another answers, it is taken for one that stands still: should it only be slow, nothing is lost by asking
    /// the other. The last one of a role is asked until it has failed as often as any that fails, because there is nobody
    /// to ask instead, and because a machine that is too busy makes all of them slow.
    pub(super) fn found_silent(&self, upstream: &Arc<Upstream>, cause: &dyn std::fmt::Display) {
        let mut others = self.all.iter().filter(|one| !Arc::ptr_eq(one, upstream));
        if others.any(|other| other.answers()) {
            upstream.stands_still(cause);
        } else {
            upstream.failed(cause);
        }
    }
}

impl std::fmt::Debug for Upstreams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstreams").field("role", &self.role).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstreams(number: u16) -> Upstreams {
        let addresses =
            (1..=number).map(|port| format!("host:{port}").parse().expect("an address"));
        Upstreams::new("query-api", addresses, UpstreamSettings::default())
    }

    fn chosen(upstreams: &Upstreams, asked: &[Arc<Upstream>]) -> String {
        upstreams.choose(asked).expect("one").address.to_string()
    }

    fn breaks(upstream: &Upstream) {
        while upstream.answers() {
            upstream.failed(&"on purpose");
        }
    }

    #[tokio::test]
    async fn those_with_nothing_to_do_have_their_turns() {
        let upstreams = upstreams(3);
        let mut seen: Vec<_> = (0..6).map(|_| chosen(&upstreams, &[])).collect();
        assert_eq!(seen[..3], seen[3..]);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 3);
    }

    #[tokio::test]
    async fn the_one_with_the_least_to_do_is_asked() {
        let upstreams = upstreams(2);
        let _busy = (upstreams.all[0].begin(), upstreams.all[0].begin(), upstreams.all[1].begin());
        for _ in 0..4 {
            assert_eq!(chosen(&upstreams, &[]), "host:2");
        }
    }

    #[tokio::test]
    async fn one_that_is_not_ready_is_asked_when_there_is_no_other() {
        let upstreams = upstreams(2);
        upstreams.all[0].says_it_is_ready(false);
        let busy = upstreams.all[1].begin();
        assert_eq!(chosen(&upstreams, &[]), "host:2");
        breaks(&upstreams.all[1]);
        assert_eq!(chosen(&upstreams, &[]), "host:1");
        drop(busy);
    }

    #[tokio::test]
    async fn one_that_was_asked_already_is_asked_again_when_there_is_no_other() {
        let upstreams = upstreams(2);
        let asked = [Arc::clone(&upstreams.all[0])];
        for _ in 0..4 {
            assert_eq!(chosen(&upstreams, &asked), "host:2");
        }
        assert!(upstreams.choose(&[asked[0].clone(), upstreams.all[1].clone()]).is_some());
    }

    #[tokio::test]
    async fn those_that_do_not_answer_are_not_asked() {
        let upstreams = upstreams(2);
        breaks(&upstreams.all[0]);
        for _ in 0..4 {
            assert_eq!(chosen(&upstreams, &[]), "host:2");
        }
        breaks(&upstreams.all[1]);
        assert!(upstreams.choose(&[]).is_none());
    }

    #[tokio::test]
    async fn a_silent_one_is_left_alone_at_once_unless_it_is_the_last() {
        let upstreams = upstreams(2);
        upstreams.found_silent(&upstreams.all[0], &"silence");
        assert!(!upstreams.all[0].answers());
        upstreams.found_silent(&upstreams.all[1], &"silence");
        upstreams.found_silent(&upstreams.all[1], &"silence");
        assert!(upstreams.all[1].answers(), "there is no other");
        upstreams.found_silent(&upstreams.all[1], &"silence");
        assert!(!upstreams.all[1].answers());
    }

    #[tokio::test]
    async fn whoever_waits_for_one_that_is_given_up_is_told_however_late_it_comes() {
        let upstreams = upstreams(2);
        let upstream = &upstreams.all[0];
        let mut waits = Box::pin(upstream.given_up());
        assert!(futures::poll!(&mut waits).is_pending());
        upstreams.found_silent(upstream, &"silence");
        assert!(futures::poll!(&mut waits).is_ready());
        // Chosen before, and asked afterwards.
        assert!(futures::poll!(Box::pin(upstream.given_up())).is_ready());
    }
}
