//! A job over the v3 API: one submission, and then the word of its status.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use http::Response;

use crate::flow::{
    Call, CallError, CallErrorKind, Checkpoint, Event, Flow, FlowSettings, LastSend, Next, ObserverError,
    Progress,
};
use crate::job::job_key::JobKey;
use crate::job::submission_id::SubmissionId;
use crate::job_flow::submission::{Submitting, product, submission};
use crate::operation::Step;
use crate::v1::job_flow::error::{JobError, JobErrorKind};
use crate::v1::job_flow::outcome::{JobOutcome, Submission};
use crate::v3::token::TokenCache;
use crate::v3::{Acceptance, SmileJobId, Status, StatusRequest};
use crate::{
    Job, JobId, JobType, OperationError, Partner, Problem, ProblemKind, Timestamp, TransportFailure, UserId,
    ValidationError,
};

/// Flow of one job over the v3 API.
pub(crate) struct V3JobFlow {
    partner: Partner,
    settings: FlowSettings,
    seed: u64,
    tokens: TokenCache,
    key: JobKey,
    /// True if the flow waits for the result.
    waits: bool,
    clock: Timestamp,
    deadline: Option<Timestamp>,
    submission_id: Option<SubmissionId>,
    smile_job_id: Option<SmileJobId>,
    progress: Progress,
    last_send: Option<LastSend>,
    polls: u32,
    last_error: Option<OperationError>,
    /// True once the last poll before the deadline has been set.
    has_last_look: bool,
    /// True once a checkpoint was handed out, or gone on from.
    is_noted: bool,
    stage: Stage,
    events: VecDeque<Event>,
}

enum Stage {
    Submitting(Box<dyn Submitting>),
    Waiting { until: Timestamp },
    Asking(Box<Call<StatusRequest>>),
    Finished(Result<JobOutcome, JobError>),
}

impl V3JobFlow {
    pub(crate) fn new(
        partner: Partner,
        job: &Job,
        settings: FlowSettings,
        seed: u64,
    ) -> Result<Self, JobError> {
        let key = JobKey::of(&job.partner_params, job.job_type);
        let mut problems = Vec::new();
        if partner.callback_url().is_none()
            && job.options.callback_url.is_none()
            && !job.options.return_job_status
        {
            let rule = "must be set, for the job or the partner, unless `return_job_status` is on";
            problems.push(Problem::new("callback_url", ProblemKind::Missing, rule));
        }
        let call = match submission(&partner, job, &settings, seed) {
            Ok(call) if problems.is_empty() => call,
            Ok(_) => return Err(invalid(problems, Progress::Nothing, key, None)),
            Err(found) => {
                problems.extend(found);
                return Err(invalid(problems, Progress::Nothing, key, None));
            }
        };
        let waits = job.options.return_job_status;
        Ok(Self::start(partner, key, settings, seed, waits, Stage::Submitting(call)))
    }

    pub(crate) fn resume(
        partner: Partner,
        checkpoint: &Checkpoint,
        job: &Job,
        settings: FlowSettings,
        seed: u64,
    ) -> Result<Self, JobError> {
        let smile_job_id = checkpoint.smile_job_id.clone();
        let progress = checkpoint.progress.of_outdated();
        let mut flow = Self::new(partner, job, settings, seed).map_err(|error| {
            JobError::new(error.kind().clone(), progress, error.key().clone(), smile_job_id.clone()).of_v3()
        })?;
        let problems = checkpoint.problems(&flow.partner, Some(&flow.key), None);
        if !problems.is_empty() {
            return Err(invalid(problems, progress, flow.key, smile_job_id));
        }
        if checkpoint.progress == Progress::Nothing {
            return Ok(flow);
        }
        flow.take_over(checkpoint);
        if flow.smile_job_id.is_some() {
            flow.progress = Progress::Uploaded;
            flow.accepted_before();
        } else {
            // It may have gone out, and there is nothing to ask by.
            let step = product(flow.key.job_type).map_or(Step::VerificationStatus, |product| product.step);
            let lost = TransportFailure::interrupted("another process sent it");
            let error = OperationError::Transport(lost);
            flow.progress = Progress::MaybeUploaded;
            flow.fail(JobErrorKind::Operation { step, error });
        }
        Ok(flow)
    }

