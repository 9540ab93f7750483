//! Checks: what is asked for, and answered, in a single request. They are jobs too, without a zip.
//!
//! A check whose job id was used before is carried out, and charged for, once more: that the service tells repetitions
//! apart is documented for uploads only. An id that a job of another type has is refused with 2215; our choice.

use serde_json::{Map, Value};
use smile_core::JobType;
use smile_core::catalogue::{self, ResultCodeRow};

use crate::fault::kinds::Endpoint;
use crate::http::answers::ApiError;
use crate::job::jobs::Job;
use crate::service::Service;

/// Job type 12, as the Ruby SDK has it; in the web client it is the electronic signature.
pub(crate) const ADDRESS_VERIFICATION: JobType = JobType::from_number(12);
/// No job type is known for it.
pub(crate) const PHONE_VERIFICATION: JobType = JobType::from_number(0);

/// A check that has been read and found in order.
#[derive(Clone, Copy)]
pub(crate) struct Check<'a> {
    pub(crate) endpoint: Endpoint,
    pub(crate) job_type: JobType,
    pub(crate) job_id: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) partner_params: &'a Map<String, Value>,
    pub(crate) callback_url: Option<&'a str>,
    pub(crate) body: &'a Map<String, Value>,
}

impl Service {
    /// Notes that a check is carried out, and returns where its job is.
    pub(crate) fn begin(&mut self, check: Check<'_>) -> Result<usize, ApiError> {
        let position = match self.jobs.position(check.job_id) {
            Some(_) if self.is_taken(check) => return Err(ApiError::JOB_EXISTS),
            Some(position) => position,
            None => self.new_job(check.job_id, check.endpoint, check.job_type),
        };
        let job = self.jobs.at_mut(position);
        job.endpoint = check.endpoint;
        check.user_id.clone_into(&mut job.user_id);
        job.partner_params = check.partner_params.clone();
        job.callback_url = check.callback_url.map(str::to_owned);
        job.request = Some(Value::Object(check.body.clone()));
        job.processed += 1;
        // Who was answered at once has nothing to wait for.
        job.polls_left = if check.endpoint.is_async() { self.settings.pending_polls } else { 0 };
        self.jobs.weigh(position);
        Ok(position)
    }

    /// Whether its job id is that of a job of another type.
    pub(crate) fn is_taken(&self, check: Check<'_>) -> bool {
        let position = self.jobs.position(check.job_id);
        position.is_some_and(|position| self.jobs.at(position).job_type != check.job_type)
    }
}

impl Endpoint {
    /// Whether the result comes in a callback.
    pub(crate) fn is_async(self) -> bool {
        matches!(
            self,
            Self::EnhancedKycAsync
                | Self::BasicKycAsync
                | Self::BusinessVerificationAsync
                | Self::AddressVerification
                | Self::PhoneVerification
        )
    }

    /// Whether its results are sent to a callback address: not those that were answered at once.
    pub(crate) fn sends_callbacks(self) -> bool {
        self.is_async() || self == Self::PrepUpload
    }
}

/// What the job status says in `job_success` of a check with this code.
pub(crate) fn is_success(code: &str, job_type: JobType) -> bool {
    row(code, job_type).is_some_and(|row| row.job_success)
}

/// What every entry of a check begins with.
pub(crate) fn entry(job: &Job, result_type: &str, code: &str, actions: Value) -> Map<String, Value> {
    let mut entry = Map::new();
    entry.insert("JSONVersion".into(), "1.0.0".into());
    entry.insert("SmileJobID".into(), job.smile_job_id.as_str().into());
    entry.insert("PartnerParams".into(), job.partner_params.clone().into());
    entry.insert("ResultType".into(), result_type.into());
    entry.insert("ResultText".into(), text(code, job.job_type).unwrap_or("Error").into());
    entry.insert("ResultCode".into(), code.into());
    entry.insert("IsFinalResult".into(), "true".into());
    entry.insert("Actions".into(), actions);
    entry
}

/// The text that goes with a code, if one is known.
pub(crate) fn text(code: &str, job_type: JobType) -> Option<&'static str> {
    row(code, job_type).map(|row| row.text)
}

/// What the catalogue says of a code; of codes that it has for other checks only, what it says there.
fn row(code: &str, job_type: JobType) -> Option<&'static ResultCodeRow> {
    [job_type, JobType::ENHANCED_KYC, JobType::BIOMETRIC_KYC]
        .into_iter()
        .find_map(|job_type| catalogue::result_code(code, job_type))
}
