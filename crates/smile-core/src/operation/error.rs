//! Errors of a single exchange.

use std::fmt;

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use crate::SignatureError;
use crate::catalogue::{self, ApiCodeKind, ApiCodeRow};
use crate::operation::transport::{TransportFailure, TransportFailureKind};
use crate::wire::fields::Unreadable;
use crate::wire::names::stable_names;
use crate::wire::tolerant;

/// Failure of one exchange with the service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// No answer came. Usually the network, a proxy, or the service being down.
    #[error(transparent)]
    Transport(TransportFailure),
    /// The service refused. Its code says why; see [`ApiError::remedy`] for what to do.
    #[error(transparent)]
    Api(ApiError),
    /// The answer isn't what the endpoint gives: a gateway's page, truncated JSON, a missing field.
    /// Usually a proxy in between or a base URL that points elsewhere.
    #[error("the answer (HTTP {status}) {what}")]
    UnexpectedResponse {
        /// The HTTP status.
        status: u16,
        /// Fault of the answer.
        what: &'static str,
        /// The answer.
        answer: RawAnswer,
    },
    /// The answer is compressed, though every request says `accept-encoding: identity`. Usually a
    /// proxy or a CDN does that: switch compression off there, or decompression on in the HTTP
    /// client.
    #[error(
        "the answer (HTTP {status}) is compressed ({encoding}) though the request asked for `identity`: switch compression \
         off in the proxy or CDN in between, or decompression on in the HTTP client"
    )]
    #[non_exhaustive]
    Compressed {
        /// The HTTP status.
        status: u16,
        /// The encoding: `gzip`, `br`, `deflate`, `zstd`, or `an unknown encoding`.
        encoding: &'static str,
        /// The answer, still compressed.
        answer: RawAnswer,
    },
    /// The answer isn't signed with the API key, so it is not accepted. Usually the key was
    /// rotated, or belongs to the other environment; else somebody stands in between.
    #[error("the answer can't be trusted: {error}")]
    #[non_exhaustive]
    Signature {
        /// Fault of the signature.
        error: SignatureError,
        /// The answer.
        answer: RawAnswer,
    },
    /// The answer is about another job or user than was asked for. It is not accepted.
    #[error("the answer is about another job")]
    #[non_exhaustive]
    WrongJob {
        /// The answer.
        answer: RawAnswer,
    },
    /// The object store that takes the zip refused it, with one of its codes that prove that
    /// nothing was stored. `AccessDenied` or `SignatureDoesNotMatch` is mostly an address whose
    /// time is over; `SlowDown` and `RequestTimeout` pass.
    #[error("the zip's store refused it (HTTP {status}, {code})")]
    #[non_exhaustive]
    Storage {
        /// The HTTP status.
        status: u16,
        /// The store's code.
        code: &'static str,
    },
    /// The service named an upload address that isn't https, or isn't an address at all. Nothing
    /// was sent there.
    #[error("the upload address {0}, so nothing was sent there")]
    UploadUrl(&'static str),
    /// The v3 API's token can't be used: it is for another environment's host (a base URL or a
    /// proxy that leads elsewhere), over already by this machine's clock (set it), or no header can
    /// carry it. It was sent nowhere.
    #[error("the token {0}, so it is not used")]
    Token(&'static str),
}

stable_names! { OperationError:
    Self::Transport(_) => "transport",
    Self::Api(_) => "api",
    Self::UnexpectedResponse { .. } => "unexpected_response",
    Self::Compressed { .. } => "compressed",
    Self::Signature { .. } => "signature",
    Self::WrongJob { .. } => "wrong_job",
    Self::Storage { .. } => "storage",
    Self::UploadUrl(_) => "upload_url",
    Self::Token(_) => "token",
}

impl OperationError {
    pub(crate) fn unexpected(response: &Response<Bytes>, what: &'static str) -> Self {
        let (status, answer) = (response.status().as_u16(), RawAnswer::of(response));
        Self::UnexpectedResponse { status, what, answer }
    }

    pub(crate) fn unreadable(response: &Response<Bytes>, why: Unreadable) -> Self {
        let what = match why {
            Unreadable::NotUtf8 => "is not UTF-8",
            Unreadable::Truncated => "ends in the middle of its JSON",
            Unreadable::NotJson => "is not JSON",
            Unreadable::NotAnObject => "is JSON, but not an object",
            Unreadable::TooDeep => "is nested deeper than any result",
            Unreadable::Duplicated => "has a field twice, so there is no telling which one counts",
        };
        Self::unexpected(response, what)
    }

    pub(crate) fn signature(response: &Response<Bytes>, error: SignatureError) -> Self {
        Self::Signature { error, answer: RawAnswer::of(response) }
    }

    pub(crate) fn wrong_job(response: &Response<Bytes>) -> Self {
        Self::WrongJob { answer: RawAnswer::of(response) }
    }

    /// The body of the answer, byte for byte as it came, if there was one. The work may have been
    /// done and billed, and this is all there is of it: keep it. It holds personal data, so keep it
    /// out of logs.
    pub fn answer(&self) -> Option<&Bytes> {
        match self {
            Self::UnexpectedResponse { answer, .. }
            | Self::Compressed { answer, .. }
            | Self::Signature { answer, .. }
            | Self::WrongJob { answer }
            | Self::Api(ApiError { answer, .. }) => Some(&answer.0),
            Self::Transport(_) | Self::Storage { .. } | Self::UploadUrl(_) | Self::Token(_) => None,
        }
    }

    /// True if no answer came in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Transport(failure) if failure.kind() == TransportFailureKind::TimedOut)
    }

    /// True if the signature was refused: wrong key, wrong environment, or a clock that is far off.
    pub fn is_unauthorized(&self) -> bool {
        self.api().is_some_and(ApiError::is_unauthorized)
    }

    /// True if the job id was used before.
    pub fn is_job_already_exists(&self) -> bool {
        self.api().is_some_and(|error| error.kind() == Some(ApiCodeKind::JobExists))
    }

    /// The service's refusal, if it is one.
    pub fn api(&self) -> Option<&ApiError> {
        if let Self::Api(error) = self { Some(error) } else { None }
    }

    /// True if the same request may be answered later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transport(failure) => matches!(
                failure.kind(),
                TransportFailureKind::NotSent
                    | TransportFailureKind::TimedOut
                    | TransportFailureKind::Interrupted
            ),
            Self::Api(error) => error.is_transient(),
            // A page or half a JSON where the answer should be: something in between had a bad
            // moment.
            Self::UnexpectedResponse { .. } => true,
            Self::Storage { code, .. } => {
                matches!(*code, "RequestTimeout" | "ServiceUnavailable" | "SlowDown")
            }
            // What compresses one answer compresses the next; but a gateway's page of 5xx is a
            // gateway's page.
            Self::Compressed { status, .. } => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
            Self::Signature { .. } | Self::WrongJob { .. } | Self::UploadUrl(_) | Self::Token(_) => false,
        }
    }

    /// True if the transport was told not to send the request, or couldn't ever.
    pub(crate) fn is_refused_by_transport(&self) -> bool {
        matches!(self, Self::Transport(failure) if failure.kind() == TransportFailureKind::Refused)
    }

    /// True if the service can't have acted on the request: it was never sent, or the service
    /// itself refused it, with a code of its own. An HTTP status alone proves nothing: whoever is
    /// in between may say 403, 429 or 503, or redirect, after the work was done.
    pub(crate) fn certainly_not_done(&self) -> bool {
        match self {
            Self::Transport(failure) => {
                matches!(failure.kind(), TransportFailureKind::NotSent | TransportFailureKind::Refused)
            }
            Self::Api(error) => error.is_refusal(),
            Self::Storage { .. } | Self::Token(_) => true,
            Self::UnexpectedResponse { .. }
            | Self::Compressed { .. }
            | Self::Signature { .. }
            | Self::WrongJob { .. }
            | Self::UploadUrl(_) => false,
        }
    }
}

