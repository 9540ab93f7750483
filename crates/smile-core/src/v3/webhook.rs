//! Webhooks of the v3 API, as far as they are documented.

use std::borrow::Cow;

use http::HeaderMap;
use serde_json::{Map, Value};

use super::check::JOB_ID_PARAM;
use super::views::{AdditionalDocument, AmlScreening, IdRecord, UserProvidedInfo};
use crate::Timestamp;
use crate::catalogue::webhook_reason;
use crate::catalogue::webhook_status::WebhookStatus;
use crate::catalogue::webhook_words::{LooksAt, looks_at, normalised};
use crate::result::against::speaks_against;
use crate::result::{Antifraud, ImageLinks, NextStep, Personal, Record, ResultEntry, UnknownReason, Verdict};
use crate::wire::header::{RepeatedHeader, only_header};
use crate::wire::tolerant::{self, Object as _};

/// The job's ids in the headers of a v3 webhook.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct HeaderIds {
    pub(crate) job_id: Option<String>,
    pub(crate) user_id: Option<String>,
    api_version: Option<String>,
}

impl HeaderIds {
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, RepeatedHeader> {
        Self::of_answer(headers, "job-id")
    }

    /// The ids of an answer, which names the job in another header.
    pub(crate) fn of_answer(headers: &HeaderMap, job_id: &str) -> Result<Self, RepeatedHeader> {
        let text = |name: &str| {
            let value = only_header(headers, name)?;
            // What isn't UTF-8 must not look like a header that isn't there; as it is, it is
            // nobody's id.
            Ok::<_, RepeatedHeader>(value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()))
        };
        Ok(Self { job_id: text(job_id)?, user_id: text("user-id")?, api_version: text("api-version")? })
    }
}

/// A callback as a webhook of the v3 API (Smile ID: "Webhooks").
///
/// The API is newer than most of this SDK, and its webhooks are documented for a few products only.
/// So every field is optional; what has no method here is in the [`record`](Self::record). An
/// answer with a result in it reads the same.
#[derive(Clone, Copy, Debug)]
pub struct Webhook<'a> {
    record: Record<'a>,
    entry: &'a ResultEntry,
    ids: Ids<'a>,
    /// The requested product, for an answer.
    asked: Option<&'a str>,
}

#[derive(Clone, Copy)]
struct Ids<'a>(&'a HeaderIds);

impl std::fmt::Debug for Ids<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl<'a> Webhook<'a> {
    /// True for a webhook's body: a v1 result has a code; a webhook has a status, and no code.
    pub(crate) fn is_one(entry: &ResultEntry) -> bool {
        let fields = entry.fields();
        let has = |key: &str| tolerant::field(fields, key).is_some_and(|value| !value.is_null());
        let is_v1 = ["ResultCode", "Actions", "SmileJobID"].into_iter().any(has);
        !is_v1 && tolerant::field(fields, "status").is_some_and(Value::is_string)
    }

    pub(crate) fn new(entry: &'a ResultEntry, ids: &'a HeaderIds) -> Self {
        Self { record: Record::of_fields(entry.fields()), entry, ids: Ids(ids), asked: None }
    }

    /// The webhook in an answer, which may leave out the requested product.
    pub(crate) fn of_answer(entry: &'a ResultEntry, ids: &'a HeaderIds, product: &'static str) -> Self {
        Self { asked: Some(product), ..Self::new(entry, ids) }
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

    /// The requested product (`product`), in a word of an open list.
    pub fn product(&self) -> Option<String> {
        self.plain("product").map(Cow::into_owned).or_else(|| self.asked.map(str::to_owned))
    }

    /// `message`: the service's words. They change; never branch on them.
    pub fn message(&self) -> Option<Personal<Cow<'a, str>>> {
        self.record.text("message")
    }

    /// The service's id of the job: from the header `Job-ID`; failing that, from the body or the
    /// partner's parameters.
    pub fn job_id(&self) -> Option<String> {
        self.id("job_id", self.ids.0.job_id.as_deref())
    }

    /// The partner's id of the user: from the header `User-ID`; failing that, from the body or the
    /// partner's parameters.
    pub fn user_id(&self) -> Option<String> {
        self.id("user_id", self.ids.0.user_id.as_deref())
    }

    fn id(&self, key: &str, header: Option<&str>) -> Option<String> {
        let in_body = || self.plain(key).map(Cow::into_owned);
        let in_params = || tolerant::text(self.partner_params()?, key);
        header.map(str::to_owned).or_else(in_body).or_else(in_params)
    }

    /// True if header and body, or two spellings in the body, name different jobs or users.
    pub(crate) fn names_others(&self) -> bool {
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

    /// The partner's own id of the job, if it was [sent along](super::check::JOB_ID_PARAM).
    pub fn partner_job_id(&self) -> Option<String> {
        tolerant::text(self.partner_params()?, JOB_ID_PARAM)
    }

    /// `created_at`: when the job was submitted.
    pub fn created_at(&self) -> Option<Timestamp> {
        Timestamp::parse(&self.plain("created_at")?)
    }

    /// `completed_at`: when it had its result.
    pub fn completed_at(&self) -> Option<Timestamp> {
        Timestamp::parse(&self.plain("completed_at")?)
    }

    /// `kyc_receipt`: a link to the receipt of this check. There is a token in it: it is a
    /// credential.
    pub fn kyc_receipt(&self) -> Option<Personal<Cow<'a, str>>> {
        self.record.text("kyc_receipt")
    }

