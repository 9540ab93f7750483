//! `POST /job_status`: the status of a job (Smile ID: "Job status"). It only reads.
//!
//! The answer is signed, with the signature outside the result; an answer whose signature fails is
//! an error.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::catalogue::{ApiCodeKind, api_code};
use crate::job::job_key::JobKey;
use crate::operation::Step;
use crate::operation::signed::confirm;
use crate::operation::{
    ApiError, Operation, OperationError, RepeatSafety, fields, has_error, plain_object, post_signed,
};
use crate::result::against::speaks_against;
use crate::result::audit::audit;
use crate::result::{ImageLinks, Personal, ResultEntry, UnknownReason, Verdict};
use crate::wire::fields::{Fields, Unreadable};
use crate::wire::tolerant;
use crate::{
    JobId, JobType, Partner, PartnerAccount, ReceivedTimestamp, SignatureError, Timestamp, UserId,
    ValidationReport,
};

/// Request for the status of a job.
#[derive(Clone, Debug)]
pub struct JobStatusRequest {
    user_id: UserId,
    job_id: JobId,
    job_type: Option<JobType>,
    image_links: bool,
    history: bool,
}

impl JobStatusRequest {
    /// Request about this job of this user.
    pub fn new(user_id: UserId, job_id: JobId) -> Self {
        Self { user_id, job_id, job_type: None, image_links: false, history: false }
    }

    /// Request about the job of this key.
    pub fn of(key: &JobKey) -> Self {
        Self::new(key.user_id.clone(), key.job_id.clone()).with_job_type(key.job_type)
    }

    /// Sets the type of the job, so that the result is judged as that, whatever the answer says.
    #[must_use]
    pub fn with_job_type(mut self, job_type: JobType) -> Self {
        self.job_type = Some(job_type);
        self
    }

    /// Asks for links to the job's images as well. They are credentials and expire.
    #[must_use]
    pub fn with_return_image_links(mut self, yes: bool) -> Self {
        self.image_links = yes;
        self
    }

    /// Asks for all results of this user as well.
    #[must_use]
    pub fn with_return_history(mut self, yes: bool) -> Self {
        self.history = yes;
        self
    }
}

/// Status of a job.
///
/// Nothing is lost: what has no field here is in [`JobStatus::as_json`].
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct JobStatus {
    /// True if there is a result (`job_complete`). It may be provisional.
    pub job_complete: bool,
    /// Flag `job_success`, if the answer has it.
    pub job_success: Option<bool>,
    /// The API's code: `2302` found, `2314` no zip received yet.
    pub code: Option<String>,
    /// Newest result, or the reason that there is none (`result`).
    pub result: JobResult,
    /// `history`: all results of this user, newest last, if they were asked for.
    pub history: Vec<ResultEntry>,
    /// `image_links`, if they were asked for.
    pub image_links: Option<ImageLinks>,
    /// Timestamp of the answer's signature.
    pub timestamp: ReceivedTimestamp,
    job_type: Option<JobType>,
    account: PartnerAccount,
    /// Reason that nothing in the status can be relied on.
    unknown_reason: Option<UnknownReason>,
    fields: Fields,
}

/// The `result` of a job's status: an object, or free text if there is none yet.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum JobResult {
    /// A result.
    Entry(Box<ResultEntry>),
    /// Free text, such as `No zip file received`.
    Text(String),
    /// No result and no text.
    Absent,
}

impl JobStatus {
    /// The newest result, if there is one.
    pub fn entry(&self) -> Option<&ResultEntry> {
        if let JobResult::Entry(entry) = &self.result { Some(entry) } else { None }
    }

    /// Account of the partner and the environment that were asked.
    pub fn account(&self) -> &PartnerAccount {
        &self.account
    }

    /// A link to the receipt of a person's check (`kyc_receipt`). It is a credential.
    pub fn kyc_receipt(&self) -> Option<Personal<&str>> {
        tolerant::str(&self.fields, "kyc_receipt").map(Personal::new)
    }

