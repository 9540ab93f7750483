//! A single operation, with the same retries as the steps of a job.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::{Event, Flow, FlowSettings, JobKey, Next, Step};
use crate::operation::{JobStatusRequest, Operation, Repeat, retry_after};
use crate::{OperationError, Partner, Problem, Timestamp, TransportFailure, ValidationError};

/// Runs one operation.
///
/// - Nothing is sent if something is wrong with the input.
/// - What only reads is tried again. What could bill or create twice is tried again only if it certainly never arrived.
/// - After the answer to something that bills was lost, the job's status is asked for, where it has one: what it says
///   stands for the answer. If it can't be told either, the error says that the outcome is unknown.
pub struct Call<O: Operation> {
    partner: Partner,
    operation: O,
    settings: FlowSettings,
    seed: u64,
    clock: Timestamp,
    deadline: Option<Timestamp>,
    not_before: Option<Timestamp>,
    is_out: bool,
    stage: Stage<O::Output>,
    events: VecDeque<Event>,
}

enum Stage<T> {
    /// Sending the request.
    Asking { attempts: u32, last_error: Option<OperationError> },
    /// Asking for the job's status, because the answer was lost.
    Reconciling { lost: OperationError, key: JobKey, polls: u32 },
    /// Over.
    Finished(Result<T, CallError>),
}

/// How often the status is asked for after an answer was lost.
const MAX_POLLS: u32 = 5;

impl<O: Operation> Call<O> {
    /// Runs this operation for this partner. `seed` spreads the waits of many clients: take any random number.
    pub fn new(partner: Partner, operation: O, settings: FlowSettings, seed: u64) -> Self {
        let findings = operation.check(&partner);
        let events = findings.warnings.into_iter().map(Event::Warning).collect();
        let stage = match ValidationError::check(findings.problems) {
            Ok(()) => Stage::Asking { attempts: 0, last_error: None },
            Err(error) => {
                let kind = CallErrorKind::Validation(error);
                Stage::Finished(Err(CallError::new::<O>(kind, false, operation.key())))
            }
        };
        Self {
            partner,
            operation,
            settings,
            seed,
            clock: Timestamp::default(),
            deadline: None,
            not_before: None,
            is_out: false,
            stage,
            events,
        }
    }

    fn fail(&mut self, kind: CallErrorKind, outcome_unknown: bool) {
        self.stage = Stage::Finished(Err(CallError::new::<O>(kind, outcome_unknown, self.operation.key())));
        self.not_before = None;
    }

    fn is_in_time(&self, at: Timestamp) -> bool {
        self.deadline.is_none_or(|deadline| at < deadline)
    }

    fn failed(&mut self, error: OperationError, retry_after: Option<Duration>) {
        match &mut self.stage {
            Stage::Asking { attempts, last_error } => {
                let attempts = *attempts;
                *last_error = Some(error.clone());
                let repeat = self.operation.repeat();
                // A gateway's 408 or 503 may come from behind the gateway, where the work had begun; and a redirect may lead to
                // what was done.
                let is_gateway = error.api().is_some_and(|error| {
                    matches!(error.status(), 300..400 | 408 | 503) && !error.is_refusal()
                });
                let was_done = !error.certainly_not_done() || is_gateway;
                if was_done && repeat != Repeat::Free {
                    return self.lost(error);
                }
                let wait = self.settings.retry.delay_after(attempts, O::STEP, retry_after, self.seed);
                match wait.filter(|_| error.is_transient()).map(|wait| self.clock + wait) {
                    Some(at) if self.is_in_time(at) => self.again(attempts, error, at),
                    _ => self.fail(CallErrorKind::Operation(error), false),
                }
            }
            Stage::Reconciling { .. } => self.still_unknown(),
            Stage::Finished(_) => {}
        }
    }

    fn again(&mut self, attempt: u32, error: OperationError, at: Timestamp) {
        self.not_before = Some(at);
        self.events.push_back(Event::Retrying { step: O::STEP, attempt, error, at });
    }

