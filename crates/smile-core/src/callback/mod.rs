//! Callbacks: results that the service posts to the partner's server.
//!
//! A [`Verifier`] turns a request into a [`Callback`] or a [`Refusal`]. **The signature covers a
//! moment and the partner id, not the body**, so there are three degrees of trust, and what to do
//! with which is the partner's decision:
//!
//! 1. **Verified**: the signature is right and fresh. Whoever has seen one callback can make
//!    another that is.
//! 2. **First seen**: in addition, a [`ReplayStore`] hasn't had the signature under another body.
//! 3. **Confirmed**: the service itself, asked for the job's status, says the same.
//!    [`Confirm`](crate::callback::confirm::Confirm) makes that, and nothing else can.

pub(crate) mod confirm;
pub(crate) mod confirm_webhook;
mod history;
mod nonce;
mod refusal;
mod replay;
mod verifier;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::v3::webhook::Webhook;
pub use history::{Change, JobHistory, JobHistoryError, JobState, RecordedResult, Trust};
pub use nonce::{Nonce, NonceError};
pub use refusal::Refusal;
pub use replay::{
    AsyncReplayStore, CallbackDigest, InMemoryReplayStore, ReplayCheck, ReplayStore, StoreFull,
};
pub use verifier::Verifier;

use self::replay::Parts;
use crate::result::{ActionValue, ResultEntry, Verdict};
use crate::v3::webhook::HeaderIds;
use crate::wire::tolerant;
use crate::{JobKey, JobType, PartnerAccount, ReceivedTimestamp, Timestamp};

/// A callback whose signature is right and fresh. It is made by a [`Verifier`].
///
/// That is a good hint that a job has a result, and no proof of which: see the notes on trust in
/// [`Verifier`]. Nothing is lost: the fields are in [`Callback::entry`], and the bytes as they came
/// in [`Callback::body`].
#[derive(Clone)]
pub struct Callback {
    entry: ResultEntry,
    /// Headers of a v3 webhook; none for a result of v1. Decided once, when the callback is
    /// verified.
    webhook: Option<HeaderIds>,
    timestamp: ReceivedTimestamp,
    signature: String,
    carrier: Carrier,
    key_index: usize,
    account: Option<Arc<PartnerAccount>>,
    expires: Timestamp,
    body: Bytes,
}

/// Part of the request that carries the signature: body or headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// The body, as v1 has it: `signature` and `timestamp`.
    Body,
    /// The headers, as v3 has it: `Response-Signature` and `Response-Timestamp`.
    Headers,
    /// Both, and the same.
    Both,
}

/// Kind of a callback, as it says itself. The kind is not signed: go by the partner's own records
/// of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallbackKind {
    /// Result of a job of this type: image jobs, Enhanced and Basic KYC, Business Verification.
    Result(JobType),
    /// The ID authority's record, apart from the job's own result: older accounts get two callbacks
    /// for a job with an ID look-up. This one has no verdict on the job.
    IdInformation,
    /// Result without a type of job, as of address and phone verification.
    Match,
    /// Webhook of the v3 API.
    Webhook,
    /// Any other kind.
    Unknown,
}

impl CallbackKind {
    /// The word that goes into digests, which stores keep: it stays the same in every version.
    fn word(self) -> &'static str {
        match self {
            Self::Result(_) => "result",
            Self::IdInformation => "id information",
            Self::Match => "match",
            Self::Webhook => "webhook",
            Self::Unknown => "unknown",
        }
    }
}

impl Callback {
    /// Kind of the callback, as it says itself.
    pub fn kind(&self) -> CallbackKind {
        if self.webhook.is_some() {
            return CallbackKind::Webhook;
        }
        let is_image_job = |job_type| {
            [
                JobType::BIOMETRIC_KYC,
                JobType::SMARTSELFIE_REGISTRATION,
                JobType::DOCUMENT_VERIFICATION,
                JobType::ENHANCED_DOCUMENT_VERIFICATION,
            ]
            .contains(&job_type)
        };
        match self.entry.partner_params().job_type() {
            Some(job_type) if is_image_job(job_type) && self.is_about_the_number() => {
                CallbackKind::IdInformation
            }
            Some(job_type) => CallbackKind::Result(job_type),
            None if self.entry.result_code().is_some() => CallbackKind::Match,
            None => CallbackKind::Unknown,
        }
    }

    /// True for a callback about the ID number alone: the codes of ID look-ups begin with 10; the
    /// type of the result alone is left out by some. A job whose number isn't found ends with such
    /// a code as well, and has steps about its images then.
    fn is_about_the_number(&self) -> bool {
        let is_look_up = self.entry.result_code().is_some_and(|code| code.as_str().starts_with("10"));
        let says_so = || {
            let result_type = self.entry.result_type();
            result_type.is_none_or(|result_type| tolerant::same_name(result_type, "ID Verification"))
        };
        let is_about_images = |name: &str| {
            let name: Vec<u8> = tolerant::letters(name).collect();
            ["selfie", "liveness", "document", "humanreview"]
                .iter()
                .any(|part| name.windows(part.len()).any(|window| window == part.as_bytes()))
        };
        let has_images = || {
            let mut steps = self.entry.actions().iter();
            steps.any(|(name, value)| is_about_images(name) && *value != ActionValue::NotApplicable)
        };
        is_look_up && says_so() && !has_images()
    }

