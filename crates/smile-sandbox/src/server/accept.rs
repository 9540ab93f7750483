//! The server thread: sockets and a clock for the service.

use std::io::Write as _;
use std::net::TcpListener as StdListener;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::{CONNECTION, HeaderValue};
use http::uri::Scheme;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming as Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use smile_core::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};

use crate::admin::dispatch::{awaited_change, only_looks};
use crate::callback::attempt::{CallbackAttempt, DueCallback};
use crate::fault::effects::Outgoing;
use crate::http::answers::{gateway, storage_error};
use crate::server::answer_body::AnswerBody;
use crate::server::clock::{Clock, RunningClock};
use crate::server::front::Front;
use crate::server::intake::Intake;
use crate::server::keeper::Keeper;
use crate::server::line::{Closed, Line, Scissors, Stream};
use crate::server::poster::deliver;
use crate::service::Service;
use crate::service::incoming::Incoming;

/// Approximate limit on the head of a request, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// The answer to a client beyond the connection limit.
const BUSY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\
    Connection: close\r\n\r\n{\"message\":\"Too many connections\"}";

/// The state shared by the server's thread and the sandbox's owner.
pub(crate) struct Shared {
    service: Arc<Mutex<Service>>,
    /// Notified whenever the service may have changed; for blocking waits.
    pub(crate) changed: Condvar,
    /// Notified whenever the service may have changed; for async waits.
    pub(crate) pulse: watch::Sender<()>,
    /// Notified when something may be due earlier than planned.
    wake: Notify,
    pub(crate) stop: Notify,
    pub(crate) clock: RunningClock,
    /// Held by the task that advances the clock.
    pub(crate) advancing: tokio::sync::Mutex<()>,
    pub(crate) keeper: Keeper,
    front: Front,
    intake: Intake,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<crate::server::tls::Tls>,
}

impl Shared {
    pub(crate) fn new(
        service: Service,
        clock: Clock,
        keeper: Keeper,
        front: Front,
        #[cfg(feature = "tls")] tls: Option<crate::server::tls::Tls>,
    ) -> Self {
        let clock = clock.running(service.state.latest);
        Self {
            intake: Intake::new(front.time_for_body),
            front,
            #[cfg(feature = "tls")]
            tls,
            service: Arc::new(Mutex::new(service)),
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

    /// Waits until everything so far is stored, if the state is kept on disk; false if that failed.
    async fn persist(&self) -> bool {
        self.keeper.persist(&self.service).await
    }

    /// Changes the service, and notifies everyone who waits for a change.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Service, Timestamp) -> T) -> T {
        let outcome = change(&mut self.lock(), self.clock.now());
        self.changed.notify_all();
        self.pulse.send_replace(());
        self.wake.notify_one();
        outcome
    }
}

/// The longest wait of a change without a request for others to be written with it.
const PAUSE: Duration = Duration::from_millis(50);

/// Writes changes that happen without a request, for as long as it is polled.
async fn keep_up(shared: &Shared) {
    let mut pulse = shared.pulse.subscribe();
    while pulse.changed().await.is_ok() {
        tokio::time::sleep(PAUSE).await;
        // A failed write is tried again with the next change, and reported to the next request.
        shared.persist().await;
    }
}

/// Serves until stopped.
pub(crate) async fn run(listener: StdListener, shared: Arc<Shared>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    tokio::select! {
        () = accept(&listener, &shared) => {}
        () = work(&shared) => {}
        () = keep_up(&shared) => {}
        () = shared.stop.notified() => {}
    }
    shared.persist().await;
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

/// Sends the refusal, if that is possible without waiting.
fn turn_away(stream: TcpStream) {
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write_all(BUSY);
    }
}

/// Runs everything that is due without a request; under a virtual clock, the advancing task does
/// that.
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
pub(crate) async fn post(callback: DueCallback, shared: &Shared) -> Option<CallbackAttempt> {
    let outcome = deliver(&callback).await;
    shared.change(|service, now| {
        service.callback_answered(callback.id, now, outcome);
        service.callback_attempts().back().cloned()
    })
}

/// Detects the protocol, and serves. Errors of a connection concern its client alone, which
/// notices.
async fn greet(stream: TcpStream, shared: Arc<Shared>) {
    let Ok(peer) = stream.peer_addr() else { return };
    let is_far = !peer.ip().to_canonical().is_loopback();
    #[cfg(feature = "tls")]
    if let Some(tls) = &shared.tls {
        /// The first byte of every TLS handshake, and of no request.
        const HANDSHAKE: u8 = 22;
        let patience = shared.front.time_for_headers;
        let mut first = [0];
        match tokio::time::timeout(patience, stream.peek(&mut first)).await {
            Ok(Ok(1)) if first[0] == HANDSHAKE => {
                let encrypted = tokio::time::timeout(patience, tls.acceptor.accept(stream)).await;
                if let Ok(Ok(encrypted)) = encrypted {
                    serve(encrypted, Peer { scheme: Scheme::HTTPS, is_far }, Arc::clone(&shared)).await;
                }
                return;
            }
            Ok(Ok(1)) => {}
            _ => return,
        }
    }
    serve(stream, Peer { scheme: Scheme::HTTP, is_far }, shared).await;
}

/// The other end of a connection.
#[derive(Clone)]
struct Peer {
    scheme: Scheme,
    /// True for another machine.
    is_far: bool,
}

async fn serve<S: Stream>(stream: S, peer: Peer, shared: Arc<Shared>) {
    let Front { time_for_headers, time_for_body, .. } = shared.front;
    let scissors = Scissors::new();
    let line = Line::new(stream, scissors.clone(), time_for_body);
    let exchange = service_fn(move |request| {
        let (shared, peer, scissors) = (Arc::clone(&shared), peer.clone(), scissors.clone());
        async move { send(answer(request, peer, &shared).await, &scissors).await }
    });
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(time_for_headers)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(line), exchange)
        .await;
}

async fn answer(request: Request<Body>, peer: Peer, shared: &Arc<Shared>) -> Outgoing {
    let (head, body) = request.into_parts();
    let head_check = shared.lock().admit(&head);
    let (body, permit) = match shared.intake.read(body, head_check.body_limit()).await {
        Ok(read) => read,
        Err(not_read) => return not_read.answer(head_check.is_to_store()).into(),
    };
    let is_to_store = head_check.is_to_store();
    let request = Request::from_parts(head, body);
    let is_look = only_looks(&request);
    let mut incoming = Incoming::from(request).with_scheme(peer.scheme).with_head_check(head_check);
    if peer.is_far {
        incoming = incoming.with_network_origin(shared.front.admin_is_for_everyone);
    }
    if is_look {
        drop(permit);
        return look(incoming, shared).await;
    }
    let (answer, is_change) = shared.change(|service, now| {
        let before = service.state.changes;
        let answer = service.handle(now, incoming);
        (answer, service.state.changes != before)
    });
    drop(permit);
    if is_change && !shared.persist().await {
        let (status, unwritten) = (StatusCode::INTERNAL_SERVER_ERROR, "The State Could Not Be Written");
        // The zip is there until a restart: the store's word proves nothing either way.
        let response = match is_to_store {
            true => storage_error(status, "InternalError", unwritten),
            false => gateway(status, unwritten),
        };
        return Outgoing { response, ..answer };
    }
    answer
}

/// Answers a request that changes nothing, without notifying those who wait for a change. A request
/// for news waits for a change here.
async fn look(incoming: Incoming, shared: &Shared) -> Outgoing {
    if let Some((seen, patience)) = awaited_change(&incoming.request, incoming.network) {
        let mut pulse = shared.pulse.subscribe();
        let news = pulse.wait_for(|()| shared.lock().state.news() != seen);
        let _ = tokio::time::timeout(patience, news).await;
    }
    shared.lock().handle(shared.clock.now(), incoming)
}

/// Prepares an answer for its delivery.
async fn send(outgoing: Outgoing, scissors: &Scissors) -> Result<Response<AnswerBody>, Closed> {
    let Outgoing { response, delivery, connection_lost } = outgoing;
    if !delivery.latency.is_zero() {
        tokio::time::sleep(delivery.latency).await;
    }
    if connection_lost {
        return Err(Closed);
    }
    let mut response = response.map(|body| AnswerBody::new(body, delivery));
    if let Some(bytes) = delivery.reset_after {
        scissors.cut_after(bytes);
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if delivery.reset_after == Some(0) { Err(Closed) } else { Ok(response) }
}
