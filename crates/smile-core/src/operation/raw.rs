//! Raw requests, with any path and any body: for endpoints that have no type here.

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use serde_json::{Map, Value};

use super::{
    ApiError, Operation, OperationError, RepeatSafety, refuse_compressed, send_bare, send_json, send_signed,
    sign_headers,
};
use crate::operation::{Step, TokenUse};
use crate::partner::environment::{has_dots, is_encoded};
use crate::wire::fields::read_json;
use crate::{ConfigError, Partner, ProblemKind, Timestamp, ValidationReport};

/// A request of the caller's own making, signed as the endpoint wants it; the answer is JSON as it
/// came, and [`Value::Null`] if there was none to a success.
///
/// A GET can be repeated freely, as any method that by HTTP's own rules only reads. All else counts
/// as what may bill, and is not sent again after an answer was lost, unless
/// [`RawRequest::with_free_repeat`] says otherwise.
///
/// ```
/// use smile_core::operation::RawRequest;
///
/// let request = RawRequest::post("/v1/backfill_users")?.with_field("user_id", "customer-17");
/// assert!(RawRequest::get("@elsewhere.example/").is_err());
/// # Ok::<(), smile_core::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct RawRequest {
    method: Method,
    path: String,
    body: Body,
    signing: Signing,
    repeat: RepeatSafety,
}

#[derive(Clone)]
enum Body {
    Nothing,
    Json(Value),
    Bytes { content_type: Option<HeaderValue>, bytes: Bytes },
}

/// Part of a request that carries the partner's id and the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signing {
    /// The body, as most v1 endpoints have it.
    Body,
    /// The `smileid-*` headers, as address verification and the v2 endpoints have it.
    Headers,
    /// Not signed.
    Unsigned,
    /// Not signed: it carries the shared token of the v3 API in the header `SmileID-Token`, which
    /// whoever runs it fetches.
    Token,
}

impl RawRequest {
    /// Request of this method on this path, version included (`/v1/…`), with a query if need be.
    ///
    /// POST, PUT and PATCH have an empty JSON object for a body and are signed in it; other methods
    /// have none and are signed in the headers.
    ///
    /// # Errors
    /// Names `path` and the rule: it begins with one `/`, is percent-encoded, and has at most 4000
    /// characters.
    pub fn new(method: Method, path: impl Into<String>) -> Result<Self, ConfigError> {
        let (body, signing) = match method {
            Method::POST | Method::PUT | Method::PATCH => (Body::Json(Map::new().into()), Signing::Body),
            _ => (Body::Nothing, Signing::Headers),
        };
        let repeat = if method.is_safe() { RepeatSafety::Free } else { RepeatSafety::MayBillTwice };
        Ok(Self { method, path: checked(path.into())?, body, signing, repeat })
    }

    /// GET request, signed in the headers.
    ///
    /// # Errors
    /// As [`RawRequest::new`].
    pub fn get(path: impl Into<String>) -> Result<Self, ConfigError> {
        Self::new(Method::GET, path)
    }

    /// POST request, signed in the body.
    ///
    /// # Errors
    /// As [`RawRequest::new`].
    pub fn post(path: impl Into<String>) -> Result<Self, ConfigError> {
        Self::new(Method::POST, path)
    }

    /// PUT request, signed in the body.
    ///
    /// # Errors
    /// As [`RawRequest::new`].
    pub fn put(path: impl Into<String>) -> Result<Self, ConfigError> {
        Self::new(Method::PUT, path)
    }

    /// PATCH request, signed in the body.
    ///
    /// # Errors
    /// As [`RawRequest::new`].
    pub fn patch(path: impl Into<String>) -> Result<Self, ConfigError> {
        Self::new(Method::PATCH, path)
    }

    /// DELETE request, signed in the headers.
    ///
    /// # Errors
    /// As [`RawRequest::new`].
    pub fn delete(path: impl Into<String>) -> Result<Self, ConfigError> {
        Self::new(Method::DELETE, path)
    }

