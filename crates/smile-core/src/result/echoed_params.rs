//! Partner params that come back with a result.

use std::fmt;

use serde_json::{Map, Value};

use crate::JobType;
use crate::wire::tolerant;

/// `PartnerParams` as they came back.
#[derive(Clone, Copy)]
pub struct EchoedParams<'a>(Option<&'a Map<String, Value>>);

impl<'a> EchoedParams<'a> {
    pub(super) fn new(object: Option<&'a Map<String, Value>>) -> Self {
        Self(object)
    }

    /// `user_id`.
    pub fn user_id(&self) -> Option<String> {
        tolerant::text(self.0?, "user_id")
    }

    /// `job_id`.
    pub fn job_id(&self) -> Option<String> {
        tolerant::text(self.0?, "job_id")
    }

    /// `job_type`, from a number or digits. Some callers of the API never set it.
    pub fn job_type(&self) -> Option<JobType> {
        tolerant::text(self.0?, "job_type")?.trim().parse().ok().map(JobType::from_number)
    }

    /// True if the parameters are certainly not of this type of job: another type, or none that can
    /// be read.
    pub(super) fn is_of_other_type(&self, job_type: JobType) -> bool {
        let Some(object) = self.0 else { return false };
        let says_something = tolerant::field(object, "job_type").is_some_and(|value| !value.is_null());
        tolerant::disagrees(object, "job_type") || (says_something && self.job_type() != Some(job_type))
    }

    /// True if these ids name another job or user than this one, or disagree with themselves.
    pub(crate) fn is_of_other_job(&self, user_id: &str, job_id: &str) -> bool {
        let Some(object) = self.0 else { return false };
        let other = |name: &str, expected: &str| {
            tolerant::disagrees(object, name)
                || tolerant::field(object, name).is_some_and(|value| !value.is_null())
                    && tolerant::text(object, name).as_deref() != Some(expected)
        };
        other("job_id", job_id) || other("user_id", user_id)
    }

    /// True if these ids name this job of this user, and nothing else.
    pub(crate) fn names(&self, user_id: &str, job_id: &str) -> bool {
        !self.is_of_other_job(user_id, job_id)
            && self.job_id().as_deref() == Some(job_id)
            && self.user_id().as_deref() == Some(user_id)
    }

    /// A key of the partner's own, as it came.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.0?.get(key)
    }

    /// All keys, as they came.
    pub fn as_json(&self) -> Option<&'a Map<String, Value>> {
        self.0
    }
}

impl fmt::Debug for EchoedParams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EchoedParams").field("job_type", &self.job_type()).finish_non_exhaustive()
    }
}
