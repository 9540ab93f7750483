//! Values that have to look random: derived from the seed, so that a run can be repeated byte for
//! byte.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The sandbox's own secret: the source of values that clients can't guess, such as reference ids
/// and URL signatures.
#[derive(Clone)]
pub(crate) struct Secret(Hmac<Sha256>);

impl Secret {
    pub(crate) fn new(api_key: &str, seed: u64) -> Self {
        let mut keyed =
            Hmac::<Sha256>::new_from_slice(api_key.as_bytes()).expect("HMAC takes a key of any length");
        keyed.update(&seed.to_be_bytes());
        Self(keyed)
    }

    /// 64 hex digits that depend on every part, and on the boundaries between parts.
    pub(crate) fn hex(&self, parts: &[&str]) -> String {
        self.mac(parts).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Letters and digits for the end of a reference id.
    pub(crate) fn base36(&self, parts: &[&str]) -> String {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        self.mac(parts)[..28].iter().map(|byte| char::from(DIGITS[usize::from(byte % 36)])).collect()
    }

    /// The signature of a web token: HMAC-SHA256 of this text, with a key that serves nothing else.
    pub(crate) fn sign_token(&self, content: &str) -> [u8; 32] {
        let key = self.mac(&["web token"]);
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
        mac.update(content.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn mac(&self, parts: &[&str]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_values_depend_on_key_seed_and_every_part() {
        let first = Secret::new("key", 1);
        let all = [
            first.hex(&["ab", "c"]),
            first.hex(&["a", "bc"]),
            first.hex(&["abc"]),
            Secret::new("key", 2).hex(&["ab", "c"]),
            Secret::new("other", 1).hex(&["ab", "c"]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert_eq!(one.len(), 64);
            assert!(!all[..at].contains(one));
        }
        assert_eq!(Secret::new("key", 1).hex(&["ab", "c"]), all[0]);
        assert_eq!(first.base36(&["ab"]).len(), 28);
    }
}
