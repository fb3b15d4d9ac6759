use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};

use super::headers::without_hop_by_hop;
use super::upstream::UnderWay;

/// Answers up to this size are here as a whole before the client gets their beginning, so that one that breaks off can
/// be asked for again. What says no size streams, as events do.
const WHOLE_BYTES: u64 = 256 * 1024;

/// What an upstream has answered, for the client.
///
/// # Errors
/// When a small answer breaks off.
pub(super) async fn received(
    answer: Response<Incoming>,
    under_way: UnderWay,
) -> Result<Response, hyper::Error> {
    let (mut head, body) = answer.into_parts();
    without_hop_by_hop(&mut head.headers);
    let is_small = body.size_hint().exact().is_some_and(|length| length <= WHOLE_BYTES);
    let body = if is_small {
        Body::from(body.collect().await?.to_bytes())
    } else {
        Body::new(Streaming { body, _under_way: under_way })
    };
    Ok(Response::from_parts(head, body))
}

/// An answer of any length. Its upstream is busy with it as long as it lasts.
struct Streaming {
    body: Incoming,
    _under_way: UnderWay,
}

impl HttpBody for Streaming {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
