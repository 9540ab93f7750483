//! A single operation, with the same retries as the steps of a job.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::flow::Progress;
use crate::flow::token::{Access, Terms, TokenError, TokenSource, put_token};
use crate::flow::{Checkpoint, Event, Flow, FlowSettings, LastSend, Next, ObserverError, ServiceClock};
use crate::job::job_key::JobKey;
use crate::job::submission_id::SubmissionId;
use crate::operation::Step;
use crate::operation::{LookupAnswer, Operation, RepeatSafety, TokenUse, retry_after};
use crate::v3::envelope::refusal;
use crate::v3::token::{Grant, TokenCache};
use crate::wire::names::stable_names;
use crate::{
    OperationError, Partner, Problem, Timestamp, TransportFailure, TransportFailureKind, ValidationError,
};

/// Runs one operation.
///
/// - Nothing is sent if something is wrong with the input.
/// - What only reads is tried again. What could bill or create twice is tried again only if it
///   certainly never arrived, or the API itself refused it for the moment.
/// - After the answer to something that bills was lost, the job's status is asked for, where it has
///   one. A result of this very check stands for the answer; anything else doesn't, and the error
///   says that the outcome is unknown.
/// - Before anything that could bill or create twice goes out, there is an [`Event::Checkpoint`].
///   After a crash, [`Call::resume`] asks what came of it.
pub struct Call<O: Operation> {
    partner: Partner,
    operation: O,
    settings: FlowSettings,
    seed: u64,
    clock: Timestamp,
    /// Time of the first call of `next`.
    begun: Option<Timestamp>,
    deadline: Option<Timestamp>,
    not_before: Option<Timestamp>,
    is_out: bool,
    /// Time at which the last request was sent.
    sent_at: Timestamp,
    /// Number of times that the operation's own request was sent.
    attempts: u32,
    /// Last send, until it was certainly refused; and whether it was sent from here.
    last_send: Option<LastSend>,
    is_own_send: bool,
    /// The service may have acted on an earlier request, whatever becomes of the next one.
    may_be_done: bool,
    service_clock: Option<ServiceClock>,
    submission_id: Option<SubmissionId>,
    tokens: TokenSource,
    /// Token that the request under way carries.
    grant: Option<Grant>,
    /// True once a token was fetched anew after a 401, which is done once.
    has_new_token: bool,
    /// True once all files are read and checked.
    has_files: bool,
    stage: Stage<O::Output>,
    events: VecDeque<Event>,
}

/// Result of a call of this operation.
type Outcome<O> = Result<<O as Operation>::Output, CallError>;

enum Stage<T> {
    /// Sending the request.
    Asking { last_error: Option<OperationError> },
    /// Asking for the job's status, because the answer was lost.
    Reconciling { lost: OperationError, polls: u32, denials: u32 },
    /// Over.
    Finished(Result<T, CallError>),
}

/// Most times that the status is requested after an answer was lost.
const MAX_POLLS: u32 = 5;

/// Number of times that the service must say that it has nothing of a check before one is sent
/// again, if the settings allow it.
const NEEDED_DENIALS: u32 = 2;

impl<O: Operation> Call<O> {
    /// Runs this operation for this partner. `seed` spreads the waits of many clients: take any
    /// random number.
    pub fn new(partner: Partner, operation: O, settings: FlowSettings, seed: u64) -> Self {
        let report = operation.check(&partner);
        let events = report.warnings.into_iter().map(Event::Warning).collect();
        let stage = match ValidationError::check(report.problems) {
            Ok(()) => Stage::Asking { last_error: None },
            Err(error) => {
                let kind = CallErrorKind::Validation(error);
                Stage::Finished(Err(CallError::new(O::STEP, kind, false, operation.key())))
            }
        };
        Self {
            partner,
            operation,
            settings,
            seed,
            clock: Timestamp::default(),
            begun: None,
            deadline: None,
            not_before: None,
            is_out: false,
            sent_at: Timestamp::default(),
            attempts: 0,
            last_send: None,
            is_own_send: true,
            may_be_done: false,
            service_clock: None,
            submission_id: None,
            tokens: TokenSource::new(TokenCache::new()),
            grant: None,
            has_new_token: false,
            has_files: false,
            stage,
            events,
        }
    }

