//! The checks of a consent, before anything is sent.

use crate::job::consent::Consent;
use crate::partner::environment::WebUrl;
use crate::{ProblemKind, Timestamp, ValidationReport};

impl ValidationReport {
    pub(crate) fn consent(&mut self, consent: &Consent) {
        if !consent.granted {
            let rule = "must be true: a person who has not consented can't be verified";
            self.add("consent.granted", ProblemKind::Conflict, rule);
        }
        let language = consent.language();
        if language.len() != 2 || !language.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let rule = "must be two letters (ISO 639-1), such as `EN`";
            self.add("consent.notice_language", ProblemKind::Malformed, rule);
        }
        self.https_url("consent.notice_privacy_policy_url", &consent.notice_privacy_policy_url);
    }

    pub(crate) fn consent_at(&mut self, consent: &Consent, now: Timestamp) {
        if consent.granted_at > now {
            let rule = "must not be in the future: look at the clock of the machine that wrote it down";
            self.add("consent.granted_at", ProblemKind::Malformed, rule);
        }
    }

    /// The address of a page that is read over https alone.
    pub(crate) fn https_url(&mut self, field: &str, url: &str) {
        if url.trim().is_empty() {
            return self.add(field, ProblemKind::Missing, "must not be empty");
        }
        match WebUrl::typed(url) {
            Err(rule) => self.add(field, ProblemKind::Malformed, rule),
            Ok(web) if !web.is_https() => {
                self.add(field, ProblemKind::Malformed, "must begin with `https://`");
            }
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::testing::noon;

    const POLICY: &str = "https://example.com/privacy";

    fn problems(consent: &Consent) -> Vec<String> {
        let mut found = ValidationReport::default();
        found.consent(consent);
        found.consent_at(consent, noon());
        found.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn language_is_sent_in_capitals_whatever_its_case() {
        let consent = Consent::new(true, noon(), " fr", POLICY);
        assert_eq!(problems(&consent), [""; 0]);
        assert_eq!(
            serde_json::to_string(&consent).unwrap(),
            r#"{"granted":true,"granted_at":"2024-01-15T10:30:00.000Z","notice_language":"FR","notice_privacy_policy_url":"https://example.com/privacy"}"#
        );
    }

    #[test]
    fn consent_that_was_not_granted_is_refused() {
        let found = problems(&Consent::new(false, noon(), "EN", POLICY));
        assert_eq!(
            found,
            ["`consent.granted` must be true: a person who has not consented can't be verified"]
        );
    }

    #[test]
    fn consent_from_the_future_is_refused() {
        let later = Timestamp::from_unix_millis(noon().unix_millis() + 1);
        let found = problems(&Consent::new(true, later, "EN", POLICY));
        assert!(found[0].starts_with("`consent.granted_at` must not be in the future"), "{found:?}");
    }

    #[test]
    fn a_language_that_is_not_two_letters_is_refused() {
        for language in ["", "E", "ENG", "en-GB", "é", "1N"] {
            let found = problems(&Consent::new(true, noon(), language, POLICY));
            assert_eq!(
                found,
                ["`consent.notice_language` must be two letters (ISO 639-1), such as `EN`"],
                "{language}"
            );
        }
    }

    #[test]
    fn a_policy_that_is_not_https_is_refused() {
        for (url, rule) in [
            ("", "must not be empty"),
            ("http://example.com/privacy", "must begin with `https://`"),
            ("example.com", "must be an absolute URL"),
            ("https://user@example.com/", "must not have a user"),
            ("https://example.com/ privacy", "must not contain a space"),
        ] {
            let found = problems(&Consent::new(true, noon(), "EN", url));
            let expected = format!("`consent.notice_privacy_policy_url` {rule}");
            assert!(found.len() == 1 && found[0].starts_with(&expected), "{url}: {found:?}");
        }
    }
}
