//! Nonce: a random value that is sent with a job and must come back with its results.

use std::fmt;

use serde_json::{Map, Value};

use crate::PartnerParams;
use crate::wire::tolerant;

/// Random value that is sent in a job's partner parameters and comes back with each of its results.
///
/// Whoever has seen callbacks of other jobs can sign a body of their own, but doesn't know this
/// job's nonce. It is no help against somebody who has seen a callback of this very job, or the
/// request.
///
/// ```
/// use smile_core::{JobId, Nonce, PartnerParams, UserId};
///
/// # let random = || [7; 16];
/// // 16 bytes from the system's source of randomness, such as `getrandom::fill`.
/// let nonce = Nonce::from_random(random());
/// let params = PartnerParams::new(UserId::new("customer-17"), JobId::new("kyc-17")).with_nonce(&nonce);
/// // Store it with the job; when the callback comes: `callback.check_nonce(&nonce)?`.
/// # let _ = params;
/// ```
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// The key among the partner's parameters.
    pub const KEY: &str = "nonce";

    /// Nonce from 16 bytes that nobody can guess.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Nonce from its text, 32 hexadecimal digits, as it was stored.
    pub fn from_text(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()?;
        let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        (digits.len() == 32).then(|| bytes.try_into().ok().map(Self)).flatten()
    }

    /// Text of the nonce: 32 hexadecimal digits. Whoever has it can make up callbacks for its job.
    pub fn to_text(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(crate) fn check(&self, echoed: Option<&Map<String, Value>>) -> Result<(), NonceError> {
        let echoed = echoed.and_then(|params| {
            (!tolerant::disagrees(params, Self::KEY)).then(|| tolerant::str(params, Self::KEY)).flatten()
        });
        let echoed = echoed.ok_or(NonceError::Missing)?;
        let echoed = Self::from_text(echoed).ok_or(NonceError::Wrong)?;
        // In constant time: every byte is looked at.
        let difference = self.0.iter().zip(echoed.0).fold(0, |all, (ours, theirs)| all | (ours ^ theirs));
        if std::hint::black_box(difference) == 0 { Ok(()) } else { Err(NonceError::Wrong) }
    }
}

impl PartnerParams {
    /// Sends this nonce along, to be compared with the one that comes back:
    /// [`Callback::check_nonce`](crate::Callback::check_nonce).
    #[must_use]
    pub fn with_nonce(self, nonce: &Nonce) -> Self {
        self.with_param(Nonce::KEY, nonce.to_text())
    }
}

impl From<Nonce> for String {
    fn from(nonce: Nonce) -> Self {
        nonce.to_text()
    }
}

impl TryFrom<String> for Nonce {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_text(&text).ok_or("a nonce is 32 hexadecimal digits")
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(redacted)")
    }
}

/// Reason that a returned nonce is not the one that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NonceError {
    /// There is no nonce. Either the job was sent without one, or somebody is making results up.
    #[error("the callback has no nonce")]
    Missing,
    /// The nonce is another one. Either it belongs to another job, or somebody is making results
    /// up.
    #[error("the callback has another nonce than the job")]
    Wrong,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_same_nonce_passes() {
        let nonce = Nonce::from_random(std::array::from_fn(|i| i as u8 * 17));
        let text = nonce.to_text();
        assert_eq!(text, "00112233445566778899aabbccddeeff");
        assert_eq!(Nonce::from_text(&text), Some(nonce.clone()));
        let check = |params: Value| nonce.check(params.as_object());
        assert_eq!(check(json!({ "nonce": text })), Ok(()));
        assert_eq!(check(json!({ "nonce": "00112233445566778899aabbccddeefe" })), Err(NonceError::Wrong));
        assert_eq!(check(json!({ "nonce": "0011" })), Err(NonceError::Wrong));
        assert_eq!(check(json!({ "nonce": text, "Nonce": "x" })), Err(NonceError::Missing));
        assert_eq!(check(json!({})), Err(NonceError::Missing));
        assert_eq!(check(json!(null)), Err(NonceError::Missing));
        for text in ["", "0", "001", "zz112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeff00"]
        {
            assert_eq!(Nonce::from_text(text), None, "{text}");
        }
        assert_eq!(serde_json::to_value(&nonce).unwrap(), json!(text));
        assert_eq!(serde_json::from_value::<Nonce>(json!(text)).unwrap(), nonce);
        assert!(!format!("{nonce:?}").contains("0011"));
    }
}
