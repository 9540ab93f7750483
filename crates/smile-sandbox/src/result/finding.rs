//! Finding on a job, by the machine or by a human.

/// The decision of a human reviewer about a job under review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Review {
    /// The person is who they say: 1210, 1220, 1240; for documents 0810.
    Approve,
    /// Different people, or an image that can't be used: 1211, 1221, 1241; for documents 0811.
    Reject,
    /// Not a live person: 1212, 1222, 1242; for documents 0811, as they have no code of their own
    /// for it.
    SpoofDetected,
    /// Undecided on liveness: 1213. Only for Biometric KYC and job type 9.
    LivenessUnsure,
    /// The photo of the ID card is not good: 1214 for Biometric KYC and job type 9, 0811 for
    /// documents.
    IdCardCheckFailed,
}

/// The refusal of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// There is no such job.
    #[error("there is no job with this id")]
    UnknownJob,
    /// The job is not under review: it has no zip yet, or its verdict is final.
    #[error("the job is not under review")]
    NotUnderReview,
    /// No code is known for this decision on a job of this type.
    #[error("there is no result code for this review of a job of this type")]
    NotForThisJobType,
}

/// The finding on a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Approved,
    /// The document is genuine, and has expired.
    Expired,
    Rejected,
    /// The faces match; the document is not genuine.
    NotGenuine,
    Provisional,
    /// The document is not genuine, and the machine can't tell whether the faces match.
    CompareUnsure,
    SpoofSuspected,
    /// A suspected spoof under the strict setting: the user is blocked until a manual review.
    SpoofPending,
    SpoofRejected,
    SelfieUnusable,
    DocumentUnusable,
    ZipCorrupt,
    InfoInvalid,
    ParameterMissing,
    IdNotFound,
    IdMalformed,
    AuthorityUnavailable,
    /// A scripted code that the catalogue lacks.
    Unknown,
    Reviewed(Review),
}
