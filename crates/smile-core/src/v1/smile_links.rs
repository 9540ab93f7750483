//! `/smile_links`: links that let a person verify themselves on Smile ID's own pages (Smile ID:
//! "Smile Links").
//!
//! Creating a link makes another one each time, so it is not repeated after an answer was lost;
//! updating and reading can be. The sources disagree on the name of the link in the answer (`link`,
//! `link_url`) and say nothing on how a `GET` is signed: both names are read, and the headers carry
//! the signature, or the query where [`ListSmileLinksRequest::with_query_signature`] says so.

use std::fmt;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::operation::Step;
use crate::operation::{
    Operation, OperationError, RepeatSafety, json, post_signed, segment, send_bare, send_signed,
    sign_headers, successful_object,
};
use crate::partner::environment::CallbackUrl;
use crate::wire::characters::Rule;
use crate::wire::tolerant;
use crate::{Partner, PartnerParams, ProblemKind, Timestamp, UserId, ValidationReport};

/// Details of a link: everything that can be set when it is created, and changed later.
#[derive(Clone, Default, Serialize)]
pub struct SmileLinkDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    id_types: Vec<LinkIdType>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "url_text")]
    callback_url: Option<CallbackUrl>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_single_use: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_params: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_privacy_policy_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_disabled: Option<bool>,
}

fn url_text<S: Serializer>(url: &Option<CallbackUrl>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_some(&url.as_ref().map(CallbackUrl::as_str))
}

/// A kind of ID that a link takes, and how it is verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkIdType {
    country: String,
    id_type: String,
    verification_method: String,
}

impl LinkIdType {
    /// `verification_method` is `biometric_kyc`, `doc_verification`,
    /// `enhanced_document_verification` or `enhanced_kyc`; one for each kind of ID.
    pub fn new(
        country: impl Into<String>,
        id_type: impl Into<String>,
        verification_method: impl Into<String>,
    ) -> Self {
        Self {
            country: country.into(),
            id_type: id_type.into(),
            verification_method: verification_method.into(),
        }
    }
}

macro_rules! details {
    ($($setter:ident $field:ident: $doc:literal,)*) => {
        impl SmileLinkDetails {
            $(#[doc = $doc] #[must_use]
            pub fn $setter(mut self, $field: impl Into<String>) -> Self {
                self.$field = Some($field.into());
                self
            })*
        }
    };
}

details! {
    with_name name: "The link's name, for the partner's own eyes.",
    with_company_name company_name: "The company's name, as the person sees it.",
    with_data_privacy_policy_url data_privacy_policy_url: "Where the company's privacy policy is.",
    with_logo_url logo_url: "Where the company's logo is.",
    with_redirect_url redirect_url: "Where the person goes afterwards.",
}

impl SmileLinkDetails {
    /// Details with nothing set yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind of ID that the link takes.
    #[must_use]
    pub fn with_id_type(mut self, id_type: LinkIdType) -> Self {
        self.id_types.push(id_type);
        self
    }

    /// Sets the address of callbacks.
    ///
    /// An absolute http or https URL; any other is reported with all other problems, before
    /// anything is sent.
    #[must_use]
    pub fn with_callback_url(mut self, url: impl Into<String>) -> Self {
        self.callback_url = Some(CallbackUrl::unchecked(url));
        self
    }

    /// Makes the link one for this user, once.
    #[must_use]
    pub fn with_single_use_for(mut self, user_id: UserId) -> Self {
        self.is_single_use = Some(true);
        self.user_id = Some(user_id);
        self
    }

    /// Sets the parameters that come back with the results. Only the extra keys are sent: a link
    /// makes its own job ids.
    #[must_use]
    pub fn with_partner_params(mut self, params: &PartnerParams) -> Self {
        self.partner_params = Some(params.extra.clone());
        self
    }

    /// Sets the expiry of the link; 90 days after its making by default.
    #[must_use]
    pub fn with_expires_at(mut self, at: Timestamp) -> Self {
        self.expires_at = Some(at.to_string());
        self
    }
}

