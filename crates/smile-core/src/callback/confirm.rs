//! Confirmation of a callback by the service's own job status.

use std::fmt;

use bytes::Bytes;
use http::Response;

use crate::callback::{Callback, CallbackKind};
use crate::flow::{Call, CallError, Event, Flow, FlowSettings, Next, ObserverError};
use crate::job::job_key::JobKey;
use crate::operation::Step;
use crate::result::{Decision, ResultCode, ResultEntry, Verdict};
use crate::wire::names::stable_names;
use crate::{JobStatus, JobStatusRequest, Partner, Submission, SubmissionId, Timestamp, TransportFailure};
use crate::{OperationError, Problem, ValidationError};

/// Asks the service for the status of the job that a callback is about, and compares the two.
///
/// A callback's signature doesn't cover its body; the answer to a question of one's own, over TLS
/// from the service's own host, needs no such trust. What this takes from the callback is only that
/// there is something to ask about; code, decision, finality and Smile ID's job id must be the
/// same.
///
/// The service may be behind its own callbacks for a moment: then it is asked again, on the
/// schedule and up to the deadline of the [`FlowSettings`].
pub struct Confirm {
    partner: Partner,
    key: JobKey,
    /// Submission that the result must name, if that is known.
    submission_id: Option<SubmissionId>,
    claim: Claim,
    settings: FlowSettings,
    seed: u64,
    clock: Timestamp,
    deadline: Option<Timestamp>,
    polls: u32,
    stage: Stage,
}

/// Content of a callback, as claimed.
struct Claim {
    code: Option<ResultCode>,
    smile_job_id: Option<String>,
    verdict: Verdict,
}

enum Stage {
    Asking(Box<Call<JobStatusRequest>>),
    /// Waiting until then, with the reason that the last status didn't do: it isn't as far as the
    /// callback.
    Waiting(Timestamp, ConfirmError),
    Finished(Result<Confirmation, ConfirmError>),
}

impl Confirm {
    /// Confirms this callback of the job that the partner's own records have. `seed` spreads the
    /// waits of many clients: take any random number.
    ///
    /// Give the [`Submission`] with its id, as
    /// [`JobOutcome::submission`](crate::JobOutcome::submission) or a stored checkpoint has it:
    /// then both the callback and the status must name it. A [`JobKey`] alone confirms the result
    /// of whichever submission the service has under these ids.
    pub fn new(
        partner: Partner,
        submission: impl Into<Submission>,
        callback: &Callback,
        settings: FlowSettings,
        seed: u64,
    ) -> Self {
        let Submission { key, id: submission_id, .. } = submission.into();
        let claim = Claim {
            code: callback.entry().result_code().cloned(),
            smile_job_id: callback.entry().smile_job_id(),
            verdict: callback.verdict_for(key.job_type),
        };
        let mut confirm = Self {
            partner,
            key,
            submission_id,
            claim,
            settings,
            seed,
            clock: Timestamp::default(),
            deadline: None,
            polls: 0,
            stage: Stage::Finished(Err(ConfirmError::NotConfirmable)),
        };
        match callback.kind() {
            CallbackKind::Webhook | CallbackKind::IdInformation => {}
            _ if !callback.is_about(&confirm.key) => {
                confirm.stage = Stage::Finished(Err(ConfirmError::NotThisJob));
            }
            _ if !confirm.is_named_by(callback.entry()) => {
                confirm.stage = Stage::Finished(Err(ConfirmError::NotThisSubmission));
            }
            _ => confirm.ask(),
        }
        confirm
    }

    fn is_named_by(&self, entry: &ResultEntry) -> bool {
        self.submission_id.as_ref().is_none_or(|id| id.is_named_by(entry))
    }

    fn ask(&mut self) {
        self.polls += 1;
        let settings = match self.deadline {
            Some(deadline) => self.settings.clone().with_deadline(deadline.since(self.clock)),
            None => self.settings.clone(),
        };
        let call = Call::new(self.partner.clone(), JobStatusRequest::of(&self.key), settings, self.seed);
        self.stage = Stage::Asking(Box::new(call));
    }

