//! Events of a job, with their times.

use smile_core::Timestamp;

/// An event of a job.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct JobEvent {
    /// The time of the event.
    pub at: Timestamp,
    /// The kind of the event.
    pub kind: JobEventKind,
}

/// The kinds of events.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum JobEventKind {
    /// The upload was prepared, for the first time or with `retry`.
    UploadPrepared,
    /// A zip of so many bytes was accepted.
    ZipUploaded {
        /// The size of the zip.
        bytes: usize,
    },
    /// The check was requested.
    CheckRequested,
    /// A verdict was given.
    Decided {
        /// The result's code.
        result_code: String,
        /// True if a human gave the verdict, and not the machine.
        by_human: bool,
    },
}

impl JobEvent {
    pub(crate) fn new(at: Timestamp, kind: JobEventKind) -> Self {
        Self { at, kind }
    }
}
