use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::activity::Answering;

/// The most that is handed over at once. What was handed over waits where nobody sees how far the client has read.
const PIECE_BYTES: usize = 64 * 1024;

/// The body of an answer in HTTP/2, which is asked for its next piece when the client has made room for it.
pub(super) struct Sending {
    body: Body,
    /// What has come from the body and was not asked for yet.
    rest: Bytes,
    answering: Answering,
}

impl Sending {
    pub(super) fn new(body: Body, answering: Answering) -> Self {
        answering.waits_for_its_client();
        Self { body, rest: Bytes::new(), answering }
    }

    fn next_piece(&mut self) -> Bytes {
        self.rest.split_to(self.rest.len().min(PIECE_BYTES))
    }
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.answering.is_made();
        let frame = if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        self.rest = data;
                        Some(Ok(Frame::data(self.next_piece())))
                    }
                    Err(trailers) => Some(Ok(trailers)),
                },
                other => other,
            }
        } else {
            Some(Ok(Frame::data(self.next_piece())))
        };
        self.answering.waits_for_its_client();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let waiting = self.rest.len() as u64;
        let hint = self.body.size_hint();
        match hint.exact() {
            Some(length) => SizeHint::with_exact(length + waiting),
            None => SizeHint::default(),
        }
    }
}