    /// Goes on from the checkpoint of another call, perhaps of another process.
    ///
    /// It needs the same operation. If the request may have gone out, it asks for the job's status,
    /// and only a result of this very check ends it well. Anything else ends as
    /// [unknown](CallError::outcome_unknown), and so does an operation whose status can't be asked
    /// for, at once. It is sent again only if it certainly never was; or where
    /// [`FlowSettings::with_resending_of_denied_checks`] allows more.
    ///
    /// # Errors
    /// If something is wrong with the input; and if the checkpoint is of another operation, job,
    /// partner, environment or version.
    pub fn resume(
        partner: Partner,
        checkpoint: &Checkpoint,
        operation: O,
        settings: FlowSettings,
        seed: u64,
    ) -> Result<Self, CallError> {
        let may_be_done = checkpoint.progress != Progress::Nothing;
        let mut call = Self::new(partner, operation, settings, seed);
        if let Stage::Finished(Err(error)) = call.stage {
            return Err(CallError::new(O::STEP, error.kind().clone(), may_be_done, call.operation.key()));
        }
        let key = call.operation.key();
        let problems = checkpoint.problems(&call.partner, key.as_ref(), Some(O::STEP));
        ValidationError::check(problems).map_err(|error| {
            CallError::new(O::STEP, CallErrorKind::Validation(error), may_be_done, key.clone())
        })?;
        call.submission_id.clone_from(&checkpoint.submission_id);
        if let Some(id) = &call.submission_id {
            call.operation.name_submission(id);
        }
        if !may_be_done {
            return Ok(call);
        }
        call.may_be_done = true;
        call.attempts = 1;
        call.last_send.clone_from(&checkpoint.last_send);
        call.is_own_send = false;
        let lost = OperationError::Transport(TransportFailure::interrupted("another process sent it"));
        if call.can_look_up() && call.submission_id.is_some() {
            // The last one that is needed is said to this process.
            let denials = checkpoint.denials.min(NEEDED_DENIALS - 1);
            call.stage = Stage::Reconciling { lost, polls: 0, denials };
        } else {
            call.fail(CallErrorKind::Operation(lost));
        }
        Ok(call)
    }

    /// Sets a cache of shared tokens of the v3 API, which others use as well. Without it each call
    /// fetches its own.
    #[must_use]
    pub fn with_tokens(mut self, tokens: TokenCache) -> Self {
        self.share_tokens(tokens);
        self
    }

    pub(crate) fn share_tokens(&mut self, tokens: TokenCache) {
        self.tokens = TokenSource::new(tokens);
    }

    /// Current checkpoint, for [`Call::resume`]. There is no personal data in it but the user id.
    pub fn checkpoint(&self) -> Checkpoint {
        let progress = match &self.stage {
            Stage::Finished(Ok(_)) => Progress::Uploaded,
            Stage::Asking { .. } if self.is_out => Progress::MaybeUploaded,
            _ if self.may_be_done => Progress::MaybeUploaded,
            _ => Progress::Nothing,
        };
        let mut checkpoint = Checkpoint::of_check(&self.partner, O::STEP, self.operation.key(), progress);
        checkpoint.submission_id.clone_from(&self.submission_id);
        checkpoint.last_send.clone_from(&self.last_send);
        if let Stage::Reconciling { denials, .. } = &self.stage {
            checkpoint.denials = *denials;
        }
        checkpoint
    }

    /// True if the service can be asked about a request whose answer was lost.
    fn can_look_up(&self) -> bool {
        self.operation.look_up().is_some()
    }

    /// Notes a checkpoint, if that matters: an operation that only reads begins anew.
    fn note_checkpoint(&mut self) {
        if self.operation.repeat() != RepeatSafety::Free {
            self.events.push_back(Event::Checkpoint(self.checkpoint()));
        }
    }

    fn fail(&mut self, kind: CallErrorKind) {
        self.fail_after(kind, None);
    }

    fn fail_after(&mut self, kind: CallErrorKind, retry_after: Option<Duration>) {
        let mut error = CallError::new(O::STEP, kind, self.may_be_done, self.operation.key());
        error.0.submission_id.clone_from(&self.submission_id);
        error.0.retry_after = retry_after;
        self.stage = Stage::Finished(Err(error));
        self.not_before = None;
        self.is_out = false;
        self.grant = None;
        self.tokens.stop();
    }

