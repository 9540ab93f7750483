//! Steps of a job as long as all goes well, up to its end.

use std::path::PathBuf;
use std::time::Duration;

use crate::flow::Event;
use crate::flow::Progress;
use crate::flow::RetryPolicy;
use crate::job::image::ImageSource;
use crate::job::submission_id::SubmissionId;
use crate::operation::Step;
use crate::v1::job_flow::error::JobErrorKind;
use crate::v1::job_flow::images::note_image;
use crate::v1::job_flow::outcome::JobOutcome;
use crate::v1::job_flow::{AfterDenial, Stage, UploadFlow};
use crate::v1::job_status::JobStatusRequest;
use crate::v1::payload::{Package, ToCome};
use crate::v1::prep_upload::PreparedUpload;
use crate::v1::upload::UploadRequest;
use crate::{JobStatus, OperationError, Timestamp, ValidationError};

impl UploadFlow {
    /// Checks images until one must be read from disk, or all are here.
    pub(super) fn look_at_images(&mut self) -> Option<PathBuf> {
        let job = self.job.as_ref()?;
        let Stage::Reading { index } = &mut self.stage else { return None };
        while let Some((role, image)) = job.images.get(*index) {
            if let ImageSource::Path(path) = &image.source {
                return Some(path.clone());
            }
            let added = self.package.add(*role, image, None, ToCome::after(job, *index));
            note_image(added, *index, *role, &mut self.faults, &mut self.events);
            *index += 1;
        }
        None
    }

    pub(super) fn images_are_here(&mut self) {
        match ValidationError::check(std::mem::take(&mut self.faults)) {
            Err(error) => self.fail(JobErrorKind::Validation(error)),
            Ok(()) => {
                self.package.complete();
                // They are in the package, and needn't be here as well.
                if let Some(job) = &mut self.job {
                    job.images = Vec::new();
                }
                let said = self.job.as_ref().is_some_and(|job| job.options.retry);
                self.stage = Stage::Opening { attempts: 0, retry: self.has_asked };
                if said && !self.has_asked {
                    // An earlier submission under this id, which nothing is known of here, may have
                    // come all the way; and that the job is open is what the caller says.
                    self.progress = self.progress.max(Progress::MaybeOpened);
                    self.ask(AfterDenial::Open { attempts: 0 }, 2);
                }
            }
        }
    }

    pub(super) fn opened(&mut self, prepared: &PreparedUpload, retry: bool) {
        let Some(job) = &self.job else { return };
        self.progress = self.progress.max(Progress::Opened);
        // Without the flag, an id that is another job's would have been refused.
        self.is_own |= !retry;
        self.smile_job_id.clone_from(&prepared.smile_job_id);
        self.events.push_back(Event::Opened { smile_job_id: prepared.smile_job_id.clone() });
        let signed = self.partner.signer().sign(self.clock);
        let zip = self.package.build(&self.partner, job, prepared, &signed);
        let bytes = zip.len();
        self.stage = Stage::Uploading {
            upload: UploadRequest::new(prepared.upload_url.clone(), zip),
            bytes,
            attempts: 0,
        };
        self.note_progress();
    }

    /// Notes that the service has a zip under this job id: this submission's, or one of which that
    /// is yet to be proven.
    pub(super) fn uploaded(&mut self) {
        self.progress = if self.is_own { Progress::Uploaded } else { Progress::MaybeUploaded };
        self.package = Package::default();
        self.job = None;
        self.events.push_back(Event::Uploaded);
        self.denials = 0;
        if self.status.wanted || !self.is_own {
            self.stage = Stage::Polling { polls: 0, failures: 0, last: None, last_error: None };
            self.note_progress();
            self.schedule_poll(None);
        } else {
            let submission = self.submission();
            self.finish(Ok(JobOutcome::Submitted { submission }));
        }
    }

    /// Requests the job's status before anything else is sent that changes something: `denials`
    /// times the service must say that it has no zip.
    pub(super) fn ask(&mut self, then: AfterDenial, denials: u32) {
        self.stage = Stage::Asking { then, needed: denials, failures: 0 };
    }

    /// Counts a denial: the service has no zip, as it says. Counts only once the last send is over,
    /// and a zip that it brought has been noticed.
    fn denied(&mut self) {
        let Stage::Asking { failures, needed, .. } = &mut self.stage else { return };
        *failures = 0;
        let needed = *needed;
        let status_delay = self.settings.status_delay;
        if let Some(noticed) =
            self.last_send_over().map(|over| over + status_delay).filter(|at| *at > self.sent_at)
        {
            self.not_before = Some(noticed);
            return;
        }
        self.last_send = None;
        self.denials = self.denials.saturating_add(1);
        if self.denials < needed {
            self.not_before = Some(self.clock + status_delay + self.turn);
            return self.note_progress();
        }
        self.progress = self.progress.min(Progress::Opened);
        if let Stage::Asking { then: AfterDenial::Nothing { refusal }, .. } = &self.stage {
            // Somebody's job is open under this id. That it is this submission's can't be told, so
            // it isn't taken over.
            let error = refusal.clone();
            return self.fail(JobErrorKind::Operation { step: Step::PrepUpload, error });
        }
        (self.has_asked, self.may_be_outdated) = (true, false);
        let Stage::Asking { then, .. } = std::mem::replace(&mut self.stage, Stage::Reading { index: 0 })
        else {
            return;
        };
        match then {
            AfterDenial::Submit => {}
            AfterDenial::Open { attempts } => self.stage = Stage::Opening { attempts, retry: true },
            AfterDenial::Upload { upload, bytes, attempts, lost } => {
                self.upload_again(upload, bytes, attempts, lost);
            }
            AfterDenial::Nothing { .. } => {}
        }
        self.note_progress();
    }

