//! The question about an ID number that four endpoints ask (Smile ID: "Enhanced KYC", "Basic KYC";
//! job type 5): at once or by callback, with the record or with a comparison alone.
//!
//! Each one is billed. After an answer was lost the job's status is asked for; nothing is sent
//! twice.

use std::fmt;

use serde::Serialize;

use crate::catalogue::{Finding, IdTypeProduct, result_code};
use crate::job::job_key::JobKey;
use crate::partner::environment::CallbackUrl;
use crate::v1::prep_upload::WirePartnerParams;
use crate::v1::verification::CheckQuestion;
use crate::{IdInfo, JobType, Partner, PartnerParams, ResultCode, Timestamp, ValidationReport};

/// The question that all four ask.
#[derive(Clone)]
pub(super) struct IdCheck {
    pub(super) partner_params: PartnerParams,
    pub(super) id_info: IdInfo,
    pub(super) callback_url: Option<CallbackUrl>,
}

#[derive(Serialize)]
pub(super) struct Body<'a> {
    #[serde(flatten)]
    id_info: &'a IdInfo,
    partner_params: WirePartnerParams<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_url: Option<&'a str>,
}

impl IdCheck {
    pub(super) fn new(partner_params: PartnerParams, id_info: IdInfo) -> Self {
        Self { partner_params, id_info, callback_url: None }
    }

    pub(super) fn body<'a>(&'a self, callback_url: Option<&'a CallbackUrl>) -> Body<'a> {
        let partner_params = WirePartnerParams::of(&self.partner_params, JobType::ENHANCED_KYC);
        Body { id_info: &self.id_info, partner_params, callback_url: callback_url.map(CallbackUrl::as_str) }
    }

    pub(super) fn callback<'a>(&'a self, partner: &'a Partner) -> Option<&'a CallbackUrl> {
        self.callback_url.as_ref().or(partner.callback_url())
    }

    pub(super) fn check(
        &self,
        partner: &Partner,
        product: IdTypeProduct,
        needs_callback: bool,
    ) -> ValidationReport {
        let mut problems = ValidationReport::default();
        problems.partner_params(&self.partner_params);
        problems.entered_id("", &self.id_info, partner);
        problems.reserved("", &self.id_info.extra, &["partner_params", "callback_url"]);
        problems.id_type("", &self.id_info, product, partner);
        if needs_callback {
            problems.callback(self.callback(partner), partner, true);
        }
        problems
    }

    pub(super) fn check_at(&self, now: Timestamp) -> ValidationReport {
        let mut problems = ValidationReport::default();
        problems.not_born_yet("dob", self.id_info.dob.as_deref(), now);
        problems
    }

    /// Facts that a result of this check must name. Basic KYC and Enhanced KYC are one type of job:
    /// the codes tell them apart.
    pub(super) fn asked(&self, product: IdTypeProduct) -> CheckQuestion<'_> {
        let id_info = &self.id_info;
        let asked =
            [("Country", &id_info.country), ("IDType", &id_info.id_type), ("IDNumber", &id_info.id_number)];
        let fields = asked
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_deref()?)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let gives: fn(&ResultCode) -> bool = match product {
            IdTypeProduct::BasicKyc => |code| finding_of(code) != Some(Finding::IdFound),
            _ => |code| !finding_of(code).is_some_and(Finding::is_of_comparison),
        };
        CheckQuestion { key: self.key(), sent: &self.partner_params.extra, fields, gives }
    }

    pub(super) fn key(&self) -> JobKey {
        JobKey::of(&self.partner_params, JobType::ENHANCED_KYC)
    }

    pub(super) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("partner_params", &self.partner_params)
            .field("id_info", &self.id_info)
            .finish_non_exhaustive()
    }
}

