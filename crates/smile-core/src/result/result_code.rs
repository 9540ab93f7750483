//! The code of a result.

use std::fmt;

use serde_json::Value;

/// A result code: four digits, as text (`0810`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResultCode(String);

impl ResultCode {
    /// Code from JSON. A number loses its leading zeros on the way, so it gets them back.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self(text.trim().to_owned())),
            Value::Number(number) => number.as_u64().map(|number| Self(format!("{number:04}"))),
            _ => None,
        }
    }

    /// Code from its stored digits.
    pub(super) fn of_digits(digits: &str) -> Self {
        Self(digits.to_owned())
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for digits. Anything else in this place is text, which may be anybody's.
    pub(crate) fn is_plain(&self) -> bool {
        (1..=8).contains(&self.0.len()) && self.0.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_plain() { &self.0 } else { "…" })
    }
}

impl fmt::Debug for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
