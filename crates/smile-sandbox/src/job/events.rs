//! What happened to a job, and when.

use smile_core::Timestamp;

/// One thing that happened to a job.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct JobEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: JobEventKind,
}

/// What happened to a job.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum JobEventKind {
    /// Its upload was prepared, for the first time or with `retry`.
    UploadPrepared,
    /// A zip of so many bytes was accepted.
    ZipUploaded {
        /// The size of the zip.
        bytes: usize,
    },
    /// It was asked for in a single request.
    CheckRequested,
    /// There was a verdict.
    Decided {
        /// The result's code.
        result_code: String,
        /// Whether a human gave it, and not the machine.
        by_human: bool,
    },
}

impl JobEvent {
    pub(crate) fn new(at: Timestamp, kind: JobEventKind) -> Self {
        Self { at, kind }
    }
}