    fn answered(&mut self, answer: Result<JobStatus, CallError>) {
        let compared = answer.map_err(ConfirmError::Call).and_then(|status| self.compare(status));
        let again = self.settings.poll.delay_after(self.polls).map(|wait| self.clock + wait);
        self.stage = match (compared, again) {
            // What the status has may still be an earlier submission's.
            (Err(error), Some(at))
                if (error.is_behind() || error == ConfirmError::NotThisSubmission) && self.is_in_time(at) =>
            {
                Stage::Waiting(at, error)
            }
            (outcome, _) => Stage::Finished(outcome),
        };
    }

    fn is_in_time(&self, at: Timestamp) -> bool {
        self.deadline.is_none_or(|deadline| at < deadline)
    }

    fn compare(&self, status: JobStatus) -> Result<Confirmation, ConfirmError> {
        let status = Box::new(status);
        let Some(verdict) = status.verdict() else { return Err(ConfirmError::Behind { status }) };
        if status.entry().is_some_and(|entry| !self.is_named_by(entry)) {
            return Err(ConfirmError::NotThisSubmission);
        }
        let other_id = |entry: &ResultEntry| matches!((entry.smile_job_id(), &self.claim.smile_job_id), (Some(id), Some(claimed)) if id != *claimed);
        let is_other = status.entry().is_some_and(other_id);
        let claimed = &self.claim.verdict;
        let has_same_code = verdict.code().is_some() && verdict.code() == self.claim.code.as_ref();
        // One code can be approved with some actions, open with others, and make no sense with
        // others still.
        let says_the_same =
            verdict.decision() == claimed.decision() && verdict.is_final() == claimed.is_final();
        if !is_other && has_same_code && says_the_same {
            return Ok(Confirmation { key: self.key.clone(), verdict, status });
        }
        let makes_no_sense = has_same_code && verdict.decision() == Decision::Unknown;
        match (is_other || makes_no_sense, claimed.is_final(), verdict.is_final()) {
            (false, true, false) => Err(ConfirmError::Behind { status }),
            (false, false, true) => Err(ConfirmError::Superseded { status }),
            _ => Err(ConfirmError::Contradicted { status }),
        }
    }
}

impl Flow for Confirm {
    type Outcome = Result<Confirmation, ConfirmError>;

    fn next(&mut self, now: Timestamp) -> Next<Self::Outcome> {
        self.clock = self.clock.max(now);
        self.deadline.get_or_insert(self.clock + self.settings.deadline);
        loop {
            match &mut self.stage {
                Stage::Finished(outcome) => return Next::Finished(outcome.clone()),
                Stage::Waiting(until, _) if *until > self.clock => return Next::Wait { until: *until },
                // Woken too late to ask again.
                Stage::Waiting(_, error) if self.deadline.is_some_and(|deadline| deadline <= self.clock) => {
                    let error = error.clone();
                    self.stage = Stage::Finished(Err(error));
                }
                Stage::Waiting(..) => self.ask(),
                Stage::Asking(call) => match call.next(self.clock) {
                    Next::Read(path) => return Next::Read(path),
                    Next::Send { request, timeout } => return Next::Send { request, timeout },
                    Next::Wait { until } => return Next::Wait { until },
                    Next::Finished(answer) => self.answered(answer),
                },
            }
        }
    }

    fn file_read(&mut self, now: Timestamp, _: std::io::Result<Vec<u8>>) {
        self.clock = self.clock.max(now);
    }

    fn receive(&mut self, now: Timestamp, answer: Result<Response<Bytes>, TransportFailure>) {
        self.clock = self.clock.max(now);
        if let Stage::Asking(call) = &mut self.stage {
            call.receive(self.clock, answer);
        }
    }

    fn refuse(&mut self, now: Timestamp, error: ObserverError) {
        self.clock = self.clock.max(now);
        if let Stage::Asking(call) = &mut self.stage {
            call.refuse(self.clock, error);
        } else if matches!(self.stage, Stage::Waiting(..)) {
            let error = CallError::refused(error, Step::JobStatus, Some(self.key.clone()));
            self.stage = Stage::Finished(Err(ConfirmError::Call(error)));
        }
    }

    fn take_event(&mut self) -> Option<Event> {
        if let Stage::Asking(call) = &mut self.stage { call.take_event() } else { None }
    }
}

