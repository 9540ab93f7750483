//! The page, its parts, and the description of the API: all static, and nothing from elsewhere.

use bytes::Bytes;
use http::header::{ACCEPT, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};

use crate::http::answers::with_type;

const HTML: &[u8] = include_bytes!("../../page/index.html");
const CSS: &[u8] = include_bytes!("../../page/page.css");
const ICON: &[u8] = include_bytes!("../../page/icon.svg");
const OPENAPI: &[u8] = include_bytes!("openapi.json");

/// The page's scripts: modules, each in a file.
const SCRIPTS: &[(&str, &[u8])] = &[
    ("/page/api.js", include_bytes!("../../page/api.js")),
    ("/page/callbacks.js", include_bytes!("../../page/callbacks.js")),
    ("/page/dom.js", include_bytes!("../../page/dom.js")),
    ("/page/jobs.js", include_bytes!("../../page/jobs.js")),
    ("/page/page.js", include_bytes!("../../page/page.js")),
    ("/page/requests.js", include_bytes!("../../page/requests.js")),
];

/// Content security policy of the page: its own parts, and requests to this sandbox alone. Text
/// can't become markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types 'none'";

/// Serves the page.
pub(super) fn index() -> Response<Bytes> {
    let mut response = file("text/html; charset=utf-8", HTML);
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("cross-origin-opener-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// Serves a part of the page.
pub(super) fn asset(path: &str) -> Option<Response<Bytes>> {
    if let Some((_, script)) = SCRIPTS.iter().find(|(name, _)| *name == path) {
        return Some(file("text/javascript; charset=utf-8", script));
    }
    match path {
        "/page/page.css" => Some(file("text/css; charset=utf-8", CSS)),
        "/page/icon.svg" => Some(file("image/svg+xml", ICON)),
        _ => None,
    }
}

/// Serves the description of the API, in the form of OpenAPI 3.1.
pub(super) fn openapi() -> Response<Bytes> {
    file("application/json", OPENAPI)
}

fn file(content_type: &'static str, content: &'static [u8]) -> Response<Bytes> {
    with_type(StatusCode::OK, content_type, Bytes::from_static(content))
}

pub(super) fn is_page(request: &Request<Bytes>) -> bool {
    is_page_head(request.method(), request.uri(), request.headers())
}

pub(super) fn is_page_head(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    method == Method::GET && uri.path() == "/" && accept.contains("text/html")
}
