//! The thread that lends the heart a socket and a clock.

use std::net::TcpListener as StdListener;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

use crate::admin;
use crate::callbacks::Callback;
use crate::delivery::deliver;
use crate::faults::ConnectionLost;
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
}

impl Shared {
    pub(crate) fn new(service: Service) -> Self {
        Self {
            service: Mutex::new(service),
            changed: Condvar::new(),
            pulse: watch::Sender::new(()),
            wake: Notify::new(),
            stop: Notify::new(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the service, and lets everyone know who waits for that.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Service, Timestamp) -> T) -> T {
        let outcome = {
            let mut service = self.lock();
            service.changes += 1;
            change(&mut service, now())
        };
        self.changed.notify_all();
        self.pulse.send_replace(());
        self.wake.notify_one();
        outcome
    }
}

fn now() -> Timestamp {
    Timestamp::from_unix(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Serves until told to stop.
pub(crate) async fn run(listener: StdListener, shared: Arc<Shared>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    tokio::select! {
        () = accept(&listener, &shared) => {}
        () = work(&shared) => {}
        () = shared.stop.notified() => {}
    }
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

/// Does what falls due without a request.
async fn work(shared: &Arc<Shared>) {
    loop {
        let (due, next) = {
            let mut service = shared.lock();
            let now = now();
            let is_change = service.next_wakeup().is_some_and(|due| due <= now);
            let due = service.due_callbacks(now);
            service.changes += u64::from(is_change);
            (due, service.next_wakeup())
        };
        // A review may just have been carried out.
        shared.pulse.send_replace(());
        shared.changed.notify_all();
        for callback in due {
            drop(tokio::spawn(post(callback, Arc::clone(shared))));
        }
        let pause = next.map(|next| next.since(now()));
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

async fn post(callback: Callback, shared: Arc<Shared>) {
    let outcome = deliver(&callback).await;
    shared.change(|service, now| service.callback_answered(callback.id, now, outcome));
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

async fn answer(request: Request<Incoming>, shared: &Shared) -> Response<Bytes> {
    let (head, body) = request.into_parts();
    if body.size_hint().lower() > MAX_BODY as u64 {
        return closing(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
    }
    let body = Limited::new(body, MAX_BODY).collect();
    match tokio::time::timeout(TIME_FOR_BODY, body).await {
        Ok(Ok(body)) => {
            let request = Request::from_parts(head, body.to_bytes());
            if admin::only_looks(&request) {
                return look(request, shared).await;
            }
            shared.change(|service, now| service.handle(now, request))
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            closing(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long")
        }
        Ok(Err(_)) => closing(StatusCode::BAD_REQUEST, "Bad Request"),
        Err(_) => closing(StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
    }
}

/// Answers what changes nothing, so that those who wait for a change are not woken by each other. Who asks for news
/// waits for it here.
async fn look(request: Request<Bytes>, shared: &Shared) -> Response<Bytes> {
    if let Some((seen, patience)) = admin::awaited_change(&request) {
        let mut pulse = shared.pulse.subscribe();
        let news = pulse.wait_for(|()| shared.lock().changes != seen);
        let _ = tokio::time::timeout(patience, news).await;
    }
    shared.lock().handle(now(), request)
}

/// An answer to a request whose body was not read to the end.
fn closing(status: StatusCode, message: &str) -> Response<Bytes> {
    let mut response = gateway(status, message);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
