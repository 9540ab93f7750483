//! Business verification: a registry's record of a company (Smile ID: "Business Verification"; job
//! type 7).
//!
//! `POST /business_verification` answers at once, `/async_business_verification` by callback. Each
//! one is billed. After an answer was lost the job's status is asked for; nothing is sent twice.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use serde::Serialize;

use crate::catalogue::IdTypeProduct;
use crate::job::job_key::JobKey;
use crate::job::submission_id::SubmissionId;
use crate::operation::Step;
use crate::operation::{Lookup, Operation, OperationError, RepeatSafety, post_signed};
use crate::partner::environment::CallbackUrl;
use crate::v1::prep_upload::WirePartnerParams;
use crate::v1::status_lookup::by_status;
use crate::v1::verification::{Acceptance, Verification};
use crate::v1::verification::{CheckQuestion, says_the_same};
use crate::wire::characters::Rule;
use crate::{IdInfo, JobStatus, JobType, Partner, PartnerParams, ProblemKind, Timestamp, ValidationReport};

/// Company to verify: the country, the kind of number, and the number.
#[derive(Clone, Default, Serialize)]
pub struct Business {
    country: String,
    id_type: String,
    id_number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    business_type: Option<BusinessType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<String>,
}

impl Business {
    /// A company by its number. `country` is the ISO 3166-1 code of two capital letters; `id_type`
    /// is `BASIC_BUSINESS_REGISTRATION`, `BUSINESS_REGISTRATION` or (Nigeria) `TAX_INFORMATION`.
    pub fn new(country: impl Into<String>, id_type: impl Into<String>, id_number: impl Into<String>) -> Self {
        Self {
            country: country.into(),
            id_type: id_type.into(),
            id_number: id_number.into(),
            ..Self::default()
        }
    }

    /// Sets the type of the company. Nigeria's registrations need it.
    #[must_use]
    pub fn with_business_type(mut self, business_type: BusinessType) -> Self {
        self.business_type = Some(business_type);
        self
    }

    /// The postal address and code. Kenya's registrations need them.
    #[must_use]
    pub fn with_postal_address(mut self, address: impl Into<String>, code: impl Into<String>) -> Self {
        self.postal_address = Some(address.into());
        self.postal_code = Some(code.into());
        self
    }
}

impl fmt::Debug for Business {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Business").finish_non_exhaustive()
    }
}

/// The kinds of companies in Nigeria's registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum BusinessType {
    /// `bn`: a business name.
    #[serde(rename = "bn")]
    BusinessName,
    /// `co`: a limited company.
    #[serde(rename = "co")]
    Company,
    /// `it`: incorporated trustees.
    #[serde(rename = "it")]
    IncorporatedTrustees,
}

/// Question to a registry about a company, answered at once.
#[derive(Clone, Debug)]
pub struct BusinessVerificationRequest {
    partner_params: PartnerParams,
    business: Business,
}

/// Question to a registry about a company, with the result by callback.
#[derive(Clone, Debug)]
pub struct AsyncBusinessVerificationRequest {
    check: BusinessVerificationRequest,
    callback_url: Option<CallbackUrl>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    business: &'a Business,
    partner_params: WirePartnerParams<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_url: Option<&'a str>,
}

impl BusinessVerificationRequest {
    /// Asks about this company.
    pub fn new(partner_params: PartnerParams, business: Business) -> Self {
        Self { partner_params, business }
    }

    fn body<'a>(&'a self, callback_url: Option<&'a CallbackUrl>) -> Body<'a> {
        let partner_params = WirePartnerParams::of(&self.partner_params, JobType::BUSINESS_VERIFICATION);
        Body { business: &self.business, partner_params, callback_url: callback_url.map(CallbackUrl::as_str) }
    }

    fn job_key(&self) -> JobKey {
        JobKey::of(&self.partner_params, JobType::BUSINESS_VERIFICATION)
    }

