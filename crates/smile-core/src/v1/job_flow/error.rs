//! Errors of a job.

use std::fmt;

use crate::flow::{ObserverError, Progress};
use crate::job::job_key::JobKey;
use crate::operation::Step;
use crate::wire::names::stable_names;
use crate::{OperationError, Problem, ValidationError};

/// Failure of a job, with the progress that it made.
///
/// Whatever the cause, [`JobError::progress`] says what the service may know of the job, and
/// `Display` says what to do about it.
#[derive(Clone, PartialEq, Eq)]
pub struct JobError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: JobErrorKind,
    progress: Progress,
    key: JobKey,
    smile_job_id: Option<String>,
    /// True for a job over the v3 API.
    is_v3: bool,
}

/// Kind of a job's failure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobErrorKind {
    /// The input has problems. Mend it and submit the job again.
    Validation(ValidationError),
    /// A step failed, and was tried again if that can help.
    Operation {
        /// The step.
        step: Step,
        /// Error of the last exchange.
        error: OperationError,
    },
    /// The deadline passed before the service had the job; with the error before, if there was one.
    /// A service or network that is slow, or a deadline that is too tight.
    Deadline(Option<OperationError>),
    /// The service has a zip or a result under this job id, and it is another submission's: about
    /// other images, and no verdict on this one. The job id was used before, or somebody else uses
    /// it. Submit this one under a new job id; but first find out what became of it if its
    /// [progress](JobError::progress) says that the service may have it too.
    AnotherSubmission,
    /// The service has a result under this job id that doesn't say which submission it is about, so
    /// it is no verdict on this one: the job was submitted by other means, or the service doesn't
    /// bring back [`SubmissionId::PARTNER_PARAM`](super::SubmissionId::PARTNER_PARAM). Have
    /// somebody look at the job.
    UnprovenResult,
    /// The caller cancelled the job.
    Cancelled,
    /// The caller's observer refused to go on, before the next request was sent. Its reason is the
    /// error's source.
    Observer(ObserverError),
}

stable_names! { JobErrorKind:
    Self::Validation(_) => "validation",
    Self::Operation { .. } => "operation",
    Self::Deadline(_) => "deadline",
    Self::AnotherSubmission => "another_submission",
    Self::UnprovenResult => "unproven_result",
    Self::Cancelled => "cancelled",
    Self::Observer(_) => "observer",
}

impl JobError {
    pub(crate) fn new(
        kind: JobErrorKind,
        progress: Progress,
        key: JobKey,
        smile_job_id: Option<String>,
    ) -> Self {
        Self(Box::new(Inner { kind, progress, key, smile_job_id, is_v3: false }))
    }

    /// As an error of a job over the v3 API, where only the service's own id leads to a job.
    pub(crate) fn of_v3(mut self) -> Self {
        self.0.is_v3 = true;
        self
    }

    /// Kind of the failure.
    pub fn kind(&self) -> &JobErrorKind {
        &self.0.kind
    }

