//! Building of requests: the partner's id, the signature, JSON, and paths.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, header};
use serde::Serialize;

use crate::{Partner, Timestamp};

/// Body with the partner's id and the signature in front (Smile ID: "Generate signature").
#[derive(Serialize)]
struct SignedBody<'a, T> {
    partner_id: &'a str,
    signature: &'a str,
    timestamp: &'a str,
    source_sdk: &'a str,
    source_sdk_version: &'a str,
    #[serde(flatten)]
    body: &'a T,
}

/// `POST` of a body that carries its signature, to this path behind `/v1`.
pub(crate) fn post_signed(
    partner: &Partner,
    now: Timestamp,
    path: &str,
    body: &impl Serialize,
) -> Request<Bytes> {
    send_signed(Method::POST, partner, now, format!("{}{path}", partner.environment().base_url()), body)
}

/// A body that carries its signature, to this URL.
pub(crate) fn send_signed(
    method: Method,
    partner: &Partner,
    now: Timestamp,
    url: String,
    body: &impl Serialize,
) -> Request<Bytes> {
    let signed = partner.signer().sign(now);
    let body = SignedBody {
        partner_id: partner.id().as_str(),
        signature: signed.signature(),
        timestamp: signed.timestamp(),
        source_sdk: partner.source_sdk(),
        source_sdk_version: partner.source_sdk_version(),
        body,
    };
    send_json(method, url, &body)
}

/// A body as JSON, to this URL.
pub(crate) fn send_json(method: Method, url: String, body: &impl Serialize) -> Request<Bytes> {
    let body = serde_json::to_vec(body).expect("strings, numbers and flags always serialise");
    let request = request(method, url).header(header::CONTENT_TYPE, "application/json");
    request.body(Bytes::from(body)).expect("the base URL was checked when it was set, and paths are encoded")
}

/// A request without a body, to this URL.
pub(crate) fn send_bare(method: Method, url: String) -> Request<Bytes> {
    request(method, url)
        .body(Bytes::new())
        .expect("the base URL was checked when it was set, and paths are encoded")
}

fn request(method: Method, url: String) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(url)
        .header(header::ACCEPT, "application/json")
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::USER_AGENT, USER_AGENT)
}

/// Puts the partner's id and the signature into a request's headers (Smile ID: "Address
/// verification").
pub(crate) fn sign_headers(mut request: Request<Bytes>, partner: &Partner, now: Timestamp) -> Request<Bytes> {
    let signed = partner.signer().sign(now);
    let headers = [
        ("smileid-partner-id", partner.id().as_str()),
        (SIGNATURE_HEADER, signed.signature()),
        ("smileid-timestamp", signed.timestamp()),
        ("smileid-source-sdk", partner.source_sdk()),
        ("smileid-source-sdk-version", partner.source_sdk_version()),
    ];
    for (name, value) in headers {
        // What a header can't carry (a partner id beyond ASCII) the service can't know either, and
        // refuses.
        if let Ok(mut value) = value.parse::<HeaderValue>() {
            // So that `Debug` of the headers doesn't show it.
            value.set_sensitive(name == SIGNATURE_HEADER);
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    request
}

const SIGNATURE_HEADER: &str = "smileid-request-signature";

/// One segment of a path, with everything encoded that could end it.
pub(crate) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

pub(crate) const USER_AGENT: &str = concat!("smile-rust/", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_cannot_end_itself() {
        assert_eq!(segment("a-b_c~1"), "a-b_c~1");
        assert_eq!(segment("../x?y#z%/é"), "%2E%2E%2Fx%3Fy%23z%25%2F%C3%A9");
    }

    #[test]
    fn every_request_asks_for_an_answer_that_is_not_compressed() {
        let request = send_bare(Method::GET, "https://service.example/v1/services".to_owned());
        assert_eq!(request.headers()[header::ACCEPT_ENCODING], "identity");
    }
}
