//! Outcomes of a job.

use crate::job::job_key::JobKey;
use crate::job::submission_id::SubmissionId;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use crate::v3::Status;
use crate::{JobStatus, OperationError, Verdict};

/// Submission that the service has received whole, or that the partner's own records have.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Submission {
    /// Key of the job.
    pub key: JobKey,
    /// Smile ID's own id of the job, if it is known.
    pub smile_job_id: Option<String>,
    /// Submission that the result must name to be the verdict on this one; unknown if it was
    /// another flow's, as in [`JobFlow::wait_for`](crate::JobFlow::wait_for). Ask
    /// [`SubmissionId::is_named_by`] of a callback's entry.
    pub id: Option<SubmissionId>,
}

impl Submission {
    /// Submission under this id: a [`Checkpoint`](crate::Checkpoint) has it as its
    /// [`submission_id`](crate::Checkpoint::submission_id).
    pub fn new(key: JobKey, id: SubmissionId) -> Self {
        Self { key, smile_job_id: None, id: Some(id) }
    }
}

/// Submission under these ids, whichever there is.
impl From<JobKey> for Submission {
    fn from(key: JobKey) -> Self {
        Self { key, smile_job_id: None, id: None }
    }
}

/// Outcome of a job that the service has received.
///
/// It serialises to its name, the submission, the verdict and what was wrong last, by their stable
/// names. The status, which holds personal data, is left out. It can't be read back.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum JobOutcome {
    /// The job was submitted, and nobody asked to wait: the result comes by callback.
    #[non_exhaustive]
    Submitted {
        /// The job.
        submission: Submission,
    },
    /// The job has a result. It may be provisional: see [`Verdict::is_final`].
    #[non_exhaustive]
    Complete {
        /// The job.
        submission: Submission,
        /// Status with the result.
        status: Box<JobStatus>,
        /// Verdict on the result.
        verdict: Verdict,
    },
    /// The job has a result over the v3 API, whose status is a word alone: record, reason and
    /// people come by webhook. What the word lets do is in the verdict: a `clear` for a number, an
    /// address or a name lets nobody in.
    #[non_exhaustive]
    Decided {
        /// The job.
        submission: Submission,
        /// The word, and the ids that came with it.
        status: Box<Status>,
        /// Verdict of the word for this product.
        verdict: Verdict,
    },
    /// The schedule or the deadline ended before there was a result. Don't submit it again.
    #[non_exhaustive]
    Unfinished {
        /// The job.
        submission: Submission,
        /// The last status that could be trusted.
        last: Option<Box<JobStatus>>,
        /// Number of times that the status was requested.
        polls: u32,
        /// Error of the last poll, if that failed.
        last_error: Option<OperationError>,
    },
}

impl Serialize for JobOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("JobOutcome", 5)?;
        let (polls, last_error) = match self {
            Self::Unfinished { polls, last_error, .. } => (Some(polls), last_error.as_ref()),
            _ => (None, None),
        };
        fields.serialize_field("outcome", self.name())?;
        fields.serialize_field("submission", self.submission())?;
        fields.serialize_field("verdict", &self.verdict())?;
        fields.serialize_field("polls", &polls)?;
        fields.serialize_field("last_error", &last_error)?;
        fields.end()
    }
}

impl JobOutcome {
    /// The stable name, in snake case: for logs, metrics and databases.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Submitted { .. } => "submitted",
            Self::Complete { .. } => "complete",
            Self::Decided { .. } => "decided",
            Self::Unfinished { .. } => "unfinished",
        }
    }

    /// The job.
    pub fn submission(&self) -> &Submission {
        match self {
            Self::Submitted { submission }
            | Self::Complete { submission, .. }
            | Self::Decided { submission, .. }
            | Self::Unfinished { submission, .. } => submission,
        }
    }

    /// Verdict on the result, if there is one.
    pub fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::Complete { verdict, .. } | Self::Decided { verdict, .. } => Some(verdict),
            Self::Submitted { .. } | Self::Unfinished { .. } => None,
        }
    }

    /// The status with the whole result, if there is one: of the v1 API alone.
    pub fn status(&self) -> Option<&JobStatus> {
        if let Self::Complete { status, .. } = self { Some(status) } else { None }
    }
}
