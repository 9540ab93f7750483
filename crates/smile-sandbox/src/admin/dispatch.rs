//! The endpoints of the admin API, and the dispatch of requests to them.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use smile_core::Timestamp;

use crate::admin::ask::Ask;
use crate::admin::error::AdminError;
use crate::admin::guard::{self, FromTheNetwork};
use crate::admin::input::Query;
use crate::admin::{callbacks, faults, jobs, page, requests, whole};
use crate::run::review::advance;
use crate::state::State;

const PREFIX: &str = "/_sandbox";

/// An endpoint of the admin API. Braces in the path stand for one segment.
struct Endpoint(Method, &'static str, Handler);

type Handler = fn(&mut State, &Ask<'_>) -> Result<Response<Bytes>, AdminError>;

/// All admin endpoints, as in `openapi.json`.
const ENDPOINTS: &[Endpoint] = &[
    Endpoint(Method::GET, "/openapi.json", |_, _| Ok(page::openapi())),
    Endpoint(Method::GET, "/status", whole::admin_status),
    Endpoint(Method::GET, "/changes", whole::admin_changes),
    Endpoint(Method::POST, "/reset", whole::admin_reset),
    Endpoint(Method::GET, "/jobs", jobs::admin_jobs),
    Endpoint(Method::GET, "/jobs/{smile_job_id}", jobs::admin_job),
    Endpoint(Method::GET, "/jobs/{smile_job_id}/info.json", jobs::admin_info),
    Endpoint(Method::GET, "/jobs/{smile_job_id}/images/{index}", jobs::admin_image),
    Endpoint(Method::POST, "/jobs/{smile_job_id}/review", jobs::admin_review),
    Endpoint(Method::GET, "/requests", requests::admin_requests),
    Endpoint(Method::GET, "/requests/{number}", requests::admin_request),
    Endpoint(Method::GET, "/requests/{number}/body", requests::admin_request_body),
    Endpoint(Method::GET, "/callbacks", callbacks::admin_callbacks),
    Endpoint(Method::GET, "/callbacks/{number}", callbacks::admin_callback),
    Endpoint(Method::POST, "/callbacks/{number}/redeliver", callbacks::admin_redeliver),
    Endpoint(Method::POST, "/callbacks/{number}/disturb", callbacks::admin_disturb),
    Endpoint(Method::GET, "/callback_rules", callbacks::admin_rules),
    Endpoint(Method::POST, "/callback_rules", callbacks::admin_add_rule),
    Endpoint(Method::DELETE, "/callback_rules", callbacks::admin_clear_rules),
    Endpoint(Method::GET, "/users", whole::admin_users),
    Endpoint(Method::POST, "/users", whole::admin_set_user),
    Endpoint(Method::GET, "/faults", faults::admin_faults),
    Endpoint(Method::POST, "/faults", faults::admin_add_fault),
    Endpoint(Method::DELETE, "/faults", faults::admin_clear_faults),
    Endpoint(Method::DELETE, "/faults/{id}", faults::admin_remove_fault),
];

/// True if a request is for the page or the admin API.
pub(crate) fn concerns(request: &Request<Bytes>) -> bool {
    concerns_head(request.method(), request.uri(), request.headers())
}

/// Does the same with the head of a request, before the body has come.
pub(crate) fn concerns_head(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let rest = uri.path().strip_prefix(PREFIX);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        || page::is_page_head(method, uri, headers)
}

/// True if a request is for the page or the admin API, and changes nothing.
pub(crate) fn only_looks(request: &Request<Bytes>) -> bool {
    request.method() == Method::GET && concerns(request)
}

/// The change number that a request waits for news after, and the longest wait for the answer.
pub(crate) fn awaited_change(
    request: &Request<Bytes>,
    network: Option<FromTheNetwork>,
) -> Option<(u64, Duration)> {
    let is_asked = only_looks(request) && request.uri().path() == "/_sandbox/changes";
    if !is_asked || guard::check(request, network).is_err() {
        return None;
    }
    let query = Query::new(request.uri().query());
    let after = query.number("after").ok()??;
    Some((after, Duration::from_secs(whole::seconds_to_wait(&query).ok()?)))
}

/// Answers a request that [`concerns`] the page or the admin API.
pub(crate) fn answer(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
    network: Option<FromTheNetwork>,
) -> Response<Bytes> {
    let mut response = guarded(state, now, request, network).unwrap_or_else(Response::from);
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

fn guarded(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
    network: Option<FromTheNetwork>,
) -> Result<Response<Bytes>, AdminError> {
    guard::check(request, network)?;
    if page::is_page(request) {
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
                state.changes += 1;
                let now = advance(state, now);
                return handler(state, &Ask { now, captured, request });
            }
            return handler(state, &Ask { now, captured, request });
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

/// The segments that the braces of a template stand for, if the path matches the template.
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

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
