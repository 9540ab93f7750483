//! Signatures: the one place that knows the MAC.
//!
//! `base64(HMAC-SHA256(api_key, timestamp ‖ partner_id ‖ "sid_request"))`, with the key as UTF-8
//! text and the timestamp as the very text that travels (Smile ID: "Generate signature"). The same
//! construction signs requests, job status answers and callbacks.
//!
//! **It does not cover the body.** Whoever has seen one signed pair can put it on another body, so
//! a signature says that its maker once held the key, and nothing about what came along with it.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::wire::names::stable_names;
use crate::{ApiKey, Environment, PartnerAccount, PartnerId, Timestamp};

/// Signer for one partner in one environment, which makes and confirms signatures.
///
/// ```
/// use smile_core::{ApiKey, PartnerId, Signer, Timestamp};
///
/// let signer = Signer::new(PartnerId::new("001")?, &ApiKey::new("test_api_key")?);
/// let signed = signer.sign(Timestamp::from_unix_millis(1_705_314_600_000));
/// assert_eq!(signed.timestamp(), "2024-01-15T10:30:00.000Z");
/// assert_eq!(signed.signature(), "74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc=");
/// assert!(signer.confirm(signed.timestamp(), signed.signature()).is_ok());
/// # Ok::<(), smile_core::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Signer {
    partner_id: PartnerId,
    key: Key,
    account: Option<Arc<PartnerAccount>>,
}

#[derive(Clone)]
enum Key {
    /// The key's two hash blocks, computed once; wiped on drop by the `zeroize` features of hmac
    /// and sha2.
    Hashed(Hmac<Sha256>),
    /// Key that may be another one at the next use.
    Asked(ApiKey),
}

fn hashed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

impl Signer {
    /// A signer for this partner and key, of no environment in particular.
    /// [`Partner::signer`](crate::Partner::signer) has one that belongs to the partner's
    /// environment.
    pub fn new(partner_id: PartnerId, api_key: &ApiKey) -> Self {
        let key = match api_key.is_fixed() {
            true => Key::Hashed(api_key.with_current(hashed)),
            false => Key::Asked(api_key.clone()),
        };
        Self { partner_id, key, account: None }
    }

    /// Same signer, of this environment.
    pub(crate) fn of_environment(self, environment: &Environment) -> Self {
        let account = PartnerAccount::new(self.partner_id.as_str(), environment.base_url());
        Self { account: Some(Arc::new(account)), ..self }
    }

    /// Same signer with the key that is in force now, so that several MACs ask for it once.
    fn now(&self) -> Self {
        match &self.key {
            Key::Hashed(_) => self.clone(),
            Key::Asked(key) => Self { key: Key::Hashed(key.with_current(hashed)), ..self.clone() },
        }
    }

    /// Account of the signer, if it is a [`Partner`](crate::Partner)'s.
    pub(crate) fn account(&self) -> Option<&Arc<PartnerAccount>> {
        self.account.as_ref()
    }

    /// Partner whose signatures these are.
    pub fn partner_id(&self) -> &PartnerId {
        &self.partner_id
    }

    /// Signs the text of a timestamp.
    pub fn sign(&self, at: Timestamp) -> SignedTimestamp {
        let timestamp = at.to_string();
        let signature = self.sign_text(&timestamp);
        SignedTimestamp { timestamp, signature }
    }

    /// Signs a timestamp in whatever spelling, as text, to the letter.
    pub fn sign_text(&self, timestamp: &str) -> String {
        STANDARD.encode(self.mac(self.partner_id.as_str(), timestamp).finalize().into_bytes())
    }

    /// Confirms a signature over the timestamp's text exactly as it was received, in constant time.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`] if it isn't the standard base64, with padding, of 32 bytes;
    /// [`SignatureError::Wrong`] if it was made with another key, for another partner or over
    /// another text.
    pub fn confirm(&self, timestamp: &str, signature: &str) -> Result<(), SignatureError> {
        self.confirm_as(self.partner_id.as_str(), timestamp, signature)
    }

