//! Posting a callback.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Request, Uri};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::callbacks::{Callback, CallbackOutcome, is_loopback_http};

/// How long a receiver has to answer. The real service's limit is not published.
const TIME_TO_ANSWER: Duration = Duration::from_secs(10);

/// Posts a callback, and says how it went. Follows no redirects, and goes nowhere but to this machine.
pub(crate) async fn deliver(callback: &Callback) -> CallbackOutcome {
    timeout(TIME_TO_ANSWER, post(callback)).await.unwrap_or(CallbackOutcome::TimedOut)
}

async fn post(callback: &Callback) -> CallbackOutcome {
    let Ok(uri) = callback.url.parse::<Uri>() else { return CallbackOutcome::Refused };
    if !is_loopback_http(&callback.url) {
        return CallbackOutcome::Refused;
    }
    let Some(stream) = connect(&uri).await else { return CallbackOutcome::Unreachable };
    exchange(stream, &uri, callback.body.clone()).await.unwrap_or(CallbackOutcome::Interrupted)
}

/// Connects without asking a name server: `localhost` is looked for where it has to be.
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

async fn exchange(stream: TcpStream, uri: &Uri, body: Bytes) -> Option<CallbackOutcome> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let target = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let request = Request::post(target)
        .header(HOST, uri.authority()?.as_str())
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(body))
        .ok()?;
    let answer = sender.send_request(request);
    tokio::pin!(answer, connection);
    // The connection only moves while it is polled. It may end just as the answer comes, so the answer goes first.
    let response = tokio::select! {
        biased;
        response = &mut answer => response,
        _ = &mut connection => answer.await,
    };
    Some(CallbackOutcome::Answered(response.ok()?.status()))
}
