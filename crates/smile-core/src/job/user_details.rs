//! Details of the person to verify, as in every v3 submission.

use std::fmt;

use serde::Serialize;

/// Details of the person to verify: names, and an e-mail address or a phone number (Smile ID: the
/// description of the v3 API, `UserDetails`).
///
/// At least one of e-mail and phone number is needed. It is all personal, so `Debug` shows nothing
/// of it.
///
/// ```
/// use smile_core::v3::UserDetails;
///
/// let details = UserDetails::new("Amina Fatou", "Clearwater").with_email("amina.clearwater@example.com");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct UserDetails {
    pub(crate) given_names: String,
    pub(crate) last_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone_number: Option<String>,
}

impl UserDetails {
    /// Details of a person with these names.
    pub fn new(given_names: impl Into<String>, last_name: impl Into<String>) -> Self {
        Self { given_names: given_names.into(), last_name: last_name.into(), email: None, phone_number: None }
    }

    /// Sets the person's e-mail address.
    #[must_use]
    pub fn with_email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Sets the person's phone number in international form (E.164), such as `+2348012345678`.
    #[must_use]
    pub fn with_phone_number(mut self, phone_number: impl Into<String>) -> Self {
        self.phone_number = Some(phone_number.into());
        self
    }
}

impl fmt::Debug for UserDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserDetails")
            .field("has_email", &self.email.is_some())
            .field("has_phone_number", &self.phone_number.is_some())
            .finish_non_exhaustive()
    }
}
