//! The jobs and their state.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use serde_json::{Map, Value};
use smile_core::{JobType, Timestamp};

use crate::http::endpoint::Endpoint;
use crate::job::events::{JobEvent, JobEventKind};
use crate::job::record::{JobRecord, Stage};
use crate::job::stage::Staged;
use crate::job::submission::Submission;
use crate::result::product::Product;
use crate::result::spelling_variant::SpellingVariant;

/// One job: an upload, or a check.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Job {
    /// The endpoint of the job's latest request.
    pub(crate) endpoint: Endpoint,
    pub(crate) job_id: String,
    pub(crate) user_id: String,
    pub(crate) job_type: JobType,
    pub(crate) smile_job_id: String,
    pub(crate) ref_id: String,
    pub(crate) partner_params: Map<String, Value>,
    pub(crate) callback_url: Option<String>,
    pub(crate) use_enrolled_image: bool,
    pub(crate) preps: u32,
    pub(crate) uploads: u32,
    pub(crate) processed: u32,
    pub(crate) submission: Submission,
    /// The body of the latest request, if it is a check.
    pub(crate) request: Option<Value>,
    pub(crate) results: Vec<JobResult>,
    /// The events, oldest first.
    pub(crate) events: Vec<JobEvent>,
    /// The due time of the review; `None` if there is none to come, [`Timestamp::MAX`] for a manual
    /// review.
    pub(crate) review_due: Option<Timestamp>,
    /// Results of a rule that are still to come, and the due time of the first.
    pub(crate) staged: VecDeque<Staged>,
    pub(crate) stage_due: Option<Timestamp>,
    /// The number of further polls that are answered "not complete".
    pub(crate) polls_left: u32,
    /// Approximate size in bytes.
    pub(crate) size: usize,
}

/// One result of a job.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct JobResult {
    /// The place of the result among the results of all jobs.
    pub(crate) number: u64,
    pub(crate) entry: Map<String, Value>,
    /// The value of `job_success` in the job status.
    pub(crate) is_success: bool,
    /// The spelling variants of the job status.
    pub(crate) spelling_variants: Vec<SpellingVariant>,
}

impl Job {
    pub(crate) fn stage(&self) -> Stage {
        match (self.results.is_empty(), self.review_due.or(self.stage_due)) {
            (true, None) => Stage::AwaitingZip,
            (true, Some(_)) => Stage::Running,
            (false, Some(_)) => Stage::UnderReview,
            (false, None) => Stage::Decided,
        }
    }

    pub(crate) fn record(&self) -> JobRecord {
        JobRecord {
            endpoint: self.endpoint,
            job_id: self.job_id.clone(),
            user_id: self.user_id.clone(),
            job_type: self.job_type,
            smile_job_id: self.smile_job_id.clone(),
            ref_id: self.ref_id.clone(),
            stage: self.stage(),
            preps: self.preps,
            uploads: self.uploads,
            processed: self.processed,
            partner_params: Value::Object(self.partner_params.clone()),
            request: self.request.clone(),
            info: self.submission.info.clone(),
            images: self.submission.images.clone(),
            events: self.events.clone(),
            results: self.results.iter().map(|result| Value::Object(result.entry.clone())).collect(),
        }
    }

    /// The product. Every job has one: jobs of other types are refused.
    pub(crate) fn product(&self) -> Product {
        Product::of(self.endpoint, self.job_type).unwrap_or(Product::BiometricKyc)
    }

    /// Records an event.
    pub(crate) fn note(&mut self, at: Timestamp, kind: JobEventKind) {
        self.events.push(JobEvent::new(at, kind));
    }

    /// True if the job is being carried out, or has been.
    pub(crate) fn is_begun(&self) -> bool {
        !self.results.is_empty() || self.stage_due.is_some()
    }

    /// The images, by their digests.
    pub(crate) fn images(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        let images = self.submission.images.iter().filter(|image| !image.bytes.is_empty());
        images.map(|image| (image.digest(), &image.bytes))
    }

    /// The time at which something is to happen with the job by itself.
    fn due(&self) -> Option<Timestamp> {
        let review = self.review_due.filter(|due| *due < Timestamp::MAX);
        review.into_iter().chain(self.stage_due).min()
    }

    /// Approximate size of the parts that a client can make large. Results repeat the partner's
    /// parameters.
    fn weight(&self) -> usize {
        let params = json_len(&self.partner_params) * (1 + self.results.len());
        self.submission.size() + self.request.as_ref().map_or(0, json_len) + params
    }

