//! The timestamp and the signature over it, right or broken.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smile_core::{ApiKey, Signer, Timestamp};

use crate::signed_callback::error::SignedCallbackError;
use crate::signed_callback::flaw::Flaw;

const THREE_YEARS: Duration = Duration::from_secs(3 * 365 * 24 * 60 * 60);
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The spelling of a timestamp. All of these occur, and the signature covers the text as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimestampSpelling {
    /// `2024-01-15T10:30:00.000Z`, as nearly all are.
    #[default]
    Iso,
    /// `2024-01-15T10:30:00.000000`, without a zone: UTC is meant.
    Zoneless,
    /// `"1705314600000"`, Unix milliseconds as text.
    MillisText,
    /// `1705314600000`, Unix milliseconds as a JSON number, as old accounts get them; text in a
    /// header.
    MillisNumber,
}

impl TimestampSpelling {
    fn text(self, at: Timestamp) -> String {
        match self {
            Self::Iso => at.to_string(),
            Self::Zoneless => at.to_string().replace('Z', "000"),
            Self::MillisText | Self::MillisNumber => at.unix_millis().to_string(),
        }
    }
}

/// The signer, the time, and its spelling.
#[derive(Clone, Copy)]
pub(super) struct Stamper<'a> {
    pub(super) signer: &'a Signer,
    pub(super) at: Timestamp,
    pub(super) spelling: TimestampSpelling,
}

/// A timestamp text with its signature.
pub(super) struct Stamp {
    pub(super) timestamp: String,
    pub(super) signature: String,
}

impl Stamper<'_> {
    /// Creates the stamp that the flaw asks for.
    pub(super) fn stamp(self, flaw: Option<Flaw>) -> Result<Stamp, SignedCallbackError> {
        let right = self.signed(self.at);
        let Some(flaw) = flaw else { return Ok(right) };
        Ok(match flaw {
            Flaw::OtherKey => self.with_other_key()?,
            // The signature covers timestamp and partner id, joined: characters appended to the one
            // are prepended to the other.
            Flaw::OtherPartner => {
                let signature = self.signer.sign_text(&format!("{}9", right.timestamp));
                Stamp { signature, ..right }
            }
            Flaw::OtherTimestampText => {
                let timestamp = match self.spelling {
                    TimestampSpelling::Iso => right.timestamp.replace('Z', "+00:00"),
                    _ => TimestampSpelling::Iso.text(self.at),
                };
                Stamp { timestamp, ..right }
            }
            Flaw::RefreshedTimestamp => {
                let signature = self.signed(before(self.at, THREE_YEARS)).signature;
                Stamp { signature, ..right }
            }
            Flaw::YearsOld => self.signed(before(self.at, THREE_YEARS)),
            Flaw::FromTheFuture => self.signed(self.at + A_DAY),
            Flaw::UnreadableTimestamp => {
                let timestamp = "a quarter past ten".to_owned();
                Stamp { signature: self.signer.sign_text(&timestamp), timestamp }
            }
            Flaw::UrlSafeSignature => self.with_special_characters().respelled(flaw),
            _ => right.respelled(flaw),
        })
    }

    /// Creates a stamp with no partner's key, or with that of another environment.
    pub(super) fn with_other_key(self) -> Result<Stamp, SignedCallbackError> {
        let key = ApiKey::new("a-key-that-no-partner-has")?;
        let signer = Signer::new(self.signer.partner_id().clone(), &key);
        Ok(Stamper { signer: &signer, ..self }.signed(self.at))
    }

    /// Creates a right stamp of a minute before.
    pub(super) fn a_minute_before(self) -> Stamp {
        self.signed(before(self.at, Duration::from_secs(60)))
    }

    fn signed(self, at: Timestamp) -> Stamp {
        let timestamp = self.spelling.text(at);
        Stamp { signature: self.signer.sign_text(&timestamp), timestamp }
    }

    /// Creates a stamp of the next millisecond whose signature differs between the two alphabets of
    /// base64.
    fn with_special_characters(self) -> Stamp {
        let mut later = (0..1_000).map(|millis| self.signed(self.at + Duration::from_millis(millis)));
        let found = later.find(|stamp| stamp.signature.contains(['+', '/']));
        found.unwrap_or_else(|| self.signed(self.at))
    }
}

impl Stamp {
    /// Respells the signature: the same bytes, or nearly so.
    fn respelled(self, flaw: Flaw) -> Self {
        let mut bytes = STANDARD.decode(&self.signature).unwrap_or_default();
        let signature = match flaw {
            Flaw::UrlSafeSignature => self.signature.replace('+', "-").replace('/', "_"),
            Flaw::UnpaddedSignature => self.signature.trim_end_matches('=').to_owned(),
            Flaw::SpacedSignature => {
                let (start, end) = self.signature.split_at(self.signature.len() / 2);
                format!("{start} {end}")
            }
            // 256 bits are 43 characters and leave two bits of the last over, so it stands at a
            // multiple of four in the alphabet, and the next one in the alphabet is the next one in
            // ASCII.
            Flaw::NonCanonicalSignature => {
                let mut text: Vec<char> = self.signature.trim_end_matches('=').chars().collect();
                if let Some(last) = text.last_mut() {
                    *last = char::from(*last as u8 + 1);
                }
                text.into_iter().chain(['=']).collect()
            }
            Flaw::HexSignature => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            Flaw::ShortSignature => {
                bytes.pop();
                STANDARD.encode(bytes)
            }
            Flaw::LongSignature => {
                bytes.push(0);
                STANDARD.encode(bytes)
            }
            _ => return self,
        };
        Self { signature, ..self }
    }
}

fn before(at: Timestamp, duration: Duration) -> Timestamp {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_unix_millis(at.unix_millis().saturating_sub(millis))
}