    /// Adds a field of the body, which is a JSON object; a body of another kind makes way for it.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        if let Body::Json(Value::Object(fields)) = &mut self.body {
            fields.insert(name.into(), value.into());
            self
        } else {
            self.with_json(Map::new()).with_field(name, value)
        }
    }

    /// Sets the whole body, as JSON. Only an object can carry the signature; with anything else it
    /// goes into the headers or nowhere.
    #[must_use]
    pub fn with_json(mut self, body: impl Into<Value>) -> Self {
        self.body = Body::Json(body.into());
        self
    }

    /// Sets the whole body, as it is. It can't carry the signature, which goes into the headers or
    /// nowhere.
    ///
    /// The content type is a media type such as `text/csv`, in plain ASCII; any other text is
    /// reported before anything is sent.
    #[must_use]
    pub fn with_bytes(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        let is_plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        let content_type = HeaderValue::from_str(content_type)
            .ok()
            .filter(|value| !value.is_empty() && value.as_bytes().iter().copied().all(is_plain));
        self.body = Body::Bytes { content_type, bytes: body.into() };
        self
    }

    /// Sets the part of the request that carries the signature.
    #[must_use]
    pub fn with_signing(mut self, signing: Signing) -> Self {
        self.signing = signing;
        self
    }

    /// Declares a second send harmless, so that the request may be sent again after its answer was
    /// lost.
    #[must_use]
    pub fn with_free_repeat(mut self) -> Self {
        self.repeat = RepeatSafety::Free;
        self
    }
}

/// Checked path. It is put behind the host as it is, so nothing in it may leave its place.
fn checked(path: String) -> Result<String, ConfigError> {
    let rule = if !path.starts_with('/') || path.starts_with("//") {
        "must begin with one `/`"
    } else if path.len() > 4_000 {
        "must not be longer than 4000 characters"
    } else if !is_encoded(&path) {
        "must be percent-encoded and without a fragment"
    } else if has_dots(&path) {
        // Some clients fold them and some don't.
        "must not have `.` or `..` for a segment"
    } else {
        return Ok(path);
    };
    Err(ConfigError::malformed("path", rule))
}

impl Operation for RawRequest {
    type Output = Value;
    const STEP: Step = Step::Raw;

    fn repeat(&self) -> RepeatSafety {
        self.repeat
    }

    fn check(&self, _: &Partner) -> ValidationReport {
        let mut problems = ValidationReport::default();
        let is_bodiless = matches!(self.method, Method::GET | Method::HEAD);
        if is_bodiless && !matches!(self.body, Body::Nothing) {
            problems.add(
                "body",
                ProblemKind::Conflict,
                "must be in the path's query, as a GET or a HEAD has none",
            );
        }
        if matches!(self.body, Body::Bytes { content_type: None, .. }) {
            problems.add("content_type", ProblemKind::Malformed, "must be a media type such as `text/csv`");
        }
        if self.signing != Signing::Body {
            return problems;
        }
        if is_bodiless {
            let rule = "must be in the headers or nowhere, as a GET or a HEAD has no body";
            problems.add("signing", ProblemKind::Conflict, rule);
        }
        match &self.body {
            Body::Nothing => {}
            Body::Json(Value::Object(fields)) => {
                for key in ["partner_id", "signature", "timestamp", "source_sdk", "source_sdk_version"] {
                    if fields.contains_key(key) {
                        problems.add(key, ProblemKind::Conflict, "is set by the signature");
                    }
                }
            }
            Body::Json(_) | Body::Bytes { .. } => {
                let rule = "must be in the headers or nowhere, as the body isn't a JSON object";
                problems.add("signing", ProblemKind::Conflict, rule);
            }
        }
        problems
    }

