//! A receiver of callbacks, such as a partner's server has.

use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::routing::post;
use http::StatusCode;
use smile_axum::{CallbackReceiver, ReceivedCallback, Rejection};
use smile_core::Verifier;

/// Listens on this machine, believes or refuses what comes, and hands it on.
#[derive(Debug)]
pub struct Receiver {
    url: String,
    callbacks: Mutex<mpsc::Receiver<Received>>,
    // Dropping it ends the server.
    _stop: tokio::sync::oneshot::Sender<()>,
}

type Received = Result<ReceivedCallback, Rejection>;

#[derive(Clone)]
struct App {
    receiver: CallbackReceiver,
    send: mpsc::Sender<Received>,
}

impl FromRef<App> for CallbackReceiver {
    fn from_ref(app: &App) -> Self {
        app.receiver.clone()
    }
}

/// Takes what was refused too: a program should say so, and not wait for what never comes.
async fn on_callback(State(app): State<App>, received: Received) -> StatusCode {
    // A service that gets no 2xx comes again.
    let status = received.as_ref().map_or_else(Rejection::status, |_| StatusCode::OK);
    let _ = app.send.send(received);
    status
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

        let app = App { receiver: CallbackReceiver::new(verifier), send };
        let app = Router::new().route("/callback", post(on_callback)).with_state(app);
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

    /// The URL that callbacks are sent to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next callback, if one comes in time.
    pub fn next(&self, timeout: Duration) -> Option<Result<ReceivedCallback, Rejection>> {
        self.callbacks.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(timeout).ok()
    }
}
