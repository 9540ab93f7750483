//! `POST /v3/aml/monitoring`: puts a person under watch (Smile ID: the description of the v3 API,
//! `submitAmlMonitoring`).
//!
//! The first result and later changes come by webhook.

use bytes::Bytes;
use http::{Request, Response};

use super::aml_search::{AmlSearch, aml_options};
use super::envelope::Acceptance;
use super::images::Frames;
use super::multipart::Multipart;
use super::request::post;
use super::submission::{Common, common_options, submission_methods};
use crate::job::consent::Consent;
use crate::job::user_details::UserDetails;
use crate::operation::{Operation, OperationError, Step};
use crate::{JobType, Partner, Timestamp, UserId, ValidationReport};

/// Puts a person under watch: sanctions lists, the politically exposed, and the news, from now on.
#[derive(Clone)]
pub struct AmlMonitoringRequest {
    search: AmlSearch,
    common: Common,
}

impl AmlMonitoringRequest {
    /// Watches this whole name in these countries (two letters in any case, or English names).
    pub fn new(
        full_name: impl Into<String>,
        countries: impl IntoIterator<Item = impl AsRef<str>>,
        consent: Consent,
        user_details: UserDetails,
    ) -> Self {
        let search = AmlSearch { full_name: Some(full_name.into()), ..AmlSearch::new(countries) };
        Self { search, common: Common::new(consent, user_details) }
    }

    /// Watches a user by the name and year of birth of an earlier Biometric KYC or Document
    /// Verification (`search_existing_user`).
    pub fn of_existing_user(
        user_id: UserId,
        countries: impl IntoIterator<Item = impl AsRef<str>>,
        consent: Consent,
        user_details: UserDetails,
    ) -> Self {
        let search = AmlSearch { search_existing_user: true, ..AmlSearch::new(countries) };
        Self { search, common: Common::new(consent, user_details) }.with_user_id(user_id)
    }

    fn checked_at(&self, now: Timestamp) -> ValidationReport {
        let mut found = self.common.check_at(now);
        self.search.check_at(&mut found, now);
        found
    }

    fn parts(&self, partner: &Partner) -> Multipart {
        let mut parts = Multipart::new();
        self.search.write(&mut parts);
        self.common.write(&mut parts, partner);
        parts
    }
}

common_options!(AmlMonitoringRequest);
aml_options!(AmlMonitoringRequest);

impl Operation for AmlMonitoringRequest {
    type Output = Acceptance;
    const STEP: Step = Step::AmlMonitoring;

    submission_methods!(check_at: checked_at, Some("aml"), Some(JobType::AML));

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        self.search.check(&mut found);
        self.common.check(&mut found, Frames::None, partner);
        found
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post(partner, now, "/aml/monitoring", self.parts(partner))
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
    use crate::v3::testing::{CALLBACK, CONSENT, DETAILS, JOB, consent, golden, john};

    #[test]
    fn golden_requests() {
        let named =
            AmlMonitoringRequest::new("Gbenga Afolabi", ["NG"], consent(), john()).with_birth_year(1990);
        assert_eq!(
            golden(&named),
            [
                "POST https://testapi.smileidentity.com/v3/aml/monitoring",
                "content-type: multipart/form-data",
                r#"countries: ["NG"]"#,
                "full_name: Gbenga Afolabi",
                "birth_year: 1990",
                CONSENT,
                DETAILS,
                CALLBACK,
            ]
        );
        let enrolled =
            AmlMonitoringRequest::of_existing_user(UserId::new("user-1"), ["NG"], consent(), john());
        assert_eq!(
            golden(&enrolled)[2..],
            [
                r#"countries: ["NG"]"#,
                "search_existing_user: true",
                CONSENT,
                DETAILS,
                "user_id: user-1",
                CALLBACK
            ]
        );
    }

    #[test]
    fn an_answer() {
        let monitoring = AmlMonitoringRequest::new("Gbenga Afolabi", ["NG"], consent(), john());
        let body = json!({ "status": "accepted", "job_id": JOB, "user_id": "u", "created_at": "2026-03-06T12:00:00Z" });
        let accepted = monitoring.parse(&partner(), noon(), &answer(202, &body)).unwrap();
        assert!(accepted.created_at().is_some());
    }

    #[test]
    fn a_name_is_needed_unless_an_earlier_job_has_it() {
        let nobody = AmlMonitoringRequest::new(" ", ["NG"], consent(), john());
        assert_eq!(nobody.check(&partner()).problems[0].to_string(), "`full_name` must not be empty");
        let nobody = AmlMonitoringRequest::of_existing_user(UserId::new(""), ["NG"], consent(), john());
        assert_eq!(nobody.check(&partner()).problems[0].to_string(), "`user_id` must not be empty");
    }
}
