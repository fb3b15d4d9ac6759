use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::uri::PathAndQuery;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::upstream::Upstream;
use super::upstreams::{HttpClient, Upstreams};

/// How often each upstream is asked whether it is there: two failures more after the first are noticed within a second.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long it may take to say so, in steps: it does nothing for it. With the time until it is asked, one that stands
/// still is found within a second.
const SILENT_STEPS: u32 = 5;
/// A step of waiting.
const STEP: Duration = Duration::from_millis(100);
/// How often each is asked whether it can serve, for which it asks its database.
const READY_EVERY: Duration = Duration::from_secs(2);
/// Longer than it waits for its database.
const READY_WITHIN: Duration = Duration::from_secs(3);

/// Asks an upstream again and again whether it is there and whether it is ready.
///
/// Not being there opens its breaker, so that no request has to find out. These questions are also the trials of an open
/// breaker, so that no request is one as long as there is another upstream. Not being ready only sends requests elsewhere
/// when there is an elsewhere: a database that is away is away for all of them, and they say so better than the door.
pub(super) async fn keep_looking(upstreams: &Upstreams, upstream: &Arc<Upstream>) {
    tokio::join!(is_there(upstreams, upstream), is_ready(upstream, &upstreams.client));
}

async fn is_there(upstreams: &Upstreams, upstream: &Arc<Upstream>) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if !upstream.lets_pass() {
            continue;
        }
        let answer = ask(upstream, &upstreams.client, "/health/live");
        match before_silence(answer, || upstream.times_heard()).await {
            Ok(Ok(_status)) => upstream.is_there(),
            Ok(Err(cause)) => upstream.failed(&cause),
            Err(silence) => upstreams.found_silent(upstream, &silence),
        }
    }
}

/// Nothing came for a while.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("it says nothing")]
struct Silence;

/// What comes before it has been silent for too long: nothing came, and others heard nothing from it either.
///
/// The time is counted in steps and not by the clock, so that whoever could not listen for a while blames nobody: on a
/// machine that is so busy that this process is late, the other may be late too, and has as much more time.
async fn before_silence<T>(
    answer: impl Future<Output = T>,
    times_heard: impl Fn() -> usize,
) -> Result<T, Silence> {
    let mut answer = pin!(answer);
    let (mut silent_steps, mut heard) = (0, times_heard());
    while silent_steps < SILENT_STEPS {
        if let Ok(answer) = timeout(STEP, &mut answer).await {
            return Ok(answer);
        }
        let heard_before = std::mem::replace(&mut heard, times_heard());
        silent_steps = if heard == heard_before { silent_steps + 1 } else { 0 };
    }
    Err(Silence)
}

async fn is_ready(upstream: &Upstream, client: &HttpClient) {
    let mut ticks = interval(READY_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if upstream.answers() {
            let said = timeout(READY_WITHIN, ask(upstream, client, "/health/ready")).await;
            upstream.says_it_is_ready(matches!(said, Ok(Ok(StatusCode::OK))));
        }
    }
}

async fn ask(
    upstream: &Upstream,
    client: &HttpClient,
    path: &'static str,
) -> Result<StatusCode, hyper_util::client::legacy::Error> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = upstream.address.at(Some(&PathAndQuery::from_static(path)));
    let (answer, body) = client.request(request).await?.into_parts();
    // Read to its end, so that the connection is used again; whether it has one does not matter.
    let _ = body.collect().await;
    Ok(answer.status)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::time::{Instant, advance, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_is_short() {
        let began = Instant::now();
        assert_eq!(before_silence(pending::<()>(), || 0).await, Err(Silence));
        assert!(LOOK_EVERY + began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        assert_eq!(before_silence(ready(7), || 0).await, Ok(7));
        assert_eq!(before_silence(sleep(Duration::from_millis(400)), || 0).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_could_not_listen_blames_nobody() {
        let late = Instant::now() + Duration::from_millis(10_300);
        let mut waiting = Box::pin(before_silence(tokio::time::sleep_until(late), || 0));
        assert!(futures::poll!(&mut waiting).is_pending());
        // This process stands still itself.
        advance(Duration::from_secs(10)).await;
        assert_eq!(waiting.await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_answers_others_is_not_silent() {
        let began = Instant::now();
        let times_heard = || began.elapsed().as_millis().min(5_000) as usize / 300;
        assert_eq!(before_silence(pending::<()>(), times_heard).await, Err(Silence));
        let silent_for = began.elapsed() - Duration::from_millis(4_800);
        assert!(silent_for >= STEP * SILENT_STEPS, "{silent_for:?}");
    }
}
