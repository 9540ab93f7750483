//! Errors of the admin API.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::http::answers::with_type;

/// The refusal of a request to the admin API.
pub(super) struct AdminError {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl AdminError {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(super) fn conflict(error: impl std::error::Error) -> Self {
        Self::new(StatusCode::CONFLICT, error.to_string())
    }
}

impl From<AdminError> for Response<Bytes> {
    fn from(error: AdminError) -> Self {
        json_answer(error.status, &json!({"error": error.message}))
    }
}

pub(super) fn ok(body: &Value) -> Result<Response<Bytes>, AdminError> {
    Ok(json_answer(StatusCode::OK, body))
}

pub(super) fn json_answer(status: StatusCode, body: &Value) -> Response<Bytes> {
    with_type(status, "application/json", body.to_string().into())
}
