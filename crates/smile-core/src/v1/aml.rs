//! `POST /aml`: search of watch lists for a person (Smile ID: "AML Check"; job type 10).
//!
//! It answers at once, and each one is billed. After an answer was lost nothing is sent twice. It
//! isn't documented whether its job has a status; that is asked for all the same.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::job::check::FIRST_YEAR;
use crate::job::job_key::JobKey;
use crate::job::submission_id::SubmissionId;
use crate::operation::Step;
use crate::operation::{Lookup, Operation, OperationError, RepeatSafety, post_signed};
use crate::v1::status_lookup::by_status;
use crate::v1::verification::CheckQuestion;
use crate::v1::verification::Verification;
use crate::{JobStatus, JobType, Partner, PartnerParams, ProblemKind, Timestamp, ValidationReport};

/// Search for a person on sanctions lists, among the politically exposed, and in adverse media.
///
/// ```
/// # use smile_core::{JobId, PartnerParams, UserId};
/// use smile_core::v1::AmlRequest;
///
/// let ids = PartnerParams::new(UserId::new("customer-17"), JobId::new("aml-17"));
/// let check = AmlRequest::new(ids, "Joe Doe Leo", ["NG", "GH"]).with_birth_year(1984);
/// ```
#[derive(Clone)]
pub struct AmlRequest {
    partner_params: PartnerParams,
    full_name: Option<String>,
    countries: Vec<String>,
    birth_year: Option<u16>,
    search_existing_user: bool,
    strict_match: bool,
    aliases: Vec<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    // This endpoint alone has the ids beside the parameters, not within.
    user_id: &'a str,
    job_id: &'a str,
    job_type: JobType,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_name: Option<&'a str>,
    countries: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_year: Option<String>,
    search_existing_user: bool,
    strict_match: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    aliases: &'a [String],
    #[serde(skip_serializing_if = "Map::is_empty")]
    partner_params: &'a Map<String, Value>,
}

impl AmlRequest {
    /// Search for a person of this name in these countries (two capital letters each, ISO 3166-1).
    /// Names must match strictly unless [`AmlRequest::with_strict_match`] says otherwise.
    pub fn new(
        partner_params: PartnerParams,
        full_name: impl Into<String>,
        countries: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            full_name: Some(full_name.into()),
            countries: countries.into_iter().map(Into::into).collect(),
            ..Self::empty(partner_params)
        }
    }

    /// Search for a user of the partner's, by the name and year of birth of an earlier job.
    pub fn of_existing_user(
        partner_params: PartnerParams,
        countries: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            search_existing_user: true,
            countries: countries.into_iter().map(Into::into).collect(),
            ..Self::empty(partner_params)
        }
    }

    /// Sets the year of birth. Recommended: it distinguishes people of one name.
    #[must_use]
    pub fn with_birth_year(mut self, year: u16) -> Self {
        self.birth_year = Some(year);
        self
    }

    /// Sets strict matching of the name and the year; on by default.
    #[must_use]
    pub fn with_strict_match(mut self, yes: bool) -> Self {
        self.strict_match = yes;
        self
    }

    /// Adds other names of the person.
    #[must_use]
    pub fn with_aliases(mut self, aliases: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.aliases = aliases.into_iter().map(Into::into).collect();
        self
    }

    fn empty(partner_params: PartnerParams) -> Self {
        Self {
            partner_params,
            full_name: None,
            countries: Vec::new(),
            birth_year: None,
            search_existing_user: false,
            strict_match: true,
            aliases: Vec::new(),
        }
    }

    fn job_key(&self) -> JobKey {
        JobKey::of(&self.partner_params, JobType::AML)
    }
}

impl AmlRequest {
    fn reconcile(&self, status: JobStatus) -> Option<Verification> {
        // The result doesn't say whom it was about.
        let asked = CheckQuestion {
            key: self.job_key(),
            sent: &self.partner_params.extra,
            fields: Vec::new(),
            gives: |_| true,
        };
        Verification::from_status(status, &asked)
    }
}

