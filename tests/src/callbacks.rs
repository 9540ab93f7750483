//! A partner's server: what comes to it is received by `smile-axum`, and handed to the test.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::routing::post;
use bytes::Bytes;
use http::{Request, StatusCode};
use smile_axum::{CallbackReceiver, ReceivedCallback, Rejection};

use crate::drivers::exchange;

type Received = Result<ReceivedCallback, Rejection>;
type Answer = dyn Fn(usize) -> StatusCode + Send + Sync;

/// Receives callbacks. It stops when it is dropped.
#[derive(Debug)]
pub struct CallbackServer {
    url: String,
    received: Mutex<mpsc::Receiver<Received>>,
    _runtime: tokio::runtime::Runtime,
}

#[derive(Clone)]
struct App {
    receiver: CallbackReceiver,
    send: mpsc::Sender<Received>,
    believed: Arc<Mutex<usize>>,
    answer: Arc<Answer>,
}

impl FromRef<App> for CallbackReceiver {
    fn from_ref(app: &App) -> Self {
        app.receiver.clone()
    }
}

async fn on_callback(State(app): State<App>, received: Received) -> StatusCode {
    let status = match &received {
        Ok(_) => {
            let mut believed = app.believed.lock().unwrap();
            *believed += 1;
            (app.answer)(*believed)
        }
        Err(rejection) => rejection.status(),
    };
    app.send.send(received).unwrap();
    status
}

impl CallbackServer {
    /// Starts one that answers 200 to all that it believes.
    pub fn start(receiver: CallbackReceiver) -> Self {
        Self::start_answering(receiver, |_| StatusCode::OK)
    }

    /// Starts one that answers to the first, second, and so on of those that it believes what a
    /// function says.
    pub fn start_answering(
        receiver: CallbackReceiver,
        answer: impl Fn(usize) -> StatusCode + Send + Sync + 'static,
    ) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/callback", listener.local_addr().unwrap());
        let (send, received) = mpsc::channel();
        let app = App { receiver, send, believed: Arc::default(), answer: Arc::new(answer) };
        let app = Router::new().route("/callback", post(on_callback)).with_state(app);
        runtime.spawn(async { axum::serve(listener, app).await });
        Self { url, received: Mutex::new(received), _runtime: runtime }
    }

    /// The URL that callbacks are sent to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits for the next callback, and panics if none comes.
    pub fn next(&self) -> Received {
        self.received.lock().unwrap().recv_timeout(Duration::from_secs(60)).expect("a callback comes")
    }

    /// Posts this to it, as anybody can, and returns the status of the answer.
    pub fn post(&self, body: impl Into<Bytes>) -> StatusCode {
        let request = Request::post(self.url()).body(body.into()).unwrap();
        exchange(&request, Duration::from_secs(60)).unwrap().status()
    }
}
