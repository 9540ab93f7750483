//! What the sandbox and the model have in common.

use bytes::Bytes;

/// The moment at which every world begins, in milliseconds since 1970.
pub(crate) const START: u64 = 1_795_000_000_000;

/// What differs between services of one kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServiceBehaviour {
    /// What the reviewer says of a provisional result.
    pub(crate) review_approves: bool,
    /// Milliseconds until the reviewer says it.
    pub(crate) review_delay: u64,
    /// Milliseconds until a zip shows in the job's status. The model alone knows it.
    pub(crate) notice: u64,
    /// Whether a check may have the ids of a job. The model alone allows it.
    pub(crate) shares_ids: bool,
    /// Whether callbacks are signed with seconds since 1970. The model alone does so.
    pub(crate) signs_seconds: bool,
}

/// A callback that the service wants delivered.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) at: u64,
    pub(crate) job_id: String,
    pub(crate) body: Bytes,
}
