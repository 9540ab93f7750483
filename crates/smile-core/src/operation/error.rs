//! How a single exchange fails.

use std::fmt;

use http::StatusCode;
use serde_json::Value;

use crate::SignatureError;
use crate::catalogue::{self, ApiCodeRow};
use crate::tolerant;
use crate::transport::{TransportFailure, TransportFailureKind};

/// Why one exchange with the service gave no good answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// There was no answer. Usually the network, a proxy, or the service being down.
    #[error(transparent)]
    Transport(TransportFailure),
    /// The service refused. Its code says why; see [`ApiError::remedy`] for what to do.
    #[error(transparent)]
    Api(ApiError),
    /// The answer isn't what the endpoint gives: a gateway's page, truncated JSON, a missing field. Usually a proxy in
    /// between or a base URL that points elsewhere.
    #[error("the answer (HTTP {status}) {what}")]
    UnexpectedResponse {
        /// The HTTP status.
        status: u16,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The answer isn't signed by who holds the API key, so it is not believed. Usually the key was rotated, or belongs
    /// to the other environment; else somebody stands in between.
    #[error("the answer can't be trusted: {0}")]
    Signature(SignatureError),
    /// The answer is about another job or user than was asked for. It is not believed.
    #[error("the answer is about another job")]
    WrongJob,
    /// The object store that takes the zip refused it, with one of its codes that prove that nothing was stored. `AccessDenied`
    /// or `SignatureDoesNotMatch` is mostly an address whose time is over; `SlowDown` and `RequestTimeout` pass.
    #[error("the zip's store refused it (HTTP {status}, {code})")]
    Storage {
        /// The HTTP status.
        status: u16,
        /// The store's code.
        code: &'static str,
    },
    /// The service named an upload address that isn't https, or isn't an address at all. Nothing was sent there.
    #[error("the upload address {0}, so nothing was sent there")]
    UploadUrl(&'static str),
}

impl OperationError {
    pub(crate) fn unexpected(status: StatusCode, what: &'static str) -> Self {
        Self::UnexpectedResponse { status: status.as_u16(), what }
    }

    /// No answer came in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Transport(failure) if failure.kind() == TransportFailureKind::TimedOut)
    }

    /// The signature was refused: wrong key, wrong environment, or a clock that is far off.
    pub fn is_unauthorized(&self) -> bool {
        self.api().is_some_and(ApiError::is_unauthorized)
    }

    /// The job id was used before.
    pub fn is_job_already_exists(&self) -> bool {
        self.api().is_some_and(|error| error.code() == Some("2215"))
    }

    /// The service's refusal, if it is one.
    pub fn api(&self) -> Option<&ApiError> {
        if let Self::Api(error) = self { Some(error) } else { None }
    }

    /// The same request may be answered later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transport(failure) => matches!(
                failure.kind(),
                TransportFailureKind::NotSent
                    | TransportFailureKind::TimedOut
                    | TransportFailureKind::Interrupted
            ),
            Self::Api(error) => error.is_transient(),
            // A page or half a JSON where the answer should be: something in between had a bad moment.
            Self::UnexpectedResponse { .. } => true,
            Self::Storage { code, .. } => {
                matches!(*code, "RequestTimeout" | "ServiceUnavailable" | "SlowDown")
            }
            Self::Signature(_) | Self::WrongJob | Self::UploadUrl(_) => false,
        }
    }

    /// The transport was told not to send it, or couldn't ever.
    pub(crate) fn is_refused_by_transport(&self) -> bool {
        matches!(self, Self::Transport(failure) if failure.kind() == TransportFailureKind::Refused)
    }

    /// The service can't have acted on the request: it never left, or the service itself refused it, with a code of its own. An
    /// HTTP status alone proves nothing: whoever is in between may say 403, 429 or 503, or redirect, after the work was done.
    pub(crate) fn certainly_not_done(&self) -> bool {
        match self {
            Self::Transport(failure) => {
                matches!(failure.kind(), TransportFailureKind::NotSent | TransportFailureKind::Refused)
            }
            Self::Api(error) => error.is_refusal(),
            Self::Storage { .. } => true,
            Self::UnexpectedResponse { .. } | Self::Signature(_) | Self::WrongJob | Self::UploadUrl(_) => {
                false
            }
        }
    }
}

impl From<ApiError> for OperationError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

/// The service's refusal, with its code where it gave one: mostly an HTTP status of 4xx or 5xx, now and then a 200 with an
/// `error` in it.
///
/// What the service wrote is kept in [`ApiError::message`], out of `Display` and `Debug`: it may repeat input.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiError {
    status: u16,
    code: Option<String>,
    message: Option<String>,
}