    pub(crate) fn wait_for(partner: Partner, key: JobKey, settings: FlowSettings, seed: u64) -> Self {
        let smile_job_id = SmileJobId::new(key.job_id.as_str());
        let stage = Stage::Waiting { until: Timestamp::default() };
        let mut flow = Self::start(partner, key, settings, seed, true, stage);
        flow.progress = Progress::Uploaded;
        if flow.key.job_id.as_str().starts_with("job_") {
            flow.smile_job_id = Some(smile_job_id);
        } else {
            let rule = "must be the service's own id (`job_…`): the v3 API knows no other. It is in the checkpoint, in the \
                        outcome of the submission and in the webhook";
            let problem = Problem::new("job_id", ProblemKind::Malformed, rule);
            let error = invalid(vec![problem], Progress::Uploaded, flow.key.clone(), None);
            flow.stage = Stage::Finished(Err(error));
        }
        flow
    }

    pub(crate) fn wait_for_submission(
        partner: Partner,
        checkpoint: &Checkpoint,
        settings: FlowSettings,
        seed: u64,
    ) -> Result<Self, JobError> {
        let nobody =
            || JobKey { user_id: UserId::new(""), job_id: JobId::new(""), job_type: JobType::from_number(0) };
        let key = checkpoint.key.clone().unwrap_or_else(nobody);
        let mut problems = checkpoint.problems(&partner, Some(&key), checkpoint.check);
        if checkpoint.smile_job_id.is_none() {
            let rule = "must be there: the v3 API knows a job by no other id. Wait for the webhook";
            problems.push(Problem::new("checkpoint.smile_job_id", ProblemKind::Missing, rule));
        }
        if !problems.is_empty() {
            let smile_job_id = checkpoint.smile_job_id.clone();
            return Err(invalid(problems, checkpoint.progress.of_outdated(), key, smile_job_id));
        }
        let stage = Stage::Waiting { until: Timestamp::default() };
        let mut flow = Self::start(partner, key, settings, seed, true, stage);
        flow.take_over(checkpoint);
        flow.progress = Progress::Uploaded;
        Ok(flow)
    }

    fn start(
        partner: Partner,
        key: JobKey,
        settings: FlowSettings,
        seed: u64,
        waits: bool,
        stage: Stage,
    ) -> Self {
        Self {
            partner,
            settings,
            seed,
            tokens: TokenCache::new(),
            key,
            waits,
            clock: Timestamp::default(),
            deadline: None,
            submission_id: None,
            smile_job_id: None,
            progress: Progress::Nothing,
            last_send: None,
            polls: 0,
            last_error: None,
            has_last_look: false,
            is_noted: false,
            stage,
            events: VecDeque::new(),
        }
    }

    pub(crate) fn share(&mut self, tokens: TokenCache) {
        if let Stage::Submitting(call) = &mut self.stage {
            call.share(tokens.clone());
        }
        self.tokens = tokens;
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let mut checkpoint = Checkpoint::of_job(&self.partner, self.key.clone(), self.progress);
        checkpoint.smile_job_id = self.smile_job_id.as_ref().map(|id| id.as_str().to_owned());
        checkpoint.submission_id.clone_from(&self.submission_id);
        checkpoint.last_send.clone_from(&self.last_send);
        if let Stage::Submitting(call) = &self.stage {
            let call = call.checkpoint();
            checkpoint.progress = call.progress;
            checkpoint.submission_id = call.submission_id;
            checkpoint.last_send = call.last_send;
        }
        checkpoint
    }

    pub(crate) fn key(&self) -> &JobKey {
        &self.key
    }

    pub(crate) fn submission_id(&self) -> Option<&SubmissionId> {
        self.submission_id.as_ref()
    }

    pub(crate) fn cancel(&mut self) {
        if !matches!(self.stage, Stage::Finished(_)) {
            self.progress = self.checkpoint().progress;
            self.fail(JobErrorKind::Cancelled);
        }
    }

    fn take_over(&mut self, checkpoint: &Checkpoint) {
        self.submission_id.clone_from(&checkpoint.submission_id);
        self.smile_job_id = checkpoint.smile_job_id.clone().map(SmileJobId::new);
        self.last_send.clone_from(&checkpoint.last_send);
        self.is_noted = true;
    }

    /// Passes on the events of the call within, with the job's checkpoint in place of its own.
    fn collect(&mut self) {
        loop {
            let event = match &mut self.stage {
                Stage::Submitting(call) => call.take_event(),
                Stage::Asking(call) => call.take_event(),
                Stage::Waiting { .. } | Stage::Finished(_) => None,
            };
            match event {
                None => return,
                Some(Event::Checkpoint(_)) => self.note(),
                Some(event) => self.events.push_back(event),
            }
        }
    }

    fn note(&mut self) {
        let checkpoint = self.checkpoint();
        self.submission_id.clone_from(&checkpoint.submission_id);
        self.is_noted = true;
        self.events.push_back(Event::Checkpoint(checkpoint));
    }

