//! `POST /v3/biometric_kyc`: whether a selfie is the person whom an ID authority has under a number
//! (Smile ID: the description of the v3 API, `v3BiometricKycEntry`).

use bytes::Bytes;
use http::{Request, Response};

use super::check::country_code;
use super::envelope::Acceptance;
use super::images::{Frames, ImagePart};
use super::multipart::Multipart;
use super::request::post;
use super::submission::{Common, common_options, sandbox_option, submission_methods};
use crate::catalogue::IdTypeProduct;
use crate::job::consent::Consent;
use crate::job::user_details::UserDetails;
use crate::operation::{Operation, OperationError, Step};
use crate::{IdInfo, Image, JobType, Partner, Timestamp, ValidationReport};

/// Compares a selfie with the photo that an ID authority has under a number. Enrols the user if it
/// is the same person.
#[derive(Clone)]
pub struct BiometricKycRequest {
    country: String,
    id_type: String,
    id_number: String,
    common: Common,
}

impl BiometricKycRequest {
    /// A selfie (JPEG) with six to eight liveness frames (JPEG), and the number of an ID of this
    /// kind, from this country (two letters in any case, or its English name).
    pub fn new(
        selfie: Image,
        liveness: impl IntoIterator<Item = Image>,
        country: impl AsRef<str>,
        id_type: impl Into<String>,
        id_number: impl Into<String>,
        consent: Consent,
        user_details: UserDetails,
    ) -> Self {
        let mut common = Common::new(consent, user_details);
        common.images.add(ImagePart::Selfie, selfie);
        common.images.add_frames(liveness);
        let country = country_code(country.as_ref());
        Self { country, id_type: id_type.into(), id_number: id_number.into(), common }
    }

    fn parts(&self, partner: &Partner) -> Multipart {
        let mut parts = Multipart::new();
        self.common.images.write(&mut parts);
        parts.text("country", &self.country);
        parts.text("id_type", &self.id_type);
        parts.text("id_number", &self.id_number);
        self.common.write(&mut parts, partner);
        parts
    }
}

common_options!(BiometricKycRequest);
sandbox_option!(BiometricKycRequest);

impl Operation for BiometricKycRequest {
    type Output = Acceptance;
    const STEP: Step = Step::BiometricKyc;

    submission_methods!(Some("biometric_kyc"), Some(JobType::BIOMETRIC_KYC));

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        let id_info = IdInfo::new(&*self.country, &*self.id_type, &*self.id_number);
        found.id_number_of(&id_info, IdTypeProduct::BiometricKyc, partner);
        self.common.check(&mut found, Frames::Needed, partner);
        found
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post(partner, now, "/biometric_kyc", self.parts(partner))
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

    fn kyc() -> BiometricKycRequest {
        BiometricKycRequest::new(jpeg(), frames(), "ng", "BVN", "00000000000", consent(), john())
    }

    #[test]
    fn golden_request() {
        let mut expected = vec![
            "POST https://testapi.smileidentity.com/v3/biometric_kyc".to_owned(),
            "content-type: multipart/form-data".to_owned(),
            "selfie_image (selfie.jpg, image/jpeg): 39 bytes".to_owned(),
        ];
        expected.extend((1..=6).map(|n| format!("liveness_images (liveness_{n}.jpg, image/jpeg): 39 bytes")));
        let rest = ["country: NG", "id_type: BVN", "id_number: 00000000000", CONSENT, DETAILS, CALLBACK];
        expected.extend(rest.map(str::to_owned));
        expected.push("sandbox_result: 1220".to_owned());
        assert_eq!(golden(&kyc().with_sandbox_result(1220)), expected);
    }

    #[test]
    fn an_answer() {
        let body = json!({
            "status": "accepted", "message": "Request accepted and queued for processing.", "job_id": JOB,
            "user_id": "user-1", "created_at": "2026-03-06T12:00:00.000Z",
        });
        let accepted = kyc().parse(&partner(), noon(), &answer(202, &body)).unwrap();
        assert_eq!((accepted.job_id().as_str(), accepted.user_id()), (JOB, Some(UserId::new("user-1"))));
    }

    #[test]
    fn the_sandboxs_own_option_is_refused_in_production() {
        let production = Partner::new("1", "key", crate::Environment::Production).unwrap();
        let found = kyc().with_sandbox_result(1220).check(&production).problems;
        assert_eq!(
            found[0].to_string(),
            "`sandbox_result` is for the sandbox alone: leave it out in production"
        );
    }

    #[test]
    fn files_are_read_in_turn_before_the_request_is_made() {
        let mut kyc = BiometricKycRequest::new(
            Image::path("selfie.jpg"),
            (1..=6).map(|n| Image::path(format!("{n}.jpg"))),
            "NG",
            "BVN",
            "00000000000",
            consent(),
            john(),
        );
        for name in ["selfie.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg", "6.jpg"] {
            assert_eq!(kyc.unread_file(), Some(std::path::Path::new(name)));
            kyc.read_file(Ok(crate::v3::testing::JPEG.to_vec()));
        }
        assert_eq!(kyc.unread_file(), None);
        assert_eq!(kyc.check_files(&partner()).problems, []);
    }
}