impl OperationError {
    /// True if the service refuses to tell a job's status because it has no zip of it. Its answer
    /// about a job that it never had isn't documented, and this is as good as the same code in a
    /// status. A 404, or a code that isn't known, may be anybody's.
    pub(crate) fn denies_zip(&self) -> bool {
        let Self::Api(error) = self else { return false };
        error.kind() == Some(ApiCodeKind::NoZip) && (400..500).contains(&error.status())
    }
}

impl From<ApiError> for OperationError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

/// The body of an answer, as it came. It may hold personal data, so `Debug` shows only its size;
/// [`OperationError::answer`] reads it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawAnswer(Bytes);

impl RawAnswer {
    pub(crate) fn of(response: &Response<Bytes>) -> Self {
        Self(response.body().clone())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawAnswer({} bytes)", self.0.len())
    }
}

/// Refusal by the service, with its code if it gave one: mostly an HTTP status of 4xx or 5xx, now
/// and then a 200 with an `error` in it.
///
/// What the service wrote is kept in [`ApiError::message`], out of `Display` and `Debug`: it may
/// repeat input.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiError {
    status: u16,
    code: Option<String>,
    message: Option<String>,
    of_v3: Option<Box<V3Facts>>,
    answer: RawAnswer,
}

/// Meaning of a refusal by the v3 API's own rules.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct V3Facts {
    /// True if the endpoint, or the service's gateway in front of it, said no in its own words, and
    /// nothing was begun.
    pub(crate) is_refusal: bool,
    /// True if the refusal stays, though the HTTP status sounds as if it passed.
    pub(crate) is_permanent: bool,
    /// Job that was recorded all the same (`SmileID-Job-ID`).
    pub(crate) smile_job_id: Option<String>,
    /// Remedy, if there is one.
    pub(crate) remedy: Option<&'static str>,
}

