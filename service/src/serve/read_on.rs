use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// What the system keeps for a client before it has been sent. Writing goes on when half of it is gone, which is what a
/// client has to read in the time that it has.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 128 * 1024;

/// A connection whose client has to read on: a write that makes no progress for too long fails, and ends it.
///
/// A client that reads nothing, or a byte now and then, would otherwise keep its connection and the answer for ever.
/// Waiting for something to be written takes as long as it does.
pub(super) struct ReadOn {
    stream: TcpStream,
    within: Duration,
    /// When the client has to have made room, as long as there is none.
    due: Option<Pin<Box<Sleep>>>,
}

impl ReadOn {
    pub(super) fn new(stream: TcpStream, within: Duration) -> Self {
        // Without it the system keeps megabytes, and a slow client is heard of after minutes.
        #[cfg(target_os = "linux")]
        if let Err(cause) = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES) {
            tracing::debug!(%cause, "TCP_NOTSENT_LOWAT not set");
        }
        Self { stream, within, due: None }
    }

    fn in_time<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.due = None;
            return written;
        }
        let due = self.due.get_or_insert_with(|| Box::pin(sleep(self.within)));
        match due.as_mut().poll(context) {
            Poll::Ready(()) => {
                // Whoever writes once more waits as long again.
                due.as_mut().reset(Instant::now() + self.within);
                let error = io::Error::new(io::ErrorKind::TimedOut, "the client does not read");
                Poll::Ready(Err(error))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for ReadOn {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.in_time(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl AsyncRead for ReadOn {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}
