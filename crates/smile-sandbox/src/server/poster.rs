//! Posting callbacks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::callback::attempt::{CallbackOutcome, DueCallback, is_loopback_http};
use crate::callback::record::CallbackAnswer;

/// The time that a receiver has to answer. The real service's limit is not published.
const TIME_TO_ANSWER: Duration = Duration::from_secs(10);

/// The time that the body of an answer is waited for, once its status is known.
const TIME_FOR_BODY: Duration = Duration::from_secs(1);
/// The bytes of an answer's body that are read; the rest is not.
const ENOUGH_OF_BODY: usize = 1_024;

/// Posts a callback, and returns its outcome. Follows no redirects, and connects only to this
/// machine.
pub(crate) async fn deliver(callback: &DueCallback) -> CallbackAnswer {
    timeout(TIME_TO_ANSWER, post(callback)).await.unwrap_or(CallbackOutcome::TimedOut.into())
}

async fn post(callback: &DueCallback) -> CallbackAnswer {
    let Ok(uri) = callback.url.parse::<Uri>() else { return CallbackOutcome::Refused.into() };
    if !is_loopback_http(&callback.url) {
        return CallbackOutcome::Refused.into();
    }
    let Some(stream) = connect(&uri).await else { return CallbackOutcome::Unreachable.into() };
    exchange(stream, &uri, callback.body.clone()).await.unwrap_or(CallbackOutcome::Interrupted.into())
}

/// Connects without asking a name server: `localhost` is always loopback.
async fn connect(uri: &Uri) -> Option<TcpStream> {
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let addresses = match host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
    };
    for address in addresses {
        if let Ok(stream) = TcpStream::connect((address, uri.port_u16().unwrap_or(80))).await {
            return Some(stream);
        }
    }
    None
}

async fn exchange(stream: TcpStream, uri: &Uri, body: Bytes) -> Option<CallbackAnswer> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let target = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let request = Request::post(target)
        .header(HOST, uri.authority()?.as_str())
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(body))
        .ok()?;
    let answer = async {
        let response = sender.send_request(request).await.ok()?;
        let outcome = CallbackOutcome::Answered(response.status());
        Some(CallbackAnswer::new(outcome, &beginning(response.into_body()).await))
    };
    tokio::pin!(answer, connection);
    // The connection only moves while it is polled. It may end just as the answer comes, so the
    // answer goes first.
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        _ = &mut connection => answer.await,
    }
}

/// Reads the first bytes of a body, as far as they come in time.
async fn beginning(mut body: Incoming) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = async {
        while let Some(Ok(frame)) = body.frame().await {
            bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
            if bytes.len() >= ENOUGH_OF_BODY {
                break;
            }
        }
    };
    // Bytes that have come until then are kept.
    let _ = timeout(TIME_FOR_BODY, read).await;
    bytes
}
