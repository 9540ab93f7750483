//! Answers of the checks that answer at once, and of those that answer by callback.

use std::fmt;

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value};

use crate::catalogue::{self, ResultCodeRow};
use crate::job::job_key::JobKey;
use crate::job::submission_id::SubmissionId;
use crate::operation::signed::confirm;
use crate::operation::{OperationError, confirmed_object, fields, plain_object, refuse_refusal};
use crate::result::{ResultCode, ResultEntry, UnknownReason, Verdict};
use crate::wire::tolerant;
use crate::{JobStatus, Partner, Timestamp};

/// The result of a check that answers at once: Enhanced KYC, Basic KYC, Business Verification, AML.
///
/// All documented answers are signed. One that isn't can be read, and its verdict is unknown.
///
/// It serialises to the verdict and whether the answer was signed. The result itself holds personal
/// data: take it from [`ResultEntry::as_json`] knowingly.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// The result, with all that came.
    #[serde(skip)]
    pub entry: ResultEntry,
    /// Verdict of the answer.
    pub verdict: Verdict,
    /// True if the answer carried a signature, which was right. All documented answers do.
    pub is_signed: bool,
}

impl Verification {
    pub(crate) fn parse(
        partner: &Partner,
        sent_at: Timestamp,
        response: &Response<Bytes>,
        key: &JobKey,
    ) -> Result<Self, OperationError> {
        let fields = fields(response, &[])?;
        // An answer with a result is one, whatever `success` says; that has a say in the verdict.
        let entry = if tolerant::field(&fields, "ResultCode").is_some_and(|code| !code.is_null()) {
            ResultEntry::new(fields)
        } else {
            refuse_refusal(response, plain_object(response, fields)?)?;
            return Err(OperationError::unexpected(response, "has no `ResultCode`"));
        };
        let signed = confirm(partner, response, entry.fields())?;
        let is_signed = signed.is_some();
        if entry.partner_params().is_of_other_job(key.user_id.as_str(), key.job_id.as_str()) {
            return Err(OperationError::wrong_job(response));
        }
        let params = entry.partner_params();
        let reason = match signed {
            None => Some(UnknownReason::Unsigned),
            Some(signed) if !partner.is_timely(sent_at, &signed) => Some(UnknownReason::OtherTime),
            Some(_) if !params.names(key.user_id.as_str(), key.job_id.as_str()) => {
                Some(UnknownReason::NoJobId)
            }
            Some(_) => None,
        };
        let verdict = match reason {
            Some(reason) => Verdict::unknown(entry.result_code(), reason),
            None => {
                let success = tolerant::yes(entry.fields(), "success");
                entry.verdict_of_job(Some(key.job_type), success)
            }
        };
        Ok(Self { entry, verdict, is_signed })
    }

    /// Verification from the job's status, after the answer itself was lost: only from a result of
    /// the job that was asked about.
    pub(crate) fn from_status(status: JobStatus, asked: &CheckQuestion<'_>) -> Option<Self> {
        if !status.job_complete {
            return None;
        }
        let verdict = asked.verdict(&status)?;
        Some(Self { entry: status.into_entry()?, verdict, is_signed: true })
    }
}

/// Question whose answer was lost: it decides which result in the job's status can be its answer.
pub(crate) struct CheckQuestion<'a> {
    /// The job.
    pub(crate) key: JobKey,
    /// Fields that were sent along with the ids.
    pub(crate) sent: &'a Map<String, Value>,
    /// Fields of the result, with what they say if it is about the same ID.
    pub(crate) fields: Vec<(&'static str, &'a str)>,
    /// Test that the product gives this code.
    pub(crate) gives: fn(&ResultCode) -> bool,
}

impl CheckQuestion<'_> {
    /// Verdict on the result in this status; none if the status has no result, or one that may be
    /// another job's: of another user, type of job, product or ID.
    fn verdict(&self, status: &JobStatus) -> Option<Verdict> {
        let (entry, key) = (status.entry()?, &self.key);
        let echo = entry.partner_params();
        let code = entry.result_code().filter(|code| (self.gives)(code))?;
        // Where the type isn't echoed, a code that no other type of job has proves it as well.
        let is_of_type = match echo.job_type() {
            Some(job_type) => job_type == key.job_type,
            None => rows_of(code).all(|row| row.job_types == [key.job_type]),
        };
        let is_other = |(name, expected): &(&str, &str)| {
            tolerant::disagrees(entry.as_json(), name)
                || tolerant::text(entry.as_json(), name).is_some_and(|said| !says_the_same(&said, expected))
        };
        if !is_of_type
            || self.sent.get(SubmissionId::PARTNER_PARAM) != echo.get(SubmissionId::PARTNER_PARAM)
            || !echo.names(key.user_id.as_str(), key.job_id.as_str())
            || self.fields.iter().any(is_other)
        {
            return None;
        }
        let verdict = status.verdict_for(Some(key.job_type));
        // Whether a name is on a list is an answer, and no verdict.
        matches!(verdict.unknown_reason(), None | Some(UnknownReason::NoVerdict)).then_some(verdict)
    }
}

fn rows_of(code: &ResultCode) -> impl Iterator<Item = &'static ResultCodeRow> {
    catalogue::result_codes().iter().filter(move |row| row.code == code.as_str())
}

/// Check that the service has accepted: the result comes by callback.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Acceptance {
    raw: Map<String, Value>,
}

impl Acceptance {
    pub(crate) fn parse(response: &Response<Bytes>) -> Result<Self, OperationError> {
        confirmed_object(response).map(|raw| Self { raw })
    }

    /// Acceptance from the job's status, after the answer itself was lost: a job that has a result
    /// was accepted. That the service knows the ids proves nothing without one: another job may
    /// have them.
    pub(crate) fn from_status(status: &JobStatus, asked: &CheckQuestion<'_>) -> Option<Self> {
        asked.verdict(status).map(|_| Self { raw: Map::new() })
    }

    /// The answer, as it came; empty if it was lost, and the job's status had the result already.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.raw
    }
}

impl fmt::Debug for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptance")
    }
}

/// True if two spellings of a number or a name are the same but for spaces, hyphens and casing.
pub(crate) fn says_the_same(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect::<String>()
    };
    plain(a) == plain(b)
}
