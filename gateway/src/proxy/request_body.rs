use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use http::header;
use http::request::Parts;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use service::{Problem, UPLOAD_LIMIT_BYTES, read_body};
use tokio::time::{Sleep, sleep};

/// Bodies up to this size are read before anybody is asked, so that they can be sent again; larger ones, and those that
/// do not say how large they are, pass through as they come.
const KEPT_BYTES: usize = 256 * 1024;
/// How long one that passes through may take.
const PASSES_WITHIN: Duration = Duration::from_secs(60);
/// How long a role may take to refuse a body that its client asks about first (`Expect`). After that the client is told to
/// send it.
const REFUSED_WITHIN: Duration = Duration::from_millis(500);

/// What a client sends along.
pub(super) enum RequestBody {
    /// All of it is here.
    Kept(Bytes),
    /// It passes through, once.
    Passing(Option<Body>, Fault, Expects),
}

/// What the client has done wrong while its body passed through, if anything.
#[derive(Clone, Default)]
pub(super) struct Fault(Arc<OnceLock<Wrong>>);

/// Whether a client sends its body, or waits until it is told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expects {
    /// It sends it.
    Nothing,
    /// It waits.
    Continue,
}

#[derive(Debug, Clone, Copy, thiserror::Error)]
enum Wrong {
    #[error("the body is too large")]
    TooLarge,
    #[error("the body took too long to arrive")]
    TooSlow,
    #[error("the body broke off")]
    BrokenOff,
}

impl RequestBody {
    /// Reads a small body, and lets a large one pass.
    ///
    /// # Errors
    /// 413 when it announces more than anybody takes, 400 when it breaks off or takes too long.
    pub(super) async fn of(request: Request) -> Result<(Parts, Self), Problem> {
        let announced = request.body().size_hint().exact();
        let (parts, body) = request.into_parts();
        let read = match announced {
            Some(0) => Self::Kept(Bytes::new()),
            Some(length) if length <= KEPT_BYTES as u64 || length > UPLOAD_LIMIT_BYTES as u64 => {
                // The head goes along for the length it announces and for `Expect`.
                let (head, ()) = Request::from_parts(parts.clone(), ()).into_parts();
                let request = Request::from_parts(head, body);
                Self::Kept(read_body(request, UPLOAD_LIMIT_BYTES).await?)
            }
            Some(_) | None => {
                let fault = Fault::default();
                let (expects, held) = if parts.headers.contains_key(header::EXPECT) {
                    (Expects::Continue, Some(Box::pin(sleep(REFUSED_WITHIN))))
                } else {
                    (Expects::Nothing, None)
                };
                let passing = Passing { held, ..Passing::new(body, fault.clone()) };
                Self::Passing(Some(Body::new(passing)), fault, expects)
            }
        };
        Ok((parts, read))
    }

    /// The body for the next attempt, if it can be sent once more.
    pub(super) fn next(&mut self) -> Option<Body> {
        match self {
            Self::Kept(bytes) => Some(Body::from(bytes.clone())),
            Self::Passing(body, ..) => body.take(),
        }
    }

    pub(super) fn can_be_sent_again(&self) -> bool {
        matches!(self, Self::Kept(_) | Self::Passing(Some(_), ..))
    }

    /// Whether the role is asked first, too: it answers a refusal then without waiting for the body.
    pub(super) fn expects(&self) -> Expects {
        match self {
            Self::Kept(_) => Expects::Nothing,
            Self::Passing(_, _, expects) => *expects,
        }
    }

    /// The refusal that the client has earned while its body passed, if it has.
    pub(super) fn fault(&self) -> Option<Problem> {
        let Self::Passing(_, Fault(fault), _) = self else { return None };
        fault.get().map(|wrong| match wrong {
            Wrong::TooLarge => Problem::payload_too_large(UPLOAD_LIMIT_BYTES),
            Wrong::TooSlow | Wrong::BrokenOff => Problem::bad_request(wrong.to_string()),
        })
    }
}

/// A body on its way through, which may be neither too large nor too slow.
struct Passing {
    body: Body,
    passed_bytes: usize,
    /// Asking for a body is what tells a client to send it.
    held: Option<Pin<Box<Sleep>>>,
    too_late: Pin<Box<Sleep>>,
    fault: Fault,
}

impl Passing {
    fn new(body: Body, fault: Fault) -> Self {
        let too_late = Box::pin(sleep(PASSES_WITHIN));
        Self { body, passed_bytes: 0, held: None, too_late, fault }
    }

    fn refuse<T>(&self, wrong: Wrong) -> Poll<Option<Result<T, Wrong>>> {
        let Fault(fault) = &self.fault;
        Poll::Ready(Some(Err(*fault.get_or_init(|| wrong))))
    }
}

impl HttpBody for Passing {
    type Data = Bytes;
    type Error = Wrong;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Wrong>>> {
        if self.too_late.as_mut().poll(context).is_ready() {
            return self.refuse(Wrong::TooSlow);
        }
        if let Some(held) = &mut self.held {
            ready!(held.as_mut().poll(context));
            self.held = None;
        }
        match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            Some(Ok(frame)) => {
                self.passed_bytes += frame.data_ref().map_or(0, Bytes::len);
                if self.passed_bytes > UPLOAD_LIMIT_BYTES {
                    return self.refuse(Wrong::TooLarge);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(_)) => self.refuse(Wrong::BrokenOff),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
