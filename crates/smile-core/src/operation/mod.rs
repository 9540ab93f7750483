//! One exchange with the service: the trait that each endpoint implements, its errors, and the raw request.
//!
//! An operation does no IO: it makes an [`http::Request`] and reads an [`http::Response`]. The endpoints themselves are in [`v1`](crate::v1).

mod answer;
mod error;
mod raw;
mod request;
pub(crate) mod signed;
mod step;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod transport;

use bytes::Bytes;
use http::{Request, Response};

pub(crate) use answer::{
    confirmed_object, fields, has_error, json, json_object, plain_object, refuse_compressed, refuse_refusal,
    retry_after, successful_object,
};
pub use error::{ApiError, OperationError, RawAnswer};
pub use raw::{RawRequest, Signing};
pub(crate) use request::{USER_AGENT, post_signed, segment, send_bare, send_json, send_signed, sign_headers};
pub use step::Step;
pub use transport::{TransportFailure, TransportFailureKind};

use crate::job::job_key::JobKey;
use crate::job::submission_id::SubmissionId;
use crate::{Partner, Timestamp, ValidationReport};

/// One exchange with the service.
pub trait Operation {
    /// What a good answer says.
    type Output;

    /// What the exchange is called in errors and events.
    const STEP: Step;

    /// What sending the request a second time does.
    fn repeat(&self) -> RepeatSafety;

    /// What is wrong with the input, and what is doubtful, found before anything is sent.
    fn check(&self, _partner: &Partner) -> ValidationReport {
        ValidationReport::default()
    }

    /// What is wrong with the input at this time: a date of birth in the future.
    fn check_at(&self, _now: Timestamp) -> ValidationReport {
        ValidationReport::default()
    }

    /// The request, signed for this moment.
    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes>;

    /// Reads the answer to the request that was made for the moment `sent_at`: a signature from another time decides
    /// nothing, see [`Partner::with_answer_window`].
    ///
    /// # Errors
    /// The service's refusal, an answer that makes no sense, or one whose signature fails.
    fn parse(
        &self,
        partner: &Partner,
        sent_at: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Self::Output, OperationError>;

    /// What names the job, if the operation makes one.
    fn key(&self) -> Option<JobKey> {
        None
    }

    /// Puts the id of this submission into the request, where it has a place for it: the result brings it back, and only such a
    /// result is told from another one under the same job id.
    fn name_submission(&mut self, _id: &SubmissionId) {}

    /// The request that asks what became of this one after its answer was lost, with its step; none where nothing can be asked.
    ///
    /// For operations whose repetition could bill twice and whose job has a status.
    fn look_up(&self, _partner: &Partner, _now: Timestamp) -> Option<(Step, Request<Bytes>)> {
        None
    }

    /// Reads the answer to [`look_up`](Self::look_up).
    ///
    /// # Errors
    /// As [`Operation::parse`].
    fn looked_up(
        &self,
        _partner: &Partner,
        _sent_at: Timestamp,
        _response: &Response<Bytes>,
    ) -> Result<LookupAnswer<Self::Output>, OperationError> {
        Ok(LookupAnswer::Untold)
    }
}

/// What the service says about a request whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LookupAnswer<T> {
    /// The result of this very request.
    Answer(T),
    /// The service says that it has nothing of it.
    Denied,
    /// The answer doesn't tell.
    Untold,
}

/// What sending a request a second time does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepeatSafety {
    /// Nothing: it only reads.
    Free,
    /// It would be refused as a duplicate, unless it says `retry: true`.
    WithRetryFlag,
    /// It could start the work, and the bill, twice. After an answer was lost it is not sent again; where the job has a
    /// status, that is asked for instead.
    MayBillTwice,
    /// It could create a second thing of its kind, or send a person a second message. After an answer was lost it is not
    /// sent again.
    MayCreateTwice,
}
