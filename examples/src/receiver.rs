//! A receiver of callbacks, such as a partner's server has.

use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use smile_core::{Callback, Refusal, Timestamp, Verifier};

/// Listens on this machine, confirms the signature of what comes, and hands it on.
#[derive(Debug)]
pub struct Receiver {
    url: String,
    callbacks: Mutex<mpsc::Receiver<Result<Callback, Refusal>>>,
    // Dropping it ends the server.
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Receiver {
    /// Starts one, on a thread of its own.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn start(verifier: Verifier) -> std::io::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}/callback", listener.local_addr()?);
        let (send, callbacks) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();

        let on_callback = move |headers: HeaderMap, body: Bytes| {
            let now = Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default());
            let callback = verifier.verify(now, &headers, body);
            // A service that gets no 2xx comes again.
            let status = callback.as_ref().map_or_else(Refusal::status, |_| StatusCode::OK);
            let _ = send.send(callback);
            async move { status }
        };
        // Callbacks carry photos: 1.5 MB is the size that Smile ID says to expect.
        let app = Router::new().route("/callback", post(on_callback)).layer(DefaultBodyLimit::max(2_000_000));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                let stopped = async { stopped.await.unwrap_or_default() };
                axum::serve(listener, app).with_graceful_shutdown(stopped).await
            })
        });
        Ok(Self { url, callbacks: Mutex::new(callbacks), _stop: stop })
    }

    /// Where callbacks go.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next callback, if one comes in time.
    pub fn next(&self, timeout: Duration) -> Option<Result<Callback, Refusal>> {
        self.callbacks.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(timeout).ok()
    }
}
