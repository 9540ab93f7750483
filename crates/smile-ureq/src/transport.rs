//! One exchange over ureq: convert, send, read, classify.

use std::error::Error as _;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use smile_core::{TransportFailure, TransportFailureKind};

#[derive(Clone)]
pub(crate) struct Transport {
    agent: ureq::Agent,
    pub(crate) max_response_bytes: usize,
    /// True if `https` can be spoken. Asked without it, ureq panics.
    pub(crate) has_tls: bool,
    pub(crate) on_progress: Option<OnProgress>,
}

/// Observer of an upload: the bytes of the body that are sent, and all of them.
pub(crate) type OnProgress = Arc<dyn Fn(u64, u64) + Send + Sync>;

impl Transport {
    pub(crate) fn new(agent: ureq::Agent) -> Self {
        Self { agent, max_response_bytes: 16 * 1024 * 1024, has_tls: true, on_progress: None }
    }

    pub(crate) fn send(
        &self,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Response<Bytes>, TransportFailure> {
        if logger_takes_the_wire() {
            return Err(TransportFailure::refused(
                "the program's logger takes ureq's trace records, which hold all that is sent, images included: \
                 limit `ureq` and `ureq_proto` to the level `debug`",
            ));
        }
        if !self.has_tls && request.uri().scheme() == Some(&http::uri::Scheme::HTTPS) {
            return Err(TransportFailure::refused(
                "smile-ureq was built without TLS: turn on its feature `rustls`, `rustls-no-provider` or `native-tls`, or \
                 bring an agent of your own",
            ));
        }
        let (mut parts, body) = request.into_parts();
        let began = Arc::new(AtomicBool::new(false));
        let answer = if body.is_empty() {
            began.store(true, Ordering::Relaxed);
            self.run(Request::from_parts(parts, &[][..]), timeout)
        } else {
            // S3 refuses chunked bodies, and of a reader ureq doesn't know the length.
            parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
            if body.len() > ASKED_FOR_FROM {
                parts.headers.insert(header::EXPECT, HeaderValue::from_static("100-continue"));
            }
            let on_progress = self.on_progress.clone();
            let counted = CountingBody { body, sent: 0, on_progress, began: Arc::clone(&began) };
            self.run(Request::from_parts(parts, ureq::SendBody::from_owned_reader(counted)), timeout)
        };
        let began = began.load(Ordering::Relaxed);
        let answer = answer.map_err(|error| classify(&error, began))?;
        let (parts, body) = answer.into_parts();
        let limit = u64::try_from(self.max_response_bytes).unwrap_or(u64::MAX);
        let body = body.into_with_config().limit(limit).read_to_vec();
        let body = body.map_err(|error| classify(&error, true))?;
        Ok(Response::from_parts(parts, Bytes::from(body)))
    }

    fn run(
        &self,
        request: Request<impl ureq::AsSendBody>,
        timeout: Duration,
    ) -> Result<Response<ureq::Body>, ureq::Error> {
        let request = self
            .agent
            .configure_request(request)
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(timeout))
            .build();
        self.agent.run(request)
    }
}

/// The size from which on a body is sent only when the service asks for it, or says nothing for a
/// second (`Expect: 100-continue`; RFC 9110, 10.1.1). A service that refuses a larger one early
/// closes the connection in the middle of it, and ureq, which sends all before it reads, would lose
/// the refusal. What is smaller fits into the network's buffers.
const ASKED_FOR_FROM: usize = 64 * 1024;

/// Body that notes that it is being sent, and counts how much of it has been taken.
struct CountingBody {
    body: Bytes,
    sent: usize,
    on_progress: Option<OnProgress>,
    began: Arc<AtomicBool>,
}

impl Read for CountingBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.began.store(true, Ordering::Relaxed);
        let read = (&self.body[self.sent..]).read(buffer)?;
        self.sent += read;
        let bytes = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        if let Some(on_progress) = &self.on_progress {
            on_progress(bytes(self.sent), bytes(self.body.len()));
        }
        Ok(read)
    }
}

/// True if a logger takes the level `trace`, at which, and at no other, ureq logs whole requests:
/// presigned addresses, keys' signatures and images. What has been written to a log can't be taken
/// back, so nothing is sent while somebody listens.
fn logger_takes_the_wire() -> bool {
    log::log_enabled!(target: "ureq_proto::util", log::Level::Trace)
        || log::log_enabled!(target: "ureq::util", log::Level::Trace)
}