    /// Confirms a signature over a timestamp that came as JSON.
    ///
    /// Old accounts send a number: its digits are tried first, then the ISO text of the moment it
    /// stands for, since the official SDKs disagree which of the two is signed.
    ///
    /// # Errors
    /// As [`Signer::confirm`].
    pub fn confirm_received(
        &self,
        timestamp: &ReceivedTimestamp,
        signature: &str,
    ) -> Result<(), SignatureError> {
        let now = self.now();
        let first = now.confirm(timestamp.as_str(), signature);
        match (first, timestamp.is_integer.then(|| Timestamp::parse(&timestamp.text)).flatten()) {
            (Err(SignatureError::Wrong), Some(moment)) => now.confirm(&moment.to_string(), signature),
            (outcome, _) => outcome,
        }
    }

    /// Confirms a signature over the timestamp and the partner id with or without its leading
    /// zeros: v3 writes the id of partners below 100 in either way.
    pub(crate) fn confirm_any_padding(&self, timestamp: &str, signature: &str) -> Result<(), SignatureError> {
        let bare = self.partner_id.as_str().trim_start_matches('0');
        let padded = format!("{bare:0>3}");
        let now = self.now();
        let mut outcome = now.confirm(timestamp, signature);
        for partner_id in [bare, &padded].into_iter().filter(|id| !id.is_empty()) {
            let other = now.confirm_as(partner_id, timestamp, signature);
            outcome = if outcome.is_ok() { outcome } else { other };
        }
        outcome
    }

    fn confirm_as(&self, partner_id: &str, timestamp: &str, signature: &str) -> Result<(), SignatureError> {
        let mut tag = [0; 33];
        match STANDARD.decode_slice(signature, &mut tag) {
            Ok(32) => {
                let mac = self.mac(partner_id, timestamp);
                mac.verify_slice(&tag[..32]).map_err(|_| SignatureError::Wrong)
            }
            _ => Err(SignatureError::Malformed),
        }
    }

    fn mac(&self, partner_id: &str, timestamp: &str) -> Hmac<Sha256> {
        let mut mac = match &self.key {
            Key::Hashed(hashed) => hashed.clone(),
            Key::Asked(key) => key.with_current(hashed),
        };
        mac.update(timestamp.as_bytes());
        mac.update(partner_id.as_bytes());
        mac.update(b"sid_request");
        mac
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("partner_id", &self.partner_id).finish_non_exhaustive()
    }
}

/// A timestamp's text and the signature over it, to be sent side by side.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedTimestamp {
    timestamp: String,
    signature: String,
}

impl SignedTimestamp {
    /// The text that was signed and must be sent.
    pub fn timestamp(&self) -> &str {
        &self.timestamp
    }

    /// The signature: 44 characters of base64.
    pub fn signature(&self) -> &str {
        &self.signature
    }
}

impl fmt::Debug for SignedTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedTimestamp").field("timestamp", &self.timestamp).finish_non_exhaustive()
    }
}

/// A timestamp as an answer or a callback carried it: its exact text, and whether it was a JSON
/// number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedTimestamp {
    text: String,
    is_integer: bool,
}

impl ReceivedTimestamp {
    /// Timestamp from the JSON value: a string, or a whole number.
    pub fn from_json(value: &serde_json::Value) -> Option<Self> {
        match value {
            serde_json::Value::String(text) => Some(Self { text: text.clone(), is_integer: false }),
            serde_json::Value::Number(number) if number.is_i64() || number.is_u64() => {
                Some(Self { text: number.to_string(), is_integer: true })
            }
            _ => None,
        }
    }

    pub(crate) fn from_text(text: &str) -> Self {
        Self { text: text.to_owned(), is_integer: false }
    }

    /// Text of the timestamp, as received.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Moment of the timestamp, if that can be read; see [`Timestamp::parse`].
    pub fn moment(&self) -> Option<Timestamp> {
        Timestamp::parse(&self.text)
    }
}

