//! `POST /v3/document_verification`: whether a document is genuine, and the person's on a selfie
//! (Smile ID: the description of the v3 API, `v3DocumentVerificationEntry`).

use bytes::Bytes;
use http::{Request, Response};

use super::check::country_code;
use super::envelope::Acceptance;
use super::images::{Frames, ImagePart};
use super::multipart::Multipart;
use super::request::post;
use super::submission::{Common, common_options, submission_methods};
use crate::job::consent::Consent;
use crate::job::user_details::UserDetails;
use crate::operation::{Operation, OperationError, Step};
use crate::{Image, JobType, Partner, Timestamp, ValidationReport};

/// Looks at whether a document is genuine, and whether it is the person's on the selfie.
#[derive(Clone)]
pub struct DocumentVerificationRequest {
    country: String,
    id_type: Option<String>,
    common: Common,
}

impl DocumentVerificationRequest {
    /// A selfie (JPEG) with six to eight liveness frames (JPEG), and the front of a document (JPEG
    /// or PNG) from this country (two letters in any case, or its English name).
    pub fn new(
        selfie: Image,
        liveness: impl IntoIterator<Item = Image>,
        document: Image,
        country: impl AsRef<str>,
        consent: Consent,
        user_details: UserDetails,
    ) -> Self {
        let mut common = Common::new(consent, user_details);
        common.images.add(ImagePart::Selfie, selfie);
        common.images.add_frames(liveness);
        common.images.add(ImagePart::Document, document);
        Self { country: country_code(country.as_ref()), id_type: None, common }
    }

    /// The back of the document (JPEG or PNG), if it has one.
    #[must_use]
    pub fn with_document_back(mut self, image: Image) -> Self {
        self.common.images.add(ImagePart::DocumentBack, image);
        self
    }

    /// The kind of document, such as `PASSPORT`; without it the service finds it out.
    #[must_use]
    pub fn with_id_type(mut self, id_type: impl Into<String>) -> Self {
        self.id_type = Some(id_type.into());
        self
    }

    fn parts(&self, partner: &Partner) -> Multipart {
        let mut parts = Multipart::new();
        self.common.images.write(&mut parts);
        parts.text("country", &self.country);
        parts.optional("id_type", self.id_type.as_deref());
        self.common.write(&mut parts, partner);
        parts
    }
}

common_options!(DocumentVerificationRequest);

impl Operation for DocumentVerificationRequest {
    type Output = Acceptance;
    const STEP: Step = Step::DocumentVerification;

    submission_methods!(Some("document_verification"), Some(JobType::DOCUMENT_VERIFICATION));

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        found.document_of(&self.country, self.id_type.as_deref(), partner);
        self.common.check(&mut found, Frames::Needed, partner);
        found
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post(partner, now, "/document_verification", self.parts(partner))
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
    use crate::v3::testing::{CALLBACK, CONSENT, DETAILS, JOB, PNG, consent, frames, golden, john, jpeg};

    fn document() -> DocumentVerificationRequest {
        DocumentVerificationRequest::new(jpeg(), frames(), Image::bytes(PNG), "gh", consent(), john())
    }

    #[test]
    fn golden_request() {
        let mut expected = vec![
            "POST https://testapi.smileidentity.com/v3/document_verification".to_owned(),
            "content-type: multipart/form-data".to_owned(),
            "selfie_image (selfie.jpg, image/jpeg): 39 bytes".to_owned(),
        ];
        expected.extend((1..=6).map(|n| format!("liveness_images (liveness_{n}.jpg, image/jpeg): 39 bytes")));
        let rest = [
            "document (document.png, image/png): 71 bytes",
            "document_back (document_back.jpg, image/jpeg): 39 bytes",
            "country: GH",
            "id_type: PASSPORT",
            CONSENT,
            DETAILS,
            CALLBACK,
        ];
        expected.extend(rest.map(str::to_owned));
        let full = document().with_document_back(jpeg()).with_id_type("PASSPORT");
        assert_eq!(golden(&full), expected);
    }

    #[test]
    fn an_answer() {
        let body = json!({
            "status": "accepted", "message": "Request accepted and queued for processing.", "job_id": JOB,
            "user_id": "user-1", "created_at": "2026-03-06T12:00:00.000Z",
        });
        let accepted = document().parse(&partner(), noon(), &answer(202, &body)).unwrap();
        assert_eq!((accepted.job_id().as_str(), accepted.user_id()), (JOB, Some(UserId::new("user-1"))));
    }

    #[test]
    fn the_kind_of_document_may_be_left_to_the_service() {
        assert!(!golden(&document()).iter().any(|line| line.starts_with("id_type")));
    }
}