    fn accepted(&mut self, smile_job_id: SmileJobId) {
        self.submission_id = self.checkpoint().submission_id;
        self.events.push_back(Event::Opened { smile_job_id: Some(smile_job_id.as_str().to_owned()) });
        self.events.push_back(Event::Uploaded);
        (self.smile_job_id, self.progress, self.last_send) = (Some(smile_job_id), Progress::Uploaded, None);
        self.stage = Stage::Waiting { until: self.clock };
        self.note();
        if self.waits {
            self.schedule();
        } else {
            let submission = self.submission();
            self.finish(Ok(JobOutcome::Submitted { submission }));
        }
    }

    /// Takes over from an earlier process that has the service's word that it has the job.
    fn accepted_before(&mut self) {
        if self.waits {
            self.stage = Stage::Waiting { until: Timestamp::default() };
        } else {
            let submission = self.submission();
            self.stage = Stage::Finished(Ok(JobOutcome::Submitted { submission }));
        }
    }

    fn submitted(&mut self, outcome: Result<Acceptance, CallError>) {
        let error = match outcome {
            Ok(acceptance) => return self.accepted(acceptance.job_id().clone()),
            Err(error) => error,
        };
        // An error that names a job says that it is recorded.
        let recorded =
            error.operation().and_then(OperationError::api).and_then(crate::ApiError::smile_job_id);
        if let Some(id) = recorded.filter(|_| error.outcome_unknown()) {
            return self.accepted(SmileJobId::new(id));
        }
        let checkpoint = self.checkpoint();
        self.submission_id = checkpoint.submission_id;
        self.progress = Progress::Nothing;
        if error.outcome_unknown() {
            (self.progress, self.last_send) = (Progress::MaybeUploaded, checkpoint.last_send);
        }
        self.fail(kind(&error));
    }

    /// Sets the time of the next question, or ends the waiting.
    fn schedule(&mut self) {
        let deadline = self.deadline.unwrap_or(self.clock);
        let Some(wait) = self.settings.poll.delay_after(self.polls) else { return self.unfinished() };
        let left = deadline.since(self.clock);
        if wait < left {
            self.stage = Stage::Waiting { until: self.clock + wait };
        } else if !self.has_last_look && left > LAST_LOOK {
            self.has_last_look = true;
            self.stage = Stage::Waiting { until: self.clock + left.saturating_sub(LAST_LOOK) };
        } else {
            self.unfinished();
        }
    }

    fn ask(&mut self, id: SmileJobId) {
        self.polls += 1;
        let left = self.deadline.unwrap_or(self.clock).since(self.clock);
        let settings = self.settings.clone().with_deadline(left);
        let mut request = StatusRequest::new(id);
        if !self.key.user_id.as_str().is_empty() {
            request = request.with_user_id(self.key.user_id.clone());
        }
        let call = Call::new(self.partner.clone(), request, settings, self.seed);
        self.stage = Stage::Asking(Box::new(call.with_tokens(self.tokens.clone())));
    }

    fn answered(&mut self, outcome: Result<Status, CallError>) {
        let status = match outcome {
            Ok(status) => status,
            Err(error) => return self.not_answered(&error),
        };
        self.last_error = None;
        let word = product(self.key.job_type).map_or("", |product| product.word);
        let verdict = status.verdict_for(word);
        self.events.push_back(Event::Polled { poll: self.polls, job_complete: verdict.is_some() });
        match verdict {
            Some(verdict) => {
                let submission = self.submission();
                let status = Box::new(status);
                self.finish(Ok(JobOutcome::Decided { submission, status, verdict }));
            }
            None => self.schedule(),
        }
    }

    /// Goes on after a bad answer, unless it would come again for ever.
    fn not_answered(&mut self, error: &CallError) {
        match (error.kind(), error.operation()) {
            (CallErrorKind::Deadline(last), _) => {
                self.last_error = last.clone().or(self.last_error.take());
                self.unfinished();
            }
            (CallErrorKind::Operation(_), Some(last)) if last.is_transient() => {
                self.last_error = Some(last.clone());
                self.schedule();
            }
            _ => self.fail(kind(error)),
        }
    }

    fn unfinished(&mut self) {
        let (submission, polls, last_error) = (self.submission(), self.polls, self.last_error.take());
        self.finish(Ok(JobOutcome::Unfinished { submission, last: None, polls, last_error }));
    }

    fn submission(&self) -> Submission {
        Submission {
            key: self.key.clone(),
            smile_job_id: self.smile_job_id.as_ref().map(|id| id.as_str().to_owned()),
            id: self.submission_id.clone(),
        }
    }

