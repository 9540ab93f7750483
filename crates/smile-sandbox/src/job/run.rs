//! Running a job once its zip is there, and reviewing it.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};
use smile_core::Timestamp;

use crate::job::events::JobEventKind;
use crate::job::stages::{Reviewing, Staged};
use crate::job::submission::Submission;
use crate::result::entry::{lookup_entry, result_entry};
use crate::result::product::Product;
use crate::result::verdict::{Finding, Review, ReviewError, Verdict, looked_up_number};
use crate::rule::matcher::Submitted;
use crate::rule::rules::{Moment, Response};
use crate::service::Service;

impl Service {
    /// Runs a job on a zip. A zip that replaces an earlier one runs it again, review and all.
    pub(crate) fn process(&mut self, now: Timestamp, position: usize, zip: Bytes) {
        let bytes = zip.len();
        let mut submission = Submission::read(zip).ok();
        if let Some(submission) = &mut submission {
            let session = submission.id_info("session_id").unwrap_or_default();
            submission.number_of_session = self.consents.granted_number(session).map(str::to_owned);
        }
        let job = self.jobs.at_mut(position);
        job.uploads += 1;
        job.note(now, JobEventKind::ZipUploaded { bytes });
        job.processed += 1;
        job.polls_left = self.settings.pending_polls;
        let unusable = Verdict::of_unusable(job, submission.as_ref());
        job.submission = submission.unwrap_or_default();
        let mut stages = match unusable {
            Some(verdict) => vec![self.verdict_stage(position, &verdict)],
            None => self.verdict_stages(now, position),
        };
        if let Some(first) = stages.first_mut() {
            first.follow_up = self.lookup(position);
        }
        self.play(now, position, stages);
        self.jobs.weigh(position);
    }

    /// What a rule has for a job with a zip that can be used, or else what the job itself asks for.
    fn verdict_stages(&mut self, now: Timestamp, position: usize) -> Vec<Staged> {
        let job = self.jobs.at(position);
        let as_it_comes = Verdict::of_steered(job, &job.submission);
        let product = Product::of(job.endpoint, job.job_type);
        let scripting = product.and_then(|product| {
            let submitted = Submitted {
                job_id: &job.job_id,
                user_id: &job.user_id,
                product,
                countries: job.submission.id_info("country").into_iter().collect(),
                id_type: job.submission.id_info("id_type"),
            };
            self.rules.take(now, Moment::Run, &submitted)
        });
        let (Some(product), Some(Response::Stages(script))) = (product, scripting) else {
            return vec![self.verdict_stage(position, &as_it_comes)];
        };
        let staged = script.iter().map(|stage| {
            let verdict = Verdict::of_script(&stage.verdict, product, &as_it_comes);
            let mut staged = self.verdict_stage(position, &verdict);
            let is_pending = stage.says_final().map_or(verdict.awaits_review(), |is_final| !is_final);
            staged.review = if is_pending { Reviewing::ByHand } else { Reviewing::Nobody };
            staged.after = stage.after;
            staged.sends_callback = stage.sends_callback;
            staged.oddities.clone_from(&stage.oddities);
            stage.write(&mut staged.entry);
            staged
        });
        staged.collect()
    }

    /// A verdict, written down.
    fn verdict_stage(&self, position: usize, verdict: &Verdict) -> Staged {
        let job = self.jobs.at(position);
        // Old accounts get the personal data in a callback of its own.
        let personal_info = self.settings.personal_info && !self.settings.legacy_two_callbacks;
        Staged {
            after: Duration::ZERO,
            entry: result_entry(job, &job.submission, verdict, personal_info),
            is_success: verdict.is_success,
            enrols: verdict.is_approval() && enrols(job.job_type.number()),
            review: if verdict.awaits_review() { Reviewing::Automatic } else { Reviewing::Nobody },
            sends_callback: true,
            by_human: matches!(verdict.finding, Finding::Reviewed(_)),
            oddities: Vec::new(),
            follow_up: None,
        }
    }

    /// Does what fell due: stages of scripts, and automatic reviews.
    pub(crate) fn run_due(&mut self, now: Timestamp) {
        while let Some((due, position)) = self.jobs.next_due().filter(|(due, _)| *due <= now) {
            if self.jobs.at(position).stage_due == Some(due) {
                self.run_stage(position);
            } else {
                self.review_automatically(due, position);
            }
        }
    }

    fn review_automatically(&mut self, due: Timestamp, position: usize) {
        let job = self.jobs.at_mut(position);
        let Some(review) = self.settings.automatic_review else {
            // It was made when there was a reviewer, by a sandbox with other settings.
            job.review_due = Some(Timestamp::MAX);
            self.jobs.reschedule(position);
            return;
        };
        let job_type = job.job_type;
        job.review_due = None;
        self.jobs.reschedule(position);
        // A job type that has no code for the configured review gets one that all have.
        let verdict =
            Verdict::of_human(review, job_type).or_else(|_| Verdict::of_human(Review::Reject, job_type));
        if let Ok(verdict) = verdict {
            let stage = self.verdict_stage(position, &verdict);
            self.file(due, position, stage);
        }
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
        let stage = self.verdict_stage(position, &verdict);
        // The reviewer has the last word, whatever else was to come.
        let job = self.jobs.at_mut(position);
        (job.review_due, job.stage_due) = (None, None);
        job.staged.clear();
        self.jobs.reschedule(position);
        self.file(now, position, stage);
        Ok(())
    }

    /// The ID lookup by itself, which only old accounts get.
    fn lookup(&self, position: usize) -> Option<Map<String, Value>> {
        let job = self.jobs.at(position);
        let number = looked_up_number(job, &job.submission).filter(|_| self.settings.legacy_two_callbacks)?;
        Some(lookup_entry(job, &job.submission, number))
    }

    /// Signs an entry and queues it for the job's callback address, if it has one.
    pub(crate) fn send(&mut self, now: Timestamp, position: usize, entry: Map<String, Value>) {
        let job = self.jobs.at(position);
        let Some(url) = job.callback_url.as_deref().or(self.settings.callback_url.as_deref()) else { return };
        let (job_id, url) = (job.job_id.clone(), url.to_owned());
        let signed_at = self.callbacks.moment_to_sign(now);
        let body = Value::Object(self.signed(signed_at, entry)).to_string().into();
        self.queue_callback(now, &job_id, &url, body);
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