impl ApiError {
    pub(crate) fn of(response: &Response<Bytes>, body: Option<Value>) -> Self {
        let object = match body {
            Some(Value::Object(object)) => object,
            _ => serde_json::Map::new(),
        };
        let code = tolerant::text(&object, "code").filter(|code| is_code(code));
        let message = tolerant::text(&object, "error").or_else(|| tolerant::text(&object, "message"));
        Self { code, message, ..Self::bare(response) }
    }

    /// Refusal without JSON.
    pub(crate) fn bare(response: &Response<Bytes>) -> Self {
        let (status, answer) = (response.status().as_u16(), RawAnswer::of(response));
        Self { status, code: None, message: None, of_v3: None, answer }
    }

    /// Adds the meaning by the v3 API's own rules.
    pub(crate) fn of_v3(mut self, facts: V3Facts) -> Self {
        self.of_v3 = Some(Box::new(facts));
        self
    }

    /// Marks a refusal that stays, though its HTTP status sounds as if it passed.
    pub(crate) fn permanent(mut self) -> Self {
        self.of_v3.get_or_insert_default().is_permanent = true;
        self
    }

    /// Smile ID's own id of the job, if the service recorded one in spite of the error
    /// (`SmileID-Job-ID`, v3): its status can be asked for, and it must not be submitted again.
    pub fn smile_job_id(&self) -> Option<&str> {
        self.of_v3.as_ref()?.smile_job_id.as_deref()
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The API's error code, such as `2215`, if the answer had one.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The service's message. It may repeat what was sent, so keep it out of logs.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Remedy, if the code is known.
    pub fn remedy(&self) -> Option<&'static str> {
        self.row().map(|row| row.remedy).or_else(|| self.of_v3.as_ref()?.remedy)
    }

