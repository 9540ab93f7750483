//! Webhooks of the v3 API, as far as they are documented.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::HeaderIds;
use crate::result::{Antifraud, Doubt, NextStep, Personal, Record, ResultEntry, Verdict};
use crate::tolerant;

/// How a v3 verification ended, in the word of `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WebhookStatus {
    /// `clear`: nothing speaks against the person.
    Clear,
    /// `attention`: somebody should look at it.
    Attention,
    /// `block`: don't let the person in.
    Block,
    /// `error`: it could not be done, which says nothing about the person.
    Error,
    /// Another word. Never an approval.
    Unknown,
}

impl WebhookStatus {
    const WORDS: [(&'static str, Self); 4] = [
        ("clear", Self::Clear),
        ("attention", Self::Attention),
        ("block", Self::Block),
        ("error", Self::Error),
    ];

    fn from_word(word: &str) -> Self {
        Self::WORDS.iter().find(|(known, _)| word == *known).map_or(Self::Unknown, |(_, status)| *status)
    }
}

/// The reasons that are documented. More may come; none is gone by but to say what to do next.
const REASONS: &[&str] = &[
    "account_locked",
    "account_locked_fraud",
    "address_out_of_range",
    "age_requirement_not_met",
    "aml_match_found",
    "content_policy_violated",
    "document_check_failed",
    "document_copy_detected",
    "document_expired",
    "document_unclassifiable",
    "face_verification_failed",
    "high_risk",
    "identifier_not_found",
    "image_unavailable_or_invalid",
    "information_outdated",
    "internal_error",
    "invalid_id_number",
    "medium_risk",
    "name_mismatch",
    "news_media_match",
    "no_address_on_record",
    "service_unavailable",
    "spoof_detected",
    "unsupported_document",
];

const PRODUCTS: &[&str] = &[
    "address_verification",
    "aml_monitoring",
    "aml_monitoring_update",
    "basic_kyc",
    "biometric_kyc",
    "document_verification",
    "enhanced_document_verification",
    "enhanced_kyc",
    "one_time_aml",
    "residency_document_verification",
    "smartselfie_authentication",
    "smartselfie_compare",
    "smartselfie_registration",
];

fn is_one_of(words: &[&str], value: &Value) -> bool {
    value.as_str().is_some_and(|word| words.contains(&word))
}

pub(crate) fn is_status_word(value: &Value) -> bool {
    value.as_str().is_some_and(|word| WebhookStatus::from_word(word) != WebhookStatus::Unknown)
}

pub(crate) fn is_reason_word(value: &Value) -> bool {
    is_one_of(REASONS, value)
}

pub(crate) fn is_product_word(value: &Value) -> bool {
    is_one_of(PRODUCTS, value)
}

/// A callback as a webhook of the v3 API (Smile ID: "Webhooks").
///
/// The API is newer than most of this SDK, and its webhooks are documented for a few products only. So every field is
/// optional; what has no method here is in the [`record`](Self::record). The result is looked up with the v3 status endpoint,
/// which this SDK doesn't speak, so a webhook can't be [confirmed](crate::flow::Confirm) by it.
#[derive(Clone, Copy, Debug)]
pub struct Webhook<'a> {
    record: Record<'a>,
    entry: &'a ResultEntry,
    ids: Ids<'a>,
}

#[derive(Clone, Copy)]
struct Ids<'a>(&'a HeaderIds);

impl std::fmt::Debug for Ids<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl<'a> Webhook<'a> {
    /// A v1 result has a code; a webhook has a status, and no code.
    pub(super) fn of(entry: &'a ResultEntry, ids: &'a HeaderIds) -> Option<Self> {
        let fields = entry.fields();
        let has = |key: &str| tolerant::field(fields, key).is_some_and(|value| !value.is_null());
        let is_v1 = ["ResultCode", "Actions", "SmileJobID"].into_iter().any(has);
        (!is_v1 && tolerant::field(fields, "status").is_some_and(Value::is_string)).then(|| Self {
            record: Record::of_fields(fields),
            entry,
            ids: Ids(ids),
        })
    }

