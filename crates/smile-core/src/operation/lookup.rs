//! Question that takes the place of a request whose answer was lost.

use bytes::Bytes;
use http::{Request, Response};

use super::{OperationError, Step};
use crate::{Partner, Timestamp};

/// Question to the service about a request whose answer was lost. An operation has one in
/// [`look_up`](super::Operation::look_up); `T` is the operation's output.
pub trait Lookup<T> {
    /// Name of the question in errors and events.
    fn step(&self) -> Step;

    /// The request that asks, signed for this moment. It only reads, so it may be sent again.
    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes>;

    /// Reads the answer to the request that was made for the moment `sent_at`.
    ///
    /// # Errors
    /// As [`Operation::parse`](super::Operation::parse).
    fn parse(
        &self,
        partner: &Partner,
        sent_at: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<LookupAnswer<T>, OperationError>;
}

/// The service's answer about a request whose own answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LookupAnswer<T> {
    /// The result of this very request.
    Answer(T),
    /// The service says that it has nothing of the request.
    Denied,
    /// The answer leaves it open.
    Unclear,
}
