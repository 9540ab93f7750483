//! `POST /v2/verify` (Smile ID: "Basic KYC").

use std::fmt;

use bytes::Bytes;
use http::{Method, Request, Response};

use crate::catalogue::IdTypeProduct;
use crate::job::job_key::JobKey;
use crate::job::submission_id::SubmissionId;
use crate::operation::{Lookup, Operation, OperationError, RepeatSafety, Step, send_signed};

use crate::v1::id_check::IdCheck;
use crate::v1::status_lookup::by_status;
use crate::v1::verification::Verification;
use crate::{IdInfo, JobStatus, Partner, PartnerParams, Timestamp, ValidationReport};

/// Basic KYC: compares name, date of birth, … with the ID authority's record under this number, at
/// once. It doesn't show the record.
#[derive(Clone)]
pub struct BasicKycRequest(IdCheck);

impl BasicKycRequest {
    /// Asks about this ID.
    pub fn new(partner_params: PartnerParams, id_info: IdInfo) -> Self {
        Self(IdCheck::new(partner_params, id_info))
    }

    pub(super) fn reconcile(&self, status: JobStatus) -> Option<Verification> {
        Verification::from_status(status, &self.0.asked(IdTypeProduct::BasicKyc))
    }
}

impl Operation for BasicKycRequest {
    type Output = Verification;

    const STEP: Step = Step::BasicKyc;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::MayBillTwice
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        self.0.check(partner, IdTypeProduct::BasicKyc, false)
    }

    fn check_at(&self, now: Timestamp) -> ValidationReport {
        self.0.check_at(now)
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let url = format!("{}/v2/verify", partner.environment().root_url());
        send_signed(Method::POST, partner, now, url, &self.0.body(None))
    }

    fn parse(
        &self,
        partner: &Partner,
        sent_at: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Verification, OperationError> {
        Verification::parse(partner, sent_at, response, &self.0.key())
    }

    fn key(&self) -> Option<JobKey> {
        Some(self.0.key())
    }

    fn name_submission(&mut self, id: &SubmissionId) {
        self.0.partner_params.name_submission(id);
    }

    fn look_up(&self) -> Option<Box<dyn Lookup<Verification> + '_>> {
        by_status(&self.0.key(), |status| self.reconcile(status))
    }
}

impl fmt::Debug for BasicKycRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug("BasicKycRequest", f)
    }
}
