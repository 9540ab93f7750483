//! Key of a job at the service.

use std::fmt;

use crate::catalogue::job_type::JobType;
use crate::job::partner_params::{JobId, PartnerParams, UserId};

/// Key of a job at the service: user id, job id and job type.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct JobKey {
    /// The partner's id of the user.
    pub user_id: UserId,
    /// The partner's id of the job.
    pub job_id: JobId,
    /// Type of the job.
    pub job_type: JobType,
}

impl JobKey {
    /// The key of a job of this type.
    pub fn new(user_id: UserId, job_id: JobId, job_type: JobType) -> Self {
        Self { user_id, job_id, job_type }
    }

    pub(crate) fn of(params: &PartnerParams, job_type: JobType) -> Self {
        Self { user_id: params.user_id.clone(), job_id: params.job_id.clone(), job_type }
    }
}

impl fmt::Debug for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobKey")
            .field("job_id", &self.job_id.as_str())
            .field("job_type", &self.job_type)
            .finish()
    }
}
