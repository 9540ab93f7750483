//! `POST /v3/smile_links`: creates a Smile Link (Smile ID: the description of the v3 API,
//! `createSmileLink`).
//!
//! It is never repeated: each one is another link. Its token must not be bound to a product.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::check::country_code;
use super::envelope::object;
use super::multipart::Multipart;
use super::request::post;
use crate::operation::{Operation, OperationError, RepeatSafety, Step, TokenUse};
use crate::result::Personal;
use crate::wire::characters::Rule;
use crate::wire::tolerant;
use crate::{Partner, ProblemKind, Timestamp, UserId, ValidationReport};

/// Creates a Smile Link: a page of Smile ID's on which people are verified.
#[derive(Clone)]
pub struct CreateSmileLinkRequest {
    name: String,
    notice_privacy_policy_url: String,
    id_types: Vec<LinkIdType>,
    single_use_for: Option<Option<UserId>>,
    description: Option<String>,
    callback_url: Option<String>,
    redirect_url: Option<String>,
    logo_url: Option<String>,
    theme_color: Option<String>,
    expires_at: Option<Timestamp>,
    partner_params: Map<String, Value>,
}

/// A kind of ID that a link takes, and how it is verified.
#[derive(Clone, Debug, Serialize)]
pub struct LinkIdType {
    country: String,
    id_type: String,
    verification_method: String,
}

impl LinkIdType {
    /// A kind of ID from this country (two letters in any case, or its English name), verified by
    /// this method: `enhanced_kyc`, `biometric_kyc`, or another of the service's words.
    pub fn new(
        country: impl AsRef<str>,
        id_type: impl Into<String>,
        verification_method: impl Into<String>,
    ) -> Self {
        Self {
            country: country_code(country.as_ref()),
            id_type: id_type.into(),
            verification_method: verification_method.into(),
        }
    }
}

impl CreateSmileLinkRequest {
    /// A link of this name, with this privacy policy, for these kinds of ID. Anybody may use it,
    /// any number of times.
    pub fn new(
        name: impl Into<String>,
        notice_privacy_policy_url: impl Into<String>,
        id_types: impl IntoIterator<Item = LinkIdType>,
    ) -> Self {
        Self {
            name: name.into(),
            notice_privacy_policy_url: notice_privacy_policy_url.into(),
            id_types: id_types.into_iter().collect(),
            single_use_for: None,
            description: None,
            callback_url: None,
            redirect_url: None,
            logo_url: None,
            theme_color: None,
            expires_at: None,
            partner_params: Map::new(),
        }
    }

    /// Limits the link to a single use: by this user, whose id no other link has, or by a user for
    /// whom the service makes an id.
    #[must_use]
    pub fn with_single_use(mut self, user_id: Option<UserId>) -> Self {
        self.single_use_for = Some(user_id);
        self
    }

    /// Sets the link's description for people.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the address of the webhooks, in place of the partner's default.
    #[must_use]
    pub fn with_callback_url(mut self, url: impl Into<String>) -> Self {
        self.callback_url = Some(url.into());
        self
    }

    /// Sets the address that the person goes to afterwards.
    #[must_use]
    pub fn with_redirect_url(mut self, url: impl Into<String>) -> Self {
        self.redirect_url = Some(url.into());
        self
    }

    /// Sets the address of the logo on the page.
    #[must_use]
    pub fn with_logo_url(mut self, url: impl Into<String>) -> Self {
        self.logo_url = Some(url.into());
        self
    }

    /// The colour of the page.
    #[must_use]
    pub fn with_theme_color(mut self, color: impl Into<String>) -> Self {
        self.theme_color = Some(color.into());
        self
    }

    /// Sets the time at which the link expires; by default, a link for a single use does 90 days
    /// after it was made.
    #[must_use]
    pub fn with_expires_at(mut self, at: Timestamp) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// A key of the partner's own, which comes back with the webhooks.
    #[must_use]
    pub fn with_partner_param(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.partner_params.insert(key.into(), value.into().into());
        self
    }
}

