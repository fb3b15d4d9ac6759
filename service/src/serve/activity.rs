use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use http::Version;
use tokio::time::{Instant, sleep, sleep_until};

/// What a connection is used for. Clones are the same.
#[derive(Clone)]
pub(super) struct Activity(Arc<Inner>);

struct Inner {
    began: Instant,
    /// Milliseconds after the beginning.
    last_used: AtomicU64,
    under_way: AtomicUsize,
    /// Whether hyper looks after it, which it does in HTTP/1.1 once there was a request.
    looked_after: AtomicBool,
    answers: Mutex<Vec<Weak<Unread>>>,
}

/// Since when an answer waits for its client to read on, in milliseconds after the connection's beginning.
struct Unread(AtomicU64);

impl Unread {
    /// It is being made, and nobody waits for the client.
    const NOT: u64 = u64::MAX;
}

impl Activity {
    pub(super) fn begin() -> Self {
        Self(Arc::new(Inner {
            began: Instant::now(),
            last_used: AtomicU64::new(0),
            under_way: AtomicUsize::new(0),
            looked_after: AtomicBool::new(false),
            answers: Mutex::default(),
        }))
    }

    /// Takes note of a request that is being answered until what is returned is dropped.
    pub(super) fn request(&self, version: Version) -> Answering {
        if version != Version::HTTP_2 {
            self.0.looked_after.store(true, Ordering::Relaxed);
        }
        self.0.under_way.fetch_add(1, Ordering::Relaxed);
        let unread = Arc::new(Unread(AtomicU64::new(Unread::NOT)));
        if version == Version::HTTP_2 {
            let mut answers = self.0.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.retain(|answer| answer.strong_count() > 0);
            answers.push(Arc::downgrade(&unread));
        }
        Answering { activity: self.clone(), unread }
    }

    /// Ends when the client has not read on in one of its answers for so long, or little longer.
    pub(super) async fn unread_for(&self, duration: Duration) {
        loop {
            sleep(duration / 4).await;
            let now = self.now_ms();
            let answers = self.0.answers.lock().unwrap_or_else(PoisonError::into_inner);
            let mut since = answers.iter().filter_map(Weak::upgrade);
            // What is not waited for is later than now.
            let waits = |since: u64| u128::from(now.saturating_sub(since)) >= duration.as_millis();
            if since.any(|unread| waits(unread.0.load(Ordering::Relaxed))) {
                return;
            }
        }
    }

    /// Ends when no request has been under way for so long.
    pub(super) async fn idle_for(&self, duration: Duration) {
        loop {
            let Inner { began, last_used, under_way, .. } = &*self.0;
            let due = *began + Duration::from_millis(last_used.load(Ordering::Relaxed)) + duration;
            let now = Instant::now();
            if under_way.load(Ordering::Relaxed) > 0 {
                sleep_until(now + duration).await;
            } else if due <= now {
                return;
            } else {
                sleep_until(due).await;
            }
        }
    }

    /// Ends when a connection that was asked to end has nothing left to do and does not end, for so long.
    pub(super) async fn outlives_its_end(&self, duration: Duration) {
        loop {
            sleep(duration).await;
            let Inner { under_way, looked_after, .. } = &*self.0;
            if under_way.load(Ordering::Relaxed) == 0 && !looked_after.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    fn used(&self) {
        self.0.last_used.store(self.now_ms(), Ordering::Relaxed);
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A request that is being answered.
pub(super) struct Answering {
    activity: Activity,
    unread: Arc<Unread>,
}

impl Answering {
    /// Its next piece comes when the client has made room for it.
    pub(super) fn waits_for_its_client(&self) {
        self.unread.0.store(self.activity.now_ms(), Ordering::Relaxed);
    }

    /// Its next piece is not there yet.
    pub(super) fn is_made(&self) {
        self.unread.0.store(Unread::NOT, Ordering::Relaxed);
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let Self { activity, .. } = self;
        activity.used();
        activity.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_so_long_after_its_last_request() {
        let activity = Activity::begin();
        let idle = Duration::from_secs(30);
        let began = Instant::now();
        let answering = activity.request(Version::HTTP_2);
        let waiting = tokio::spawn({
            let activity = activity.clone();
            async move { activity.idle_for(idle).await }
        });
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert!(!waiting.is_finished(), "a request is under way");
        drop(answering);
        waiting.await.expect("an end");
        assert!(began.elapsed() >= Duration::from_secs(130), "{:?}", began.elapsed());
        assert!(began.elapsed() <= Duration::from_secs(161), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_unread_as_long_as_it_waits_for_its_client() {
        let activity = Activity::begin();
        let minute = Duration::from_secs(60);
        let waiting = tokio::spawn({
            let activity = activity.clone();
            async move { activity.unread_for(minute).await }
        });
        let (streams, gone) =
            (activity.request(Version::HTTP_2), activity.request(Version::HTTP_2));
        gone.waits_for_its_client();
        drop(gone);
        sleep(minute * 10).await;
        for _ in 0..10 {
            streams.waits_for_its_client();
            sleep(minute / 2).await;
        }
        streams.is_made();
        sleep(minute * 10).await;
        assert!(!waiting.is_finished(), "it was read");
        let began = Instant::now();
        streams.waits_for_its_client();
        waiting.await.expect("an end");
        assert!((minute..minute * 2).contains(&began.elapsed()), "{:?}", began.elapsed());
    }
}