    /// The stable name of its [kind](Self::kind), in snake case: for logs, metrics and databases.
    pub fn name(&self) -> &'static str {
        self.0.kind.name()
    }

    /// Progress of the job at the service.
    pub fn progress(&self) -> Progress {
        self.0.progress
    }

    /// Key of the job.
    pub fn key(&self) -> &JobKey {
        &self.0.key
    }

    /// Smile ID's own id of the job, if it is known.
    pub fn smile_job_id(&self) -> Option<&str> {
        self.0.smile_job_id.as_deref()
    }

    /// True if the service may have the job or not: ask for its status, or resume it from its
    /// checkpoint, before anything is submitted again. Over the v3 API, without the service's own
    /// id, nothing can be asked: wait for the webhook.
    pub fn outcome_unknown(&self) -> bool {
        self.0.progress == Progress::MaybeUploaded
    }

    /// True if the input is at fault.
    pub fn is_validation(&self) -> bool {
        self.validation().is_some()
    }

    /// Problems with the input, if those stopped the job.
    pub fn validation(&self) -> Option<&ValidationError> {
        if let JobErrorKind::Validation(error) = &self.0.kind { Some(error) } else { None }
    }

    /// Problems with the input, if those stopped the job; otherwise none.
    pub fn problems(&self) -> &[Problem] {
        self.validation().map_or(&[], ValidationError::problems)
    }

    /// True if the deadline passed, or the last try of a step got no answer in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, JobErrorKind::Deadline(_))
            || self.operation().is_some_and(OperationError::is_timeout)
    }

    /// True if the service refused the signature: a key of the other environment, a rotated one, or
    /// a clock that is far off.
    pub fn is_unauthorized(&self) -> bool {
        // A refused upload is about its address, not about the key.
        !matches!(self.0.kind, JobErrorKind::Operation { step: Step::Upload, .. })
            && self.operation().is_some_and(OperationError::is_unauthorized)
    }

    /// True if the service has had a job of this id before, and refused this one: an earlier job,
    /// or an earlier attempt at this one whose checkpoint is lost. Nothing of this submission was
    /// taken, and the earlier one's result is no verdict on it.
    pub fn is_job_already_exists(&self) -> bool {
        self.operation().is_some_and(OperationError::is_job_already_exists)
    }

    /// True if the result under this job id is another submission's, or may be: it is no verdict on
    /// this one.
    pub fn is_of_another_submission(&self) -> bool {
        matches!(self.0.kind, JobErrorKind::AnotherSubmission | JobErrorKind::UnprovenResult)
    }

    /// True if the caller's observer refused to go on: its reason is the error's
    /// [source](std::error::Error::source).
    pub fn is_observer(&self) -> bool {
        matches!(self.0.kind, JobErrorKind::Observer(_))
    }

    /// True if the caller cancelled the job.
    pub fn is_cancelled(&self) -> bool {
        self.0.kind == JobErrorKind::Cancelled
    }

    /// True if the same job may be submitted again as it is, and may succeed: the service knows
    /// nothing of it, and the failure passes.
    pub fn is_retryable(&self) -> bool {
        self.0.progress == Progress::Nothing
            && match &self.0.kind {
                JobErrorKind::Operation { error, .. } => error.is_transient(),
                JobErrorKind::Deadline(_) | JobErrorKind::Observer(_) => true,
                JobErrorKind::Validation(_)
                | JobErrorKind::AnotherSubmission
                | JobErrorKind::UnprovenResult
                | JobErrorKind::Cancelled => false,
            }
    }

    /// Error of the last exchange.
    pub fn operation(&self) -> Option<&OperationError> {
        match &self.0.kind {
            JobErrorKind::Operation { error, .. } | JobErrorKind::Deadline(Some(error)) => Some(error),
            _ => None,
        }
    }
}

impl std::error::Error for JobError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let JobErrorKind::Observer(error) = &self.0.kind { Some(error.reason()) } else { None }
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            // Its own sentence says that nothing was submitted.
            JobErrorKind::Validation(error) if self.0.progress == Progress::Nothing => return error.fmt(f),
            JobErrorKind::Validation(error) => error.fmt(f)?,
            JobErrorKind::Operation { step, error } if error.is_job_already_exists() => {
                write!(f, "{step} failed: {error}")?;
                return write!(
                    f,
                    "; the job id belongs to an earlier job or attempt, whose result is no verdict on this one: resume that \
                     attempt from its checkpoint, or submit this one under a new job id (job_id {})",
                    self.0.key.job_id
                );
            }
            JobErrorKind::AnotherSubmission => {
                f.write_str("what the service has under this job id is another submission's, and no verdict on this one")?;
                if self.0.progress <= Progress::Opened {
                    let job_id = &self.0.key.job_id;
                    return write!(f, "; submit this one under a new job id (job_id {job_id})");
                }
            }
            JobErrorKind::UnprovenResult => f.write_str(
                "the result under this job id doesn't name the submission that it is about (`sdk_submission` in its partner \
                 params), so it is no verdict on this one",
            )?,
            JobErrorKind::Operation { step, error } => {
                write!(f, "{step} failed: {error}")?;
                if let Some(remedy) = error.api().and_then(crate::ApiError::remedy) {
                    write!(f, " ({remedy})")?;
                }
            }
            JobErrorKind::Deadline(None) => f.write_str("the deadline passed")?,
            JobErrorKind::Deadline(Some(error)) => write!(f, "the deadline passed; before that, {error}")?,
            JobErrorKind::Cancelled => f.write_str("the job was cancelled")?,
            JobErrorKind::Observer(error) => error.fmt(f)?,
        }
        let has_question = !self.0.is_v3 || self.0.smile_job_id.is_some();
        write!(f, "; {} (job_id {})", self.0.progress.advice(has_question), self.0.key.job_id)
    }
}

