//! Any path with any body: for endpoints that have no type here.

use std::fmt;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Map, Value};

use super::{Operation, OperationError, Repeat, json, send_bare, send_json, send_signed, sign_headers};
use crate::flow::Step;
use crate::{Partner, Problem, ProblemKind, Timestamp, validate};

/// A request of the caller's own making, signed as the endpoint wants it; the answer is JSON as it came.
///
/// It counts as one that may bill, and is not sent again after an answer was lost, unless [`RawRequest::only_reads`] says
/// otherwise.
///
/// ```
/// use smile_core::operation::RawRequest;
///
/// let request = RawRequest::post("/v1/backfill_users").field("user_id", "customer-17");
/// ```
#[derive(Clone)]
pub struct RawRequest {
    method: Method,
    path: String,
    fields: Map<String, Value>,
    signing: Signing,
    only_reads: bool,
}

/// Where a request carries who sends it and the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signing {
    /// In the body, as most v1 endpoints have it.
    Body,
    /// In `smileid-*` headers, as address verification and the v2 endpoints have it.
    Headers,
    /// Nowhere.
    Nowhere,
}

impl RawRequest {
    /// A POST to this path, version included (`/v1/…`), signed in the body.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path, Signing::Body)
    }

    /// A PUT to this path, version included (`/v1/…`), signed in the body.
    pub fn put(path: impl Into<String>) -> Self {
        Self::new(Method::PUT, path, Signing::Body)
    }

    /// A GET of this path, version included (`/v1/…`), signed in the headers. It only reads.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path, Signing::Headers).only_reads()
    }

    fn new(method: Method, path: impl Into<String>, signing: Signing) -> Self {
        Self { method, path: path.into(), fields: Map::new(), signing, only_reads: false }
    }

    /// A field of the body.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// Where the signature goes.
    #[must_use]
    pub fn signed_in(mut self, signing: Signing) -> Self {
        self.signing = signing;
        self
    }

    /// Says that it can be repeated freely.
    #[must_use]
    pub fn only_reads(mut self) -> Self {
        self.only_reads = true;
        self
    }
}

impl Operation for RawRequest {
    type Output = Value;
    const STEP: Step = Step::Raw;

    fn repeat(&self) -> Repeat {
        if self.only_reads { Repeat::Free } else { Repeat::MayBillTwice }
    }

    fn problems(&self, _: &Partner) -> Vec<Problem> {
        let mut problems = validate::Problems::default();
        // It is put behind the host as it is, so nothing in it may reach out of its place.
        let is_plain = |byte: u8| {
            byte.is_ascii_graphic()
                && !matches!(byte, b'#' | b'\\' | b'"' | b'<' | b'>' | b'`' | b'{' | b'}' | b'|' | b'^')
        };
        if !self.path.starts_with('/') || self.path.len() > 4_000 || !self.path.bytes().all(is_plain) {
            problems.add("path", ProblemKind::Malformed, "must begin with `/` and be encoded");
        }
        if self.method == Method::GET && !self.fields.is_empty() {
            problems.add(
                "fields",
                ProblemKind::Conflict,
                "must be in the path's query, as a GET has no body",
            );
        }
        if self.method == Method::GET && self.signing == Signing::Body {
            problems.add("signing", ProblemKind::Conflict, "must be in the headers, as a GET has no body");
        }
        for key in ["partner_id", "signature", "timestamp", "source_sdk", "source_sdk_version"] {
            if self.signing == Signing::Body && self.fields.contains_key(key) {
                problems.add(key, ProblemKind::Conflict, "is set by the signature");
            }
        }
        problems.into_vec()
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let url = format!("{}{}", partner.environment().root_url(), self.path);
        match self.signing {
            _ if self.method == Method::GET && self.signing == Signing::Nowhere => {
                send_bare(Method::GET, url)
            }
            _ if self.method == Method::GET => sign_headers(send_bare(Method::GET, url), partner, now),
            Signing::Body => send_signed(self.method.clone(), partner, now, url, &self.fields),
            Signing::Headers => sign_headers(send_json(self.method.clone(), url, &self.fields), partner, now),
            Signing::Nowhere => send_json(self.method.clone(), url, &self.fields),
        }
    }

    fn parse(&self, _: &Partner, response: &Response<Bytes>) -> Result<Value, OperationError> {
        json(response)
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
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, golden, noon, partner};

    #[test]
    fn signed_either_way_or_not_at_all() {
        let (uri, body) = golden(&RawRequest::post("/v1/backfill_users").field("user_id", "u"));
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v1/backfill_users");
        assert!(
            body.starts_with(r#"{"partner_id":"001","signature":"#) && body.ends_with(r#""user_id":"u"}"#)
        );
        let request = RawRequest::post("/v2/x").field("a", 1).signed_in(Signing::Headers);
        assert_eq!(golden(&request).1, r#"{"a":1}"#);
        assert!(request.request(&partner(), noon()).headers().contains_key("smileid-request-signature"));
        let bare = RawRequest::get("/v2/services?locale=en").signed_in(Signing::Nowhere);
        assert!(!bare.request(&partner(), noon()).headers().contains_key("smileid-request-signature"));
        assert_eq!(golden(&bare).0, "GET https://testapi.smileidentity.com/v2/services?locale=en");
        assert_eq!((bare.repeat(), request.repeat()), (Repeat::Free, Repeat::MayBillTwice));
    }

    #[test]
    fn any_json_is_an_answer_and_a_refusal_is_an_error() {
        let request = RawRequest::get("/v1/x");
        assert_eq!(request.parse(&partner(), &answer(200, &json!([1]))), Ok(json!([1])));
        assert!(request.parse(&partner(), &answer(404, &json!({ "message": "no" }))).is_err());
    }

    #[test]
    fn a_path_cannot_lead_elsewhere() {
        for path in [
            "",
            "v1/x",
            "@evil.example/",
            ".evil.example/",
            "/a b",
            "/a#b",
            "/a\r\nhost: b",
            "/é",
            &"/a".repeat(3_000),
        ] {
            assert_eq!(RawRequest::post(path).problems(&partner())[0].field, "path", "{path:?}");
        }
        let twice = RawRequest::post("/v1/x").field("signature", "mine");
        assert_eq!(twice.problems(&partner())[0].field, "signature");
        assert_eq!(
            RawRequest::get("/v1/x").field("a", 1).signed_in(Signing::Body).problems(&partner()).len(),
            2
        );
    }
}