    /// Facts that a result about this company must name.
    fn asked(&self) -> CheckQuestion<'_> {
        let Business { country, id_type, id_number, .. } = &self.business;
        let fields = vec![("Country", country.as_str()), ("IDType", id_type), ("IDNumber", id_number)];
        CheckQuestion { key: self.job_key(), sent: &self.partner_params.extra, fields, gives: |_| true }
    }

    /// True if the result repeats the number of another company, which such results do in a place
    /// of their own.
    fn is_about_another(&self, status: &JobStatus) -> bool {
        let company = status.entry().and_then(|entry| entry.business().company_information());
        let searched = company.and_then(|company| company.search_number()).map(crate::Personal::expose);
        searched.is_some_and(|number| !says_the_same(&number, &self.business.id_number))
    }

    /// Fields that the catalogue knows about.
    fn as_id_info(&self) -> IdInfo {
        let Business { country, id_type, id_number, business_type, postal_address, postal_code } =
            &self.business;
        let mut id_info = IdInfo::new(country.as_str(), id_type.as_str(), id_number.as_str());
        let given = [
            ("business_type", business_type.is_some()),
            ("postal_address", postal_address.is_some()),
            ("postal_code", postal_code.is_some()),
        ];
        for (name, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
            id_info = id_info.with_field(name, true);
        }
        id_info
    }

    fn checked(&self, partner: &Partner) -> ValidationReport {
        let Business { country, id_type, id_number, business_type, postal_address, postal_code } =
            &self.business;
        let mut problems = ValidationReport::default();
        problems.partner_params(&self.partner_params);
        problems.required("country", Some(country));
        problems.country("country", Some(country));
        problems.required("id_type", Some(id_type));
        problems.required("id_number", Some(id_number));
        problems.characters("id_type", Some(id_type), Rule::Code);
        problems.characters("id_number", Some(id_number), Rule::Number);
        problems.id_type("", &self.as_id_info(), IdTypeProduct::BusinessVerification, partner);
        if country == "NG" && id_type.ends_with("BUSINESS_REGISTRATION") && business_type.is_none() {
            problems.add("business_type", ProblemKind::Missing, "must be set for registrations in Nigeria");
        }
        if country == "KE" && id_type == "BUSINESS_REGISTRATION" {
            problems.required("postal_address", postal_address.as_deref());
            problems.required("postal_code", postal_code.as_deref());
        }
        problems
    }
}

impl BusinessVerificationRequest {
    fn reconcile(&self, status: JobStatus) -> Option<Verification> {
        if self.is_about_another(&status) { None } else { Verification::from_status(status, &self.asked()) }
    }
}

impl Operation for BusinessVerificationRequest {
    type Output = Verification;
    const STEP: Step = Step::BusinessVerification;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::MayBillTwice
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        self.checked(partner)
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post_signed(partner, now, "/business_verification", &self.body(None))
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

impl AsyncBusinessVerificationRequest {
    /// Asks about this company.
    pub fn new(partner_params: PartnerParams, business: Business) -> Self {
        Self { check: BusinessVerificationRequest::new(partner_params, business), callback_url: None }
    }

    /// Sets the address of the callback, in place of the partner's default.
    ///
    /// An absolute http or https URL; any other is reported with all other problems, before
    /// anything is sent.
    #[must_use]
    pub fn with_callback_url(mut self, url: impl Into<String>) -> Self {
        self.callback_url = Some(CallbackUrl::unchecked(url));
        self
    }

    fn checked(&self, partner: &Partner) -> ValidationReport {
        let mut problems = self.check.checked(partner);
        problems.callback(self.callback(partner), partner, true);
        problems
    }

    fn callback<'a>(&'a self, partner: &'a Partner) -> Option<&'a CallbackUrl> {
        self.callback_url.as_ref().or(partner.callback_url())
    }
}

impl AsyncBusinessVerificationRequest {
    fn reconcile(&self, status: JobStatus) -> Option<Acceptance> {
        if self.check.is_about_another(&status) {
            return None;
        }
        Acceptance::from_status(&status, &self.check.asked())
    }
}

impl Operation for AsyncBusinessVerificationRequest {
    type Output = Acceptance;
    const STEP: Step = Step::BusinessVerification;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::MayBillTwice
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        self.checked(partner)
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post_signed(partner, now, "/async_business_verification", &self.check.body(self.callback(partner)))
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Acceptance, OperationError> {
        Acceptance::parse(response)
    }

    fn key(&self) -> Option<JobKey> {
        Some(self.check.job_key())
    }

    fn name_submission(&mut self, id: &SubmissionId) {
        self.check.name_submission(id);
    }

    fn look_up(&self) -> Option<Box<dyn Lookup<Acceptance> + '_>> {
        by_status(&self.check.job_key(), |status| self.reconcile(status))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, golden, noon, partner, signed};
    use crate::{JobId, UserId};

