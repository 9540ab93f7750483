//! The HTTP server: receive, verify, store, acknowledge.

use std::convert::Infallible;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smile_ureq::Client;
use smile_ureq::core::{Carrier, Refusal, Verifier};
use tiny_http::{Method, Request, Response, Server};

use crate::store::Taken;
use crate::{Failure, Fuse, Ledger, Moment, Store, Worker, say};

/// How many callbacks are received at the same time.
const THREADS: usize = 4;

/// Receives callbacks at this address, and does what follows from them, until the process is ended. How it is ended doesn't
/// matter: what isn't finished is in the directory, and goes on with the next start.
///
/// # Errors
/// If the address can't be had, or the databases can't be used.
pub fn serve(listen: &str, directory: &Path, client: Client, fuse: Fuse) -> Result<Infallible, Failure> {
    let receiver = directory.join("receiver.db");
    let store = Store::open(&receiver, fuse.clone())?;
    let ledger = Ledger::open(&directory.join("ledger.db"))?;
    let server = Arc::new(Server::http(listen).map_err(|error| Failure::Listen(error.to_string()))?);
    say(format_args!("listening on http://{}/callback", server.server_addr()));
    // One wake-up is as good as many.
    let (wake, woken) = sync_channel(1);
    for _ in 0..THREADS {
        let endpoint = Endpoint {
            store: Store::open(&receiver, fuse.clone())?,
            verifier: client.partner().verifier(),
            client: client.clone(),
            wake: wake.clone(),
            fuse: fuse.clone(),
        };
        let server = Arc::clone(&server);
        thread::spawn(move || endpoint.run(&server));
    }
    Worker::new(store, ledger, client, fuse).run(&woken)
}

/// What one thread needs.
struct Endpoint {
    store: Store,
    verifier: Verifier,
    client: Client,
    wake: SyncSender<()>,
    fuse: Fuse,
}

impl Endpoint {
    fn run(mut self, server: &Server) {
        for mut request in server.incoming_requests() {
            let status = self.receive(&mut request);
            // If the service doesn't hear it, it comes again.
            let _ = request.respond(Response::empty(status.as_u16()));
            if status.is_success() {
                self.fuse.reach(Moment::Acknowledged);
            }
            let _ = self.wake.try_send(());
        }
    }

    fn receive(&mut self, request: &mut Request) -> StatusCode {
        if request.url() != "/callback" {
            return StatusCode::NOT_FOUND;
        }
        if *request.method() != Method::Post {
            return StatusCode::METHOD_NOT_ALLOWED;
        }
        let headers = headers(request);
        // One byte more than allowed is enough to see that it is too large.
        let (mut body, limit) = (Vec::new(), self.verifier.body_limit() as u64 + 1);
        if request.as_reader().take(limit).read_to_end(&mut body).is_err() {
            return StatusCode::BAD_REQUEST;
        }
        self.fuse.reach(Moment::Received);
        let status = self.verify_and_store(&headers, Bytes::from(body));
        status.unwrap_or_else(|failure| {
            say(format_args!("not stored: {failure}"));
            StatusCode::SERVICE_UNAVAILABLE
        })
    }

    fn verify_and_store(&mut self, headers: &HeaderMap, body: Bytes) -> Result<StatusCode, Failure> {
        let now = self.client.now();
        let verified = self.verifier.verify(now, headers, body);
        // The body is all that is stored, so the signature has to be in there.
        let verified = verified.and_then(|callback| match callback.carrier() {
            Carrier::Headers => Err(Refusal::MissingSignature),
            Carrier::Body | Carrier::Both => Ok(callback),
        });
        let callback = match verified {
            Ok(callback) => callback,
            Err(refusal) => {
                say(format_args!("refused: {refusal}"));
                if refusal.has_right_signature() {
                    // There may be a result behind it; of which job, only a body that isn't believed says.
                    self.store.ask_about_open_jobs(now)?;
                }
                return Ok(refusal.status());
            }
        };
        self.fuse.reach(Moment::Verified);
        Ok(match self.store.take(now, &callback)? {
            Taken::Stored => {
                say(format_args!("stored: a callback about {}", callback.job_id().unwrap_or_default()));
                StatusCode::OK
            }
            Taken::UnknownJob => StatusCode::NOT_FOUND,
            Taken::NotBelieved => StatusCode::CONFLICT,
        })
    }
}

fn headers(request: &Request) -> HeaderMap {
    let pairs = request.headers().iter().filter_map(|header| {
        let name = HeaderName::from_bytes(header.field.as_str().as_str().as_bytes()).ok()?;
        Some((name, HeaderValue::from_bytes(header.value.as_str().as_bytes()).ok()?))
    });
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name, value);
    }
    headers
}
