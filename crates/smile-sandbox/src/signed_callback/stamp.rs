//! The timestamp and the signature over it, right or not.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smile_core::{ApiKey, SignedTimestamp, Signer, Timestamp};

use super::{Flaw, SignedCallbackError};

const THREE_YEARS: Duration = Duration::from_secs(3 * 365 * 24 * 60 * 60);
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What is sent side by side.
pub(super) struct Stamp {
    pub(super) timestamp: String,
    pub(super) signature: String,
}

impl From<SignedTimestamp> for Stamp {
    fn from(signed: SignedTimestamp) -> Self {
        Self { timestamp: signed.timestamp().to_owned(), signature: signed.signature().to_owned() }
    }
}

impl Stamp {
    /// As the flaw has it.
    pub(super) fn new(
        signer: &Signer,
        at: Timestamp,
        flaw: Option<Flaw>,
    ) -> Result<Self, SignedCallbackError> {
        let right = Self::from(signer.sign(at));
        let Some(flaw) = flaw else { return Ok(right) };
        Ok(match flaw {
            Flaw::OtherKey => Self::of_other_key(signer, at)?,
            // The signature is over timestamp and partner id, one behind the other: what is appended to the one is
            // prepended to the other.
            Flaw::OtherPartner => {
                let signature = signer.sign_text(&format!("{}9", right.timestamp));
                Self { signature, ..right }
            }
            Flaw::OtherTimestampText => {
                let timestamp = right.timestamp.replace('Z', "+00:00");
                Self { timestamp, ..right }
            }
            Flaw::RefreshedTimestamp => {
                let old = signer.sign(before(at, THREE_YEARS));
                Self { signature: old.signature().to_owned(), ..right }
            }
            Flaw::YearsOld => signer.sign(before(at, THREE_YEARS)).into(),
            Flaw::FromTheFuture => signer.sign(at + A_DAY).into(),
            Flaw::UnreadableTimestamp => {
                let timestamp = "a quarter past ten".to_owned();
                Self { signature: signer.sign_text(&timestamp), timestamp }
            }
            Flaw::UrlSafeSignature => Self::with_special_characters(signer, at).respelled(flaw),
            _ => right.respelled(flaw),
        })
    }

    /// Of somebody who has no key, or that of another environment.
    pub(super) fn of_other_key(signer: &Signer, at: Timestamp) -> Result<Self, SignedCallbackError> {
        let key = ApiKey::new("a-key-that-no-partner-has")?;
        Ok(Signer::new(signer.partner_id().clone(), &key).sign(at).into())
    }

    /// Right, of a minute before.
    pub(super) fn of_another_moment(signer: &Signer, at: Timestamp) -> Self {
        signer.sign(before(at, Duration::from_secs(60))).into()
    }

    /// Of the first millisecond from then on in whose signature the two alphabets of base64 differ.
    fn with_special_characters(signer: &Signer, at: Timestamp) -> Self {
        let later = (0..1_000).map(|millis| signer.sign(at + Duration::from_millis(millis)));
        let differs = |signed: &SignedTimestamp| signed.signature().contains(['+', '/']);
        let mut signed = later.clone().filter(differs);
        signed.next().unwrap_or_else(|| signer.sign(at)).into()
    }

    /// The same bytes, or nearly so, in another spelling.
    fn respelled(self, flaw: Flaw) -> Self {
        let mut bytes = STANDARD.decode(&self.signature).unwrap_or_default();
        let signature = match flaw {
            Flaw::UrlSafeSignature => self.signature.replace('+', "-").replace('/', "_"),
            Flaw::UnpaddedSignature => self.signature.trim_end_matches('=').to_owned(),
            Flaw::SpacedSignature => {
                let (start, end) = self.signature.split_at(self.signature.len() / 2);
                format!("{start} {end}")
            }
            // 256 bits are 43 characters and leave two bits of the last over, so it stands at a multiple of four in the
            // alphabet, and the next one in the alphabet is the next one in ASCII.
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