fn finding_of(code: &ResultCode) -> Option<Finding> {
    result_code(code.as_str(), JobType::ENHANCED_KYC).map(|row| row.finding)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::JobStatus;
    use crate::operation::testing::{answer, golden, noon, partner, signed};
    use crate::operation::{Operation as _, OperationError};
    use crate::v1::{AsyncBasicKycRequest, AsyncEnhancedKycRequest, BasicKycRequest, EnhancedKycRequest};
    use crate::{Decision, JobId, UserId};
    use bytes::Bytes;
    use http::Response;

    fn params() -> PartnerParams {
        PartnerParams::new(UserId::new("user-1"), JobId::new("job-1")).with_param("branch", "Lagos")
    }

    fn bvn() -> IdInfo {
        IdInfo::new("NG", "BVN", "00000000000").with_first_name("Joe").with_last_name("Leo")
    }

    #[test]
    fn golden_requests() {
        let (uri, body) = golden(&EnhancedKycRequest::new(params(), bvn()));
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v1/id_verification");
        assert_eq!(
            body,
            concat!(
                r#"{"partner_id":"001","signature":"74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc=","#,
                r#""timestamp":"2024-01-15T10:30:00.000Z","source_sdk":"rust","source_sdk_version":"0.1.0","#,
                r#""country":"NG","id_type":"BVN","id_number":"00000000000","first_name":"Joe","last_name":"Leo","#,
                r#""entered":"true","partner_params":{"user_id":"user-1","job_id":"job-1","job_type":5,"branch":"Lagos"}}"#
            )
        );
        let (uri, body) = golden(&AsyncEnhancedKycRequest::new(params(), bvn()));
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v1/async_id_verification");
        assert!(body.ends_with(r#","callback_url":"https://bank.example/callback"}"#), "{body}");
        assert_eq!(
            golden(&BasicKycRequest::new(params(), bvn())).0,
            "POST https://testapi.smileidentity.com/v2/verify"
        );
        assert_eq!(
            golden(&AsyncBasicKycRequest::new(params(), bvn())).0,
            "POST https://testapi.smileidentity.com/v2/verify_async"
        );
    }

    fn result(code: &str) -> Value {
        signed(json!({
            "JSONVersion": "1.0.0", "SmileJobID": "0000001105", "ResultType": "ID Verification", "ResultCode": code,
            "PartnerParams": { "user_id": "user-1", "job_id": "job-1", "job_type": 5, "branch": "Lagos" },
            "IsFinalResult": "true", "Actions": { "Verify_ID_Number": "Verified" }, "FullName": "Joe Doe Leo",
        }))
    }

    #[test]
    fn a_result_is_read_and_judged() {
        let check = EnhancedKycRequest::new(params(), bvn());
        let found = check.parse(&partner(), noon(), &answer(200, &result("1012"))).unwrap();
        assert_eq!((found.verdict.decision(), found.is_signed), (Decision::Approved, true));
        assert_eq!(found.entry.personal_info().full_name().unwrap().expose(), "Joe Doe Leo");
        assert!(!format!("{found:?}").contains("Leo"));
        let down = check.parse(&partner(), noon(), &answer(200, &result("1015"))).unwrap();
        assert_eq!(down.verdict.decision(), Decision::Error);
    }

    #[test]
    fn a_result_signed_wrongly_or_about_somebody_else_is_an_error() {
        let check = BasicKycRequest::new(params(), bvn());
        let parse = |key: &str, value: Value| {
            let mut body = result("1020");
            body[key] = value;
            check.parse(&partner(), noon(), &answer(200, &body))
        };
        assert!(parse("SmileJobID", json!("1")).is_ok());
        for (timestamp, why) in
            [(json!("2024"), crate::SignatureError::Wrong), (json!(null), crate::SignatureError::Missing)]
        {
            let refused = parse("timestamp", timestamp).unwrap_err();
            assert!(matches!(refused, OperationError::Signature { error, .. } if error == why));
        }
        let other = parse("PartnerParams", json!({ "job_id": "job-2" })).unwrap_err();
        assert!(matches!(other, OperationError::WrongJob { .. }));
        assert!(parse("ResultCode", json!(null)).is_err());
        let refused = answer(400, &json!({ "error": "You are not authorized to do that.", "code": "2405" }));
        assert!(check.parse(&partner(), noon(), &refused).unwrap_err().is_unauthorized());
    }

    #[test]
    fn no_key_stands_twice() {
        let id_info = bvn().with_field("callback_url", "https://a.example/").with_field("signature", "mine");
        let fields: Vec<_> = EnhancedKycRequest::new(params(), id_info)
            .check(&partner())
            .problems
            .into_iter()
            .map(|problem| problem.field)
            .collect();
        assert_eq!(fields, ["callback_url", "signature"]);
    }

    #[test]
    fn an_answer_that_is_not_signed_is_read_and_not_believed() {
        let body = json!({ "ResultCode": "1012", "FullName": "Joe Doe Leo" });
        let found =
            EnhancedKycRequest::new(params(), bvn()).parse(&partner(), noon(), &answer(200, &body)).unwrap();
        assert_eq!(
            (found.is_signed, found.verdict.unknown_reason()),
            (false, Some(crate::UnknownReason::Unsigned))
        );
        assert!(found.entry.personal_info().full_name().is_some());
    }

    #[test]
    fn a_result_is_one_whatever_stands_beside_it() {
        let parse = |key: &str, value: Value| {
            let mut body = result("1012");
            body[key] = value;
            EnhancedKycRequest::new(params(), bvn())
                .parse(&partner(), noon(), &answer(200, &body))
                .unwrap()
                .verdict
        };
        assert!(parse("error", json!(null)).is_approved());
        assert!(parse("success", json!(true)).is_approved());
        for no in [json!(false), json!(0), json!("no")] {
            assert_eq!(parse("success", no).unknown_reason(), Some(crate::UnknownReason::Contradiction));
        }
    }

    #[test]
    fn a_paid_answer_survives_damage_where_nothing_rests_on_it() {
        let check = EnhancedKycRequest::new(params(), bvn());
        let parse = |that: &str, this: &[u8]| {
            let body = result("1012").to_string();
            let (before, after) = body.split_once(that).unwrap();
            let body = Bytes::from([before.as_bytes(), this, after.as_bytes()].concat());
            check.parse(&partner(), noon(), &Response::new(body))
        };
        let named = |name: &[u8]| [b"\"OtherName\":", name, b",\"ResultCode\""].concat();
        for name in [&b"\"Jos\xE9\""[..], b"\"Jo\tse\"", br#""Jos\ud83d""#, b"NaN"] {
            assert!(parse(r#""ResultCode""#, &named(name)).unwrap().verdict.is_approved());
        }
        let found = parse(r#""ResultCode""#, &named(b"\"Jos\xE9\"")).unwrap();
        assert_eq!(found.entry.get("OtherName"), Some(&json!("Jos\u{FFFD}")));
        let other = parse(r#""ResultCode""#, b"\"IDNumber\":\"000\xE9\",\"ResultCode\"").unwrap();
        assert_eq!(other.verdict.unknown_reason(), Some(crate::UnknownReason::Unreadable));
        let twice = parse(r#""ResultCode""#, br#""ResultCode":"1013","ResultCode""#).unwrap_err();
        assert!(twice.answer().unwrap().starts_with(b"{"), "it can't be read, and isn't lost");
    }

    #[test]
    fn a_result_from_another_time_or_without_its_ids_can_be_read_and_decides_nothing() {
        let check = EnhancedKycRequest::new(params(), bvn());
        let reason = |at: crate::Timestamp, body: &Value| {
            let found = check.parse(&partner(), at, &answer(200, body)).unwrap();
            assert_eq!(found.entry.result_code().unwrap().as_str(), "1012");
            found.verdict.unknown_reason()
        };
        let late = noon() + Partner::ANSWER_WINDOW + std::time::Duration::from_millis(1);
        assert_eq!(reason(noon(), &result("1012")), None);
        assert_eq!(reason(late, &result("1012")), Some(crate::UnknownReason::OtherTime));
        let mut nameless = result("1012");
        nameless["PartnerParams"] = json!({ "job_type": 5 });
        assert_eq!(reason(noon(), &nameless), Some(crate::UnknownReason::NoJobId));
    }

    fn status(body: Value) -> JobStatus {
        let key = JobKey::of(&params(), JobType::ENHANCED_KYC);
        crate::JobStatusRequest::of(&key).parse(&partner(), noon(), &answer(200, &signed(body))).unwrap()
    }

    /// Status of a job with this result, which is well in all that isn't given.
    fn completed(changes: Value) -> JobStatus {
        let mut entry = json!({
            "ResultCode": "1012", "IDNumber": "000 0000 0000", "IDType": "BVN", "Country": "NG",
            "PartnerParams": { "user_id": "user-1", "job_id": "job-1", "job_type": 5 },
        });
        for (name, value) in changes.as_object().unwrap() {
            entry[name] = value.clone();
        }
        status(json!({ "job_complete": true, "job_success": true, "code": "2302", "result": entry }))
    }

    #[test]
    fn a_result_in_the_status_stands_for_a_lost_answer() {
        let found = EnhancedKycRequest::new(params(), bvn()).reconcile(completed(json!({}))).unwrap();
        assert!(found.verdict.is_approved());
        let matched = completed(json!({ "ResultCode": "1020" }));
        assert!(BasicKycRequest::new(params(), bvn()).reconcile(matched).unwrap().verdict.is_approved());
        assert!(AsyncEnhancedKycRequest::new(params(), bvn()).reconcile(completed(json!({}))).is_some());
    }

    #[test]
    fn a_result_about_something_else_stands_for_no_lost_answer() {
        let echo = |params: Value| json!({ "PartnerParams": params });
        for other in [
            json!({ "IDNumber": "99999999999" }),
            json!({ "IDNumber": "00000000000", "id_number": "99999999999" }),
            json!({ "IDType": "NIN_V2" }),
            json!({ "Country": "GH" }),
            echo(json!({ "user_id": "user-1", "job_id": "job-1", "job_type": 1 })),
            echo(json!({ "user_id": "user-1", "job_id": "job-1" })),
            echo(json!({ "job_id": "job-1", "job_type": 5 })),
            echo(json!(null)),
            // Basic KYC's, of the same type of job; a code of another type; none; one that nobody
            // knows.
            json!({ "ResultCode": "1020" }),
            json!({ "ResultCode": "0810" }),
            json!({ "ResultCode": null }),
            json!({ "ResultCode": "1999" }),
        ] {
            let status = || completed(other.clone());
            assert_eq!(EnhancedKycRequest::new(params(), bvn()).reconcile(status()), None, "{other}");
            assert_eq!(AsyncEnhancedKycRequest::new(params(), bvn()).reconcile(status()), None, "{other}");
        }
        assert_eq!(BasicKycRequest::new(params(), bvn()).reconcile(completed(json!({}))), None);
    }

    #[test]
    fn a_status_without_a_result_stands_for_no_lost_answer() {
        for empty in [
            json!({ "job_complete": true, "job_success": true, "code": "2302" }),
            json!({ "job_complete": false, "code": "2302", "result": null }),
            json!({ "job_complete": false, "code": "2302", "result": {} }),
            json!({ "job_complete": true, "code": "2302", "result": "done" }),
        ] {
            assert_eq!(
                EnhancedKycRequest::new(params(), bvn()).reconcile(status(empty.clone())),
                None,
                "{empty}"
            );
            assert_eq!(
                AsyncBasicKycRequest::new(params(), bvn()).reconcile(status(empty.clone())),
                None,
                "{empty}"
            );
        }
    }

    #[test]
    fn a_result_that_contradicts_itself_stands_for_no_lost_answer() {
        let mut body = json!({ "job_complete": true, "job_success": false, "code": "2302" });
        body["result"] = Value::Object(completed(json!({})).entry().unwrap().as_json().clone());
        assert_eq!(EnhancedKycRequest::new(params(), bvn()).reconcile(status(body)), None);
    }

    #[test]
    fn what_is_taken_on_says_so_in_so_many_words() {
        let check = AsyncEnhancedKycRequest::new(params(), bvn());
        assert!(check.parse(&partner(), noon(), &answer(200, &json!({ "success": true }))).is_ok());
        assert!(check.parse(&partner(), noon(), &answer(202, &json!({ "success": "true" }))).is_ok());
        for body in
            [json!({}), json!({ "success": 0 }), json!({ "success": "no" }), json!({ "message": "later" })]
        {
            assert!(check.parse(&partner(), noon(), &answer(200, &body)).is_err(), "{body}");
        }
    }

    #[test]
    fn what_an_id_needs_is_checked_before_anything_is_sent() {
        let check = EnhancedKycRequest::new(params(), IdInfo::default().with_dob("1 May"));
        let fields: Vec<_> =
            check.check(&partner()).problems.into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["country", "id_type", "id_number", "dob"]);
        let without_callback = Partner::new("001", "key", crate::Environment::Sandbox).unwrap();
        let fields: Vec<_> = AsyncEnhancedKycRequest::new(params(), bvn())
            .check(&without_callback)
            .problems
            .into_iter()
            .map(|p| p.field)
            .collect();
        assert_eq!(fields, ["callback_url"]);
    }
}
