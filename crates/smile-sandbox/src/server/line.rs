//! The connection to a client: plain or encrypted, and one that can be cut.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// The signal to close the connection without another byte.
#[derive(Debug, thiserror::Error)]
#[error("the connection is to be closed")]
pub(crate) struct Closed;

/// The means to cut a connection.
#[derive(Clone)]
pub(crate) struct Scissors(Arc<AtomicU64>);

/// The value for no cut.
const WHOLE: u64 = u64::MAX;

impl Scissors {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(WHOLE)))
    }

    /// Resets the connection after so many more bytes to the client, or at its end.
    pub(crate) fn cut_after(&self, bytes: u64) {
        self.0.store(bytes.min(WHOLE - 1), Ordering::Relaxed);
    }

    fn left(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn passed(&self, bytes: usize) {
        let left = self.left();
        if left != WHOLE {
            self.0.store(left - bytes as u64, Ordering::Relaxed);
        }
    }
}

/// A connection to a client.
pub(crate) struct Line<S: Stream> {
    stream: S,
    scissors: Scissors,
    /// The longest time that the client may leave its answer unread.
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

/// The stream below a connection.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

#[cfg(feature = "tls")]
impl Stream for tokio_rustls::server::TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

impl<S: Stream> Line<S> {
    pub(crate) fn new(stream: S, scissors: Scissors, patience: Duration) -> Self {
        Self { stream, scissors, patience, stalled: None }
    }

    /// Gives up on a client that has taken nothing for too long.
    fn mind<T>(&mut self, context: &mut Context<'_>, progress: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.stalled = None;
            return progress;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        stalled.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: Stream> AsyncRead for Line<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Stream> AsyncWrite for Line<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let left = self.scissors.left();
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let most = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let written = Pin::new(&mut self.stream).poll_write(context, &bytes[..most]);
        if let Poll::Ready(Ok(written)) = written {
            self.scissors.passed(written);
        }
        self.mind(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.mind(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.scissors.left() != WHOLE {
            return Poll::Ready(Ok(()));
        }
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.mind(context, shut)
    }
}

impl<S: Stream> Drop for Line<S> {
    fn drop(&mut self) {
        if self.scissors.left() != WHOLE {
            // Closing resets the connection then; on failure, it just closes.
            let _ = self.stream.tcp().set_zero_linger();
        }
    }
}
