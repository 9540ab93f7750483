//! The server that takes callbacks, and the client that passes them on.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequest as _, Request};
use axum::routing::any;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use http_body_util::BodyExt as _;
use smile_axum::{CallbackReceiver, ReceivedCallback, Rejection};
use smile_core::{
    Callback, CallbackDigest, InMemoryReplayStore, Refusal, ReplayCheck, ReplayStore, Timestamp, Verifier,
};
use tokio::sync::oneshot;

use crate::{address, ids};

/// A received callback, with its answer.
pub(super) struct Received {
    pub(super) at: Timestamp,
    pub(super) outcome: Result<(Callback, ReplayCheck), Refusal>,
    pub(super) forwarded: Forwarded,
    /// The answer's status.
    pub(super) status: StatusCode,
}

pub(super) enum Forwarded {
    /// Not passed on: not requested, or refused.
    Not,
    Answered(StatusCode),
    Failed(String),
}

/// Listens, on a thread of its own.
pub(super) struct Receiver {
    url: String,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<std::io::Result<()>>,
}

struct Shared<F> {
    callbacks: CallbackReceiver,
    body_limit: usize,
    forward: Option<Arc<Forward>>,
    on_received: F,
}

/// A replay store that takes a callback for new when it is full: here callbacks are only printed
/// and passed on.
struct Memory(InMemoryReplayStore);

impl ReplayStore for Memory {
    type Error = Infallible;

    fn record(&self, now: Timestamp, digest: &CallbackDigest) -> Result<ReplayCheck, Infallible> {
        Ok(self.0.record(now, digest).unwrap_or(ReplayCheck::First))
    }
}

impl Receiver {
    pub(super) fn start(
        addr: SocketAddr,
        verifier: Verifier,
        forward: Option<Forward>,
        on_received: impl Fn(Received) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(addr)?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}/", listener.local_addr()?);
        let shared = Arc::new(Shared {
            body_limit: verifier.max_bytes(),
            callbacks: CallbackReceiver::new(verifier).with_store(Memory(InMemoryReplayStore::default())),
            forward: forward.map(Arc::new),
            on_received,
        });
        let handler = move |request: Request| take(Arc::clone(&shared), request);
        let app = Router::new().fallback(any(handler));
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                let stopped = async { stopped.await.unwrap_or_default() };
                axum::serve(listener, app).with_graceful_shutdown(stopped).await
            })
        });
        Ok(Self { url, stop, thread })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Stops the server, once answers in progress are finished.
    pub(super) fn stop(self) {
        // A server that has ended by itself needs no signal.
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}

async fn take<F>(shared: Arc<Shared<F>>, request: Request) -> StatusCode
where
    F: Fn(Received) + Send + Sync + 'static,
{
    if request.method() != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    let (parts, body) = request.into_parts();
    // Read here, and not by the receiver: a refused body may be passed on as well.
    let body = match read(body, shared.body_limit).await {
        Ok(body) => body,
        Err(status) => return status,
    };
    let headers = parts.headers.clone();
    let request = Request::from_parts(parts, Body::from(body.clone()));
    let (at, outcome) = match ReceivedCallback::from_request(request, &shared.callbacks).await {
        Ok(received) => {
            (received.at, Ok((received.callback, received.replay_check.unwrap_or(ReplayCheck::First))))
        }
        Err(rejection) => match rejection.refusal() {
            Some(refusal) => (came_at(&rejection), Err(refusal)),
            // The body was read already and the store never fails, so no known case comes here.
            None => return rejection.status(),
        },
    };
    let received = shared.pass_on(at, &headers, body, outcome).await;
    let status = received.status;
    (shared.on_received)(received);
    status
}

fn came_at(rejection: &Rejection) -> Timestamp {
    match rejection {
        Rejection::SignatureReused(received) => received.at,
        _ => ids::now(),
    }
}

