//! One exchange with the service: the trait that each endpoint implements, its errors, and the raw request.
//!
//! An operation does no IO: it makes an [`http::Request`] and reads an [`http::Response`]. The endpoints themselves are in [`v1`](crate::v1).

mod answer;
mod error;
mod lookup;
mod raw;
mod request;
pub(crate) mod signed;
mod step;
#[cfg(test)]
pub(crate) mod testing;
mod token_use;
pub(crate) mod transport;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

pub(crate) use answer::{
    confirmed_object, fields, has_error, json, json_object, plain_object, refuse_compressed, refuse_refusal,
    retry_after, successful_object,
};
pub(crate) use error::V3Facts;
pub use error::{ApiError, OperationError, RawAnswer};
pub use lookup::{Lookup, LookupAnswer};
pub use raw::{RawRequest, Signing};
pub(crate) use request::{USER_AGENT, post_signed, segment, send_bare, send_json, send_signed, sign_headers};
pub use step::Step;
pub use token_use::TokenUse;
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

    /// The file to read next, before the request can be made; none when all are read, or none is needed.
    fn unread_file(&self) -> Option<&Path> {
        None
    }

    /// Takes in what came of reading the file that [`unread_file`](Self::unread_file) names.
    fn read_file(&mut self, _file: std::io::Result<Vec<u8>>) {}

    /// What is wrong with the files, and what is doubtful, once all of them are read.
    fn check_files(&self, _partner: &Partner) -> ValidationReport {
        ValidationReport::default()
    }

    /// The token that the request carries, for the v3 API. The question of [`look_up`](Self::look_up) carries a shared one.
    fn token_use(&self) -> TokenUse {
        TokenUse::None
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

    /// How long the answer is waited for, unless the settings say so themselves; theirs by default.
    fn default_timeout(&self) -> Option<Duration> {
        None
    }

    /// Whether the result brings back the id of the submission, though nothing can be asked about it: what a v3 submission is
    /// found again by.
    fn carries_submission_id(&self) -> bool {
        false
    }

    /// Takes in what an answer that [`parse`](Self::parse) refused says of the job: the id that its status is asked by.
    fn note_answer(&mut self, _response: &Response<Bytes>) {}

    /// What to ask after this request's answer was lost; none where nothing can be asked.
    ///
    /// For operations whose repetition could bill twice and whose job has a status.
    fn look_up(&self) -> Option<Box<dyn Lookup<Self::Output> + '_>> {
        None
    }
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
    /// It could start the work, and the bill, twice, and the service recognises no repetition. It is sent again only if nothing of
    /// it left, not even after a refusal that passes.
    Once,
}
