//! How a job ends.

use std::fmt;

use crate::flow::SubmissionId;
use crate::{JobId, JobStatus, JobType, OperationError, PartnerParams, UserId, Verdict};

/// What names a job at the service.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct JobKey {
    /// The user it is about.
    pub user_id: UserId,
    /// The partner's id of the job.
    pub job_id: JobId,
    /// What kind of job it is.
    pub job_type: JobType,
}

impl JobKey {
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

/// A job that the service has received whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Submission {
    /// What names it.
    pub key: JobKey,
    /// Smile ID's own id of the job, where it is known.
    pub smile_job_id: Option<String>,
    /// What the result must name to be the verdict on this submission; unknown if it was another flow's, as in
    /// [`JobFlow::wait_for`](super::JobFlow::wait_for). Ask [`SubmissionId::is_named_by`] of a callback's entry.
    pub id: Option<SubmissionId>,
}

/// How a job ended that the service has received.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum JobOutcome {
    /// It was submitted, and nobody asked to wait: the result comes by callback.
    #[non_exhaustive]
    Submitted {
        /// The job.
        submission: Submission,
    },
    /// There is a result. It may be provisional: see [`Verdict::is_final`].
    #[non_exhaustive]
    Complete {
        /// The job.
        submission: Submission,
        /// Its status, with the result.
        status: Box<JobStatus>,
        /// What the result amounts to.
        verdict: Verdict,
    },
    /// There was no result before the schedule or the deadline ended. **This is no verdict**: the job goes on at the
    /// service, and its result comes by callback, or when it is asked for again with
    /// [`JobFlow::wait_for`](super::JobFlow::wait_for). Don't submit it again.
    #[non_exhaustive]
    Unfinished {
        /// The job.
        submission: Submission,
        /// The last status that could be trusted.
        last: Option<Box<JobStatus>>,
        /// How often the status was asked for.
        polls: u32,
        /// What was wrong with the last poll, if it failed.
        last_error: Option<OperationError>,
    },
}

impl JobOutcome {
    /// The job.
    pub fn submission(&self) -> &Submission {
        match self {
            Self::Submitted { submission }
            | Self::Complete { submission, .. }
            | Self::Unfinished { submission, .. } => submission,
        }
    }

    /// What the result amounts to, if there is one.
    pub fn verdict(&self) -> Option<&Verdict> {
        if let Self::Complete { verdict, .. } = self { Some(verdict) } else { None }
    }

    /// The status with the result, if there is one.
    pub fn status(&self) -> Option<&JobStatus> {
        if let Self::Complete { status, .. } = self { Some(status) } else { None }
    }
}
