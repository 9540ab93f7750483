//! The common part of all v3 submissions: consent, the person, and what comes back with the result.

use std::fmt;

use serde_json::{Map, Value};

use super::check::JOB_ID_PARAM;
use super::images::{Frames, Images};
use super::metadata::Metadata;
use super::multipart::Multipart;
use crate::job::consent::Consent;
use crate::job::job_key::JobKey;
use crate::job::user_details::UserDetails;
use crate::operation::TokenUse;
use crate::{
    Environment, JobId, JobType, Partner, ProblemKind, SubmissionId, Timestamp, UserId, ValidationReport,
};

/// The common part of all submissions.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) consent: Consent,
    pub(crate) user_details: UserDetails,
    pub(crate) images: Images,
    pub(crate) user_id: Option<UserId>,
    pub(crate) job_id: Option<JobId>,
    pub(crate) callback_url: Option<String>,
    pub(crate) sandbox_result: Option<u32>,
    /// The partner's own keys.
    pub(crate) partner_params: Map<String, Value>,
    pub(crate) metadata: Vec<Metadata>,
    submission_id: Option<SubmissionId>,
}

impl Common {
    pub(crate) fn new(consent: Consent, user_details: UserDetails) -> Self {
        Self {
            consent,
            user_details,
            images: Images::default(),
            user_id: None,
            job_id: None,
            callback_url: None,
            sandbox_result: None,
            partner_params: Map::new(),
            metadata: Vec::new(),
            submission_id: None,
        }
    }

    /// Checks everything that is known before any file is read.
    pub(crate) fn check(&self, found: &mut ValidationReport, frames: Frames, partner: &Partner) {
        self.images.check(found, frames);
        found.consent(&self.consent);
        found.user_details(&self.user_details);
        found.optional_text("user_id", self.user_id.as_ref().map(UserId::as_str));
        found.own_job_id(self.job_id.as_ref());
        found.webhook_url(self.callback_url.as_deref(), partner);
        found.text_params(&self.partner_params);
        found.metadata(&self.metadata);
        if self.sandbox_result.is_some() && matches!(partner.environment(), Environment::Production) {
            let rule = "is for the sandbox alone: leave it out in production";
            found.add("sandbox_result", ProblemKind::Conflict, rule);
        }
    }

    pub(crate) fn check_at(&self, now: Timestamp) -> ValidationReport {
        let mut found = ValidationReport::default();
        found.consent_at(&self.consent, now);
        found
    }

    /// Checks everything that is known once all files are read, with the request's size.
    pub(crate) fn check_files(&self, bytes: usize) -> ValidationReport {
        let mut found = ValidationReport::default();
        self.images.check_read(&mut found);
        found.request_size(bytes);
        found
    }

    /// The parts that come after a product's own.
    pub(crate) fn write(&self, parts: &mut Multipart, partner: &Partner) {
        self.write_with(parts, partner, self.user_id.as_ref());
    }

    /// The same for the endpoint that takes the user in a header.
    pub(crate) fn write_with(&self, parts: &mut Multipart, partner: &Partner, user_id: Option<&UserId>) {
        parts.json("consent", &self.consent);
        parts.json("user_details", &self.user_details);
        parts.optional("user_id", user_id.map(UserId::as_str));
        let default = partner.callback_url().map(crate::CallbackUrl::as_str);
        parts.optional("callback_url", self.callback_url.as_deref().or(default));
        parts.optional("sandbox_result", self.sandbox_result.map(|code| code.to_string()).as_deref());
        let params = self.params();
        if !params.is_empty() {
            parts.json("partner_params", &params);
        }
        if !self.metadata.is_empty() {
            parts.json("metadata", &self.metadata);
        }
    }

    /// The partner's own keys, with its id of the job and the id of the submission.
    fn params(&self) -> Map<String, Value> {
        let mut params = self.partner_params.clone();
        if let Some(id) = &self.job_id {
            params.insert(JOB_ID_PARAM.to_owned(), id.as_str().into());
        }
        if let Some(id) = &self.submission_id {
            params.insert(SubmissionId::PARTNER_PARAM.to_owned(), id.as_str().into());
        }
        params
    }

    pub(crate) fn bound(&self, product: Option<&'static str>) -> TokenUse {
        TokenUse::Bound { product, user_id: self.user_id.clone() }
    }

    /// The job's key for the partner, if both ids are set.
    pub(crate) fn key(&self, job_type: JobType) -> Option<JobKey> {
        Some(JobKey { user_id: self.user_id.clone()?, job_id: self.job_id.clone()?, job_type })
    }