impl ApiError {
    pub(crate) fn from_body(status: StatusCode, body: Option<Value>) -> Self {
        let object = match body {
            Some(Value::Object(object)) => object,
            _ => serde_json::Map::new(),
        };
        let code = tolerant::text(&object, "code").filter(|code| is_code(code));
        let message = tolerant::text(&object, "error").or_else(|| tolerant::text(&object, "message"));
        Self { status: status.as_u16(), code, message }
    }

    /// A refusal with no JSON to it.
    pub(crate) fn bare(status: StatusCode) -> Self {
        Self { status: status.as_u16(), code: None, message: None }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The API's error code, such as `2215`, if the answer had one.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// What the service wrote. It may repeat what was sent, so keep it out of logs.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// What to do about it, where the code is known.
    pub fn remedy(&self) -> Option<&'static str> {
        self.row().map(|row| row.remedy)
    }

    fn row(&self) -> Option<&'static ApiCodeRow> {
        self.code().and_then(catalogue::api_code)
    }

    fn is_unauthorized(&self) -> bool {
        matches!(self.code(), Some("2205" | "2405")) || matches!(self.status, 401 | 403)
    }

    fn is_transient(&self) -> bool {
        self.is_system_error()
            || (!self.is_refusal() && matches!(self.status, 408 | 429 | 500 | 502 | 503 | 504))
            || self.status == 429
    }

    /// The service itself says no, with a code of its own. A gateway's digits in that place say nothing.
    pub(crate) fn is_refusal(&self) -> bool {
        self.row().is_some() && !self.is_system_error()
    }

    /// The service itself says that something broke within it.
    fn is_system_error(&self) -> bool {
        matches!(self.code(), Some("2201" | "2301" | "2401"))
    }
}

impl std::error::Error for ApiError {}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service answered HTTP {}", self.status)?;
        if (300..400).contains(&self.status) {
            write!(f, ", a redirect, which is never followed")?;
        }
        if let Some(code) = &self.code {
            write!(f, ", code {code}")?;
        }
        match self.row() {
            Some(row) => write!(f, ": {}", row.meaning),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("status", &self.status)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

/// Codes are short and plain; anything else in that place is text, which may be anybody's.
fn is_code(text: &str) -> bool {
    (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(status: u16, body: Value) -> ApiError {
        ApiError::from_body(StatusCode::from_u16(status).unwrap(), Some(body))
    }

    #[test]
    fn the_code_is_read_from_text_and_number() {
        for code in [json!("2215"), json!(2215)] {
            let error =
                OperationError::from(error(400, json!({ "error": "Job already exists", "code": code })));
            assert!(error.is_job_already_exists());
            assert!(!error.is_transient());
            assert!(error.certainly_not_done());
        }
    }

    #[test]
    fn what_the_service_wrote_is_kept_and_not_shown() {
        let error = error(400, json!({ "error": "no such user jane@example.com", "code": "jane" }));
        assert_eq!(error.message(), Some("no such user jane@example.com"));
        assert_eq!(error.code(), None);
        assert!(!format!("{error} {error:?}").contains("jane"));
    }

    #[test]
    fn refusals_in_any_shape_are_read() {
        assert_eq!(error(403, json!({ "message": "Forbidden" })).message(), Some("Forbidden"));
        assert_eq!(error(502, json!([1])).to_string(), "the service answered HTTP 502");
        assert_eq!(
            error(302, json!({})).to_string(),
            "the service answered HTTP 302, a redirect, which is never followed"
        );
    }

    #[test]
    fn only_a_code_of_the_services_own_proves_that_nothing_was_done() {
        let done = |status| OperationError::from(error(status, json!({}))).certainly_not_done();
        for status in [302, 307, 400, 401, 403, 404, 408, 409, 413, 429, 500, 502, 503, 504] {
            assert!(!done(status), "{status}");
        }
        let coded =
            |status, code: &str| OperationError::from(error(status, json!({ "error": "", "code": code })));
        assert!(coded(200, "2215").certainly_not_done() && coded(500, "2213").certainly_not_done());
        assert!(!coded(500, "2213").is_transient() && coded(500, "2201").is_transient());
        for (status, digits) in [(504, "504"), (502, "502"), (500, "500"), (503, "14")] {
            assert!(coded(status, digits).is_transient(), "a gateway's own {digits}");
            assert!(!coded(status, digits).certainly_not_done(), "a gateway's own {digits}");
        }
        assert!(!coded(500, "2201").certainly_not_done() && !coded(400, "2401").certainly_not_done());
        let lost = |failure| OperationError::Transport(failure).certainly_not_done();
        assert!(lost(TransportFailure::not_sent("")));
        assert!(!lost(TransportFailure::timed_out("")) && !lost(TransportFailure::interrupted("")));
    }
}
