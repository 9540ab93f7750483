//! Result entry: the same shape in a job's status, in its history and in a callback.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use super::against::speaks_against;
use super::audit::audit_fields;
use super::verdict::Basis;
use super::{
    Actions, AmlInfo, Antifraud, BusinessInfo, EchoedParams, ImageLinks, PersonalInfo, Record, ResultCode,
    Verdict,
};
use crate::JobType;
use crate::job::submission_id::SubmissionId;
use crate::wire::fields::Fields;
use crate::wire::tolerant;

/// One result of a job, as the service reported it.
///
/// Nothing is lost: what has no method here is read with [`ResultEntry::get`] or taken whole with
/// [`ResultEntry::as_json`]. Most of it is personal, so `Debug` shows only codes, actions and Smile
/// ID's job id.
#[derive(Clone, PartialEq)]
pub struct ResultEntry {
    fields: Fields,
    actions: Actions,
    code: Option<ResultCode>,
}

impl ResultEntry {
    /// Entry from the JSON object; `None` if it isn't one.
    pub fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::Object(fields) => Some(Self::new(fields)),
            _ => None,
        }
    }

    pub(crate) fn new(fields: impl Into<Fields>) -> Self {
        let fields = fields.into();
        let actions = tolerant::field(&fields, "Actions").and_then(Value::as_object);
        let actions = actions.map(Actions::from_json).unwrap_or_default();
        let code = tolerant::field(&fields, "ResultCode").and_then(ResultCode::from_json);
        Self { fields, actions, code }
    }

    /// Result code (`ResultCode`), such as `0810`. Its meaning depends on the job's type: see
    /// [`ResultEntry::verdict`].
    pub fn result_code(&self) -> Option<&ResultCode> {
        self.code.as_ref()
    }

    /// The service's words for the code (`ResultText`). They change; never branch on them.
    pub fn result_text(&self) -> Option<&str> {
        tolerant::str(&self.fields, "ResultText")
    }

    /// Kind of the result (`ResultType`), if there is one: `ID Verification`, `Document
    /// Verification`, …
    pub fn result_type(&self) -> Option<&str> {
        tolerant::str(&self.fields, "ResultType")
    }

    /// Smile ID's own id of the job (`SmileJobID`), if it looks like an id; it is shown in `Debug`.
    pub fn smile_job_id(&self) -> Option<String> {
        tolerant::text(&self.fields, "SmileJobID").filter(|id| tolerant::looks_like_an_id(id))
    }

    /// Kind of client that submitted the job (`Source`).
    pub fn source(&self) -> Option<&str> {
        tolerant::str(&self.fields, "Source")
    }

    /// Likeness of the faces (`ConfidenceValue`), 0 to 100, if it is given.
    pub fn confidence_value(&self) -> Option<f64> {
        tolerant::number(&self.fields, "ConfidenceValue")
    }

    /// Flag `IsFinalResult`, if it is given.
    pub fn is_final_result(&self) -> Option<bool> {
        tolerant::flag(&self.fields, "IsFinalResult")
    }

    /// Flag `IsMachineResult`, if it is given.
    pub fn is_machine_result(&self) -> Option<bool> {
        tolerant::flag(&self.fields, "IsMachineResult")
    }

    /// Results of the steps (`Actions`).
    pub fn actions(&self) -> &Actions {
        &self.actions
    }

    /// The partner's own parameters of the job (`PartnerParams`).
    pub fn partner_params(&self) -> EchoedParams<'_> {
        EchoedParams::new(tolerant::field(&self.fields, "PartnerParams").and_then(Value::as_object))
    }

    /// Record of the person by the ID authority, or from the document.
    pub fn personal_info(&self) -> PersonalInfo<'_> {
        PersonalInfo(Record::of_fields(&self.fields))
    }

    /// The registry's record of a company, in the result of a Business Verification.
    pub fn business(&self) -> BusinessInfo<'_> {
        BusinessInfo(Record::of_fields(&self.fields))
    }

    /// People found on watch lists, in the result of an AML check.
    pub fn aml(&self) -> AmlInfo<'_> {
        AmlInfo(Record::of_fields(&self.fields))
    }

    /// Finding of Smile Secure about the user, if the partner has it.
    pub fn antifraud(&self) -> Option<Antifraud<'_>> {
        Record::of_fields(&self.fields).child("Antifraud").map(Antifraud)
    }

    /// JSON that may go into a log: codes, actions, flags and ids of jobs, with the names of the
    /// fields that were left out.
    pub fn audit_json(&self) -> Value {
        audit_fields(&self.fields)
    }

    /// Links to images (`ImageLinks`), if the entry has some.
    pub fn image_links(&self) -> Option<ImageLinks> {
        tolerant::field(&self.fields, "ImageLinks").and_then(Value::as_object).cloned().map(ImageLinks::new)
    }

    /// True if parts that a verdict rests on are there and can't be read, or are there twice and
    /// disagree.
    fn is_unreadable(&self) -> bool {
        let present = |key: &str| tolerant::field(&self.fields, key).filter(|value| !value.is_null());
        let is_object = |key: &str| present(key).is_none_or(Value::is_object);
        let steps = present("Actions").and_then(Value::as_object);
        // Each step is looked up once: a forger's two megabytes of steps must not cost their number
        // squared.
        let mut known = BTreeMap::new();
        let odd_step = steps.into_iter().flatten().any(|(name, value)| {
            let same_step = known.entry(tolerant::letters(name).collect::<Vec<_>>()).or_insert(value);
            !(value.is_string() || value.is_null()) || *same_step != value
        });
        let twice = ["ResultCode", "Actions", "IsFinalResult", "PartnerParams"];
        self.fields.is_damaged()
            || odd_step
            || !is_object("Actions")
            || !is_object("PartnerParams")
            || twice.iter().any(|key| tolerant::disagrees(&self.fields, key))
    }

    /// True if `Antifraud` speaks against the person, or can't be read. The risk is either in an
    /// object of its own or beside the others.
    pub(crate) fn has_antifraud_doubt(&self) -> bool {
        let antifraud = match tolerant::field(&self.fields, "Antifraud") {
            _ if tolerant::disagrees(&self.fields, "Antifraud") => return true,
            None | Some(Value::Null) => return false,
            Some(Value::Object(antifraud)) => antifraud,
            Some(_) => return true,
        };
        let is_off = |object: &Map<String, Value>, key: &str, is_harmless: fn(&Value) -> bool| {
            tolerant::disagrees(object, key)
                || tolerant::field(object, key).is_some_and(|value| !value.is_null() && !is_harmless(value))
        };
        let part_is_off = |part: &str, key: &str, is_harmless: fn(&Value) -> bool| {
            is_off(antifraud, part, Value::is_object)
                || tolerant::field(antifraud, part)
                    .and_then(Value::as_object)
                    .is_some_and(|inner| is_off(inner, key, is_harmless))
        };
        let says_no = |value: &Value| *value == Value::Bool(false) || is_word(value, &["false"]);
        let is_bearable = |value: &Value| is_word(value, &["low", "medium"]);
        part_is_off("summary", "fraud_detected", says_no)
            || part_is_off("fraud_risk", "risk_level", is_bearable)
            || is_off(antifraud, "fraud_risk_level", is_bearable)
    }

    /// True if the entry says, or may say, that more is to come.
    fn says_not_final(&self) -> bool {
        let says_something =
            tolerant::field(&self.fields, "IsFinalResult").is_some_and(|value| !value.is_null());
        says_something && self.is_final_result() != Some(true)
    }

    /// Any field by the service's name, as it came.
    ///
    /// Of a callback, a field of more than a few kilobytes is read and copied the first time that
    /// it is asked for here; [`PersonalInfo::photo`] and the like don't need that. One that can't
    /// be read is null then.
    pub fn get(&self, name: &str) -> Option<&Value> {
        tolerant::field(&self.fields, name)
    }

    /// The whole entry, as it came. Of a callback, long fields are copied the first time.
    pub fn as_json(&self) -> &Map<String, Value> {
        self.fields.as_map()
    }

    pub(crate) fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Verdict of the entry for a job of the type that `PartnerParams` names.
    ///
    /// Where the job's type is known from elsewhere, [`ResultEntry::verdict_for`] is the safer
    /// question.
    pub fn verdict(&self) -> Verdict {
        self.verdict_of_job(self.partner_params().job_type(), None)
    }

    /// Verdict of the entry as the result of an address or phone verification: those name no type
    /// of job, and have the codes of Basic KYC.
    pub fn match_verdict(&self) -> Verdict {
        Verdict::of_match(&self.basis())
    }

    /// Verdict of the entry for a job of this type. If the entry says that it is about another
    /// type, the decision is unknown.
    pub fn verdict_for(&self, job_type: JobType) -> Verdict {
        self.verdict_of_job(Some(job_type), None)
    }

    /// Verdict of the entry for a job of this type, with the `job_success` of the job's status.
    pub(crate) fn verdict_of_job(&self, job_type: Option<JobType>, job_success: Option<bool>) -> Verdict {
        Verdict::new(&self.basis(), job_type, job_success)
    }

    fn basis(&self) -> Basis<'_> {
        Basis {
            code: self.result_code(),
            actions: self.actions(),
            partner_params: self.partner_params(),
            is_unreadable: self.is_unreadable(),
            says_not_final: self.says_not_final(),
            speaks_against: self.has_antifraud_doubt() || speaks_against(&self.fields, &["actions"]),
        }
    }
}

