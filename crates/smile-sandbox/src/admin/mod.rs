//! What people and programs look at the sandbox with: a page at `/`, and a JSON API under `/_sandbox/`, described by
//! `openapi.json`. The wire has nothing in either place.
//!
//! It shows whatever was sent to this sandbox, people included, to those who can reach it on loopback. Who that is, `guard`
//! decides. Requests here are not recorded among those of the wire, and reading changes nothing.

mod bodies;
mod callbacks;
mod faults;
mod guard;
mod input;
mod jobs;
mod page;
mod requests;
mod whole;

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ALLOW, CACHE_CONTROL, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use serde_json::{Value, json};
use smile_core::Timestamp;

pub(crate) use self::guard::FromTheNetwork;
use self::input::{Input, Query};
use crate::http::answers::with_type;
use crate::service::Service;

const PREFIX: &str = "/_sandbox";

/// An endpoint of the admin API. Braces in the path stand for one segment.
struct Endpoint(Method, &'static str, Handler);

type Handler = fn(&mut Service, &Ask<'_>) -> Result<Response<Bytes>, AdminError>;

/// All of them, as in `openapi.json`.
const ENDPOINTS: &[Endpoint] = &[
    Endpoint(Method::GET, "/openapi.json", |_, _| Ok(page::openapi())),
    Endpoint(Method::GET, "/status", Service::admin_status),
    Endpoint(Method::GET, "/changes", Service::admin_changes),
    Endpoint(Method::POST, "/reset", Service::admin_reset),
    Endpoint(Method::GET, "/jobs", Service::admin_jobs),
    Endpoint(Method::GET, "/jobs/{smile_job_id}", Service::admin_job),
    Endpoint(Method::GET, "/jobs/{smile_job_id}/info.json", Service::admin_info),
    Endpoint(Method::GET, "/jobs/{smile_job_id}/images/{index}", Service::admin_image),
    Endpoint(Method::POST, "/jobs/{smile_job_id}/review", Service::admin_review),
    Endpoint(Method::GET, "/requests", Service::admin_requests),
    Endpoint(Method::GET, "/requests/{number}", Service::admin_request),
    Endpoint(Method::GET, "/requests/{number}/body", Service::admin_request_body),
    Endpoint(Method::GET, "/callbacks", Service::admin_callbacks),
    Endpoint(Method::GET, "/callbacks/{number}", Service::admin_callback),
    Endpoint(Method::POST, "/callbacks/{number}/redeliver", Service::admin_redeliver),
    Endpoint(Method::POST, "/callbacks/{number}/disturb", Service::admin_disturb),
    Endpoint(Method::GET, "/callback_rules", Service::admin_rules),
    Endpoint(Method::POST, "/callback_rules", Service::admin_add_rule),
    Endpoint(Method::DELETE, "/callback_rules", Service::admin_clear_rules),
    Endpoint(Method::GET, "/users", Service::admin_users),
    Endpoint(Method::POST, "/users", Service::admin_set_user),
    Endpoint(Method::GET, "/faults", Service::admin_faults),
    Endpoint(Method::POST, "/faults", Service::admin_add_fault),
    Endpoint(Method::DELETE, "/faults", Service::admin_clear_faults),
    Endpoint(Method::DELETE, "/faults/{id}", Service::admin_remove_fault),
];

/// A request to one of them.
struct Ask<'a> {
    now: Timestamp,
    /// The segments that braces stood for.
    captured: Vec<&'a str>,
    request: &'a Request<Bytes>,
}

impl Ask<'_> {
    fn query(&self) -> Query {
        Query::new(self.request.uri().query())
    }

    fn input(&self) -> Result<Input, AdminError> {
        Input::new(self.request.body())
    }

    /// The number that a segment has to be.
    fn number(&self, at: usize) -> Option<u64> {
        self.captured.get(at)?.parse().ok()
    }
}

/// Why a request to the admin API is refused.
struct AdminError {
    status: StatusCode,
    message: String,
}

impl AdminError {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    fn conflict(error: impl std::error::Error) -> Self {
        Self::new(StatusCode::CONFLICT, error.to_string())
    }
}

impl From<AdminError> for Response<Bytes> {
    fn from(error: AdminError) -> Self {
        json_answer(error.status, &json!({"error": error.message}))
    }
}

/// Whether a request is for the page or the admin API.
pub(crate) fn concerns(request: &Request<Bytes>) -> bool {
    concerns_head(request.method(), request.uri(), request.headers())
}

