//! The common part of the sandbox and the model.

use bytes::Bytes;

/// The moment at which every world begins, in milliseconds since 1970.
pub(crate) const START: u64 = 1_795_000_000_000;

/// The differences between services of one kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServiceBehaviour {
    /// The reviewer's decision on a provisional result: true approves it.
    pub(crate) review_approves: bool,
    /// Milliseconds until the reviewer says it.
    pub(crate) review_delay: u64,
    /// Milliseconds until a zip shows in the job's status. The model alone knows it.
    pub(crate) notice: u64,
    /// True if a check may have the ids of a job. The model alone allows it.
    pub(crate) shares_ids: bool,
    /// True if callbacks are signed with seconds since 1970. The model alone does so.
    pub(crate) signs_seconds: bool,
}

/// A callback that the service wants delivered.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) at: u64,
    pub(crate) job_id: String,
    pub(crate) body: Bytes,
}
