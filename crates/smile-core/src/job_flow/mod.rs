//! Machine of a whole job, over the API of its partner.

mod submission;
mod v3;

use std::fmt;

use bytes::Bytes;
use http::Response;

use crate::flow::{Checkpoint, Event, Flow, FlowSettings, Next, ObserverError};
use crate::job::job_key::JobKey;
use crate::job::submission_id::SubmissionId;
use crate::job_flow::v3::V3JobFlow;
use crate::partner::api::Api;
use crate::v1::job_flow::UploadFlow;
use crate::v1::job_flow::error::JobError;
use crate::v1::job_flow::outcome::JobOutcome;
use crate::v3::token::TokenCache;
use crate::{Job, Partner, Timestamp, TransportFailure};

/// Flow of one job: reads its files, submits it and, if asked to, waits for the result.
///
/// **Over v1** ([`Api::V1`]) it opens the job, uploads a zip and asks for the status, which has the
/// whole result. What goes wrong on the way is tried again, as far as it can't bill or create
/// anything twice:
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
/// **Over v3** ([`Api::V3`]) it fetches a token, submits the job with its images at once, and asks
/// for the status by the id that the service has given it. That status is a word and no more: the
/// outcome is [`JobOutcome::Decided`], without a record, a reason or people; those come by webhook.
/// A submission whose answer was lost is never sent again, and nothing can be asked about it: the
/// outcome stays [unknown](JobError::outcome_unknown) until the webhook comes, which brings back
/// the [`SubmissionId`].
///
/// The [module](crate::flow) says how to drive it. Where it stands can be written down at any time,
/// see [`Checkpoint`].
pub struct JobFlow(Over);

enum Over {
    V1(Box<UploadFlow>),
    V3(Box<V3JobFlow>),
}

/// Same expression for the flow of either API.
macro_rules! either {
    ($self:expr, $flow:ident => $does:expr) => {
        match $self {
            Over::V1($flow) => $does,
            Over::V3($flow) => $does,
        }
    };
}

impl JobFlow {
    /// Runs this job. `seed` spreads the waits of many clients, and distinguishes this submission
    /// from others: take a random number, and another one for each job.
    ///
    /// With [`Job::with_retry`], which only v1 has, the job may have been opened before, so the
    /// service is asked first whether it has a zip under this job id. If it has, that is another
    /// submission's, and nothing is sent.
    ///
    /// # Errors
    /// All problems that can be found without the job's files; nothing has been sent.
    pub fn new(partner: Partner, job: Job, settings: FlowSettings, seed: u64) -> Result<Self, JobError> {
        Ok(Self(match partner.api() {
            Api::V1 => Over::V1(Box::new(UploadFlow::new(partner, job, settings, seed)?)),
            Api::V3 => Over::V3(Box::new(V3JobFlow::new(partner, &job, settings, seed)?)),
        }))
    }

    /// Goes on from the checkpoint of another flow, perhaps of another process.
    ///
    /// It needs the same job, images included; they are not looked at if the service has them
    /// already. The partner's jobs must go over the API that the job was begun on.
    ///
    /// Over v1, unless nothing was ever sent, the first thing is to ask for the job's status, which
    /// costs nothing. Something is sent again only if the last send of the checkpoint is over, and
    /// the service has then said twice, the status delay apart, that it has no zip; denials of an
    /// earlier process count. So copies of one checkpoint that are gone on with one after the other
    /// process the job once. **Two that go on at the same moment may not**: they take turns of
    /// random length, which is no lock. Run a job in one process at a time, under a lease of at
    /// least [`FlowSettings::lease`].
    ///
    /// A process that may send only a few requests gets on if it can send **three** (a question,
    /// prep upload and the zip, which are one step because the address between them is not stored),
    /// stores each checkpoint, and calls [`Flow::refuse`] before what it may not send any more.
    ///
    /// Over v3, the status is asked if the checkpoint has the service's id of the job. Without it,
    /// once the submission may have gone out, no question could help: the outcome is unknown at
    /// once, and nothing is sent.
    ///
    /// # Errors
    /// As [`JobFlow::new`]; and if the checkpoint is of another job, partner, environment, API or
    /// version, or of a check.
    pub fn resume(
        partner: Partner,
        checkpoint: &Checkpoint,
        job: Job,
        settings: FlowSettings,
        seed: u64,
    ) -> Result<Self, JobError> {
        Ok(Self(match partner.api() {
            Api::V1 => Over::V1(Box::new(UploadFlow::resume(partner, checkpoint, job, settings, seed)?)),
            Api::V3 => Over::V3(Box::new(V3JobFlow::resume(partner, checkpoint, &job, settings, seed)?)),
        }))
    }