    fn plain(&self, key: &str) -> Option<Cow<'a, str>> {
        self.record.plain(key)
    }

    /// `status`: how it ended.
    pub fn status(&self) -> Option<WebhookStatus> {
        self.plain("status").map(|word| WebhookStatus::from_word(&word))
    }

    /// `reason`: why, in a word of an open list. Absent if all is clear.
    pub fn reason(&self) -> Option<String> {
        self.plain("reason").map(Cow::into_owned)
    }

    /// `product`: what was asked for, in a word of an open list.
    pub fn product(&self) -> Option<String> {
        self.plain("product").map(Cow::into_owned)
    }

    /// `message`: the service's words. They change; never branch on them.
    pub fn message(&self) -> Option<Personal<Cow<'a, str>>> {
        self.record.text("message")
    }

    /// The service's id of the job: from the header `Job-ID`; failing that, from the body or the partner's parameters.
    pub fn job_id(&self) -> Option<String> {
        self.id("job_id", self.ids.0.job_id.as_deref())
    }

    /// The partner's id of the user: from the header `User-ID`; failing that, from the body or the partner's parameters.
    pub fn user_id(&self) -> Option<String> {
        self.id("user_id", self.ids.0.user_id.as_deref())
    }

    fn id(&self, key: &str, header: Option<&str>) -> Option<String> {
        let in_body = || self.plain(key).map(Cow::into_owned);
        let in_params = || tolerant::text(self.partner_params()?, key);
        header.map(str::to_owned).or_else(in_body).or_else(in_params)
    }

    /// Whether header and body, or two spellings in the body, name different jobs or users.
    pub(super) fn names_others(&self) -> bool {
        let others = |key: &str, header: Option<&str>| {
            let body = self.plain(key);
            tolerant::disagrees(self.entry.fields(), key)
                || matches!((header, body), (Some(header), Some(body)) if header != body)
        };
        others("job_id", self.ids.0.job_id.as_deref()) || others("user_id", self.ids.0.user_id.as_deref())
    }

    /// The header `Api-Version`.
    pub fn api_version(&self) -> Option<&'a str> {
        self.ids.0.api_version.as_deref()
    }

    /// `partner_params`, as they came back.
    pub fn partner_params(&self) -> Option<&'a Map<String, Value>> {
        tolerant::field(self.entry.fields(), "partner_params").and_then(Value::as_object)
    }

    /// `id_fields`: what the document, or the authority, says about the person.
    pub fn id_fields(&self) -> Option<Record<'a>> {
        self.record.child("id_fields")
    }

    /// `antifraud`: what Smile Secure found about the user.
    pub fn antifraud(&self) -> Option<Antifraud<'a>> {
        self.entry.antifraud()
    }

    /// All fields.
    pub fn record(&self) -> Record<'a> {
        self.record
    }

    /// What it amounts to. Only `clear` approves, and only if there is no reason with it, no fraud was found, the risk isn't
    /// high, and header and body speak of the same job. A webhook about watch lists decides nothing about the person.
    pub fn verdict(&self) -> Verdict {
        let status = self.status().unwrap_or(WebhookStatus::Unknown);
        if self.entry.fields().is_damaged_as_webhook() {
            return Verdict::of_webhook(status, self.next_step(status), Some(Doubt::Unreadable));
        }
        let twice = ["status", "reason"].into_iter().any(|key| tolerant::disagrees(self.entry.fields(), key));
        let clear_but = status == WebhookStatus::Clear
            && (tolerant::field(self.entry.fields(), "reason").is_some_and(|reason| !reason.is_null())
                || self.entry.has_antifraud_doubt());
        // Whether a name is on a list is no decision about a person.
        let is_about_lists = self.product().is_some_and(|product| product.contains("aml"));
        let doubt = if clear_but || twice || self.names_others() {
            Some(Doubt::Contradiction)
        } else {
            is_about_lists.then_some(Doubt::NoVerdict)
        };
        Verdict::of_webhook(status, self.next_step(status), doubt)
    }

    fn next_step(&self, status: WebhookStatus) -> NextStep {
        let reason = self.plain("reason");
        match (status, reason.as_deref()) {
            (WebhookStatus::Clear, _) => NextStep::Accept,
            (WebhookStatus::Block, Some("identifier_not_found")) => NextStep::FixTheNumber,
            (WebhookStatus::Block, Some("unsupported_document")) => NextStep::AskForAnotherDocument,
            (WebhookStatus::Block, _) => NextStep::Decline,
            (WebhookStatus::Error, Some("invalid_id_number")) => NextStep::FixTheNumber,
            (WebhookStatus::Error, Some("document_unclassifiable")) => NextStep::AskForAnotherDocument,
            (WebhookStatus::Error, Some("image_unavailable_or_invalid")) => NextStep::AskForNewImages,
            (WebhookStatus::Error, Some("internal_error" | "service_unavailable") | None) => {
                NextStep::RetryLater
            }
            (WebhookStatus::Attention | WebhookStatus::Error | WebhookStatus::Unknown, _) => {
                NextStep::LookByHand
            }
        }
    }
}
