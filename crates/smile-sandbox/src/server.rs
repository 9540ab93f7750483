//! The thread that lends the heart a socket and a clock.

use std::net::TcpListener as StdListener;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use smile_core::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use crate::callbacks::{Callback, CallbackAttempt};
use crate::clock::{Clock, RunningClock};
use crate::delivery::deliver;
use crate::faults::ConnectionLost;
use crate::keeping::{Keeper, keep_up, kept, settle};
use crate::response::gateway;
use crate::service::Service;

/// The largest body that is taken.
const MAX_BODY: usize = 64 * 1024 * 1024;
/// How long a client has for the headers of a request.
const TIME_FOR_HEADERS: Duration = Duration::from_secs(30);
/// How long a client has for the body of a request.
const TIME_FOR_BODY: Duration = Duration::from_secs(60);

/// What the server's thread and the sandbox's owner share.
pub(crate) struct Shared {
    service: Mutex<Service>,
    /// Told whenever the service may have changed; for those who block.
    pub(crate) changed: Condvar,
    /// The same; for those who await.
    pub(crate) pulse: watch::Sender<()>,
    /// There may be something to do earlier than was thought.
    wake: Notify,
    pub(crate) stop: Notify,
    pub(crate) clock: RunningClock,
    /// Held by whoever advances the clock.
    pub(crate) advancing: tokio::sync::Mutex<()>,
    pub(crate) keeper: Keeper,
}

impl Shared {
    pub(crate) fn new(service: Service, clock: Clock, keeper: Keeper) -> Self {
        let clock = clock.running(service.latest());
        Self {
            service: Mutex::new(service),
            changed: Condvar::new(),
            pulse: watch::Sender::new(()),
            wake: Notify::new(),
            stop: Notify::new(),
            clock,
            advancing: tokio::sync::Mutex::new(()),
            keeper,
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the service, and lets everyone know who waits for that.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Service, Timestamp) -> T) -> T {
        let outcome = change(&mut self.lock(), self.clock.now());
        self.changed.notify_all();
        self.pulse.send_replace(());
        self.wake.notify_one();
        outcome
    }
}

/// Serves until told to stop.
pub(crate) async fn run(listener: StdListener, shared: Arc<Shared>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    tokio::select! {
        () = accept(&listener, &shared) => {}
        () = work(&shared) => {}
        () = keep_up(&shared) => {}
        () = shared.stop.notified() => {}
    }
    settle(&shared).await;
}

async fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve(stream, Arc::clone(shared)))),
            // Out of descriptors, most likely: without a pause this would spin.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Does what falls due without a request; under a virtual clock that is left to whoever advances it.
async fn work(shared: &Arc<Shared>) {
    if shared.clock.is_virtual() {
        return std::future::pending().await;
    }
    loop {
        let (due, next) = {
            let mut service = shared.lock();
            let due = service.due_callbacks(shared.clock.now());
            (due, service.next_wakeup())
        };
        // A review may just have been carried out.
        shared.pulse.send_replace(());
        shared.changed.notify_all();
        for callback in due {
            let shared = Arc::clone(shared);
            drop(tokio::spawn(async move { post(callback, &shared).await }));
        }
        let pause = next.map(|next| next.since(shared.clock.now()));
        tokio::select! {
            () = shared.wake.notified() => {}
            () = sleep(pause) => {}
        }
    }
}

async fn sleep(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}

/// Makes one attempt to deliver a callback, and returns it.
pub(crate) async fn post(callback: Callback, shared: &Shared) -> Option<CallbackAttempt> {
    let outcome = deliver(&callback).await;
    shared.change(|service, now| {
        service.callback_answered(callback.id, now, outcome);
        service.callbacks().last().cloned()
    })
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let answer = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move {
            let response = answer(request, &shared).await;
            match response.extensions().get::<ConnectionLost>() {
                Some(_) => Err(Closed),
                None => Ok(response.map(Full::new)),
            }
        }
    });
    // What goes wrong on a connection concerns its client alone, which notices.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(TIME_FOR_HEADERS)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is to be closed")]
struct Closed;

async fn answer(request: Request<Incoming>, shared: &Arc<Shared>) -> Response<Bytes> {
    let (head, body) = request.into_parts();
    if body.size_hint().lower() > MAX_BODY as u64 {
        return closing(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
    }
    let body = Limited::new(body, MAX_BODY).collect();
    match tokio::time::timeout(TIME_FOR_BODY, body).await {
        Ok(Ok(body)) => {
            let request = Request::from_parts(head, body.to_bytes());
            let (answer, is_change) = shared.change(|service, now| {
                let before = service.changes;
                let answer = service.handle(now, request);
                (answer, service.changes != before)
            });
            if is_change { kept(shared, answer).await } else { answer }
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            closing(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long")
        }
        Ok(Err(_)) => closing(StatusCode::BAD_REQUEST, "Bad Request"),
        Err(_) => closing(StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
    }
}

/// An answer to a request whose body was not read to the end.
fn closing(status: StatusCode, message: &str) -> Response<Bytes> {
    let mut response = gateway(status, message);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
