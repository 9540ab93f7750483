//! What a job does on the way, as long as all goes well, and how it ends.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use super::failure::asked_for;
use super::{JobFlow, Stage};
use crate::flow::{Event, JobErrorKind, JobOutcome, Reach, Step};
use crate::image::ImageSource;
use crate::operation::{JobStatusRequest, PreparedUpload, Upload};
use crate::payload::{Added, Package, ToCome};
use crate::validate::image_field;
use crate::{
    ImageFault, ImageRole, JobStatus, OperationError, Problem, ProblemKind, Timestamp, ValidationError,
};

impl JobFlow {
    /// Looks at images until one must be read from disk, or all are here.
    pub(super) fn look_at_images(&mut self) -> Option<PathBuf> {
        let job = self.job.as_ref()?;
        let Stage::Reading { index } = &mut self.stage else { return None };
        while let Some((role, image)) = job.images.get(*index) {
            if let ImageSource::Path(path) = &image.source {
                return Some(path.clone());
            }
            let added = self.package.add(*role, image, None, ToCome::after(job, *index));
            note(added, *index, *role, &mut self.faults, &mut self.events);
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
                self.stage = Stage::Opening { attempts: 0, retry: said || self.reach > Reach::Nothing };
            }
        }
    }

    pub(super) fn opened(&mut self, prepared: &PreparedUpload) {
        let Some(job) = &self.job else { return };
        self.reach = self.reach.max(Reach::Opened);
        self.smile_job_id.clone_from(&prepared.smile_job_id);
        self.events.push_back(Event::Opened { smile_job_id: prepared.smile_job_id.clone() });
        let signed = self.partner.signer().sign(self.clock);
        let zip = self.package.build(&self.partner, job, prepared, &signed);
        let bytes = zip.len();
        self.stage =
            Stage::Uploading { upload: Upload::new(prepared.upload_url.clone(), zip), bytes, attempts: 0 };
    }

    pub(super) fn uploaded(&mut self) {
        self.reach = Reach::Uploaded;
        self.package = Package::default();
        self.job = None;
        self.events.push_back(Event::Uploaded);
        if self.status.wanted {
            self.stage = Stage::Polling { polls: 0, failures: 0, last: None, last_error: None };
            self.events.push_back(Event::Checkpoint(self.checkpoint()));
            self.schedule_poll(None);
        } else {
            let submission = self.submission();
            self.events.push_back(Event::Checkpoint(self.checkpoint()));
            self.finish(Ok(JobOutcome::Submitted { submission }));
        }
    }

    /// Sets the time of the next poll, or ends the waiting.
    pub(super) fn schedule_poll(&mut self, retry_after: Option<Duration>) {
        let Stage::Polling { polls, .. } = &self.stage else { return };
        let wait = self.settings.poll.delay_after(*polls);
        let Some(wait) = wait else { return self.unfinished() };
        let at = self.clock + wait.max(asked_for(retry_after));
        if self.is_in_time(at) { self.not_before = Some(at) } else { self.unfinished() }
    }

    pub(super) fn status_request(&self) -> JobStatusRequest {
        JobStatusRequest::new(self.key.user_id.clone(), self.key.job_id.clone())
            .job_type(self.key.job_type)
            .return_history(self.status.history)
            .return_image_links(self.status.image_links)
    }

    pub(super) fn complete(&mut self, status: JobStatus) {
        let Some(verdict) = status.verdict() else { return };
        let submission = self.submission();
        self.finish(Ok(JobOutcome::Complete { submission, status: Box::new(status), verdict }));
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
                    self.schedule_poll(None);
                }
            }
            Stage::Reconciling { denials: denials @ 0, .. } if status.has_zip() == Some(false) => {
                *denials = 1;
                self.not_before = Some(self.clock + self.settings.settle);
            }
            Stage::Reconciling { upload, lost, .. } if status.has_zip() == Some(false) => match upload.take()
            {
                Some((upload, bytes, attempts)) => {
                    if self.settings.retry.delay_after(attempts, Step::Upload, None, self.seed).is_none() {
                        let error = lost.clone();
                        return self.fail(JobErrorKind::Operation { step: Step::Upload, error });
                    }
                    self.reach = Reach::Opened;
                    self.stage = Stage::Uploading { upload, bytes, attempts };
                }
                None => {
                    self.reach = Reach::Opened;
                    self.stage = Stage::Reading { index: 0 };
                }
            },
            Stage::Reconciling { .. } if status.has_zip().is_none() => {
                let what = "doesn't tell whether the zip has arrived";
                self.failed(
                    OperationError::UnexpectedResponse { status: 200, what, answer: Default::default() },
                    None,
                );
            }
            Stage::Reconciling { .. } => {
                let is_complete = status.job_complete && self.status.wanted;
                self.uploaded();
                if is_complete {
                    self.complete(status);
                }
            }
            _ => {}
        }
    }

    /// Ends it because there is no time left.
    pub(super) fn deadline_passed(&mut self) {
        if matches!(self.stage, Stage::Polling { .. }) {
            self.unfinished();
        } else {
            let last_error = self.last_error.take();
            self.fail(JobErrorKind::Deadline(last_error));
        }
    }

    pub(super) fn unfinished(&mut self) {
        let submission = self.submission();
        let outcome = match std::mem::replace(&mut self.stage, Stage::Reading { index: 0 }) {
            Stage::Polling { polls, last, last_error, .. } => {
                JobOutcome::Unfinished { submission, last, polls, last_error }
            }
            _ => JobOutcome::Unfinished { submission, last: None, polls: 0, last_error: None },
        };
        self.finish(Ok(outcome));
    }

    /// Whether a wait until then leaves any time to act after it.
    pub(super) fn is_in_time(&self, at: Timestamp) -> bool {
        self.deadline.is_none_or(|deadline| at < deadline)
    }
}

pub(super) fn note(
    added: Result<Added, ImageFault>,
    index: usize,
    role: ImageRole,
    faults: &mut Vec<Problem>,
    events: &mut VecDeque<Event>,
) {
    match added {
        Ok(Added { image_type, bytes, doubts }) => {
            events.push_back(Event::ImageRead { index, image_type, bytes });
            events.extend(doubts.into_iter().map(|fault| {
                let problem = Problem::new(image_field(index, role), ProblemKind::Image(fault), fault.rule());
                Event::Warning(problem)
            }));
        }
        Err(fault) => {
            faults.push(Problem::new(image_field(index, role), ProblemKind::Image(fault), fault.rule()));
        }
    }
}