    /// The service may have acted on the request, and it can't be sent again.
    fn lost(&mut self, error: OperationError) {
        let at = self.clock + self.settings.settle;
        match self.operation.key().filter(|_| self.operation.repeat() == Repeat::MayBillTwice) {
            Some(key) if self.is_in_time(at) => {
                self.not_before = Some(at);
                self.events.push_back(Event::Retrying {
                    step: Step::JobStatus,
                    attempt: 0,
                    error: error.clone(),
                    at,
                });
                self.stage = Stage::Reconciling { lost: error, key, polls: 0 };
            }
            _ => self.fail(CallErrorKind::Operation(error), true),
        }
    }

    /// The status didn't tell what became of the request. Ask again, up to a limit.
    fn still_unknown(&mut self) {
        let Stage::Reconciling { lost, polls, .. } = &self.stage else { return };
        let wait = self.settings.poll.delay_after(*polls).unwrap_or(self.settings.settle);
        let at = self.clock + wait;
        if *polls < MAX_POLLS && self.is_in_time(at) {
            self.not_before = Some(at);
        } else {
            let lost = lost.clone();
            self.fail(CallErrorKind::Operation(lost), true);
        }
    }
}

impl<O: Operation> Flow for Call<O>
where
    O::Output: Clone,
{
    type Outcome = Result<O::Output, CallError>;

    fn next(&mut self, now: Timestamp) -> Next<Self::Outcome> {
        self.clock = self.clock.max(now);
        let deadline = *self.deadline.get_or_insert(self.clock + self.settings.deadline);
        if std::mem::take(&mut self.is_out) {
            self.failed(
                OperationError::Transport(TransportFailure::interrupted("nobody waited for it")),
                None,
            );
        }
        if self.clock >= deadline {
            match &self.stage {
                Stage::Asking { last_error, .. } => {
                    let last_error = last_error.clone();
                    self.fail(CallErrorKind::Deadline(last_error), false);
                }
                Stage::Reconciling { lost, .. } => {
                    let lost = lost.clone();
                    self.fail(CallErrorKind::Deadline(Some(lost)), true);
                }
                Stage::Finished(_) => {}
            }
        }
        if let Some(until) = self.not_before.filter(|until| *until > self.clock) {
            return Next::Wait { until };
        }
        self.not_before = None;
        let request = match &mut self.stage {
            Stage::Finished(outcome) => return Next::Finished(outcome.clone()),
            Stage::Asking { attempts, .. } => {
                *attempts += 1;
                self.operation.request(&self.partner, self.clock)
            }
            Stage::Reconciling { key, polls, .. } => {
                *polls += 1;
                JobStatusRequest::of(key).request(&self.partner, self.clock)
            }
        };
        self.is_out = true;
        let timeout = self.settings.request_timeout.min(deadline.since(self.clock));
        let (step, attempt) = match &self.stage {
            Stage::Reconciling { polls, .. } => (Step::JobStatus, *polls),
            Stage::Asking { attempts, .. } => (O::STEP, *attempts),
            Stage::Finished(_) => (O::STEP, 0),
        };
        self.events.push_back(Event::Sending { step, attempt, timeout });
        Next::Send { request, timeout }
    }

    fn read(&mut self, now: Timestamp, _: std::io::Result<Vec<u8>>) {
        self.clock = self.clock.max(now);
    }

    fn receive(&mut self, now: Timestamp, answer: Result<Response<Bytes>, TransportFailure>) {
        self.clock = self.clock.max(now);
        if !std::mem::take(&mut self.is_out) {
            return;
        }
        let response = match answer {
            Ok(response) => response,
            Err(failure) => return self.failed(OperationError::Transport(failure), None),
        };
        let wait = retry_after(&response, self.clock);
        let parsed = match &self.stage {
            Stage::Asking { .. } => self.operation.parse(&self.partner, &response).map(Some),
            Stage::Reconciling { key, .. } => JobStatusRequest::of(key)
                .parse(&self.partner, &response)
                .map(|status| self.operation.reconcile(status)),
            Stage::Finished(_) => return,
        };
        match parsed {
            Ok(Some(output)) => self.stage = Stage::Finished(Ok(output)),
            Ok(None) => self.still_unknown(),
            Err(error) => self.failed(error, wait),
        }
    }

    fn take_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

impl<O: Operation> fmt::Debug for Call<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("operation", &O::STEP).finish_non_exhaustive()
    }
}

