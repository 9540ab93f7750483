//! One exchange with the service: the trait that each endpoint implements, its errors, and the raw request.
//!
//! An operation does no IO: it makes an [`http::Request`] and reads an [`http::Response`]. The endpoints themselves are in [`v1`](crate::v1).

mod error;
mod raw;
mod step;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod transport;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use serde::Serialize;
use serde_json::{Map, Value};

pub use error::{ApiError, OperationError, RawAnswer};
pub use raw::{RawRequest, Signing};
pub use step::Step;
pub use transport::{TransportFailure, TransportFailureKind};

use crate::job::job_key::JobKey;
use crate::job::submission_id::SubmissionId;
use crate::wire::fields::{Fields, Unreadable, compression, read_json};
use crate::wire::tolerant;
use crate::wire::tolerant::Object;
use crate::{Findings, JobStatus, Partner, Timestamp};

/// One exchange with the service.
pub trait Operation {
    /// What a good answer says.
    type Output;

    /// What the exchange is called in errors and events.
    const STEP: Step;

    /// What sending the request a second time does.
    fn repeat(&self) -> Repeat;

    /// What is wrong with the input, and what is doubtful, found before anything is sent.
    fn check(&self, _partner: &Partner) -> Findings {
        Findings::default()
    }

    /// What is wrong with the input at this time: a date of birth in the future.
    fn check_at(&self, _now: Timestamp) -> Findings {
        Findings::default()
    }

    /// The request, signed for this moment.
    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes>;

    /// Reads the answer to the request that was made for the moment `sent_at`: a signature from another time decides
    /// nothing, see [`Partner::with_answer_window`].
    ///
    /// # Errors
    /// The service's refusal, an answer that makes no sense, or one whose signature fails.
    fn parse(
        &self,
        partner: &Partner,
        sent_at: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Self::Output, OperationError>;

    /// What names the job, if the operation makes one.
    fn key(&self) -> Option<JobKey> {
        None
    }

    /// Puts the id of this submission into the request, where it has a place for it: the result brings it back, and only such a
    /// result is told from another one under the same job id.
    fn name_submission(&mut self, _id: &SubmissionId) {}

    /// What the lost answer must have said, told from the job's status; `None` if that can't be told.
    ///
    /// For operations whose repetition could bill twice and whose job has a status.
    fn reconcile(&self, _status: JobStatus) -> Option<Self::Output> {
        None
    }
}

/// What sending a request a second time does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repeat {
    /// Nothing: it only reads.
    Free,
    /// It would be refused as a duplicate, unless it says `retry: true`.
    WithRetryFlag,
    /// It could start the work, and the bill, twice. After an answer was lost it is not sent again; where the job has a
    /// status, that is asked for instead.
    MayBillTwice,
    /// It could create a second thing of its kind, or send a person a second message. After an answer was lost it is not
    /// sent again.
    MayCreateTwice,
}

/// A body, with who sends it and the signature in front (Smile ID: "Generate signature").
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

/// Puts who sends a request, and the signature, into its headers (Smile ID: "Address verification").
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
        // What a header can't carry (a partner id beyond ASCII) the service can't know either, and refuses.
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

/// The JSON of an answer of 2xx; the error it stands for otherwise.
pub(crate) fn json(response: &Response<Bytes>) -> Result<Value, OperationError> {
    let status = response.status();
    refuse_compressed(response)?;
    let body = read_json(response.body());
    if !status.is_success() {
        return Err(ApiError::of(response, body.ok()).into());
    }
    body.map_err(|why| OperationError::unreadable(response, why))
}

/// The fields of an answer of 2xx; the error it stands for otherwise. Those that are named are left apart.
pub(crate) fn fields(response: &Response<Bytes>, apart: &[&str]) -> Result<Fields, OperationError> {
    if !response.status().is_success() {
        json(response)?;
    }
    refuse_compressed(response)?;
    Fields::read_apart(response.body(), apart).map_err(|why| OperationError::unreadable(response, why))
}

/// The JSON object of an answer of 2xx; the error it stands for otherwise.
pub(crate) fn json_object(response: &Response<Bytes>) -> Result<Map<String, Value>, OperationError> {
    plain_object(response, fields(response, &[])?)
}

/// The JSON object of an answer in which nothing that decides is damaged, or there twice.
pub(crate) fn plain_object(
    response: &Response<Bytes>,
    fields: Fields,
) -> Result<Map<String, Value>, OperationError> {
    if fields.is_damaged() {
        return Err(OperationError::unexpected(response, "has a damaged character where it decides"));
    }
    if fields.has_twice(&["success", "error"]) {
        return Err(OperationError::unreadable(response, Unreadable::Duplicated));
    }
    Ok(fields.into_map())
}