/// Reason that a signature is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// There is no signature, or no timestamp that it could be over.
    #[error("the signature or its timestamp is missing")]
    Missing,
    /// The signature isn't the standard base64, with padding, of 32 bytes: truncated, re-encoded,
    /// or something else altogether.
    #[error("the signature is malformed")]
    Malformed,
    /// The signature was made with another key, for another partner, or over another timestamp
    /// text. Usually the API key belongs to the other environment, or was rotated; otherwise
    /// somebody is making things up.
    #[error("the signature is wrong")]
    Wrong,
}

stable_names! { SignatureError:
    Self::Missing => "missing",
    Self::Malformed => "malformed",
    Self::Wrong => "wrong",
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn signer(partner_id: &str, api_key: &str) -> Signer {
        Signer::new(PartnerId::new(partner_id).unwrap(), &ApiKey::new(api_key).unwrap())
    }

    /// The first three are published in the official Java SDK's tests; the others were computed
    /// independently.
    const VECTORS: &[(&str, &str, &str, &str)] = &[
        ("partner", "apikey", "2023-03-09T21:35:00.279Z", "+S/hVtmFwynoroXQQbjOQ3/l+a5zshNldrQh/iBdxRQ="),
        ("partner", "apiKey", "2023-02-13T15:07:42.214Z", "XxThLHZy2ij1WINkqNEPgzVs9RvUDHWlebDYzprqS74="),
        ("partner", "apiKey", "2022-11-10T19:05:42.775Z", "tMPhsPdh3k3PejTNGG970gQSA41oO9/I3oERRlSSBUc="),
        ("001", "test_api_key", "2024-01-15T10:30:00.000Z", "74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc="),
        ("001", "test_api_key", "2024-01-15 10:30:00 +0000", "aQ/emGyV73y+NlqcTk5acCmMUwRt/1+8qhj27BnqFok="),
        (
            "001",
            "test_api_key",
            "2024-01-15T10:30:00.123456+00:00",
            "mZ8qqaiA+8LRsKt9W6JyiORa0oLUQOnZcKc5ij5ZUKM=",
        ),
        ("001", "test_api_key", "2024-01-15T10:30:00+00:00", "GCmfPe+RydpcesSAj5R9Qhuf/GCczaBsl974WEn6Xa0="),
        ("001", "test_api_key", "1705314600000", "wtmoBEFKKgKjeFoji5cb2sx+q/4553ZYCuNzGJ5DH2M="),
        ("1", "test_api_key", "2024-01-15T10:30:00.000Z", "dDBvOZXyzJalJc+xgveJNkWjtJXfKmjB3PyeRgTGTlg="),
        (
            "2245",
            "5bd7ef4f-0000-4000-8000-0123456789ab",
            "2026-11-22T00:00:00.000Z",
            "he2gYTXHUx8BJUBY/ZJSzITQntQ3BSOsR+dV8lL9714=",
        ),
    ];

    #[test]
    fn all_vectors_are_made_and_confirmed() {
        for (partner_id, api_key, timestamp, signature) in VECTORS {
            let signer = signer(partner_id, api_key);
            assert_eq!(signer.sign_text(timestamp), *signature);
            assert_eq!(signer.confirm(timestamp, signature), Ok(()));
        }
    }

    #[test]
    fn a_vector_confirms_nothing_but_itself() {
        for (partner_id, api_key, timestamp, signature) in VECTORS {
            let refused = Err(SignatureError::Wrong);
            assert_eq!(signer(partner_id, "another_key").confirm(timestamp, signature), refused);
            assert_eq!(signer("another", api_key).confirm(timestamp, signature), refused);
            assert_eq!(signer(partner_id, api_key).confirm(&timestamp.replace('0', "9"), signature), refused);
        }
    }

    #[test]
    fn only_the_canonical_base64_passes() {
        let (partner_id, api_key, timestamp, signature) = VECTORS[0];
        let signer = signer(partner_id, api_key);
        let other_last_bits = signature.replace("RQ=", "RR=");
        for variant in [
            "",
            "=",
            &signature[..43],
            &format!("{signature}="),
            &format!("{signature}\n"),
            &format!(" {signature}"),
            &format!("{signature}AAAA"),
            &signature.replace('+', "-").replace('/', "_"),
            &other_last_bits,
            "6f3d0d3bcb3f6f3d0d3bcb3f6f3d0d3bcb3f6f3d0d3bcb3f6f3d0d3bcb3f6f3d",
        ] {
            assert_eq!(signer.confirm(timestamp, variant), Err(SignatureError::Malformed), "{variant:?}");
        }
    }

    #[test]
    fn a_timestamp_number_is_confirmed_over_its_digits_and_over_its_moment() {
        let signer = signer("001", "test_api_key");
        let number = ReceivedTimestamp::from_json(&json!(1_705_314_600_000_u64)).unwrap();
        let text = ReceivedTimestamp::from_json(&json!("1705314600000")).unwrap();
        let over_digits = signer.sign_text("1705314600000");
        let over_moment = signer.sign_text("2024-01-15T10:30:00.000Z");
        assert_eq!(signer.confirm_received(&number, &over_digits), Ok(()));
        assert_eq!(signer.confirm_received(&number, &over_moment), Ok(()));
        assert_eq!(signer.confirm_received(&text, &over_digits), Ok(()));
        assert_eq!(signer.confirm_received(&text, &over_moment), Err(SignatureError::Wrong));
        for whole in [json!(0), json!(-1), json!(i64::MIN), json!(i64::MAX), json!(u64::MAX)] {
            assert_eq!(ReceivedTimestamp::from_json(&whole).unwrap().as_str(), whole.to_string());
        }
        for other in [json!(1.5), json!(null), json!(true), json!({}), json!([])] {
            assert_eq!(ReceivedTimestamp::from_json(&other), None);
        }
    }

    /// Key from a function, with the means to change it, and the number of times that it was asked
    /// for.
    fn asked_for() -> (ApiKey, impl Fn(&str), Arc<std::sync::atomic::AtomicUsize>) {
        let current = Arc::new(std::sync::Mutex::new(ApiKey::new("old").unwrap()));
        let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let (asked, counted) = (Arc::clone(&current), Arc::clone(&count));
        let key = ApiKey::from_fn(move || {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            asked.lock().unwrap().clone()
        });
        (key, move |text: &str| *current.lock().unwrap() = ApiKey::new(text).unwrap(), count)
    }

    #[test]
    fn a_key_from_a_function_is_the_one_of_the_moment_for_signing_and_confirming() {
        let (key, rotate, _) = asked_for();
        let asking = Signer::new(PartnerId::new("001").unwrap(), &key);
        let (old, new) = (signer("001", "old").sign_text("t"), signer("001", "new").sign_text("t"));
        assert_eq!(asking.sign_text("t"), old);
        assert_eq!(
            (asking.confirm("t", &old), asking.confirm("t", &new)),
            (Ok(()), Err(SignatureError::Wrong))
        );
        rotate("new");
        assert_eq!(asking.sign_text("t"), new);
        assert_eq!(
            (asking.confirm("t", &old), asking.confirm("t", &new)),
            (Err(SignatureError::Wrong), Ok(()))
        );
    }

    #[test]
    fn a_key_from_a_function_is_asked_for_once_for_each_use() {
        let (key, _, count) = asked_for();
        let asking = Signer::new(PartnerId::new("001").unwrap(), &key);
        let uses = || count.swap(0, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(uses(), 0, "not before it is used");
        let signed = asking.sign(Timestamp::from_unix_millis(0));
        assert_eq!(uses(), 1);
        let number = ReceivedTimestamp::from_json(&json!(0)).unwrap();
        asking.confirm_received(&number, signed.signature()).unwrap();
        assert_eq!(uses(), 1);
        asking.confirm_any_padding(signed.timestamp(), signed.signature()).unwrap();
        assert_eq!(uses(), 1);
    }

    #[test]
    fn debug_shows_neither_key_nor_signature() {
        let signer = signer("001", "test_api_key");
        let shown = format!("{signer:?} {:?}", signer.sign(Timestamp::from_unix_millis(0)));
        assert_eq!(
            shown,
            "Signer { partner_id: PartnerId(\"001\"), .. } \
             SignedTimestamp { timestamp: \"1970-01-01T00:00:00.000Z\", .. }"
        );
    }
}
