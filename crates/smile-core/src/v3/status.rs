//! `GET /v3/status/{job_id}`: the word for what has become of a job (Smile ID: the description of
//! the v3 API, `getVerificationStatus`). It only reads.
//!
//! It is a word and no more: no reason, no record and no people. Those come by webhook.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::Map;
use serde_json::Value;

use super::envelope::{readable, refusal};
use super::request::get;
use super::smile_job_id::SmileJobId;
use crate::catalogue::webhook_status::WebhookStatus;
use crate::catalogue::webhook_words::{LooksAt, looks_at};
use crate::operation::{Operation, OperationError, RepeatSafety, Step, TokenUse, refuse_compressed, segment};
use crate::result::{NextStep, UnknownReason, Verdict};
use crate::wire::tolerant;
use crate::{Partner, PartnerAccount, ProblemKind, Timestamp, UserId, ValidationReport};

/// Asks for the word for what has become of a job.
#[derive(Clone, Debug)]
pub struct StatusRequest {
    job_id: SmileJobId,
    user_id: Option<UserId>,
}

impl StatusRequest {
    /// Asks about the job that the service has under this id of its own.
    pub fn new(job_id: SmileJobId) -> Self {
        Self { job_id, user_id: None }
    }

    /// The user whom the job must be about: an answer about another one is an error.
    #[must_use]
    pub fn with_user_id(mut self, user_id: UserId) -> Self {
        self.user_id = Some(user_id);
        self
    }
}

impl Operation for StatusRequest {
    type Output = Status;
    const STEP: Step = Step::VerificationStatus;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Free
    }

    fn check(&self, _: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        found.path_segment("job_id", self.job_id.as_str());
        if found.problems.is_empty() && !self.job_id.is_documented() {
            let rule = "is not of the documented form, `job_` and 26 characters: is it the partner's own id of the job?";
            found.warn("job_id", ProblemKind::Malformed, rule);
        }
        found
    }

    fn token_use(&self) -> TokenUse {
        TokenUse::Shared
    }

    fn request(&self, partner: &Partner, _: Timestamp) -> Request<Bytes> {
        get(partner, &format!("/status/{}", segment(self.job_id.as_str())))
    }

    fn parse(
        &self,
        partner: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Status, OperationError> {
        refuse_compressed(response)?;
        let http = response.status();
        if !http.is_success() && http != StatusCode::NOT_FOUND {
            return Err(refusal(response).into());
        }
        let fields = match readable(response) {
            Ok(fields) => fields,
            Err(_) if http == StatusCode::NOT_FOUND => return Err(refusal(response).into()),
            Err(error) => return Err(error),
        };
        let named = tolerant::text(&fields, "job_id");
        let names_it = named.as_deref() == Some(self.job_id.as_str());
        let word = tolerant::str(&fields, "status").map(|word| word.trim().to_ascii_lowercase());
        let word = match (http.as_u16(), word.as_deref()) {
            // A gateway's 404 is about a path; the service's is about this job.
            (404, Some("not_found")) if names_it => StatusWord::NotFound,
            (404, _) => return Err(refusal(response).into()),
            (_, None) => return Err(OperationError::unexpected(response, "has no status")),
            (_, Some("processing")) => StatusWord::Processing,
            (_, Some("not_found")) => StatusWord::NotFound,
            // Only a 200 is documented to decide.
            (200, Some(word)) => match WebhookStatus::from_word(word) {
                WebhookStatus::Unknown => StatusWord::Unknown,
                decision => StatusWord::Decided(decision),
            },
            _ => StatusWord::Unknown,
        };
        if named.is_none() {
            return Err(OperationError::unexpected(response, "names no job"));
        }
        let user_id = tolerant::text(&fields, "user_id");
        let is_of_other =
            matches!((&self.user_id, &user_id), (Some(asked), Some(user)) if asked.as_str() != user);
        // A job that isn't found yet has no user: the service says `unknown`.
        if !names_it || is_of_other && word != StatusWord::NotFound {
            return Err(OperationError::wrong_job(response));
        }
        Ok(Status {
            word,
            job_id: self.job_id.clone(),
            user_id: user_id.filter(|_| word != StatusWord::NotFound).map(UserId::new),
            account: partner.account(),
            fields: fields.into_map(),
        })
    }
}

