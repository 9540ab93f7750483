//! `POST /v3/authentication`: whether a selfie is the user who enrolled under this id (Smile ID:
//! the description of the v3 API, `v3BiometricAuthentication`).

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
use crate::{Image, JobType, Partner, Timestamp, UserId, ValidationReport};

/// Compares a selfie with the one on file of an enrolled user.
#[derive(Clone)]
pub struct AuthenticationRequest {
    use_enrolled_image: Option<bool>,
    common: Common,
}

impl AuthenticationRequest {
    /// The enrolled user, and a selfie (JPEG) with six to eight liveness frames (JPEG).
    pub fn new(
        user_id: UserId,
        selfie: Image,
        liveness: impl IntoIterator<Item = Image>,
        consent: Consent,
        user_details: UserDetails,
    ) -> Self {
        let mut common = Common::new(consent, user_details);
        common.images.add(ImagePart::Selfie, selfie);
        common.images.add_frames(liveness);
        common.user_id = Some(user_id);
        Self { use_enrolled_image: None, common }
    }

    /// The enrolled user, with the image on file in place of a new selfie (`use_enrolled_image`).
    pub fn with_image_on_file(user_id: UserId, consent: Consent, user_details: UserDetails) -> Self {
        let mut common = Common::new(consent, user_details);
        common.user_id = Some(user_id);
        Self { use_enrolled_image: Some(true), common }
    }

    fn parts(&self, partner: &Partner) -> Multipart {
        let mut parts = Multipart::new();
        self.common.images.write(&mut parts);
        if let Some(yes) = self.use_enrolled_image {
            parts.flag("use_enrolled_image", yes);
        }
        self.common.write(&mut parts, partner);
        parts
    }
}

common_options!(AuthenticationRequest);
sandbox_option!(AuthenticationRequest);

impl Operation for AuthenticationRequest {
    type Output = Acceptance;
    const STEP: Step = Step::SmartSelfieAuthentication;

    submission_methods!(Some("smart_selfie_authentication"), Some(JobType::SMARTSELFIE_AUTHENTICATION));

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        let frames = if self.use_enrolled_image == Some(true) { Frames::None } else { Frames::Needed };
        self.common.check(&mut found, frames, partner);
        found
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post(partner, now, "/authentication", self.parts(partner))
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
    use crate::operation::testing::{answer, noon, partner};
    use crate::v3::testing::{CALLBACK, CONSENT, DETAILS, JOB, consent, frames, golden, john, jpeg};

    fn user() -> UserId {
        UserId::new("user-1")
    }

    fn authentication() -> AuthenticationRequest {
        AuthenticationRequest::new(user(), jpeg(), frames(), consent(), john())
    }

    #[test]
    fn golden_request() {
        let mut expected = vec![
            "POST https://testapi.smileidentity.com/v3/authentication".to_owned(),
            "content-type: multipart/form-data".to_owned(),
            "selfie_image (selfie.jpg, image/jpeg): 39 bytes".to_owned(),
        ];
        expected.extend((1..=6).map(|n| format!("liveness_images (liveness_{n}.jpg, image/jpeg): 39 bytes")));
        expected.extend([CONSENT, DETAILS, "user_id: user-1", CALLBACK].map(str::to_owned));
        assert_eq!(golden(&authentication()), expected);
    }

    #[test]
    fn golden_request_with_the_image_on_file() {
        let of_file = AuthenticationRequest::with_image_on_file(user(), consent(), john());
        assert_eq!(
            golden(&of_file)[2..],
            ["use_enrolled_image: true", CONSENT, DETAILS, "user_id: user-1", CALLBACK]
        );
    }

    #[test]
    fn an_answer() {
        let body = json!({
            "status": "accepted", "message": "Request accepted and queued for processing.", "job_id": JOB,
            "user_id": "user-1", "created_at": "2026-03-06T12:00:00.000Z",
        });
        let accepted = authentication().parse(&partner(), noon(), &answer(202, &body)).unwrap();
        assert_eq!((accepted.job_id().as_str(), accepted.user_id()), (JOB, Some(UserId::new("user-1"))));
    }

    #[test]
    fn a_user_is_needed() {
        let nobody = AuthenticationRequest::new(UserId::new(" "), jpeg(), frames(), consent(), john());
        assert_eq!(nobody.check(&partner()).problems[0].to_string(), "`user_id` must not be empty");
    }

    #[test]
    fn images_are_needed_unless_the_one_on_file_is_used() {
        let none = AuthenticationRequest::new(user(), jpeg(), [], consent(), john());
        assert_eq!(none.check(&partner()).problems[0].field, "liveness_images");
    }
}
