//! `POST /v2/async-verify-phone`: the owner of a phone number (Smile ID: "Phone number
//! verification").
//!
//! Signed in the headers; the result comes by callback. Each one is billed, and the answer names no
//! job, so after it was lost nothing is sent again and nothing can be asked. Little of it is
//! documented where this was written from; [`PhoneVerificationRequest::with_field`] sets what is
//! missing here.

use std::fmt;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::operation::Step;
use crate::operation::{Operation, OperationError, RepeatSafety, send_json, sign_headers};
use crate::partner::environment::CallbackUrl;
use crate::v1::verification::Acceptance;
use crate::wire::characters::Rule;
use crate::{Partner, ProblemKind, Timestamp, ValidationReport};

/// Verification of a phone number's owner.
#[derive(Clone)]
pub struct PhoneVerificationRequest {
    country: String,
    phone_number: String,
    match_fields: Map<String, Value>,
    extra: Map<String, Value>,
    callback_url: Option<CallbackUrl>,
}

#[derive(Serialize)]
struct Body<'a> {
    country: &'a str,
    phone_number: &'a str,
    match_fields: &'a Map<String, Value>,
    callback_url: &'a str,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

impl PhoneVerificationRequest {
    /// Verification of this number. `country` is the ISO 3166-1 code of two capital letters.
    pub fn new(country: impl Into<String>, phone_number: impl Into<String>) -> Self {
        Self {
            country: country.into(),
            phone_number: phone_number.into(),
            match_fields: Map::new(),
            extra: Map::new(),
            callback_url: None,
        }
    }

    /// Sets a fact that the number's owner should match: `first_name`, `last_name`, `other_name`,
    /// `id_number`.
    #[must_use]
    pub fn with_match_field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.match_fields.insert(name.into(), Value::String(value.into()));
        self
    }

    /// Sets a field of the request that has no method here.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
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

impl Operation for PhoneVerificationRequest {
    type Output = Acceptance;
    const STEP: Step = Step::PhoneVerification;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::MayBillTwice
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut problems = ValidationReport::default();
        problems.required("country", Some(&self.country));
        problems.country("country", Some(&self.country));
        problems.required("phone_number", Some(&self.phone_number));
        problems.characters("phone_number", Some(&self.phone_number), Rule::Number);
        if self.match_fields.is_empty() {
            problems.add(
                "match_fields",
                ProblemKind::Missing,
                "must name something that the owner should match",
            );
        }
        problems.reserved("", &self.extra, &["country", "phone_number", "match_fields", "callback_url"]);
        problems.callback(self.callback(partner), partner, true);
        problems
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let body = Body {
            country: &self.country,
            phone_number: &self.phone_number,
            match_fields: &self.match_fields,
            callback_url: self.callback(partner).map_or("", CallbackUrl::as_str),
            extra: &self.extra,
        };
        let url = format!("{}/v2/async-verify-phone", partner.environment().root_url());
        sign_headers(send_json(Method::POST, url, &body), partner, now)
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Acceptance, OperationError> {
        Acceptance::parse(response)
    }
}

impl fmt::Debug for PhoneVerificationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoneVerificationRequest").field("country", &self.country).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::testing::{golden, noon, partner};

    #[test]
    fn golden_request() {
        let check = PhoneVerificationRequest::new("NG", "00000000000")
            .with_match_field("first_name", "Joe")
            .with_field("operator", "x");
        let (uri, body) = golden(&check);
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v2/async-verify-phone");
        assert_eq!(
            body,
            concat!(
                r#"{"country":"NG","phone_number":"00000000000","match_fields":{"first_name":"Joe"},"#,
                r#""callback_url":"https://bank.example/callback","operator":"x"}"#
            )
        );
        assert!(check.request(&partner(), noon()).headers().contains_key("smileid-request-signature"));
    }

    #[test]
    fn what_it_needs_is_checked() {
        let check = PhoneVerificationRequest::new("Nigeria", "").with_field("country", "NG");
        let fields: Vec<_> =
            check.check(&partner()).problems.into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["country", "phone_number", "match_fields", "country"]);
    }
}
