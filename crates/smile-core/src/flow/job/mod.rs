//! The machine that runs a whole job: what it is, and how it is driven. What it does on the way is in `steps`, what it
//! does when something fails in `failure`.

mod failure;
mod steps;

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use self::steps::note;
use super::{
    Checkpoint, Event, Flow, FlowSettings, JobError, JobErrorKind, JobKey, JobOutcome, LastSend, Next,
    ObserverError, Reach, ServiceClock, Step, Submission,
};
use crate::operation::{Operation, PrepUpload, Upload, retry_after};
use crate::payload::{Package, ToCome};
use crate::{
    ImageFault, Job, JobStatus, OperationError, Partner, Problem, Timestamp, TransportFailure,
    ValidationError,
};

/// Runs one job: reads its files, opens it, uploads it and, where it is wanted, waits for the result.
///
/// What goes wrong on the way is tried again, as far as it can't bill or create anything twice:
///
/// - An answer to prep upload that was lost is asked for again with `retry: true`.
/// - After an upload whose answer was lost, the job's status says whether the zip has arrived; only if it says no, twice
///   and some seconds apart, is the zip sent again.
/// - An address that the service refuses (it expires) is asked for anew, once.
/// - One bad poll doesn't end the job; many in a row do.
///
/// The [module](crate::flow) says how to drive it. Where it stands can be written down at any time, see [`Checkpoint`].
pub struct JobFlow {
    partner: Partner,
    settings: FlowSettings,
    seed: u64,
    job: Option<Job>,
    key: JobKey,
    smile_job_id: Option<String>,
    status: StatusRequest,
    clock: Timestamp,
    deadline: Option<Timestamp>,
    not_before: Option<Timestamp>,
    /// What is waited for before anything else, from the first moment that is known.
    first_wait: Duration,
    last_error: Option<OperationError>,
    is_out: bool,
    /// When the request that is out, or was last, went out.
    sent_at: Timestamp,
    service_clock: Option<ServiceClock>,
    last_send: Option<LastSend>,
    is_reading: bool,
    reach: Reach,
    has_new_address: bool,
    package: Package,
    faults: Vec<Problem>,
    stage: Stage,
    events: VecDeque<Event>,
}

/// What is asked of the job's status.
#[derive(Clone, Copy)]
struct StatusRequest {
    wanted: bool,
    history: bool,
    image_links: bool,
}

enum Stage {
    /// Looking at the images, up to and without this one.
    Reading { index: usize },
    /// Opening the job.
    Opening { attempts: u32, retry: bool },
    /// Uploading the zip.
    Uploading { upload: Upload, bytes: usize, attempts: u32 },
    /// Asking whether a zip has arrived whose answer was lost; here or, without an upload, in another process.
    Reconciling { upload: Option<(Upload, usize, u32)>, lost: OperationError, failures: u32, denials: u32 },
    /// Waiting for the result.
    Polling { polls: u32, failures: u32, last: Option<Box<JobStatus>>, last_error: Option<OperationError> },
    /// Over.
    Finished(Result<JobOutcome, JobError>),
}

impl JobFlow {
    /// Runs this job. `seed` spreads the waits of many clients: take any random number.
    ///
    /// # Errors
    /// Everything that is wrong with the job and can be told without its files; nothing has been sent.
    pub fn new(partner: Partner, job: Job, settings: FlowSettings, seed: u64) -> Result<Self, JobError> {
        let key = key_of(&job);
        let findings = job.check(&partner);
        if let Err(error) = ValidationError::check(findings.problems) {
            return Err(JobError::new(JobErrorKind::Validation(error), Reach::Nothing, key, None));
        }
        let status = StatusRequest {
            wanted: job.options.return_job_status,
            history: job.options.return_history,
            image_links: job.options.return_image_links,
        };
        let mut flow =
            Self::start(partner, Some(job), key, status, Stage::Reading { index: 0 }, settings, seed);
        flow.events.extend(findings.warnings.into_iter().map(Event::Warning));
        Ok(flow)
    }

