//! The requests to the service, with their answers.

use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};

use crate::admin::ask::Ask;
use crate::admin::bodies::body;
use crate::admin::error::{AdminError, ok};
use crate::http::answers::with_type;
use crate::state::State;
use crate::state::request_log::RecordedRequest;

pub(super) fn admin_requests(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let limit = ask.query().limit()?;
    let requests: Vec<_> = state.requests.iter().rev().take(limit).map(summary).collect();
    ok(&json!({"total": state.requests.len(), "requests": requests}))
}

pub(super) fn admin_request(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let request = asked_request(state, ask)?;
    let mut shown = summary(request);
    shown["query"] = request.query.as_deref().into();
    shown["headers"] = headers(&request.headers);
    shown["body"] = body(&request.body, request.body.len());
    shown["answer_headers"] = headers(&request.answer_headers);
    shown["answer"] = body(&request.answer, request.answer_len);
    ok(&shown)
}

/// Serves the body of a request, to be saved.
pub(super) fn admin_request_body(state: &mut State, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
    let content = asked_request(state, ask)?.body.clone();
    let is_zip = content.starts_with(b"PK\x03\x04");
    let name =
        if is_zip { "attachment; filename=\"upload.zip\"" } else { "attachment; filename=\"body.bin\"" };
    let mut response = with_type(StatusCode::OK, "application/octet-stream", content);
    response.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static(name));
    Ok(response)
}

fn asked_request<'a>(state: &'a State, ask: &Ask<'_>) -> Result<&'a RecordedRequest, AdminError> {
    let requests = &state.requests;
    let asked = ask.number(0).and_then(|number| {
        let at = requests.binary_search_by_key(&number, |request| request.number).ok()?;
        requests.get(at)
    });
    asked.ok_or_else(|| AdminError::not_found("there is no request with this number"))
}

fn summary(request: &RecordedRequest) -> Value {
    json!({
        "number": request.number,
        "at": request.at.to_string(),
        "method": request.method.as_str(),
        "path": request.path,
        "status": request.status.as_u16(),
        "bytes": request.body.len(),
        "answer_bytes": request.answer_len,
        "fault": request.fault,
    })
}

fn headers(headers: &HeaderMap) -> Value {
    let shown = headers.iter().map(
        |(name, value)| json!({"name": name.as_str(), "value": String::from_utf8_lossy(value.as_bytes())}),
    );
    shown.collect()
}