impl fmt::Debug for ResultEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultEntry")
            .field("result_code", &self.code)
            .field("smile_job_id", &self.smile_job_id())
            .field("actions", &self.actions)
            .finish_non_exhaustive()
    }
}

fn is_word(value: &Value, words: &[&str]) -> bool {
    value.as_str().is_some_and(|said| words.iter().any(|word| said.eq_ignore_ascii_case(word)))
}

impl SubmissionId {
    /// True if the result's `PartnerParams` name this submission.
    pub fn is_named_by(&self, entry: &ResultEntry) -> bool {
        entry.partner_params().get(Self::PARTNER_PARAM).and_then(serde_json::Value::as_str)
            == Some(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_known_spelling_is_read() {
        let entry = ResultEntry::from_json(json!({
            "ResultCode": 810, "ConfidenceValue": "99.99", "IsFinalResult": "True", "IsMachineResult": false,
            "SmileJobID": 58873, "PartnerParams": { "user_id": 17, "job_id": "j", "job_type": "1", "branch": { "a": [1.5] } },
            "Something": "new",
        }))
        .unwrap();
        assert_eq!(entry.result_code().unwrap().as_str(), "0810");
        assert_eq!(entry.confidence_value(), Some(99.99));
        assert_eq!((entry.is_final_result(), entry.is_machine_result()), (Some(true), Some(false)));
        assert_eq!(entry.smile_job_id().as_deref(), Some("58873"));
        let params = entry.partner_params();
        assert_eq!(
            (params.user_id().as_deref(), params.job_type()),
            (Some("17"), Some(JobType::BIOMETRIC_KYC))
        );
        assert_eq!(params.get("branch"), Some(&json!({ "a": [1.5] })));
        assert_eq!(entry.get("Something"), Some(&json!("new")));
    }

    #[test]
    fn what_is_missing_is_absent() {
        let entry =
            ResultEntry::from_json(json!({ "ResultCode": null, "Actions": "none", "PartnerParams": [] }))
                .unwrap();
        assert_eq!(entry.result_code(), None);
        assert_eq!(entry.partner_params().job_id(), None);
        assert_eq!(entry.actions().iter().count(), 0);
        assert_eq!(ResultEntry::from_json(json!("No zip file received")), None);
    }

    #[test]
    fn debug_shows_no_person() {
        let entry = ResultEntry::from_json(json!({
            "ResultCode": "jane", "SmileJobID": "jane@example.com", "FullName": "jane", "Photo": "jane", "Actions": { "Liveness_Check": "jane" },
            "PartnerParams": { "user_id": "jane" },
        }))
        .unwrap();
        assert!(!format!("{entry:?} {:?}", entry.partner_params()).contains("jane"));
    }

    #[test]
    fn a_result_names_it_or_does_not() {
        let id = SubmissionId::derive(7, crate::Timestamp::default());
        let entry = |value: serde_json::Value| {
            let json = serde_json::json!({ "PartnerParams": { "sdk_submission": value } });
            ResultEntry::from_json(json).unwrap()
        };
        assert!(id.is_named_by(&entry(id.as_str().into())));
        let other = SubmissionId::derive(8, crate::Timestamp::default());
        for not in [other.as_str().into(), serde_json::Value::Null, 7.into(), "".into()] {
            assert!(!id.is_named_by(&entry(not)));
        }
        assert!(!id.is_named_by(&ResultEntry::from_json(serde_json::json!({})).unwrap()));
    }
}
