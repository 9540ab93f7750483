//! `POST /v2/verify_async` (Smile ID: "Basic KYC").

use std::fmt;

use bytes::Bytes;
use http::{Method, Request, Response};

use crate::catalogue::IdTypeProduct;
use crate::job::job_key::JobKey;
use crate::job::submission_id::SubmissionId;
use crate::operation::{Lookup, Operation, OperationError, RepeatSafety, Step, send_signed};
use crate::partner::environment::CallbackUrl;
use crate::v1::id_check::IdCheck;
use crate::v1::status_lookup::by_status;
use crate::v1::verification::Acceptance;
use crate::{IdInfo, JobStatus, Partner, PartnerParams, Timestamp, ValidationReport};

/// Basic KYC, with the result by callback.
#[derive(Clone)]
pub struct AsyncBasicKycRequest(IdCheck);

impl AsyncBasicKycRequest {
    /// Asks about this ID.
    pub fn new(partner_params: PartnerParams, id_info: IdInfo) -> Self {
        Self(IdCheck::new(partner_params, id_info))
    }

    /// Sets the address of the callback, in place of the partner's default.
    ///
    /// An absolute http or https URL; any other is reported with all other problems, before
    /// anything is sent.
    #[must_use]
    pub fn with_callback_url(mut self, url: impl Into<String>) -> Self {
        self.0.callback_url = Some(CallbackUrl::unchecked(url));
        self
    }

    pub(super) fn reconcile(&self, status: JobStatus) -> Option<Acceptance> {
        Acceptance::from_status(&status, &self.0.asked(IdTypeProduct::BasicKyc))
    }
}

impl Operation for AsyncBasicKycRequest {
    type Output = Acceptance;

    const STEP: Step = Step::BasicKyc;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::MayBillTwice
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        self.0.check(partner, IdTypeProduct::BasicKyc, true)
    }

    fn check_at(&self, now: Timestamp) -> ValidationReport {
        self.0.check_at(now)
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let url = format!("{}/v2/verify_async", partner.environment().root_url());
        send_signed(Method::POST, partner, now, url, &self.0.body(self.0.callback(partner)))
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Acceptance, OperationError> {
        Acceptance::parse(response)
    }

    fn key(&self) -> Option<JobKey> {
        Some(self.0.key())
    }

    fn name_submission(&mut self, id: &SubmissionId) {
        self.0.partner_params.name_submission(id);
    }

    fn look_up(&self) -> Option<Box<dyn Lookup<Acceptance> + '_>> {
        by_status(&self.0.key(), |status| self.reconcile(status))
    }
}

impl fmt::Debug for AsyncBasicKycRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug("AsyncBasicKycRequest", f)
    }
}
