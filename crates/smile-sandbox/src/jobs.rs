//! The jobs and their state.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use serde_json::{Map, Value};
use smile_core::{JobType, Timestamp};

use crate::faults::Endpoint;
use crate::oddity::Oddity;
use crate::records::{JobRecord, Stage};
use crate::service::Service;
use crate::staged::Staged;
use crate::submission::Submission;

/// One job: an upload, or a check that was asked for in a single request.
#[cfg_attr(feature = "state", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Job {
    /// The endpoint that it came to last.
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
    /// When the review is due; `None` if there is none to come, [`Timestamp::MAX`] if it will be done by hand.
    pub(crate) review_due: Option<Timestamp>,
    /// Results that a rule has for it and that are still to come, and when the first of them is due.
    pub(crate) staged: VecDeque<Staged>,
    pub(crate) stage_due: Option<Timestamp>,
    /// How many more polls are told that the job is not complete.
    pub(crate) polls_left: u32,
}

/// One result of a job.
#[cfg_attr(feature = "state", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct JobResult {
    /// Its place among the results of all jobs.
    pub(crate) number: u64,
    pub(crate) entry: Map<String, Value>,
    /// What the job status says in `job_success`.
    pub(crate) is_success: bool,
    /// How the job status is written.
    pub(crate) oddities: Vec<Oddity>,
}

impl Job {
    pub(crate) fn record(&self) -> JobRecord {
        let stage = match (self.results.is_empty(), self.review_due.or(self.stage_due)) {
            (true, None) => Stage::AwaitingZip,
            (true, Some(_)) => Stage::Running,
            (false, Some(_)) => Stage::UnderReview,
            (false, None) => Stage::Decided,
        };
        JobRecord {
            endpoint: self.endpoint,
            job_id: self.job_id.clone(),
            user_id: self.user_id.clone(),
            job_type: self.job_type,
            smile_job_id: self.smile_job_id.clone(),
            ref_id: self.ref_id.clone(),
            stage,
            preps: self.preps,
            uploads: self.uploads,
            processed: self.processed,
            partner_params: Value::Object(self.partner_params.clone()),
            request: self.request.clone(),
            info: self.submission.info.clone(),
            images: self.submission.images.clone(),
            results: self.results.iter().map(|result| Value::Object(result.entry.clone())).collect(),
        }
    }

    /// Whether it is carried out, or has been.
    pub(crate) fn is_begun(&self) -> bool {
        !self.results.is_empty() || self.stage_due.is_some()
    }

    /// When something is to happen with it by itself.
    fn due(&self) -> Option<Timestamp> {
        let review = self.review_due.filter(|due| *due < Timestamp::MAX);
        review.into_iter().chain(self.stage_due).min()
    }

    /// The image behind an image link.
    pub(crate) fn linked_image(&self, types: [u8; 2]) -> Option<(&'static str, Bytes)> {
        let image = self.submission.image(types)?;
        Some((image.content_type()?, image.bytes.clone()))
    }
}

impl Service {
    /// A job with the next number, and its position.
    pub(crate) fn new_job(&mut self, job_id: &str, endpoint: Endpoint, job_type: JobType) -> usize {
        let position = self.jobs.len();
        let smile_job_id = format!("{:010}", position + 1);
        let random = self.secret.base36(&["ref_id", &smile_job_id]);
        self.jobs.add(Job {
            endpoint,
            job_id: job_id.to_owned(),
            user_id: String::new(),
            job_type,
            ref_id: format!("{}-{smile_job_id}-{random}", self.signer.partner_id()),
            smile_job_id,
            partner_params: Map::new(),
            callback_url: None,
            use_enrolled_image: false,
            preps: 0,
            uploads: 0,
            processed: 0,
            submission: Submission::default(),
            request: None,
            results: Vec::new(),
            review_due: None,
            staged: VecDeque::new(),
            stage_due: None,
            polls_left: 0,
        });
        position
    }
}

/// All jobs, in the order in which they were made.
#[derive(Default)]
pub(crate) struct Jobs {
    all: Vec<Job>,
    by_job_id: BTreeMap<String, usize>,
    by_ref_id: BTreeMap<String, usize>,
    /// The jobs with which something is to happen by itself.
    due: BTreeSet<(Timestamp, usize)>,
    scheduled: BTreeMap<usize, Timestamp>,
    /// Those that may have changed since they were last written down.
    #[cfg(feature = "state")]
    pub(crate) changed: BTreeSet<usize>,
}

impl Jobs {
    /// Takes note of when something is to happen with a job; called whenever that has changed.
    pub(crate) fn reschedule(&mut self, position: usize) {
        if let Some(before) = self.scheduled.remove(&position) {
            self.due.remove(&(before, position));
        }
        if let Some(due) = self.all[position].due() {
            self.scheduled.insert(position, due);
            self.due.insert((due, position));
        }
    }

    /// The earliest moment at which something is to happen by itself, and with which job.
    pub(crate) fn next_due(&self) -> Option<(Timestamp, usize)> {
        self.due.first().copied()
    }

    pub(crate) fn add(&mut self, job: Job) {
        #[cfg(feature = "state")]
        self.changed.insert(self.all.len());
        self.by_job_id.insert(job.job_id.clone(), self.all.len());
        self.by_ref_id.insert(job.ref_id.clone(), self.all.len());
        self.all.push(job);
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Job> {
        self.all.iter()
    }

    /// Where the job with this id of the partner's is.
    pub(crate) fn position(&self, job_id: &str) -> Option<usize> {
        self.by_job_id.get(job_id).copied()
    }

    /// Where the job of this upload address is.
    pub(crate) fn position_by_ref(&self, ref_id: &str) -> Option<usize> {
        self.by_ref_id.get(ref_id).copied()
    }

    pub(crate) fn at(&self, position: usize) -> &Job {
        &self.all[position]
    }

    pub(crate) fn at_mut(&mut self, position: usize) -> &mut Job {
        #[cfg(feature = "state")]
        self.changed.insert(position);
        &mut self.all[position]
    }
}

#[cfg(feature = "state")]
impl serde::Serialize for Jobs {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}

/// What can be derived from the jobs is not written down.
#[cfg(feature = "state")]
impl<'de> serde::Deserialize<'de> for Jobs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut jobs = Self::default();
        for (position, job) in Vec::<Job>::deserialize(deserializer)?.into_iter().enumerate() {
            jobs.add(job);
            jobs.reschedule(position);
        }
        Ok(jobs)
    }
}