impl fmt::Debug for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, progress, key, smile_job_id, .. } = &*self.0;
        f.debug_struct("JobError")
            .field("kind", kind)
            .field("progress", progress)
            .field("key", key)
            .field("smile_job_id", smile_job_id)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::testing::failures;
    use crate::{JobId, JobType, ProblemKind, UserId};

    const ALL_PROGRESS: [Progress; 5] = [
        Progress::Nothing,
        Progress::MaybeOpened,
        Progress::Opened,
        Progress::MaybeUploaded,
        Progress::Uploaded,
    ];

    fn error(kind: JobErrorKind, progress: Progress) -> JobError {
        let key = JobKey::new(UserId::new("jane"), JobId::new("job-1"), JobType::BIOMETRIC_KYC);
        JobError::new(kind, progress, key, Some("0000000007".to_owned()))
    }

    /// Every question that is answered with yes.
    fn says_yes(error: &JobError) -> Vec<&'static str> {
        let answers = [
            ("validation", error.is_validation()),
            ("timeout", error.is_timeout()),
            ("unauthorized", error.is_unauthorized()),
            ("exists", error.is_job_already_exists()),
            ("of another", error.is_of_another_submission()),
            ("observer", error.is_observer()),
            ("cancelled", error.is_cancelled()),
            ("retryable", error.is_retryable()),
            ("outcome unknown", error.outcome_unknown()),
        ];
        answers.into_iter().filter_map(|(question, yes)| yes.then_some(question)).collect()
    }

    #[test]
    fn every_kind_answers_every_question_at_every_progress() {
        let problem = Problem::new("id_info.country", ProblemKind::Missing, "must not be empty");
        let invalid = ValidationError::check(vec![problem.clone()]).unwrap_err();
        let observer = ObserverError::new("the database is down");
        let rows = [
            (JobErrorKind::Validation(invalid.clone()), "validation", vec!["validation"]),
            (JobErrorKind::Deadline(None), "deadline", vec!["timeout", "retryable"]),
            (JobErrorKind::AnotherSubmission, "another_submission", vec!["of another"]),
            (JobErrorKind::UnprovenResult, "unproven_result", vec!["of another"]),
            (JobErrorKind::Cancelled, "cancelled", vec!["cancelled"]),
            (JobErrorKind::Observer(observer), "observer", vec!["observer", "retryable"]),
        ];
        for (kind, name, yes) in rows {
            for progress in ALL_PROGRESS {
                let error = error(kind.clone(), progress);
                let mut expected = yes.clone();
                expected.retain(|question| *question != "retryable" || progress == Progress::Nothing);
                expected.extend((progress == Progress::MaybeUploaded).then_some("outcome unknown"));
                assert_eq!((error.name(), says_yes(&error)), (name, expected), "{error:?}");
                assert_eq!((error.kind(), error.progress()), (&kind, progress));
                assert_eq!((error.operation(), error.smile_job_id()), (None, Some("0000000007")));
                let is_invalid = name == "validation";
                assert_eq!(error.validation(), is_invalid.then_some(&invalid));
                assert_eq!(error.problems().first(), is_invalid.then_some(&problem));
                let reason = std::error::Error::source(&error).map(ToString::to_string);
                assert_eq!(reason.as_deref(), (name == "observer").then_some("the database is down"));
            }
        }
    }

    #[test]
    fn every_failed_exchange_answers_every_question_in_a_step_and_at_the_deadline() {
        for failure in failures() {
            for (step, progress) in [
                (Some(Step::PrepUpload), Progress::Nothing),
                (Some(Step::PrepUpload), Progress::MaybeOpened),
                (Some(Step::Upload), Progress::Nothing),
                (Some(Step::Upload), Progress::MaybeUploaded),
                (Some(Step::JobStatus), Progress::Uploaded),
                (None, Progress::Nothing),
                (None, Progress::Opened),
            ] {
                let kind = match step {
                    Some(step) => JobErrorKind::Operation { step, error: failure.error.clone() },
                    None => JobErrorKind::Deadline(Some(failure.error.clone())),
                };
                let error = error(kind, progress);
                let at_deadline = step.is_none();
                let says = |answer: &str| failure.says_yes.contains(&answer);
                let expected = [
                    ("timeout", says("timeout") || at_deadline),
                    ("unauthorized", says("unauthorized") && step != Some(Step::Upload)),
                    ("exists", says("exists")),
                    ("retryable", progress == Progress::Nothing && (says("transient") || at_deadline)),
                    ("outcome unknown", progress == Progress::MaybeUploaded),
                ];
                let expected: Vec<_> =
                    expected.into_iter().filter_map(|(question, yes)| yes.then_some(question)).collect();
                assert_eq!(says_yes(&error), expected, "{error:?}");
                assert_eq!(error.name(), if at_deadline { "deadline" } else { "operation" });
                assert_eq!((error.operation(), error.validation()), (Some(&failure.error), None));
                assert!(error.problems().is_empty() && std::error::Error::source(&error).is_none());
            }
        }
    }

    #[test]
    fn debug_names_the_kind_and_the_job_and_shows_no_user() {
        let shown = format!("{:?}", error(JobErrorKind::Cancelled, Progress::Opened));
        assert!(shown.starts_with("JobError { kind: Cancelled, progress: Opened, "), "{shown}");
        assert!(shown.contains("job-1") && !shown.contains("jane"), "{shown}");
    }
}
