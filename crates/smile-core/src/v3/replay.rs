//! `POST /v3/replay/{job_id}`: sends a job's webhook again (Smile ID: the description of the v3
//! API, `replayCallback`).
//!
//! It is never repeated: each one is a delivery.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};

use super::envelope::Acceptance;
use super::multipart::Multipart;
use super::request::post;
use super::smile_job_id::SmileJobId;
use crate::operation::{Operation, OperationError, RepeatSafety, Step, TokenUse, segment};
use crate::{Partner, Timestamp, ValidationReport};

/// Asks the service to send the webhook of a completed job again: to where it went before, unless
/// an address is given.
#[derive(Clone)]
pub struct ReplayRequest {
    job_id: SmileJobId,
    callback_url: Option<String>,
}

impl ReplayRequest {
    /// The webhook of this job.
    pub fn new(job_id: SmileJobId) -> Self {
        Self { job_id, callback_url: None }
    }

    /// Another address than the one that is stored with the job: https, and one that the account
    /// allows. The partner's default address is not put here: it would take the stored one's place.
    #[must_use]
    pub fn with_callback_url(mut self, url: impl Into<String>) -> Self {
        self.callback_url = Some(url.into());
        self
    }
}

impl fmt::Debug for ReplayRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayRequest").field("job_id", &self.job_id).finish_non_exhaustive()
    }
}

impl Operation for ReplayRequest {
    type Output = Acceptance;
    const STEP: Step = Step::Replay;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Once
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        found.path_segment("job_id", self.job_id.as_str());
        if let Some(url) = &self.callback_url {
            found.webhook_url(Some(url), partner);
        }
        found
    }

    fn token_use(&self) -> TokenUse {
        TokenUse::Shared
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let mut parts = Multipart::new();
        parts.optional("callback_url", self.callback_url.as_deref());
        post(partner, now, &format!("/replay/{}", segment(self.job_id.as_str())), parts)
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Acceptance, OperationError> {
        let accepted = Acceptance::parse(response)?;
        if *accepted.job_id() == self.job_id {
            Ok(accepted)
        } else {
            Err(OperationError::wrong_job(response))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, noon, partner};
    use crate::v3::testing::{JOB, golden};

    fn replay() -> ReplayRequest {
        ReplayRequest::new(SmileJobId::new(JOB))
    }

    #[test]
    fn golden_request_without_an_address_has_no_body_and_no_content_type() {
        // The partner has a default address, which must not take the stored one's place.
        assert!(partner().callback_url().is_some());
        assert_eq!(golden(&replay()), [format!("POST https://testapi.smileidentity.com/v3/replay/{JOB}")]);
    }

    #[test]
    fn golden_request_with_an_address() {
        let lines = golden(&replay().with_callback_url("https://bank.example/again"));
        assert_eq!(
            lines[1..],
            ["content-type: multipart/form-data", "callback_url: https://bank.example/again"]
        );
    }

    #[test]
    fn an_answer() {
        let body = json!({ "status": "accepted", "job_id": JOB, "user_id": "u", "message": "Callback replay queued successfully." });
        assert_eq!(replay().parse(&partner(), noon(), &answer(202, &body)).unwrap().job_id().as_str(), JOB);
        let other = json!({ "status": "accepted", "job_id": "job_other" });
        let error = replay().parse(&partner(), noon(), &answer(202, &other)).unwrap_err();
        assert!(matches!(error, OperationError::WrongJob { .. }));
    }

    #[test]
    fn ids_that_would_walk_the_path_and_addresses_without_https_are_refused() {
        assert_eq!(ReplayRequest::new(SmileJobId::new("..")).check(&partner()).problems.len(), 1);
        assert_eq!(replay().with_callback_url("http://bank.example/").check(&partner()).problems.len(), 1);
        assert_eq!(replay().with_callback_url("").check(&partner()).problems.len(), 1);
    }
}