/// Reads the body, up to one byte more than the limit, so that the verifier sees that it is too
/// large.
///
/// The rest of a larger body is read and dropped, up to a limit: a client that is still writing
/// reads no answer.
async fn read(mut body: Body, limit: usize) -> Result<Bytes, StatusCode> {
    const TIMEOUT: Duration = Duration::from_secs(30);
    const MOST: usize = 64 << 20;
    let read = async {
        let (mut bytes, mut total) = (vec![], 0);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| StatusCode::BAD_REQUEST)?;
            let Some(data) = frame.data_ref() else { continue };
            let wanted = data.len().min((limit + 1).saturating_sub(bytes.len()));
            bytes.extend_from_slice(&data[..wanted]);
            total += data.len();
            if total > MOST {
                break;
            }
        }
        Ok(Bytes::from(bytes))
    };
    tokio::time::timeout(TIMEOUT, read).await.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT))
}

impl<F> Shared<F> {
    async fn pass_on(
        &self,
        at: Timestamp,
        headers: &HeaderMap,
        body: Bytes,
        outcome: Result<(Callback, ReplayCheck), Refusal>,
    ) -> Received {
        let forward = self.forward.as_ref().filter(|forward| outcome.is_ok() || forward.refused_too);
        let forwarded = match forward {
            None => Forwarded::Not,
            Some(forward) => {
                let (forward, headers) = (Arc::clone(forward), headers.clone());
                let sent = tokio::task::spawn_blocking(move || forward.send(&headers, &body)).await;
                sent.unwrap_or_else(|_| Forwarded::Failed("it was broken off".to_owned()))
            }
        };
        let status = match (&outcome, &forwarded) {
            (Err(refusal), _) => refusal.status(),
            (Ok(_), Forwarded::Answered(status)) if status.is_success() => StatusCode::OK,
            (Ok(_), Forwarded::Not) => StatusCode::OK,
            // Makes the service come again.
            (Ok(_), _) => StatusCode::BAD_GATEWAY,
        };
        Received { at, outcome, forwarded, status }
    }
}

/// The address that callbacks are passed on to.
pub(super) struct Forward {
    url: String,
    agent: ureq::Agent,
    refused_too: bool,
}

impl Forward {
    /// Creates it; `None` for an address over the network without TLS: callbacks are personal data.
    pub(super) fn new(url: &str, refused_too: bool) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let is_local = address::is_local(&uri);
        if uri.scheme_str() != Some("https") && !is_local {
            return None;
        }
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(30)))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false);
        // Requests to this machine must not take a detour over a proxy.
        let config = if is_local { config.proxy(None) } else { config };
        Some(Self { url: url.to_owned(), agent: ureq::Agent::new_with_config(config.build()), refused_too })
    }

    fn send(&self, headers: &HeaderMap, body: &[u8]) -> Forwarded {
        let mut request = self.agent.post(&self.url);
        for (name, value) in headers {
            // Headers of the one connection.
            let is_own = [
                header::HOST,
                header::CONNECTION,
                header::CONTENT_LENGTH,
                header::TRANSFER_ENCODING,
                header::EXPECT,
                header::TE,
                header::TRAILER,
                header::UPGRADE,
            ];
            if !is_own.contains(name) {
                request = request.header(name, value);
            }
        }
        match request.send(body) {
            Ok(answer) => Forwarded::Answered(answer.status()),
            Err(error) => Forwarded::Failed(address::connection_failure(&error).to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use smile_core::{ApiKey, PartnerId, Signer};

    use super::*;

    #[test]
    fn a_full_memory_takes_a_callback_for_new() {
        let signer = Signer::new(PartnerId::new("001").unwrap(), &ApiKey::new("key").unwrap());
        let now = Timestamp::from_unix(Duration::from_secs(1_790_000_000));
        let signature = signer.sign_text(&now.to_string());
        let body = format!(r#"{{"ResultCode":"0810","timestamp":"{now}","signature":"{signature}"}}"#);
        let callback = Verifier::new(signer).verify(now, &HeaderMap::new(), Bytes::from(body)).unwrap();
        let (full, digest) = (InMemoryReplayStore::with_capacity(0), callback.digest());
        assert!(full.record(now, &digest).is_err());
        assert_eq!(Memory(full).record(now, &digest), Ok(ReplayCheck::First));
    }
}