    /// Fails in a step that comes before the operation's own.
    fn fail_at(&mut self, step: Step, kind: CallErrorKind) {
        self.fail(kind);
        if let Stage::Finished(Err(error)) = &mut self.stage {
            error.0.step = step;
        }
    }

    fn is_in_time(&self, at: Timestamp) -> bool {
        self.deadline.is_none_or(|deadline| at < deadline)
    }

    fn failed(&mut self, error: OperationError, retry_after: Option<Duration>) {
        match &mut self.stage {
            Stage::Asking { last_error } => {
                *last_error = Some(error.clone());
                let repeat = self.operation.repeat();
                if repeat != RepeatSafety::Free && !was_refused(&error, repeat) {
                    return self.lost(error);
                }
                let may_repeat =
                    repeat != RepeatSafety::Once || matches!(error, OperationError::Transport(_));
                if !self.may_be_done {
                    self.last_send = None;
                }
                let policy = self.settings.retry;
                let wait = policy.delay_after(self.attempts, O::STEP, retry_after, self.seed);
                let wait = wait.filter(|_| may_repeat && error.is_transient());
                match wait.map(|wait| self.clock + wait) {
                    Some(at) if self.is_in_time(at) => {
                        self.note_retry(O::STEP, self.attempts, error, at);
                        self.note_checkpoint();
                    }
                    _ => self.fail_after(CallErrorKind::Operation(error), retry_after),
                }
            }
            Stage::Reconciling { .. } if error.is_transient() => self.still_unknown(),
            // It would be answered like this for ever: a refusal, another job, a signature that is
            // wrong.
            Stage::Reconciling { .. } => self.give_up(),
            Stage::Finished(_) => {}
        }
    }

    fn note_retry(&mut self, step: Step, attempt: u32, error: OperationError, at: Timestamp) {
        self.not_before = Some(at);
        self.events.push_back(Event::Retrying { step, attempt, error, at });
    }

    /// Handles a lost answer: the service may have acted on the request, and it can't be sent
    /// again.
    fn lost(&mut self, error: OperationError) {
        self.may_be_done = true;
        let at = self.clock + self.settings.status_delay;
        let step = self.operation.look_up().map(|lookup| lookup.step());
        match step.filter(|_| self.is_in_time(at)) {
            Some(step) => {
                self.note_retry(step, 0, error.clone(), at);
                self.stage = Stage::Reconciling { lost: error, polls: 0, denials: 0 };
            }
            None => self.fail(CallErrorKind::Operation(error)),
        }
    }

    fn looked_up(&mut self, found: LookupAnswer<O::Output>) {
        match found {
            LookupAnswer::Answer(output) => return self.answered(output),
            LookupAnswer::Denied if self.settings.resends_denied_checks => return self.denied(),
            LookupAnswer::Denied | LookupAnswer::Unclear => {}
        }
        if let Stage::Reconciling { denials, .. } = &mut self.stage {
            *denials = 0;
        }
        self.still_unknown();
    }

    fn answered(&mut self, output: O::Output) {
        self.stage = Stage::Finished(Ok(output));
        self.note_checkpoint();
    }

    /// Handles a denial: the service says that it has nothing of this check, and the caller takes
    /// its word for it. It counts only when the request can no longer be on its way.
    fn denied(&mut self) {
        let noticed = self.last_send_over() + self.settings.status_delay;
        let Stage::Reconciling { lost, denials, .. } = &mut self.stage else { return };
        let mut at = noticed;
        if noticed <= self.clock {
            *denials += 1;
            at = self.clock + self.settings.status_delay;
            if *denials >= NEEDED_DENIALS {
                let last_error = Some(lost.clone());
                if self.settings.retry.delay_after(self.attempts, O::STEP, None, self.seed).is_none() {
                    return self.give_up();
                }
                self.stage = Stage::Asking { last_error };
                return;
            }
            self.note_checkpoint();
        }
        if self.is_in_time(at) { self.not_before = Some(at) } else { self.give_up() }
    }