    /// `image_links`: links to the job's images. They are credentials and expire.
    pub fn image_links(&self) -> Option<ImageLinks> {
        self.entry.image_links()
    }

    /// `id_fields`, field by field: of the document products, and of those that look at a number.
    pub fn id_record(&self) -> Option<IdRecord<'a>> {
        self.id_fields().map(IdRecord)
    }

    /// The people found on watch lists: by one-time AML and by AML monitoring.
    pub fn aml(&self) -> AmlScreening<'a> {
        AmlScreening(self.record)
    }

    /// `additional_documents`: the documents beside the first, such as a visa: of residency
    /// document verification.
    pub fn additional_documents(&self) -> Vec<AdditionalDocument<'a>> {
        self.record.children("additional_documents").map(AdditionalDocument).collect()
    }

    /// `user_provided_info`: what the partner said about the person.
    pub fn user_provided_info(&self) -> Option<UserProvidedInfo<'a>> {
        self.record.child("user_provided_info").map(UserProvidedInfo)
    }

    /// `device_signals`: what is known of the device.
    pub fn device_signals(&self) -> Option<Record<'a>> {
        self.record.child("device_signals")
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

    /// The verdict of the webhook.
    ///
    /// Only `clear` approves, and only if nothing in the body speaks against the person (a reason,
    /// people on lists, fraud, a risk that isn't low), if header and body speak of the same job,
    /// and if the product is one that is known. Of a product that looks at a number or an address
    /// alone, the record is to be compared next. A webhook about watch lists decides nothing about
    /// the person.
    pub fn verdict(&self) -> Verdict {
        self.judge()
    }

    /// The verdict for a job of the product that the partner's own records have, in the word of the
    /// webhooks, such as `biometric_kyc`. This is the safer method: a webhook that names no product
    /// is judged as that product's, and one that names another is unknown.
    pub fn verdict_for(&self, product: &str) -> Verdict {
        Webhook { record: self.record, entry: self.entry, ids: self.ids, asked: Some(product) }.judge()
    }

    fn judge(&self) -> Verdict {
        let fields = self.entry.fields();
        let status = self.status().unwrap_or(WebhookStatus::Unknown);
        if fields.is_damaged_as_webhook() {
            return Verdict::of_webhook(status, self.next_step(status), Some(UnknownReason::Unreadable));
        }
        let stands_twice = |key: &str| fields.alike(key).nth(1).is_some();
        let twice = ["status", "reason", "product"].into_iter().any(stands_twice);
        let looks_at = self.looks_at();
        let is_clear = status == WebhookStatus::Clear;
        let clear_but = is_clear
            && (tolerant::field(fields, "reason").is_some_and(|reason| !reason.is_null())
                || self.entry.has_antifraud_doubt()
                || speaks_against(fields, &[]));
        let reason = if looks_at == Some(LooksAt::WatchLists) {
            // Whether a name is on a list is no decision about a person.
            Some(UnknownReason::NoVerdict)
        } else if clear_but || twice || self.names_others() || self.is_of_other_product() {
            Some(UnknownReason::Contradiction)
        } else {
            (is_clear && looks_at.is_none()).then_some(UnknownReason::UnknownProduct)
        };
        let next = match looks_at {
            Some(LooksAt::Record) if is_clear => NextStep::CompareTheRecord,
            _ => self.next_step(status),
        };
        Verdict::of_webhook(status, next, reason)
    }

    /// The subject of the product, if it is known to the letter. One that may be about watch lists
    /// is taken for one, in whatever spelling or type.
    fn looks_at(&self) -> Option<LooksAt> {
        let products = || self.entry.fields().alike("product").filter(|product| !product.is_null());
        let is_aml = |product: &str| normalised(product).contains("aml");
        if products().any(|product| is_aml(&product.to_string())) || self.asked.is_some_and(is_aml) {
            return Some(LooksAt::WatchLists);
        }
        looks_at(match products().next() {
            Some(product) => product.as_str()?,
            None => self.asked?,
        })
    }

    /// True if the webhook is about another product than the requested one, as far as that is
    /// known. Tokens and webhooks spell some of them differently.
    fn is_of_other_product(&self) -> bool {
        let mut products = self.entry.fields().alike("product").filter(|product| !product.is_null());
        let is_other =
            |asked: &str, product: &Value| product.as_str().map(normalised) != Some(normalised(asked));
        self.asked.is_some_and(|asked| products.any(|product| is_other(asked, product)))
    }

    fn next_step(&self, status: WebhookStatus) -> NextStep {
        let reason = self.plain("reason");
        let row = reason.as_deref().and_then(|reason| webhook_reason(status, reason));
        match (status, row) {
            (_, Some(row)) => row.next_step,
            // The list is open: of a reason that isn't in it, the status alone counts.
            (WebhookStatus::Clear, None) => NextStep::Accept,
            (WebhookStatus::Block, None) => NextStep::Decline,
            (WebhookStatus::Error, None) if reason.is_none() => NextStep::RetryLater,
            (WebhookStatus::Attention | WebhookStatus::Error | WebhookStatus::Unknown, None) => {
                NextStep::ManualReview
            }
        }
    }
}