/// Why a single operation failed.
#[derive(Clone, PartialEq, Eq)]
pub struct CallError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    step: Step,
    kind: CallErrorKind,
    outcome_unknown: bool,
    key: Option<JobKey>,
}

/// What stopped an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallErrorKind {
    /// Something is wrong with the input, and nothing was sent.
    Validation(ValidationError),
    /// It failed, and was tried again where that is safe and can help.
    Operation(OperationError),
    /// The deadline passed; with what went wrong before, if anything did.
    Deadline(Option<OperationError>),
}

impl CallError {
    fn new<O: Operation>(kind: CallErrorKind, outcome_unknown: bool, key: Option<JobKey>) -> Self {
        Self(Box::new(Inner { step: O::STEP, kind, outcome_unknown, key }))
    }

    /// What stopped it.
    pub fn kind(&self) -> &CallErrorKind {
        &self.0.kind
    }

    /// What went wrong in the exchange, the last time.
    pub fn operation(&self) -> Option<&OperationError> {
        match &self.0.kind {
            CallErrorKind::Operation(error) | CallErrorKind::Deadline(Some(error)) => Some(error),
            CallErrorKind::Validation(_) | CallErrorKind::Deadline(None) => None,
        }
    }

    /// The problems with the input, if that is what stopped it.
    pub fn problems(&self) -> &[Problem] {
        if let CallErrorKind::Validation(error) = &self.0.kind { error.problems() } else { &[] }
    }

    /// The service may have acted on the request or not, and to send it again could bill or create twice. Where there
    /// is a [key](Self::key), ask for the job's status later; or wait for its callback.
    pub fn outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// What names the job, if the operation makes one.
    pub fn key(&self) -> Option<&JobKey> {
        self.0.key.as_ref()
    }

    /// The deadline passed, or the last try got no answer in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, CallErrorKind::Deadline(_))
            || self.operation().is_some_and(OperationError::is_timeout)
    }

    /// The input is at fault.
    pub fn is_validation(&self) -> bool {
        matches!(self.0.kind, CallErrorKind::Validation(_))
    }

    /// The service has had a job of this id before.
    pub fn is_job_already_exists(&self) -> bool {
        self.operation().is_some_and(OperationError::is_job_already_exists)
    }

    /// The same may be sent again as it is, and may succeed: the service has certainly not acted on it, and what stopped it
    /// passes.
    pub fn is_retryable(&self) -> bool {
        !self.0.outcome_unknown && self.operation().is_some_and(OperationError::is_transient)
    }

    /// The service refused the signature: a key of the other environment, a rotated one, or a clock that is far off.
    pub fn is_unauthorized(&self) -> bool {
        self.operation().is_some_and(OperationError::is_unauthorized)
    }
}

impl std::error::Error for CallError {}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { step, kind, outcome_unknown, key } = &*self.0;
        match kind {
            CallErrorKind::Validation(error) => write!(f, "{step}: {error}")?,
            CallErrorKind::Operation(error) => {
                write!(f, "{step} failed: {error}")?;
                if let Some(remedy) = error.api().and_then(crate::ApiError::remedy) {
                    write!(f, " ({remedy})")?;
                }
            }
            CallErrorKind::Deadline(None) => write!(f, "{step} failed: the deadline passed")?,
            CallErrorKind::Deadline(Some(error)) => {
                write!(f, "{step} failed: the deadline passed; before that, {error}")?;
            }
        }
        if *outcome_unknown {
            f.write_str("; the service may have acted on it, so don't send it again")?;
        }
        match key {
            Some(key) => write!(f, " (job_id {})", key.job_id),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { step, kind, outcome_unknown, key } = &*self.0;
        f.debug_struct("CallError")
            .field("step", step)
            .field("kind", kind)
            .field("outcome_unknown", outcome_unknown)
            .field("key", key)
            .finish()
    }
}
