//! `POST /token`: a token for the hosted web integration (Smile ID: "Web token").
//!
//! It only makes a token, which is billed when somebody uses it, so it is free to repeat.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::catalogue::web_product;
use crate::operation::Step;
use crate::operation::{Operation, OperationError, RepeatSafety, post_signed, successful_object};
use crate::partner::environment::CallbackUrl;
use crate::wire::tolerant;
use crate::{Partner, PartnerParams, ProblemKind, Timestamp, ValidationReport};

/// Request for a token with which a browser may run one job.
///
/// ```
/// # use smile_core::{JobId, PartnerParams, UserId};
/// use smile_core::v1::WebTokenRequest;
///
/// let ids = PartnerParams::new(UserId::new("customer-17"), JobId::new("web-17"));
/// let request = WebTokenRequest::new(ids, "biometric_kyc");
/// ```
#[derive(Clone)]
pub struct WebTokenRequest {
    partner_params: PartnerParams,
    product: String,
    callback_url: Option<CallbackUrl>,
}

#[derive(Serialize)]
struct Body<'a> {
    user_id: &'a str,
    job_id: &'a str,
    product: &'a str,
    callback_url: &'a str,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

impl WebTokenRequest {
    /// Request for this product: `authentication`, `smartselfie`, `biometric_kyc`,
    /// `ekyc_smartselfie`, `enhanced_kyc`, `basic_kyc`, `identity_verification`,
    /// `doc_verification`, `enhanced_document_verification`, `e_signature`.
    ///
    /// Extra keys of the partner params go along at the top level, as `document_ids` must for
    /// `e_signature`.
    pub fn new(partner_params: PartnerParams, product: impl Into<String>) -> Self {
        Self { partner_params, product: product.into(), callback_url: None }
    }

    /// Sets the address of the callback, in place of the partner's default.
    ///
    /// An absolute http or https URL; any other is reported with all other problems, before
    /// anything is sent.
    #[must_use]
    pub fn with_callback_url(mut self, url: impl Into<String>) -> Self {
        self.callback_url = Some(CallbackUrl::unchecked(url));
        self
    }

    fn callback<'a>(&'a self, partner: &'a Partner) -> Option<&'a CallbackUrl> {
        self.callback_url.as_ref().or(partner.callback_url())
    }
}

impl Operation for WebTokenRequest {
    type Output = WebToken;
    const STEP: Step = Step::WebToken;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut problems = ValidationReport::default();
        problems.partner_params(&self.partner_params);
        problems.required("product", Some(&self.product));
        problems.reserved("partner_params.", &self.partner_params.extra, &["product", "callback_url"]);
        if !self.product.trim().is_empty() && web_product(&self.product).is_none() {
            problems.warn("product", ProblemKind::Malformed, "is none that is known");
        }
        problems.callback(self.callback(partner), partner, true);
        problems
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let body = Body {
            user_id: self.partner_params.user_id.as_str(),
            job_id: self.partner_params.job_id.as_str(),
            product: &self.product,
            callback_url: self.callback(partner).map_or("", CallbackUrl::as_str),
            extra: &self.partner_params.extra,
        };
        post_signed(partner, now, "/token", &body)
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<WebToken, OperationError> {
        let object = successful_object(response)?;
        let token = tolerant::str(&object, "token").filter(|token| !token.is_empty());
        let token = token.ok_or(OperationError::unexpected(response, "has no `token`"))?;
        Ok(WebToken(token.to_owned()))
    }
}

impl fmt::Debug for WebTokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebTokenRequest")
            .field("partner_params", &self.partner_params)
            .finish_non_exhaustive()
    }
}

/// A token with which a browser may run one job. It is a credential, so `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebToken(String);

impl WebToken {
    /// The token, for the browser.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Claims of the token, as far as it is a JWT that can be read. Its signature is the service's
    /// business and is not checked here.
    pub fn claims(&self) -> Option<Map<String, Value>> {
        let payload = self.0.split('.').nth(1)?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?).ok()
    }

    /// Time of expiry, if the token has one.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let seconds = self.claims()?.get("exp")?.as_u64()?;
        Some(Timestamp::from_unix_millis(seconds.saturating_mul(1_000)))
    }
}

impl fmt::Debug for WebToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebToken(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, golden, noon, partner};
    use crate::{JobId, UserId};

    fn request() -> WebTokenRequest {
        let params = PartnerParams::new(UserId::new("user-1"), JobId::new("job-1"))
            .with_param("document_ids", vec!["d"]);
        WebTokenRequest::new(params, "biometric_kyc")
    }

    #[test]
    fn golden_request() {
        let (uri, body) = golden(&request());
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v1/token");
        assert!(
            body.ends_with(concat!(
                r#","user_id":"user-1","job_id":"job-1","product":"biometric_kyc","#,
                r#""callback_url":"https://bank.example/callback","document_ids":["d"]}"#
            )),
            "{body}"
        );
    }

    #[test]
    fn a_token_is_read_and_not_shown() {
        // {"alg":"HS256"} . {"exp":1705314600,"partner_params":{"job_type":1}}
        let jwt =
            "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MDUzMTQ2MDAsInBhcnRuZXJfcGFyYW1zIjp7ImpvYl90eXBlIjoxfX0.c2ln";
        let token = request().parse(&partner(), noon(), &answer(200, &json!({ "token": jwt }))).unwrap();
        assert_eq!(token.expose(), jwt);
        assert_eq!(token.expires_at().unwrap().to_string(), "2024-01-15T10:30:00.000Z");
        assert_eq!(token.claims().unwrap()["partner_params"]["job_type"], 1);
        assert_eq!(format!("{token:?}"), "WebToken(redacted)");
        for opaque in ["x", "a.b.c", "..", "a.!.c"] {
            assert_eq!(WebToken(opaque.to_owned()).expires_at(), None);
        }
        assert!(request().parse(&partner(), noon(), &answer(200, &json!({ "success": true }))).is_err());
        assert!(
            request()
                .parse(&partner(), noon(), &answer(200, &json!({ "success": false, "token": jwt })))
                .is_err()
        );
    }

    #[test]
    fn a_callback_address_is_needed() {
        let partner = Partner::new("001", "key", crate::Environment::Sandbox).unwrap();
        let fields: Vec<_> =
            request().check(&partner).problems.into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["callback_url"]);
    }
}
