//! Finding of a result code.

/// Finding of a result code, for when the [category](crate::catalogue::Category) is too coarse.
///
/// One finding may have a code for each product: a selfie that can't be used is 0911 and 0912, 0921
/// and 0922, 0941 and 0942. Smile ID publishes texts, no such words: these are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Finding {
    /// The machine accepted the selfie, and the document where there is one.
    Approved,
    /// The machine reached no decision.
    Provisional,
    /// The machine is unsure whether the faces match.
    CompareUnsure,
    /// The machine suspects a spoof.
    SpoofSuspected,
    /// The machine suspects a spoof, and the user is blocked until somebody has looked: the strict
    /// setting.
    SpoofPending,
    /// The machine refused: the faces are not those of one person, or the document did not pass.
    Rejected,
    /// The machine found no live person in front of the camera.
    SpoofRejected,
    /// The selfie shows no face, or is too poor.
    SelfieUnusable,
    /// The document is right, but it has expired.
    DocumentExpired,
    /// The faces match, but the document was not accepted.
    DocumentNotGenuine,
    /// The image of the document can't be used.
    DocumentUnusable,
    /// This kind of document is not supported.
    DocumentUnsupported,
    /// The data, or an image, can't be used.
    DataInvalid,
    /// The uploaded zip can't be read.
    ZipCorrupt,
    /// The ID authority, or the registry, has the number. That proves nothing about the person who
    /// gives it.
    IdFound,
    /// The ID authority does not have the number.
    IdNotFound,
    /// The number is not of the form that its ID type asks for.
    IdMalformed,
    /// The ID authority does not answer.
    IssuerUnavailable,
    /// The partner's account is not enabled for this ID type.
    NotActivated,
    /// All that the person said agrees with the record.
    ExactMatch,
    /// A part of what the person said agrees with the record.
    PartialMatch,
    /// Nothing of what the person said agrees with the record.
    NoMatch,
    /// There is no record to compare with.
    RecordNotFound,
    /// The name is on a watch list.
    Listed,
    /// The name is on no watch list.
    NotListed,
    /// A human reviewer accepted the person.
    ReviewApproved,
    /// A human reviewer found different people, or a selfie that can't be used.
    ReviewRejected,
    /// A human reviewer found a spoof.
    ReviewSpoof,
    /// A human reviewer could not tell whether a live person was in front of the camera.
    ReviewLivenessUnsure,
    /// A human reviewer refused the image of the ID card.
    ReviewIdCardFailed,
}

impl Finding {
    /// True for a human reviewer's finding.
    pub fn is_of_reviewer(self) -> bool {
        matches!(
            self,
            Self::ReviewApproved
                | Self::ReviewRejected
                | Self::ReviewSpoof
                | Self::ReviewLivenessUnsure
                | Self::ReviewIdCardFailed
        )
    }

    /// True for the finding of a comparison with a record: Basic KYC and its like.
    pub fn is_of_comparison(self) -> bool {
        matches!(self, Self::ExactMatch | Self::PartialMatch | Self::NoMatch | Self::RecordNotFound)
    }
}