    fn row(&self) -> Option<&'static ApiCodeRow> {
        self.code().and_then(catalogue::api_code)
    }

    fn kind(&self) -> Option<ApiCodeKind> {
        self.row().map(|row| row.kind)
    }

    fn is_unauthorized(&self) -> bool {
        // A 403 of the v3 API is about what the account may use.
        let is_forbidden = self.status == 403 && self.of_v3.is_none();
        self.kind() == Some(ApiCodeKind::Unauthorized) || self.status == 401 || is_forbidden
    }

    fn is_transient(&self) -> bool {
        if self.of_v3.as_ref().is_some_and(|facts| facts.is_permanent) {
            return false;
        }
        self.is_system_error()
            || (!self.is_refusal() && matches!(self.status, 408 | 429 | 500 | 502 | 503 | 504))
            || self.status == 429
    }

    /// True if the service itself says no, with a code of its own or in the v3 API's envelope. A
    /// gateway's digits in that place say nothing.
    pub(crate) fn is_refusal(&self) -> bool {
        let by_code = self.row().is_some_and(ApiCodeRow::is_refusal) && !self.is_system_error();
        by_code || self.of_v3.as_ref().is_some_and(|facts| facts.is_refusal)
    }

    /// True if the service itself says that something broke within it.
    fn is_system_error(&self) -> bool {
        self.kind() == Some(ApiCodeKind::SystemError)
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

/// True for a code, which is short and plain; anything else in that place is text, which may be
/// anybody's.
fn is_code(text: &str) -> bool {
    (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(status: u16, body: Value) -> ApiError {
        let response = Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap();
        ApiError::of(&response, Some(body))
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
    fn a_code_that_says_no_no_is_no_proof_that_nothing_was_done() {
        for code in ["2202", "2302", "2314", "2201", "2301", "2401", "9999"] {
            let error = OperationError::from(error(400, json!({ "error": "odd", "code": code })));
            assert!(!error.certainly_not_done(), "{code}");
        }
        for code in ["2203", "2205", "2215", "2405", "2413"] {
            let error = OperationError::from(error(400, json!({ "error": "no", "code": code })));
            assert!(error.certainly_not_done(), "{code}");
        }
    }

    #[test]
    fn only_the_services_own_code_says_that_it_has_no_zip() {
        let denies = |status, body| OperationError::from(error(status, body)).denies_zip();
        assert!(denies(400, json!({ "error": "No Zip File Received", "code": "2314" })));
        assert!(denies(404, json!({ "error": "No Zip File Received", "code": 2314 })));
        for (status, body) in [
            (404, json!({ "error": "not found" })),
            (404, json!({ "message": "No zip file received" })),
            (404, json!({ "error": "not found", "code": "404" })),
            (400, json!({ "error": "System Error", "code": "2301" })),
            (400, json!({ "error": "You are not authorized to do that.", "code": "2405" })),
            (502, json!({ "error": "No Zip File Received", "code": "2314" })),
        ] {
            assert!(!denies(status, body.clone()), "{status} {body}");
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

    #[test]
    fn every_failure_answers_every_question() {
        for failure in crate::operation::testing::failures() {
            let error = failure.error;
            let answers = [
                ("timeout", error.is_timeout()),
                ("unauthorized", error.is_unauthorized()),
                ("exists", error.is_job_already_exists()),
                ("api", error.api().is_some()),
                ("transient", error.is_transient()),
                ("not done", error.certainly_not_done()),
                ("not sent by the transport", error.is_refused_by_transport()),
                ("no zip", error.denies_zip()),
                ("answer", error.answer().is_some()),
            ];
            let says_yes: Vec<_> =
                answers.into_iter().filter_map(|(question, yes)| yes.then_some(question)).collect();
            assert_eq!((error.name(), &says_yes[..]), (failure.name, failure.says_yes), "{error:?}");
            let shown = format!("{error:?}");
            assert!(!shown.is_empty() && !shown.contains("gateway"), "{shown}");
        }
    }

    #[test]
    fn debug_names_the_type_and_shows_no_text_of_an_answer() {
        let refusal = error(400, json!({ "error": "no such user jane", "code": "2215" }));
        assert_eq!(format!("{refusal:?}"), "ApiError { status: 400, code: Some(\"2215\"), .. }");
        let response = Response::new(Bytes::from_static(b"jane"));
        assert_eq!(format!("{:?}", RawAnswer::of(&response)), "RawAnswer(4 bytes)");
    }
}