    /// Goes on where another flow, perhaps of another process, wrote down that it stood.
    ///
    /// It needs the same job, images included; they are not looked at if the service has them already.
    ///
    /// # Errors
    /// As [`JobFlow::new`]; and if the checkpoint is of another job, partner, environment or version.
    pub fn resume(
        partner: Partner,
        checkpoint: &Checkpoint,
        job: Job,
        settings: FlowSettings,
        seed: u64,
    ) -> Result<Self, JobError> {
        let begun = Self::new(partner, job, settings, seed).map_err(|error| {
            let smile_job_id = checkpoint.smile_job_id.clone();
            JobError::new(error.kind().clone(), checkpoint.reach, error.key().clone(), smile_job_id)
        });
        let mut flow = begun?;
        flow.check(checkpoint)?;
        flow.reach = checkpoint.reach;
        flow.smile_job_id.clone_from(&checkpoint.smile_job_id);
        match checkpoint.reach {
            Reach::Nothing | Reach::MaybeOpened | Reach::Opened => {}
            Reach::MaybeUploaded => {
                let lost =
                    OperationError::Transport(TransportFailure::interrupted("another process sent it"));
                flow.stage = Stage::Reconciling { upload: None, lost, failures: 0, denials: 0 };
                flow.first_wait = flow.settings.settle;
            }
            Reach::Uploaded => flow.uploaded(),
        }
        Ok(flow)
    }

    /// Waits for the result of a job that the service has already, whoever submitted it. It asks at once, and then
    /// keeps to the schedule.
    pub fn wait_for(partner: Partner, key: JobKey, settings: FlowSettings, seed: u64) -> Self {
        let status = StatusRequest { wanted: true, history: false, image_links: false };
        let stage = Stage::Polling { polls: 0, failures: 0, last: None, last_error: None };
        let mut flow = Self::start(partner, None, key, status, stage, settings, seed);
        flow.reach = Reach::Uploaded;
        flow
    }

    /// Asks for all results of the user along with the job's status, in [`JobFlow::wait_for`].
    #[must_use]
    pub fn return_history(mut self, yes: bool) -> Self {
        self.status.history = yes;
        self
    }

    /// Asks for links to the job's images along with its status, in [`JobFlow::wait_for`].
    #[must_use]
    pub fn return_image_links(mut self, yes: bool) -> Self {
        self.status.image_links = yes;
        self
    }

    /// Where the job stands now.
    pub fn checkpoint(&self) -> Checkpoint {
        let mut checkpoint = Checkpoint::of_job(&self.partner, self.key.clone(), self.possible_reach());
        checkpoint.smile_job_id.clone_from(&self.smile_job_id);
        checkpoint.last_send.clone_from(&self.last_send);
        checkpoint
    }

    /// What names the job.
    pub fn key(&self) -> &JobKey {
        &self.key
    }

    /// Ends it. Nothing more is sent; what the service has already, it works on all the same.
    pub fn cancel(&mut self) {
        if !matches!(self.stage, Stage::Finished(_)) {
            self.reach = self.possible_reach();
            self.fail(JobErrorKind::Cancelled);
        }
    }

    fn start(
        partner: Partner,
        job: Option<Job>,
        key: JobKey,
        status: StatusRequest,
        stage: Stage,
        settings: FlowSettings,
        seed: u64,
    ) -> Self {
        Self {
            partner,
            settings,
            seed,
            job,
            key,
            smile_job_id: None,
            status,
            clock: Timestamp::default(),
            deadline: None,
            not_before: None,
            first_wait: Duration::ZERO,
            last_error: None,
            is_out: false,
            sent_at: Timestamp::default(),
            service_clock: None,
            last_send: None,
            is_reading: false,
            reach: Reach::Nothing,
            has_new_address: false,
            package: Package::default(),
            faults: Vec::new(),
            stage,
            events: VecDeque::new(),
        }
    }