    fn params() -> PartnerParams {
        PartnerParams::new(UserId::new("user-1"), JobId::new("job-1"))
    }

    fn company() -> Business {
        Business::new("NG", "BUSINESS_REGISTRATION", "0000000").with_business_type(BusinessType::Company)
    }

    #[test]
    fn golden_requests() {
        let (uri, body) = golden(&BusinessVerificationRequest::new(params(), company()));
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v1/business_verification");
        assert!(
            body.ends_with(concat!(
                r#","country":"NG","id_type":"BUSINESS_REGISTRATION","id_number":"0000000","business_type":"co","#,
                r#""partner_params":{"user_id":"user-1","job_id":"job-1","job_type":7}}"#
            )),
            "{body}"
        );
        let (uri, body) = golden(&AsyncBusinessVerificationRequest::new(params(), company()));
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v1/async_business_verification");
        assert!(body.ends_with(r#""callback_url":"https://bank.example/callback"}"#), "{body}");
    }

    #[test]
    fn a_company_is_read_and_a_refusal_with_success_false_is_a_refusal() {
        let check = BusinessVerificationRequest::new(params(), company());
        let body = signed(json!({
            "ResultCode": "1012", "ResultType": "Business Verification", "success": true,
            "PartnerParams": { "user_id": "user-1", "job_id": "job-1", "job_type": 7 },
            "company_information": { "legal_name": "Drawn Ltd" },
        }));
        let found = check.parse(&partner(), noon(), &answer(200, &body)).unwrap();
        assert!(found.verdict.is_approved());
        let name = found.entry.business().company_information().unwrap().legal_name().unwrap();
        assert_eq!(name.expose(), "Drawn Ltd");
        let refused = json!({ "error": "Unsupported business type", "code": "2413", "success": false });
        for status in [200, 400] {
            let error = check.parse(&partner(), noon(), &answer(status, &refused)).unwrap_err();
            assert_eq!(error.api().unwrap().code(), Some("2413"));
        }
    }

    #[test]
    fn a_lost_answer_is_told_from_a_result_about_the_same_company_alone() {
        let reconcile = |number: &str, job_type: u32| {
            let entry = json!({
                "ResultCode": "1012", "company_information": { "search_number": number },
                "PartnerParams": { "user_id": "user-1", "job_id": "job-1", "job_type": job_type },
            });
            let body = signed(json!({ "job_complete": true, "job_success": true, "result": entry }));
            let check = BusinessVerificationRequest::new(params(), company());
            let question = crate::JobStatusRequest::of(&check.job_key());
            let status = question.parse(&partner(), noon(), &answer(200, &body)).unwrap();
            let by_callback =
                AsyncBusinessVerificationRequest::new(params(), company()).reconcile(status.clone());
            (check.reconcile(status).is_some(), by_callback.is_some())
        };
        assert_eq!(reconcile("000-0000", 7), (true, true));
        assert_eq!(reconcile("9999999", 7), (false, false));
        assert_eq!(reconcile("0000000", 5), (false, false));
    }

    #[test]
    fn what_each_registry_needs_is_checked() {
        let fields = |business: Business| -> Vec<String> {
            let check = BusinessVerificationRequest::new(params(), business);
            check.check(&partner()).problems.into_iter().map(|problem| problem.field).collect()
        };
        assert!(fields(company()).is_empty());
        assert!(fields(Business::new("ZA", "BUSINESS_REGISTRATION", "2020/000000/07")).is_empty());
        assert!(fields(Business::new("NG", "TAX_INFORMATION", "00000000-0000")).is_empty());
        assert_eq!(fields(Business::new("NG", "BASIC_BUSINESS_REGISTRATION", "1")), ["business_type"]);
        assert_eq!(
            fields(Business::new("KE", "BUSINESS_REGISTRATION", "1")),
            ["postal_address", "postal_code"]
        );
        assert_eq!(fields(Business::new("ng", "BVN", "")), ["country", "id_number"]);
        let company = |number: &str| Business::new("NG", "TAX_INFORMATION", number);
        assert_eq!(fields(company("1")), ["id_number"], "the registry's form is known");
        let lenient = partner().without_id_type_checks();
        assert!(BusinessVerificationRequest::new(params(), company("1")).check(&lenient).problems.is_empty());
    }
}
