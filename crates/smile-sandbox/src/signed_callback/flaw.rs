//! The ways in which a callback can be broken, and what a sound receiver does about each.

use std::fmt;
use std::str::FromStr;

use super::UnknownName;

macro_rules! flaws {
    ($($variant:ident $name:literal $refusal:ident $doc:literal,)*) => {
        /// A way in which a callback is broken.
        ///
        /// Its text is the name in kebab case, such as `other-key`. What a sound receiver does about it is its
        /// [`Flaw::refusal`]; of what the signature doesn't cover that is nothing, since **the signature covers the timestamp
        /// and the partner id, not the body**.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Flaw {
            $(#[doc = $doc] #[doc = concat!("\n\nRefusal: [`Refusal::", stringify!($refusal), "`].")] $variant,)*
        }

        const ALL: &[Flaw] = &[$(Flaw::$variant,)*];

        impl Flaw {
            /// The name in kebab case.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What is broken, in a sentence.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$variant => $doc,)*
                }
            }

            /// What a sound receiver refuses it for.
            pub fn refusal(self) -> Refusal {
                match self {
                    $(Self::$variant => Refusal::$refusal,)*
                }
            }
        }
    };
}

flaws! {
    TamperedBody "tampered-body" Undetected "The result was swapped after signing: an approval for anything else, and a refusal for an approval. The signature is as right as before; only asking for the job's status shows it.",
    OtherJob "other-job" Undetected "The job and user ids were swapped after signing. The signature is as right as before; a nonce in the partner params shows it, and so does asking for the job's status.",
    OtherKey "other-key" SignatureWrong "It is signed with another API key.",
    OtherPartner "other-partner" SignatureWrong "It is signed with the right key, for another partner: the id with a 9 in front.",
    OtherTimestampText "other-timestamp-text" SignatureWrong "The timestamp was spelled in another way after signing; the moment is the same.",
    RefreshedTimestamp "refreshed-timestamp" SignatureWrong "It was signed three years ago, and the timestamp was replaced by a new one.",
    StrippedSignature "stripped-signature" SignatureMissing "There is no signature.",
    StrippedTimestamp "stripped-timestamp" SignatureMissing "There is no timestamp.",
    Unsigned "unsigned" SignatureMissing "There is neither a signature nor a timestamp.",
    UrlSafeSignature "url-safe-signature" SignatureMalformed "The signature is in the base64 of URLs, with - and _ for + and /. It is signed up to a second later than asked for, so that it has one of these.",
    UnpaddedSignature "unpadded-signature" SignatureMalformed "The signature is base64 without its padding.",
    SpacedSignature "spaced-signature" SignatureMalformed "There is a space within the signature.",
    NonCanonicalSignature "non-canonical-signature" SignatureMalformed "The signature's last character has bits set that stand for nothing: a careless decoder reads the same 32 bytes.",
    HexSignature "hex-signature" SignatureMalformed "The signature is in lower-case hex.",
    ShortSignature "short-signature" SignatureMalformed "The signature is base64 of the right bytes but the last, 31.",
    LongSignature "long-signature" SignatureMalformed "The signature is base64 of the right bytes and a zero, 33.",
    YearsOld "years-old" TooOld "It was signed three years ago, and rightly so.",
    FromTheFuture "from-the-future" FromTheFuture "It is signed a day ahead, and rightly so.",
    UnreadableTimestamp "unreadable-timestamp" TimestampUnreadable "The timestamp is no moment that anybody could read. It is signed rightly.",
    CarriersDisagree "carriers-disagree" Ambiguous "It is signed in the body and in the headers: rightly where its product is, and with another key in the other place.",
    TwoMoments "two-moments" Ambiguous "It is signed in the body and in the headers, rightly both times, at moments a minute apart.",
    DuplicatedSignature "duplicated-signature" Ambiguous "There are two signatures. The one that a parser takes that doesn't look for another is right.",
    DuplicatedTimestamp "duplicated-timestamp" Ambiguous "There are two timestamps. The one that a parser takes that doesn't look for another is right.",
    DuplicatedResult "duplicated-result" Ambiguous "There are two result codes, or statuses, in the JSON, which disagree.",
    RespelledResult "respelled-result" Ambiguous "There is a second result code, or status, in another casing, which disagrees.",
    Oversized "oversized" TooLarge "There are 3 MiB of padding in it.",
    DeeplyNested "deeply-nested" NotJson "There are 100,000 arrays within each other in it, which overflow the stack of a careless parser.",
    Truncated "truncated" NotJson "The second half of the body is missing.",
    NotUtf8 "not-utf8" NotJson "There is a byte in it that is no UTF-8.",
    Empty "empty" NotJson "There is no body.",
    NotAnObject "not-an-object" NotJson "The body is an array with the callback in it.",
    TwoBodies "two-bodies" NotJson "The body is there twice, one behind the other.",
    Html "html" NotJson "The body is a gateway's error page, in HTML.",
}

/// What a sound receiver refuses a callback for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// For nothing: the callback can't be told from a right one by itself. That is why a callback is a hint, and the job's
    /// status has the last word.
    Undetected,
    /// There is no signature, or no timestamp that it could be over.
    SignatureMissing,
    /// The signature is not the standard base64, with padding, of 32 bytes.
    SignatureMalformed,
    /// The signature is of another key, partner or timestamp text.
    SignatureWrong,
    /// It was signed too long ago, and is perhaps a replay.
    TooOld,
    /// It is signed later than any clock can be wrong.
    FromTheFuture,
    /// There is no telling how old it is.
    TimestampUnreadable,
    /// It says two things about itself, and which of them counts is anybody's guess.
    Ambiguous,
    /// It is larger than any callback.
    TooLarge,
    /// It is no JSON object, or not one that can be read with care.
    NotJson,
}

impl Flaw {
    /// All of them.
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
