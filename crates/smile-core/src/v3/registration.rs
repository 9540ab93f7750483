//! `POST /v3/registration`: enrols a user with a selfie, without any ID (Smile ID: the description
//! of the v3 API, `v3BiometricEnrollment`).

use bytes::Bytes;
use http::{Request, Response};

use super::envelope::Acceptance;
use super::images::{Frames, ImagePart};
use super::multipart::Multipart;
use super::request::post;
use super::submission::{Common, common_options, sandbox_option, submission_methods};
use crate::job::consent::Consent;
use crate::job::user_details::UserDetails;
use crate::operation::{Operation, OperationError, Step};
use crate::{Image, JobType, Partner, Timestamp, ValidationReport};

/// Enrols a user with a selfie. A user who is enrolled already is refused, unless
/// [`with_allow_new_enroll`](Self::with_allow_new_enroll) says otherwise.
#[derive(Clone)]
pub struct RegistrationRequest {
    allow_new_enroll: Option<bool>,
    common: Common,
}

impl RegistrationRequest {
    /// A selfie (JPEG) with six to eight liveness frames (JPEG).
    pub fn new(
        selfie: Image,
        liveness: impl IntoIterator<Item = Image>,
        consent: Consent,
        user_details: UserDetails,
    ) -> Self {
        let mut common = Common::new(consent, user_details);
        common.images.add(ImagePart::Selfie, selfie);
        common.images.add_frames(liveness);
        Self { allow_new_enroll: None, common }
    }

    /// Enrols a user anew who is enrolled already, in place of the earlier enrolment, or not; not
    /// by default.
    #[must_use]
    pub fn with_allow_new_enroll(mut self, yes: bool) -> Self {
        self.allow_new_enroll = Some(yes);
        self
    }

    fn parts(&self, partner: &Partner) -> Multipart {
        let mut parts = Multipart::new();
        self.common.images.write(&mut parts);
        if let Some(yes) = self.allow_new_enroll {
            parts.flag("allow_new_enroll", yes);
        }
        self.common.write(&mut parts, partner);
        parts
    }
}

common_options!(RegistrationRequest);
sandbox_option!(RegistrationRequest);

impl Operation for RegistrationRequest {
    type Output = Acceptance;
    const STEP: Step = Step::SmartSelfieRegistration;

    submission_methods!(Some("smart_selfie_registration"), Some(JobType::SMARTSELFIE_REGISTRATION));

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        self.common.check(&mut found, Frames::Needed, partner);
        found
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post(partner, now, "/registration", self.parts(partner))
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Acceptance, OperationError> {
        Acceptance::parse(response)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::UserId;
    use crate::operation::testing::{answer, noon, partner};
    use crate::v3::testing::{CALLBACK, CONSENT, DETAILS, JOB, consent, frames, golden, john, jpeg};

    fn registration() -> RegistrationRequest {
        RegistrationRequest::new(jpeg(), frames(), consent(), john())
    }

    #[test]
    fn golden_request() {
        let mut expected = vec![
            "POST https://testapi.smileidentity.com/v3/registration".to_owned(),
            "content-type: multipart/form-data".to_owned(),
            "selfie_image (selfie.jpg, image/jpeg): 39 bytes".to_owned(),
        ];
        expected.extend((1..=6).map(|n| format!("liveness_images (liveness_{n}.jpg, image/jpeg): 39 bytes")));
        expected.extend(
            ["allow_new_enroll: true", CONSENT, DETAILS, CALLBACK, "sandbox_result: 840"].map(str::to_owned),
        );
        assert_eq!(golden(&registration().with_allow_new_enroll(true).with_sandbox_result(840)), expected);
    }

    #[test]
    fn an_answer() {
        let body = json!({
            "status": "accepted", "message": "Request accepted and queued for processing.", "job_id": JOB,
            "user_id": "user-1", "created_at": "2026-03-06T12:00:00.000Z",
        });
        let accepted = registration().parse(&partner(), noon(), &answer(202, &body)).unwrap();
        assert_eq!((accepted.job_id().as_str(), accepted.user_id()), (JOB, Some(UserId::new("user-1"))));
    }

    #[test]
    fn the_boundary_is_not_quoted() {
        let request = registration().request(&partner(), noon());
        let content_type = request.headers()["content-type"].to_str().unwrap();
        assert!(
            content_type.starts_with("multipart/form-data; boundary=smile") && !content_type.contains('"')
        );
    }

    #[test]
    fn five_frames_are_too_few() {
        let few = RegistrationRequest::new(jpeg(), vec![jpeg(); 5], consent(), john());
        let found = few.check(&partner()).problems;
        assert_eq!(found[0].to_string(), "`liveness_images` must be 6 to 8 frames, and there are 5");
    }
}