/// Classifies an error; `began` is true if some of the body may be out. Without any of it the
/// request isn't one, and nobody can have acted on it.
fn classify(error: &ureq::Error, began: bool) -> TransportFailure {
    use ureq::{Error, Timeout};
    let kind = match error {
        Error::Timeout(Timeout::Resolve | Timeout::Connect)
        | Error::HostNotFound
        | Error::ConnectionFailed
        | Error::ConnectProxyFailed(_)
        | Error::InvalidProxyUrl
        | Error::TlsRequired
        | Error::Tls(_)
        | Error::BadUri(_)
        | Error::RequireHttpsOnly(_)
        | Error::Http(_) => TransportFailureKind::NotSent,
        Error::Io(error) if never_left(error) => TransportFailureKind::NotSent,
        Error::Timeout(_) => TransportFailureKind::TimedOut,
        Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => TransportFailureKind::TimedOut,
        // A handshake that failed, or a connection that broke, before the body.
        _ if !began => TransportFailureKind::NotSent,
        Error::BodyExceedsLimit(_) => TransportFailureKind::ResponseTooLarge,
        _ => TransportFailureKind::Interrupted,
    };
    let detail = match error {
        // These repeat the address, which may be a credential.
        Error::BadUri(_) => "the address can't be used".to_owned(),
        Error::RequireHttpsOnly(_) => "the agent takes https alone".to_owned(),
        error => {
            let mut detail = error.to_string();
            let mut source = error.source();
            while let Some(error) = source {
                detail.push_str(": ");
                detail.push_str(&error.to_string());
                source = error.source();
            }
            detail
        }
    };
    TransportFailure::new(kind, detail)
}

/// True for a request refused by the other side's kernel, a name that didn't resolve, or a
/// certificate that isn't trusted; the standard library and rustls name the latter two by their
/// words alone. Other errors of the network may come in the middle of a request.
fn never_left(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::ConnectionRefused
        || error.to_string().starts_with("failed to lookup address information")
        || error.to_string().starts_with("invalid peer certificate")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn without_tls_an_https_address_is_refused_and_nothing_panics() {
        let mut transport = Transport::new(ureq::Agent::new_with_defaults());
        transport.has_tls = false;
        let request = Request::get("https://localhost:1/").body(Bytes::new()).unwrap();
        let failure = transport.send(request, Duration::from_secs(5)).unwrap_err();
        assert_eq!(failure.kind(), TransportFailureKind::Refused);
        assert!(failure.to_string().contains("without TLS"), "{failure}");
    }

    /// A listener, and its address as a URL.
    fn listener() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/selfie.zip", listener.local_addr().unwrap());
        (listener, url)
    }

    /// Accepts a connection and reads the head of its request.
    fn accept(listener: &TcpListener) -> TcpStream {
        let mut stream = listener.accept().unwrap().0;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        stream
    }

    fn put(url: &str, bytes: usize) -> Result<Response<Bytes>, TransportFailure> {
        let config = ureq::Agent::config_builder().proxy(None);
        let config = config.timeout_await_100(Some(Duration::from_millis(20))).build();
        let request = Request::put(url).body(Bytes::from(vec![7; bytes])).unwrap();
        Transport::new(ureq::Agent::new_with_config(config)).send(request, Duration::from_secs(30))
    }

    const LARGE: usize = 16 * 1024 * 1024;

    #[test]
    fn an_early_refusal_of_a_large_body_is_read() {
        let (listener, url) = listener();
        let server = std::thread::spawn(move || {
            let refusal = "HTTP/1.1 403 Forbidden\r\ncontent-length: 7\r\nconnection: close\r\n\r\n<Error>";
            accept(&listener).write_all(refusal.as_bytes()).unwrap();
        });
        let answer = put(&url, LARGE).unwrap();
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (403, &b"<Error>"[..]));
        server.join().unwrap();
    }

    #[test]
    fn a_service_that_does_not_ask_for_a_large_body_gets_it_whole() {
        let (listener, url) = listener();
        let server = std::thread::spawn(move || {
            let mut stream = accept(&listener);
            let mut body = vec![0; LARGE];
            stream.read_exact(&mut body).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            body
        });
        assert_eq!(put(&url, LARGE).unwrap().status(), 200);
        assert!(server.join().unwrap().iter().all(|byte| *byte == 7));
    }

    #[test]
    fn a_connection_that_breaks_before_the_body_leaves_nothing_unknown() {
        let (listener, url) = listener();
        let server = std::thread::spawn(move || drop(accept(&listener)));
        assert_eq!(put(&url, LARGE).unwrap_err().kind(), TransportFailureKind::NotSent);
        server.join().unwrap();
    }

    #[test]
    fn a_connection_that_breaks_within_the_body_leaves_it_unknown() {
        let (listener, url) = listener();
        let server = std::thread::spawn(move || {
            let mut stream = accept(&listener);
            stream.read_exact(&mut [0; 1_000]).unwrap();
        });
        assert_eq!(put(&url, LARGE).unwrap_err().kind(), TransportFailureKind::Interrupted);
        server.join().unwrap();
    }
}
