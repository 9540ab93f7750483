//! The record of a callback: its creation, its state, and the receiver's answer.

use std::fmt;

use bytes::Bytes;
use smile_core::Timestamp;

use crate::callback::attempt::{CallbackId, CallbackOutcome};
use crate::callback::disturbance::Disturbance;

/// The part of a receiver's answer that is kept, in bytes.
const KEPT_OF_ANSWER: usize = 1_024;

/// The result of posting a callback once: the outcome, and the first bytes of the answer's body.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallbackAnswer {
    /// The outcome of the attempt.
    pub outcome: CallbackOutcome,
    /// The first bytes of the answer's body, at most 1,024; empty if there was none.
    pub body: Bytes,
}

impl CallbackAnswer {
    /// Creates an answer from an outcome, and as much of the answer's body as is at hand.
    pub fn new(outcome: CallbackOutcome, body: &[u8]) -> Self {
        Self { outcome, body: Bytes::copy_from_slice(&body[..body.len().min(KEPT_OF_ANSWER)]) }
    }
}

impl From<CallbackOutcome> for CallbackAnswer {
    fn from(outcome: CallbackOutcome) -> Self {
        Self { outcome, body: Bytes::new() }
    }
}

impl fmt::Debug for CallbackAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackAnswer")
            .field("outcome", &self.outcome)
            .field("body_len", &self.body.len())
            .finish()
    }
}

/// The state of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum CallbackState {
    /// Waits to be posted at this time, for the first time or again.
    Waiting(Timestamp),
    /// Waits for the next callback of its job to go first.
    HeldBack,
    /// Being posted.
    UnderWay,
    /// Accepted by the receiver.
    Delivered,
    /// Given up: every attempt failed, or the address was refused.
    GivenUp,
    /// Dropped by a disturbance.
    Dropped,
}

impl CallbackState {
    /// True if the callback may yet be delivered.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Waiting(_) | Self::HeldBack | Self::UnderWay)
    }
}

/// A callback that was made, whether or not it was ever posted.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct CallbackRecord {
    /// The id of the callback.
    pub id: CallbackId,
    /// The partner's id of the job that the callback is about.
    pub job_id: String,
    /// The time of creation.
    pub made_at: Timestamp,
    /// The address.
    #[serde(skip)]
    pub url: String,
    /// The body, as it is posted.
    #[serde(skip)]
    pub body: Bytes,
    /// The callback that this one repeats, if any.
    pub copy_of: Option<CallbackId>,
    /// The disturbance, if any.
    pub disturbance: Option<Disturbance>,
    /// The state of the callback.
    pub state: CallbackState,
}

impl CallbackRecord {
    /// Approximate size in bytes, of the parts that can be large.
    pub(crate) fn size(&self) -> usize {
        self.body.len() + self.url.len() + self.job_id.len()
    }
}

impl fmt::Debug for CallbackRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackRecord")
            .field("id", &self.id)
            .field("made_at", &self.made_at)
            .field("body_len", &self.body.len())
            .field("copy_of", &self.copy_of)
            .field("disturbance", &self.disturbance)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
