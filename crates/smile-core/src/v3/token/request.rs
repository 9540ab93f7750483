//! `POST /v3/token`: a token for requests to the v3 API (Smile ID: the description of the v3 API,
//! "token").
//!
//! The only request that carries the API key. It makes a token and bills nothing, so it is free to
//! repeat.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use serde::Serialize;

use crate::operation::{Operation, OperationError, RepeatSafety, Step, send_bare, successful_object};
use crate::partner::environment::WebUrl;
use crate::v3::multipart::Multipart;
use crate::v3::token::{Token, TokenProduct};
use crate::wire::characters::Rule;
use crate::wire::tolerant;
use crate::{Partner, ProblemKind, Timestamp, UserId, ValidationReport};

/// Asks for a token. Without any option it is good for every request; each option takes something
/// away from what its holder may do, or fixes a value that a later request can't change.
///
/// The SDK makes the tokens of its own requests itself. This is for a token that an app or a
/// browser gets: bind the product, the user and whatever else the server knows.
///
/// ```
/// use smile_core::UserId;
/// use smile_core::v3::{TokenProduct, TokenRequest};
///
/// let request = TokenRequest::new()
///     .with_product(TokenProduct::BIOMETRIC_KYC)
///     .with_user_id(UserId::new("customer-17"))
///     .with_id("NG", "BVN")
///     .with_callback_url("https://bank.example/smile-id/callback");
/// ```
#[derive(Clone, Default)]
pub struct TokenRequest {
    product: Option<TokenProduct>,
    user_id: Option<UserId>,
    partner_params: BTreeMap<String, String>,
    payload: Payload,
}

#[derive(Clone, Default, Serialize)]
struct Payload {
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_names: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_url: Option<String>,
}

impl Payload {
    fn is_empty(&self) -> bool {
        self.texts().into_iter().all(|(_, text)| text.is_none())
    }

    fn texts(&self) -> [(&'static str, Option<&str>); 8] {
        [
            ("payload.country", self.country.as_deref()),
            ("payload.id_type", self.id_type.as_deref()),
            ("payload.id_number", self.id_number.as_deref()),
            ("payload.given_names", self.given_names.as_deref()),
            ("payload.last_name", self.last_name.as_deref()),
            ("payload.email", self.email.as_deref()),
            ("payload.phone_number", self.phone_number.as_deref()),
            ("payload.callback_url", self.callback_url.as_deref()),
        ]
    }
}

impl TokenRequest {
    /// A request for a token that is bound to nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Binds the product. Smile Links refuse such a token.
    #[must_use]
    pub fn with_product(mut self, product: TokenProduct) -> Self {
        self.product = Some(product);
        self
    }

    /// Binds the user: a request that names another is refused.
    #[must_use]
    pub fn with_user_id(mut self, user_id: UserId) -> Self {
        self.user_id = Some(user_id);
        self
    }

    /// Adds a parameter of the partner's own, which comes back with the result.
    #[must_use]
    pub fn with_partner_param(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.partner_params.insert(key.into(), value.into());
        self
    }

    /// Fixes the country and the kind of ID. `country` is two letters, in any case, or its English
    /// name. Both stay readable in the token.
    #[must_use]
    pub fn with_id(mut self, country: impl Into<String>, id_type: impl Into<String>) -> Self {
        let country = country.into();
        let is_code = country.len() == 2;
        self.payload.country = Some(if is_code { country.to_ascii_uppercase() } else { country });
        self.payload.id_type = Some(id_type.into());
        self
    }

    /// Fixes the ID number, which needs [`with_id`](Self::with_id) as well.
    #[must_use]
    pub fn with_id_number(mut self, id_number: impl Into<String>) -> Self {
        self.payload.id_number = Some(id_number.into());
        self
    }

    /// Fixes the given names.
    #[must_use]
    pub fn with_given_names(mut self, given_names: impl Into<String>) -> Self {
        self.payload.given_names = Some(given_names.into());
        self
    }

    /// Fixes the last name.
    #[must_use]
    pub fn with_last_name(mut self, last_name: impl Into<String>) -> Self {
        self.payload.last_name = Some(last_name.into());
        self
    }

