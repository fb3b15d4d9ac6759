use std::time::Duration;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use metrics::counter;
use service::{AccessNotes, Problem};
use tokio::time::sleep;
use tracing::{Span, debug};

use super::attempt::attempt;
use super::headers::for_a_role;
use super::request_body::{Expects, RequestBody};
use super::upgrade::{is_upgrade, upgrade};
use super::upstreams::Upstreams;

/// How often a request is sent at most.
const ATTEMPTS: usize = 3;
/// Before an upstream that has just failed is asked again: one that restarts needs a moment.
const PAUSE: Duration = Duration::from_millis(150);
/// When a client is asked to come again. Those who restart are back by then.
const RETRY_AFTER_S: u64 = 1;

/// Passes a request on to a role and its answer back.
///
/// A request that did not reach its upstream goes to another. One that reached it and was not answered does so, too, when
/// it may be repeated: reads, and writes with an `Idempotency-Key` where the role heeds it: those are carried out once however
/// often they come. Any other write is sent once. Answers are passed on whatever they say: a 503 is one.
pub(super) async fn forward(upstreams: &Upstreams, heeds_key: bool, request: Request) -> Response {
    if is_upgrade(&request) {
        return upgrade(upstreams, request).await.into_response();
    }
    match forward_body(upstreams, heeds_key, request).await {
        Ok(answer) => answer,
        Err(problem) => problem.into_response(),
    }
}

async fn forward_body(
    upstreams: &Upstreams,
    heeds_key: bool,
    request: Request,
) -> Result<Response, Problem> {
    let (mut head, mut body) = RequestBody::of(request).await?;
    for_a_role(&mut head);
    if body.expects() == Expects::Continue {
        head.headers.insert(header::EXPECT, HeaderValue::from_static("100-continue"));
    }
    let may_be_repeated = may_be_repeated(&head, heeds_key);
    let is_read = is_read(&head);
    // Whether a write may have been carried out, though no answer has come.
    let mut may_be_done = false;
    let mut asked = Vec::with_capacity(ATTEMPTS);
    while let Some(upstream) = upstreams.choose(&asked) {
        if asked.iter().any(|one| std::sync::Arc::ptr_eq(one, &upstream)) {
            sleep(PAUSE).await;
        }
        let sent = body.next().ok_or_else(|| lost(&head))?;
        let gives_up = may_be_repeated && body.can_be_sent_again();
        let failure = match attempt(upstreams, &upstream, &head, sent, gives_up).await {
            // Somebody else has got it before, and may have carried it out.
            Ok(answer) if may_be_done && answer.status() == StatusCode::SERVICE_UNAVAILABLE => {
                upstream.answered();
                return Err(lost(&head));
            }
            Ok(answer) => {
                upstream.answered();
                tell(&head, &upstream.address, asked.len() + 1);
                return Ok(answer);
            }
            Err(failure) => failure,
        };
        // Whoever sends half a request has only itself to blame.
        if let Some(problem) = body.fault() {
            return Err(problem);
        }
        debug!(upstream = %upstream.address, %failure, "request not answered");
        upstream.failed(&failure);
        let nothing_happened = matches!(failure, super::attempt::Failure::NotReached(_));
        may_be_done |= !(is_read || nothing_happened);
        if !(nothing_happened || may_be_repeated) {
            return Err(lost(&head));
        }
        asked.push(upstream);
        if asked.len() == ATTEMPTS || !body.can_be_sent_again() {
            break;
        }
        counter!("trainer_upstream_retries_total", "role" => upstreams.role).increment(1);
    }
    Err(if may_be_done { lost(&head) } else { unavailable() })
}

fn is_read(head: &Parts) -> bool {
    matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a request has the same effect when it is sent twice.
fn may_be_repeated(head: &Parts, heeds_key: bool) -> bool {
    is_read(head) || heeds_key && head.headers.contains_key("idempotency-key")
}

/// Says in the request's lines of the logs who has answered it.
pub(super) fn tell(head: &Parts, upstream: &impl std::fmt::Display, attempts: usize) {
    if let Some(notes) = head.extensions.get::<AccessNotes>() {
        notes.answered_by(upstream, attempts);
    }
    let span = Span::current();
    span.record("upstream", tracing::field::display(upstream));
    if attempts > 1 {
        span.record("attempts", attempts);
    }
}

pub(super) fn unavailable() -> Problem {
    Problem::unavailable(RETRY_AFTER_S)
}

fn lost(head: &Parts) -> Problem {
    unavailable().detail(match head.headers.contains_key("idempotency-key") {
        true => {
            "the answer was lost, and the write may have been carried out: look before you send it again, or send it with \
             the same Idempotency-Key where that is taken"
        }
        false => {
            "the answer was lost, and the write may have been carried out: look before you send it again; with an \
             Idempotency-Key it could have been repeated"
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_with_a_key_that_is_heeded_may_be_repeated() {
        let request = |method: &str, key: Option<&str>, heeds_key: bool| {
            let request = http::Request::builder().method(method);
            let request = key
                .into_iter()
                .fold(request, |request, key| request.header("Idempotency-Key", key));
            may_be_repeated(&request.body(()).expect("a request").into_parts().0, heeds_key)
        };
        assert!(request("GET", None, false) && request("HEAD", None, false));
        assert!(request("POST", Some("k"), true) && !request("POST", Some("k"), false));
        for method in ["POST", "PUT", "PATCH", "DELETE", "PURGE"] {
            assert!(!request(method, None, true), "{method}");
        }
    }
}
