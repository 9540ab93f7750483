//! The answer of the two endpoints that wait for the result: what a webhook would say, with a
//! signature in its headers.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::envelope::{JOB_ID_HEADER, object};
use super::smile_job_id::SmileJobId;
use super::webhook::{HeaderIds, Webhook};
use crate::operation::OperationError;
use crate::result::{ResultEntry, UnknownReason, Verdict};
use crate::wire::header::only_header;
use crate::{Partner, PartnerAccount, ReceivedTimestamp, SignatureError, SubmissionId, Timestamp, UserId};

/// The time limit of an answer with a result, unless the settings have their own.
pub(crate) const SYNC_TIMEOUT: Duration = Duration::from_secs(60);

/// The request that the answer belongs to.
pub(crate) struct Asked<'a> {
    pub(crate) product: &'static str,
    pub(crate) user_id: Option<&'a UserId>,
    pub(crate) submission_id: Option<&'a SubmissionId>,
}

/// A result that came as the answer itself, confirmed by the signature in its headers.
///
/// One that fails the signature is an error, and the error [keeps it](OperationError::answer): it
/// was paid for.
#[derive(Clone, PartialEq)]
pub struct SyncResult {
    entry: ResultEntry,
    ids: HeaderIds,
    product: &'static str,
    timestamp: ReceivedTimestamp,
    is_timely: bool,
    account: PartnerAccount,
}

impl SyncResult {
    pub(crate) fn parse(
        partner: &Partner,
        sent_at: Timestamp,
        response: &Response<Bytes>,
        asked: &Asked<'_>,
    ) -> Result<Self, OperationError> {
        let fields = object(response)?;
        let timestamp = confirm(partner, response)?;
        let entry = ResultEntry::new(fields);
        if !Webhook::is_one(&entry) {
            return Err(OperationError::unexpected(response, "has no result in it"));
        }
        let ids = HeaderIds::of_answer(response.headers(), JOB_ID_HEADER)
            .map_err(|_| OperationError::unexpected(response, "names its job or user twice"))?;
        let is_timely = partner.is_timely(sent_at, &timestamp);
        let result =
            Self { entry, ids, product: asked.product, timestamp, is_timely, account: partner.account() };
        let is_of_other_user = asked
            .user_id
            .is_some_and(|asked| result.webhook().user_id().is_some_and(|user| user != asked.as_str()));
        let is_of_other_submission = asked.submission_id.is_some_and(|id| {
            result.entry.partner_params().get(SubmissionId::PARTNER_PARAM).is_some()
                && !id.is_named_by(&result.entry)
        });
        if is_of_other_user || is_of_other_submission {
            return Err(OperationError::wrong_job(response));
        }
        Ok(result)
    }

    /// The content of the result, as a webhook would have it.
    pub fn webhook(&self) -> Webhook<'_> {
        Webhook::of_answer(&self.entry, &self.ids, self.product)
    }

    /// The verdict, as [`Webhook::verdict`]; unknown if the answer was signed at another time than
    /// that of the request.
    pub fn verdict(&self) -> Verdict {
        if self.is_timely {
            self.webhook().verdict()
        } else {
            Verdict::unknown(None, UnknownReason::OtherTime)
        }
    }

    /// Smile ID's own id of the job.
    pub fn job_id(&self) -> Option<SmileJobId> {
        self.webhook().job_id().map(SmileJobId::new)
    }

    /// The fields.
    pub fn entry(&self) -> &ResultEntry {
        &self.entry
    }

    /// The time of the signature.
    pub fn timestamp(&self) -> &ReceivedTimestamp {
        &self.timestamp
    }

    /// The partner and the environment of the request.
    pub fn account(&self) -> &PartnerAccount {
        &self.account
    }
}

impl fmt::Debug for SyncResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncResult").field("status", &self.webhook().status()).finish_non_exhaustive()
    }
}

/// Checks the answer's signature, and returns its time.
fn confirm(partner: &Partner, response: &Response<Bytes>) -> Result<ReceivedTimestamp, OperationError> {
    let refuse = |error| OperationError::signature(response, error);
    let text = |name| {
        let value = only_header(response.headers(), name).ok().flatten();
        value.and_then(|value| value.to_str().ok()).ok_or_else(|| refuse(SignatureError::Missing))
    };
    let (timestamp, signature) = (text("response-timestamp")?, text("response-signature")?);
    partner.signer().confirm_any_padding(timestamp, signature).map_err(refuse)?;
    Ok(ReceivedTimestamp::from_text(timestamp))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Decision;
    use crate::operation::testing::{answer, noon, partner};
    use crate::v3::testing::{JOB, signed};

    fn asked(user_id: Option<&UserId>) -> Asked<'_> {
        Asked { product: "biometric_kyc", user_id, submission_id: None }
    }

    fn clear() -> Value {
        json!({ "job_id": JOB, "user_id": "user-1", "status": "clear", "message": "Verified", "kyc_receipt": "https://receipts.example/?token=t" })
    }

    #[test]
    fn a_signed_answer_is_the_result() {
        let result = SyncResult::parse(&partner(), noon(), &signed(200, &clear()), &asked(None)).unwrap();
        assert_eq!(result.job_id(), Some(SmileJobId::new(JOB)));
        assert!(result.verdict().is_approved(), "the product is the one that was asked for");
        assert!(!format!("{result:?} {:?}", result.webhook()).contains("token"));
    }

    #[test]
    fn an_answer_whose_signature_fails_is_kept_and_not_believed() {
        let body = clear();
        let mut wrong = signed(200, &body);
        wrong.headers_mut().insert("response-timestamp", "2024-01-15T10:30:00.001Z".parse().unwrap());
        for response in [wrong, answer(200, &body)] {
            let error = SyncResult::parse(&partner(), noon(), &response, &asked(None)).unwrap_err();
            assert!(matches!(error, OperationError::Signature { .. }), "{error}");
            assert_eq!(error.answer().unwrap(), &body.to_string());
            assert!(!error.certainly_not_done());
        }
    }

    #[test]
    fn an_answer_of_another_time_decides_nothing() {
        let later = Timestamp::from_unix_millis(noon().unix_millis() + 2 * 3_600_000);
        let result = SyncResult::parse(&partner(), later, &signed(200, &clear()), &asked(None)).unwrap();
        assert_eq!(
            (result.verdict().decision(), result.verdict().unknown_reason()),
            (Decision::Unknown, Some(UnknownReason::OtherTime))
        );
    }

    #[test]
    fn an_answer_about_another_user_is_refused() {
        let user = UserId::new("user-2");
        let error =
            SyncResult::parse(&partner(), noon(), &signed(200, &clear()), &asked(Some(&user))).unwrap_err();
        assert!(matches!(error, OperationError::WrongJob { .. }));
    }

    #[test]
    fn an_answer_about_another_product_is_a_contradiction() {
        let mut body = clear();
        body["product"] = json!("enhanced_kyc");
        let result = SyncResult::parse(&partner(), noon(), &signed(200, &body), &asked(None)).unwrap();
        assert_eq!(result.verdict().unknown_reason(), Some(UnknownReason::Contradiction));
    }
}
