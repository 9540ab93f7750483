//! Credentials of a partner: the partner id and the API key.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::problem::ConfigError;
use crate::wire::characters::{self, Rule};

/// The partner id, as the portal shows it. It is text: `001` and `1` are different partners.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartnerId(Box<str>);

impl PartnerId {
    /// Partner id from its text. Refuses what is empty and what has blanks, quotes, control or
    /// full-width characters, or such as can't be seen, in it.
    ///
    /// # Errors
    /// Names `partner_id`, the rule, and the character with its place.
    pub fn new(id: impl Into<String>) -> Result<Self, ConfigError> {
        checked("partner_id", id.into()).map(|id| Self(id.as_str().into()))
    }

    /// The id, as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Id as the v3 API takes it: without the zeros that the portal puts in front. `None` if it
    /// isn't digits then, or nothing is left.
    pub(crate) fn unpadded(&self) -> Option<&str> {
        let id = self.0.trim_start_matches('0');
        (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
    }
}

impl fmt::Display for PartnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The API key of one environment, as the portal shows it. Sandbox and production have different
/// keys.
///
/// It is text, or a function that is asked for the current key at each use, so that keys are
/// rotated without a restart. Text is wiped from memory when it is dropped, and no `Debug` or error
/// shows it.
#[derive(Clone)]
pub struct ApiKey(Source);

#[derive(Clone)]
enum Source {
    Text(Zeroizing<String>),
    Function(Arc<dyn Fn() -> ApiKey + Send + Sync>),
}

impl ApiKey {
    /// Key from its text. Refuses what is empty and what has blanks, quotes, control or full-width
    /// characters, or such as can't be seen, in it.
    ///
    /// The key is used as text: it is never decoded, even if it looks like base64.
    ///
    /// # Errors
    /// Names `api_key`, the rule, and the character with its place; never shows the key.
    pub fn new(key: impl Into<String>) -> Result<Self, ConfigError> {
        checked("api_key", key.into()).map(|text| Self(Source::Text(text)))
    }

    /// Key that is asked for at each use: each signature that is made, and each that is confirmed.
    ///
    /// The function is called on the thread that signs, so it must not wait for a network or a
    /// disk: fetch a new key elsewhere, and return the one that was fetched last. An answer that
    /// the service signed with the key before, and that is read after the change, is refused as one
    /// with a wrong signature.
    ///
    /// ```
    /// use std::sync::{Arc, PoisonError, RwLock};
    /// use smile_core::{ApiKey, Environment, Partner};
    ///
    /// let current = Arc::new(RwLock::new(ApiKey::new("the-old-key")?));
    /// let asked = Arc::clone(&current);
    /// let key = ApiKey::from_fn(move || asked.read().unwrap_or_else(PoisonError::into_inner).clone());
    /// let partner = Partner::new("2245", key, Environment::Sandbox)?;
    ///
    /// // Whenever the secret store has another one:
    /// *current.write().unwrap_or_else(PoisonError::into_inner) = ApiKey::new("the-new-key")?;
    /// # let now = smile_core::Timestamp::from_unix_millis(0);
    /// # let new = Partner::new("2245", "the-new-key", Environment::Sandbox)?;
    /// # assert_eq!(partner.signer().sign(now).signature(), new.signer().sign(now).signature());
    /// # Ok::<(), smile_core::ConfigError>(())
    /// ```
    pub fn from_fn(current: impl Fn() -> Self + Send + Sync + 'static) -> Self {
        Self(Source::Function(Arc::new(current)))
    }

    /// Result of a function over the text that is in force now.
    pub(crate) fn with_current<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        match &self.0 {
            Source::Text(text) => read(text.as_bytes()),
            Source::Function(current) => current().with_current(read),
        }
    }

    /// True if the key is the same at each use.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self.0, Source::Text(_))
    }
}

impl TryFrom<&str> for ApiKey {
    type Error = ConfigError;

    /// # Errors
    /// As [`ApiKey::new`].
    fn try_from(key: &str) -> Result<Self, ConfigError> {
        Self::new(key)
    }
}

impl TryFrom<&String> for ApiKey {
    type Error = ConfigError;

    /// # Errors
    /// As [`ApiKey::new`].
    fn try_from(key: &String) -> Result<Self, ConfigError> {
        Self::new(key)
    }
}

impl TryFrom<String> for ApiKey {
    type Error = ConfigError;

    /// # Errors
    /// As [`ApiKey::new`].
    fn try_from(key: String) -> Result<Self, ConfigError> {
        Self::new(key)
    }
}

/// Conversion for keys that have been read already, which can't fail.
impl From<Infallible> for ConfigError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_fixed() { "ApiKey(redacted)" } else { "ApiKey(from a function)" })
    }
}

fn checked(field: &'static str, value: String) -> Result<Zeroizing<String>, ConfigError> {
    let value = Zeroizing::new(value);
    if value.is_empty() {
        return Err(ConfigError::missing(field));
    }
    match characters::refused(&value, Rule::Code) {
        Some(rule) => Err(ConfigError::malformed(field, &rule)),
        None => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_padded_values_are_refused_by_name() {
        assert_eq!(PartnerId::new("").unwrap_err().to_string(), "`partner_id` must not be empty");
        assert_eq!(ApiKey::new("").unwrap_err().to_string(), "`api_key` must not be empty");
        for padded in [" ", "key\n", " key", "k\u{a0}y", "k\0y"] {
            assert!(ApiKey::new(padded).unwrap_err().to_string().starts_with("`api_key` must not contain"));
            assert!(PartnerId::new(padded).is_err());
        }
    }

    #[test]
    fn what_came_along_when_it_was_copied_is_named() {
        for (text, named) in [
            ("\u{FEFF}key", "a byte order mark (U+FEFF) at its start"),
            ("key\r\n", "a carriage return (U+000D) within it"),
            ("\"key\"", "a quotation mark (U+0022) at its start"),
            ("k\u{200B}ey", "a zero-width space (U+200B) within it"),
            ("００1", "a full-width digit (U+FF10) at its start"),
        ] {
            let said = ApiKey::new(text).unwrap_err().to_string();
            assert_eq!(said, format!("`api_key` must not contain {named}: take it out"));
            assert!(PartnerId::new(text).unwrap_err().to_string().contains(named));
        }
    }

    #[test]
    fn leading_zeros_stay() {
        assert_eq!(PartnerId::new("001").unwrap().as_str(), "001");
        assert_ne!(PartnerId::new("001").unwrap(), PartnerId::new("1").unwrap());
    }

    #[test]
    fn v3_takes_the_id_without_leading_zeros_and_only_digits() {
        let of = |id: &str| PartnerId::new(id).unwrap().unpadded().map(str::to_owned);
        assert_eq!(["002", "2", "2245", "0100"].map(of), ["2", "2", "2245", "100"].map(|id| Some(id.into())));
        assert_eq!(["000", "0", "a1", "1٢3"].map(of), [None, None, None, None]);
    }

    #[test]
    fn the_key_is_not_shown() {
        let key = ApiKey::new("5bd7ef4f").unwrap();
        assert_eq!(format!("{key:?}"), "ApiKey(redacted)");
        assert_eq!(format!("{:?}", ApiKey::from_fn(move || key.clone())), "ApiKey(from a function)");
    }
}
