//! The word of a v3 webhook, said again by the service itself.

use std::fmt;

use bytes::Bytes;
use http::Response;

use crate::callback::Callback;
use crate::flow::{Call, CallError, Event, Flow, FlowSettings, Next, ObserverError};
use crate::operation::Step;
use crate::result::Verdict;
use crate::v3::{SmileJobId, Status, StatusRequest, StatusWord, TokenCache};
use crate::{Partner, Timestamp, TransportFailure, UserId, WebhookStatus};

/// Asks the service for the word of the job that a v3 webhook is about, and compares the two.
///
/// A webhook's signature doesn't cover its body; the answer to a question of one's own, over TLS
/// from the service's own host, needs no such trust. **What is confirmed is the word for this job
/// and this user, and nothing else of the webhook**: not its reason, not the record of the person,
/// not the people on lists, not the product. So the product is the one that the partner's own
/// records have, and the [verdict](ConfirmedWord::verdict) is what the word alone amounts to.
///
/// The status may be behind the webhook for a moment: then it is asked again, on the schedule and
/// up to the deadline of the [`FlowSettings`].
pub struct ConfirmWebhook {
    partner: Partner,
    job_id: SmileJobId,
    user_id: UserId,
    product: String,
    claimed: Option<WebhookStatus>,
    settings: FlowSettings,
    seed: u64,
    tokens: TokenCache,
    clock: Timestamp,
    deadline: Option<Timestamp>,
    polls: u32,
    stage: Stage,
}

enum Stage {
    ToAsk,
    Asking(Box<Call<StatusRequest>>),
    /// Waiting until then, with the last status, which isn't as far as the webhook.
    Waiting(Timestamp, Box<Status>),
    Finished(Result<ConfirmedWord, ConfirmWebhookError>),
}

impl ConfirmWebhook {
    /// Confirms this webhook of the job that the partner's own records have: Smile ID's id of it,
    /// the user, and the product in the word of a token, such as `biometric_kyc`. `seed` spreads
    /// the waits of many clients: take any random number.
    pub fn new(
        partner: Partner,
        job_id: SmileJobId,
        user_id: UserId,
        product: impl Into<String>,
        callback: &Callback,
        settings: FlowSettings,
        seed: u64,
    ) -> Self {
        let webhook = callback.webhook();
        let claimed = webhook.as_ref().and_then(crate::v3::Webhook::status);
        let stage = match claimed {
            None | Some(WebhookStatus::Unknown) => Stage::Finished(Err(ConfirmWebhookError::NotConfirmable)),
            Some(_) if !callback.names(user_id.as_str(), job_id.as_str()) => {
                Stage::Finished(Err(ConfirmWebhookError::NotThisJob))
            }
            Some(_) => Stage::ToAsk,
        };
        Self {
            partner,
            job_id,
            user_id,
            product: product.into(),
            claimed,
            settings,
            seed,
            tokens: TokenCache::new(),
            clock: Timestamp::default(),
            deadline: None,
            polls: 0,
            stage,
        }
    }

    /// Shares the tokens of these.
    #[must_use]
    pub fn with_tokens(mut self, tokens: TokenCache) -> Self {
        self.tokens = tokens;
        self
    }

    fn ask(&mut self) {
        self.polls += 1;
        let settings = match self.deadline {
            Some(deadline) => self.settings.clone().with_deadline(deadline.since(self.clock)),
            None => self.settings.clone(),
        };
        let question = StatusRequest::new(self.job_id.clone()).with_user_id(self.user_id.clone());
        let call = Call::new(self.partner.clone(), question, settings, self.seed);
        self.stage = Stage::Asking(Box::new(call.with_tokens(self.tokens.clone())));
    }

    fn answered(&mut self, answer: Result<Status, CallError>) {
        let status = match answer {
            Ok(status) => Box::new(status),
            Err(error) => {
                self.stage = Stage::Finished(Err(ConfirmWebhookError::Call(error)));
                return;
            }
        };
        let at = self.settings.poll_schedule().delay_after(self.polls).map(|wait| self.clock + wait);
        let at = at.filter(|at| self.deadline.is_none_or(|deadline| *at < deadline));
        self.stage = match (status.word(), status.verdict_for(&self.product), at) {
            (StatusWord::Decided(word), Some(verdict), _) if Some(word) == self.claimed => {
                Stage::Finished(Ok(ConfirmedWord { word, verdict, user_id: self.user_id.clone(), status }))
            }
            (StatusWord::Decided(_), ..) => {
                Stage::Finished(Err(ConfirmWebhookError::Contradicted { status }))
            }
            (_, _, Some(at)) => Stage::Waiting(at, status),
            (_, _, None) => Stage::Finished(Err(ConfirmWebhookError::Behind { status })),
        };
    }
}