impl fmt::Debug for SmileLinkDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmileLinkDetails").field("id_types", &self.id_types).finish_non_exhaustive()
    }
}

/// Request to create a link.
#[derive(Clone, Debug)]
pub struct CreateSmileLinkRequest(SmileLinkDetails);

impl CreateSmileLinkRequest {
    /// Request with these details; name, company name, kinds of ID, callback and privacy policy are
    /// needed.
    pub fn new(details: SmileLinkDetails) -> Self {
        Self(details)
    }

    /// Details with the partner's default callback, if they name none.
    fn details(&self, partner: &Partner) -> SmileLinkDetails {
        let mut details = self.0.clone();
        let default = || partner.callback_url().cloned();
        details.callback_url = details.callback_url.or_else(default);
        details
    }
}

impl Operation for CreateSmileLinkRequest {
    type Output = SmileLink;
    const STEP: Step = Step::SmileLinks;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::MayCreateTwice
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        let details = self.details(partner);
        let mut problems = ValidationReport::default();
        problems.required("name", details.name.as_deref());
        problems.required("company_name", details.company_name.as_deref());
        problems.required("data_privacy_policy_url", details.data_privacy_policy_url.as_deref());
        problems.callback(details.callback_url.as_ref(), partner, true);
        for (field, url) in [
            ("data_privacy_policy_url", &details.data_privacy_policy_url),
            ("logo_url", &details.logo_url),
            ("redirect_url", &details.redirect_url),
        ] {
            problems.web_page(field, url.as_deref());
        }
        if details.id_types.is_empty() {
            problems.add("id_types", ProblemKind::Missing, "must name at least one kind of ID");
        }
        for (index, id_type) in details.id_types.iter().enumerate() {
            problems.required(&format!("id_types[{index}].country"), Some(&id_type.country));
            problems.country(&format!("id_types[{index}].country"), Some(&id_type.country));
            problems.required(&format!("id_types[{index}].id_type"), Some(&id_type.id_type));
            problems.characters(&format!("id_types[{index}].id_type"), Some(&id_type.id_type), Rule::Code);
            // Documents have codes of their own.
            if !id_type.verification_method.contains("doc") {
                let field = format!("id_types[{index}].id_type");
                problems.known_id_type(&field, &id_type.country, &id_type.id_type, partner);
            }
            let method = &id_type.verification_method;
            problems.required(&format!("id_types[{index}].verification_method"), Some(method));
        }
        problems
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post_signed(partner, now, "/smile_links", &self.details(partner))
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<SmileLink, OperationError> {
        SmileLink::parse(response)
    }
}

/// Request to change a link. To do so twice does nothing more.
#[derive(Clone)]
pub struct UpdateSmileLinkRequest {
    ref_id: String,
    details: SmileLinkDetails,
}

impl UpdateSmileLinkRequest {
    /// Sets what these details say, of the link with this `ref_id`.
    pub fn new(ref_id: impl Into<String>, details: SmileLinkDetails) -> Self {
        Self { ref_id: ref_id.into(), details }
    }

    /// Disables the link with this `ref_id`.
    pub fn disable(ref_id: impl Into<String>) -> Self {
        Self::new(ref_id, SmileLinkDetails { is_disabled: Some(true), ..SmileLinkDetails::default() })
    }

    /// Enables the link with this `ref_id` again.
    pub fn enable(ref_id: impl Into<String>) -> Self {
        Self::new(ref_id, SmileLinkDetails { is_disabled: Some(false), ..SmileLinkDetails::default() })
    }
}

impl fmt::Debug for UpdateSmileLinkRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateSmileLinkRequest").field("details", &self.details).finish_non_exhaustive()
    }
}

impl Operation for UpdateSmileLinkRequest {
    type Output = SmileLink;
    const STEP: Step = Step::SmileLinks;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn check(&self, _: &Partner) -> ValidationReport {
        let mut problems = ValidationReport::default();
        problems.required("ref_id", Some(&self.ref_id));
        problems
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let url = format!("{}/smile_links/{}", partner.environment().base_url(), segment(&self.ref_id));
        send_signed(Method::PUT, partner, now, url, &self.details)
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<SmileLink, OperationError> {
        SmileLink::parse(response)
    }
}

/// Request for the partner's links.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListSmileLinksRequest {
    in_query: bool,
}

