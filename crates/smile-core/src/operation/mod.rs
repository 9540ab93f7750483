//! The API's endpoints, one file each.
//!
//! Each file reads in the same order: what the endpoint is, the request, the answer, how the one is built and the
//! other parsed, tests. An operation does no IO: it makes an [`http::Request`] and reads an [`http::Response`].

mod error;
pub(crate) mod job_status;
pub(crate) mod prep_upload;
pub(crate) mod upload;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Map, Value};

pub use error::{ApiError, OperationError};
pub use job_status::JobStatusRequest;
pub use prep_upload::{PrepUpload, PreparedUpload};
pub use upload::{Upload, UploadUrl};

use crate::flow::Step;
use crate::{Partner, Timestamp};

/// One exchange with the service.
pub trait Operation {
    /// What a good answer says.
    type Output;

    /// What the exchange is called in errors and events.
    const STEP: Step;

    /// Whether the request can be sent again.
    const REPEAT: Repeat;

    /// The request, signed for this moment.
    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes>;

    /// Reads the answer.
    ///
    /// # Errors
    /// The service's refusal, an answer that makes no sense, or one whose signature fails.
    fn parse(&self, partner: &Partner, response: &Response<Bytes>) -> Result<Self::Output, OperationError>;
}

/// What sending a request a second time does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repeat {
    /// Nothing: it only reads.
    Free,
    /// It would be refused as a duplicate, unless it says `retry: true`.
    WithRetryFlag,
    /// It could start the work, and the bill, twice. After an answer was lost, ask first.
    MayBillTwice,
}

/// A POST of JSON to a path below the base URL.
fn post_json(partner: &Partner, path: &str, body: &impl serde::Serialize) -> Request<Bytes> {
    let body = serde_json::to_vec(body).expect("strings, numbers and flags always serialise");
    Request::builder()
        .method(Method::POST)
        .uri(format!("{}{path}", partner.environment().base_url()))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, USER_AGENT)
        .body(Bytes::from(body))
        .expect("the base URL was checked when it was set")
}

const USER_AGENT: &str = concat!("smile-rust/", env!("CARGO_PKG_VERSION"));

/// The JSON object of an answer of 200; the error it stands for otherwise.
fn json_object(response: &Response<Bytes>) -> Result<Map<String, Value>, OperationError> {
    let status = response.status();
    let body = serde_json::from_slice(response.body());
    if status != StatusCode::OK {
        return Err(ApiError::from_body(status, body.ok()).into());
    }
    match body {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(OperationError::unexpected(status, "is JSON, but not an object")),
        Err(_) => Err(OperationError::unexpected(status, "is not JSON")),
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