    fn token_use(&self) -> TokenUse {
        if self.signing == Signing::Token { TokenUse::Shared } else { TokenUse::None }
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let url = format!("{}{}", partner.environment().root_url(), self.path);
        let method = self.method.clone();
        let request = match (&self.body, self.signing) {
            (Body::Nothing, Signing::Body) => {
                return send_signed(method, partner, now, url, &Map::new());
            }
            (Body::Json(Value::Object(fields)), Signing::Body) => {
                return send_signed(method, partner, now, url, fields);
            }
            (Body::Nothing, _) => send_bare(method, url),
            (Body::Json(value), _) => send_json(method, url, value),
            (Body::Bytes { content_type, bytes }, _) => {
                let mut request = send_bare(method, url).map(|_| bytes.clone());
                let content_type = content_type.clone().map(|value| (header::CONTENT_TYPE, value));
                request.headers_mut().extend(content_type);
                request
            }
        };
        // A body that can't carry its signature is a problem, and isn't sent; here it gets it in
        // the headers.
        match self.signing {
            Signing::Unsigned | Signing::Token => request,
            Signing::Headers | Signing::Body => sign_headers(request, partner, now),
        }
    }

    fn parse(&self, _: &Partner, _: Timestamp, response: &Response<Bytes>) -> Result<Value, OperationError> {
        let status = response.status();
        refuse_compressed(response)?;
        let body = match &response.body()[..] {
            [] => Ok(Value::Null),
            body => read_json(body),
        };
        // What a success of an unknown endpoint looks like isn't known either.
        if status.is_success() {
            body.map_err(|why| OperationError::unreadable(response, why))
        } else {
            Err(ApiError::of(response, body.ok()).into())
        }
    }
}

