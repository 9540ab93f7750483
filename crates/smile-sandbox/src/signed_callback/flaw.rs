//! Flaws of callbacks, and a sound receiver's reaction to each.

use std::fmt;
use std::str::FromStr;

use crate::result::unknown::UnknownName;

macro_rules! flaws {
    ($($variant:ident $name:literal $reason:ident $doc:literal,)*) => {
        /// A flaw: one way in which a callback is broken.
        ///
        /// Its text is the name in kebab case, such as `other-key`. A sound receiver's reaction is
        /// [`Flaw::refused_for`]; to content that the signature doesn't cover there is none,
        /// since **the signature covers the timestamp and the partner id, not the body**.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Flaw {
            $(#[doc = $doc] #[doc = concat!("\n\nRefused for: [`ExpectedRefusal::", stringify!($reason), "`].")] $variant,)*
        }

        const ALL: &[Flaw] = &[$(Flaw::$variant,)*];

        impl Flaw {
            /// The name in kebab case.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The flaw in a sentence.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$variant => $doc,)*
                }
            }

            /// The reason for which a sound receiver refuses the callback.
            pub fn refused_for(self) -> ExpectedRefusal {
                match self {
                    $(Self::$variant => ExpectedRefusal::$reason,)*
                }
            }
        }
    };
}

flaws! {
    TamperedBody "tampered-body" Nothing
        "The result was swapped after signing: an approval for anything else, and a refusal for an \
         approval. The signature is as right as before; only asking for the job's status shows it.",
    OtherJob "other-job" Nothing
        "The job and user ids were swapped after signing. The signature is as right as before; a nonce in \
         the partner params shows it, and so does asking for the job's status.",
    OtherKey "other-key" WrongSignature "It is signed with another API key.",
    OtherPartner "other-partner" WrongSignature
        "It is signed with the right key, for another partner: the id with a 9 in front.",
    OtherTimestampText "other-timestamp-text" WrongSignature
        "The timestamp was spelled in another way after signing; the moment is the same.",
    RefreshedTimestamp "refreshed-timestamp" WrongSignature
        "It was signed three years ago, and the timestamp was replaced by a new one.",
    StrippedSignature "stripped-signature" MissingSignature "There is no signature.",
    StrippedTimestamp "stripped-timestamp" MissingSignature "There is no timestamp.",
    Unsigned "unsigned" MissingSignature "There is neither a signature nor a timestamp.",
    UrlSafeSignature "url-safe-signature" MalformedSignature
        "The signature is in the base64 of URLs, with - and _ for + and /. It is signed up to a second \
         later than asked for, so that it has one of these.",
    UnpaddedSignature "unpadded-signature" MalformedSignature "The signature is base64 without its padding.",
    SpacedSignature "spaced-signature" MalformedSignature "There is a space within the signature.",
    NonCanonicalSignature "non-canonical-signature" MalformedSignature
        "The signature's last character has bits set that stand for nothing: a careless decoder reads the \
         same 32 bytes.",
    HexSignature "hex-signature" MalformedSignature "The signature is in lower-case hex.",
    ShortSignature "short-signature" MalformedSignature
        "The signature is base64 of the right bytes but the last, 31.",
    LongSignature "long-signature" MalformedSignature
        "The signature is base64 of the right bytes and a zero, 33.",
    YearsOld "years-old" TooOld "It was signed three years ago, and rightly so.",
    FromTheFuture "from-the-future" FromTheFuture "It is signed a day ahead, and rightly so.",
    UnreadableTimestamp "unreadable-timestamp" UnreadableTimestamp
        "The timestamp is no moment that anybody could read. It is signed rightly.",
    CarriersDisagree "carriers-disagree" CarriersDisagree
        "It is signed in the body and in the headers: rightly where its product is, and with another key in \
         the other place.",
    TwoMoments "two-moments" CarriersDisagree
        "It is signed in the body and in the headers, rightly both times, at moments a minute apart.",
    DuplicatedSignature "duplicated-signature" Duplicated
        "There are two signatures. The one that a parser takes that doesn't look for another is right.",
    DuplicatedTimestamp "duplicated-timestamp" Duplicated
        "There are two timestamps. The one that a parser takes that doesn't look for another is right.",
    DuplicatedResult "duplicated-result" Duplicated
        "There are two result codes, or statuses, in the JSON, which disagree.",
    RespelledResult "respelled-result" Contradiction
        "There is a second result code, or status, in another casing, which disagrees.",
    Oversized "oversized" TooLarge "There are 3 MiB of padding in it.",
    DeeplyNested "deeply-nested" TooDeep
        "There are 100,000 arrays within each other in it, which overflow the stack of a careless parser.",
    Truncated "truncated" Truncated "The second half of the body is missing.",
    NotUtf8 "not-utf8" NotUtf8 "There is a byte outside of its texts that is no UTF-8.",
    Empty "empty" Empty "There is no body.",
    NotAnObject "not-an-object" NotAnObject "The body is an array with the callback in it.",
    TwoBodies "two-bodies" NotJson "The body is there twice, one behind the other.",
    Html "html" NotJson "The body is a gateway's error page, in HTML.",
}

/// The reason for which a sound receiver refuses a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ExpectedRefusal {
    /// No refusal: the callback by itself can't be told from a right one. That is why a callback is
    /// a hint, and the job's status decides.
    Nothing,
    /// No refusal, as the signature is right; but the result contradicts itself, so nobody is
    /// approved for it.
    Contradiction,
    /// The callback is larger than any real one.
    TooLarge,
    /// The body is empty.
    Empty,
    /// The body is not UTF-8.
    NotUtf8,
    /// The body ends in the middle of its JSON.
    Truncated,
    /// The body is not JSON.
    NotJson,
    /// The body is JSON, but not an object.
    NotAnObject,
    /// The JSON is nested deeper than that of any real callback.
    TooDeep,
    /// A field or a header occurs twice, and it is ambiguous which one counts.
    Duplicated,
    /// The signature, or the timestamp that it covers, is missing.
    MissingSignature,
    /// The signature is not standard base64, with padding, of 32 bytes.
    MalformedSignature,
    /// The signature is of another key, partner or timestamp text.
    WrongSignature,
    /// The body and the headers both have a signature, and these differ.
    CarriersDisagree,
    /// The timestamp can't be read, so the age is unknown.
    UnreadableTimestamp,
    /// The signature is too old: the callback is perhaps a replay.
    TooOld,
    /// The signature is from later than any clock error explains.
    FromTheFuture,
}

impl Flaw {
    /// All flaws.
    pub fn all() -> &'static [Self] {
        ALL
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Flaw {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = ALL.iter().copied().find(|flaw| flaw.name() == name);
        found.ok_or_else(|| UnknownName::new("flaw", name, ALL.iter().map(|flaw| flaw.name())))
    }
}