    /// A link to the receipt of a company's check (`kyb_receipt`). It is a credential.
    pub fn kyb_receipt(&self) -> Option<Personal<&str>> {
        tolerant::str(&self.fields, "kyb_receipt").map(Personal::new)
    }

    /// The newest result, by itself.
    pub(crate) fn into_entry(self) -> Option<ResultEntry> {
        if let JobResult::Entry(entry) = self.result { Some(*entry) } else { None }
    }

    /// Verdict of the status; `None` while the job isn't complete.
    pub fn verdict(&self) -> Option<Verdict> {
        self.job_complete.then(|| self.verdict_for(self.job_type))
    }

    /// Verdict on the result for a job of this type, or of the type that it names itself.
    pub(crate) fn verdict_for(&self, job_type: Option<JobType>) -> Verdict {
        match (self.unknown_reason, self.entry()) {
            (Some(reason), entry) => Verdict::unknown(entry.and_then(ResultEntry::result_code), reason),
            (None, None) => Verdict::without_entry(),
            (None, Some(entry)) => {
                // What speaks against the person may stand around the result as well.
                let success = if speaks_against(&self.fields, &["result", "history"]) {
                    Some(false)
                } else {
                    self.job_success
                };
                entry.verdict_of_job(job_type.or(entry.partner_params().job_type()), success)
            }
        }
    }

    /// True if the service says that it has the job's zip; `None` if the answer doesn't say.
    pub fn has_zip(&self) -> Option<bool> {
        if self.job_complete || self.entry().is_some() {
            return Some(true);
        }
        // `No zip file received`, `No zip uploaded yet`: the code that goes with the second isn't
        // documented.
        let says_no_zip =
            matches!(&self.result, JobResult::Text(text) if text.to_ascii_lowercase().starts_with("no zip"));
        let is_timely = self.unknown_reason != Some(UnknownReason::OtherTime);
        match self.code.as_deref().and_then(api_code).map(|row| row.kind) {
            // A no of another time is none: a zip may have come since then.
            _ if says_no_zip && !is_timely => None,
            _ if says_no_zip => Some(false),
            Some(ApiCodeKind::Found) => Some(true),
            Some(ApiCodeKind::NoZip) if is_timely => Some(false),
            _ => None,
        }
    }

    /// True if it isn't certain that this answers the question: it was signed at another time, or
    /// its result names no job.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.unknown_reason.is_some()
    }

    /// JSON that may go into a log: codes, actions, flags and ids of jobs, with the names of the
    /// fields that were left out.
    pub fn audit_json(&self) -> Value {
        audit(self.fields.as_map())
    }

    /// The whole answer, as it came. The result is copied the first time.
    pub fn as_json(&self) -> &Map<String, Value> {
        self.fields.as_map()
    }
}

impl fmt::Debug for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobStatus")
            .field("job_complete", &self.job_complete)
            .field("job_success", &self.job_success)
            .field("result", &self.result)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for JobResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(entry) => entry.fmt(f),
            Self::Text(_) => f.write_str("Text(…)"),
            Self::Absent => f.write_str("Absent"),
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    user_id: &'a str,
    job_id: &'a str,
    image_links: bool,
    history: bool,
}

/// Fields that decide beside the result itself; in whatever spelling, each may be there once.
const DECIDING: [&str; 6] = ["job_complete", "job_success", "code", "result", "signature", "timestamp"];

impl Operation for JobStatusRequest {
    type Output = JobStatus;
    const STEP: Step = Step::JobStatus;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn check(&self, _: &Partner) -> ValidationReport {
        let mut problems = ValidationReport::default();
        problems.ids("", self.user_id.as_str(), self.job_id.as_str());
        problems
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let body = Body {
            user_id: self.user_id.as_str(),
            job_id: self.job_id.as_str(),
            image_links: self.image_links,
            history: self.history,
        };
        post_signed(partner, now, "/job_status", &body)
    }

