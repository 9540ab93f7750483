//! `POST /v3/compare`: whether two pictures show the same person (Smile ID: the description of the
//! v3 API, `v3SmartSelfieCompare`).

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
use crate::{Image, JobType, Partner, ProblemKind, Timestamp, ValidationReport};

/// Compares a selfie with the face on another picture. With a user id it enrols that user if both
/// are the same person.
#[derive(Clone)]
pub struct CompareRequest {
    comparison: ComparisonImage,
    allow_new_enroll: Option<bool>,
    common: Common,
}

/// The kind of picture that a selfie is compared with (`comparison_image_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ComparisonImage {
    /// `DOCUMENT`: a document with a photo.
    Document,
    /// `ID_PHOTO`: the photo of an ID.
    IdPhoto,
    /// `PORTRAIT`: another picture of the person.
    Portrait,
}

impl ComparisonImage {
    const fn word(self) -> &'static str {
        match self {
            Self::Document => "DOCUMENT",
            Self::IdPhoto => "ID_PHOTO",
            Self::Portrait => "PORTRAIT",
        }
    }
}

impl CompareRequest {
    /// A selfie (JPEG), and the picture (JPEG, of documents too) of this kind that it is compared
    /// with.
    pub fn new(
        selfie: Image,
        comparison_image: Image,
        comparison: ComparisonImage,
        consent: Consent,
        user_details: UserDetails,
    ) -> Self {
        let mut common = Common::new(consent, user_details);
        common.images.add(ImagePart::Selfie, selfie);
        common.images.add(ImagePart::Comparison, comparison_image);
        Self { comparison, allow_new_enroll: None, common }
    }

    /// Six to eight liveness frames (JPEG). Without them nobody looks at whether the person was
    /// there.
    #[must_use]
    pub fn with_liveness(mut self, frames: impl IntoIterator<Item = Image>) -> Self {
        self.common.images.add_frames(frames);
        self
    }

    /// Enrols a user anew who is enrolled already, or not; not by default.
    #[must_use]
    pub fn with_allow_new_enroll(mut self, yes: bool) -> Self {
        self.allow_new_enroll = Some(yes);
        self
    }

    fn parts(&self, partner: &Partner) -> Multipart {
        let mut parts = Multipart::new();
        self.common.images.write(&mut parts);
        parts.text("comparison_image_type", self.comparison.word());
        if let Some(yes) = self.allow_new_enroll {
            parts.flag("allow_new_enroll", yes);
        }
        self.common.write(&mut parts, partner);
        parts
    }
}

common_options!(CompareRequest);
sandbox_option!(CompareRequest);

impl Operation for CompareRequest {
    type Output = Acceptance;
    const STEP: Step = Step::SmartSelfieCompare;

    submission_methods!(Some("smart_selfie_compare"), Some(JobType::COMPARE_USER_INFO));

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        if self.common.images.count(ImagePart::Liveness) == 0 {
            let rule = "has no frames: nobody looks at whether the person was there";
            found.warn("liveness_images", ProblemKind::Missing, rule);
        }
        self.common.check(&mut found, Frames::Optional, partner);
        found
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post(partner, now, "/compare", self.parts(partner))
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

    fn compare() -> CompareRequest {
        CompareRequest::new(jpeg(), jpeg(), ComparisonImage::IdPhoto, consent(), john())
    }

    #[test]
    fn golden_request() {
        let mut expected = vec![
            "POST https://testapi.smileidentity.com/v3/compare".to_owned(),
            "content-type: multipart/form-data".to_owned(),
            "selfie_image (selfie.jpg, image/jpeg): 39 bytes".to_owned(),
            "comparison_image (comparison.jpg, image/jpeg): 39 bytes".to_owned(),
        ];
        expected.extend((1..=6).map(|n| format!("liveness_images (liveness_{n}.jpg, image/jpeg): 39 bytes")));
        let rest = ["comparison_image_type: ID_PHOTO", "allow_new_enroll: false", CONSENT, DETAILS, CALLBACK];
        expected.extend(rest.map(str::to_owned));
        assert_eq!(golden(&compare().with_liveness(frames()).with_allow_new_enroll(false)), expected);
    }

    #[test]
    fn an_answer() {
        let body = json!({
            "status": "accepted", "message": "Request accepted and queued for processing.", "job_id": JOB,
            "user_id": "user-1", "created_at": "2026-03-06T12:00:00.000Z",
        });
        let accepted = compare().parse(&partner(), noon(), &answer(202, &body)).unwrap();
        assert_eq!((accepted.job_id().as_str(), accepted.user_id()), (JOB, Some(UserId::new("user-1"))));
    }

    #[test]
    fn a_comparison_without_frames_is_sent_with_a_warning() {
        let found = compare().check(&partner());
        assert_eq!((found.problems.len(), found.warnings[0].field.as_str()), (0, "liveness_images"));
        assert_eq!(compare().with_liveness(vec![jpeg(); 3]).check(&partner()).problems.len(), 1);
    }

    #[test]
    fn each_kind_of_comparison_has_its_word() {
        let word = |kind: ComparisonImage| {
            golden(&CompareRequest::new(jpeg(), jpeg(), kind, consent(), john()))[4].clone()
        };
        let kinds = [ComparisonImage::Document, ComparisonImage::IdPhoto, ComparisonImage::Portrait];
        let words = ["DOCUMENT", "ID_PHOTO", "PORTRAIT"].map(|word| format!("comparison_image_type: {word}"));
        assert_eq!(kinds.map(word), words);
    }
}