/// The same, as long as there is no more of it.
pub(crate) fn concerns_head(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let rest = uri.path().strip_prefix(PREFIX);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) || is_page_head(method, uri, headers)
}

/// Whether it is, and changes nothing.
pub(crate) fn only_looks(request: &Request<Bytes>) -> bool {
    request.method() == Method::GET && concerns(request)
}

/// The change after which news is asked for, and how long the answer may wait for it.
pub(crate) fn awaited_change(request: &Request<Bytes>) -> Option<(u64, Duration)> {
    let is_asked = only_looks(request) && request.uri().path() == "/_sandbox/changes";
    if !is_asked || guard::check(request).is_err() {
        return None;
    }
    let query = Query::new(request.uri().query());
    let after = query.number("after").ok()??;
    Some((after, Duration::from_secs(whole::seconds_to_wait(&query).ok()?)))
}

fn is_page(request: &Request<Bytes>) -> bool {
    is_page_head(request.method(), request.uri(), request.headers())
}

fn is_page_head(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    method == Method::GET && uri.path() == "/" && accept.contains("text/html")
}

impl Service {
    /// Answers what [`concerns`] the page or the admin API.
    pub(crate) fn admin(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        let mut response = self.guarded_admin(now, request).unwrap_or_else(Response::from);
        for (name, value) in [
            (CACHE_CONTROL, "no-store"),
            (HeaderName::from_static("x-content-type-options"), "nosniff"),
            (HeaderName::from_static("referrer-policy"), "no-referrer"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }

    fn guarded_admin(
        &mut self,
        now: Timestamp,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, AdminError> {
        guard::check(request)?;
        if is_page(request) {
            return Ok(page::index());
        }
        let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default();
        if let Some(asset) = page::asset(path).filter(|_| request.method() == Method::GET) {
            return Ok(asset);
        }
        let mut allowed = Vec::new();
        for Endpoint(method, template, handler) in ENDPOINTS {
            let Some(captured) = captured(template, path) else { continue };
            if method == request.method() {
                if method != Method::GET {
                    self.advance(now);
                    self.changes += 1;
                }
                return handler(self, &Ask { now, captured, request });
            }
            allowed.push(method.as_str());
        }
        if allowed.is_empty() {
            return Err(AdminError::not_found("there is nothing at this path; see /_sandbox/openapi.json"));
        }
        let message = format!("this path takes {} only", allowed.join(" and "));
        let mut response = Response::from(AdminError::new(StatusCode::METHOD_NOT_ALLOWED, message));
        if let Ok(allowed) = HeaderValue::from_str(&allowed.join(", ")) {
            response.headers_mut().insert(ALLOW, allowed);
        }
        Ok(response)
    }
}

/// The segments that the braces of a template stand for, if the path is like it.
fn captured<'a>(template: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let (mut parts, mut segments, mut captured) = (template.split('/'), path.split('/'), Vec::new());
    loop {
        match (parts.next(), segments.next()) {
            (None, None) => return Some(captured),
            (Some(part), Some(segment)) if part.starts_with('{') && !segment.is_empty() => {
                captured.push(segment);
            }
            (Some(part), Some(segment)) if part == segment => {}
            _ => return None,
        }
    }
}

fn ok(body: &Value) -> Result<Response<Bytes>, AdminError> {
    Ok(json_answer(StatusCode::OK, body))
}

fn json_answer(status: StatusCode, body: &Value) -> Response<Bytes> {
    with_type(status, "application/json", body.to_string().into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_description_has_every_endpoint_and_no_other() {
        let description: Value = serde_json::from_slice(page::openapi().body()).unwrap();
        let mut described = BTreeSet::new();
        for (path, methods) in description["paths"].as_object().unwrap() {
            let methods = methods.as_object().unwrap().keys().filter(|key| *key != "parameters");
            described.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
        }
        let served: BTreeSet<_> = ENDPOINTS
            .iter()
            .map(|Endpoint(method, template, _)| format!("{method} {PREFIX}{template}"))
            .collect();
        assert_eq!(described, served);
    }

    #[test]
    fn braces_stand_for_one_segment_that_is_not_empty() {
        assert_eq!(captured("/a/{b}/c", "/a/x/c"), Some(vec!["x"]));
        assert_eq!(captured("/a", "/a"), Some(vec![]));
        for path in ["/a/x", "/a//c", "/a/x/c/", "/a/x/d", "a/x/c", ""] {
            assert_eq!(captured("/a/{b}/c", path), None, "{path}");
        }
    }
}
