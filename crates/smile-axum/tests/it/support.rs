//! Callbacks as the service makes them, and bodies that count what is taken from them.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, HttpBody, to_bytes};
use axum::http::{Request, StatusCode};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use smile_axum::CallbackReceiver;
use smile_axum::core::{Environment, Partner, Timestamp};
use tower::ServiceExt as _;

pub(crate) const NOW: Timestamp = Timestamp::from_unix_millis(1_705_314_600_000);

pub(crate) fn partner() -> Partner {
    Partner::new("001", "one-api-key", Environment::Sandbox).unwrap()
}

/// Receiver of the partner, at [`NOW`].
pub(crate) fn receiver() -> CallbackReceiver {
    CallbackReceiver::new(partner().verifier()).with_clock(|| NOW)
}

/// The result of a job, without a signature.
pub(crate) fn unsigned(code: &str) -> String {
    format!(r#"{{"ResultCode":"{code}","PartnerParams":{{"job_id":"job","user_id":"user","job_type":1}}}}"#)
}

/// The result of a job, signed in its body.
pub(crate) fn signed(partner: &Partner, at: Timestamp, code: &str) -> String {
    let pair = partner.signer().sign(at);
    let rest = format!(r#","timestamp":"{}","signature":"{}"}}"#, pair.timestamp(), pair.signature());
    let unsigned = unsigned(code);
    format!("{}{rest}", unsigned.strip_suffix('}').unwrap())
}

pub(crate) fn post(body: impl Into<Body>) -> Request<Body> {
    Request::post("/callback").body(body.into()).unwrap()
}

/// Status and text of the answer.
pub(crate) async fn answer(app: &Router, request: Request<Body>) -> (StatusCode, String) {
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let text = to_bytes(response.into_body(), 100_000).await.unwrap();
    (status, String::from_utf8(text.to_vec()).unwrap())
}

/// A body of so many chunks of a thousand bytes, which counts those that are taken.
pub(crate) struct Chunks {
    left: usize,
    chunk: Bytes,
    declared: Option<u64>,
    taken: Arc<AtomicUsize>,
}

impl Chunks {
    pub(crate) fn new(count: usize, declared: Option<u64>) -> (Self, impl Fn() -> usize) {
        let taken = Arc::new(AtomicUsize::new(0));
        let chunk = Bytes::from_static(&[b' '; 1_000]);
        let body = Self { left: count, chunk, declared, taken: Arc::clone(&taken) };
        (body, move || taken.load(Ordering::SeqCst))
    }
}

impl HttpBody for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        self.taken.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(self.chunk.clone()))))
    }

    fn size_hint(&self) -> SizeHint {
        self.declared.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// A body that breaks off after its first part.
pub(crate) struct Broken(pub(crate) Option<Bytes>);

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let next = self.0.take().ok_or(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        Poll::Ready(Some(next.map(Frame::data)))
    }
}
