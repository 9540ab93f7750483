//! `POST /v3/aml/sync`: whether a name is on a watch list, answered at once (Smile ID: the
//! description of the v3 API, `submitOneTimeAmlSync`).
//!
//! The one submission that the service recognises when it comes again: by the idempotency key. So
//! it is sent again, with the same key, after its answer was lost, and after a 408, which says that
//! the provider of the lists didn't answer, and isn't billed.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use super::one_time_aml::OneTimeAmlRequest;
use super::request::{post, set_header};
use super::sync_result::{Asked, SYNC_TIMEOUT, SyncResult};
use crate::operation::{Operation, OperationError, RepeatSafety, Step, TokenUse};
use crate::{JobKey, Partner, ProblemKind, SubmissionId, Timestamp, ValidationReport};

/// Looks for a person on watch lists, and waits for the result: up to a minute, unless the settings
/// say otherwise.
///
/// ```
/// use smile_core::v3::{Consent, IdempotencyKey, OneTimeAmlRequest, OneTimeAmlSyncRequest, UserDetails};
/// # use smile_core::Timestamp;
/// # let consent = Consent::new(true, Timestamp::default(), "EN", "https://bank.example/privacy");
///
/// let person = UserDetails::new("Nkechi", "Okafor").with_email("nkechi.okafor@example.com");
/// let check = OneTimeAmlRequest::new("Nkechi Okafor", ["NG"], consent, person);
/// let check = OneTimeAmlSyncRequest::new(check, IdempotencyKey::new("aml-2026-000017-first-check"));
/// ```
#[derive(Clone, Debug)]
pub struct OneTimeAmlSyncRequest {
    check: OneTimeAmlRequest,
    key: IdempotencyKey,
}

/// The key by which the service recognises a one-time AML check that comes again: 16 to 128
/// letters, digits, `-` and `_`.
///
/// Store it with the check before the first sending: after a crash the same check with the same key
/// costs nothing more. Another check needs another key, or it gets the first one's result.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// A key of the partner's own making. Its form is looked at before anything is sent.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key, as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_valid(&self) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (16..=128).contains(&self.0.len()) && self.0.bytes().all(is_plain)
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(…)")
    }
}

impl OneTimeAmlSyncRequest {
    /// A request for this check under this key. The check's callback address is stored for a replay
    /// alone.
    pub fn new(check: OneTimeAmlRequest, key: IdempotencyKey) -> Self {
        Self { check, key }
    }
}

impl Operation for OneTimeAmlSyncRequest {
    type Output = SyncResult;
    const STEP: Step = Step::OneTimeAmlSync;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut found = self.check.checked(partner);
        if !self.key.is_valid() {
            let rule = "must be 16 to 128 letters, digits, `-` and `_`";
            found.add("idempotency_key", ProblemKind::Malformed, rule);
        }
        found
    }

    fn check_at(&self, now: Timestamp) -> ValidationReport {
        self.check.checked_at(now)
    }

    fn token_use(&self) -> TokenUse {
        self.check.common.bound(Some("one_time_aml"))
    }

    fn default_timeout(&self) -> Option<Duration> {
        Some(SYNC_TIMEOUT)
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let mut request = post(partner, now, "/aml/sync", self.check.parts(partner));
        set_header(&mut request, "smileid-idempotency-key", self.key.as_str());
        request
    }

    fn parse(
        &self,
        partner: &Partner,
        sent_at: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<SyncResult, OperationError> {
        // The key may have been used by an earlier sending, with a submission id of its own.
        let asked = Asked {
            product: "one_time_aml",
            user_id: self.check.common.user_id.as_ref(),
            submission_id: None,
        };
        SyncResult::parse(partner, sent_at, response, &asked)
    }

    fn key(&self) -> Option<JobKey> {
        self.check.common.key(OneTimeAmlRequest::JOB_TYPE)
    }

    fn carries_submission_id(&self) -> bool {
        // The same check with the same key has the same bytes, whichever process sends it.
        false
    }

    fn name_submission(&mut self, _: &SubmissionId) {}
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{noon, partner};
    use crate::v3::testing::{consent, golden, john, signed};

    const KEY: &str = "aml-2026-000017-a";

    fn aml(key: &str) -> OneTimeAmlSyncRequest {
        OneTimeAmlSyncRequest::new(
            OneTimeAmlRequest::new("Nkechi Okafor", ["NG"], consent(), john()),
            IdempotencyKey::new(key),
        )
    }

    #[test]
    fn golden_request() {
        let lines = golden(&aml(KEY));
        assert_eq!(
            lines[..5],
            [
                "POST https://testapi.smileidentity.com/v3/aml/sync",
                "content-type: multipart/form-data",
                "smileid-idempotency-key: aml-2026-000017-a",
                r#"countries: ["NG"]"#,
                "full_name: Nkechi Okafor",
            ]
        );
    }

    #[test]
    fn the_same_check_at_the_same_moment_has_the_same_bytes() {
        assert_eq!(
            aml(KEY).request(&partner(), noon()).into_body(),
            aml(KEY).request(&partner(), noon()).into_body()
        );
    }

    #[test]
    fn a_key_has_16_to_128_plain_characters() {
        for (key, is_right) in [
            ("a".repeat(15), false),
            ("a".repeat(16), true),
            ("a".repeat(128), true),
            ("a".repeat(129), false),
            ("aml-2026-000017 a".to_owned(), false),
            ("é".repeat(16), false),
        ] {
            assert_eq!(aml(&key).check(&partner()).problems.is_empty(), is_right, "{key}");
        }
    }

    #[test]
    fn an_answer() {
        let body = json!({
            "status": "clear", "reason": null, "product": "one_time_aml", "no_of_persons_found": 0, "people": [],
            "message": "Screening completed: no matches found.", "strict_match": true,
        });
        let result = aml(KEY).parse(&partner(), noon(), &signed(200, &body)).unwrap();
        assert_eq!(result.webhook().aml().no_of_persons_found(), Some(0));
        assert!(!result.verdict().may_be_let_in(), "a name that is on no list lets nobody in");
    }
}
