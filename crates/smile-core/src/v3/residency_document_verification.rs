//! `POST /v3/residency_document_verification`: a passport with its visa, and a selfie (Smile ID:
//! the description of the v3 API, `v3ResidencyDocumentVerificationEntry`).
//!
//! Partner and user travel in headers here, and the result takes longer than that of other
//! products.

use bytes::Bytes;
use http::{Request, Response};

use super::check::country_code;
use super::envelope::Acceptance;
use super::images::{Frames, ImagePart};
use super::multipart::Multipart;
use super::request::{post, set_header};
use super::submission::{Common, common_options, submission_methods};
use crate::job::consent::Consent;
use crate::job::user_details::UserDetails;
use crate::operation::{Operation, OperationError, Step};
use crate::{Image, Partner, Timestamp, ValidationReport};

/// Looks at a passport, the visa or residence permit in it, and a selfie.
#[derive(Clone)]
pub struct ResidencyDocumentVerificationRequest {
    country: String,
    common: Common,
}

impl ResidencyDocumentVerificationRequest {
    /// A selfie (JPEG) with six to eight liveness frames (JPEG), the passport's photo page and the
    /// page with the visa (JPEG or PNG). `country` is the passport's, two letters in any case or
    /// its English name.
    pub fn new(
        selfie: Image,
        liveness: impl IntoIterator<Item = Image>,
        passport: Image,
        visa: Image,
        country: impl AsRef<str>,
        consent: Consent,
        user_details: UserDetails,
    ) -> Self {
        let mut common = Common::new(consent, user_details);
        common.images.add(ImagePart::Selfie, selfie);
        common.images.add_frames(liveness);
        common.images.add(ImagePart::Document, passport);
        common.images.add(ImagePart::Visa, visa);
        Self { country: country_code(country.as_ref()), common }
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
        parts.text("id_type", "PASSPORT");
        self.common.write_with(&mut parts, partner, None);
        parts
    }
}

common_options!(ResidencyDocumentVerificationRequest);

impl Operation for ResidencyDocumentVerificationRequest {
    type Output = Acceptance;
    const STEP: Step = Step::ResidencyDocumentVerification;

    // Tokens have no word for this product, and v1 no type of job.
    submission_methods!(None, None);

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        found.document_of(&self.country, None, partner);
        self.common.check(&mut found, Frames::Needed, partner);
        found
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let mut request = post(partner, now, "/residency_document_verification", self.parts(partner));
        // At least three digits, as the portal shows it: unlike in the token's request.
        let partner_id = partner
            .id()
            .unpadded()
            .map_or_else(|| partner.id().as_str().to_owned(), |id| format!("{id:0>3}"));
        set_header(&mut request, "smileid-partner-id", &partner_id);
        if let Some(user_id) = &self.common.user_id {
            set_header(&mut request, "user-id", user_id.as_str());
        }
        request
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

    fn residency() -> ResidencyDocumentVerificationRequest {
        ResidencyDocumentVerificationRequest::new(
            jpeg(),
            frames(),
            jpeg(),
            Image::bytes(PNG),
            "ng",
            consent(),
            john(),
        )
    }

    #[test]
    fn golden_request() {
        let mut expected = vec![
            "POST https://testapi.smileidentity.com/v3/residency_document_verification".to_owned(),
            "content-type: multipart/form-data".to_owned(),
            "smileid-partner-id: 001".to_owned(),
            "user-id: user-1".to_owned(),
            "selfie_image (selfie.jpg, image/jpeg): 39 bytes".to_owned(),
        ];
        expected.extend((1..=6).map(|n| format!("liveness_images (liveness_{n}.jpg, image/jpeg): 39 bytes")));
        let rest = [
            "document (document.jpg, image/jpeg): 39 bytes",
            "visa (visa.png, image/png): 71 bytes",
            "document_back (document_back.jpg, image/jpeg): 39 bytes",
            "country: NG",
            "id_type: PASSPORT",
            CONSENT,
            DETAILS,
            CALLBACK,
        ];
        expected.extend(rest.map(str::to_owned));
        assert_eq!(
            golden(&residency().with_document_back(jpeg()).with_user_id(UserId::new("user-1"))),
            expected
        );
    }

    #[test]
    fn an_answer() {
        let body = json!({
            "status": "accepted", "message": "Request accepted and queued for processing.", "job_id": JOB,
            "user_id": "user-1", "created_at": "2026-03-06T12:00:00.000Z",
        });
        let accepted = residency().parse(&partner(), noon(), &answer(202, &body)).unwrap();
        assert_eq!((accepted.job_id().as_str(), accepted.user_id()), (JOB, Some(UserId::new("user-1"))));
    }

    #[test]
    fn the_partner_id_has_three_digits_at_least() {
        for (id, expected) in [("2", "002"), ("002", "002"), ("2245", "2245")] {
            let partner = Partner::new(id, "key", crate::Environment::Sandbox).unwrap();
            assert_eq!(residency().request(&partner, noon()).headers()["smileid-partner-id"], expected);
        }
    }
}
