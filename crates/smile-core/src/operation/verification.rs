//! The answer of the checks that answer at once, and of those that answer by callback.

use std::fmt;

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value};

use super::{OperationError, successful_object};
use crate::flow::JobKey;
use crate::result::{ResultEntry, Verdict};
use crate::{JobStatus, JobType, Partner, ReceivedTimestamp, SignatureError, tolerant};

/// The result of a check that answers at once: Enhanced KYC, Basic KYC, Business Verification, AML.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Verification {
    /// The result, with all that came.
    pub entry: ResultEntry,
    /// What it amounts to.
    pub verdict: Verdict,
    /// Whether the answer carried a signature; if it did, it was right. All documented answers do.
    pub is_signed: bool,
}

impl Verification {
    pub(super) fn parse(
        partner: &Partner,
        response: &Response<Bytes>,
        key: &JobKey,
    ) -> Result<Self, OperationError> {
        let fields = successful_object(response)?;
        let is_signed = confirm(partner, &fields)?;
        let entry = ResultEntry::new(fields);
        if entry.result_code().is_none() {
            return Err(OperationError::unexpected(response.status(), "has no `ResultCode`"));
        }
        if entry.partner_params().is_of_other_job(key.user_id.as_str(), key.job_id.as_str()) {
            return Err(OperationError::WrongJob);
        }
        Ok(Self::of(entry, key.job_type, is_signed))
    }

    /// From the job's status, after the answer itself was lost.
    pub(super) fn from_status(status: JobStatus, job_type: JobType) -> Option<Self> {
        let complete = status.job_complete;
        status.into_entry().filter(|_| complete).map(|entry| Self::of(entry, job_type, true))
    }

    fn of(entry: ResultEntry, job_type: JobType, is_signed: bool) -> Self {
        let verdict = entry.verdict_for(job_type);
        Self { entry, verdict, is_signed }
    }
}

/// A check that was taken on: the result comes by callback.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Accepted {
    raw: Map<String, Value>,
}

impl Accepted {
    pub(super) fn parse(response: &Response<Bytes>) -> Result<Self, OperationError> {
        successful_object(response).map(|raw| Self { raw })
    }

    /// From the job's status, after the answer itself was lost: a job that the service knows was taken on.
    pub(super) fn from_status(status: &JobStatus) -> Option<Self> {
        (status.has_zip() == Some(true)).then(|| Self { raw: Map::new() })
    }

    /// The answer, as it came; empty if it was lost, and the job's status told what it must have said.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.raw
    }
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Accepted")
    }
}

/// Whether the answer is signed. One that is signed wrongly, or by halves, is an error.
pub(super) fn confirm(partner: &Partner, fields: &Map<String, Value>) -> Result<bool, OperationError> {
    let present = |key: &str| tolerant::field(fields, key).filter(|value| !value.is_null());
    let (timestamp, signature) = (present("timestamp"), present("signature"));
    if timestamp.is_none() && signature.is_none() {
        return Ok(false);
    }
    let refuse = OperationError::Signature;
    let timestamp =
        timestamp.and_then(ReceivedTimestamp::from_json).ok_or(refuse(SignatureError::Missing))?;
    let signature = signature.and_then(Value::as_str).ok_or(refuse(SignatureError::Missing))?;
    partner.signer().confirm_received(&timestamp, signature).map_err(refuse)?;
    Ok(true)
}
