//! Running a job once its zip is there, and reviewing it.

use bytes::Bytes;
use serde_json::{Map, Value};
use smile_core::Timestamp;

use crate::jobs::JobResult;
use crate::outcome::{Review, ReviewError, Verdict, looked_up_number};
use crate::result_entry::{lookup_entry, result_entry};
use crate::service::Service;
use crate::submission::Submission;

impl Service {
    /// Runs a job on a zip. A zip that replaces an earlier one runs it again, review and all.
    pub(crate) fn process(&mut self, now: Timestamp, position: usize, zip: Bytes) {
        let mut submission = Submission::read(zip).ok();
        if let Some(submission) = &mut submission {
            let session = submission.id_info("session_id").unwrap_or_default();
            submission.number_of_session = self.consents.granted_number(session).map(str::to_owned);
        }
        let job = self.jobs.at_mut(position);
        job.uploads += 1;
        job.processed += 1;
        job.polls_left = self.settings.pending_polls;
        let script = self.scripts.get(&job.job_id).map(String::as_str);
        let verdict = Verdict::of_machine(job, submission.as_ref(), script);
        job.submission = submission.unwrap_or_default();
        job.review_due = verdict.awaits_review().then(|| match self.settings.automatic_review {
            Some(_) => now + self.settings.review_delay,
            None => Timestamp::MAX,
        });
        self.decide(now, position, verdict);
        self.send_lookup(now, position);
    }

    /// Carries out the reviews whose time has come.
    pub(crate) fn run_due_reviews(&mut self, now: Timestamp) {
        let Some(review) = self.settings.automatic_review else { return };
        while let Some((due, position)) = self.next_review().filter(|(due, _)| *due <= now) {
            let job_type = self.jobs.at(position).job_type;
            // A job type that has no code for the configured review gets one that all have.
            let verdict =
                Verdict::of_human(review, job_type).or_else(|_| Verdict::of_human(Review::Reject, job_type));
            self.jobs.at_mut(position).review_due = None;
            if let Ok(verdict) = verdict {
                self.decide(due, position, verdict);
            }
        }
    }

    /// The earliest automatic review, and whose it is.
    pub(crate) fn next_review(&self) -> Option<(Timestamp, usize)> {
        let dues =
            self.jobs.iter().enumerate().filter_map(|(position, job)| Some((job.review_due?, position)));
        dues.filter(|(due, _)| *due < Timestamp::MAX).min()
    }

    pub(crate) fn review_by_hand(
        &mut self,
        now: Timestamp,
        job_id: &str,
        review: Review,
    ) -> Result<(), ReviewError> {
        let position = self.jobs.position(job_id).ok_or(ReviewError::UnknownJob)?;
        let job = self.jobs.at(position);
        if job.review_due.is_none() {
            return Err(ReviewError::NotUnderReview);
        }
        let verdict = Verdict::of_human(review, job.job_type)?;
        self.jobs.at_mut(position).review_due = None;
        self.decide(now, position, verdict);
        Ok(())
    }

    /// Records a verdict, enrols the user if it is an approval, and sends the callback.
    fn decide(&mut self, now: Timestamp, position: usize, verdict: Verdict) {
        let number = self.results_made;
        self.results_made += 1;
        // Old accounts get the personal data in a callback of its own.
        let personal_info = self.settings.personal_info && !self.settings.legacy_two_callbacks;
        let job = self.jobs.at_mut(position);
        let entry = result_entry(job, &job.submission, &verdict, personal_info);
        if verdict.is_approval() && enrols(job.job_type.number()) {
            self.users.enrol(&job.user_id, &job.job_id);
        }
        job.results.push(JobResult { number, entry: entry.clone(), is_success: verdict.is_success });
        self.send(now, position, entry);
    }

    fn send_lookup(&mut self, now: Timestamp, position: usize) {
        if !self.settings.legacy_two_callbacks {
            return;
        }
        let job = self.jobs.at(position);
        if let Some(number) = looked_up_number(job, &job.submission) {
            let entry = lookup_entry(job, &job.submission, number);
            self.send(now, position, entry);
        }
    }

    /// Signs an entry and queues it for the job's callback address, if it has one.
    pub(crate) fn send(&mut self, now: Timestamp, position: usize, entry: Map<String, Value>) {
        let signed_at = self.callbacks.moment_to_sign(now);
        let job = self.jobs.at(position);
        let Some(url) = job.callback_url.as_deref().or(self.settings.callback_url.as_deref()) else { return };
        let entry = Value::Object(self.signed(signed_at, entry));
        self.callbacks.add(now, &job.job_id, url, entry.to_string().into());
    }

    /// A body with a fresh signature in it.
    pub(crate) fn signed(&self, now: Timestamp, mut body: Map<String, Value>) -> Map<String, Value> {
        let signed = self.signer.sign(now);
        body.insert("timestamp".into(), signed.timestamp().into());
        body.insert("signature".into(), signed.signature().into());
        body
    }
}

/// The job types that put a selfie on file.
fn enrols(job_type: u16) -> bool {
    matches!(job_type, 1 | 4 | 6 | 11)
}
