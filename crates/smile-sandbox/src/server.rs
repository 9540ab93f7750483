//! The thread that lends the heart a socket and a clock.

use std::io::Write as _;
use std::net::TcpListener as StdListener;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::uri::Scheme;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use smile_core::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};

use crate::answer_body::AnswerBody;
use crate::callbacks::Callback;
use crate::delivery::deliver;
use crate::faults::{ConnectionLost, Manner};
use crate::front::Front;
use crate::intake::Intake;
use crate::line::{Closed, Line, Scissors, Stream};
use crate::service::Service;

/// About the most that the head of a request may come to.
const MAX_HEAD: usize = 16 * 1024;
/// What a client is told for whom there is no room.
const BUSY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\
    Connection: close\r\n\r\n{\"message\":\"Too many connections\"}";

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
    front: Front,
    intake: Intake,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<crate::tls::Tls>,
}

impl Shared {
    pub(crate) fn new(
        service: Service,
        front: Front,
        #[cfg(feature = "tls")] tls: Option<crate::tls::Tls>,
    ) -> Self {
        Self {
            intake: Intake::new(front.time_for_body),
            front,
            #[cfg(feature = "tls")]
            tls,
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
        let outcome = change(&mut self.lock(), now());
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
    let seats = Arc::new(Semaphore::new(shared.front.connections.min(Semaphore::MAX_PERMITS)));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: without a pause this would spin.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        match Arc::clone(&seats).try_acquire_owned() {
            Ok(seat) => {
                let shared = Arc::clone(shared);
                drop(tokio::spawn(async move {
                    greet(stream, shared).await;
                    drop(seat);
                }));
            }
            Err(_) => turn_away(stream),
        }
    }
}

/// Says so, if the client can be told without waiting.
fn turn_away(stream: TcpStream) {
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write_all(BUSY);
    }
}

/// Does what falls due without a request.
async fn work(shared: &Arc<Shared>) {
    loop {
        let (due, next) = {
            let mut service = shared.lock();
            let due = service.due_callbacks(now());
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

/// Finds out what is spoken, and serves. What goes wrong on a connection concerns its client alone, which notices.
async fn greet(stream: TcpStream, shared: Arc<Shared>) {
    #[cfg(feature = "tls")]
    if let Some(tls) = &shared.tls {
        /// How every greeting of TLS begins, and no request does.
        const HANDSHAKE: u8 = 22;
        let patience = shared.front.time_for_headers;
        let mut first = [0];
        match tokio::time::timeout(patience, stream.peek(&mut first)).await {
            Ok(Ok(1)) if first[0] == HANDSHAKE => {
                let encrypted = tokio::time::timeout(patience, tls.acceptor.accept(stream)).await;
                if let Ok(Ok(encrypted)) = encrypted {
                    serve(encrypted, Scheme::HTTPS, Arc::clone(&shared)).await;
                }
                return;
            }
            Ok(Ok(1)) => {}
            _ => return,
        }
    }
    serve(stream, Scheme::HTTP, shared).await;
}

async fn serve<S: Stream>(stream: S, scheme: Scheme, shared: Arc<Shared>) {
    let Front { time_for_headers, time_for_body, .. } = shared.front;
    let scissors = Scissors::new();
    let line = Line::new(stream, scissors.clone(), time_for_body);
    let exchange = service_fn(move |request| {
        let (shared, scheme, scissors) = (Arc::clone(&shared), scheme.clone(), scissors.clone());
        async move { send(answer(request, scheme, &shared).await, &scissors).await }
    });
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(time_for_headers)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(line), exchange)
        .await;
}

async fn answer(request: Request<Incoming>, scheme: Scheme, shared: &Shared) -> Response<Bytes> {
    let (mut head, body) = request.into_parts();
    let admission = shared.lock().admit(&head);
    let (body, permit) = match shared.intake.read(body, admission.body_limit()).await {
        Ok(read) => read,
        Err(refusal) => return refusal,
    };
    head.extensions.insert(admission);
    head.extensions.insert(scheme);
    let response = shared.change(|service, now| service.handle(now, Request::from_parts(head, body)));
    drop(permit);
    response
}

/// Prepares an answer to be sent as it has to be.
async fn send(response: Response<Bytes>, scissors: &Scissors) -> Result<Response<AnswerBody>, Closed> {
    let manner = response.extensions().get::<Manner>().copied().unwrap_or_default();
    if !manner.latency.is_zero() {
        tokio::time::sleep(manner.latency).await;
    }
    if response.extensions().get::<ConnectionLost>().is_some() {
        return Err(Closed);
    }
    let mut response = response.map(|body| AnswerBody::new(body, manner));
    if let Some(bytes) = manner.reset_after {
        scissors.cut_after(bytes);
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if manner.reset_after == Some(0) { Err(Closed) } else { Ok(response) }
}
