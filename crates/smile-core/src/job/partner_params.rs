//! The partner's ids of the user and the job, and further parameters.

use std::fmt;

use serde_json::{Map, Value};

use crate::job::submission_id::SubmissionId;

/// The partner's id of one of its users. The same id enrols and later authenticates a person.
///
/// It may be personal (a phone number, say), so `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

impl UserId {
    /// Id of the partner's own making. Emptiness is found when the job is validated.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id, as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserId(redacted)")
    }
}

/// The partner's id of one job. It is unique for ever: the service refuses an id that it has seen.
///
/// It shows up in errors, events and `Debug`, to find a job again by: make it a random id or a
/// counter, nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct JobId(String);

impl JobId {
    /// Id of the partner's own making. Emptiness is found when the job is validated.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id, as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `partner_params`: the ids of the user and the job, and anything else that should come back with
/// the result.
///
/// ```
/// use smile_core::{JobId, PartnerParams, UserId};
///
/// let params = PartnerParams::new(UserId::new("customer-17"), JobId::new("kyc-2026-000017"))
///     .with_param("branch", "Lagos")
///     .with_param("attempt", 2);
/// ```
///
/// They are read from what they are on the wire, one object with the two ids and the partner's own
/// keys:
///
/// ```
/// let text = r#"{ "user_id": "customer-17", "job_id": "kyc-2026-000017", "branch": "Lagos" }"#;
/// let params: smile_core::PartnerParams = serde_json::from_str(text)?;
/// assert_eq!(params.job_id().as_str(), "kyc-2026-000017");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct PartnerParams {
    pub(crate) user_id: UserId,
    pub(crate) job_id: JobId,
    #[serde(flatten)]
    pub(crate) extra: Map<String, Value>,
}

impl PartnerParams {
    /// The two ids that every job has.
    pub fn new(user_id: UserId, job_id: JobId) -> Self {
        Self { user_id, job_id, extra: Map::new() }
    }

    /// Adds a key of the partner's own, which comes back untouched in the result and the callback.
    ///
    /// `user_id`, `job_id` and `job_type` are taken. Smile ID's sandbox reads `sandbox_result`
    /// (`"0"` approved, `"1"` rejected, `"2"` provisional) from here.
    #[must_use]
    pub fn with_param(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key.into(), value.into());
        self
    }

    /// Adds the id of the submission that this goes out with.
    pub(crate) fn name_submission(&mut self, id: &SubmissionId) {
        self.extra.insert(SubmissionId::PARTNER_PARAM.to_owned(), id.as_str().into());
    }

    /// Id of the user.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// Id of the job.
    pub fn job_id(&self) -> &JobId {
        &self.job_id
    }
}

impl fmt::Debug for PartnerParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartnerParams").field("job_id", &self.job_id.0).finish_non_exhaustive()
    }
}
