//! Outcomes by name: one word for the same outcome of every product.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::result::finding::Review;
use crate::result::reasons::{REASONS, Reason};
use crate::result::unknown::UnknownName;

macro_rules! outcomes {
    ($($variant:ident $name:literal $doc:literal,)*) => {
        /// The outcome of a job, or a stage of one, as a callback states it. Its code depends on
        /// the product, and not every product has one:
        /// [`Product::outcomes`](crate::Product::outcomes).
        ///
        /// Its text is the name in kebab case: `reviewer-approved`, a result code such as `0811`,
        /// or a status of the v3 webhook and its reason, such as `block-spoof-detected`.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Outcome {
            $(#[doc = $doc] $variant,)*
            /// A result code, four digits; see [`Outcome::code`].
            Code(Cow<'static, str>),
            /// v3: `attention`, for this reason; see [`Outcome::attention`].
            Attention(Cow<'static, str>),
            /// v3: `block`, for this reason; see [`Outcome::block`].
            Block(Cow<'static, str>),
            /// v3: `error`, for this reason; see [`Outcome::error`].
            Error(Cow<'static, str>),
        }

        const NAMED: &[(Outcome, &str)] = &[$((Outcome::$variant, $name),)*];

        impl Outcome {
            /// The meaning of the outcome, in a sentence.
            pub fn description(&self) -> &'static str {
                match self {
                    $(Self::$variant => $doc,)*
                    Self::Code(_) => "This result code.",
                    Self::Attention(_) => "v3: something has to be looked at, for this reason.",
                    Self::Block(_) => "v3: the person is not to be let in, for this reason.",
                    Self::Error(_) => "v3: it could not be done, for this reason.",
                }
            }
        }
    };
}

outcomes! {
    Approved "approved" "Approved by the machine, and final.",
    ReviewerApproved "reviewer-approved" "Approved by a human, and final.",
    Provisional "provisional" "Undecided: a human will look at it.",
    CompareUnsure "compare-unsure"
        "The machine can't tell whether the faces are the same: a human will look at it.",
    PartialMatch "partial-match" "Some of what was said of the person is what the authority has.",
    SpoofSuspected "spoof-suspected" "A spoof is suspected: a human will look at it.",
    SpoofPending "spoof-pending" "The same under the strict setting, which blocks the user until then.",
    ReviewerUnsure "reviewer-unsure" "A human can't tell whether a live person was in front of the camera.",
    DocumentExpired "document-expired" "The document is good, and has expired.",
    Rejected "rejected"
        "Rejected by the machine, and final; of what is compared in words, that nothing matches.",
    ReviewerRejected "reviewer-rejected" "Rejected by a human, and final.",
    SpoofRejected "spoof-rejected" "The machine has found a spoof.",
    SpoofRejectedStrict "spoof-rejected-strict"
        "A spoof is suspected, which the strict setting turns into refusal.",
    ReviewerFoundSpoof "reviewer-found-spoof" "A human has found a spoof.",
    ReviewerFailedCard "reviewer-failed-card" "A human has refused the image of the ID card.",
    DocumentNotVerified "document-not-verified" "The machine holds the document for not genuine.",
    DocumentUnsupported "document-unsupported" "This kind of document isn't supported.",
    NoFace "no-face" "There is no face in the selfie.",
    PoorImage "poor-image" "The selfie, or the photo of the document, is too poor to be judged.",
    SelfieUnusable "selfie-unusable" "The selfie can't be used.",
    IdInfo "id-info"
        "The ID authority knows the number, and this is what it has. It says nothing about a face.",
    IdNotFound "id-not-found" "The ID authority, or the registry, doesn't know the number.",
    IdMalformed "id-malformed" "The number has not the form of its ID type.",
    IssuerUnavailable "issuer-unavailable" "The ID authority doesn't answer.",
    NotActivated "not-activated" "The account may not use this ID type.",
    ZipCorrupt "zip-corrupt" "The zip that was uploaded can't be read.",
    Listed "listed" "The name is on a watch list.",
    NotListed "not-listed" "The name is on no watch list.",
    Clear "clear" "v3: nothing speaks against the person.",
    Unknown "unknown"
        "A code, or under v3 a status, that nobody knows. A sound receiver approves nobody for it.",
}

impl Outcome {
    /// Creates an outcome from a result code of the catalogue, four digits;
    /// [`Product::result_codes`](crate::Product::result_codes) lists those of a product.
    pub fn code(code: impl Into<Cow<'static, str>>) -> Self {
        Self::Code(code.into())
    }

    /// Creates the v3 status `attention`, for a documented reason such as `document_expired`.
    pub fn attention(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Attention(reason.into())
    }

    /// Creates the v3 status `block`, for a documented reason such as `spoof_detected`.
    pub fn block(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Block(reason.into())
    }

    /// Creates the v3 status `error`, for a documented reason such as `service_unavailable`.
    pub fn error(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Error(reason.into())
    }
}

impl Outcome {
    /// The outcomes with a name of their own, for any product; codes and reasons are not among
    /// them.
    pub fn named() -> impl Iterator<Item = Self> {
        NAMED.iter().map(|(outcome, _)| outcome.clone())
    }

    /// The outcome of the v3 webhook that has this reason.
    pub(crate) fn for_reason(reason: &Reason) -> Self {
        let text = reason.decided.reason.unwrap_or_default();
        match reason.decided.status {
            "attention" => Self::attention(text),
            "block" => Self::block(text),
            _ => Self::error(text),
        }
    }

    /// The reviewer's decision behind the outcome, if any.
    pub(crate) fn review(&self) -> Option<Review> {
        Some(match self {
            Self::ReviewerApproved => Review::Approve,
            Self::ReviewerRejected => Review::Reject,
            Self::ReviewerFoundSpoof => Review::SpoofDetected,
            Self::ReviewerUnsure => Review::LivenessUnsure,
            Self::ReviewerFailedCard => Review::IdCardCheckFailed,
            _ => return None,
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = |f: &mut fmt::Formatter<'_>, status: &str, reason: &str| {
            write!(f, "{status}-{}", reason.replace('_', "-"))
        };
        match self {
            Self::Code(code) => f.write_str(code),
            Self::Attention(of) => reason(f, "attention", of),
            Self::Block(of) => reason(f, "block", of),
            Self::Error(of) => reason(f, "error", of),
            named => {
                let found = NAMED.iter().find(|(outcome, _)| outcome == named);
                f.write_str(found.map_or("", |(_, name)| name))
            }
        }
    }
}

impl FromStr for Outcome {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        if name.len() == 4 && name.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Code(name.to_owned().into()));
        }
        let named = NAMED.iter().find(|(_, other)| *other == name).map(|(outcome, _)| outcome.clone());
        let reasons = REASONS.iter().map(Outcome::for_reason);
        let found = named.or_else(|| reasons.clone().find(|outcome| outcome.to_string() == name));
        found.ok_or_else(|| {
            let names = NAMED.iter().map(|(_, name)| (*name).to_owned());
            let known = names.chain(["a result code".to_owned()]).chain(reasons.map(|one| one.to_string()));
            UnknownName::new("outcome", name, known)
        })
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Outcome {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
