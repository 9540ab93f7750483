//! Path from a request to a callback, for the extractor and the layer alike.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use axum_core::body::Body;
use axum_core::extract::Request;
use http::request::Parts;
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use smile_core::bytes::Bytes;
use smile_core::{CallbackDigest, ReplayCheck, Timestamp, Verifier};

use crate::{ReceivedCallback, Rejection};

type Record = dyn Fn(Timestamp, CallbackDigest) -> Recording + Send + Sync;
pub(crate) type Recording =
    Pin<Box<dyn Future<Output = Result<ReplayCheck, Box<dyn Error + Send + Sync>>> + Send>>;
type Observer = dyn Fn(&Rejection) + Send + Sync;

/// Reads requests, and checks them by the settings of one receiver. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Checker {
    settings: Arc<Settings>,
}

#[derive(Clone)]
pub(crate) struct Settings {
    verifier: Verifier,
    pub(crate) record: Option<Arc<Record>>,
    pub(crate) clock: Option<Arc<dyn Fn() -> Timestamp + Send + Sync>>,
    pub(crate) on_rejection: Option<Arc<Observer>>,
}

/// Mark on a request whose callback a receiver has made already: a second check would take it for a
/// redelivery.
#[derive(Clone)]
struct CheckedBy(Arc<Settings>);

impl Checker {
    pub(crate) fn new(verifier: Verifier) -> Self {
        let settings = Settings { verifier, record: None, clock: None, on_rejection: None };
        Self { settings: Arc::new(settings) }
    }

    pub(crate) fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }

    /// Callback that this receiver has made of the request already.
    pub(crate) fn already(&self, request: &Request) -> Option<ReceivedCallback> {
        let CheckedBy(settings) = request.extensions().get()?;
        let is_ours = Arc::ptr_eq(settings, &self.settings);
        request.extensions().get().filter(|_| is_ours).cloned()
    }

    /// The request with its callback on it, and its body as it was.
    pub(crate) fn restore(&self, mut parts: Parts, received: ReceivedCallback) -> Request {
        let body = received.callback.body().clone();
        parts.extensions.insert(CheckedBy(Arc::clone(&self.settings)));
        parts.extensions.insert(received);
        Request::from_parts(parts, Body::from(body))
    }

    pub(crate) async fn receive(&self, request: Request) -> Result<(Parts, ReceivedCallback), Rejection> {
        let received = self.read_and_verify(request).await;
        if let (Err(rejection), Some(observer)) = (&received, &self.settings.on_rejection) {
            observer(rejection);
        }
        received
    }

    async fn read_and_verify(&self, request: Request) -> Result<(Parts, ReceivedCallback), Rejection> {
        let (parts, body) = request.into_parts();
        let body = self.read(body).await?;
        // Only now: a body that takes long to come is older for it.
        let at = self.now();
        let callback = self.settings.verifier.verify(at, &parts.headers, body)?;
        let replay_check = match &self.settings.record {
            Some(record) => Some(record(at, callback.digest()).await.map_err(Rejection::StoreFailed)?),
            None => None,
        };
        let received = ReceivedCallback { callback, replay_check, at };
        match replay_check {
            Some(ReplayCheck::SignatureReused) => Err(Rejection::SignatureReused(Box::new(received))),
            _ => Ok((parts, received)),
        }
    }

    /// Reads the body, and stops as soon as it is known to be too large.
    async fn read(&self, body: Body) -> Result<Bytes, Rejection> {
        let verifier = &self.settings.verifier;
        verifier.check_size(usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX))?;
        match Limited::new(body, verifier.max_bytes()).collect().await {
            Ok(whole) => Ok(whole.to_bytes()),
            Err(error) => {
                if error.is::<LengthLimitError>() {
                    verifier.check_size(verifier.max_bytes().saturating_add(1))?;
                }
                Err(Rejection::BodyUnreadable(error))
            }
        }
    }

    fn now(&self) -> Timestamp {
        let system = || Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default());
        self.settings.clock.as_ref().map_or_else(system, |clock| clock())
    }

    /// `Debug` of whatever holds the checker.
    pub(crate) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("verifier", &self.settings.verifier)
            .field("has_store", &self.settings.record.is_some())
            .finish_non_exhaustive()
    }
}