impl ListSmileLinksRequest {
    /// Request for all of them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Carries the signature in the query, not in the headers.
    #[must_use]
    pub fn with_query_signature(mut self) -> Self {
        self.in_query = true;
        self
    }
}

impl Operation for ListSmileLinksRequest {
    type Output = Vec<SmileLink>;
    const STEP: Step = Step::SmileLinks;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        get(partner, now, format!("{}/smile_links", partner.environment().base_url()), self.in_query)
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Vec<SmileLink>, OperationError> {
        let value = json(response)?;
        let list = match &value {
            Value::Array(list) => Some(list),
            Value::Object(object) => ["smile_links", "links", "data"]
                .iter()
                .find_map(|key| tolerant::field(object, key)?.as_array()),
            _ => None,
        };
        let list = list.ok_or(OperationError::unexpected(response, "has no list of links"))?;
        Ok(list.iter().filter_map(Value::as_object).cloned().map(SmileLink).collect())
    }
}

/// Request for a link.
#[derive(Clone)]
pub struct ReadSmileLinkRequest {
    ref_id: String,
    in_query: bool,
}

impl ReadSmileLinkRequest {
    /// Request for the link with this `ref_id`.
    pub fn new(ref_id: impl Into<String>) -> Self {
        Self { ref_id: ref_id.into(), in_query: false }
    }

    /// Carries the signature in the query, not in the headers.
    #[must_use]
    pub fn with_query_signature(mut self) -> Self {
        self.in_query = true;
        self
    }
}

impl fmt::Debug for ReadSmileLinkRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadSmileLinkRequest").finish_non_exhaustive()
    }
}

impl Operation for ReadSmileLinkRequest {
    type Output = SmileLink;
    const STEP: Step = Step::SmileLinks;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn check(&self, _: &Partner) -> ValidationReport {
        let mut problems = ValidationReport::default();
        problems.required("ref_id", Some(&self.ref_id));
        problems
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let url = format!("{}/smile_links/{}", partner.environment().base_url(), segment(&self.ref_id));
        get(partner, now, url, self.in_query)
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<SmileLink, OperationError> {
        SmileLink::parse(response)
    }
}

fn get(partner: &Partner, now: Timestamp, url: String, in_query: bool) -> Request<Bytes> {
    if !in_query {
        return sign_headers(send_bare(Method::GET, url), partner, now);
    }
    let signed = partner.signer().sign(now);
    let (id, timestamp) = (segment(partner.id().as_str()), segment(signed.timestamp()));
    let signature = segment(signed.signature());
    send_bare(Method::GET, format!("{url}?partner_id={id}&timestamp={timestamp}&signature={signature}"))
}

/// Link for a person's verification. Whoever has it can use it, so `Debug` doesn't show it.
#[derive(Clone, PartialEq)]
pub struct SmileLink(Map<String, Value>);

impl SmileLink {
    fn parse(response: &Response<Bytes>) -> Result<Self, OperationError> {
        successful_object(response).map(Self)
    }

    /// Id of the link: `ref_id`.
    pub fn ref_id(&self) -> Option<&str> {
        tolerant::str(&self.0, "ref_id")
    }

    /// The link, under either of its names: `link`, `link_url`.
    pub fn link(&self) -> Option<&str> {
        tolerant::str(&self.0, "link").or_else(|| tolerant::str(&self.0, "link_url"))
    }

    /// True if the link can be used once: `is_single_use`.
    pub fn is_single_use(&self) -> Option<bool> {
        tolerant::flag(&self.0, "is_single_use")
    }

    /// Time of expiry: `expires_at`.
    pub fn expires_at(&self) -> Option<Timestamp> {
        Timestamp::parse(tolerant::str(&self.0, "expires_at")?)
    }

