//! The body of an answer as it is sent: whole, in pieces, or cut.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::fault::kinds::{Pace, ResponseDelivery};
use crate::server::line::Closed;

/// A body that follows a [`ResponseDelivery`].
pub(crate) struct AnswerBody {
    rest: Bytes,
    /// The announced bytes that won't come.
    missing: u64,
    pace: Option<Pace>,
    pause: Option<Pin<Box<Sleep>>>,
    has_flushed: bool,
}

impl AnswerBody {
    pub(crate) fn new(mut body: Bytes, delivery: ResponseDelivery) -> Self {
        let whole = body.len() as u64;
        if delivery.ends_early {
            body.truncate(body.len() / 2);
        }
        let missing = if delivery.ends_early { whole.max(1) - body.len() as u64 } else { 0 };
        Self { rest: body, missing, pace: delivery.pace, pause: None, has_flushed: false }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        let this = self.get_mut();
        if this.rest.is_empty() {
            if this.missing == 0 {
                return Poll::Ready(None);
            }
            // One more poll, so that pending data is flushed before the connection ends.
            if !std::mem::replace(&mut this.has_flushed, true) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            return Poll::Ready(Some(Err(Closed)));
        }
        let mut piece = this.rest.len();
        if let Some(pace) = this.pace {
            // Even no time at all is rounded up to the clock's resolution.
            if !pace.pause.is_zero() {
                let pause = this.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(pace.pause)));
                ready!(pause.as_mut().poll(context));
                this.pause = None;
            }
            piece = piece.min(pace.bytes.max(1) as usize);
        }
        Poll::Ready(Some(Ok(Frame::data(this.rest.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.missing == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64 + self.missing)
    }
}
