//! One exchange over reqwest: convert, send, read, classify.

use std::convert::Infallible;
use std::error::Error as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use smile_core::{TransportFailure, TransportFailureKind};

#[derive(Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
    pub(crate) max_response_bytes: usize,
    pub(crate) on_progress: Option<OnProgress>,
}

/// Observer of an upload: the bytes of the body that are sent, and all of them.
pub(crate) type OnProgress = Arc<dyn Fn(u64, u64) + Send + Sync>;

impl Transport {
    pub(crate) fn new(http: reqwest::Client) -> Self {
        Self { http, max_response_bytes: 16 * 1024 * 1024, on_progress: None }
    }

    pub(crate) async fn send(
        &self,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Response<Bytes>, TransportFailure> {
        let body = request.body().clone();
        let address = request.uri().clone();
        let mut request = reqwest::Request::try_from(request).map_err(classify)?;
        if !is_same(request.url(), &address) {
            return Err(TransportFailure::refused("the HTTP client would rewrite the address"));
        }
        if let Some(on_progress) = self.on_progress.as_ref().filter(|_| !body.is_empty()) {
            *request.body_mut() = Some(reqwest::Body::wrap(CountingBody::new(body, Arc::clone(on_progress))));
        }
        *request.timeout_mut() = Some(timeout);
        let asked = request.url().clone();
        let mut answer = self.http.execute(request).await.map_err(classify)?;
        if *answer.url() != asked {
            let kind = TransportFailureKind::Misdirected;
            return Err(TransportFailure::new(kind, "build it with `redirect::Policy::none`"));
        }
        let mut response = Response::new(());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(classify)? {
            if body.len() + chunk.len() > self.max_response_bytes {
                let kind = TransportFailureKind::ResponseTooLarge;
                return Err(TransportFailure::new(
                    kind,
                    format!("more than {} bytes", self.max_response_bytes),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(response.map(|()| body.freeze()))
    }
}

/// True if the address is still the one that was to be called. A default port may be left out.
fn is_same(url: &reqwest::Url, address: &Uri) -> bool {
    let (host, other) = (url.host_str().unwrap_or_default(), address.host().unwrap_or_default());
    host.eq_ignore_ascii_case(other) && url.path() == address.path() && url.query() == address.query()
}

/// Body that counts how much of it has been taken. Its size is known, so that the client sets
/// Content-Length: S3 refuses chunked bodies.
struct CountingBody {
    left: Bytes,
    total: u64,
    on_progress: OnProgress,
}

impl CountingBody {
    /// Small enough for frequent reports, and large enough to cost nothing.
    const PIECE: usize = 64 * 1024;

    fn new(body: Bytes, on_progress: OnProgress) -> Self {
        Self { total: size(&body), left: body, on_progress }
    }
}

impl Body for CountingBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let piece = self.left.len().min(Self::PIECE);
        let piece = self.left.split_to(piece);
        (self.on_progress)(self.total - size(&self.left), self.total);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(size(&self.left))
    }
}

fn size(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn classify(error: reqwest::Error) -> TransportFailure {
    // The URL may be presigned, and then it is a credential.
    let error = error.without_url();
    let kind = if error.is_connect() || error.is_builder() {
        TransportFailureKind::NotSent
    } else if error.is_timeout() {
        TransportFailureKind::TimedOut
    } else {
        TransportFailureKind::Interrupted
    };
    let mut detail = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        detail.push_str(": ");
        detail.push_str(&error.to_string());
        source = error.source();
    }
    TransportFailure::new(kind, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_would_be_rewritten_is_refused_before_anything_is_sent() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let transport = Transport::new(reqwest::Client::builder().no_proxy().build().unwrap());
        for tail in ["/a/../b", "/a/%2e%2e/b", "/a\"b", "/a{b}", "/a?b='c'"] {
            let request = Request::put(format!("http://{address}{tail}")).body(Bytes::from_static(b"PK"));
            let failure = transport.send(request.unwrap(), Duration::from_secs(5)).await.unwrap_err();
            assert_eq!(failure.kind(), TransportFailureKind::Refused, "{tail}");
            assert!(!failure.to_string().contains(tail));
        }
        assert!(listener.accept().is_err(), "nobody called");
    }

    #[tokio::test]
    async fn an_early_refusal_of_a_large_body_is_read() {
        use std::io::{Read as _, Write as _};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/selfie.zip", listener.local_addr().unwrap());
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let server = std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            stream.read_exact(&mut [0; 1_000]).unwrap();
            let refusal = "HTTP/1.1 403 Forbidden\r\ncontent-length: 7\r\nconnection: close\r\n\r\n<Error>";
            stream.write_all(refusal.as_bytes()).unwrap();
            // A connection that is closed with bytes unread takes the answer along.
            let _ = finished.recv();
        });
        let transport = Transport::new(reqwest::Client::builder().no_proxy().build().unwrap());
        let request = Request::put(url).body(Bytes::from(vec![7; 16 * 1024 * 1024])).unwrap();
        let answer = transport.send(request, Duration::from_secs(30)).await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (403, &b"<Error>"[..]));
        drop(finish);
        server.join().unwrap();
    }
}