    /// The image behind an image link.
    pub(crate) fn linked_image(&self, types: [u8; 2]) -> Option<(&'static str, Bytes)> {
        let image = self.submission.image(types)?;
        Some((image.content_type()?, image.bytes.clone()))
    }
}

fn json_len(value: &impl serde::Serialize) -> usize {
    serde_json::to_vec(value).map_or(0, |text| text.len())
}

/// The jobs that are remembered, in order of creation. A job's position is its number among all
/// jobs ever created, and stays the same when others are forgotten.
#[derive(Default)]
pub(crate) struct Jobs {
    all: VecDeque<Job>,
    forgotten: usize,
    /// The size of all jobs.
    size: usize,
    by_job_id: BTreeMap<String, usize>,
    by_ref_id: BTreeMap<String, usize>,
    /// The jobs that something is to happen with by itself.
    due: BTreeSet<(Timestamp, usize)>,
    scheduled: BTreeMap<usize, Timestamp>,
    /// The jobs that may have changed since the last write.
    pub(crate) changed: BTreeSet<usize>,
}

impl Jobs {
    /// Updates the due time of a job; called whenever that has changed.
    pub(crate) fn reschedule(&mut self, position: usize) {
        if let Some(before) = self.scheduled.remove(&position) {
            self.due.remove(&(before, position));
        }
        if let Some(due) = self.at(position).due() {
            self.scheduled.insert(position, due);
            self.due.insert((due, position));
        }
    }

    /// The next job that something happens with by itself, and the time of that.
    pub(crate) fn next_due(&self) -> Option<(Timestamp, usize)> {
        self.due.first().copied()
    }

    pub(crate) fn add(&mut self, job: Job) {
        self.changed.insert(self.len());
        self.by_job_id.insert(job.job_id.clone(), self.len());
        self.by_ref_id.insert(job.ref_id.clone(), self.len());
        self.size += job.size;
        self.all.push_back(job);
    }

    /// The number of jobs ever created.
    pub(crate) fn len(&self) -> usize {
        self.forgotten + self.all.len()
    }

    /// Updates the size of a job.
    pub(crate) fn weigh(&mut self, position: usize) {
        let job = self.at_mut(position);
        let new = job.weight();
        let old = std::mem::replace(&mut job.size, new);
        self.size = self.size - old + new;
    }

    /// Forgets the oldest jobs, all but so many, and so many bytes; never the newest. Positions of
    /// forgotten jobs must not be used any more.
    pub(crate) fn keep_newest(&mut self, jobs: usize, bytes: usize) {
        while self.all.len() > 1 && (self.all.len() > jobs || self.size > bytes) {
            let Some(job) = self.all.pop_front() else { return };
            self.size -= job.size;
            self.by_job_id.remove(&job.job_id);
            self.by_ref_id.remove(&job.ref_id);
            if let Some(due) = self.scheduled.remove(&self.forgotten) {
                self.due.remove(&(due, self.forgotten));
            }
            self.forgotten += 1;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Job> {
        self.all.iter()
    }

    /// The positions of the jobs that are remembered.
    pub(crate) fn positions(&self) -> std::ops::Range<usize> {
        self.forgotten..self.len()
    }

    /// The position of the job with this id of the partner's.
    pub(crate) fn position(&self, job_id: &str) -> Option<usize> {
        self.by_job_id.get(job_id).copied()
    }

    /// The position of the job with this upload address.
    pub(crate) fn position_by_ref(&self, ref_id: &str) -> Option<usize> {
        self.by_ref_id.get(ref_id).copied()
    }

    pub(crate) fn at(&self, position: usize) -> &Job {
        &self.all[position - self.forgotten]
    }

    pub(crate) fn at_mut(&mut self, position: usize) -> &mut Job {
        self.changed.insert(position);
        &mut self.all[position - self.forgotten]
    }
}

impl serde::Serialize for Jobs {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}

impl Jobs {
    /// Restores the jobs of an earlier run, after the number that it had forgotten. Values that can
    /// be derived from the jobs are not stored.
    pub(crate) fn resumed(forgotten: usize, jobs: Vec<Job>) -> Self {
        let mut resumed = Self { forgotten, ..Self::default() };
        for job in jobs {
            let position = resumed.len();
            resumed.add(job);
            resumed.reschedule(position);
        }
        resumed
    }
}
