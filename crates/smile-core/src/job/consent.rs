//! A person's consent, which every v3 submission carries.

use std::fmt;

use serde::Serialize;

use crate::Timestamp;

/// A person's consent to be verified (Smile ID: the description of the v3 API, `Consent`). It is
/// the partner's own record of what the person agreed to, and when.
///
/// Before anything is sent, these are looked at: that it was granted, and not in the future; the
/// language, two letters in any case; and the policy's address, which is https.
///
/// ```
/// use smile_core::Timestamp;
/// use smile_core::v3::Consent;
///
/// let granted_at = Timestamp::parse("2026-03-06T12:00:00Z").expect("it is a moment");
/// let consent = Consent::new(true, granted_at, "en", "https://bank.example/privacy");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Consent {
    pub(crate) granted: bool,
    pub(crate) granted_at: Timestamp,
    pub(crate) notice_language: String,
    pub(crate) notice_privacy_policy_url: String,
}

#[derive(Serialize)]
struct Wire<'a> {
    granted: bool,
    granted_at: String,
    notice_language: String,
    notice_privacy_policy_url: &'a str,
}

impl Consent {
    /// Record of consent: its answer and time, the language of the notice (two letters, such as
    /// `EN`), and the address of the privacy policy.
    pub fn new(
        granted: bool,
        granted_at: Timestamp,
        notice_language: impl Into<String>,
        notice_privacy_policy_url: impl Into<String>,
    ) -> Self {
        Self {
            granted,
            granted_at,
            notice_language: notice_language.into(),
            notice_privacy_policy_url: notice_privacy_policy_url.into(),
        }
    }

    /// Time of the consent.
    pub fn granted_at(&self) -> Timestamp {
        self.granted_at
    }

    pub(crate) fn language(&self) -> String {
        self.notice_language.trim().to_ascii_uppercase()
    }
}

impl Serialize for Consent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = Wire {
            granted: self.granted,
            granted_at: self.granted_at.to_string(),
            notice_language: self.language(),
            notice_privacy_policy_url: &self.notice_privacy_policy_url,
        };
        wire.serialize(serializer)
    }
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consent")
            .field("granted", &self.granted)
            .field("granted_at", &self.granted_at)
            .finish_non_exhaustive()
    }
}
