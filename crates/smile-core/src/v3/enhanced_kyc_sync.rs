//! `POST /v3/enhanced_kyc/sync`: what an ID authority has under a number, answered at once (Smile
//! ID: the description of the v3 API, `submitEnhancedKycSync`).
//!
//! Each submission is billed once, and none is recognised as a repetition. A 408, a 424 or a 500
//! that names a job (`SmileID-Job-ID`) says that it is recorded: its status is asked for, and it is
//! never sent again. Without that id (a 504, a gateway's 500) nothing can be asked, and the outcome
//! is unknown.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use super::enhanced_kyc::EnhancedKycRequest;
use super::envelope::job_id_in;
use super::request::post;
use super::smile_job_id::SmileJobId;
use super::status::{Status, StatusRequest, StatusWord};
use super::sync_result::{Asked, SYNC_TIMEOUT, SyncResult};
use crate::operation::{Lookup, LookupAnswer, Operation, OperationError, RepeatSafety, Step, TokenUse};
use crate::{JobKey, JobType, Partner, SubmissionId, Timestamp, ValidationReport};

/// Asks an ID authority for what it has under a number, and waits for the result: up to a minute,
/// unless the settings say otherwise. There is no webhook.
#[derive(Clone, Debug)]
pub struct EnhancedKycSyncRequest {
    check: EnhancedKycRequest,
    /// The job that the service recorded without giving its result.
    recorded: Option<SmileJobId>,
}

/// The service's answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EnhancedKycAnswer {
    /// The result.
    Result(Box<SyncResult>),
    /// The service recorded the job without giving its result, and its status has a decision by
    /// now. There is no record to go with it, and no webhook comes.
    Status(Box<Status>),
}

impl EnhancedKycSyncRequest {
    /// A request for this check with its result in the answer. A callback address in the check
    /// means nothing here.
    pub fn new(check: EnhancedKycRequest) -> Self {
        Self { check, recorded: None }
    }

    fn status_request(&self) -> Option<StatusRequest> {
        let request = StatusRequest::new(self.recorded.clone()?);
        Some(match &self.check.common.user_id {
            Some(user_id) => request.with_user_id(user_id.clone()),
            None => request,
        })
    }
}

impl Operation for EnhancedKycSyncRequest {
    type Output = EnhancedKycAnswer;
    const STEP: Step = Step::EnhancedKycSync;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Once
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        self.check.check(partner)
    }

    fn check_at(&self, now: Timestamp) -> ValidationReport {
        self.check.check_at(now)
    }

    fn token_use(&self) -> TokenUse {
        self.check.token_use()
    }

    fn default_timeout(&self) -> Option<Duration> {
        Some(SYNC_TIMEOUT)
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post(partner, now, "/enhanced_kyc/sync", self.check.parts(partner))
    }

    fn parse(
        &self,
        partner: &Partner,
        sent_at: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<EnhancedKycAnswer, OperationError> {
        let common = &self.check.common;
        let asked = Asked {
            product: "enhanced_kyc",
            user_id: common.user_id.as_ref(),
            submission_id: common.submission_id(),
        };
        let result = SyncResult::parse(partner, sent_at, response, &asked)?;
        Ok(EnhancedKycAnswer::Result(Box::new(result)))
    }

    fn key(&self) -> Option<JobKey> {
        self.check.common.key(JobType::ENHANCED_KYC)
    }

    fn carries_submission_id(&self) -> bool {
        true
    }

    fn name_submission(&mut self, id: &SubmissionId) {
        self.check.name_submission(id);
    }

    fn note_answer(&mut self, response: &Response<Bytes>) {
        if matches!(response.status().as_u16(), 408 | 424 | 500) {
            self.recorded = job_id_in(response).map(SmileJobId::new).filter(SmileJobId::is_documented);
        }
    }

    fn look_up(&self) -> Option<Box<dyn Lookup<EnhancedKycAnswer> + '_>> {
        Some(Box::new(self.status_request()?))
    }
}

/// The question what has become of a job that was recorded.
impl Lookup<EnhancedKycAnswer> for StatusRequest {
    fn step(&self) -> Step {
        Self::STEP
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        Operation::request(self, partner, now)
    }

    fn parse(
        &self,
        partner: &Partner,
        sent_at: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<LookupAnswer<EnhancedKycAnswer>, OperationError> {
        let status = Operation::parse(self, partner, sent_at, response)?;
        Ok(match status.word() {
            StatusWord::Decided(_) => LookupAnswer::Answer(EnhancedKycAnswer::Status(Box::new(status))),
            // One that isn't found yet is no denial: the service has just named it.
            _ => LookupAnswer::Unclear,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, noon, partner};
    use crate::v3::testing::{JOB, consent, golden, john, signed};

    fn kyc() -> EnhancedKycSyncRequest {
        EnhancedKycSyncRequest::new(EnhancedKycRequest::new("NG", "BVN", "00000000000", consent(), john()))
    }

    #[test]
    fn golden_request() {
        let lines = golden(&kyc());
        assert_eq!(
            lines[..4],
            [
                "POST https://testapi.smileidentity.com/v3/enhanced_kyc/sync",
                "content-type: multipart/form-data",
                "country: NG",
                "id_type: BVN",
            ]
        );
    }

    #[test]
    fn an_answer() {
        let body = json!({ "job_id": JOB, "user_id": "user-1", "status": "clear", "message": "Verified", "kyc_receipt": null });
        let found = kyc().parse(&partner(), noon(), &signed(200, &body)).unwrap();
        let EnhancedKycAnswer::Result(result) = found else { panic!("it is the result itself") };
        assert!(result.verdict().is_approved());
        assert!(
            !result.verdict().may_be_let_in(),
            "a number that is on record says nothing about who holds it"
        );
    }

    fn recorded(status: u16) -> Response<Bytes> {
        let mut response =
            answer(status, &json!({ "status": "Failed Dependency", "message": "ID authority unavailable." }));
        response.headers_mut().insert("smileid-job-id", JOB.parse().unwrap());
        response
    }

    #[test]
    fn a_job_that_was_recorded_is_asked_about() {
        for status in [408, 424, 500] {
            let mut kyc = kyc();
            kyc.note_answer(&recorded(status));
            let lookup = kyc.look_up().unwrap();
            assert_eq!(lookup.step(), Step::VerificationStatus);
            assert_eq!(
                lookup.request(&partner(), noon()).uri().path(),
                format!("/v3/status/{JOB}"),
                "{status}"
            );
        }
    }

    #[test]
    fn nothing_can_be_asked_without_the_jobs_id() {
        let mut kyc = kyc();
        kyc.note_answer(&answer(
            500,
            &json!({ "job_id": null, "status": "integration_failure", "message": "Please retry" }),
        ));
        kyc.note_answer(&recorded(504));
        assert!(kyc.look_up().is_none());
    }

    #[test]
    fn only_a_decision_is_an_answer() {
        let mut kyc = kyc();
        kyc.note_answer(&recorded(408));
        let says = |http: u16, word: &str| {
            let body = json!({ "status": word, "job_id": JOB, "user_id": "user-1", "message": "m" });
            kyc.look_up().unwrap().parse(&partner(), noon(), &answer(http, &body)).unwrap()
        };
        assert!(matches!(says(200, "clear"), LookupAnswer::Answer(EnhancedKycAnswer::Status(_))));
        for (http, word) in [(202, "processing"), (404, "not_found"), (200, "reviewing")] {
            assert_eq!(says(http, word), LookupAnswer::Unclear, "{word}");
        }
    }
}