    fn parse(
        &self,
        partner: &Partner,
        sent_at: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<JobStatus, OperationError> {
        let fields = fields(response, &["result", "history"])?;
        let refuse = |why| OperationError::unreadable(response, why);
        if has_error(&fields) && tolerant::field(&fields, "job_complete").is_none() {
            let refusal = plain_object(response, fields)?;
            return Err(ApiError::of(response, Some(Value::Object(refusal))).into());
        }
        if fields.has_twice(&DECIDING) {
            return Err(refuse(Unreadable::Duplicated));
        }
        if fields.is_damaged() {
            return Err(OperationError::unexpected(response, "has a damaged character where it decides"));
        }
        let Some(timestamp) = confirm(partner, response, &fields)? else {
            return Err(OperationError::signature(response, SignatureError::Missing));
        };

        let result = match fields.part("result").map_err(refuse)? {
            Some(entry) => JobResult::Entry(Box::new(ResultEntry::new(entry))),
            None => fields.text_apart("result").map_or(JobResult::Absent, JobResult::Text),
        };
        let of_other_job = |entry: &ResultEntry| {
            entry.partner_params().is_of_other_job(self.user_id.as_str(), self.job_id.as_str())
        };
        if matches!(&result, JobResult::Entry(entry) if of_other_job(entry)) {
            return Err(OperationError::wrong_job(response));
        }
        let names_the_job =
            |entry: &ResultEntry| entry.partner_params().names(self.user_id.as_str(), self.job_id.as_str());
        let reason = match &result {
            _ if !partner.is_timely(sent_at, &timestamp) => Some(UnknownReason::OtherTime),
            JobResult::Entry(entry) if !names_the_job(entry) => Some(UnknownReason::NoJobId),
            _ => None,
        };
        let history = fields.parts_of("history").map_err(refuse)?;
        Ok(JobStatus {
            job_complete: tolerant::flag(&fields, "job_complete").unwrap_or(false),
            job_success: tolerant::yes(&fields, "job_success"),
            code: tolerant::text(&fields, "code"),
            result,
            history: history.into_iter().map(ResultEntry::new).collect(),
            image_links: tolerant::field(&fields, "image_links")
                .and_then(Value::as_object)
                .cloned()
                .map(ImageLinks::new),
            timestamp,
            job_type: self.job_type,
            account: partner.account(),
            unknown_reason: reason,
            fields,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Decision, Environment};

    const STAMP: &str = "2024-01-15T10:30:00.000Z";
    const SIGNATURE: &str = "74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc=";

    fn partner() -> Partner {
        Partner::new("001", "test_api_key", Environment::Sandbox).unwrap().with_source_sdk("rust", "0.1.0")
    }

    fn question() -> JobStatusRequest {
        JobStatusRequest::new(UserId::new("user-1"), JobId::new("job-1"))
            .with_job_type(JobType::BIOMETRIC_KYC)
    }

    fn signed(mut body: Value) -> Value {
        body["timestamp"] = json!(STAMP);
        body["signature"] = json!(SIGNATURE);
        body
    }

    fn parse(body: &Value) -> Result<JobStatus, OperationError> {
        question().parse(
            &partner(),
            Timestamp::from_unix_millis(1_705_314_600_000),
            &Response::new(Bytes::from(body.to_string())),
        )
    }

    #[test]
    fn golden_request() {
        let request = question()
            .with_return_history(true)
            .request(&partner(), Timestamp::from_unix_millis(1_705_314_600_000));
        assert_eq!(request.uri(), "https://testapi.smileidentity.com/v1/job_status");
        assert_eq!(
            std::str::from_utf8(request.body()).unwrap(),
            concat!(
                r#"{"partner_id":"001","signature":"74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc=","#,
                r#""timestamp":"2024-01-15T10:30:00.000Z","source_sdk":"rust","source_sdk_version":"0.1.0","#,
                r#""user_id":"user-1","job_id":"job-1","image_links":false,"history":true}"#
            )
        );
    }

    /// The shape of the documented answer of a Biometric KYC job.
    #[test]
    fn a_complete_job() {
        let status = parse(&signed(json!({
            "job_complete": true, "job_success": true, "code": "2302",
            "result": {
                "Actions": { "Liveness_Check": "Not Applicable", "Register_Selfie": "Approved", "Verify_ID_Number": "Verified" },
                "ConfidenceValue": "99", "PartnerParams": { "job_id": "job-1", "user_id": "user-1", "job_type": "1" },
                "ResultCode": "0810", "ResultText": "Enroll User", "SmileJobID": "0000056574", "Source": "WebAPI",
            },
            "history": [{ "ResultCode": "0812" }, "junk", { "ResultCode": "0810" }],
            "image_links": { "selfie_image": "https://images.example/s?X-Amz-Signature=a" },
        })))
        .unwrap();
        assert!(status.verdict().unwrap().is_approved());
        assert_eq!(status.history.len(), 2);
        assert!(status.image_links.as_ref().unwrap().selfie_image().unwrap().contains("images.example"));
        let shown = format!("{status:?}");
        assert!(
            !shown.contains("user-1") && !shown.contains("X-Amz") && !shown.contains(SIGNATURE),
            "{shown}"
        );
    }

    #[test]
    fn a_job_without_its_zip_has_text_for_a_result() {
        let body = json!({ "job_complete": false, "job_success": "false", "code": 2314, "result": "No zip file received" });
        let status = parse(&signed(body)).unwrap();
        assert_eq!(status.has_zip(), Some(false));
        assert_eq!(status.verdict(), None);
        assert_eq!(status.result, JobResult::Text("No zip file received".into()));
    }

    #[test]
    fn booleans_may_be_words_and_keys_may_be_missing() {
        let status = parse(&signed(json!({ "job_complete": "true", "result": null }))).unwrap();
        assert!(status.job_complete);
        assert_eq!(status.verdict().unwrap().decision(), Decision::Unknown);
        assert!(!parse(&signed(json!({}))).unwrap().job_complete);
    }

    #[test]
    fn an_answer_that_is_not_signed_is_an_error() {
        let complete = json!({ "job_complete": true, "result": { "ResultCode": "0810" } });
        for (key, value, error) in [
            ("signature", json!(null), SignatureError::Missing),
            ("timestamp", json!(null), SignatureError::Missing),
            ("signature", json!("6f3d"), SignatureError::Malformed),
            ("timestamp", json!("2024-01-15T10:30:00Z"), SignatureError::Wrong),
        ] {
            let mut body = signed(complete.clone());
            body[key] = value;
            let refused = parse(&body).unwrap_err();
            assert!(
                matches!(refused, OperationError::Signature { error: it, .. } if it == error),
                "{refused}"
            );
        }
    }

    fn approval() -> Value {
        json!({
            "job_complete": true, "job_success": true, "code": "2302",
            "result": {
                "ResultCode": "0810", "Actions": { "Register_Selfie": "Approved" },
                "PartnerParams": { "job_id": "job-1", "user_id": "user-1", "job_type": "1" },
            },
        })
    }

    fn parse_at(partner: &Partner, sent_at: &str, body: &Value) -> JobStatus {
        let sent_at = Timestamp::parse(sent_at).unwrap();
        question().parse(partner, sent_at, &Response::new(Bytes::from(body.to_string()))).unwrap()
    }

    #[test]
    fn an_answer_from_another_time_can_be_read_and_decides_nothing() {
        let body = signed(approval());
        let reason = |partner: &Partner, sent_at| {
            let status = parse_at(partner, sent_at, &body);
            assert!(status.job_complete && status.entry().is_some());
            let verdict = status.verdict().unwrap();
            assert_eq!(verdict.is_approved(), verdict.unknown_reason().is_none());
            assert_eq!(verdict.code().unwrap().as_str(), "0810");
            verdict.unknown_reason()
        };
        for sent_at in ["2024-01-15T09:30:00.000Z", STAMP, "2024-01-15T11:30:00.000Z"] {
            assert_eq!(reason(&partner(), sent_at), None, "{sent_at}");
        }
        for sent_at in ["2024-01-15T09:29:59.999Z", "2024-01-15T11:30:00.001Z", "2047-01-15T10:30:00.000Z"] {
            assert_eq!(reason(&partner(), sent_at), Some(UnknownReason::OtherTime), "{sent_at}");
        }
        let minute = partner().with_answer_window(std::time::Duration::from_secs(60));
        assert_eq!(reason(&minute, "2024-01-15T10:31:01.000Z"), Some(UnknownReason::OtherTime));
        assert_eq!(reason(&minute, "2024-01-15T10:31:00.000Z"), None);
        assert_eq!(reason(&partner().without_answer_window(), "2047-01-15T10:30:00.000Z"), None);
    }

    #[test]
    fn an_answer_whose_time_cannot_be_read_decides_nothing() {
        let mut body = approval();
        body["timestamp"] = json!("Monday");
        body["signature"] = json!(partner().signer().sign_text("Monday"));
        let reason = |partner: &Partner| parse_at(partner, STAMP, &body).verdict().unwrap().unknown_reason();
        assert_eq!(reason(&partner()), Some(UnknownReason::OtherTime));
        assert_eq!(reason(&partner().without_answer_window()), None);
    }

    #[test]
    fn a_no_zip_of_another_time_is_none() {
        let body = json!({ "job_complete": false, "code": "2314", "result": "No zip file received" });
        let has_zip = |sent_at| parse_at(&partner(), sent_at, &signed(body.clone())).has_zip();
        assert_eq!((has_zip(STAMP), has_zip("2047-01-15T10:30:00.000Z")), (Some(false), None));
    }

    #[test]
    fn a_result_that_does_not_name_the_job_and_the_user_decides_nothing() {
        for params in [json!(null), json!({}), json!({ "job_id": "job-1" }), json!({ "user_id": "user-1" })] {
            let mut body = approval();
            body["result"]["PartnerParams"] = params;
            let verdict = parse(&signed(body.clone())).unwrap().verdict().unwrap();
            assert_eq!(verdict.unknown_reason(), Some(UnknownReason::NoJobId), "{body}");
            assert!(!verdict.is_approved() && !verdict.is_final());
        }
        assert!(parse(&signed(approval())).unwrap().verdict().unwrap().is_approved());
    }

    /// With this put in the place of that, in the text of a signed approval.
    fn parse_with(that: &str, this: &[u8]) -> Result<JobStatus, OperationError> {
        let body = signed(approval()).to_string();
        let (before, after) = body.split_once(that).unwrap();
        let body = Bytes::from([before.as_bytes(), this, after.as_bytes()].concat());
        let sent_at = Timestamp::parse(STAMP).unwrap();
        let outcome = question().parse(&partner(), sent_at, &Response::new(body.clone()));
        if let Err(error) = &outcome {
            assert_eq!(error.answer(), Some(&body), "the answer as it came");
            assert!(!format!("{error} {error:?}").contains("user-1"));
        }
        outcome
    }

    #[test]
    fn a_field_that_decides_may_be_there_once_in_whatever_spelling() {
        for (that, this) in [
            (r#""result":{"#, r#""result":{"ResultCode":"0811"},"result":{"#),
            (r#""result":{"#, r#""Result":{"ResultCode":"0811"},"result":{"#),
            (r#""result":{"#, r#""job_complete":false,"result":{"#),
            (r#""result":{"#, r#""JobComplete":false,"result":{"#),
            (r#""result":{"#, r#""JobSuccess":true,"result":{"#),
            (r#""result":{"#, r#""Code":"2314","result":{"#),
            (r#""result":{"#, r#""Timestamp":"2001","result":{"#),
            (r#""result":{"#, r#""SIGNATURE":"a","result":{"#),
            (r#""ResultCode":"0810""#, r#""ResultCode":"0811","ResultCode":"0810""#),
            (r#""job_id":"job-1""#, r#""job_id":"job-2","job_id":"job-1""#),
            (r#""Register_Selfie""#, r#""Register_Selfie":"Rejected","Register_Selfie""#),
        ] {
            let error = parse_with(that, this.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("has a field twice"), "{this}: {error}");
        }
        let spelt_twice = parse_with(r#""ResultCode""#, br#""result_code":"0811","ResultCode""#).unwrap();
        assert_eq!(spelt_twice.verdict().unwrap().unknown_reason(), Some(UnknownReason::Unreadable));
        assert!(parse_with("result", b"result").unwrap().verdict().unwrap().is_approved());
    }

    #[test]
    fn damage_where_nothing_rests_on_it_hides_no_result() {
        for damaged in [&b"\"Jos\xE9\""[..], b"\"a\tb\"", br#""\ud83d""#, b"NaN", b"-Infinity"] {
            let field = [b"\"FullName\":", damaged, b",\"ResultCode\""].concat();
            let status = parse_with(r#""ResultCode""#, &field).unwrap();
            assert!(status.verdict().unwrap().is_approved());
            assert!(status.as_json()["result"].as_object().unwrap().contains_key("FullName"));
            let outside = [b"\"note\":", damaged, b",\"result\""].concat();
            assert!(parse_with(r#""result""#, &outside).unwrap().verdict().unwrap().is_approved());
        }
        assert!(parse_with("{", b"\xEF\xBB\xBF{").unwrap().verdict().unwrap().is_approved());
    }

    #[test]
    fn damage_where_the_verdict_rests_on_it_leaves_it_unknown() {
        for (that, this) in [
            ("0810", &b"0810\xE9"[..]),
            ("0810", b"08\t10"),
            ("\"0810\"", b"NaN"),
            ("Approved", b"Approved\xE9"),
            (r#""job_type":"1""#, b"\"job_type\":NaN"),
            (r#""Register_Selfie""#, b"\"Register\x01Selfie\""),
            (r#""Actions""#, b"\"IsFinalResult\":NaN,\"Actions\""),
            (r#""Actions""#, b"\"Result\x01Code\":\"0811\",\"Actions\""),
        ] {
            let verdict = parse_with(that, this).unwrap().verdict().unwrap();
            assert_eq!(
                verdict.unknown_reason(),
                Some(UnknownReason::Unreadable),
                "{}",
                String::from_utf8_lossy(this)
            );
        }
        for (that, this) in [
            (r#""job_complete":true"#, &b"\"job_complete\":NaN"[..]),
            (r#""job_success":true"#, b"\"job_success\":NaN"),
            ("2302", b"23\xE914"),
            ("job_complete", b"job\x01complete"),
        ] {
            let error = parse_with(that, this).unwrap_err();
            assert!(error.to_string().contains("damaged"), "{error}");
        }
    }

    #[test]
    fn an_answer_about_another_job_or_user_is_an_error() {
        for (key, value) in [("job_id", "job-2"), ("user_id", "user-2")] {
            let body = signed(json!({ "job_complete": true, "result": { "PartnerParams": { key: value } } }));
            assert!(matches!(parse(&body), Err(OperationError::WrongJob { .. })));
        }
    }

    #[test]
    fn a_refusal_is_read_with_any_status() {
        let refused = json!({ "error": "You are not authorized to do that.", "code": "2405" });
        assert!(parse(&refused).unwrap_err().is_unauthorized());
    }
}
