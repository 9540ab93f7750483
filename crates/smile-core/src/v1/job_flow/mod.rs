//! Machine of a whole job, and its driving. Its steps are in `steps`, the handling of failures in
//! `failure`.

pub(crate) mod error;
mod failure;
mod images;
pub(crate) mod outcome;
mod steps;

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use crate::flow::Progress;
use crate::flow::{Checkpoint, Event, Flow, FlowSettings, LastSend, Next, ObserverError, ServiceClock};
use crate::job::job_key::JobKey;
use crate::job::submission_id::SubmissionId;
use crate::operation::Step;
use crate::operation::{Operation, retry_after};
use crate::v1::job_flow::error::{JobError, JobErrorKind};
use crate::v1::job_flow::images::note_image;
use crate::v1::job_flow::outcome::{JobOutcome, Submission};
use crate::v1::payload::{Package, ToCome};
use crate::v1::prep_upload::PrepUploadRequest;
use crate::v1::upload::UploadRequest;
use crate::wire::seed::spread;
use crate::{
    ImageFault, Job, JobId, JobStatus, JobType, OperationError, Partner, Problem, ProblemKind, Timestamp,
    TransportFailure, UserId, ValidationError,
};

/// Flow of one job: reads its files, opens it, uploads it and, if asked to, waits for the result.
///
/// What goes wrong on the way is tried again, as far as it can't bill or create anything twice:
///
/// - An answer to prep upload that was lost is asked for again with `retry: true`, once the job's
///   status has said that there is no zip: the job id may be an earlier job's, which that would
///   take over.
/// - After an upload whose answer was lost, the job's status says whether the zip has arrived. The
///   zip is sent again only if the status says no twice, some seconds apart, after the upload's own
///   time limit: until then it may still arrive, also if the connection broke early or a gateway
///   answered. What the zip's store itself refuses needs no question.
/// - An address that the store refuses (it expires) is asked for anew, once.
/// - One bad poll doesn't end the job; many in a row do.
///
/// A result counts as the verdict on this submission only if it names it: see [`SubmissionId`].
///
/// The [module](crate::flow) says how to drive it. Where it stands can be written down at any time,
/// see [`Checkpoint`].
pub(crate) struct UploadFlow {
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
    /// Time of the first call of [`Flow::next`].
    started: Option<Timestamp>,
    last_error: Option<OperationError>,
    is_out: bool,
    /// Time at which the last request was sent.
    sent_at: Timestamp,
    service_clock: Option<ServiceClock>,
    last_send: Option<LastSend>,
    /// True if another process sent that.
    is_inherited: bool,
    /// True if somebody may have gone further than the checkpoint says, until the service has
    /// denied it to this process.
    may_be_outdated: bool,
    is_reading: bool,
    progress: Progress,
    submission_id: Option<SubmissionId>,
    /// Number of answers in a row that the service has no zip, since one was last sent.
    denials: u32,
    /// Wait beside the status delay, so that two processes that go on at the same moment take
    /// turns.
    turn: Duration,
    /// True once the service has said that it has no zip, so that the job may be opened again.
    has_asked: bool,
    /// True if a zip of this submission may be at the service.
    may_be_there: bool,
    /// True once the service has opened the job for this submission, or has taken its zip.
    is_own: bool,
    /// Error to end with if the result at the service isn't this submission's, or doesn't say so.
    not_ours: Option<JobErrorKind>,
    has_new_address: bool,
    package: Package,
    faults: Vec<Problem>,
    stage: Stage,
    events: VecDeque<Event>,
    /// Newest checkpoint that was handed out, or gone on from.
    noted: Option<Checkpoint>,
}

/// Request for the job's status.
#[derive(Clone, Copy)]
struct StatusRequest {
    wanted: bool,
    history: bool,
    image_links: bool,
}

enum Stage {
    /// Checking the images, up to and without this one.
    Reading { index: usize },
    /// Opening the job.
    Opening { attempts: u32, retry: bool },
    /// Uploading the zip.
    Uploading { upload: UploadRequest, bytes: usize, attempts: u32 },
    /// Asking whether the service has a zip, before anything is sent that changes something.
    Asking { then: AfterDenial, needed: u32, failures: u32 },
    /// Waiting for the result.
    Polling { polls: u32, failures: u32, last: Option<Box<JobStatus>>, last_error: Option<OperationError> },
    /// Over.
    Finished(Result<JobOutcome, JobError>),
}