    fn check(&self, checkpoint: &Checkpoint) -> Result<(), JobError> {
        let problems = checkpoint.problems(&self.partner, Some(&self.key), None);
        ValidationError::check(problems).map_err(|error| {
            let kind = JobErrorKind::Validation(error);
            JobError::new(kind, checkpoint.reach, self.key.clone(), checkpoint.smile_job_id.clone())
        })
    }

    /// How far the job may have come, counting a request that is out as one that may arrive.
    fn possible_reach(&self) -> Reach {
        match self.stage {
            Stage::Opening { .. } if self.is_out => self.reach.max(Reach::MaybeOpened),
            Stage::Uploading { .. } if self.is_out => self.reach.max(Reach::MaybeUploaded),
            _ => self.reach,
        }
    }

    fn tick(&mut self, now: Timestamp) {
        self.clock = self.clock.max(now);
    }

    fn fail(&mut self, kind: JobErrorKind) {
        let error = JobError::new(kind, self.reach, self.key.clone(), self.smile_job_id.clone());
        self.finish(Err(error));
    }

    fn finish(&mut self, outcome: Result<JobOutcome, JobError>) {
        self.stage = Stage::Finished(outcome);
        self.not_before = None;
        self.is_out = false;
        self.package = Package::default();
        self.job = None;
    }

    fn submission(&self) -> Submission {
        Submission { key: self.key.clone(), smile_job_id: self.smile_job_id.clone() }
    }
}

impl Flow for JobFlow {
    type Outcome = Result<JobOutcome, JobError>;

    fn next(&mut self, now: Timestamp) -> Next<Self::Outcome> {
        self.tick(now);
        if self.deadline.is_none() && !self.first_wait.is_zero() {
            self.not_before = Some(self.clock + self.first_wait);
        }
        // What the service has already is judged there.
        if self.deadline.is_none()
            && self.reach == Reach::Nothing
            && let Some(job) = &self.job
            && let Err(error) = ValidationError::check(job.check_at(now).problems)
        {
            self.fail(JobErrorKind::Validation(error));
        }
        let deadline = *self.deadline.get_or_insert(self.clock + self.settings.deadline);
        if std::mem::take(&mut self.is_out) {
            self.failed(
                OperationError::Transport(TransportFailure::interrupted("nobody waited for it")),
                None,
            );
        }
        if !matches!(self.stage, Stage::Finished(_)) && self.clock >= deadline {
            self.deadline_passed();
        }
        if let Some(until) = self.not_before.filter(|until| *until > self.clock) {
            if self.is_in_time(until) {
                return Next::Wait { until };
            }
            self.deadline_passed();
        }
        self.not_before = None;
        if matches!(self.stage, Stage::Reading { .. }) {
            if let Some(path) = self.look_at_images() {
                self.is_reading = true;
                return Next::Read(path);
            }
            self.images_are_here();
        }

        let left = deadline.since(self.clock);
        let request_timeout = self.settings.request_timeout.min(left);
        let status_request = self.status_request();
        let (step, attempt, request, timeout) = match (&mut self.stage, &self.job) {
            (Stage::Finished(outcome), _) => return Next::Finished(outcome.clone()),
            (Stage::Opening { attempts, retry }, Some(job)) => {
                *attempts += 1;
                let prep = PrepUpload::new(job).retry(*retry);
                (Step::PrepUpload, *attempts, prep.request(&self.partner, self.clock), request_timeout)
            }
            (Stage::Uploading { upload, bytes, attempts }, _) => {
                *attempts += 1;
                self.events.push_back(Event::Uploading { bytes: *bytes });
                let timeout = self.settings.upload_timeout(*bytes).min(left);
                (Step::Upload, *attempts, upload.request(&self.partner, self.clock), timeout)
            }
            (Stage::Polling { polls, .. }, _) => {
                *polls += 1;
                (Step::JobStatus, *polls, status_request.request(&self.partner, self.clock), request_timeout)
            }
            (Stage::Reconciling { failures, .. }, _) => {
                let attempt = *failures + 1;
                (Step::JobStatus, attempt, status_request.request(&self.partner, self.clock), request_timeout)
            }
            (Stage::Reading { .. } | Stage::Opening { .. }, _) => {
                unreachable!("a flow without a job only asks for status")
            }
        };
        self.is_out = true;
        if step != Step::JobStatus {
            self.last_send = Some(LastSend::new(step, self.clock, timeout, self.service_clock));
            self.events.push_back(Event::Checkpoint(self.checkpoint()));
        }
        self.sent_at = self.clock;
        self.events.push_back(Event::Sending { step, attempt, timeout });
        Next::Send { request, timeout }
    }

