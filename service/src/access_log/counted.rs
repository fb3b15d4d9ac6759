use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::Line;

/// The body of an answer, counted for its line, which is written when it is dropped.
pub(crate) struct Counted {
    body: Body,
    line: Line,
}

impl Counted {
    pub(crate) fn new(body: Body, mut line: Line) -> Self {
        if body.is_end_stream() {
            line.ended();
        }
        Self { body, line }
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => self.line.sent(frame.data_ref().map_or(0, Bytes::len)),
            Poll::Ready(Some(Err(_))) | Poll::Pending => return polled,
            Poll::Ready(None) => self.line.ended(),
        }
        // Nobody asks again after the last piece of a body whose length is known.
        if self.body.is_end_stream() {
            self.line.ended();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