/// Refuses what can't be read without decompressing it, which no request asks for.
pub(crate) fn refuse_compressed(response: &Response<Bytes>) -> Result<(), OperationError> {
    let encoding = compression(response.headers(), response.body());
    encoding.map_or(Ok(()), |encoding| {
        let (status, answer) = (response.status().as_u16(), RawAnswer::of(response));
        Err(OperationError::Compressed { status, encoding, answer })
    })
}

/// As [`json_object`], with `{"error": …}` or a `success` that isn't true taken for the refusal that it is, whatever the status.
pub(crate) fn successful_object(response: &Response<Bytes>) -> Result<Map<String, Value>, OperationError> {
    refuse_refusal(response, json_object(response)?)
}

/// Refuses an object that says it is a refusal.
pub(crate) fn refuse_refusal(
    response: &Response<Bytes>,
    object: Map<String, Value>,
) -> Result<Map<String, Value>, OperationError> {
    let says_success = tolerant::field(&object, "success").is_some_and(|value| !value.is_null());
    let refused = has_error(&object) || (says_success && tolerant::flag(&object, "success") != Some(true));
    if refused { Err(ApiError::of(response, Some(Value::Object(object))).into()) } else { Ok(object) }
}

/// Whether the answer says what went wrong; an `error` of null or nothing doesn't.
pub(crate) fn has_error(object: &impl Object) -> bool {
    object.exact("error").is_some_and(|error| !error.is_null() && error != "")
}

/// As [`successful_object`], where the answer must say `success: true` in so many words.
pub(crate) fn confirmed_object(response: &Response<Bytes>) -> Result<Map<String, Value>, OperationError> {
    let object = successful_object(response)?;
    if tolerant::flag(&object, "success") == Some(true) {
        Ok(object)
    } else {
        Err(OperationError::unexpected(response, "doesn't say `success: true`"))
    }
}

/// How long the service asks to wait: seconds, or a moment as HTTP writes it (RFC 9110, 10.2.3).
pub(crate) fn retry_after(response: &Response<Bytes>, now: Timestamp) -> Option<Duration> {
    let text = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_unix(moment).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_cannot_end_itself() {
        assert_eq!(segment("a-b_c~1"), "a-b_c~1");
        assert_eq!(segment("../x?y#z%/é"), "%2E%2E%2Fx%3Fy%23z%25%2F%C3%A9");
    }

    #[test]
    fn a_compressed_answer_is_an_error_of_its_own() {
        let read = |encoding: &str, body: &'static [u8]| {
            let response = Response::builder().header("Content-Encoding", encoding);
            json_object(&response.body(Bytes::from_static(body)).unwrap())
        };
        for (said, shown) in
            [("gzip", "gzip"), ("BR", "br"), ("identity, zstd", "zstd"), ("jane", "an unknown encoding")]
        {
            let error = read(said, b"\x28\xB5\x2F\xFD").unwrap_err();
            assert!(
                matches!(error, OperationError::Compressed { encoding, .. } if encoding == shown),
                "{error}"
            );
            assert!(error.to_string().contains("switch compression off"));
            assert_eq!(error.answer().unwrap(), &b"\x28\xB5\x2F\xFD"[..]);
            assert!(!error.is_transient() && !format!("{error} {error:?}").contains("jane"));
        }
        let unsaid = read("", b"\x1F\x8B\x08").unwrap_err();
        assert!(matches!(unsaid, OperationError::Compressed { encoding: "gzip", .. }), "the header was lost");
        assert!(read("gzip", b" {}").is_ok(), "the client has decompressed it and left the header");
        assert!(read("identity", b"{}").is_ok());
    }

    #[test]
    fn every_request_asks_for_an_answer_that_is_not_compressed() {
        let request = send_bare(Method::GET, "https://service.example/v1/services".to_owned());
        assert_eq!(request.headers()[header::ACCEPT_ENCODING], "identity");
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_moment() {
        let read = |text: &str| {
            let response = Response::builder().header("Retry-After", text).body(Bytes::new()).unwrap();
            retry_after(&response, Timestamp::parse("2015-10-21T07:27:30Z").unwrap())
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(read("Wed, 21 Oct 2015 07:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("-7"), None);
        assert_eq!(read("soon"), None);
        assert_eq!(retry_after(&Response::new(Bytes::new()), Timestamp::default()), None);
    }
}