#[allow(clippy::large_enum_variant)] // A flow has one of these, for as long as it asks.
/// Step that is allowed once the service has denied often enough that it has a zip.
enum AfterDenial {
    /// Submit all of it, from the files on: another process may have begun it.
    Submit,
    /// Open the job again, after so many tries.
    Open { attempts: u32 },
    /// Upload the zip again.
    Upload { upload: UploadRequest, bytes: usize, attempts: u32, lost: OperationError },
    /// Nothing: the service has refused to open the job, as there is one of this id.
    Nothing { refusal: OperationError },
}

impl Stage {
    fn step(&self) -> Step {
        match self {
            Self::Reading { .. } | Self::Opening { .. } => Step::PrepUpload,
            Self::Uploading { .. } => Step::Upload,
            Self::Asking { .. } | Self::Polling { .. } | Self::Finished(_) => Step::JobStatus,
        }
    }
}

impl UploadFlow {
    /// Runs this job. `seed` spreads the waits of many clients, and distinguishes this submission
    /// from others: take a random number, and another one for each job.
    ///
    /// With [`Job::with_retry`] the job may have been opened before, so the service is asked first
    /// whether it has a zip under this job id. If it has, that is another submission's, and nothing
    /// is sent.
    ///
    /// # Errors
    /// All problems that can be found without the job's files; nothing has been sent.
    pub(crate) fn new(
        partner: Partner,
        job: Job,
        settings: FlowSettings,
        seed: u64,
    ) -> Result<Self, JobError> {
        let key = key_of(&job);
        let mut report = job.check(&partner);
        if job.partner_params.extra.contains_key(SubmissionId::PARTNER_PARAM) {
            let field = format!("partner_params.{}", SubmissionId::PARTNER_PARAM);
            let rule = "is set by the SDK itself, to tell this submission from others";
            report.problems.push(Problem::new(field, ProblemKind::Conflict, rule));
        }
        if let Err(error) = ValidationError::check(report.problems) {
            return Err(JobError::new(JobErrorKind::Validation(error), Progress::Nothing, key, None));
        }
        let status = StatusRequest {
            wanted: job.options.return_job_status,
            history: job.options.return_history,
            image_links: job.options.return_image_links,
        };
        let mut flow =
            Self::start(partner, Some(job), key, status, Stage::Reading { index: 0 }, settings, seed);
        flow.events.extend(report.warnings.into_iter().map(Event::Warning));
        Ok(flow)
    }

    /// Goes on from the checkpoint of another flow, perhaps of another process.
    ///
    /// It needs the same job, images included; they are not looked at if the service has them
    /// already.
    ///
    /// A checkpoint that says that nothing was ever sent may be an old copy. If the service refuses
    /// the job then because it has one of this id, its status is asked for: a result that names the
    /// checkpoint's submission is this one's. Nothing else of that job is believed, and nothing is
    /// sent to it.
    ///
    /// Unless nothing was ever sent, the first thing is to ask for the job's status, which costs
    /// nothing. Something is sent again only if the last send of the checkpoint is over, and the
    /// service has then said twice, the status delay apart, that it has no zip; denials of an
    /// earlier process count. So copies of one checkpoint that are gone on with one after the other
    /// process the job once. **Two that go on at the same moment may not**: they take turns of
    /// random length, which is no lock. Run a job in one process at a time, under a lease of at
    /// least [`FlowSettings::lease`].
    ///
    /// A process that may send only a few requests gets on if it can send **three** (a question,
    /// prep upload and the zip, which are one step because the address between them is not stored),
    /// stores each checkpoint, and calls [`Flow::refuse`] before what it may not send any more.
    ///
    /// # Errors
    /// As [`UploadFlow::new`]; and if the checkpoint is of another job, partner, environment or
    /// version, or of a check.
    pub(crate) fn resume(
        partner: Partner,
        checkpoint: &Checkpoint,
        job: Job,
        settings: FlowSettings,
        seed: u64,
    ) -> Result<Self, JobError> {
        let begun = Self::new(partner, job, settings, seed).map_err(|error| {
            let smile_job_id = checkpoint.smile_job_id.clone();
            let progress = checkpoint.progress.of_outdated();
            JobError::new(error.kind().clone(), progress, error.key().clone(), smile_job_id)
        });
        let mut flow = begun?;
        flow.check(checkpoint, None, false)?;
        flow.take_over(checkpoint);
        match checkpoint.progress {
            Progress::Nothing => {}
            Progress::MaybeOpened | Progress::Opened | Progress::MaybeUploaded => {
                flow.may_be_there = true;
                flow.turn = spread(seed, flow.settings.status_delay.saturating_mul(2));
                flow.ask(AfterDenial::Submit, 2);
            }
            Progress::Uploaded => {
                flow.is_own = true;
                flow.uploaded();
            }
        }
        Ok(flow)
    }

