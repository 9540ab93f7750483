//! `POST /v1/id_verification` (Smile ID: "Enhanced KYC").

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};

use crate::catalogue::IdTypeProduct;
use crate::job::job_key::JobKey;
use crate::job::submission_id::SubmissionId;
use crate::operation::{Lookup, Operation, OperationError, RepeatSafety, Step, post_signed};

use crate::v1::id_check::IdCheck;
use crate::v1::status_lookup::by_status;
use crate::v1::verification::Verification;
use crate::{IdInfo, JobStatus, Partner, PartnerParams, Timestamp, ValidationReport};

/// Enhanced KYC: the ID authority's record under this number, at once.
///
/// ```
/// # use smile_core::{IdInfo, JobId, PartnerParams, UserId};
/// use smile_core::v1::EnhancedKycRequest;
///
/// let ids = PartnerParams::new(UserId::new("customer-17"), JobId::new("kyc-17"));
/// let check = EnhancedKycRequest::new(ids, IdInfo::new("NG", "BVN", "00000000000"));
/// ```
#[derive(Clone)]
pub struct EnhancedKycRequest(IdCheck);

impl EnhancedKycRequest {
    /// Asks about this ID.
    pub fn new(partner_params: PartnerParams, id_info: IdInfo) -> Self {
        Self(IdCheck::new(partner_params, id_info))
    }

    pub(super) fn reconcile(&self, status: JobStatus) -> Option<Verification> {
        Verification::from_status(status, &self.0.asked(IdTypeProduct::EnhancedKyc))
    }
}

impl Operation for EnhancedKycRequest {
    type Output = Verification;

    const STEP: Step = Step::EnhancedKyc;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::MayBillTwice
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        self.0.check(partner, IdTypeProduct::EnhancedKyc, false)
    }

    fn check_at(&self, now: Timestamp) -> ValidationReport {
        self.0.check_at(now)
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post_signed(partner, now, "/id_verification", &self.0.body(None))
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

impl fmt::Debug for EnhancedKycRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug("EnhancedKycRequest", f)
    }
}
