//! A single exchange, with the same retries as the steps of a job.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use http::Response;

use super::{Event, Flow, FlowSettings, Next, Step};
use crate::operation::{Operation, Repeat, retry_after};
use crate::{OperationError, Partner, Timestamp, TransportFailure};

/// Runs one operation. What only reads is tried again; what could bill or create twice is tried again only if it
/// certainly never arrived.
pub struct Call<O: Operation> {
    partner: Partner,
    operation: O,
    settings: FlowSettings,
    seed: u64,
    clock: Timestamp,
    deadline: Option<Timestamp>,
    not_before: Option<Timestamp>,
    attempts: u32,
    is_out: bool,
    outcome: Option<Result<O::Output, CallError>>,
    events: VecDeque<Event>,
}

impl<O: Operation> Call<O> {
    /// Runs this operation for this partner. `seed` spreads the waits of many clients: take any random number.
    pub fn new(partner: Partner, operation: O, settings: FlowSettings, seed: u64) -> Self {
        Self {
            partner,
            operation,
            settings,
            seed,
            clock: Timestamp::default(),
            deadline: None,
            not_before: None,
            attempts: 0,
            is_out: false,
            outcome: None,
            events: VecDeque::new(),
        }
    }

    fn failed(&mut self, error: OperationError, retry_after: Option<std::time::Duration>) {
        let may_repeat = O::REPEAT == Repeat::Free || error.certainly_not_done();
        let wait = (error.is_transient() && may_repeat)
            .then(|| self.settings.retry.delay_after(self.attempts, O::STEP, retry_after, self.seed))
            .flatten();
        match wait.map(|wait| self.clock + wait) {
            Some(at) if self.deadline.is_none_or(|deadline| at < deadline) => {
                self.not_before = Some(at);
                self.events.push_back(Event::Retrying { step: O::STEP, attempt: self.attempts, error, at });
            }
            _ => {
                let outcome_unknown = O::REPEAT != Repeat::Free && !error.certainly_not_done();
                self.outcome = Some(Err(CallError { step: O::STEP, error: Some(error), outcome_unknown }));
            }
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
        if self.is_out {
            self.is_out = false;
            self.failed(
                OperationError::Transport(TransportFailure::interrupted("nobody waited for it")),
                None,
            );
        }
        if self.outcome.is_none() && self.clock >= deadline {
            self.outcome = Some(Err(CallError { step: O::STEP, error: None, outcome_unknown: false }));
        }
        if let Some(outcome) = &self.outcome {
            return Next::Finished(outcome.clone());
        }
        if let Some(until) = self.not_before.filter(|until| *until > self.clock) {
            return Next::Wait { until };
        }
        self.not_before = None;
        self.attempts += 1;
        self.is_out = true;
        let timeout = self.settings.request_timeout.min(deadline.since(self.clock));
        Next::Send { request: self.operation.request(&self.partner, self.clock), timeout }
    }

    fn read(&mut self, now: Timestamp, _: std::io::Result<Vec<u8>>) {
        self.clock = self.clock.max(now);
    }

    fn receive(&mut self, now: Timestamp, answer: Result<Response<Bytes>, TransportFailure>) {
        self.clock = self.clock.max(now);
        if !std::mem::take(&mut self.is_out) {
            return;
        }
        let wait = answer.as_ref().ok().and_then(|response| retry_after(response, self.clock));
        let parsed = match answer {
            Ok(response) => self.operation.parse(&self.partner, &response),
            Err(failure) => Err(OperationError::Transport(failure)),
        };
        match parsed {
            Ok(output) => self.outcome = Some(Ok(output)),
            Err(error) => self.failed(error, wait),
        }
    }

    fn take_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

impl<O: Operation> fmt::Debug for Call<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &O::STEP)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// Why a single exchange failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    step: Step,
    error: Option<OperationError>,
    outcome_unknown: bool,
}

impl CallError {
    /// What went wrong the last time; `None` if the deadline passed first.
    pub fn error(&self) -> Option<&OperationError> {
        self.error.as_ref()
    }

    /// The service may have acted on the request or not, and to send it again could bill or create twice.
    pub fn outcome_unknown(&self) -> bool {
        self.outcome_unknown
    }

    /// The deadline passed, or the last try got no answer in time.
    pub fn is_timeout(&self) -> bool {
        self.error.as_ref().is_none_or(OperationError::is_timeout)
    }

    /// The service refused the signature: a key of the other environment, a rotated one, or a clock that is far off.
    pub fn is_unauthorized(&self) -> bool {
        self.error.as_ref().is_some_and(OperationError::is_unauthorized)
    }
}

impl std::error::Error for CallError {}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error {
            Some(error) => write!(f, "{} failed: {error}", self.step)?,
            None => write!(f, "{} failed: the deadline passed", self.step)?,
        }
        if self.outcome_unknown { write!(f, "; the service may have acted on it") } else { Ok(()) }
    }
}