    /// Fixes the e-mail address.
    #[must_use]
    pub fn with_email(mut self, email: impl Into<String>) -> Self {
        self.payload.email = Some(email.into());
        self
    }

    /// Fixes the phone number: `+`, the country's code and the number, 7 to 15 digits in all
    /// (E.164).
    #[must_use]
    pub fn with_phone_number(mut self, phone_number: impl Into<String>) -> Self {
        self.payload.phone_number = Some(phone_number.into());
        self
    }

    /// Fixes where the webhook goes: an https address, or the `callback_…` reference that an
    /// earlier token has in its place. It goes before whatever the submission itself says.
    #[must_use]
    pub fn with_callback_url(mut self, url: impl Into<String>) -> Self {
        self.payload.callback_url = Some(url.into());
        self
    }

    /// The product that is bound.
    pub fn product(&self) -> Option<&TokenProduct> {
        self.product.as_ref()
    }

    /// The user who is bound.
    pub fn user_id(&self) -> Option<&UserId> {
        self.user_id.as_ref()
    }

    fn parts(&self) -> Multipart {
        let mut parts = Multipart::new();
        parts.optional("user_id", self.user_id.as_ref().map(UserId::as_str));
        if !self.partner_params.is_empty() {
            parts.json("partner_params", &self.partner_params);
        }
        parts.optional("product", self.product.as_ref().map(TokenProduct::as_str));
        if !self.payload.is_empty() {
            parts.json("payload", &self.payload);
        }
        parts
    }
}

impl Operation for TokenRequest {
    type Output = Token;
    const STEP: Step = Step::Token;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut problems = ValidationReport::default();
        if partner.id().unpadded().is_none() {
            let rule = "must be a number, such as `002` or `2245`, for the v3 API";
            problems.add("partner_id", ProblemKind::Malformed, rule);
        }
        if let Some(product) = &self.product {
            problems.required("product", Some(product.as_str()));
            if !product.as_str().trim().is_empty() && !product.is_known() {
                problems.warn(
                    "product",
                    ProblemKind::Malformed,
                    "is none that tokens are known to be bound to",
                );
            }
        }
        if let Some(user_id) = &self.user_id {
            problems.required("user_id", Some(user_id.as_str()));
            problems.characters("user_id", Some(user_id.as_str()), Rule::Id);
        }
        for (field, text) in self.payload.texts() {
            if let Some(text) = text {
                problems.required(field, Some(text));
            }
        }
        let Payload { country, id_type, id_number, email, phone_number, callback_url, .. } = &self.payload;
        if id_number.is_some() && (country.is_none() || id_type.is_none()) {
            let rule = "must come with the country and the kind of ID that it is a number of";
            problems.add("payload.id_number", ProblemKind::Conflict, rule);
        }
        problems.characters("payload.id_type", id_type.as_deref(), Rule::Code);
        problems.characters("payload.id_number", id_number.as_deref(), Rule::Number);
        if email.as_deref().is_some_and(|email| !email.trim().is_empty() && !is_email(email)) {
            problems.add("payload.email", ProblemKind::Malformed, "must be an e-mail address");
        }
        if phone_number.as_deref().is_some_and(|phone| !phone.trim().is_empty() && !is_e164(phone)) {
            let rule = "must be `+`, the country's code and the number, 7 to 15 digits in all, such as `+2348012345678`";
            problems.add("payload.phone_number", ProblemKind::Malformed, rule);
        }
        if let Some(url) = callback_url.as_deref().filter(|url| !url.trim().is_empty())
            && !url
                .strip_prefix("callback_")
                .is_some_and(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            && !(url.starts_with("https://") && WebUrl::typed(url).is_ok())
        {
            let rule = "must be an absolute https URL, or the `callback_…` reference of an earlier token";
            problems.add("payload.callback_url", ProblemKind::Malformed, rule);
        }
        problems
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let url = format!("{}/v3/token", partner.environment().root_url());
        let parts = self.parts();
        let mut request = send_bare(Method::POST, url);
        if !parts.is_empty() {
            let (content_type, body) = parts.finish(now.unix_millis());
            *request.body_mut() = body;
            request.headers_mut().insert(header::CONTENT_TYPE, content_type);
        }
        let partner_id = partner.id().unpadded().unwrap_or(partner.id().as_str());
        let headers = [
            ("smileid-partner-id", HeaderValue::from_bytes(partner_id.as_bytes())),
            (API_KEY_HEADER, partner.api_key().with_current(HeaderValue::from_bytes)),
            ("smileid-source-sdk", HeaderValue::from_bytes(partner.source_sdk().as_bytes())),
            ("smileid-source-sdk-version", HeaderValue::from_bytes(partner.source_sdk_version().as_bytes())),
        ];
        for (name, value) in headers {
            // What a header can't carry the service can't know either, and refuses.
            if let Ok(mut value) = value {
                value.set_sensitive(name == API_KEY_HEADER);
                request.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        request
    }

    fn parse(
        &self,
        partner: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Token, OperationError> {
        let object = successful_object(response)?;
        let token = tolerant::str(&object, "token").filter(|token| !token.is_empty());
        let token = token.ok_or(OperationError::unexpected(response, "has no `token`"))?;
        let token = Token::new(token)
            .ok_or(OperationError::Token("has characters, or a length, that no header can carry"))?;
        if token.is_for(partner.environment()) {
            Ok(token)
        } else {
            Err(OperationError::Token("is for another environment's host"))
        }
    }
}

const API_KEY_HEADER: &str = "smileid-api-key";

/// True for an e-mail address as the service reads one: something on both sides of one `@`.
fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.contains('@') && !text.contains(char::is_whitespace)
    })
}

/// `^\+[1-9]\d{6,14}$`.
fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest").field("product", &self.product).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::operation::testing::{answer, golden, noon, partner};