impl fmt::Debug for CreateSmileLinkRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateSmileLinkRequest").field("id_types", &self.id_types).finish_non_exhaustive()
    }
}

impl Operation for CreateSmileLinkRequest {
    type Output = CreatedSmileLink;
    const STEP: Step = Step::SmileLinks;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Once
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        found.required("name", Some(&self.name));
        found.required("notice_privacy_policy_url", Some(&self.notice_privacy_policy_url));
        for (field, url) in [
            ("notice_privacy_policy_url", Some(&self.notice_privacy_policy_url)),
            ("redirect_url", self.redirect_url.as_ref()),
            ("logo_url", self.logo_url.as_ref()),
        ] {
            found.web_page(field, url.map(String::as_str));
        }
        for (field, text) in [
            ("description", &self.description),
            ("redirect_url", &self.redirect_url),
            ("logo_url", &self.logo_url),
            ("theme_color", &self.theme_color),
        ] {
            if let Some(text) = text {
                found.required(field, Some(text));
            }
        }
        if self.id_types.is_empty() {
            found.add("id_types", ProblemKind::Missing, "must name at least one kind of ID");
        }
        for (index, id_type) in self.id_types.iter().enumerate() {
            let field = |name: &str| format!("id_types[{index}].{name}");
            found.required(&field("country"), Some(&id_type.country));
            found.country(&field("country"), Some(&id_type.country));
            for (name, code) in
                [("id_type", &id_type.id_type), ("verification_method", &id_type.verification_method)]
            {
                found.required(&field(name), Some(code));
                found.characters(&field(name), Some(code), Rule::Code);
            }
        }
        if let Some(Some(user_id)) = &self.single_use_for {
            found.optional_text("user_id", Some(user_id.as_str()));
        }
        found.webhook_url(self.callback_url.as_deref(), partner);
        found.text_params(&self.partner_params);
        found
    }

    fn check_at(&self, now: Timestamp) -> ValidationReport {
        let mut found = ValidationReport::default();
        if self.expires_at.is_some_and(|at| at <= now) {
            found.add("expires_at", ProblemKind::Malformed, "must be in the future");
        }
        found
    }

    fn token_use(&self) -> TokenUse {
        TokenUse::Shared
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let mut parts = Multipart::new();
        parts.json("id_types", &self.id_types);
        parts.text("name", &self.name);
        parts.text("notice_privacy_policy_url", &self.notice_privacy_policy_url);
        parts.flag("is_single_use", self.single_use_for.is_some());
        let default = partner.callback_url().map(crate::CallbackUrl::as_str);
        parts.optional("callback_url", self.callback_url.as_deref().or(default));
        parts.optional("description", self.description.as_deref());
        parts.optional("expires_at", self.expires_at.map(|at| at.to_string()).as_deref());
        parts.optional("logo_url", self.logo_url.as_deref());
        parts.optional("redirect_url", self.redirect_url.as_deref());
        parts.optional("theme_color", self.theme_color.as_deref());
        if !self.partner_params.is_empty() {
            parts.json("partner_params", &self.partner_params);
        }
        let user_id = self.single_use_for.as_ref().and_then(Option::as_ref);
        parts.optional("user_id", user_id.map(UserId::as_str));
        post(partner, now, "/smile_links", parts)
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<CreatedSmileLink, OperationError> {
        let fields = object(response)?.into_map();
        let (ref_id, link) = (tolerant::text(&fields, "ref_id"), tolerant::text(&fields, "link"));
        match (ref_id, link) {
            (Some(ref_id), Some(link)) => Ok(CreatedSmileLink { ref_id, link, fields }),
            _ => Err(OperationError::unexpected(response, "has no link, or no id of it")),
        }
    }
}

/// A link that was created. Whoever has it can use it, so `Debug` doesn't show it.
#[derive(Clone, PartialEq)]
pub struct CreatedSmileLink {
    ref_id: String,
    link: String,
    fields: Map<String, Value>,
}

