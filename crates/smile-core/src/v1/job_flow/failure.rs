//! Steps of a job after a failure: the same again, another way, or the end.

use std::time::Duration;

use crate::OperationError;
use crate::flow::Progress;
use crate::flow::{Event, RetryPolicy};
use crate::operation::Step;
use crate::v1::job_flow::error::JobErrorKind;
use crate::v1::job_flow::{AfterDenial, Stage, UploadFlow};
use crate::v1::upload::UploadRequest;

/// Most polls in a row that may fail before the job is given up on.
const MAX_BAD_POLLS: u32 = 4;

impl UploadFlow {
    /// Decides what to do about a failure: the same again, another way, or the end.
    pub(super) fn failed(&mut self, error: OperationError, retry_after: Option<Duration>) {
        let retry = self.settings.retry;
        self.last_error = Some(error.clone());
        if error.is_refused_by_transport() {
            let step = self.stage.step();
            return self.fail(JobErrorKind::Operation { step, error });
        }
        if error.denies_zip() && matches!(self.stage, Stage::Asking { .. } | Stage::Polling { .. }) {
            return self.no_zip();
        }
        match &mut self.stage {
            Stage::Opening { retry: false, .. } if error.is_job_already_exists() && self.may_be_outdated => {
                // The checkpoint may be an old copy, and that job this very submission. Asking is
                // free; only a result that names it counts.
                self.may_be_there = true;
                self.ask(AfterDenial::Nothing { refusal: error }, 1);
            }
            Stage::Opening { attempts, .. } => {
                let tried = *attempts;
                let wait = retry.delay_after(tried, Step::PrepUpload, retry_after, self.seed);
                if error.certainly_not_done() {
                    return self.retry_or_fail(Step::PrepUpload, tried, error, wait);
                }
                self.progress = self.progress.max(Progress::MaybeOpened);
                let asks = error.is_transient();
                self.retry_or_fail(Step::PrepUpload, tried, error, wait);
                if asks && !matches!(self.stage, Stage::Finished(_)) {
                    // The answer may have been that the job id is an earlier job's, and
                    // `retry: true` would take that over.
                    self.ask(AfterDenial::Open { attempts: tried }, 1);
                }
            }
            Stage::Uploading { upload, bytes, attempts } if !error.certainly_not_done() => {
                let asked = AfterDenial::Upload {
                    upload: upload.clone(),
                    bytes: *bytes,
                    attempts: *attempts,
                    lost: error.clone(),
                };
                let tried = *attempts;
                (self.progress, self.denials) = (Progress::MaybeUploaded, 0);
                // It takes the service a moment to notice a zip.
                let wait = self.settings.status_delay.max(RetryPolicy::granted(retry_after));
                self.note_retry(Step::Upload, tried, &error, wait);
                self.ask(asked, 2);
            }
            Stage::Uploading { attempts, .. } => {
                let tried = *attempts;
                if self.needs_new_address(&error) {
                    self.new_address(tried, &error);
                } else {
                    let wait = retry.delay_after(tried, Step::Upload, retry_after, self.seed);
                    self.retry_or_fail(Step::Upload, tried, error, wait);
                }
            }
            Stage::Asking { failures, .. } => {
                *failures += 1;
                let tried = *failures;
                match retry.delay_after(tried, Step::JobStatus, retry_after, self.seed) {
                    Some(wait) => self.note_retry(Step::JobStatus, tried, &error, wait),
                    None => self.fail(JobErrorKind::Operation { step: Step::JobStatus, error }),
                }
            }
            Stage::Polling { polls, failures, last_error, .. } => {
                *failures += 1;
                *last_error = Some(error.clone());
                let (polls, failures) = (*polls, *failures);
                if failures > MAX_BAD_POLLS {
                    return self.fail(JobErrorKind::Operation { step: Step::JobStatus, error });
                }
                self.schedule_poll(retry_after);
                if let Some(at) = self.not_before {
                    self.events.push_back(Event::Retrying {
                        step: Step::JobStatus,
                        attempt: polls,
                        error,
                        at,
                    });
                }
            }
            Stage::Reading { .. } | Stage::Finished(_) => {}
        }
    }

    /// Uploads again, as the service has said often enough that it has no zip: perhaps to a new
    /// address, or gives up.
    pub(super) fn upload_again(
        &mut self,
        upload: UploadRequest,
        bytes: usize,
        attempts: u32,
        lost: OperationError,
    ) {
        let may_try = self.settings.retry.delay_after(attempts, Step::Upload, None, self.seed).is_some();
        if self.needs_new_address(&lost) {
            self.new_address(attempts, &lost);
        } else if lost.is_transient() && may_try {
            self.stage = Stage::Uploading { upload, bytes, attempts };
        } else {
            self.fail(JobErrorKind::Operation { step: Step::Upload, error: lost });
        }
    }

    /// True if the job needs a new address: one is refused when its time is over; a second one that
    /// is refused has another fault.
    fn needs_new_address(&self, error: &OperationError) -> bool {
        let status = match error {
            OperationError::Storage { status, .. } => Some(*status),
            error => error.api().map(crate::ApiError::status),
        };
        status == Some(403) && !self.has_new_address
    }

    fn new_address(&mut self, tried: u32, error: &OperationError) {
        self.has_new_address = true;
        self.stage = Stage::Opening { attempts: 0, retry: true };
        self.note_retry(Step::Upload, tried, error, Duration::ZERO);
    }

    fn retry_or_fail(&mut self, step: Step, attempt: u32, error: OperationError, wait: Option<Duration>) {
        match wait.filter(|_| error.is_transient()) {
            Some(wait) if self.is_in_time(self.clock + wait) => self.note_retry(step, attempt, &error, wait),
            _ => self.fail(JobErrorKind::Operation { step, error }),
        }
    }

    pub(super) fn note_retry(&mut self, step: Step, attempt: u32, error: &OperationError, wait: Duration) {
        let at = self.clock + wait;
        self.not_before = Some(at);
        self.events.push_back(Event::Retrying { step, attempt, error: error.clone(), at });
    }
}