    /// Notes that the service has a zip under this job id.
    fn affirmed(&mut self, status: JobStatus) {
        if !self.may_be_there {
            // Nothing of this submission was ever uploaded.
            return self.fail(JobErrorKind::AnotherSubmission);
        }
        let is_complete = status.job_complete;
        self.uploaded();
        if is_complete && matches!(self.stage, Stage::Polling { .. }) {
            self.complete(status);
        }
    }

    /// Sets the time of the next poll, or ends the waiting.
    pub(super) fn schedule_poll(&mut self, retry_after: Option<Duration>) {
        let Stage::Polling { polls, .. } = &self.stage else { return };
        let wait = self.settings.poll.delay_after(*polls);
        let Some(wait) = wait else { return self.unfinished() };
        let at = self.clock + wait.max(RetryPolicy::granted(retry_after));
        if self.is_in_time(at) { self.not_before = Some(at) } else { self.unfinished() }
    }

    pub(super) fn status_request(&self) -> JobStatusRequest {
        JobStatusRequest::new(self.key.user_id.clone(), self.key.job_id.clone())
            .with_job_type(self.key.job_type)
            .with_return_history(self.status.history)
            .with_return_image_links(self.status.image_links)
    }

    /// Takes the result under this job id. It is the verdict on this submission only if it names
    /// it.
    pub(super) fn complete(&mut self, status: JobStatus) {
        let Some(verdict) = status.verdict() else { return };
        if let Some(id) = &self.submission_id {
            let names_it = status.entry().is_some_and(|entry| id.is_named_by(entry));
            if !names_it {
                let names_another = status
                    .entry()
                    .is_some_and(|entry| entry.partner_params().get(SubmissionId::PARTNER_PARAM).is_some());
                self.not_ours = Some(if names_another {
                    JobErrorKind::AnotherSubmission
                } else {
                    JobErrorKind::UnprovenResult
                });
                // This one's may still come.
                return self.schedule_poll(None);
            }
        }
        (self.is_own, self.progress) = (true, Progress::Uploaded);
        let submission = self.submission();
        self.finish(Ok(if self.status.wanted {
            JobOutcome::Complete { submission, status: Box::new(status), verdict }
        } else {
            JobOutcome::Submitted { submission }
        }));
    }

    pub(super) fn status_received(&mut self, status: JobStatus) {
        if self.smile_job_id.is_none() {
            self.smile_job_id = status.entry().and_then(crate::ResultEntry::smile_job_id);
        }
        match &mut self.stage {
            Stage::Polling { polls, failures, last, last_error } => {
                let event = Event::Polled { poll: *polls, job_complete: status.job_complete };
                self.events.push_back(event);
                *failures = 0;
                *last_error = None;
                if status.job_complete {
                    self.complete(status);
                } else {
                    *last = Some(Box::new(status));
                    self.not_ours = None;
                    self.schedule_poll(None);
                }
            }
            Stage::Asking { .. } => match status.has_zip().filter(|_| !status.is_doubtful()) {
                Some(true) => self.affirmed(status),
                Some(false) => self.denied(),
                None => {
                    let what = "doesn't tell whether the zip has arrived";
                    let answer = Default::default();
                    self.failed(OperationError::UnexpectedResponse { status: 200, what, answer }, None);
                }
            },
            _ => {}
        }
    }

    /// Takes the refusal to tell the status of a job without a zip.
    pub(super) fn no_zip(&mut self) {
        if let Stage::Polling { polls, failures, last_error, .. } = &mut self.stage {
            self.events.push_back(Event::Polled { poll: *polls, job_complete: false });
            *failures = 0;
            *last_error = None;
            self.not_ours = None;
            self.schedule_poll(None);
        } else {
            self.denied();
        }
    }

    /// Ends the flow because there is no time left.
    pub(super) fn deadline_passed(&mut self) {
        if matches!(self.stage, Stage::Polling { .. }) {
            self.unfinished();
        } else {
            let last_error = self.last_error.take();
            self.fail(JobErrorKind::Deadline(last_error));
        }
    }

    pub(super) fn unfinished(&mut self) {
        if let Some(kind) = self.not_ours.take() {
            return self.fail(kind);
        }
        let submission = self.submission();
        let outcome = match std::mem::replace(&mut self.stage, Stage::Reading { index: 0 }) {
            Stage::Polling { polls, last, last_error, .. } => {
                JobOutcome::Unfinished { submission, last, polls, last_error }
            }
            _ => JobOutcome::Unfinished { submission, last: None, polls: 0, last_error: None },
        };
        self.finish(Ok(outcome));
    }

    /// True if a wait until then leaves any time to act after it.
    pub(super) fn is_in_time(&self, at: Timestamp) -> bool {
        self.deadline.is_none_or(|deadline| at < deadline)
    }
}