impl CreatedSmileLink {
    /// The service's id of the link, which [`ReadSmileLinkRequest`](super::ReadSmileLinkRequest)
    /// takes.
    pub fn ref_id(&self) -> &str {
        &self.ref_id
    }

    /// The link itself.
    pub fn link(&self) -> Personal<&str> {
        Personal::new(&self.link)
    }

    /// The user whom a link for a single use is for.
    pub fn user_id(&self) -> Option<UserId> {
        tolerant::text(&self.fields, "user_id").map(UserId::new)
    }

    /// All fields, as they came.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.fields
    }
}

impl fmt::Debug for CreatedSmileLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CreatedSmileLink(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, noon, partner};
    use crate::v3::testing::{CALLBACK, golden};

    fn link() -> CreateSmileLinkRequest {
        let id_types = [LinkIdType::new("ng", "BVN", "biometric_kyc")];
        CreateSmileLinkRequest::new("Onboarding", "https://bank.example/privacy", id_types)
    }

    #[test]
    fn golden_requests() {
        let expected = [
            "POST https://testapi.smileidentity.com/v3/smile_links",
            "content-type: multipart/form-data",
            r#"id_types (application/json): [{"country":"NG","id_type":"BVN","verification_method":"biometric_kyc"}]"#,
            "name: Onboarding",
            "notice_privacy_policy_url: https://bank.example/privacy",
            "is_single_use: false",
            CALLBACK,
        ];
        assert_eq!(golden(&link()), expected);
        let full = link()
            .with_single_use(Some(UserId::new("user-1")))
            .with_description("New customers")
            .with_redirect_url("https://bank.example/done")
            .with_logo_url("https://bank.example/logo.png")
            .with_theme_color("#112233")
            .with_expires_at(Timestamp::from_unix_millis(noon().unix_millis() + 1_000))
            .with_partner_param("branch", "Lagos");
        assert_eq!(
            golden(&full)[5..],
            [
                "is_single_use: true",
                CALLBACK,
                "description: New customers",
                "expires_at: 2024-01-15T10:30:01.000Z",
                "logo_url: https://bank.example/logo.png",
                "redirect_url: https://bank.example/done",
                "theme_color: #112233",
                r#"partner_params (application/json): {"branch":"Lagos"}"#,
                "user_id: user-1",
            ]
        );
    }

    #[test]
    fn an_answer() {
        let body = json!({
            "link": "https://links.usesmileid.com/v3/2/5f0c", "message": "Smile Link created", "ref_id": "5f0c", "user_id": null,
        });
        for status in [200, 201] {
            let created = link().parse(&partner(), noon(), &answer(status, &body)).unwrap();
            assert_eq!((created.ref_id(), created.user_id()), ("5f0c", None));
            assert!(!format!("{created:?} {:?}", created.link()).contains("usesmileid"));
        }
        assert!(link().parse(&partner(), noon(), &answer(201, &json!({ "ref_id": "r" }))).is_err());
    }

    #[test]
    fn the_token_is_never_bound_to_a_product() {
        assert_eq!(link().with_single_use(Some(UserId::new("user-1"))).token_use(), TokenUse::Shared);
    }

    #[test]
    fn what_a_link_needs_is_checked() {
        let empty = CreateSmileLinkRequest::new("", "", []).check(&partner()).problems;
        let fields: Vec<_> = empty.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["name", "notice_privacy_policy_url", "id_types"]);
        let past = link().with_expires_at(noon()).check_at(noon()).problems;
        assert_eq!(past[0].to_string(), "`expires_at` must be in the future");
        let bad =
            CreateSmileLinkRequest::new("a", "https://bank.example/", [LinkIdType::new("NGA", "", "x y")]);
        assert_eq!(bad.with_single_use(Some(UserId::new(""))).check(&partner()).problems.len(), 4);
    }
}
