//! Refusal of a callback: the rule that it breaks.

use std::time::Duration;

use http::StatusCode;

use crate::SignatureError;
use crate::wire::fields::{MAX_DEPTH, Unreadable};
use crate::wire::header::RepeatedHeader;
use crate::wire::names::stable_names;

/// Reason that a callback is refused. Nothing of its body or headers is in here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The body is larger than [`Verifier::with_max_bytes`](super::Verifier::with_max_bytes)
    /// allows.
    #[error("the callback's body is larger than {limit} bytes")]
    #[non_exhaustive]
    TooLarge {
        /// Limit, in bytes.
        limit: usize,
    },
    /// The body is empty.
    #[error("the callback's body is empty")]
    Empty,
    /// The body is compressed. Smile ID sends none that is, so a proxy in between does it: switch
    /// it off there, or have the server decompress before it verifies.
    #[error(
        "the callback's body is compressed: have the server decompress it first, or switch compression off in the proxy"
    )]
    Compressed,
    /// The body is not text in UTF-8: not even outside of texts, in which such bytes are borne.
    #[error("the callback's body is not UTF-8")]
    NotUtf8,
    /// The body ends in the middle of its JSON.
    #[error("the callback's body ends in the middle of its JSON")]
    Truncated,
    /// The body is not JSON, or a number in it is beyond all bounds. Usually something else posted
    /// to this address.
    #[error("the callback's body is not JSON")]
    NotJson,
    /// The body is JSON, but not an object.
    #[error("the callback's body is not a JSON object")]
    NotAnObject,
    /// Objects and lists stand within each other deeper than any result's.
    #[error("the callback's body is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// A field or a header is there twice. Readers disagree which of the two counts, and a forger
    /// knows that.
    #[error("a field or header of the callback is there twice")]
    Duplicated,
    /// There is no signature, or no timestamp that it could be over: none, or one that is neither
    /// text nor a whole number.
    #[error("the callback's signature or its timestamp is missing")]
    MissingSignature,
    /// The signature isn't the standard base64, with padding, of 32 bytes.
    #[error("the callback's signature is malformed")]
    MalformedSignature,
    /// The signature was made with another key, for another partner or over another timestamp text.
    /// Usually the API key belongs to the other environment, or was rotated; otherwise somebody is
    /// making results up.
    #[error("the callback's signature is wrong")]
    WrongSignature,
    /// The body and the headers both carry a signature, and not the same.
    #[error("the signatures in the callback's body and headers disagree")]
    CarriersDisagree,
    /// The signature is right, and the timestamp that it is over can't be read, so its age isn't
    /// known.
    #[error("the callback's timestamp can't be read")]
    UnreadableTimestamp,
    /// The signature is right, and older than
    /// [`Verifier::with_max_age`](super::Verifier::with_max_age) allows: a late redelivery, or
    /// somebody who has kept an old callback.
    #[error("the callback was signed {} seconds ago, which is too old", age.as_secs())]
    #[non_exhaustive]
    TooOld {
        /// Age of the callback.
        age: Duration,
    },
    /// The signature is right, and its timestamp is later than
    /// [`Verifier::with_max_skew`](super::Verifier::with_max_skew) allows. Usually the clock of
    /// this machine is behind.
    #[error("the callback was signed {} seconds in the future", ahead.as_secs())]
    #[non_exhaustive]
    FromTheFuture {
        /// Time by which the callback's timestamp is ahead of this machine's clock.
        ahead: Duration,
    },
    /// The signature is right, and has come before with another body. Either somebody puts bodies
    /// of their own under a signature that they have seen, or two results were signed in the same
    /// millisecond; the status of the job decides.
    #[error("the callback's signature has come before, with another body")]
    Replayed,
}

impl From<RepeatedHeader> for Refusal {
    fn from(_: RepeatedHeader) -> Self {
        Self::Duplicated
    }
}

stable_names! { Refusal:
    Self::TooLarge { .. } => "too_large",
    Self::Empty => "empty",
    Self::Compressed => "compressed",
    Self::NotUtf8 => "not_utf8",
    Self::Truncated => "truncated",
    Self::NotJson => "not_json",
    Self::NotAnObject => "not_an_object",
    Self::TooDeep => "too_deep",
    Self::Duplicated => "duplicated",
    Self::MissingSignature => "missing_signature",
    Self::MalformedSignature => "malformed_signature",
    Self::WrongSignature => "wrong_signature",
    Self::CarriersDisagree => "carriers_disagree",
    Self::UnreadableTimestamp => "unreadable_timestamp",
    Self::TooOld { .. } => "too_old",
    Self::FromTheFuture { .. } => "from_the_future",
    Self::Replayed => "replayed",
}