    fn whole() -> TokenRequest {
        TokenRequest::new()
            .with_product(TokenProduct::BIOMETRIC_KYC)
            .with_user_id(UserId::new("user-1"))
            .with_partner_param("branch", "Lagos")
            .with_id("ng", "BVN")
            .with_id_number("00000000000")
            .with_given_names("Jane")
            .with_last_name("Doe")
            .with_email("jane@bank.example")
            .with_phone_number("+2348012345678")
            .with_callback_url("https://bank.example/callback")
    }

    fn fields(request: &TokenRequest) -> Vec<String> {
        request.check(&partner()).problems.into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn golden_request_of_an_unbound_token() {
        let request = TokenRequest::new();
        let line = "POST https://testapi.smileidentity.com/v3/token".to_owned();
        assert_eq!(golden(&request), (line, String::new()));
        let headers = request.request(&partner(), noon()).headers().clone();
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(text("smileid-partner-id"), Some("1"), "without the zeros of 001");
        assert_eq!(text("smileid-api-key"), Some("test_api_key"));
        assert_eq!(text("smileid-source-sdk"), Some("rust"));
        assert_eq!(text("smileid-source-sdk-version"), Some("0.1.0"));
        assert_eq!(text("content-type"), None);
        assert!(headers["smileid-api-key"].is_sensitive());
        assert!(!format!("{headers:?}").contains("test_api_key"));
    }

    #[test]
    fn golden_request_of_a_token_that_is_bound_to_all_there_is() {
        let (line, body) = golden(&whole());
        assert_eq!(line, "POST https://testapi.smileidentity.com/v3/token");
        let sent = whole().request(&partner(), noon());
        let content_type = sent.headers()["content-type"].to_str().unwrap();
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let expected = concat!(
            "--B\r\nContent-Disposition: form-data; name=\"user_id\"\r\n\r\nuser-1\r\n",
            "--B\r\nContent-Disposition: form-data; name=\"partner_params\"\r\nContent-Type: application/json\r\n\r\n",
            "{\"branch\":\"Lagos\"}\r\n",
            "--B\r\nContent-Disposition: form-data; name=\"product\"\r\n\r\nbiometric_kyc\r\n",
            "--B\r\nContent-Disposition: form-data; name=\"payload\"\r\nContent-Type: application/json\r\n\r\n",
            "{\"country\":\"NG\",\"id_type\":\"BVN\",\"id_number\":\"00000000000\",\"given_names\":\"Jane\",",
            "\"last_name\":\"Doe\",\"email\":\"jane@bank.example\",\"phone_number\":\"+2348012345678\",",
            "\"callback_url\":\"https://bank.example/callback\"}\r\n",
            "--B--\r\n"
        );
        assert_eq!(body, expected.replace("--B", &format!("--{boundary}")));
    }

    #[test]
    fn a_real_answer_is_read() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MDUzMTU1MDB9.c2ln";
        for status in [200, 201] {
            let token = whole().parse(&partner(), noon(), &answer(status, &json!({ "token": jwt }))).unwrap();
            assert_eq!(token.expose(), jwt);
            assert_eq!(token.expires_at().unwrap().to_string(), "2024-01-15T10:45:00.000Z");
        }
    }