impl fmt::Debug for RawRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRequest")
            .field("method", &self.method)
            .field("signing", &self.signing)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, golden, noon, partner};

    const SIGNED: &str = concat!(
        r#"{"partner_id":"001","signature":"74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc=","#,
        r#""timestamp":"2024-01-15T10:30:00.000Z","source_sdk":"rust","source_sdk_version":"0.1.0""#
    );

    fn problems(request: &RawRequest) -> Vec<String> {
        request.check(&partner()).problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn any_method_with_any_body_signed_anywhere() {
        let (object, list) = (json!({ "a": 1 }), json!([1, 2]));
        let of = |method: &[u8]| RawRequest::new(Method::from_bytes(method).unwrap(), "/v2/x?y=%20").unwrap();
        let json = Some("application/json");
        for (request, method, body, content_type) in [
            (of(b"POST").with_field("a", 1), "POST", format!(r#"{SIGNED},"a":1}}"#), json),
            (of(b"PUT"), "PUT", format!("{SIGNED}}}"), json),
            (
                of(b"PATCH").with_json(object.clone()).with_field("b", 2),
                "PATCH",
                format!(r#"{SIGNED},"a":1,"b":2}}"#),
                json,
            ),
            (of(b"DELETE").with_signing(Signing::Body), "DELETE", format!("{SIGNED}}}"), json),
            (of(b"DELETE").with_field("a", 1), "DELETE", object.to_string(), json),
            (of(b"POST").with_signing(Signing::Headers), "POST", "{}".to_owned(), json),
            (
                of(b"POST").with_json(list.clone()).with_signing(Signing::Headers),
                "POST",
                list.to_string(),
                json,
            ),
            (
                of(b"POST").with_json(Value::Null).with_signing(Signing::Unsigned),
                "POST",
                "null".to_owned(),
                json,
            ),
            (
                of(b"PUT").with_bytes("text/csv; charset=utf-8", "a,b").with_signing(Signing::Headers),
                "PUT",
                "a,b".to_owned(),
                Some("text/csv; charset=utf-8"),
            ),
            (
                of(b"PURGE").with_bytes("a/b", "").with_signing(Signing::Unsigned),
                "PURGE",
                String::new(),
                Some("a/b"),
            ),
            (
                of(b"PUT").with_bytes("a/b", "x").with_field("a", 1),
                "PUT",
                format!(r#"{SIGNED},"a":1}}"#),
                json,
            ),
            (of(b"GET"), "GET", String::new(), None),
            (of(b"GET").with_signing(Signing::Unsigned), "GET", String::new(), None),
        ] {
            let line = format!("{method} https://testapi.smileidentity.com/v2/x?y=%20");
            assert_eq!(golden(&request), (line, body));
            let sent = request.request(&partner(), noon());
            let header = |name: &str| sent.headers().get(name).map(|value| value.to_str().unwrap());
            assert_eq!(header("content-type"), content_type);
            assert_eq!(header("smileid-partner-id").is_some(), request.signing == Signing::Headers);
            let signature = header("smileid-request-signature");
            assert_eq!(signature.is_some(), request.signing == Signing::Headers);
            assert!(signature.is_none_or(|signature| SIGNED.contains(signature)));
        }
    }

    #[test]
    fn what_only_reads_is_free_to_repeat_and_so_is_what_the_caller_says() {
        let path = "/v1/x";
        assert_eq!(RawRequest::get(path).unwrap().repeat(), RepeatSafety::Free);
        for request in [RawRequest::post, RawRequest::put, RawRequest::patch, RawRequest::delete] {
            let request = request(path).unwrap();
            assert_eq!(request.repeat(), RepeatSafety::MayBillTwice);
            assert_eq!(request.with_free_repeat().repeat(), RepeatSafety::Free);
        }
    }

    #[test]
    fn any_json_or_nothing_is_an_answer_and_a_refusal_is_an_error() {
        let parse = |response: &Response<Bytes>| {
            RawRequest::get("/v1/x").unwrap().parse(&partner(), noon(), response)
        };
        let text = |status: u16, body: &'static str| {
            parse(&Response::builder().status(status).body(Bytes::from(body)).unwrap())
        };
        for status in [200, 202, 299] {
            assert_eq!(parse(&answer(status, &json!([1]))), Ok(json!([1])));
            assert_eq!(text(status, ""), Ok(Value::Null));
            let page = text(status, "<html>").unwrap_err();
            assert_eq!(page.to_string(), format!("the answer (HTTP {status}) is not JSON"));
            assert_eq!(page.answer().unwrap(), "<html>");
        }
        let refused = parse(&answer(404, &json!({ "error": "no", "code": "2204" }))).unwrap_err();
        assert_eq!(refused.api().map(|error| (error.status(), error.code())), Some((404, Some("2204"))));
        for (status, body) in [(302, ""), (400, ""), (502, "<html>")] {
            assert_eq!(text(status, body).unwrap_err().api().map(ApiError::status), Some(status));
        }
    }

    #[test]
    fn a_path_cannot_lead_elsewhere() {
        let (longest, too_long) = (format!("/{}", "a".repeat(3_999)), format!("/{}", "a".repeat(4_000)));
        assert!(RawRequest::post(longest).is_ok());
        let (start, encoded) = ("must begin with one `/`", "must be percent-encoded and without a fragment");
        for (path, rule) in [
            ("", start),
            ("v1/x", start),
            ("/v1/../x", "must not have `.` or `..` for a segment"),
            ("/v1/%2e%2E/x", "must not have `.` or `..` for a segment"),
            ("/./x", "must not have `.` or `..` for a segment"),
            ("@evil.example/", start),
            (".evil.example/", start),
            (":1/", start),
            ("//evil.example/", start),
            ("/a b", encoded),
            ("/a#b", encoded),
            ("/\\evil.example/", encoded),
            ("/a\r\nhost: b", encoded),
            ("/\0", encoded),
            ("/\u{7f}", encoded),
            ("/é", encoded),
            (&too_long, "must not be longer than 4000 characters"),
        ] {
            assert_eq!(RawRequest::post(path).unwrap_err().to_string(), format!("`path` {rule}"), "{path:?}");
        }
    }

    #[test]
    fn a_content_type_cannot_end_its_line() {
        for text in ["", "a/b\r\nhost: c", "a/b\t", "a/é", "\0"] {
            let request =
                RawRequest::put("/v1/x").unwrap().with_bytes(text, "").with_signing(Signing::Headers);
            assert_eq!(problems(&request), ["`content_type` must be a media type such as `text/csv`"]);
            assert!(!request.request(&partner(), noon()).headers().contains_key(header::CONTENT_TYPE));
        }
    }

    #[test]
    fn what_cannot_go_together_is_a_problem() {
        let no_body = [
            "`body` must be in the path's query, as a GET or a HEAD has none",
            "`signing` must be in the headers or nowhere, as a GET or a HEAD has no body",
        ];
        for method in [Method::GET, Method::HEAD] {
            let request = RawRequest::new(method, "/v1/x").unwrap();
            assert_eq!(problems(&request), [""; 0]);
            assert_eq!(problems(&request.clone().with_field("a", 1)), no_body[..1]);
            assert_eq!(problems(&request.clone().with_signing(Signing::Body)), no_body[1..]);
            assert_eq!(problems(&request.with_field("a", 1).with_signing(Signing::Body)), no_body);
        }
        let post = || RawRequest::post("/v1/x").unwrap();
        for request in [post().with_json(json!([{}])), post().with_bytes("application/json", "{}")] {
            let no_object = "`signing` must be in the headers or nowhere, as the body isn't a JSON object";
            assert_eq!(problems(&request), [no_object]);
            assert_eq!(problems(&request.with_signing(Signing::Unsigned)), [""; 0]);
        }
        for key in ["partner_id", "signature", "timestamp", "source_sdk", "source_sdk_version"] {
            let twice = post().with_json(json!({ key: "mine" }));
            assert_eq!(problems(&twice), [format!("`{key}` is set by the signature")]);
            assert_eq!(problems(&twice.with_signing(Signing::Headers)), [""; 0]);
        }
    }

    #[test]
    fn only_method_and_signing_are_shown() {
        let request = RawRequest::post("/v1/jane").unwrap().with_field("jane", "jane");
        assert_eq!(format!("{request:?}"), "RawRequest { method: POST, signing: Body, .. }");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever the path and however it is put together, problems or not.
        #[test]
        fn every_path_that_passes_makes_a_request_to_its_own_host(
            path in prop_oneof![any::<String>(), "/[ -~]{0,40}", "/[!$-;=?-\\[\\]_a-z~]{0,40}", "[ -~]{0,9}"],
            content_type in prop_oneof![any::<String>(), "[ -~]{0,9}"],
            method in prop::sample::select(vec![Method::GET, Method::POST, Method::DELETE, Method::TRACE]),
        ) {
            let Ok(request) = RawRequest::new(method, path.as_str()) else { return Ok(()) };
            let mut requests = vec![
                request.clone(),
                request.clone().with_field("a", 1),
                request.clone().with_json(json!([1])),
            ];
            requests.push(request.with_bytes(&content_type, "a"));
            let longest = format!("https://h.example:1/{}/v1", "a".repeat(1_977));
            for environment in [crate::Environment::Production, longest.parse().unwrap()] {
                let partner = Partner::new("001", "key", environment).unwrap();
                let url = format!("{}{path}", partner.environment().root_url());
                for signing in [Signing::Body, Signing::Headers, Signing::Unsigned, Signing::Token] {
                    for request in &requests {
                        let sent = request.clone().with_signing(signing).request(&partner, noon());
                        prop_assert_eq!(sent.uri().to_string(), url.as_str());
                        let host = sent.uri().host().unwrap();
                        prop_assert!(["api.smileidentity.com", "h.example"].contains(&host));
                    }
                }
            }
        }
    }
}