    pub(crate) fn name_submission(&mut self, id: &SubmissionId) {
        self.submission_id = Some(id.clone());
    }

    pub(crate) fn submission_id(&self) -> Option<&SubmissionId> {
        self.submission_id.as_ref()
    }

    /// The user whose earlier job is looked up.
    pub(crate) fn check_existing_user(&self, found: &mut ValidationReport) {
        if self.user_id.is_none() {
            found.add("user_id", ProblemKind::Missing, "must be set when `search_existing_user` is on");
        }
    }
}

impl fmt::Debug for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Common")
            .field("job_id", &self.job_id)
            .field("consent", &self.consent)
            .finish_non_exhaustive()
    }
}

/// The options that all submissions have.
macro_rules! common_options {
    ($type:ident) => {
        impl $type {
            #[allow(dead_code)] // Some have more to look at.
            fn own_check_at(&self, now: crate::Timestamp) -> crate::ValidationReport {
                self.common.check_at(now)
            }

            /// The partner's id of the user. Without one the service makes one.
            #[must_use]
            pub fn with_user_id(mut self, user_id: crate::UserId) -> Self {
                self.common.user_id = Some(user_id);
                self
            }

            /// The partner's own id of the job. It travels in `partner_params` as
            /// [`JOB_ID_PARAM`](crate::v3::JOB_ID_PARAM) and comes back with the webhook; the
            /// service itself goes by an id of its own making.
            #[must_use]
            pub fn with_job_id(mut self, job_id: crate::JobId) -> Self {
                self.common.job_id = Some(job_id);
                self
            }

            /// Sets the address of the webhook, in place of the partner's default: an https address
            /// that the account allows.
            #[must_use]
            pub fn with_callback_url(mut self, url: impl Into<String>) -> Self {
                self.common.callback_url = Some(url.into());
                self
            }

            /// A key of the partner's own, which comes back with the webhook. `user_id`, `job_id`,
            /// `job_type` and `_sandbox_v3` don't, and are refused.
            #[must_use]
            pub fn with_partner_param(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
                self.common.partner_params.insert(key.into(), value.into().into());
                self
            }

            /// A name (at most 100 characters) and a value (at most 1000) that the service keeps
            /// with the job.
            #[must_use]
            pub fn with_metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                let (name, value) = (name.into(), value.into());
                self.common.metadata.push(crate::v3::metadata::Metadata { name, value });
                self
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($type)).field("job_id", &self.common.job_id).finish_non_exhaustive()
            }
        }
    };
}

/// The option of the submissions whose result the sandbox can be told.
macro_rules! sandbox_option {
    ($type:ident) => {
        impl $type {
            /// The result code that the sandbox is to give, such as 840 (registration) or 1220
            /// (Biometric KYC). It is refused in production.
            #[must_use]
            pub fn with_sandbox_result(mut self, code: u32) -> Self {
                self.common.sandbox_result = Some(code);
                self
            }
        }
    };
}

/// The common answers of all submissions: they are sent once, with a token bound to them, and are
/// accepted or refused.
macro_rules! submission_methods {
    ($product:expr, $job_type:expr) => {
        submission_methods!(check_at: own_check_at, $product, $job_type);
    };
    (check_at: $check_at:ident, $product:expr, $job_type:expr) => {
        fn repeat(&self) -> crate::operation::RepeatSafety {
            crate::operation::RepeatSafety::Once
        }

        fn check_at(&self, now: crate::Timestamp) -> crate::ValidationReport {
            self.$check_at(now)
        }

        fn unread_file(&self) -> Option<&std::path::Path> {
            self.common.images.unread()
        }

        fn read_file(&mut self, file: std::io::Result<Vec<u8>>) {
            self.common.images.read(file);
        }

        fn check_files(&self, partner: &crate::Partner) -> crate::ValidationReport {
            self.common.check_files(self.parts(partner).len())
        }

        fn token_use(&self) -> crate::operation::TokenUse {
            self.common.bound($product)
        }

        fn carries_submission_id(&self) -> bool {
            true
        }

        fn name_submission(&mut self, id: &crate::SubmissionId) {
            self.common.name_submission(id);
        }

        fn key(&self) -> Option<crate::JobKey> {
            self.common.key($job_type?)
        }
    };
}

pub(crate) use {common_options, sandbox_option, submission_methods};