    /// Waits for the result of a job that the service has already, whoever submitted it. Asks at
    /// once, and then keeps to the schedule.
    ///
    /// **The result belongs to whichever job has this id**, which isn't known to be this user's
    /// latest, nor of a certain submission. Who has the checkpoint takes
    /// [`UploadFlow::wait_for_submission`].
    pub(crate) fn wait_for(partner: Partner, key: JobKey, settings: FlowSettings, seed: u64) -> Self {
        let status = StatusRequest { wanted: true, history: false, image_links: false };
        let stage = Stage::Polling { polls: 0, failures: 0, last: None, last_error: None };
        let mut flow = Self::start(partner, None, key, status, stage, settings, seed);
        flow.progress = Progress::Uploaded;
        flow
    }

    /// Waits as [`UploadFlow::wait_for`], for the job that this checkpoint is of: a result counts
    /// only if it names its submission.
    ///
    /// Unlike [`UploadFlow::resume`] it needs no images, and never sends anything but the question.
    /// The checkpoint may also be of a check whose result comes by callback:
    /// [`Call::checkpoint`](crate::Call::checkpoint), once it is taken on.
    ///
    /// # Errors
    /// If the checkpoint is of another partner, environment or version, of a check that has no
    /// status, or of something that was never begun.
    pub(crate) fn wait_for_submission(
        partner: Partner,
        checkpoint: &Checkpoint,
        settings: FlowSettings,
        seed: u64,
    ) -> Result<Self, JobError> {
        let nobody =
            || JobKey { user_id: UserId::new(""), job_id: JobId::new(""), job_type: JobType::from_number(0) };
        let key = checkpoint.key.clone().unwrap_or_else(nobody);
        let mut flow = Self::wait_for(partner, key, settings, seed);
        flow.check(checkpoint, checkpoint.check, true)?;
        flow.take_over(checkpoint);
        Ok(flow)
    }

    /// Asks for all results of the user along with the job's status, in [`UploadFlow::wait_for`].
    #[must_use]
    pub(crate) fn with_return_history(mut self, yes: bool) -> Self {
        self.status.history = yes;
        self
    }

    /// Asks for links to the job's images along with its status, in [`UploadFlow::wait_for`].
    #[must_use]
    pub(crate) fn with_return_image_links(mut self, yes: bool) -> Self {
        self.status.image_links = yes;
        self
    }