/// The word for what has become of a job.
#[derive(Clone, PartialEq)]
pub struct Status {
    word: StatusWord,
    job_id: SmileJobId,
    user_id: Option<UserId>,
    account: PartnerAccount,
    fields: Map<String, Value>,
}

/// The meaning of a status's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusWord {
    /// `processing`: there is no result yet.
    Processing,
    /// `not_found`. For a while after a submission that says nothing.
    NotFound,
    /// There is a result, and this is its word.
    Decided(WebhookStatus),
    /// A word that isn't known. It is neither a result nor an end.
    Unknown,
}

impl Status {
    /// The meaning of the word.
    pub fn word(&self) -> StatusWord {
        self.word
    }

    /// The job of the request, which the answer names as well.
    pub fn job_id(&self) -> &SmileJobId {
        &self.job_id
    }

    /// The user whom the answer says that the job is about.
    pub fn user_id(&self) -> Option<&UserId> {
        self.user_id.as_ref()
    }

    /// The partner and the environment of the request.
    pub fn account(&self) -> &PartnerAccount {
        &self.account
    }

    /// The time of the answer, as it says itself; not the job's time.
    pub fn answered_at(&self) -> Option<Timestamp> {
        Timestamp::parse(tolerant::str(&self.fields, "created_at")?)
    }

    /// The verdict by the word alone for a product, in the word of a webhook or a token, such as
    /// `biometric_kyc`; `None` while there is no result.
    ///
    /// `clear` lets somebody in only for products that look at a face. What it says of a number, an
    /// address or a name is in the webhook, which is to be waited for: the next step is
    /// [`NextStep::AwaitWebhook`].
    pub fn verdict_for(&self, product: &str) -> Option<Verdict> {
        let StatusWord::Decided(status) = self.word else { return None };
        let is_clear = status == WebhookStatus::Clear;
        Some(match looks_at(product) {
            Some(LooksAt::WatchLists) => {
                Verdict::of_webhook(status, NextStep::AwaitWebhook, Some(UnknownReason::NoVerdict))
            }
            None => Verdict::of_webhook(
                status,
                NextStep::AwaitWebhook,
                is_clear.then_some(UnknownReason::UnknownProduct),
            ),
            Some(LooksAt::Person) if is_clear => Verdict::of_webhook(status, NextStep::Accept, None),
            // Why, and what would help, is in the webhook.
            Some(LooksAt::Person | LooksAt::Record) => {
                Verdict::of_webhook(status, NextStep::AwaitWebhook, None)
            }
        })
    }

