//! `POST /v3/enhanced_kyc`: what an ID authority has under a number (Smile ID: the description of
//! the v3 API, `submitEnhancedKyc`).
//!
//! It is accepted, and the result comes by webhook. Each submission is billed and none is
//! recognised as a repetition, so it is never sent again after its answer was lost.

use bytes::Bytes;
use http::{Request, Response};

use super::check::country_code;
use super::envelope::Acceptance;
use super::images::Frames;
use super::multipart::Multipart;
use super::request::post;
use super::submission::{Common, common_options, submission_methods};
use crate::catalogue::IdTypeProduct;
use crate::job::consent::Consent;
use crate::job::user_details::UserDetails;
use crate::operation::{Operation, OperationError, Step};
use crate::{IdInfo, JobType, Partner, Timestamp, ValidationReport};

/// Asks an ID authority for what it has under a number.
///
/// ```
/// use smile_core::v3::{Consent, EnhancedKycRequest, UserDetails};
/// # use smile_core::Timestamp;
/// # let consent = Consent::new(true, Timestamp::default(), "EN", "https://bank.example/privacy");
///
/// let person = UserDetails::new("Amina Fatou", "Clearwater").with_phone_number("+2348012345678");
/// let check = EnhancedKycRequest::new("NG", "NIN", "12345678901", consent, person);
/// ```
#[derive(Clone)]
pub struct EnhancedKycRequest {
    country: String,
    id_type: String,
    id_number: String,
    bank_code: Option<String>,
    operator: Option<String>,
    pub(crate) common: Common,
}

impl EnhancedKycRequest {
    /// The number of an ID of this kind, from this country (two letters in any case, or its English
    /// name).
    pub fn new(
        country: impl AsRef<str>,
        id_type: impl Into<String>,
        id_number: impl Into<String>,
        consent: Consent,
        user_details: UserDetails,
    ) -> Self {
        Self {
            country: country_code(country.as_ref()),
            id_type: id_type.into(),
            id_number: id_number.into(),
            bank_code: None,
            operator: None,
            common: Common::new(consent, user_details),
        }
    }

    /// The bank's code, such as `044`, which `BANK_ACCOUNT` needs.
    #[must_use]
    pub fn with_bank_code(mut self, code: impl Into<String>) -> Self {
        self.bank_code = Some(code.into());
        self
    }

    /// The telephone company, for ID types that are phone numbers.
    #[must_use]
    pub fn with_operator(mut self, operator: impl Into<String>) -> Self {
        self.operator = Some(operator.into());
        self
    }

    pub(crate) fn parts(&self, partner: &Partner) -> Multipart {
        let mut parts = Multipart::new();
        parts.text("country", &self.country);
        parts.text("id_type", &self.id_type);
        parts.text("id_number", &self.id_number);
        parts.optional("bank_code", self.bank_code.as_deref());
        parts.optional("operator", self.operator.as_deref());
        self.common.write(&mut parts, partner);
        parts
    }
}

common_options!(EnhancedKycRequest);

impl Operation for EnhancedKycRequest {
    type Output = Acceptance;
    const STEP: Step = Step::EnhancedKycSubmission;

    submission_methods!(Some("enhanced_kyc"), Some(JobType::ENHANCED_KYC));

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        let mut id_info = IdInfo::new(&*self.country, &*self.id_type, &*self.id_number);
        if let Some(code) = &self.bank_code {
            id_info = id_info.with_bank_code(code);
        }
        found.id_number_of(&id_info, IdTypeProduct::EnhancedKyc, partner);
        found.optional_text("operator", self.operator.as_deref());
        self.common.check(&mut found, Frames::None, partner);
        found
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post(partner, now, "/enhanced_kyc", self.parts(partner))
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
    use crate::operation::TokenUse;
    use crate::operation::testing::{answer, noon, partner};
    use crate::v3::testing::{CALLBACK, CONSENT, DETAILS, JOB, consent, golden, john};
    use crate::{JobId, UserId};

    fn kyc() -> EnhancedKycRequest {
        EnhancedKycRequest::new("ng", "BVN", "00000000000", consent(), john())
    }

    #[test]
    fn golden_request() {
        let full = kyc()
            .with_user_id(UserId::new("user-1"))
            .with_job_id(JobId::new("kyc-17"))
            .with_callback_url("https://bank.example/v3")
            .with_operator("MTN")
            .with_partner_param("branch", "Lagos")
            .with_metadata("channel", "app");
        assert_eq!(
            golden(&full),
            [
                "POST https://testapi.smileidentity.com/v3/enhanced_kyc",
                "content-type: multipart/form-data",
                "country: NG",
                "id_type: BVN",
                "id_number: 00000000000",
                "operator: MTN",
                CONSENT,
                DETAILS,
                "user_id: user-1",
                "callback_url: https://bank.example/v3",
                r#"partner_params (application/json): {"branch":"Lagos","sdk_job_id":"kyc-17"}"#,
                r#"metadata (application/json): [{"name":"channel","value":"app"}]"#,
            ]
        );
    }

    #[test]
    fn what_is_absent_is_left_out() {
        assert_eq!(
            golden(&kyc())[2..],
            ["country: NG", "id_type: BVN", "id_number: 00000000000", CONSENT, DETAILS, CALLBACK]
        );
    }

    #[test]
    fn an_answer() {
        let body = json!({
            "status": "accepted", "message": "Request accepted and queued for processing.", "job_id": JOB,
            "user_id": "user_01h8x9y2z3a4b5c6d7e8f9g0h1", "created_at": "2026-03-06T12:00:00.000Z",
        });
        let accepted = kyc().parse(&partner(), noon(), &answer(202, &body)).unwrap();
        assert_eq!((accepted.job_id().as_str(), accepted.is_accepted()), (JOB, true));
    }

    #[test]
    fn the_number_has_the_form_that_the_catalogue_says() {
        let found = EnhancedKycRequest::new("NG", "BVN", "123", consent(), john()).check(&partner()).problems;
        assert_eq!(found[0].field, "id_number");
    }

    #[test]
    fn the_token_is_bound_to_the_product_and_the_user() {
        let user_id = Some(UserId::new("user-1"));
        let kyc = kyc().with_user_id(UserId::new("user-1"));
        assert_eq!(kyc.token_use(), TokenUse::Bound { product: Some("enhanced_kyc"), user_id });
    }

    #[test]
    fn all_problems_are_named_at_once() {
        let empty = EnhancedKycRequest::new(
            "",
            "",
            "",
            Consent::new(false, noon(), "", ""),
            UserDetails::new("", ""),
        );
        let fields: Vec<_> =
            empty.check(&partner()).problems.into_iter().map(|problem| problem.field).collect();
        assert_eq!(
            fields,
            [
                "country",
                "id_type",
                "id_number",
                "consent.granted",
                "consent.notice_language",
                "consent.notice_privacy_policy_url",
                "user_details.given_names",
                "user_details.last_name",
                "user_details.email",
            ]
        );
    }
}