    #[test]
    fn an_answer_without_a_token_is_an_error_that_may_pass() {
        for body in
            [json!({}), json!({ "token": null }), json!({ "token": "" }), json!({ "token": 7 }), json!([])]
        {
            let error = whole().parse(&partner(), noon(), &answer(200, &body)).unwrap_err();
            assert!(error.is_transient(), "{body}");
        }
    }

    #[test]
    fn a_token_that_cant_be_used_is_an_error_that_stays() {
        // {"api_url":"https://api.smileidentity.com/v3"}
        let elsewhere = "e30.eyJhcGlfdXJsIjoiaHR0cHM6Ly9hcGkuc21pbGVpZGVudGl0eS5jb20vdjMifQ.c2ln";
        for (token, said) in [
            (
                "a\r\nsmileid-api-key: b",
                "the token has characters, or a length, that no header can carry, so it is not used",
            ),
            (elsewhere, "the token is for another environment's host, so it is not used"),
        ] {
            let error =
                whole().parse(&partner(), noon(), &answer(200, &json!({ "token": token }))).unwrap_err();
            assert_eq!(error.to_string(), said);
            assert!(!error.is_transient() && !format!("{error:?}").contains(token));
        }
    }

    #[test]
    fn the_documented_refusals_are_read() {
        for (status, message, is_transient) in [
            (400, "smileid-partner-id header is required.", false),
            (401, "Invalid authentication credentials.", false),
            (415, "Unsupported Media Type. Required Content-Type is multipart/form-data", false),
            (500, "An unexpected error occurred. Please try again or contact support.", true),
        ] {
            let body = json!({ "status": "words", "message": message });
            let error = whole().parse(&partner(), noon(), &answer(status, &body)).unwrap_err();
            let api = error.api().unwrap();
            assert_eq!((api.status(), api.message()), (status, Some(message)));
            assert_eq!((error.is_transient(), error.is_unauthorized()), (is_transient, status == 401));
        }
    }

    #[test]
    fn what_the_service_would_refuse_is_named_before_anything_is_sent() {
        assert_eq!(fields(&whole()), [""; 0]);
        let wrong = TokenRequest::new()
            .with_product(TokenProduct::new(""))
            .with_user_id(UserId::new(" "))
            .with_id_number("1")
            .with_given_names("")
            .with_email("jane")
            .with_phone_number("08012345678")
            .with_callback_url("http://bank.example/callback");
        let named = [
            "product",
            "user_id",
            "payload.given_names",
            "payload.id_number",
            "payload.email",
            "payload.phone_number",
            "payload.callback_url",
        ];
        assert_eq!(fields(&wrong), named);
        assert_eq!(fields(&TokenRequest::new().with_callback_url("callback_01h8x9y2z3")), [""; 0]);
        let unknown = TokenRequest::new().with_product(TokenProduct::new("new_product")).check(&partner());
        assert_eq!((unknown.problems.len(), unknown.warnings.len()), (0, 1));
    }

    #[test]
    fn a_partner_id_that_v3_doesnt_take_is_named() {
        for (id, is_right) in [("002", true), ("2245", true), ("000", false), ("abc", false)] {
            let partner = Partner::new(id, "key", crate::Environment::Sandbox).unwrap();
            let problems = TokenRequest::new().check(&partner).problems;
            assert_eq!(problems.is_empty(), is_right, "{id}");
        }
    }

    #[test]
    fn nothing_of_a_person_is_shown() {
        assert_eq!(
            format!("{:?}", whole()),
            "TokenRequest { product: Some(TokenProduct(biometric_kyc)), .. }"
        );
        let _: Value = json!(null);
    }
}