impl Flow for ConfirmWebhook {
    type Outcome = Result<ConfirmedWord, ConfirmWebhookError>;

    fn next(&mut self, now: Timestamp) -> Next<Self::Outcome> {
        self.clock = self.clock.max(now);
        let deadline = *self.deadline.get_or_insert(self.clock + self.settings.deadline());
        loop {
            match &mut self.stage {
                Stage::Finished(outcome) => return Next::Finished(outcome.clone()),
                Stage::Waiting(until, _) if *until > self.clock => return Next::Wait { until: *until },
                // Woken too late to ask again.
                Stage::Waiting(_, status) if deadline <= self.clock => {
                    let status = status.clone();
                    self.stage = Stage::Finished(Err(ConfirmWebhookError::Behind { status }));
                }
                Stage::ToAsk | Stage::Waiting(..) => self.ask(),
                Stage::Asking(call) => match call.next(self.clock) {
                    Next::Read(path) => return Next::Read(path),
                    Next::Send { request, timeout } => return Next::Send { request, timeout },
                    Next::Wait { until } => return Next::Wait { until },
                    Next::Finished(answer) => self.answered(answer),
                },
            }
        }
    }

    fn file_read(&mut self, now: Timestamp, _: std::io::Result<Vec<u8>>) {
        self.clock = self.clock.max(now);
    }

    fn receive(&mut self, now: Timestamp, answer: Result<Response<Bytes>, TransportFailure>) {
        self.clock = self.clock.max(now);
        if let Stage::Asking(call) = &mut self.stage {
            call.receive(self.clock, answer);
        }
    }

    fn refuse(&mut self, now: Timestamp, error: ObserverError) {
        self.clock = self.clock.max(now);
        match &mut self.stage {
            Stage::Asking(call) => call.refuse(self.clock, error),
            Stage::ToAsk | Stage::Waiting(..) => {
                let error = CallError::refused(error, Step::VerificationStatus, None);
                self.stage = Stage::Finished(Err(ConfirmWebhookError::Call(error)));
            }
            Stage::Finished(_) => {}
        }
    }

    fn take_event(&mut self) -> Option<Event> {
        if let Stage::Asking(call) = &mut self.stage { call.take_event() } else { None }
    }
}

impl fmt::Debug for ConfirmWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfirmWebhook")
            .field("job_id", &self.job_id)
            .field("polls", &self.polls)
            .finish_non_exhaustive()
    }
}

/// A word that came by webhook and that the service itself, asked for the job's status, says as
/// well.
///
/// Only [`ConfirmWebhook`] makes one. There is nothing of the webhook in it: a forger may have
/// changed all but the word.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfirmedWord {
    word: WebhookStatus,
    verdict: Verdict,
    user_id: UserId,
    status: Box<Status>,
}

impl ConfirmedWord {
    /// The word.
    pub fn word(&self) -> WebhookStatus {
        self.word
    }

    /// Verdict of the word alone, for the product that the partner's records have.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The user.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// Status that confirmed the webhook, as the service gave it.
    pub fn status(&self) -> &Status {
        &self.status
    }
}

/// Reason that a webhook could not be confirmed. This is no verdict; if there is a status, that is
/// the service's answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfirmWebhookError {
    /// The webhook is about another job or user than the partner's records have, or contradicts
    /// itself about that. Nothing was sent.
    #[error("the webhook is not about this job of this user")]
    NotThisJob,
    /// The callback is no v3 webhook, or its word isn't known. Nothing was sent.
    #[error("a callback of this kind can't be confirmed by a status of the v3 API")]
    NotConfirmable,
    /// The status can't be had. Try again later, or answer the webhook with 503 and the service
    /// comes again.
    #[error("the webhook could not be confirmed: {0}")]
    Call(CallError),
    /// The service has no result yet, and was asked as often as the settings allow. A forged
    /// webhook looks the same, so act on nothing, and ask again later.
    #[error("the job's status doesn't have a result yet")]
    #[non_exhaustive]
    Behind {
        /// The job's status.
        status: Box<Status>,
    },
    /// The service says another word. Somebody may be making results up: have somebody look at it.
    #[error("the job's status contradicts the webhook")]
    #[non_exhaustive]
    Contradicted {
        /// The job's status.
        status: Box<Status>,
    },
}