    /// Current checkpoint of the job.
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let mut checkpoint = Checkpoint::of_job(&self.partner, self.key.clone(), self.possible_progress());
        checkpoint.smile_job_id.clone_from(&self.smile_job_id);
        checkpoint.submission_id.clone_from(&self.submission_id);
        // A zip that is out may arrive, whatever was said before.
        let is_uploading = self.is_out && matches!(self.stage, Stage::Uploading { .. });
        checkpoint.denials = if is_uploading { 0 } else { self.denials };
        checkpoint.last_send.clone_from(&self.last_send);
        checkpoint
    }

    /// Key of the job.
    pub(crate) fn key(&self) -> &JobKey {
        &self.key
    }

    /// Submission that the result must name to be the verdict on this one: known from the first
    /// call of `next` on, and not at all in [`UploadFlow::wait_for`].
    pub(crate) fn submission_id(&self) -> Option<&SubmissionId> {
        self.submission_id.as_ref()
    }

    /// Ends the flow. Nothing more is sent; what the service has already, it works on all the same.
    pub(crate) fn cancel(&mut self) {
        if !matches!(self.stage, Stage::Finished(_)) {
            self.progress = self.possible_progress();
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
            started: None,
            last_error: None,
            is_out: false,
            sent_at: Timestamp::default(),
            service_clock: None,
            last_send: None,
            is_inherited: false,
            may_be_outdated: false,
            is_reading: false,
            progress: Progress::Nothing,
            submission_id: None,
            denials: 0,
            turn: Duration::ZERO,
            has_asked: false,
            may_be_there: false,
            is_own: false,
            not_ours: None,
            has_new_address: false,
            package: Package::default(),
            faults: Vec::new(),
            stage,
            events: VecDeque::new(),
            noted: None,
        }
    }

    fn check(
        &self,
        checkpoint: &Checkpoint,
        check: Option<Step>,
        must_be_begun: bool,
    ) -> Result<(), JobError> {
        let mut problems = checkpoint.problems(&self.partner, Some(&self.key), check);
        if problems.is_empty()
            && checkpoint.submission_id.is_none()
            && (must_be_begun || checkpoint.progress > Progress::Nothing)
        {
            let rule = "must be there: without it nothing was ever sent";
            problems.push(Problem::new("checkpoint.submission", ProblemKind::Missing, rule));
        }
        ValidationError::check(problems).map_err(|error| {
            let kind = JobErrorKind::Validation(error);
            let progress = checkpoint.progress.of_outdated();
            JobError::new(kind, progress, self.key.clone(), checkpoint.smile_job_id.clone())
        })
    }

    fn take_over(&mut self, checkpoint: &Checkpoint) {
        self.progress = checkpoint.progress;
        self.smile_job_id.clone_from(&checkpoint.smile_job_id);
        self.denials = checkpoint.denials;
        self.last_send.clone_from(&checkpoint.last_send);
        (self.is_inherited, self.may_be_outdated) = (true, true);
        self.noted = Some(checkpoint.clone());
        if let Some(id) = &checkpoint.submission_id {
            self.name(id.clone());
        }
    }

    /// Sends the submission's id with the job.
    fn name(&mut self, id: SubmissionId) {
        if let Some(job) = &mut self.job {
            job.partner_params.extra.insert(SubmissionId::PARTNER_PARAM.to_owned(), id.as_str().into());
        }
        self.submission_id = Some(id);
    }

    /// Begins with the first call of `next`.
    fn begin(&mut self) {
        self.started = Some(self.clock);
        if self.job.is_some() && self.submission_id.is_none() {
            self.name(SubmissionId::derive(self.seed, self.clock));
        }
        // After an earlier denial the next one counts, and must come late enough for it.
        if matches!(self.stage, Stage::Asking { .. }) && self.denials > 0 {
            let over = self.last_send_over().unwrap_or(self.clock);
            self.not_before = Some(over.max(self.clock) + self.settings.status_delay + self.turn);
        }
    }

    /// Time from which the last send can't arrive any more, by this process's clock, if it may be
    /// on its way.
    fn last_send_over(&self) -> Option<Timestamp> {
        let send = self.last_send.as_ref()?;
        Some(if self.is_inherited {
            send.over_for_another(self.started.unwrap_or(self.clock), self.service_clock)
        } else {
            send.over_for_its_sender(self.service_clock)
        })
    }

    /// Forgets the upload if it was certainly turned away: whoever cuts an upload short, or answers
    /// it in the store's place, may still pass it on.
    fn forget_upload_if_refused(&mut self, error: &OperationError) {
        if matches!(self.stage, Stage::Uploading { .. }) && error.certainly_not_done() {
            self.last_send = None;
        }
    }

    /// Hands out a checkpoint if the job's progress is another than the last one's.
    fn note_progress(&mut self) {
        let checkpoint = self.checkpoint();
        if self.submission_id.is_some() && self.noted.as_ref() != Some(&checkpoint) {
            self.note(checkpoint);
        }
    }

    fn note(&mut self, checkpoint: Checkpoint) {
        self.noted = Some(checkpoint.clone());
        self.events.push_back(Event::Checkpoint(checkpoint));
    }

    /// Progress that is possible, counting a request that is out as one that may arrive.
    fn possible_progress(&self) -> Progress {
        match self.stage {
            Stage::Opening { .. } if self.is_out => self.progress.max(Progress::MaybeOpened),
            Stage::Uploading { .. } if self.is_out => self.progress.max(Progress::MaybeUploaded),
            _ => self.progress,
        }
    }

    fn tick(&mut self, now: Timestamp) {
        self.clock = self.clock.max(now);
    }

    fn fail(&mut self, kind: JobErrorKind) {
        let progress = if self.may_be_outdated { self.progress.of_outdated() } else { self.progress };
        let error = JobError::new(kind, progress, self.key.clone(), self.smile_job_id.clone());
        self.finish(Err(error));
    }

    fn finish(&mut self, outcome: Result<JobOutcome, JobError>) {
        self.stage = Stage::Finished(outcome);
        self.not_before = None;
        self.is_out = false;
        self.package = Package::default();
        self.job = None;
        // What was handed out before a request may say more than has become of it.
        if self.noted.is_some() {
            self.note_progress();
        }
    }

    fn submission(&self) -> Submission {
        Submission {
            key: self.key.clone(),
            smile_job_id: self.smile_job_id.clone(),
            id: self.submission_id.clone(),
        }
    }
}