    /// All fields, as they came.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.fields
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Status")
            .field("word", &self.word)
            .field("job_id", &self.job_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Decision;
    use crate::operation::testing::{answer, noon, partner};
    use crate::v3::testing::{JOB, golden};

    fn request() -> StatusRequest {
        StatusRequest::new(SmileJobId::new(JOB))
    }

    fn says(http: u16, word: &str) -> Result<Status, OperationError> {
        let body = json!({
            "status": word, "job_id": JOB, "user_id": "user-1", "message": "Job completed", "created_at": "2026-03-06T12:00:00.000Z",
        });
        request().parse(&partner(), noon(), &answer(http, &body))
    }

    #[test]
    fn golden_request() {
        assert_eq!(golden(&request()), [format!("GET https://testapi.smileidentity.com/v3/status/{JOB}")]);
    }

    #[test]
    fn a_hostile_id_stays_one_segment() {
        let request = StatusRequest::new(SmileJobId::new("user/../evil?x=1#f")).request(&partner(), noon());
        assert_eq!(request.uri().path_and_query().unwrap(), "/v3/status/user%2F%2E%2E%2Fevil%3Fx%3D1%23f");
    }

    #[test]
    fn ids_that_would_walk_the_path_are_refused() {
        for id in ["", ".", ".."] {
            assert_eq!(StatusRequest::new(SmileJobId::new(id)).check(&partner()).problems.len(), 1, "{id}");
        }
        assert_eq!(StatusRequest::new(SmileJobId::new("kyc-17")).check(&partner()).warnings.len(), 1);
    }

    #[test]
    fn each_word_with_its_http_status() {
        use StatusWord as W;
        for (http, word, expected) in [
            (200, "clear", W::Decided(WebhookStatus::Clear)),
            (200, " CLEAR ", W::Decided(WebhookStatus::Clear)),
            (200, "attention", W::Decided(WebhookStatus::Attention)),
            (200, "block", W::Decided(WebhookStatus::Block)),
            (200, "error", W::Decided(WebhookStatus::Error)),
            (202, "processing", W::Processing),
            (404, "not_found", W::NotFound),
            (200, "complete", W::Unknown),
            (200, "some_future_word", W::Unknown),
            (202, "clear", W::Unknown),
        ] {
            assert_eq!(says(http, word).unwrap().word(), expected, "{http} {word}");
        }
    }

    #[test]
    fn only_the_services_own_404_is_about_the_job() {
        for body in [
            json!({ "status": "Not Found" }),
            json!({ "status": "not_found", "job_id": null, "user_id": null, "message": "no route" }),
            json!({ "message": "Not Found" }),
            json!([]),
        ] {
            let error = request().parse(&partner(), noon(), &answer(404, &body)).unwrap_err();
            assert_eq!(error.api().unwrap().status(), 404, "{body}");
        }
        let page = Response::builder().status(404).body(Bytes::from("<html></html>")).unwrap();
        assert!(request().parse(&partner(), noon(), &page).unwrap_err().api().is_some());
    }

    #[test]
    fn an_answer_about_another_job_or_user_is_refused() {
        let other = json!({ "status": "clear", "job_id": "job_other", "user_id": "user-1" });
        let error = request().parse(&partner(), noon(), &answer(200, &other)).unwrap_err();
        assert!(matches!(error, OperationError::WrongJob { .. }));
        let body = json!({ "status": "clear", "job_id": JOB, "user_id": "user-1" });
        let of_other = request().with_user_id(UserId::new("user-2"));
        let error = of_other.parse(&partner(), noon(), &answer(200, &body)).unwrap_err();
        assert!(matches!(error, OperationError::WrongJob { .. }));
    }

    #[test]
    fn a_job_that_is_not_found_yet_has_no_user() {
        let body =
            json!({ "status": "not_found", "job_id": JOB, "user_id": "unknown", "message": "Job not found" });
        let asked = request().with_user_id(UserId::new("user-1"));
        let status = asked.parse(&partner(), noon(), &answer(404, &body)).unwrap();
        assert_eq!((status.word(), status.user_id()), (StatusWord::NotFound, None));
    }

    #[test]
    fn an_answer_without_a_status_or_a_job_is_none() {
        for body in
            [json!({ "job_id": JOB }), json!({ "status": "clear" }), json!({ "status": 7, "job_id": JOB })]
        {
            assert!(request().parse(&partner(), noon(), &answer(200, &body)).is_err(), "{body}");
        }
    }

    #[test]
    fn clear_alone_lets_somebody_in_for_products_that_look_at_a_face() {
        let clear = says(200, "clear").unwrap();
        for (product, lets_in) in [
            ("biometric_kyc", true),
            ("document_verification", true),
            ("enhanced_document_verification", true),
            ("residency_document_verification", true),
            ("smart_selfie_registration", true),
            ("smart_selfie_authentication", true),
            ("smart_selfie_compare", true),
            ("enhanced_kyc", false),
            ("address_verification", false),
            ("one_time_aml", false),
            ("aml", false),
            ("some_future_product", false),
        ] {
            let verdict = clear.verdict_for(product).unwrap();
            assert_eq!(verdict.may_be_let_in(), lets_in, "{product}");
            if !lets_in && product != "some_future_product" {
                assert_eq!(verdict.next_step(), NextStep::AwaitWebhook, "{product}");
            }
        }
    }

    #[test]
    fn no_other_word_lets_anybody_in() {
        for (word, decision) in
            [("attention", Decision::Provisional), ("block", Decision::Rejected), ("error", Decision::Error)]
        {
            let verdict = says(200, word).unwrap().verdict_for("biometric_kyc").unwrap();
            assert_eq!((verdict.decision(), verdict.may_be_let_in()), (decision, false));
        }
        for (http, word) in [(202, "processing"), (404, "not_found"), (200, "complete")] {
            assert_eq!(says(http, word).unwrap().verdict_for("biometric_kyc"), None);
        }
    }
}
