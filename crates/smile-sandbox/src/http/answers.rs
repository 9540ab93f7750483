//! The three kinds of answers: the API's JSON, the gateway's JSON, and the object store's XML.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Value, json};
use smile_core::catalogue::{self, ApiCodeKind};

/// An error of the API, by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ApiError(pub(crate) &'static str);

impl ApiError {
    pub(crate) const INVALID_JSON: Self = Self("2203");
    pub(crate) const WRONG_TYPE: Self = Self("2204");
    pub(crate) const USER_DISABLED: Self = Self("2207");
    pub(crate) const USER_DELETED: Self = Self("2208");
    pub(crate) const ALREADY_ENROLLED: Self = Self("2209");
    pub(crate) const NOT_ENROLLED: Self = Self("2210");
    pub(crate) const MUST_REENROL: Self = Self("2211");
    pub(crate) const INVALID_JOB_TYPE: Self = Self("2212");
    pub(crate) const JOB_EXISTS: Self = Self("2215");
    pub(crate) const NO_PHOTO: Self = Self("2216");
    pub(crate) const NO_ZIP: Self = Self("2314");
}

/// `{"error": …, "code": …}`.
impl From<ApiError> for Response<Bytes> {
    fn from(error: ApiError) -> Self {
        Refusal::from(error).into()
    }
}

/// An error of the API in the form of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    code: Cow<'static, str>,
    text: &'static str,
    status: StatusCode,
    /// True for endpoints that add `"success": false`.
    says_success: bool,
    /// True if a rule asked for the refusal.
    pub(crate) is_scripted: bool,
}

/// Creates a refusal. The statuses are our choice, except 400 with 2215, which the SDKs' tests
/// show.
impl From<ApiError> for Refusal {
    fn from(ApiError(code): ApiError) -> Self {
        let (text, status) = (api_text(code), status_of(code));
        Self { code: code.into(), text, status, says_success: false, is_scripted: false }
    }
}

impl Refusal {
    /// Creates a refusal with a code that a rule asks for.
    pub(crate) fn scripted(code: String) -> Self {
        let (text, status) = (api_text(&code), status_of(&code));
        Self { code: code.into(), text, status, says_success: false, is_scripted: true }
    }

    /// Creates a refusal with other words than the code's usual ones.
    pub(crate) fn worded(code: &'static str, text: &'static str) -> Self {
        Self { text, ..ApiError(code).into() }
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Adds `"success": false`.
    pub(crate) fn with_success(self) -> Self {
        Self { says_success: true, ..self }
    }
}

impl From<Refusal> for Response<Bytes> {
    fn from(refusal: Refusal) -> Self {
        let mut body = json!({"error": refusal.text, "code": refusal.code});
        if refusal.says_success {
            body["success"] = false.into();
        }
        json_body(refusal.status, &body)
    }
}

fn status_of(code: &str) -> StatusCode {
    match catalogue::api_code(code).map(|row| row.kind) {
        Some(ApiCodeKind::SystemError) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// The service's own words for a code, as far as they are known.
pub(crate) fn api_text(code: &str) -> &'static str {
    known_api_text(code).unwrap_or("Error")
}

/// The service's own words for a code; `None` if they aren't known.
pub(crate) fn known_api_text(code: &str) -> Option<&'static str> {
    catalogue::api_code(code).and_then(|row| row.text)
}

/// Creates an answer of 200 with JSON.
pub(crate) fn ok(body: &Value) -> Response<Bytes> {
    json_body(StatusCode::OK, body)
}

/// An answer of the gateway in front of the API: no code, and `message` in place of `error`.
pub(crate) fn gateway(status: StatusCode, message: &str) -> Response<Bytes> {
    json_body(status, &json!({"message": message}))
}

/// The object store's error document.
pub(crate) fn storage_error(status: StatusCode, code: &str, message: &str) -> Response<Bytes> {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    with_type(status, "application/xml", xml.into())
}

/// An answer with a body of any type.
pub(crate) fn with_type(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn json_body(status: StatusCode, body: &Value) -> Response<Bytes> {
    with_type(status, "application/json", body.to_string().into())
}