impl ConfirmWebhookError {
    /// The job's status, where it was to be had. It is from the service itself.
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Behind { status } | Self::Contradicted { status } => Some(status),
            Self::NotThisJob | Self::NotConfirmable | Self::Call(_) => None,
        }
    }

    /// Later it may be confirmed: the status couldn't be had, or isn't as far as the webhook.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Behind { .. } => true,
            Self::Call(error) => error.is_retryable(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::{Value, json};

    use super::*;
    use crate::operation::testing::{answer, noon, partner};
    use crate::v3::testing::JOB;
    use crate::{PollSchedule, Verifier};

    fn webhook(body: &Value) -> Callback {
        let signed = partner().signer().sign(noon());
        let mut headers = HeaderMap::new();
        headers.insert("response-timestamp", signed.timestamp().parse().unwrap());
        headers.insert("response-signature", signed.signature().parse().unwrap());
        headers.insert("job-id", JOB.parse().unwrap());
        headers.insert("user-id", "user-1".parse().unwrap());
        Verifier::new(partner().signer().clone()).verify(noon(), &headers, body.to_string().into()).unwrap()
    }

    fn clear() -> Value {
        json!({ "status": "clear", "product": "biometric_kyc", "job_id": JOB, "user_id": "user-1" })
    }

    fn says(http: u16, word: &str) -> Response<Bytes> {
        answer(http, &json!({ "status": word, "job_id": JOB, "user_id": "user-1", "message": "m" }))
    }

    /// Outcome of confirming, and the number of times that the status was requested.
    fn confirm(
        job_id: &str,
        product: &str,
        body: &Value,
        answers: Vec<Response<Bytes>>,
    ) -> (Result<ConfirmedWord, ConfirmWebhookError>, usize) {
        let settings = FlowSettings::default()
            .with_poll_schedule(PollSchedule::every(std::time::Duration::from_secs(2), 3));
        let (job_id, user_id) = (SmileJobId::new(job_id), UserId::new("user-1"));
        let mut flow = ConfirmWebhook::new(partner(), job_id, user_id, product, &webhook(body), settings, 7);
        let (mut now, mut asked, mut answers) = (noon(), 0, answers.into_iter());
        for _ in 0..100 {
            match flow.next(now) {
                Next::Send { request, .. } if request.uri().path() == "/v3/token" => {
                    flow.receive(now, Ok(answer(200, &json!({ "token": "opaque" }))));
                }
                Next::Send { .. } => {
                    asked += 1;
                    flow.receive(now, Ok(answers.next().expect("it isn't asked for more often")));
                }
                Next::Wait { until } => now = until,
                Next::Read(_) => panic!("there is no file"),
                Next::Finished(outcome) => return (outcome, asked),
            }
        }
        panic!("it doesn't end");
    }

    #[test]
    fn the_same_word_confirms_the_word_and_nothing_else() {
        let mut body = clear();
        body["id_fields"] = json!({ "full_name": "Somebody Else" });
        let (outcome, asked) = confirm(JOB, "biometric_kyc", &body, vec![says(200, "clear")]);
        let confirmed = outcome.unwrap();
        assert_eq!((confirmed.word(), asked), (WebhookStatus::Clear, 1));
        assert!(confirmed.verdict().may_be_let_in());
        assert!(!format!("{:?}", confirmed.status().as_json()).contains("Somebody"));
    }

    #[test]
    fn the_product_is_the_partners_own_and_never_the_webhooks() {
        let (outcome, _) = confirm(JOB, "enhanced_kyc", &clear(), vec![says(200, "clear")]);
        assert!(!outcome.unwrap().verdict().may_be_let_in(), "it looked at a number alone");
    }

    #[test]
    fn another_word_is_a_contradiction() {
        let (outcome, _) = confirm(JOB, "biometric_kyc", &clear(), vec![says(200, "block")]);
        assert!(matches!(outcome, Err(ConfirmWebhookError::Contradicted { .. })));
    }

    #[test]
    fn a_status_that_is_behind_is_asked_again() {
        let answers = vec![says(404, "not_found"), says(202, "processing"), says(200, "clear")];
        let (outcome, asked) = confirm(JOB, "biometric_kyc", &clear(), answers);
        assert!(outcome.is_ok() && asked == 3);
        let behind = (0..10).map(|_| says(202, "processing")).collect();
        let (outcome, _) = confirm(JOB, "biometric_kyc", &clear(), behind);
        assert!(
            matches!(outcome, Err(ref error @ ConfirmWebhookError::Behind { .. }) if error.is_retryable())
        );
    }

    #[test]
    fn a_webhook_about_another_job_or_without_a_word_asks_nothing() {
        let (outcome, asked) = confirm("job_other", "biometric_kyc", &clear(), vec![]);
        assert_eq!((outcome, asked), (Err(ConfirmWebhookError::NotThisJob), 0));
        let mut body = clear();
        body["user_id"] = json!("user-2");
        assert_eq!(confirm(JOB, "biometric_kyc", &body, vec![]).0, Err(ConfirmWebhookError::NotThisJob));
        body = json!({ "status": "some_word" });
        assert_eq!(confirm(JOB, "biometric_kyc", &body, vec![]).0, Err(ConfirmWebhookError::NotConfirmable));
    }
}
