//! What is remembered of a callback: that it was made, where it stands, and what the receiver said.

use std::fmt;

use bytes::Bytes;
use smile_core::Timestamp;

use crate::callback::attempt::{CallbackId, CallbackOutcome};
use crate::callback::disturbance::Disturbance;

/// How much of a receiver's answer is kept, in bytes.
const KEPT_OF_ANSWER: usize = 1_024;

/// What came of posting a callback once: how it went, and how the answer's body begins.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallbackAnswer {
    /// How it went.
    pub outcome: CallbackOutcome,
    /// The first bytes of the answer's body, at most 1,024; empty if there was none.
    pub body: Bytes,
}

impl CallbackAnswer {
    /// An outcome, and as much of the answer's body as is at hand.
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

/// Where a callback stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum CallbackState {
    /// It will be posted, for the first time or once more, when this time has come.
    Waiting(Timestamp),
    /// It waits for the next callback of its job to go first.
    HeldBack,
    /// It is being posted.
    UnderWay,
    /// The receiver took it.
    Delivered,
    /// Every attempt failed, or its address was refused.
    GivenUp,
    /// It was dropped on demand.
    Dropped,
}

impl CallbackState {
    /// Whether it may yet be delivered.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Waiting(_) | Self::HeldBack | Self::UnderWay)
    }
}

/// A callback that was made, whether or not it was ever posted.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct CallbackRecord {
    /// Which callback.
    pub id: CallbackId,
    /// The job that it is about.
    pub job_id: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Where to.
    #[serde(skip)]
    pub url: String,
    /// The body, as it is posted.
    #[serde(skip)]
    pub body: Bytes,
    /// The callback that this one repeats, if it does.
    pub copy_of: Option<CallbackId>,
    /// What was made to go wrong with it.
    pub disturbance: Option<Disturbance>,
    /// Where it stands.
    pub state: CallbackState,
}

impl CallbackRecord {
    /// About how many bytes it takes, as far as they can be many.
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
