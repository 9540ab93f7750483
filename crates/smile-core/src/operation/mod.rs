//! One exchange with the service: the trait that each endpoint implements, its errors, and the raw
//! request.
//!
//! An operation does no IO: it makes an [`http::Request`] and reads an [`http::Response`]. The
//! endpoints themselves are in [`v1`](crate::v1) and [`v3`](crate::v3).

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
    /// Content of a good answer.
    type Output;

    /// Name of the exchange in errors and events.
    const STEP: Step;

    /// Effect of sending the request a second time.
    fn repeat(&self) -> RepeatSafety;

    /// Checks the input before anything is sent, and reports problems and warnings.
    fn check(&self, _partner: &Partner) -> ValidationReport {
        ValidationReport::default()
    }

    /// Checks the input against the time: a date of birth in the future.
    fn check_at(&self, _now: Timestamp) -> ValidationReport {
        ValidationReport::default()
    }

    /// File to read next, before the request can be made; none when all are read, or none is
    /// needed.
    fn unread_file(&self) -> Option<&Path> {
        None
    }

    /// Takes the result of reading the file that [`unread_file`](Self::unread_file) names.
    fn read_file(&mut self, _file: std::io::Result<Vec<u8>>) {}

    /// Checks the files, once all of them are read, and reports problems and warnings.
    fn check_files(&self, _partner: &Partner) -> ValidationReport {
        ValidationReport::default()
    }

    /// Token that the request carries, for the v3 API. The question of [`look_up`](Self::look_up)
    /// carries a shared one.
    fn token_use(&self) -> TokenUse {
        TokenUse::None
    }

    /// The request, signed for this moment.
    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes>;

    /// Reads the answer to the request that was made for the moment `sent_at`: a signature from
    /// another time decides nothing, see [`Partner::with_answer_window`].
    ///
    /// # Errors
    /// The service's refusal, an answer that makes no sense, or one whose signature fails.
    fn parse(
        &self,
        partner: &Partner,
        sent_at: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Self::Output, OperationError>;

    /// Key of the job, if the operation makes one.
    fn key(&self) -> Option<JobKey> {
        None
    }

    /// Puts the id of this submission into the request, if there is a place for it: the result
    /// brings it back, and only such a result is distinguished from another one under the same job
    /// id.
    fn name_submission(&mut self, _id: &SubmissionId) {}

    /// Time to wait for the answer if the settings name none; `None` for the default of the
    /// settings.
    fn default_timeout(&self) -> Option<Duration> {
        None
    }

    /// True if the result brings back the id of the submission, though nothing can be asked about
    /// it: a v3 submission is found again by that id.
    fn carries_submission_id(&self) -> bool {
        false
    }

    /// Notes what a refused answer names of the job: the id by which its status is requested.
    fn note_answer(&mut self, _response: &Response<Bytes>) {}

    /// Question to ask after this request's answer was lost; `None` if nothing can be asked.
    ///
    /// For operations whose repetition could bill twice and whose job has a status.
    fn look_up(&self) -> Option<Box<dyn Lookup<Self::Output> + '_>> {
        None
    }
}

/// Effect of sending a request a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepeatSafety {
    /// No effect: the request only reads.
    Free,
    /// A refusal as a duplicate, unless the request says `retry: true`.
    WithRetryFlag,
    /// A second start of the work, and a second bill. After an answer was lost the request is not
    /// sent again; if the job has a status, that is requested instead.
    MayBillTwice,
    /// A second thing of its kind, or a second message to a person. After an answer was lost the
    /// request is not sent again.
    MayCreateTwice,
    /// A second start of the work, and a second bill, and the service recognises no repetition. The
    /// request is sent again only if nothing of it was sent, not even after a refusal that passes.
    Once,
}