    fn read(&mut self, now: Timestamp, file: std::io::Result<Vec<u8>>) {
        self.tick(now);
        if !std::mem::take(&mut self.is_reading) {
            return;
        }
        let (Stage::Reading { index }, Some(job)) = (&mut self.stage, &self.job) else { return };
        let Some((role, image)) = job.images.get(*index) else { return };
        let added = match file {
            Ok(bytes) => self.package.add(*role, image, Some(&bytes), ToCome::after(job, *index)),
            Err(error) => Err(ImageFault::from_io(&error)),
        };
        note(added, *index, *role, &mut self.faults, &mut self.events);
        *index += 1;
    }

    fn receive(&mut self, now: Timestamp, answer: Result<Response<Bytes>, TransportFailure>) {
        // Nothing happens between the sending and the answer.
        let sent_at = self.clock;
        self.tick(now);
        if !std::mem::take(&mut self.is_out) {
            return;
        }
        let response = match answer {
            Ok(response) => response,
            Err(failure) => return self.failed(OperationError::Transport(failure), None),
        };
        let wait = retry_after(&response, self.clock);
        let was_upload = matches!(self.stage, Stage::Uploading { .. });
        let result = match (&self.stage, &self.job) {
            (Stage::Opening { .. }, Some(job)) => PrepUpload::new(job)
                .parse(&self.partner, sent_at, &response)
                .map(|prepared| self.opened(&prepared)),
            (Stage::Uploading { upload, .. }, _) => {
                upload.parse(&self.partner, sent_at, &response).map(|()| self.uploaded())
            }
            (Stage::Reconciling { .. } | Stage::Polling { .. }, _) => {
                let parsed = self.status_request().parse(&self.partner, sent_at, &response);
                parsed.map(|status| self.status_received(status))
            }
            (Stage::Reading { .. } | Stage::Opening { .. } | Stage::Finished(_), _) => Ok(()),
        };
        match result {
            // The zip's store has a clock of its own.
            Ok(()) if !was_upload => {
                let clock = ServiceClock::of(&response, self.sent_at, self.clock);
                self.service_clock = clock.or(self.service_clock);
            }
            Ok(()) => {}
            Err(error) => self.failed(error, wait),
        }
    }

    fn refuse(&mut self, now: Timestamp, error: ObserverError) {
        self.tick(now);
        if !matches!(self.stage, Stage::Finished(_)) {
            self.fail(JobErrorKind::Observer(error));
        }
    }

    fn take_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

fn key_of(job: &Job) -> JobKey {
    let params = job.partner_params();
    JobKey { user_id: params.user_id().clone(), job_id: params.job_id().clone(), job_type: job.job_type() }
}

impl fmt::Debug for JobFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Reading { .. } => "reading",
            Stage::Opening { .. } => "opening",
            Stage::Uploading { .. } => "uploading",
            Stage::Reconciling { .. } => "reconciling",
            Stage::Polling { .. } => "polling",
            Stage::Finished(_) => "finished",
        };
        f.debug_struct("JobFlow")
            .field("key", &self.key)
            .field("stage", &stage)
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}
