//! `POST /v2/async-verify-address`: address verification (Smile ID: "Address verification").
//!
//! Signed in the headers; the result comes by callback. Each one is billed, and the answer names no
//! job, so after it was lost nothing is sent again and nothing can be asked. The Ruby SDK posts to
//! `/v1` where the documentation says `/v2`: [`AddressVerificationRequest::with_v1_path`] does as
//! it does.

use std::fmt;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::operation::Step;
use crate::operation::{Operation, OperationError, RepeatSafety, send_json, sign_headers};
use crate::partner::environment::CallbackUrl;
use crate::v1::verification::Acceptance;
use crate::{Partner, ProblemKind, Timestamp, ValidationReport};

/// Verification of a person's address: in Nigeria by the number of their utility, in South Africa
/// by their ID.
#[derive(Clone)]
pub struct AddressVerificationRequest {
    country: String,
    address: String,
    full_name: Option<String>,
    utility_number: Option<String>,
    utility_provider: Option<String>,
    id_number: Option<String>,
    extra: Map<String, Value>,
    callback_url: Option<CallbackUrl>,
    over_v1: bool,
}

#[derive(Serialize)]
struct Body<'a> {
    country: &'a str,
    address: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    utility_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    utility_provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_number: Option<&'a str>,
    callback_url: &'a str,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

impl AddressVerificationRequest {
    /// An address in Nigeria, by the customer number of a utility such as `IkejaElectric`.
    pub fn nigeria(
        address: impl Into<String>,
        utility_number: impl Into<String>,
        utility_provider: impl Into<String>,
    ) -> Self {
        Self {
            utility_number: Some(utility_number.into()),
            utility_provider: Some(utility_provider.into()),
            ..Self::of("NG", address.into())
        }
    }

    /// An address in South Africa, by the ID number: 13 digits.
    pub fn south_africa(address: impl Into<String>, id_number: impl Into<String>) -> Self {
        Self { id_number: Some(id_number.into()), ..Self::of("ZA", address.into()) }
    }

    /// Sets the person's name, to be compared as well.
    #[must_use]
    pub fn with_full_name(mut self, name: impl Into<String>) -> Self {
        self.full_name = Some(name.into());
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

    /// Sets a field of the request that has no method here: `partner_params`, say, to know the
    /// callback by.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    /// Posts to `/v1/async-verify-address`, as the Ruby SDK does.
    #[must_use]
    pub fn with_v1_path(mut self) -> Self {
        self.over_v1 = true;
        self
    }

    fn of(country: &str, address: String) -> Self {
        Self {
            country: country.to_owned(),
            address,
            full_name: None,
            utility_number: None,
            utility_provider: None,
            id_number: None,
            extra: Map::new(),
            callback_url: None,
            over_v1: false,
        }
    }

    fn callback<'a>(&'a self, partner: &'a Partner) -> Option<&'a CallbackUrl> {
        self.callback_url.as_ref().or(partner.callback_url())
    }
}

impl Operation for AddressVerificationRequest {
    type Output = Acceptance;
    const STEP: Step = Step::AddressVerification;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::MayBillTwice
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut problems = ValidationReport::default();
        problems.required("address", Some(&self.address));
        let own = [
            "country",
            "address",
            "full_name",
            "utility_number",
            "utility_provider",
            "id_number",
            "callback_url",
        ];
        problems.reserved("", &self.extra, &own);
        match &self.id_number {
            Some(number) if number.len() != 13 || !number.bytes().all(|byte| byte.is_ascii_digit()) => {
                problems.add("id_number", ProblemKind::Malformed, "must be 13 digits");
            }
            Some(_) => {}
            None => {
                problems.required("utility_number", self.utility_number.as_deref());
                problems.required("utility_provider", self.utility_provider.as_deref());
            }
        }
        problems.callback(self.callback(partner), partner, true);
        problems
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let body = Body {
            country: &self.country,
            address: &self.address,
            full_name: self.full_name.as_deref(),
            utility_number: self.utility_number.as_deref(),
            utility_provider: self.utility_provider.as_deref(),
            id_number: self.id_number.as_deref(),
            callback_url: self.callback(partner).map_or("", CallbackUrl::as_str),
            extra: &self.extra,
        };
        let version = if self.over_v1 { "v1" } else { "v2" };
        let url = format!("{}/{version}/async-verify-address", partner.environment().root_url());
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

impl fmt::Debug for AddressVerificationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressVerificationRequest").field("country", &self.country).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, golden, noon, partner};

    #[test]
    fn golden_requests() {
        let check = AddressVerificationRequest::nigeria("1 Drawn Street", "0000000000", "IkejaElectric")
            .with_full_name("Joe Leo");
        let (uri, body) = golden(&check);
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v2/async-verify-address");
        assert_eq!(
            body,
            concat!(
                r#"{"country":"NG","address":"1 Drawn Street","full_name":"Joe Leo","utility_number":"0000000000","#,
                r#""utility_provider":"IkejaElectric","callback_url":"https://bank.example/callback"}"#
            )
        );
        let headers = check.request(&partner(), noon()).headers().clone();
        assert_eq!(headers["smileid-partner-id"], "001");
        assert_eq!(headers["smileid-timestamp"], "2024-01-15T10:30:00.000Z");
        assert_eq!(headers["smileid-request-signature"], "74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc=");
        assert_eq!(
            (headers["smileid-source-sdk"].as_bytes(), headers["content-type"].as_bytes()),
            (&b"rust"[..], &b"application/json"[..])
        );
        let (uri, body) = golden(
            &AddressVerificationRequest::south_africa("1 Drawn Street", "0000000000000").with_v1_path(),
        );
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v1/async-verify-address");
        assert!(body.contains(r#""id_number":"0000000000000""#));
    }

    #[test]
    fn answers() {
        let check = AddressVerificationRequest::south_africa("1 Drawn Street", "0000000000000");
        assert!(check.parse(&partner(), noon(), &answer(200, &json!({ "success": true }))).is_ok());
        let refused = json!({ "success": false, "code": "2413", "error": "Invalid request" });
        assert_eq!(
            check.parse(&partner(), noon(), &answer(400, &refused)).unwrap_err().api().unwrap().code(),
            Some("2413")
        );
        assert!(check.parse(&partner(), noon(), &answer(200, &json!({ "success": "false" }))).is_err());
    }

    #[test]
    fn what_each_country_needs_is_checked() {
        let fields = |check: &AddressVerificationRequest| -> Vec<String> {
            check.check(&partner()).problems.into_iter().map(|problem| problem.field).collect()
        };
        assert_eq!(fields(&AddressVerificationRequest::south_africa("", "123")), ["address", "id_number"]);
        assert_eq!(
            fields(&AddressVerificationRequest::nigeria("a", "", " ")),
            ["utility_number", "utility_provider"]
        );
    }
}