impl fmt::Debug for Confirm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirm").field("key", &self.key).field("polls", &self.polls).finish_non_exhaustive()
    }
}

/// Result that came by callback and that the service itself, asked for the job's status, confirms.
///
/// Only [`Confirm`] makes one; it can't be read from what was stored. Everything in it is from the
/// status, and nothing from the callback: a forger may have changed what the code doesn't show,
/// such as a name, so take the record from here too.
///
/// ```compile_fail
/// let confirmed: smile_core::Confirmation = serde_json::from_str("{}").unwrap();
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Confirmation {
    key: JobKey,
    verdict: Verdict,
    status: Box<JobStatus>,
}

impl Confirmation {
    /// Key of the job.
    pub fn key(&self) -> &JobKey {
        &self.key
    }

    /// Verdict of the result. It may be provisional: confirmed is not final.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The result, as the status has it.
    pub fn entry(&self) -> Option<&ResultEntry> {
        self.status.entry()
    }

    /// The job's status.
    pub fn status(&self) -> &JobStatus {
        &self.status
    }
}

/// Reason that a callback could not be confirmed. This is no verdict; if there is a status, that is
/// the service's answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ConfirmError {
    /// The callback is about another job or user than the partner's records have, or names neither.
    /// Nothing was sent.
    NotThisJob,
    /// The callback, or the job's status to the last, has a result under this job id that is
    /// another submission's, or that names none: it is no verdict on this one. The job id was used
    /// twice; or the service doesn't bring back [`SubmissionId::PARTNER_PARAM`], and somebody must
    /// look at the job.
    NotThisSubmission,
    /// The callback has no verdict on a job, or one that this API has no status for: the ID
    /// authority's record of a number, or a v3 webhook. Nothing was sent.
    NotConfirmable,
    /// The status can't be had. Try again later, or answer the callback with 503 and the service
    /// comes again.
    Call(CallError),
    /// The service hasn't come as far as the callback yet, and was asked as often as the settings
    /// allow. A forged callback looks the same, so act on nothing, and ask again later.
    #[non_exhaustive]
    Behind {
        /// The job's status.
        status: Box<JobStatus>,
    },
    /// The callback is of an earlier result, and the service has a final one by now. Go by the
    /// status.
    #[non_exhaustive]
    Superseded {
        /// The job's status.
        status: Box<JobStatus>,
    },
    /// The service contradicts the callback. Somebody may be making results up: go by the status,
    /// and have somebody look at it.
    #[non_exhaustive]
    Contradicted {
        /// The job's status.
        status: Box<JobStatus>,
    },
}

impl fmt::Display for ConfirmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotThisJob => "the callback is not about this job of this user",
            Self::NotThisSubmission => {
                "the result is another submission's of the same job id, or doesn't name the submission that it is about \
                 (`sdk_submission` in its partner params), so it is no verdict on this one"
            }
            Self::NotConfirmable => "a callback of this kind can't be confirmed by the job's status",
            Self::Call(error) => return write!(f, "the callback could not be confirmed: {error}"),
            Self::Behind { .. } => "the job's status doesn't have the callback's result yet",
            Self::Superseded { .. } => "the job's status has a newer result than the callback",
            Self::Contradicted { .. } => "the job's status contradicts the callback",
        })
    }
}

stable_names! { ConfirmError:
    Self::NotThisJob => "not_this_job",
    Self::NotThisSubmission => "not_this_submission",
    Self::NotConfirmable => "not_confirmable",
    Self::Call(_) => "call",
    Self::Behind { .. } => "behind",
    Self::Superseded { .. } => "superseded",
    Self::Contradicted { .. } => "contradicted",
}

impl std::error::Error for ConfirmError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The call's own words are in the message already.
        self.call().and_then(std::error::Error::source)
    }
}

impl ConfirmError {
    /// Error of the status request, if that failed.
    pub fn call(&self) -> Option<&CallError> {
        if let Self::Call(error) = self { Some(error) } else { None }
    }

    /// Error of the last exchange.
    pub fn operation(&self) -> Option<&OperationError> {
        self.call().and_then(CallError::operation)
    }

