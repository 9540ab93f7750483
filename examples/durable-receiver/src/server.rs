//! The HTTP server: receive, verify, store, acknowledge.

use std::convert::Infallible;
use std::io::{ErrorKind, Read as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use oxhttp::Server;
use oxhttp::model::{Body, Request, Response};
use smile_ureq::Client;
use smile_ureq::core::{Carrier, Refusal, Verifier};

use crate::store::Taken;
use crate::{Failure, Fuse, Ledger, Moment, Store, Worker, say};

/// The most connections at the same time, each with a thread. More wait.
const CONNECTIONS: usize = 64;

/// The longest silence on a connection before the server closes it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Receives callbacks at this address, and does what follows from them, until the process is ended.
/// How it is ended doesn't matter: what isn't finished is in the directory, and goes on with the
/// next start.
///
/// # Errors
/// If the address can't be had, or the databases can't be used.
pub fn serve(listen: &str, directory: &Path, client: Client, fuse: Fuse) -> Result<Infallible, Failure> {
    let receiver = directory.join("receiver.db");
    let account = client.partner().account();
    let store = Store::open(&receiver, account.clone(), fuse.clone())?;
    let ledger = Ledger::open(&directory.join("ledger.db"))?;
    // One wake-up is as good as many.
    let (wake, woken) = sync_channel(1);
    let endpoint = Endpoint {
        store: Mutex::new(Store::open(&receiver, account, fuse.clone())?),
        verifier: client.partner().verifier(),
        client: client.clone(),
        wake,
        fuse: fuse.clone(),
    };
    let not_to_be_had = |error: std::io::Error| Failure::Listen(error.to_string());
    let endpoint = Arc::new(endpoint);
    let (address, listening) = bind(listen, |address| {
        let endpoint = Arc::clone(&endpoint);
        Server::new(move |request| endpoint.answer(request))
            .bind(address)
            .with_global_timeout(PATIENCE)
            .with_max_concurrent_connections(CONNECTIONS)
            .spawn()
    })
    .map_err(not_to_be_had)?;
    drop(endpoint);
    // If it ends, so does the endpoint, which the worker notices.
    thread::spawn(move || listening.join());
    say(format_args!("listening on http://{address}/callback"));
    Worker::new(store, ledger, client, fuse).run(&woken)
}

/// The number of attempts to find a free port.
const TRIES: u32 = 20;

/// Starts the server at a port of this address. The server doesn't say which one it has got where
/// any will do, so it is told one that is free; another program may be quicker to take it.
fn bind<T>(
    listen: &str,
    mut start: impl FnMut(SocketAddr) -> std::io::Result<T>,
) -> std::io::Result<(SocketAddr, T)> {
    let mut tries = 1;
    loop {
        let address = TcpListener::bind(listen)?.local_addr()?;
        match start(address) {
            Ok(server) => return Ok((address, server)),
            // A port that was asked for by its number is the same at every try.
            Err(error) if error.kind() != ErrorKind::AddrInUse || tries == TRIES => return Err(error),
            Err(_) => tries += 1,
        }
    }
}

/// The state that all connections share.
struct Endpoint {
    store: Mutex<Store>,
    verifier: Verifier,
    client: Client,
    wake: SyncSender<()>,
    fuse: Fuse,
}

/// Goes with the response, and is dropped with it once it has been sent.
struct Acknowledged(Fuse);

impl Drop for Acknowledged {
    fn drop(&mut self) {
        self.0.reach(Moment::Acknowledged);
    }
}

impl Endpoint {
    fn answer(&self, request: &mut Request<Body>) -> Response<Body> {
        let status = self.receive(request);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        // If the service doesn't hear it, it comes again.
        if status.is_success() {
            response.extensions_mut().insert(Arc::new(Acknowledged(self.fuse.clone())));
        }
        let _ = self.wake.try_send(());
        response
    }

    fn receive(&self, request: &mut Request<Body>) -> StatusCode {
        if request.uri().path() != "/callback" {
            return StatusCode::NOT_FOUND;
        }
        if request.method() != Method::POST {
            return StatusCode::METHOD_NOT_ALLOWED;
        }
        // One byte more than allowed is enough to see that it is too large.
        let (mut body, limit) = (Vec::new(), self.verifier.max_bytes() as u64 + 1);
        if request.body_mut().take(limit).read_to_end(&mut body).is_err() {
            return StatusCode::BAD_REQUEST;
        }
        self.fuse.reach(Moment::Received);
        let status = self.verify_and_store(request.headers(), Bytes::from(body));
        status.unwrap_or_else(|failure| {
            say(format_args!("not stored: {failure}"));
            StatusCode::SERVICE_UNAVAILABLE
        })
    }

    fn verify_and_store(&self, headers: &HeaderMap, body: Bytes) -> Result<StatusCode, Failure> {
        let now = self.client.now();
        let verified = self.verifier.verify(now, headers, body);
        // The body is all that is stored, so the signature has to be in there.
        let verified = verified.and_then(|callback| match callback.carrier() {
            Carrier::Headers => Err(Refusal::MissingSignature),
            Carrier::Body | Carrier::Both => Ok(callback),
        });
        // One at a time from here on: SQLite takes no more anyway. One that panicked has left its
        // transaction undone.
        let store = || self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let callback = match verified {
            Ok(callback) => callback,
            Err(refusal) => {
                say(format_args!("refused: {refusal}"));
                if refusal.has_right_signature() {
                    // There may be a result behind it; of which job, only a body that isn't
                    // believed says.
                    store().ask_about_open_jobs(now)?;
                }
                return Ok(refusal.status());
            }
        };
        self.fuse.reach(Moment::Verified);
        let taken = store().take(now, &callback)?;
        Ok(match taken {
            Taken::Stored => {
                say(format_args!("stored: a callback about {}", callback.job_id().unwrap_or_default()));
                StatusCode::OK
            }
            Taken::UnknownJob => StatusCode::NOT_FOUND,
            Taken::NotBelieved => StatusCode::CONFLICT,
        })
    }
}