    /// The fields, whatever kind it is.
    pub fn entry(&self) -> &ResultEntry {
        &self.entry
    }

    /// The callback as a webhook of the v3 API, if it is one.
    pub fn webhook(&self) -> Option<Webhook<'_>> {
        self.webhook.as_ref().map(|ids| Webhook::new(&self.entry, ids))
    }

    /// The partner's id of the job, as the body says; of a webhook, the service's id of the job.
    pub fn job_id(&self) -> Option<String> {
        match self.webhook() {
            Some(webhook) => webhook.job_id(),
            None => self.entry.partner_params().job_id(),
        }
    }

    /// The partner's id of the user, as the body says.
    pub fn user_id(&self) -> Option<String> {
        match self.webhook() {
            Some(webhook) => webhook.user_id(),
            None => self.entry.partner_params().user_id(),
        }
    }

    /// True if the callback names this job and this user.
    pub fn is_about(&self, key: &JobKey) -> bool {
        self.names(key.user_id.as_str(), key.job_id.as_str())
    }

    pub(crate) fn names(&self, user_id: &str, job_id: &str) -> bool {
        // A webhook's job has an id of the service's, and the partner may have sent another of its
        // own along.
        let is_of_other = match self.webhook() {
            Some(_) => self.contradicts_itself(),
            None => self.entry.partner_params().is_of_other_job(user_id, job_id),
        };
        !is_of_other && self.job_id().as_deref() == Some(job_id) && self.user_id().as_deref() == Some(user_id)
    }

    /// True for a webhook whose headers and body name different jobs or users.
    fn contradicts_itself(&self) -> bool {
        self.webhook().is_some_and(|webhook| webhook.names_others())
    }

    /// Verdict of the callback for a job of the type that it names itself.
    ///
    /// Where the partner's own records have the type, [`Callback::verdict_for`] is the safer
    /// question; and for an address or phone verification, [`ResultEntry::match_verdict`].
    pub fn verdict(&self) -> Verdict {
        match self.webhook() {
            Some(webhook) => webhook.verdict(),
            None => self.entry.verdict(),
        }
    }

    /// Verdict of the callback for a job of the type that the partner's own records have.
    pub fn verdict_for(&self, job_type: JobType) -> Verdict {
        self.entry.verdict_for(job_type)
    }

    /// Compares the nonce that came back in the partner's parameters with the one that went out
    /// with the job.
    ///
    /// # Errors
    /// [`NonceError`]: there is none, or another.
    pub fn check_nonce(&self, nonce: &Nonce) -> Result<(), NonceError> {
        let params = self.entry.partner_params();
        let webhook = self.webhook();
        let echoed = params.as_json().or_else(|| webhook.as_ref()?.partner_params());
        nonce.check(echoed)
    }

    /// Digest by which a [`ReplayStore`] knows the callback.
    pub fn digest(&self) -> CallbackDigest {
        CallbackDigest::of(&Parts {
            signature: &self.signature,
            header_ids: self.webhook.as_ref(),
            entry: &self.entry,
            kind: self.kind().word(),
            job_id: self.job_id(),
            user_id: self.user_id(),
            contradicts_itself: self.contradicts_itself(),
            unknown_reason: self.verdict().unknown_reason(),
            expires: self.expires,
        })
    }

    /// Timestamp of the signature.
    pub fn timestamp(&self) -> &ReceivedTimestamp {
        &self.timestamp
    }

    /// Part of the request that carried the signature.
    pub fn carrier(&self) -> Carrier {
        self.carrier
    }

    /// Index of the verifier's key that the callback is signed with: 0 is the first. Once the old
    /// key's index never comes up any more, a rotation is over.
    pub fn key_index(&self) -> usize {
        self.key_index
    }

    /// The partner and the environment whose key has signed it; absent if the verifier was made of
    /// a [`Signer`](crate::Signer) alone. A callback of the sandbox decides nothing about a job of
    /// production.
    pub fn account(&self) -> Option<&PartnerAccount> {
        self.account.as_deref()
    }

    /// The body, as it came. It holds personal data.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// JSON that may go into a log: codes, actions, flags and ids of jobs, with the names of the
    /// fields that were left out.
    pub fn audit_json(&self) -> Value {
        self.entry.audit_json()
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("kind", &self.kind())
            .field("entry", &self.entry)
            .field("timestamp", &self.timestamp)
            .field("carrier", &self.carrier)
            .finish_non_exhaustive()
    }
}
