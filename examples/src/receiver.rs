//! A receiver of callbacks, such as a partner's server has.

use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use http::StatusCode;
use smile_core::{Callback, CallbackError, Signer};

/// Listens on this machine, confirms the signature of what comes, and hands it on.
#[derive(Debug)]
pub struct Receiver {
    url: String,
    callbacks: Mutex<mpsc::Receiver<Result<Callback, CallbackError>>>,
    // Dropping it ends the server.
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Receiver {
    /// Starts one, on a thread of its own.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn start(signer: Signer) -> std::io::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}/callback", listener.local_addr()?);
        let (send, callbacks) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();

        let on_callback = move |body: Bytes| {
            let callback = Callback::parse(&signer, &body);
            // A service that gets no 2xx comes again; what can't be believed is refused for good.
            let status = if callback.is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
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
    pub fn next(&self, timeout: Duration) -> Option<Result<Callback, CallbackError>> {
        self.callbacks.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(timeout).ok()
    }
}
