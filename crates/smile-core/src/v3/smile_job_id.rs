//! Smile ID's own id of a v3 job.

use std::fmt;

/// Smile ID's own id of a job of the v3 API: `job_` and 26 characters. The service makes it when it
/// accepts a submission; its status, its webhook and a replay go by it.
///
/// It is nothing personal, and `Debug` shows it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct SmileJobId(String);

impl SmileJobId {
    /// An id that the service has given. That it can be one is found before anything is sent.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id, as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the documented form: `job_` and 26 characters of lower-case base32.
    pub(crate) fn is_documented(&self) -> bool {
        let is_base32 =
            |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase() && !b"ilou".contains(&byte);
        let id = self.0.strip_prefix("job_");
        id.is_some_and(|id| id.len() == 26 && id.bytes().all(is_base32))
    }
}

impl fmt::Debug for SmileJobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What has another form may be anything.
        f.debug_tuple("SmileJobId").field(&if self.is_documented() { &self.0 } else { "…" }).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_id_of_the_documented_form_is_shown() {
        let id = SmileJobId::new("job_01h8x9y2z3a4b5c6d7e8f9g0h1");
        assert!(id.is_documented());
        assert_eq!(format!("{id:?}"), r#"SmileJobId("job_01h8x9y2z3a4b5c6d7e8f9g0h1")"#);
        for other in
            ["jane@example.com", "job_", "job_01H8X9Y2Z3A4B5C6D7E8F9G0H1", "job_01h8x9y2z3a4b5c6d7e8f9g0hu"]
        {
            assert_eq!(format!("{:?}", SmileJobId::new(other)), r#"SmileJobId("…")"#);
        }
    }
}