impl Flow for UploadFlow {
    type Outcome = Result<JobOutcome, JobError>;

    fn next(&mut self, now: Timestamp) -> Next<Self::Outcome> {
        self.tick(now);
        if self.started.is_none() {
            self.begin();
        }
        // What the service has already is judged there.
        if self.deadline.is_none()
            && self.progress == Progress::Nothing
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
                let prep = PrepUploadRequest::new(job).with_retry(*retry);
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
            (Stage::Asking { failures, .. }, _) => {
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
            self.is_inherited = false;
            self.may_be_there |= step == Step::Upload;
            self.note(self.checkpoint());
        }
        self.sent_at = self.clock;
        self.events.push_back(Event::Sending { step, attempt, timeout });
        Next::Send { request, timeout }
    }

    fn file_read(&mut self, now: Timestamp, file: std::io::Result<Vec<u8>>) {
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
        note_image(added, *index, *role, &mut self.faults, &mut self.events);
        *index += 1;
    }

    fn receive(&mut self, now: Timestamp, answer: Result<Response<Bytes>, TransportFailure>) {
        let sent_at = self.sent_at;
        self.tick(now);
        if !std::mem::take(&mut self.is_out) {
            return;
        }
        if matches!(self.stage, Stage::Opening { .. }) {
            self.last_send = None;
        }
        let response = match answer {
            Ok(response) => response,
            Err(failure) => {
                let error = OperationError::Transport(failure);
                self.forget_upload_if_refused(&error);
                return self.failed(error, None);
            }
        };
        let wait = retry_after(&response, self.clock);
        let was_upload = matches!(self.stage, Stage::Uploading { .. });
        // What the answer sets off may ask what the service's clock says.
        let clock = ServiceClock::of(&response, sent_at, self.clock).filter(|_| !was_upload);
        let known = self.service_clock;
        self.service_clock = clock.or(known);
        let result = match (&self.stage, &self.job) {
            (Stage::Opening { retry, .. }, Some(job)) => {
                let retry = *retry;
                let parsed = PrepUploadRequest::new(job).parse(&self.partner, sent_at, &response);
                parsed.map(|prepared| self.opened(&prepared, retry))
            }
            (Stage::Uploading { upload, .. }, _) => {
                upload.parse(&self.partner, sent_at, &response).map(|()| {
                    (self.is_own, self.last_send) = (true, None);
                    self.uploaded();
                })
            }
            (Stage::Asking { .. } | Stage::Polling { .. }, _) => {
                let parsed = self.status_request().parse(&self.partner, sent_at, &response);
                parsed.map(|status| self.status_received(status))
            }
            (Stage::Reading { .. } | Stage::Opening { .. } | Stage::Finished(_), _) => Ok(()),
        };
        if let Err(error) = result {
            // Only the service itself is believed.
            self.service_clock = known;
            self.forget_upload_if_refused(&error);
            self.failed(error, wait);
        }
    }

    fn refuse(&mut self, now: Timestamp, error: ObserverError) {
        self.tick(now);
        if !matches!(self.stage, Stage::Finished(_)) {
            if matches!(self.stage, Stage::Opening { .. } | Stage::Uploading { .. }) {
                self.last_send = None;
            }
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

impl fmt::Debug for UploadFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Reading { .. } => "reading",
            Stage::Opening { .. } => "opening",
            Stage::Uploading { .. } => "uploading",
            Stage::Asking { .. } => "asking",
            Stage::Polling { .. } => "polling",
            Stage::Finished(_) => "finished",
        };
        f.debug_struct("UploadFlow")
            .field("key", &self.key)
            .field("stage", &stage)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}