    /// Time from which the last send can no longer arrive.
    fn last_send_over(&self) -> Timestamp {
        match &self.last_send {
            None => self.clock,
            Some(send) if self.is_own_send => send.over_for_its_sender(self.service_clock),
            Some(send) => send.over_for_another(self.begun.unwrap_or(self.clock), self.service_clock),
        }
    }

    /// Asks again, up to a limit, as the status didn't tell the fate of the request.
    fn still_unknown(&mut self) {
        let Stage::Reconciling { polls, .. } = &self.stage else { return };
        let wait = self.settings.poll.delay_after(*polls).unwrap_or(self.settings.status_delay);
        let at = self.clock + wait;
        if *polls < MAX_POLLS && self.is_in_time(at) {
            self.not_before = Some(at);
        } else {
            self.give_up();
        }
    }

    /// Ends the call: the fate of the request is unknown.
    fn give_up(&mut self) {
        if let Stage::Reconciling { lost, .. } = &self.stage {
            self.fail(CallErrorKind::Operation(lost.clone()));
        }
    }

    fn files_are_here(&mut self) {
        self.has_files = true;
        let found = self.operation.check_files(&self.partner);
        self.events.extend(found.warnings.into_iter().map(Event::Warning));
        if let Err(error) = ValidationError::check(found.problems) {
            self.fail(CallErrorKind::Validation(error));
        }
    }

    fn begin(&mut self, now: Timestamp) {
        self.clock = self.clock.max(now);
        if self.begun.is_some() {
            return;
        }
        self.begun = Some(self.clock);
        self.deadline = Some(self.clock + self.settings.deadline);
        let found = self.operation.check_at(now).problems;
        if matches!(self.stage, Stage::Asking { .. })
            && !self.may_be_done
            && let Err(error) = ValidationError::check(found)
        {
            return self.fail(CallErrorKind::Validation(error));
        }
        match &self.stage {
            // Some seconds after the answer to another process.
            Stage::Reconciling { denials: 1.., .. } if self.settings.resends_denied_checks => {
                self.not_before = Some(self.clock + self.settings.status_delay);
            }
            Stage::Asking { .. }
                if self.submission_id.is_none()
                    && (self.operation.carries_submission_id() || self.can_look_up()) =>
            {
                let id = SubmissionId::derive(self.seed, self.clock);
                self.operation.name_submission(&id);
                self.submission_id = Some(id);
            }
            _ => {}
        }
    }
}

impl<O: Operation> Call<O>
where
    O::Output: Clone,
{
    /// Token that the next request carries, if it carries one; or the exchange that comes before
    /// there is one.
    fn token(&mut self, deadline: Timestamp) -> Result<Option<Grant>, Box<Next<Outcome<O>>>> {
        let token_use = match (&self.stage, self.operation.token_use()) {
            (Stage::Finished(_), _) | (_, TokenUse::None) => return Ok(None),
            (Stage::Reconciling { .. }, _) => TokenUse::Shared,
            (Stage::Asking { .. }, token_use) => token_use,
        };
        let Self { partner, settings, seed, clock, tokens, events, .. } = self;
        let terms = Terms { partner, settings, seed: *seed, now: *clock, deadline };
        match tokens.next(&terms, &token_use, events) {
            Access::Ready(grant) => Ok(grant),
            Access::Send { request, timeout } => Err(Box::new(Next::Send { request, timeout })),
            // A token that comes too late is of no use.
            Access::Wait { until } => Err(Box::new(Next::Wait { until: until.min(deadline) })),
            Access::Failed(error) => {
                match (&self.stage, error) {
                    (Stage::Reconciling { .. }, _) => self.give_up(),
                    (_, TokenError::Validation(error)) => {
                        self.fail_at(Step::Token, CallErrorKind::Validation(error));
                    }
                    (_, TokenError::Operation(error)) => {
                        self.fail_at(Step::Token, CallErrorKind::Operation(error));
                    }
                }
                Ok(None)
            }
        }
    }

    /// Handles a refused token. A shared one is fetched anew once, and the request sent once more:
    /// nothing of it was taken. What would bill twice is sent again only if it is the API that says
    /// so, and not something in between.
    fn has_new_turn(&mut self, grant: &Grant, sent_at: Timestamp, response: &Response<Bytes>) -> bool {
        let may_fetch = self.tokens.refused(grant) && !std::mem::replace(&mut self.has_new_token, true);
        let error = match &self.stage {
            Stage::Asking { .. } => self.operation.parse(&self.partner, sent_at, response).err(),
            Stage::Reconciling { .. } => {
                let lookup = self.operation.look_up();
                lookup.and_then(|lookup| lookup.parse(&self.partner, sent_at, response).err())
            }
            Stage::Finished(_) => None,
        };
        let Some(error) = error.filter(|_| may_fetch) else { return false };
        let is_free =
            matches!(self.stage, Stage::Reconciling { .. }) || self.operation.repeat() == RepeatSafety::Free;
        // Tokens are the v3 API's, so its rule holds, for a raw request as well.
        if !is_free && !refusal(response).is_refusal() {
            return false;
        }
        if !self.may_be_done {
            self.last_send = None;
        }
        let (step, attempt) = (O::STEP, self.attempts);
        // It is none of the tries that the policy allows.
        self.attempts = self.attempts.saturating_sub(1);
        self.events.push_back(Event::Retrying { step, attempt, error, at: self.clock });
        true
    }
}