impl Refusal {
    /// Status to answer, so that the service comes again exactly when that can help.
    ///
    /// | refusal | status |
    /// | --- | --- |
    /// | too large | 413 |
    /// | compressed | 415 |
    /// | not a callback: empty, truncated, not JSON, too deep, something twice | 400 |
    /// | the signature is missing, malformed, wrong, disagrees with itself, too old or of no readable age | 401 |
    /// | the signature has come before with another body | 409 |
    /// | from the future | 503: once this machine's clock is right, the same callback passes |
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Compressed => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Empty
            | Self::NotUtf8
            | Self::Truncated
            | Self::NotJson
            | Self::NotAnObject
            | Self::TooDeep
            | Self::Duplicated => StatusCode::BAD_REQUEST,
            Self::MissingSignature
            | Self::MalformedSignature
            | Self::WrongSignature
            | Self::CarriersDisagree
            | Self::UnreadableTimestamp
            | Self::TooOld { .. } => StatusCode::UNAUTHORIZED,
            Self::Replayed => StatusCode::CONFLICT,
            Self::FromTheFuture { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// True if the sender holds a signature of the service's, so that there may be a result behind
    /// it: ask for the status of the jobs that are still open.
    pub fn has_right_signature(&self) -> bool {
        matches!(
            self,
            Self::UnreadableTimestamp | Self::TooOld { .. } | Self::FromTheFuture { .. } | Self::Replayed
        )
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::Missing => Self::MissingSignature,
            SignatureError::Malformed => Self::MalformedSignature,
            SignatureError::Wrong => Self::WrongSignature,
        }
    }
}

impl From<Unreadable> for Refusal {
    fn from(why: Unreadable) -> Self {
        match why {
            Unreadable::NotUtf8 => Self::NotUtf8,
            Unreadable::Truncated => Self::Truncated,
            Unreadable::NotJson => Self::NotJson,
            Unreadable::NotAnObject => Self::NotAnObject,
            Unreadable::TooDeep => Self::TooDeep,
            Unreadable::Duplicated => Self::Duplicated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_name_its_status_and_says_whose_signature_it_was() {
        use Refusal as R;
        let second = Duration::from_secs(1);
        for (refusal, name, status, has_right_signature) in [
            (R::TooLarge { limit: 1 }, "too_large", 413, false),
            (R::Empty, "empty", 400, false),
            (R::Compressed, "compressed", 415, false),
            (R::NotUtf8, "not_utf8", 400, false),
            (R::Truncated, "truncated", 400, false),
            (R::NotJson, "not_json", 400, false),
            (R::NotAnObject, "not_an_object", 400, false),
            (R::TooDeep, "too_deep", 400, false),
            (R::Duplicated, "duplicated", 400, false),
            (R::MissingSignature, "missing_signature", 401, false),
            (R::MalformedSignature, "malformed_signature", 401, false),
            (R::WrongSignature, "wrong_signature", 401, false),
            (R::CarriersDisagree, "carriers_disagree", 401, false),
            (R::UnreadableTimestamp, "unreadable_timestamp", 401, true),
            (R::TooOld { age: second }, "too_old", 401, true),
            (R::FromTheFuture { ahead: second }, "from_the_future", 503, true),
            (R::Replayed, "replayed", 409, true),
        ] {
            let told = (refusal.name(), refusal.status().as_u16(), refusal.has_right_signature());
            assert_eq!(told, (name, status, has_right_signature), "{refusal:?}");
        }
    }

    #[test]
    fn what_is_wrong_below_keeps_its_name() {
        for error in [SignatureError::Missing, SignatureError::Malformed, SignatureError::Wrong] {
            assert_eq!(Refusal::from(error).name(), format!("{}_signature", error.name()));
        }
        for (why, refusal) in [
            (Unreadable::NotUtf8, Refusal::NotUtf8),
            (Unreadable::Truncated, Refusal::Truncated),
            (Unreadable::NotJson, Refusal::NotJson),
            (Unreadable::NotAnObject, Refusal::NotAnObject),
            (Unreadable::TooDeep, Refusal::TooDeep),
            (Unreadable::Duplicated, Refusal::Duplicated),
        ] {
            assert_eq!(Refusal::from(why), refusal);
        }
    }
}
