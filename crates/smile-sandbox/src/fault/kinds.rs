//! The kinds of faults.

use std::time::Duration;

use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A fault: one way in which a request goes wrong.
///
/// Its form in JSON or TOML is the name in small letters, with its argument if it has one:
/// `"lose_answer"`, `{"answer": 503}`,
/// `{"redirect": {"status": 307, "location": "https://example.com/"}}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fault {
    /// The gateway answers with this status, and the service never sees the request.
    Answer(#[serde(with = "status")] StatusCode),
    /// The service does what was asked, and the gateway, which timed out, answers with this status.
    ReplaceAnswer(#[serde(with = "status")] StatusCode),
    /// The gateway answers 429 and a time to retry. The service never sees the request.
    TooManyRequests(RetryAfter),
    /// Something in front of the gateway shows a page for people, with this status. The service
    /// never sees the request.
    HtmlPage(#[serde(with = "status")] StatusCode),
    /// Something in front of the gateway sends the client elsewhere. The service never sees the
    /// request.
    Redirect(Redirect),
    /// The object store answers with an error document of its own, as S3 does, wherever the request
    /// goes.
    StorageError(StorageError),
    /// The connection is closed before the service sees the request.
    LoseRequest,
    /// The service does what was asked, and then the connection is closed without an answer. A
    /// client can't tell this from [`LoseRequest`](Self::LoseRequest).
    LoseAnswer,
    /// The connection is reset after so many bytes of the request's body have been read; 0 is as
    /// soon as its head has arrived, and a shorter body is read to its end. The service never sees
    /// the request.
    ResetRequest {
        /// The number of bytes.
        after_bytes: u64,
    },
    /// The service does what was asked, and the connection is reset after so many bytes of the
    /// answer, its head included; a shorter answer is sent to its end.
    ResetAnswer {
        /// The number of bytes.
        after_bytes: u64,
    },
    /// The service does what was asked, and the connection is closed in the middle of the body,
    /// before all of the announced `Content-Length` has come. For an empty body, one byte is
    /// announced.
    EarlyEof,
    /// The service does what was asked, and half the body of its answer comes, with a
    /// `Content-Length` to match: JSON that ends too soon. An empty body stays empty.
    TruncatedJson,
    /// The service does what was asked, and the body of the answer comes in small pieces.
    SlowAnswer(Pace),
    /// The service does what was asked at once, and answers so much later; given in milliseconds.
    ///
    /// A latency goes together with every other fault.
    #[serde(rename = "latency_millis")]
    Latency(#[serde(with = "millis")] Duration),
    /// The answer has an invalid signature, if it is a signed one. The rest of the answer is right.
    WrongSignature,
    /// The clock that dates and signs the answer is ahead by so many seconds, or behind if they are
    /// negative. The signature holds.
    #[serde(rename = "skewed_clock_seconds")]
    SkewedClock(i32),
}

/// The time to retry, as `Retry-After` states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RetryAfter {
    /// A number of seconds from now.
    Seconds(u32),
    /// A date, so many seconds from now.
    DateInSeconds(u32),
}

/// The target of a redirect.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Redirect {
    /// 301, 302, 303, 307 or 308.
    #[serde(with = "redirection")]
    pub status: StatusCode,
    /// The address: the exact value of the `Location` header.
    #[serde(with = "header")]
    pub location: HeaderValue,
}

impl Redirect {
    /// Creates a redirect with this status to this address; `None` if one of them is not valid in a
    /// redirect.
    pub fn new(status: StatusCode, location: &str) -> Option<Self> {
        let location = HeaderValue::from_str(location).ok().filter(|location| !location.is_empty())?;
        redirects(status).then_some(Self { status, location })
    }
}

/// An error document of the object store, as S3 writes it.
///
/// ```
/// use smile_sandbox::StorageError;
///
/// let slow_down = StorageError::new("SlowDown").expect("a code is a word in plain letters");
/// assert_eq!(slow_down.status, 503);
/// // With this answer S3 may have stored the zip; here it has.
/// let internal = StorageError::new("InternalError").map(StorageError::after_storing);
/// ```
///
/// Its form in JSON or TOML has the fields `code`, `status` and `after_storing`, of which only the
/// first is required.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "WrittenStorageError")]
#[non_exhaustive]
pub struct StorageError {
    /// The code that a client acts on: `AccessDenied`, `SlowDown`.
    pub code: String,
    /// The status of the answer.
    #[serde(with = "status")]
    pub status: StatusCode,
    /// True if the zip is stored all the same; otherwise the service never sees the request.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub after_storing: bool,
}

impl StorageError {
    /// Creates an error with this code, and the status of that code in S3, or 400 if S3 lacks the
    /// code; `None` unless the code is a word in plain letters and digits.
    pub fn new(code: &str) -> Option<Self> {
        let is_word = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let error = Self { code: code.to_owned(), status: storage_status(code), after_storing: false };
        is_word.then_some(error)
    }

    /// Sets another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Stores the zip before the error is sent.
    #[must_use]
    pub fn after_storing(mut self) -> Self {
        self.after_storing = true;
        self
    }
}

/// The status that S3 sends a code with (Amazon S3 API reference, "Error responses").
fn storage_status(code: &str) -> StatusCode {
    match code {
        "PermanentRedirect" => StatusCode::MOVED_PERMANENTLY,
        "TemporaryRedirect" => StatusCode::TEMPORARY_REDIRECT,
        "AccessDenied"
        | "AllAccessDisabled"
        | "InvalidAccessKeyId"
        | "RequestTimeTooSkewed"
        | "SignatureDoesNotMatch" => StatusCode::FORBIDDEN,
        "NoSuchBucket" | "NoSuchKey" => StatusCode::NOT_FOUND,
        "MethodNotAllowed" => StatusCode::METHOD_NOT_ALLOWED,
        "OperationAborted" => StatusCode::CONFLICT,
        "MissingContentLength" => StatusCode::LENGTH_REQUIRED,
        "InternalError" => StatusCode::INTERNAL_SERVER_ERROR,
        "NotImplemented" => StatusCode::NOT_IMPLEMENTED,
        "ServiceUnavailable" | "SlowDown" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// A store's error as written, before validation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStorageError {
    code: String,
    status: Option<u16>,
    #[serde(default)]
    after_storing: bool,
}

impl TryFrom<WrittenStorageError> for StorageError {
    type Error = &'static str;

    fn try_from(written: WrittenStorageError) -> Result<Self, Self::Error> {
        let error =
            Self::new(&written.code).ok_or("`code` must be a word in plain letters, such as SlowDown")?;
        let status = match written.status {
            Some(status) => StatusCode::from_u16(status).ok().filter(|status| status::is_final(*status)),
            None => Some(error.status),
        };
        let status = status.ok_or("a status must be from 200 to 599")?;
        Ok(Self { status, after_storing: written.after_storing, ..error })
    }
}

/// The pace of a slow answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Pace {
    /// The size of a piece; 0 counts as 1.
    pub bytes: u32,
    /// The pause before each piece, in milliseconds.
    #[serde(rename = "pause_millis", with = "millis")]
    pub pause: Duration,
}

impl Pace {
    /// Creates pieces of so many bytes, each after such a pause.
    pub fn new(bytes: u32, pause: Duration) -> Self {
        Self { bytes, pause }
    }
}

impl Fault {
    /// True for a latency, which goes together with other faults.
    pub(crate) fn is_latency(&self) -> bool {
        matches!(self, Self::Latency(_))
    }
}

fn redirects(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

mod status {
    use super::*;

    pub(super) fn serialize<S: Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u16(status.as_u16())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<StatusCode, D::Error> {
        let status = StatusCode::from_u16(u16::deserialize(from)?).ok();
        let status = status.filter(|status| is_final(*status));
        status.ok_or_else(|| serde::de::Error::custom("a status must be from 200 to 599"))
    }

    /// True if an answer can end with this status.
    pub(super) fn is_final(status: StatusCode) -> bool {
        (200..600).contains(&status.as_u16())
    }
}

mod redirection {
    use super::*;

    pub(super) use super::status::serialize;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<StatusCode, D::Error> {
        let status = super::status::deserialize(from)?;
        if redirects(status) {
            Ok(status)
        } else {
            Err(serde::de::Error::custom("the status of a redirect must be 301, 302, 303, 307 or 308"))
        }
    }
}

mod header {
    use super::*;

    pub(super) fn serialize<S: Serializer>(value: &HeaderValue, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(value.to_str().map_err(serde::ser::Error::custom)?)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<HeaderValue, D::Error> {
        let value = HeaderValue::try_from(String::deserialize(from)?).ok().filter(|value| !value.is_empty());
        value.ok_or_else(|| serde::de::Error::custom("`location` must be an address without odd characters"))
    }
}

mod millis {
    use super::*;

    pub(super) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u32(time.as_millis().try_into().unwrap_or(u32::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Ok(Duration::from_millis(u32::deserialize(from)?.into()))
    }
}

/// The delivery of an answer: delays, cuts and pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseDelivery {
    /// The wait before anything is sent.
    pub latency: Duration,
    /// Resets the connection after so many bytes, head included; at the end, if there are fewer.
    pub reset_after: Option<u64>,
    /// Announces the whole body, or one byte if it is empty; sends half of it, and closes the
    /// connection.
    pub ends_early: bool,
    /// Sends the body in pieces.
    pub pace: Option<Pace>,
}