impl<O: Operation> Flow for Call<O>
where
    O::Output: Clone,
{
    type Outcome = Outcome<O>;

    fn next(&mut self, now: Timestamp) -> Next<Self::Outcome> {
        self.begin(now);
        let deadline = self.deadline.unwrap_or(self.clock);
        if std::mem::take(&mut self.is_out) {
            self.failed(
                OperationError::Transport(TransportFailure::interrupted("nobody waited for it")),
                None,
            );
        }
        if self.clock >= deadline {
            match &self.stage {
                Stage::Asking { last_error } => {
                    let last_error = last_error.clone();
                    self.fail(CallErrorKind::Deadline(last_error));
                }
                Stage::Reconciling { lost, .. } => {
                    let lost = lost.clone();
                    self.fail(CallErrorKind::Deadline(Some(lost)));
                }
                Stage::Finished(_) => {}
            }
        }
        if let Some(until) = self.not_before.filter(|until| *until > self.clock) {
            return Next::Wait { until };
        }
        self.not_before = None;
        if matches!(self.stage, Stage::Asking { .. }) && !self.has_files {
            if let Some(path) = self.operation.unread_file() {
                return Next::Read(path.to_owned());
            }
            self.files_are_here();
        }
        if let Stage::Finished(outcome) = &self.stage {
            return Next::Finished(outcome.clone());
        }
        let grant = match self.token(deadline) {
            Ok(grant) => grant,
            Err(next) => return *next,
        };
        let default = self.operation.default_timeout().filter(|_| matches!(self.stage, Stage::Asking { .. }));
        let timeout = self.settings.timeout_or(default).min(deadline.since(self.clock));
        let (step, attempt, mut request) = match &mut self.stage {
            Stage::Finished(outcome) => return Next::Finished(outcome.clone()),
            Stage::Asking { .. } => {
                self.attempts += 1;
                self.last_send = Some(LastSend::new(O::STEP, self.clock, timeout, self.service_clock));
                self.is_own_send = true;
                (O::STEP, self.attempts, self.operation.request(&self.partner, self.clock))
            }
            Stage::Reconciling { lost, polls, .. } => {
                *polls += 1;
                let lookup = self.operation.look_up();
                let asked = lookup.map(|it| (it.step(), it.request(&self.partner, self.clock)));
                match asked {
                    Some((step, request)) => (step, *polls, request),
                    None => {
                        let lost = lost.clone();
                        self.fail(CallErrorKind::Operation(lost));
                        return self.next(now);
                    }
                }
            }
        };
        if let Some(grant) = &grant {
            put_token(&mut request, grant);
        }
        self.grant = grant;
        self.is_out = true;
        self.sent_at = self.clock;
        if matches!(self.stage, Stage::Asking { .. }) {
            self.note_checkpoint();
        }
        self.events.push_back(Event::Sending { step, attempt, timeout });
        Next::Send { request, timeout }
    }

    fn file_read(&mut self, now: Timestamp, file: std::io::Result<Vec<u8>>) {
        self.clock = self.clock.max(now);
        if matches!(self.stage, Stage::Asking { .. }) && !self.has_files {
            self.operation.read_file(file);
        }
    }

    fn receive(&mut self, now: Timestamp, answer: Result<Response<Bytes>, TransportFailure>) {
        // Nothing happens between the sending and the answer.
        let sent_at = self.clock;
        self.clock = self.clock.max(now);
        if self.tokens.is_out() {
            let deadline = self.deadline.unwrap_or(self.clock);
            let Self { partner, settings, seed, clock, tokens, events, .. } = self;
            let terms = Terms { partner, settings, seed: *seed, now: *clock, deadline };
            return tokens.receive(&terms, answer, events);
        }
        if !std::mem::take(&mut self.is_out) {
            return;
        }
        let grant = self.grant.take();
        let response = match answer {
            Ok(response) => response,
            Err(failure) => return self.failed(OperationError::Transport(failure), None),
        };
        if let Some(grant) = grant.filter(|_| response.status() == StatusCode::UNAUTHORIZED)
            && self.has_new_turn(&grant, sent_at, &response)
        {
            return;
        }
        let wait = retry_after(&response, self.clock);
        match &self.stage {
            Stage::Asking { .. } => match self.operation.parse(&self.partner, sent_at, &response) {
                Ok(output) => self.answered(output),
                Err(error) => {
                    self.operation.note_answer(&response);
                    self.failed(error, wait);
                }
            },
            Stage::Reconciling { .. } => {
                let lookup = self.operation.look_up();
                let found = lookup.map(|lookup| lookup.parse(&self.partner, sent_at, &response));
                match found.unwrap_or(Ok(LookupAnswer::Unclear)) {
                    Ok(found) => {
                        let clock = ServiceClock::of(&response, self.sent_at, self.clock);
                        self.service_clock = clock.or(self.service_clock);
                        self.looked_up(found);
                    }
                    Err(error) => self.failed(error, wait),
                }
            }
            Stage::Finished(_) => {}
        }
    }

    fn refuse(&mut self, now: Timestamp, error: ObserverError) {
        self.clock = self.clock.max(now);
        if !matches!(self.stage, Stage::Finished(_)) {
            self.fail(CallErrorKind::Observer(error));
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

/// True if the service certainly hasn't acted on the request: it was never sent, or the API itself
/// refused it, with a code of its own. Any other status, 3xx and 4xx too, may come from something
/// in between after the work was done.
fn was_refused(error: &OperationError, repeat: RepeatSafety) -> bool {
    match error {
        OperationError::Transport(failure) => {
            matches!(failure.kind(), TransportFailureKind::NotSent | TransportFailureKind::Refused)
        }
        // Consent and Smile Links are documented to refuse in words alone. Such a refusal is never
        // sent again.
        OperationError::Api(error) if repeat == RepeatSafety::MayCreateTwice => {
            let is_worded = error.message().is_some() && error.code().is_none();
            let is_of_client = (400..500).contains(&error.status()) && !matches!(error.status(), 408 | 429);
            error.is_refusal() || (is_worded && is_of_client)
        }
        OperationError::Api(error) => error.is_refusal(),
        _ => false,
    }
}

/// Failure of a single operation.
#[derive(Clone, PartialEq, Eq)]
pub struct CallError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    step: Step,
    kind: CallErrorKind,
    outcome_unknown: bool,
    key: Option<JobKey>,
    submission_id: Option<SubmissionId>,
    retry_after: Option<Duration>,
}

/// Kind of a call's failure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallErrorKind {
    /// Something is wrong with the input, and nothing was sent.
    Validation(ValidationError),
    /// The exchange failed, and was tried again if that is safe and can help.
    Operation(OperationError),
    /// The deadline passed; with the error before, if there was one.
    Deadline(Option<OperationError>),
    /// The caller's observer refused to go on, before the next request was sent. Its reason is the
    /// error's source.
    Observer(ObserverError),
}

stable_names! { CallErrorKind:
    Self::Validation(_) => "validation",
    Self::Operation(_) => "operation",
    Self::Deadline(_) => "deadline",
    Self::Observer(_) => "observer",
}

impl CallError {
    fn new(step: Step, kind: CallErrorKind, outcome_unknown: bool, key: Option<JobKey>) -> Self {
        let (submission_id, retry_after) = (None, None);
        Self(Box::new(Inner { step, kind, outcome_unknown, key, submission_id, retry_after }))
    }

    /// Error of an observer in a flow that only reads.
    pub(crate) fn refused(error: ObserverError, step: Step, key: Option<JobKey>) -> Self {
        Self::new(step, CallErrorKind::Observer(error), false, key)
    }

    /// The step that failed: the operation's own, or the fetch of its token before it.
    pub fn step(&self) -> Step {
        self.0.step
    }

    /// Kind of the failure.
    pub fn kind(&self) -> &CallErrorKind {
        &self.0.kind
    }

    /// The stable name of its [kind](Self::kind), in snake case: for logs, metrics and databases.
    pub fn name(&self) -> &'static str {
        self.0.kind.name()
    }

    /// Error of the last exchange.
    pub fn operation(&self) -> Option<&OperationError> {
        match &self.0.kind {
            CallErrorKind::Operation(error) | CallErrorKind::Deadline(Some(error)) => Some(error),
            _ => None,
        }
    }

    /// Problems with the input, if those stopped the call.
    pub fn validation(&self) -> Option<&ValidationError> {
        if let CallErrorKind::Validation(error) = &self.0.kind { Some(error) } else { None }
    }

    /// Problems with the input, if those stopped the call; otherwise none.
    pub fn problems(&self) -> &[Problem] {
        self.validation().map_or(&[], ValidationError::problems)
    }

    /// True if the service may have acted on the request or not, and to send it again could bill or
    /// create twice. If there is a [key](Self::key), ask for the job's status later; or wait for
    /// its callback.
    pub fn outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// Key of the job, if the operation makes one.
    pub fn key(&self) -> Option<&JobKey> {
        self.0.key.as_ref()
    }

    /// Id of the submission, if the request carried one. If its outcome is unknown, a callback that
    /// [names it](SubmissionId::is_named_by) settles it.
    pub fn submission_id(&self) -> Option<&SubmissionId> {
        self.0.submission_id.as_ref()
    }

    /// Delay that the service asked for before the request is sent again (`Retry-After`), counted
    /// from its answer.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// True if the deadline passed, or the last try got no answer in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, CallErrorKind::Deadline(_))
            || self.operation().is_some_and(OperationError::is_timeout)
    }

    /// True if the input is at fault.
    pub fn is_validation(&self) -> bool {
        self.validation().is_some()
    }

    /// True if the caller's observer refused to go on: its reason is the error's
    /// [source](std::error::Error::source).
    pub fn is_observer(&self) -> bool {
        matches!(self.0.kind, CallErrorKind::Observer(_))
    }

    /// True if the service has had a job of this id before.
    pub fn is_job_already_exists(&self) -> bool {
        self.operation().is_some_and(OperationError::is_job_already_exists)
    }

    /// True if the same may be sent again as it is, and may succeed: the service has certainly not
    /// acted on it, and the failure passes.
    pub fn is_retryable(&self) -> bool {
        !self.0.outcome_unknown
            && (self.is_observer() || self.operation().is_some_and(OperationError::is_transient))
    }

    /// True if the service refused the signature: a key of the other environment, a rotated one, or
    /// a clock that is far off.
    pub fn is_unauthorized(&self) -> bool {
        self.operation().is_some_and(OperationError::is_unauthorized)
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let CallErrorKind::Observer(error) = &self.0.kind { Some(error.reason()) } else { None }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { step, kind, outcome_unknown, key, submission_id, .. } = &*self.0;
        match kind {
            CallErrorKind::Validation(error) => write!(f, "{step}: {error}")?,
            CallErrorKind::Operation(error) => {
                write!(f, "{step} failed: {error}")?;
                if let Some(remedy) = error.api().and_then(crate::ApiError::remedy) {
                    write!(f, " ({remedy})")?;
                }
            }
            CallErrorKind::Observer(error) => write!(f, "{step} failed: {error}")?,
            CallErrorKind::Deadline(None) => write!(f, "{step} failed: the deadline passed")?,
            CallErrorKind::Deadline(Some(error)) => {
                write!(f, "{step} failed: the deadline passed; before that, {error}")?;
            }
        }
        if *outcome_unknown {
            f.write_str("; the service may have acted on it, so don't send it again")?;
            if let Some(id) = submission_id {
                write!(f, " (its result would bring back {} {id})", SubmissionId::PARTNER_PARAM)?;
            }
        }
        match key {
            Some(key) => write!(f, " (job_id {})", key.job_id),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { step, kind, outcome_unknown, key, .. } = &*self.0;
        f.debug_struct("CallError")
            .field("step", step)
            .field("kind", kind)
            .field("outcome_unknown", outcome_unknown)
            .field("key", key)
            .finish()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::operation::testing::failures;
    use crate::{JobId, JobType, ProblemKind, UserId};

    /// An error, its name, and the questions that it answers with yes.
    type Row = (CallError, &'static str, Vec<&'static str>);

    /// Every kind of error, with each outcome known and unknown.
    pub(crate) fn errors() -> Vec<Row> {
        let problem = Problem::new("id_info.country", ProblemKind::Missing, "must not be empty");
        let invalid = ValidationError::check(vec![problem]).unwrap_err();
        let observer = ObserverError::new("the database is down");
        let mut kinds = vec![
            (CallErrorKind::Validation(invalid), "validation", vec!["validation"]),
            (CallErrorKind::Deadline(None), "deadline", vec!["timeout"]),
            (CallErrorKind::Observer(observer), "observer", vec!["observer", "retryable"]),
        ];
        for failure in failures() {
            let says = |answer: &str| failure.says_yes.contains(&answer);
            let answers = |at_deadline: bool| {
                let answers = [
                    ("timeout", says("timeout") || at_deadline),
                    ("unauthorized", says("unauthorized")),
                    ("exists", says("exists")),
                    ("retryable", says("transient")),
                    ("operation", true),
                ];
                answers.into_iter().filter_map(|(question, yes)| yes.then_some(question)).collect()
            };
            kinds.push((CallErrorKind::Operation(failure.error.clone()), "operation", answers(false)));
            kinds.push((CallErrorKind::Deadline(Some(failure.error.clone())), "deadline", answers(true)));
        }
        let key = JobKey::new(UserId::new("jane"), JobId::new("job-1"), JobType::ENHANCED_KYC);
        let row = |(kind, name, yes): (CallErrorKind, _, Vec<&'static str>), outcome_unknown: bool| {
            let mut yes = yes;
            yes.retain(|question| *question != "retryable" || !outcome_unknown);
            yes.extend(outcome_unknown.then_some("outcome unknown"));
            (CallError::new(Step::EnhancedKyc, kind, outcome_unknown, Some(key.clone())), name, yes)
        };
        kinds.into_iter().flat_map(|kind| [row(kind.clone(), false), row(kind, true)]).collect()
    }

    #[test]
    fn every_kind_answers_every_question() {
        for (error, name, mut expected) in errors() {
            let answers = [
                ("validation", error.is_validation()),
                ("timeout", error.is_timeout()),
                ("unauthorized", error.is_unauthorized()),
                ("exists", error.is_job_already_exists()),
                ("observer", error.is_observer()),
                ("retryable", error.is_retryable()),
                ("operation", error.operation().is_some()),
                ("outcome unknown", error.outcome_unknown()),
            ];
            let mut says_yes: Vec<_> =
                answers.into_iter().filter_map(|(question, yes)| yes.then_some(question)).collect();
            says_yes.sort_unstable();
            expected.sort_unstable();
            assert_eq!((error.name(), says_yes), (name, expected), "{error:?}");
            assert_eq!(error.problems().len(), usize::from(name == "validation"));
            let reason = std::error::Error::source(&error).map(ToString::to_string);
            assert_eq!(reason.as_deref(), (name == "observer").then_some("the database is down"));
            assert_eq!(error.step(), Step::EnhancedKyc);
            let shown = format!("{error:?}");
            assert!(shown.starts_with("CallError { step: EnhancedKyc, kind: "), "{shown}");
            assert!(shown.contains("job-1") && !shown.contains("jane"), "{shown}");
        }
    }
}