    /// Waits for the result of a job that the service has already, whoever submitted it. It asks at
    /// once, and then keeps to the schedule.
    ///
    /// **The result belongs to whichever job has this id**, which isn't known to be this user's
    /// latest, nor of a certain submission. Who has the checkpoint takes
    /// [`JobFlow::wait_for_submission`]. Over v3 the job id must be the service's own (`job_…`), as
    /// it knows no other.
    pub fn wait_for(partner: Partner, key: JobKey, settings: FlowSettings, seed: u64) -> Self {
        Self(match partner.api() {
            Api::V1 => Over::V1(Box::new(UploadFlow::wait_for(partner, key, settings, seed))),
            Api::V3 => Over::V3(Box::new(V3JobFlow::wait_for(partner, key, settings, seed))),
        })
    }

    /// Waits as [`JobFlow::wait_for`], for the job that this checkpoint is of: a result counts only
    /// if it names its submission. Over v3 the service's own id of the job, which the checkpoint
    /// must have, stands for that.
    ///
    /// Unlike [`JobFlow::resume`] it needs no images, and never sends anything but the question.
    /// The checkpoint may also be of a check whose result comes by callback:
    /// [`Call::checkpoint`](crate::Call::checkpoint), once it is taken on.
    ///
    /// # Errors
    /// If the checkpoint is of another partner, environment, API or version, of a check that has no
    /// status, or of something that was never begun.
    pub fn wait_for_submission(
        partner: Partner,
        checkpoint: &Checkpoint,
        settings: FlowSettings,
        seed: u64,
    ) -> Result<Self, JobError> {
        Ok(Self(match partner.api() {
            Api::V1 => {
                Over::V1(Box::new(UploadFlow::wait_for_submission(partner, checkpoint, settings, seed)?))
            }
            Api::V3 => {
                Over::V3(Box::new(V3JobFlow::wait_for_submission(partner, checkpoint, settings, seed)?))
            }
        }))
    }

    /// Asks for all results of the user along with the job's status, in [`JobFlow::wait_for`]. v3
    /// has none, and this changes nothing.
    #[must_use]
    pub fn with_return_history(self, yes: bool) -> Self {
        match self.0 {
            Over::V1(flow) => Self(Over::V1(Box::new(flow.with_return_history(yes)))),
            other => Self(other),
        }
    }

    /// Asks for links to the job's images along with its status, in [`JobFlow::wait_for`]. v3 has
    /// none, and this changes nothing.
    #[must_use]
    pub fn with_return_image_links(self, yes: bool) -> Self {
        match self.0 {
            Over::V1(flow) => Self(Over::V1(Box::new(flow.with_return_image_links(yes)))),
            other => Self(other),
        }
    }

    /// Sets a cache of shared tokens of the v3 API, which others use as well. Without it each flow
    /// fetches its own.
    #[must_use]
    pub fn with_tokens(mut self, tokens: TokenCache) -> Self {
        if let Over::V3(flow) = &mut self.0 {
            flow.share(tokens);
        }
        self
    }

    /// Current checkpoint of the job.
    pub fn checkpoint(&self) -> Checkpoint {
        either!(&self.0, flow => flow.checkpoint())
    }

    /// Key of the job.
    pub fn key(&self) -> &JobKey {
        either!(&self.0, flow => flow.key())
    }

    /// Submission that the result must name to be the verdict on this one: known from the first
    /// request on, and not at all in [`JobFlow::wait_for`].
    pub fn submission_id(&self) -> Option<&SubmissionId> {
        either!(&self.0, flow => flow.submission_id())
    }

    /// Ends the flow. Nothing more is sent; what the service has already, it works on all the same.
    pub fn cancel(&mut self) {
        either!(&mut self.0, flow => flow.cancel());
    }
}

impl Flow for JobFlow {
    type Outcome = Result<JobOutcome, JobError>;

    fn next(&mut self, now: Timestamp) -> Next<Self::Outcome> {
        either!(&mut self.0, flow => flow.next(now))
    }

    fn file_read(&mut self, now: Timestamp, file: std::io::Result<Vec<u8>>) {
        either!(&mut self.0, flow => flow.file_read(now, file));
    }

    fn receive(&mut self, now: Timestamp, answer: Result<Response<Bytes>, TransportFailure>) {
        either!(&mut self.0, flow => flow.receive(now, answer));
    }

    fn refuse(&mut self, now: Timestamp, error: ObserverError) {
        either!(&mut self.0, flow => flow.refuse(now, error));
    }

    fn take_event(&mut self) -> Option<Event> {
        either!(&mut self.0, flow => flow.take_event())
    }
}

impl fmt::Debug for JobFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        either!(&self.0, flow => flow.fmt(f))
    }
}
