//! What turns requests into callbacks, for the extractor and the layer alike.

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
use smile_core::{AsyncReplayStore, CallbackDigest, ReplayCheck, ReplayStore, Timestamp, Verifier};

use crate::{CallbackLayer, ReceivedCallback, Rejection};

type Record = dyn Fn(Timestamp, CallbackDigest) -> Recording + Send + Sync;
type Recording = Pin<Box<dyn Future<Output = Result<ReplayCheck, Box<dyn Error + Send + Sync>>> + Send>>;
type Observer = dyn Fn(&Rejection) + Send + Sync;

/// Which callbacks are believed, and where they are remembered. It belongs in the router's state. Cheap to clone.
#[derive(Clone)]
pub struct CallbackReceiver {
    settings: Arc<Settings>,
}

#[derive(Clone)]
struct Settings {
    verifier: Verifier,
    record: Option<Arc<Record>>,
    clock: Option<Arc<dyn Fn() -> Timestamp + Send + Sync>>,
    on_rejection: Option<Arc<Observer>>,
}

/// Goes with a request on which a receiver has put its callback: another look would take it for a redelivery.
#[derive(Clone)]
struct CheckedBy(Arc<Settings>);

impl CallbackReceiver {
    /// Believes what this verifier believes, by the system's clock, and remembers nothing.
    pub fn new(verifier: Verifier) -> Self {
        let settings = Settings { verifier, record: None, clock: None, on_rejection: None };
        Self { settings: Arc::new(settings) }
    }

    /// Remembers callbacks in this store, and refuses a signature that comes again with another body.
    ///
    /// The store is asked on the runtime's own thread: one that waits for a disk or a database belongs in
    /// [`with_async_store`](Self::with_async_store).
    #[must_use]
    pub fn with_store<S>(self, store: S) -> Self
    where
        S: ReplayStore + Send + Sync + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        self.with_record(move |now, digest| {
            Box::pin(std::future::ready(store.record(now, &digest).map_err(Into::into)))
        })
    }

    /// As [`with_store`](Self::with_store), with a store that has to be waited for.
    ///
    /// A blocking store goes to threads of its own:
    ///
    /// ```
    /// use std::sync::Arc;
    /// use smile_axum::CallbackReceiver;
    /// use smile_axum::core::{AsyncReplayStore, ReplayStore, ReplayCheck, CallbackDigest, Timestamp};
    ///
    /// struct OnThreads<S>(Arc<S>);
    ///
    /// impl<S> AsyncReplayStore for OnThreads<S>
    /// where
    ///     S: ReplayStore<Error = std::io::Error> + Send + Sync + 'static,
    /// {
    ///     type Error = std::io::Error;
    ///
    ///     async fn record(&self, now: Timestamp, digest: &CallbackDigest) -> Result<ReplayCheck, Self::Error> {
    ///         let (store, digest) = (Arc::clone(&self.0), digest.clone());
    ///         tokio::task::spawn_blocking(move || store.record(now, &digest)).await?
    ///     }
    /// }
    ///
    /// fn receiver<S>(receiver: CallbackReceiver, store: Arc<S>) -> CallbackReceiver
    /// where
    ///     S: ReplayStore<Error = std::io::Error> + Send + Sync + 'static,
    /// {
    ///     receiver.with_async_store(OnThreads(store))
    /// }
    /// ```
    #[must_use]
    pub fn with_async_store<S>(self, store: S) -> Self
    where
        S: AsyncReplayStore + Send + Sync + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let store = Arc::new(store);
        self.with_record(move |now, digest| {
            let store = Arc::clone(&store);
            Box::pin(async move { store.record(now, &digest).await.map_err(Into::into) })
        })
    }

    fn with_record(
        mut self,
        record: impl Fn(Timestamp, CallbackDigest) -> Recording + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.settings).record = Some(Arc::new(record));
        self
    }

    /// A clock in place of the system's: for tests, or for machines whose clock is off.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Arc::make_mut(&mut self.settings).clock = Some(Arc::new(clock));
        self
    }

    /// Is told of everything that is turned away, for the log: the answer doesn't say why. A wrong signature day after day is an
    /// API key of the other environment, or somebody who makes results up.
    #[must_use]
    pub fn on_rejection(mut self, observer: impl Fn(&Rejection) + Send + Sync + 'static) -> Self {
        Arc::make_mut(&mut self.settings).on_rejection = Some(Arc::new(observer));
        self
    }

    /// A layer for the routes that callbacks come to.
    pub fn layer(&self) -> CallbackLayer {
        CallbackLayer::new(self.clone())
    }

    /// The callback that this receiver has made of the request already.
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
        let seen = match &self.settings.record {
            Some(record) => Some(record(at, callback.digest()).await.map_err(Rejection::StoreFailed)?),
            None => None,
        };
        let received = ReceivedCallback { callback, seen, at };
        match seen {
            Some(ReplayCheck::SignatureReused) => Err(Rejection::SignatureReused(Box::new(received))),
            _ => Ok((parts, received)),
        }
    }

    /// Reads the body, and stops as soon as it is known to be too large.
    async fn read(&self, body: Body) -> Result<Bytes, Rejection> {
        let verifier = &self.settings.verifier;
        verifier.check_size(usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX))?;
        match Limited::new(body, verifier.body_limit()).collect().await {
            Ok(whole) => Ok(whole.to_bytes()),
            Err(error) => {
                if error.is::<LengthLimitError>() {
                    verifier.check_size(verifier.body_limit().saturating_add(1))?;
                }
                Err(Rejection::BodyUnreadable(error))
            }
        }
    }

    fn now(&self) -> Timestamp {
        let system = || Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default());
        self.settings.clock.as_ref().map_or_else(system, |clock| clock())
    }
}

impl fmt::Debug for CallbackReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackReceiver")
            .field("verifier", &self.settings.verifier)
            .field("has_store", &self.settings.record.is_some())
            .finish_non_exhaustive()
    }
}
