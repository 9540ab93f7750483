//! `POST /v3/aml`: whether a name is on a watch list, once (Smile ID: the description of the v3
//! API, `submitOneTimeAml`).
//!
//! It is accepted, and the result comes by webhook;
//! [`OneTimeAmlSyncRequest`](super::OneTimeAmlSyncRequest) waits for it.

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
use crate::{JobType, Partner, Timestamp, ValidationReport};

/// Looks for a person on sanctions lists, among the politically exposed, and in the news, once. A
/// match is a name on a list: no verdict on the person.
#[derive(Clone)]
pub struct OneTimeAmlRequest {
    pub(crate) search: AmlSearch,
    pub(crate) common: Common,
}

impl OneTimeAmlRequest {
    /// The type of job that v1 has for it.
    pub(crate) const JOB_TYPE: JobType = JobType::from_number(15);

    /// Looks for this whole name in these countries (two letters in any case, or English names).
    pub fn new(
        full_name: impl Into<String>,
        countries: impl IntoIterator<Item = impl AsRef<str>>,
        consent: Consent,
        user_details: UserDetails,
    ) -> Self {
        let search = AmlSearch { full_name: Some(full_name.into()), ..AmlSearch::new(countries) };
        Self { search, common: Common::new(consent, user_details) }
    }

    /// Goes on only if the user is enrolled and has a usable earlier result
    /// (`search_existing_user`). Name and year are still those that are given here. The setting
    /// needs [`with_user_id`](Self::with_user_id).
    #[must_use]
    pub fn with_search_existing_user(mut self, yes: bool) -> Self {
        self.search.search_existing_user = yes;
        self
    }

    pub(crate) fn checked(&self, partner: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        self.search.check(&mut found);
        if self.search.search_existing_user {
            self.common.check_existing_user(&mut found);
        }
        self.common.check(&mut found, Frames::None, partner);
        found
    }

    pub(crate) fn checked_at(&self, now: Timestamp) -> ValidationReport {
        let mut found = self.common.check_at(now);
        self.search.check_at(&mut found, now);
        found
    }

    pub(crate) fn parts(&self, partner: &Partner) -> Multipart {
        let mut parts = Multipart::new();
        self.search.write(&mut parts);
        self.common.write(&mut parts, partner);
        // This endpoint alone takes them in the body.
        parts.text("source_sdk", partner.source_sdk());
        parts.text("source_sdk_version", partner.source_sdk_version());
        parts
    }
}

common_options!(OneTimeAmlRequest);
aml_options!(OneTimeAmlRequest);

impl Operation for OneTimeAmlRequest {
    type Output = Acceptance;
    const STEP: Step = Step::OneTimeAml;

    submission_methods!(check_at: checked_at, Some("one_time_aml"), Some(Self::JOB_TYPE));

    fn check(&self, partner: &Partner) -> ValidationReport {
        self.checked(partner)
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post(partner, now, "/aml", self.parts(partner))
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
    use crate::v3::testing::{CALLBACK, CONSENT, DETAILS, JOB, consent, golden, john};

    fn aml() -> OneTimeAmlRequest {
        OneTimeAmlRequest::new("Nkechi Okafor", ["ng", "Ghana"], consent(), john())
    }

    #[test]
    fn golden_request() {
        let full = aml()
            .with_birth_year(1984)
            .with_strict_match(false)
            .with_aliases(["N. Okafor"])
            .with_search_existing_user(true)
            .with_user_id(UserId::new("user-1"));
        assert_eq!(
            golden(&full),
            [
                "POST https://testapi.smileidentity.com/v3/aml",
                "content-type: multipart/form-data",
                r#"countries: ["NG","GH"]"#,
                "full_name: Nkechi Okafor",
                "birth_year: 1984",
                "strict_match: false",
                r#"aliases: ["N. Okafor"]"#,
                "search_existing_user: true",
                CONSENT,
                DETAILS,
                "user_id: user-1",
                CALLBACK,
                "source_sdk: rust",
                "source_sdk_version: 0.1.0",
            ]
        );
    }

    #[test]
    fn an_answer() {
        let body = json!({ "status": "accepted", "message": "Job submitted successfully", "job_id": JOB, "user_id": "user-1" });
        let accepted = aml().parse(&partner(), noon(), &answer(202, &body)).unwrap();
        assert_eq!(accepted.job_id().as_str(), JOB);
    }

    #[test]
    fn an_existing_user_must_be_named() {
        let found = aml().with_search_existing_user(true).check(&partner()).problems;
        assert_eq!(found[0].to_string(), "`user_id` must be set when `search_existing_user` is on");
    }

    #[test]
    fn a_name_is_needed() {
        let nobody = OneTimeAmlRequest::new("", ["NG"], consent(), john());
        assert_eq!(nobody.check(&partner()).problems[0].to_string(), "`full_name` must not be empty");
    }
}
