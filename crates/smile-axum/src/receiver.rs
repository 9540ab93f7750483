//! Receiver of callbacks, with its verifier and its store.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use smile_core::{AsyncReplayStore, CallbackDigest, ReplayStore, Timestamp, Verifier};

use crate::checker::{Checker, Recording};
use crate::{CallbackLayer, Rejection};

/// Receiver of callbacks, with its verifier and its replay store. It belongs in the router's state.
/// Cheap to clone.
#[derive(Clone)]
pub struct CallbackReceiver {
    pub(crate) checker: Checker,
}

impl CallbackReceiver {
    /// Receiver with this verifier and the system's clock, and without a store.
    pub fn new(verifier: Verifier) -> Self {
        Self { checker: Checker::new(verifier) }
    }

    /// Adds a store, so that redeliveries are recognised and a signature that comes again with
    /// another body is refused.
    ///
    /// The store is asked on the runtime's own thread: one that waits for a disk or a database
    /// belongs in [`with_async_store`](Self::with_async_store).
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

    /// Adds a store that has to be waited for, as [`with_store`](Self::with_store).
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
        self.checker.settings_mut().record = Some(Arc::new(record));
        self
    }

    /// Sets a clock in place of the system's: for tests, or for machines whose clock is off.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.checker.settings_mut().clock = Some(Arc::new(clock));
        self
    }

    /// Sets an observer of everything that is turned away, for the log: the response doesn't say
    /// why. A wrong signature day after day is an API key of the other environment, or somebody who
    /// makes results up.
    #[must_use]
    pub fn with_rejection_observer(mut self, observer: impl Fn(&Rejection) + Send + Sync + 'static) -> Self {
        self.checker.settings_mut().on_rejection = Some(Arc::new(observer));
        self
    }

    /// A layer for the routes that callbacks come to.
    pub fn layer(&self) -> CallbackLayer {
        CallbackLayer::new(self.checker.clone())
    }
}

impl fmt::Debug for CallbackReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.checker.debug("CallbackReceiver", f)
    }
}