    /// Time of disabling: `disabled_at`.
    pub fn disabled_at(&self) -> Option<Timestamp> {
        Timestamp::parse(tolerant::str(&self.0, "disabled_at")?)
    }

    /// All fields, as they came.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl fmt::Debug for SmileLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmileLink(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, golden, noon, partner};

    fn details() -> SmileLinkDetails {
        SmileLinkDetails::new()
            .with_name("Onboarding")
            .with_company_name("A Bank")
            .with_data_privacy_policy_url("https://bank.example/privacy")
            .with_id_type(LinkIdType::new("NG", "BVN", "biometric_kyc"))
    }

    #[test]
    fn golden_requests() {
        let (uri, body) =
            golden(&CreateSmileLinkRequest::new(details().with_single_use_for(UserId::new("user-1"))));
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v1/smile_links");
        assert!(
            body.ends_with(concat!(
                r#","name":"Onboarding","company_name":"A Bank","#,
                r#""id_types":[{"country":"NG","id_type":"BVN","verification_method":"biometric_kyc"}],"#,
                r#""callback_url":"https://bank.example/callback","is_single_use":true,"user_id":"user-1","#,
                r#""data_privacy_policy_url":"https://bank.example/privacy"}"#
            )),
            "{body}"
        );
        let (uri, body) = golden(&UpdateSmileLinkRequest::disable("../a b"));
        assert_eq!(uri, "PUT https://testapi.smileidentity.com/v1/smile_links/%2E%2E%2Fa%20b");
        assert!(body.ends_with(r#","is_disabled":true}"#), "{body}");
        let (uri, body) = golden(&ListSmileLinksRequest::new());
        assert_eq!(
            (uri.as_str(), body.as_str()),
            ("GET https://testapi.smileidentity.com/v1/smile_links", "")
        );
        assert!(
            ListSmileLinksRequest::new()
                .request(&partner(), noon())
                .headers()
                .contains_key("smileid-request-signature")
        );
        assert_eq!(
            golden(&ReadSmileLinkRequest::new("r").with_query_signature()).0,
            "GET https://testapi.smileidentity.com/v1/smile_links/r?partner_id=001\
             &timestamp=2024-01-15T10%3A30%3A00%2E000Z&signature=74G%2FCDcN5r6ubtBBagj%2F64F0MuWwVThqR9Qp52hqYtc%3D"
        );
    }

    #[test]
    fn answers_in_either_spelling() {
        for name in ["link", "link_url"] {
            let body = json!({ "ref_id": "r", name: "https://links.example/r", "expires_at": "2024-01-15T10:30:00.000Z" });
            let link = CreateSmileLinkRequest::new(details())
                .parse(&partner(), noon(), &answer(200, &body))
                .unwrap();
            assert_eq!((link.ref_id(), link.link()), (Some("r"), Some("https://links.example/r")));
            assert_eq!(link.expires_at(), Some(noon()));
            assert!(!format!("{link:?}").contains("links.example"));
        }
        for body in [json!([{ "ref_id": "a" }]), json!({ "data": [{ "ref_id": "a" }] })] {
            let links = ListSmileLinksRequest::new().parse(&partner(), noon(), &answer(200, &body)).unwrap();
            assert_eq!(links[0].ref_id(), Some("a"));
        }
        assert!(ListSmileLinksRequest::new().parse(&partner(), noon(), &answer(200, &json!({}))).is_err());
    }

    #[test]
    fn what_a_link_needs_is_checked() {
        let without_callback = Partner::new("001", "key", crate::Environment::Sandbox).unwrap();
        let fields = |operation: &dyn Fn() -> Vec<crate::Problem>| -> Vec<String> {
            operation().into_iter().map(|problem| problem.field).collect()
        };
        let empty = CreateSmileLinkRequest::new(SmileLinkDetails::new());
        assert_eq!(
            fields(&|| empty.check(&without_callback).problems),
            ["name", "company_name", "data_privacy_policy_url", "callback_url", "id_types"]
        );
        assert_eq!(fields(&|| UpdateSmileLinkRequest::disable("").check(&partner()).problems), ["ref_id"]);
    }
}