impl Operation for AmlRequest {
    type Output = Verification;
    const STEP: Step = Step::Aml;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::MayBillTwice
    }

    fn check(&self, _: &Partner) -> ValidationReport {
        let mut problems = ValidationReport::default();
        problems.partner_params(&self.partner_params);
        if !self.search_existing_user {
            problems.required("full_name", self.full_name.as_deref());
        }
        if self.countries.is_empty() {
            problems.add("countries", ProblemKind::Missing, "must name at least one country");
        }
        for (index, country) in self.countries.iter().enumerate() {
            let field = format!("countries[{index}]");
            problems.required(&field, Some(country));
            problems.country(&field, Some(country));
        }
        if self.birth_year.is_some_and(|year| !(FIRST_YEAR..=9_999).contains(&year.into())) {
            let rule = format!("must be a year of four digits, {FIRST_YEAR} or later");
            problems.add("birth_year", ProblemKind::Malformed, rule);
        }
        problems
    }

    fn check_at(&self, now: Timestamp) -> ValidationReport {
        let mut problems = ValidationReport::default();
        let born = self.birth_year.map(|year| format!("{year:04}-01-01"));
        problems.not_born_yet("birth_year", born.as_deref(), now);
        problems
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let body = Body {
            user_id: self.partner_params.user_id.as_str(),
            job_id: self.partner_params.job_id.as_str(),
            job_type: JobType::AML,
            full_name: self.full_name.as_deref(),
            countries: &self.countries,
            birth_year: self.birth_year.map(|year| year.to_string()),
            search_existing_user: self.search_existing_user,
            strict_match: self.strict_match,
            aliases: &self.aliases,
            partner_params: &self.partner_params.extra,
        };
        post_signed(partner, now, "/aml", &body)
    }

    fn parse(
        &self,
        partner: &Partner,
        sent_at: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Verification, OperationError> {
        Verification::parse(partner, sent_at, response, &self.job_key())
    }

    fn key(&self) -> Option<JobKey> {
        Some(self.job_key())
    }

    fn name_submission(&mut self, id: &SubmissionId) {
        self.partner_params.name_submission(id);
    }

    fn look_up(&self) -> Option<Box<dyn Lookup<Verification> + '_>> {
        by_status(&self.job_key(), |status| self.reconcile(status))
    }
}

impl fmt::Debug for AmlRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmlRequest").field("partner_params", &self.partner_params).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, golden, noon, partner, signed};
    use crate::{JobId, UserId};

    fn params() -> PartnerParams {
        PartnerParams::new(UserId::new("user-1"), JobId::new("job-1")).with_param("branch", "Lagos")
    }

    #[test]
    fn golden_request() {
        let (uri, body) = golden(
            &AmlRequest::new(params(), "Joe Leo", ["NG"]).with_birth_year(1984).with_aliases(["J. L."]),
        );
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v1/aml");
        assert!(
            body.ends_with(concat!(
                r#","user_id":"user-1","job_id":"job-1","job_type":10,"full_name":"Joe Leo","countries":["NG"],"#,
                r#""birth_year":"1984","search_existing_user":false,"strict_match":true,"aliases":["J. L."],"#,
                r#""partner_params":{"branch":"Lagos"}}"#
            )),
            "{body}"
        );
        let (_, body) = golden(&AmlRequest::of_existing_user(params(), ["NG"]).with_strict_match(false));
        assert!(
            body.contains(r#""search_existing_user":true,"strict_match":false"#)
                && !body.contains("full_name")
        );
    }

    #[test]
    fn a_hit_is_read() {
        let body = signed(json!({
            "Actions": { "Listed": "Listed" }, "PartnerParams": { "user_id": "user-1", "job_id": "job-1" },
            "no_of_persons_found": 1, "people": [{ "name": "Joe Leo" }], "ResultCode": "1030", "StrictMatch": true,
        }));
        let found = AmlRequest::new(params(), "Joe Leo", ["NG"])
            .parse(&partner(), noon(), &answer(200, &body))
            .unwrap();
        assert_eq!(found.entry.aml().people().len(), 1);
        assert_eq!(found.entry.aml().no_of_persons_found(), Some(1));
        assert!(!found.verdict.is_approved(), "somebody on a list is no approval");
    }

    #[test]
    fn a_lost_answer_is_told_from_a_watch_list_result_alone() {
        let reconcile = |entry: serde_json::Value| {
            let body = signed(json!({ "job_complete": true, "job_success": true, "result": entry }));
            let check = AmlRequest::new(params(), "Joe Leo", ["NG"]);
            let question = crate::JobStatusRequest::of(&check.key().unwrap());
            check.reconcile(question.parse(&partner(), noon(), &answer(200, &body)).unwrap())
        };
        let ids = || json!({ "user_id": "user-1", "job_id": "job-1" });
        let listed = |code: &str, ids| reconcile(json!({ "ResultCode": code, "PartnerParams": ids }));
        // It is not documented that this endpoint echoes the type; its codes are its own.
        assert!(listed("1030", ids()).is_some_and(|found| !found.verdict.is_approved()));
        assert_eq!(listed("1012", ids()), None);
        assert_eq!(listed("1030", json!({ "user_id": "user-1", "job_id": "job-1", "job_type": 5 })), None);
    }

    #[test]
    fn what_it_needs_is_checked() {
        let fields = |check: &AmlRequest| -> Vec<String> {
            check.check(&partner()).problems.into_iter().map(|problem| problem.field).collect()
        };
        assert_eq!(
            fields(&AmlRequest::new(params(), "", ["nga", ""]).with_birth_year(84)),
            ["full_name", "countries[0]", "countries[1]", "birth_year"]
        );
        assert_eq!(fields(&AmlRequest::of_existing_user(params(), Vec::<String>::new())), ["countries"]);
    }
}