    fn fail(&mut self, kind: JobErrorKind) {
        let smile_job_id = self.smile_job_id.as_ref().map(|id| id.as_str().to_owned());
        let error = JobError::new(kind, self.progress, self.key.clone(), smile_job_id).of_v3();
        self.finish(Err(error));
    }

    fn finish(&mut self, outcome: Result<JobOutcome, JobError>) {
        self.stage = Stage::Finished(outcome);
        // What was handed out before a request may say more than has become of it.
        if std::mem::take(&mut self.is_noted) {
            self.note();
        }
    }
}

/// Time before the deadline at which the status is requested for the last time.
const LAST_LOOK: std::time::Duration = std::time::Duration::from_secs(2);

fn invalid(
    problems: Vec<Problem>,
    progress: Progress,
    key: JobKey,
    smile_job_id: Option<String>,
) -> JobError {
    let kind = match ValidationError::check(problems) {
        Err(error) => JobErrorKind::Validation(error),
        Ok(()) => JobErrorKind::Deadline(None),
    };
    JobError::new(kind, progress, key, smile_job_id).of_v3()
}

fn kind(error: &CallError) -> JobErrorKind {
    match error.kind() {
        CallErrorKind::Validation(error) => JobErrorKind::Validation(error.clone()),
        CallErrorKind::Operation(last) => JobErrorKind::Operation { step: error.step(), error: last.clone() },
        CallErrorKind::Deadline(last) => JobErrorKind::Deadline(last.clone()),
        CallErrorKind::Observer(error) => JobErrorKind::Observer(error.clone()),
    }
}

impl Flow for V3JobFlow {
    type Outcome = Result<JobOutcome, JobError>;

    fn next(&mut self, now: Timestamp) -> Next<Self::Outcome> {
        self.clock = self.clock.max(now);
        let deadline = *self.deadline.get_or_insert(self.clock + self.settings.deadline);
        loop {
            let next = match &mut self.stage {
                Stage::Finished(outcome) => return Next::Finished(outcome.clone()),
                Stage::Waiting { .. } if self.clock >= deadline => {
                    self.unfinished();
                    continue;
                }
                Stage::Waiting { until } if *until > self.clock => return Next::Wait { until: *until },
                Stage::Waiting { .. } => {
                    match self.smile_job_id.clone() {
                        Some(id) => self.ask(id),
                        None => self.unfinished(),
                    }
                    continue;
                }
                Stage::Submitting(call) => match call.next(self.clock) {
                    Next::Finished(outcome) => {
                        self.collect();
                        self.submitted(outcome);
                        continue;
                    }
                    Next::Read(path) => Next::Read(path),
                    Next::Send { request, timeout } => Next::Send { request, timeout },
                    Next::Wait { until } => Next::Wait { until },
                },
                Stage::Asking(call) => match call.next(self.clock) {
                    Next::Finished(outcome) => {
                        self.collect();
                        self.answered(outcome);
                        continue;
                    }
                    Next::Read(path) => Next::Read(path),
                    Next::Send { request, timeout } => Next::Send { request, timeout },
                    Next::Wait { until } => Next::Wait { until },
                },
            };
            self.collect();
            return next;
        }
    }

    fn file_read(&mut self, now: Timestamp, file: std::io::Result<Vec<u8>>) {
        self.clock = self.clock.max(now);
        if let Stage::Submitting(call) = &mut self.stage {
            call.file_read(self.clock, file);
        }
        self.collect();
    }

    fn receive(&mut self, now: Timestamp, answer: Result<Response<Bytes>, TransportFailure>) {
        self.clock = self.clock.max(now);
        match &mut self.stage {
            Stage::Submitting(call) => call.receive(self.clock, answer),
            Stage::Asking(call) => call.receive(self.clock, answer),
            Stage::Waiting { .. } | Stage::Finished(_) => {}
        }
        self.collect();
    }

    fn refuse(&mut self, now: Timestamp, error: ObserverError) {
        self.clock = self.clock.max(now);
        match &mut self.stage {
            Stage::Submitting(call) => call.refuse(self.clock, error),
            Stage::Asking(call) => call.refuse(self.clock, error),
            Stage::Waiting { .. } => self.fail(JobErrorKind::Observer(error)),
            Stage::Finished(_) => {}
        }
    }

    fn take_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

impl fmt::Debug for V3JobFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Submitting(_) => "submitting",
            Stage::Waiting { .. } | Stage::Asking(_) => "polling",
            Stage::Finished(_) => "finished",
        };
        f.debug_struct("JobFlow")
            .field("key", &self.key)
            .field("stage", &stage)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}
