//! `POST /v3/enhanced_document_verification`: a document, a selfie, and what the ID authority has
//! under the document's number (Smile ID: the description of the v3 API,
//! `v3EnhancedDocumentVerificationEntry`).

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

/// Looks at a document and a selfie, and asks the ID authority about the document's number.
#[derive(Clone)]
pub struct EnhancedDocumentVerificationRequest {
    country: String,
    id_type: String,
    common: Common,
}

impl EnhancedDocumentVerificationRequest {
    /// A selfie (JPEG) with six to eight liveness frames (JPEG), and the front of a document (JPEG
    /// or PNG) from this country (two letters in any case, or its English name); `id_type` is the
    /// document's code, such as `PASSPORT`.
    pub fn new(
        selfie: Image,
        liveness: impl IntoIterator<Item = Image>,
        document: Image,
        country: impl AsRef<str>,
        id_type: impl Into<String>,
        consent: Consent,
        user_details: UserDetails,
    ) -> Self {
        let mut common = Common::new(consent, user_details);
        common.images.add(ImagePart::Selfie, selfie);
        common.images.add_frames(liveness);
        common.images.add(ImagePart::Document, document);
        Self { country: country_code(country.as_ref()), id_type: id_type.into(), common }
    }

    /// The back of the document (JPEG or PNG), if it has one.
    #[must_use]
    pub fn with_document_back(mut self, image: Image) -> Self {
        self.common.images.add(ImagePart::DocumentBack, image);
        self
    }

    fn parts(&self, partner: &Partner) -> Multipart {
        let mut parts = Multipart::new();
        self.common.images.write(&mut parts);
        parts.text("country", &self.country);
        parts.text("id_type", &self.id_type);
        self.common.write(&mut parts, partner);
        parts
    }
}

common_options!(EnhancedDocumentVerificationRequest);

impl Operation for EnhancedDocumentVerificationRequest {
    type Output = Acceptance;
    const STEP: Step = Step::EnhancedDocumentVerification;

    submission_methods!(
        Some("enhanced_document_verification"),
        Some(JobType::ENHANCED_DOCUMENT_VERIFICATION)
    );

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        found.document_of(&self.country, Some(&self.id_type), partner);
        self.common.check(&mut found, Frames::Needed, partner);
        found
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post(partner, now, "/enhanced_document_verification", self.parts(partner))
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

    fn document() -> EnhancedDocumentVerificationRequest {
        EnhancedDocumentVerificationRequest::new(
            jpeg(),
            frames(),
            Image::bytes(PNG),
            "gh",
            "PASSPORT",
            consent(),
            john(),
        )
    }

    #[test]
    fn golden_request() {
        let mut expected = vec![
            "POST https://testapi.smileidentity.com/v3/enhanced_document_verification".to_owned(),
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
        let full = document().with_document_back(jpeg());
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
    fn a_kind_of_document_is_needed() {
        let none =
            EnhancedDocumentVerificationRequest::new(jpeg(), frames(), jpeg(), "GH", " ", consent(), john());
        assert_eq!(none.check(&partner()).problems[0].to_string(), "`id_type` must not be empty");
    }
}