    /// The problems with the input, if that is what stopped it.
    pub fn validation(&self) -> Option<&ValidationError> {
        self.call().and_then(CallError::validation)
    }

    /// The problems with the input, if that is what stopped it; otherwise none.
    pub fn problems(&self) -> &[Problem] {
        self.call().map_or(&[], CallError::problems)
    }

    /// Always false: the question for a job's status changes nothing at the service.
    pub fn outcome_unknown(&self) -> bool {
        self.call().is_some_and(CallError::outcome_unknown)
    }

    /// True if the input is at fault.
    pub fn is_validation(&self) -> bool {
        self.validation().is_some()
    }

    /// True if the deadline passed, or the last try got no answer in time.
    pub fn is_timeout(&self) -> bool {
        self.call().is_some_and(CallError::is_timeout)
    }

    /// True if the service refused the signature: a key of the other environment, a rotated one, or
    /// a clock that is far off.
    pub fn is_unauthorized(&self) -> bool {
        self.call().is_some_and(CallError::is_unauthorized)
    }

    /// Always false: the question for a job's status submits nothing.
    pub fn is_job_already_exists(&self) -> bool {
        self.call().is_some_and(CallError::is_job_already_exists)
    }

    /// True if the caller's observer refused to go on: its reason is the error's
    /// [source](std::error::Error::source).
    pub fn is_observer(&self) -> bool {
        self.call().is_some_and(CallError::is_observer)
    }

    /// The job's status, if there was one. It is from the service itself, so its verdict can be
    /// relied on.
    pub fn status(&self) -> Option<&JobStatus> {
        match self {
            Self::Behind { status } | Self::Superseded { status } | Self::Contradicted { status } => {
                Some(status)
            }
            Self::NotThisJob | Self::NotThisSubmission | Self::NotConfirmable | Self::Call(_) => None,
        }
    }

    /// True if the callback may be confirmed later: the status couldn't be had, or isn't as far as
    /// the callback.
    pub fn is_retryable(&self) -> bool {
        self.is_behind() || matches!(self, Self::Call(error) if error.is_retryable())
    }

    /// The service isn't as far as the callback, in a status or by refusing one (2314).
    fn is_behind(&self) -> bool {
        match self {
            Self::Behind { .. } => true,
            Self::Call(error) => error.operation().is_some_and(OperationError::denies_zip),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_call_answers_every_question_as_the_call_does() {
        for (call, ..) in crate::flow::call_errors() {
            let error = ConfirmError::Call(call.clone());
            assert_eq!(error.is_validation(), call.is_validation(), "{call:?}");
            assert_eq!(error.is_timeout(), call.is_timeout(), "{call:?}");
            assert_eq!(error.is_unauthorized(), call.is_unauthorized(), "{call:?}");
            assert_eq!(error.is_job_already_exists(), call.is_job_already_exists(), "{call:?}");
            assert_eq!(error.is_observer(), call.is_observer(), "{call:?}");
            assert_eq!(error.outcome_unknown(), call.outcome_unknown(), "{call:?}");
            assert_eq!(error.validation(), call.validation(), "{call:?}");
            assert_eq!(error.problems(), call.problems(), "{call:?}");
            assert_eq!(error.operation(), call.operation(), "{call:?}");
            assert_eq!((error.call(), error.status(), error.name()), (Some(&call), None, "call"));
            let has_no_zip = call.operation().is_some_and(OperationError::denies_zip);
            assert_eq!(error.is_retryable(), call.is_retryable() || has_no_zip, "{call:?}");
        }
    }

    #[test]
    fn what_is_no_error_of_the_call_answers_every_question_with_no() {
        for (error, name) in [
            (ConfirmError::NotThisJob, "not_this_job"),
            (ConfirmError::NotThisSubmission, "not_this_submission"),
            (ConfirmError::NotConfirmable, "not_confirmable"),
        ] {
            assert_eq!((error.name(), error.call(), error.status()), (name, None, None));
            assert!(!error.is_validation() && !error.is_timeout() && !error.is_unauthorized());
            assert!(!error.is_job_already_exists() && !error.is_observer() && !error.outcome_unknown());
            assert!(error.validation().is_none() && error.problems().is_empty() && !error.is_retryable());
        }
    }
}
