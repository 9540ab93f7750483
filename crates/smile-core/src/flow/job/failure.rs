//! What a job does when something fails: the same again, another way, or the end.

use std::time::Duration;

use super::{JobFlow, Stage};
use crate::OperationError;
use crate::flow::{Event, JobErrorKind, Reach, RetryPolicy, Step};

/// How many polls in a row may fail before the job is given up on.
const MAX_BAD_POLLS: u32 = 4;

impl JobFlow {
    /// Decides what to do about a failure: the same again, another way, or the end.
    pub(super) fn failed(&mut self, error: OperationError, retry_after: Option<Duration>) {
        let retry = self.settings.retry;
        self.last_error = Some(error.clone());
        match &mut self.stage {
            Stage::Opening { attempts, retry: flag } => {
                if error.is_job_already_exists() {
                    // An earlier attempt, of which nothing is known here, may have come all the way.
                    self.reach = Reach::MaybeUploaded;
                } else if !error.certainly_not_done() {
                    *flag = true;
                    self.reach = self.reach.max(Reach::MaybeOpened);
                }
                let tried = *attempts;
                let wait = retry.delay_after(tried, Step::PrepUpload, retry_after, self.seed);
                self.retry_or_fail(Step::PrepUpload, tried, error, wait);
            }
            Stage::Uploading { upload, bytes, attempts } if !error.certainly_not_done() => {
                let (upload, bytes, tried) = (upload.clone(), *bytes, *attempts);
                self.reach = Reach::MaybeUploaded;
                // It takes the service a moment to notice a zip.
                let wait = self.settings.settle.max(asked_for(retry_after));
                self.note_retry(Step::Upload, tried, &error, wait);
                self.stage = Stage::Reconciling {
                    upload: Some((upload, bytes, tried)),
                    lost: error,
                    failures: 0,
                    denials: 0,
                };
            }
            Stage::Uploading { attempts, .. } => {
                let tried = *attempts;
                let is_refused = error.api().is_some_and(|error| error.status() == 403);
                if is_refused && !self.has_new_address {
                    self.has_new_address = true;
                    self.stage = Stage::Opening { attempts: 0, retry: true };
                    self.note_retry(Step::Upload, tried, &error, Duration::ZERO);
                } else {
                    let wait = retry.delay_after(tried, Step::Upload, retry_after, self.seed);
                    self.retry_or_fail(Step::Upload, tried, error, wait);
                }
            }
            Stage::Reconciling { failures, .. } => {
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

/// How long the service asks to wait, up to what is granted.
pub(super) fn asked_for(retry_after: Option<Duration>) -> Duration {
    retry_after.unwrap_or_default().min(RetryPolicy::MAX_RETRY_AFTER)
}
