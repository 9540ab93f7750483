//! Job history as a partner's database stores it: the result that counts, whatever comes in which
//! order and how often.

use std::fmt;

use http::StatusCode;

use super::{Callback, CallbackKind, ReplayCheck};
use crate::callback::confirm::Confirmation;
use crate::result::{Decision, NextStep, ResultEntry, Verdict};
use crate::wire::names::stable_names;
use crate::{JobId, JobKey, JobOutcome, JobStatus, JobType, PartnerAccount, SubmissionId, Timestamp, UserId};

/// Most results without a decision that are kept of one job. Results with a decision have codes of
/// the catalogue, so that there are only so many of them; more than a few without one mean that
/// somebody is making them up.
const MAX_UNDECIDED: usize = 8;

/// History of a job: results are applied as they come, and one of them counts.
///
/// - A provisional result that comes late never undoes a final one.
/// - A redelivery changes nothing.
/// - Final results that disagree are [flagged](JobState::Disputed) and decide nothing, until the
///   service, or a person, has the last word.
/// - What the service itself has [confirmed](Trust::Confirmed) outranks what only came by callback,
///   and what a person has [decided](Trust::ByHand) outranks both.
///
/// - A result of another partner, or of another environment, changes nothing: an approval of the
///   sandbox is none in production.
/// - Nor does one of another submission under the same job id, once this one's id is
///   [known](JobHistory::with_submission_id).
///
/// It serialises to a few hundred bytes without anything personal but the partner's own ids; keep
/// it in the row of the job, and read, apply and write it in one transaction. What is stored says
/// which version of the form it has; this one writes version 2. A version that isn't known is
/// refused with a message that says so, and one of version 1 is read with
/// [`JobHistory::from_stored`].
///
/// ```
/// use smile_core::{Change, JobId, JobKey, JobHistory, JobType, JobState, Trust, UserId};
/// # use smile_core::{Environment, Partner, Timestamp, Verifier};
/// # let partner = Partner::new("001", "key", Environment::Sandbox)?;
/// # let now = Timestamp::from_unix_millis(1_705_314_600_000);
/// # let callback = |code: &str| {
/// #     let signed = partner.signer().sign(now);
/// #     let body = format!(r#"{{"ResultCode":"{code}","PartnerParams":{{"user_id":"u","job_id":"j","job_type":1}},"timestamp":"{}","signature":"{}"}}"#,
/// #         signed.timestamp(), signed.signature());
/// #     Verifier::new(partner.signer().clone()).verify(now, &http::HeaderMap::new(), body.into())
/// # };
/// # let (provisional, last) = (callback("0812")?, callback("1210")?);
///
/// let key = JobKey { user_id: UserId::new("u"), job_id: JobId::new("j"), job_type: JobType::BIOMETRIC_KYC };
/// let mut history = JobHistory::new(partner.account(), key);
/// assert_eq!(history.apply_callback(now, &provisional, None), Change::Advanced);
/// assert_eq!(history.apply_callback(now, &last, None), Change::Advanced);
/// assert_eq!(history.apply_callback(now, &provisional, None), Change::Redelivered);
/// assert_eq!(history.state(), JobState::Final);
/// assert!(history.may_be_let_in(Trust::Verified) && !history.may_be_let_in(Trust::Confirmed));
///
/// let stored = serde_json::to_string(&history)?;
/// let mut history: JobHistory = serde_json::from_str(&stored)?;
/// assert_eq!(history.apply_callback(now, &last, None), Change::Redelivered);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct JobHistory {
    account: PartnerAccount,
    user_id: UserId,
    job_id: JobId,
    judged_as: JudgedAs,
    /// Product of a v3 verification, as the partner asked for it.
    product: Option<String>,
    /// Submission that the results must name, if that is known.
    submission_id: Option<SubmissionId>,
    state: JobState,
    /// Indices of the result that counts, or of the two that disagree.
    counts: Vec<usize>,
    results: Vec<RecordedResult>,
    id_information: bool,
}

/// Job type by which results are judged: the one in the partner's records, whatever the results
/// name.
#[derive(Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum JudgedAs {
    JobType(JobType),
    Match,
    Webhook,
}

/// State of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// No result with a decision has come.
    Open,
    /// A provisional result counts.
    Provisional,
    /// A final result counts.
    Final,
    /// Two final results disagree, neither more trustworthy than the other. Nobody is to be let in
    /// on that. [Confirm](crate::callback::confirm::Confirm) one, or
    /// [decide](JobHistory::settle_by_hand) the job yourself.
    Disputed,
}

/// Degree of trust in a result; more is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// The signature is right and fresh. Whoever has seen one callback can make another that is.
    Verified,
    /// In addition, the signature hasn't come before under another body.
    FirstSeen,
    /// The service itself confirms the result, asked for the job's status.
    Confirmed,
    /// A person has decided the job.
    ByHand,
}

impl Trust {
    /// Rank of a result: of two that disagree, the higher one counts. A forger's callback can come
    /// first, so the order of arrival decides nothing.
    fn rank(self) -> u8 {
        match self {
            Self::Verified | Self::FirstSeen => 0,
            Self::Confirmed => 1,
            Self::ByHand => 2,
        }
    }
}

/// Result of a job as the history keeps it, without anything personal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedResult {
    /// Decision on the person.
    pub decision: Decision,
    /// True if the result says that it is final.
    pub is_final: bool,
    /// Next step that the result asked for. An approval whose next step isn't [`NextStep::Accept`]
    /// lets nobody in.
    pub next_step: NextStep,
    /// Result code, if there is one.
    pub code: Option<String>,
    /// Degree of trust in the result: the highest of all its deliveries.
    pub trust: Trust,
    /// Time of the first application, in milliseconds since 1970.
    pub at: u64,
}

impl RecordedResult {
    fn new(now: Timestamp, verdict: &Verdict, trust: Trust) -> Self {
        Self {
            decision: verdict.decision(),
            is_final: verdict.is_final(),
            next_step: verdict.next_step(),
            // Anything but digits is text, which may be anybody's.
            code: verdict.code().filter(|code| code.is_plain()).map(|code| code.as_str().to_owned()),
            trust,
            at: now.unix_millis(),
        }
    }

    /// True if the person may be let in, should this result count.
    fn lets_in(&self) -> bool {
        self.decision == Decision::Approved && self.is_final && self.next_step == NextStep::Accept
    }

    fn is_the_same_as(&self, other: &Self) -> bool {
        (self.decision, self.is_final, self.next_step, &self.code)
            == (other.decision, other.is_final, other.next_step, &other.code)
    }

    /// True if it makes no difference which of the two results counts.
    fn agrees_with(&self, other: &Self) -> bool {
        (self.decision, self.lets_in()) == (other.decision, other.lets_in())
    }
}

/// Change of a job's history by a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// The result counts now: look at [`JobHistory::state`] and act.
    Advanced,
    /// The result counts already, and is trusted further now.
    Strengthened,
    /// The result outranks the final one, or the disputed ones, that counted before: undo what was
    /// done on those.
    Overturned,
    /// The result disagrees with the final one that counts, and neither outranks the other: nothing
    /// counts now.
    Disputed,
    /// The result disagrees with a final one that is trusted further, which goes on to count.
    /// Somebody should look at it.
    Contradicted,
    /// The result has come before. Nothing changes.
    Redelivered,
    /// The result is new, and no news: a provisional result after a final one or one that is
    /// trusted further, or another code for the same decision. Nothing changes.
    Late,
    /// The callback is the ID authority's record of the number, which is no verdict on the job.
    /// Nothing changes but that it has come.
    IdInformation,
    /// The result makes no sense to this version of the SDK. Nothing changes; somebody should look
    /// at it.
    Undecided,
    /// The result is about another job or user, or names neither. Nothing changes.
    NotThisJob,
    /// The result is another submission's of the same job id, or doesn't name the submission that
    /// it is about. Nothing changes. The job id was used twice; or the service doesn't bring back
    /// [`SubmissionId::PARTNER_PARAM`], and somebody should look at it.
    NotThisSubmission,
    /// The result is of another partner or another environment than the job, or names none. Nothing
    /// changes; the keys or the addresses of two environments are mixed up, and somebody should
    /// look at it.
    OtherAccount,
    /// The signature has come before under another body. Nothing changes; ask for the job's status.
    NotBelieved,
}

stable_names! { Change:
    Self::Advanced => "advanced",
    Self::Strengthened => "strengthened",
    Self::Overturned => "overturned",
    Self::Disputed => "disputed",
    Self::Contradicted => "contradicted",
    Self::Redelivered => "redelivered",
    Self::Late => "late",
    Self::IdInformation => "id_information",
    Self::Undecided => "undecided",
    Self::NotThisJob => "not_this_job",
    Self::NotThisSubmission => "not_this_submission",
    Self::OtherAccount => "other_account",
    Self::NotBelieved => "not_believed",
}

impl Change {
    /// Status to answer to the callback, once the change is stored. If it can't be stored, answer
    /// 503: the service comes again.
    ///
    /// 200, but 404 for one of another job, partner or environment, and 409 for one that isn't
    /// believed. Of a job that the partner doesn't know yet, because its row isn't committed,
    /// answer 503.
    pub fn status(self) -> StatusCode {
        match self {
            Self::NotThisJob | Self::OtherAccount => StatusCode::NOT_FOUND,
            Self::NotBelieved => StatusCode::CONFLICT,
            _ => StatusCode::OK,
        }
    }

    /// True if a person should look at the job.
    pub fn needs_manual_review(self) -> bool {
        matches!(
            self,
            Self::Overturned
                | Self::Disputed
                | Self::Contradicted
                | Self::Undecided
                | Self::NotThisSubmission
                | Self::OtherAccount
        )
    }
}

impl JobHistory {
    /// History of a job that was just submitted for this partner, in this environment
    /// ([`Partner::account`](crate::Partner::account)).
    pub fn new(account: PartnerAccount, key: JobKey) -> Self {
        Self::of(account, key.user_id, key.job_id, JudgedAs::JobType(key.job_type))
    }

    /// History of an address or phone verification, whose results name no type of job.
    pub fn of_match(account: PartnerAccount, user_id: UserId, job_id: JobId) -> Self {
        Self::of(account, user_id, job_id, JudgedAs::Match)
    }

    /// History of a verification of the v3 API, with the service's id of the job. If the partner's
    /// records have the product, add it: [`with_product`](Self::with_product).
    pub fn of_webhook(account: PartnerAccount, user_id: UserId, job_id: JobId) -> Self {
        Self::of(account, user_id, job_id, JudgedAs::Webhook)
    }

    fn of(account: PartnerAccount, user_id: UserId, job_id: JobId, judged_as: JudgedAs) -> Self {
        Self {
            account,
            user_id,
            job_id,
            judged_as,
            product: None,
            submission_id: None,
            state: JobState::Open,
            counts: Vec::new(),
            results: Vec::new(),
            id_information: false,
        }
    }

    /// Judges webhooks as those of this product, in the word of the webhooks, such as
    /// `biometric_kyc`, whatever they say of themselves: see
    /// [`Webhook::verdict_for`](crate::Webhook::verdict_for). It makes no difference to results of
    /// v1.
    #[must_use]
    pub fn with_product(mut self, product: impl Into<String>) -> Self {
        self.product = Some(product.into());
        self
    }

    /// Takes results of this submission alone, as a [`Confirm`](crate::callback::confirm::Confirm)
    /// does that is given it: whatever doesn't name it changes nothing. A job id may be used twice,
    /// and the other one's approval is none for this person.
    ///
    /// The id is in [`Checkpoint::submission_id`](crate::Checkpoint::submission_id) from the first
    /// request on, and in [`JobOutcome::submission`](crate::JobOutcome::submission) at the end.
    /// Results that were applied before stay.
    #[must_use]
    pub fn with_submission_id(mut self, id: SubmissionId) -> Self {
        self.submission_id = Some(id);
        self
    }

    /// The product that webhooks are judged as, if it is known.
    pub fn product(&self) -> Option<&str> {
        self.product.as_deref()
    }

    /// The submission that results must name, if it is known.
    pub fn submission_id(&self) -> Option<&SubmissionId> {
        self.submission_id.as_ref()
    }

    fn is_status_of_other(&self, status: &JobStatus) -> bool {
        status.entry().is_some_and(|entry| self.is_of_other_submission(entry))
    }

    fn is_of_other_submission(&self, entry: &ResultEntry) -> bool {
        self.submission_id.as_ref().is_some_and(|id| !id.is_named_by(entry))
    }

    /// Reads what was stored in version 1, which names neither partner nor environment: `account`
    /// is what the row belongs to. What this version writes is read as well, if it is of that
    /// account.
    ///
    /// Version 1 has no next steps either. They follow from the codes; where there is no code, as
    /// with a webhook, an approval becomes one to be looked at by hand.
    ///
    /// # Errors
    /// [`JobHistoryError`]: it is of another account, of a version that isn't known, or not a job's
    /// history at all.
    pub fn from_stored(account: &PartnerAccount, json: &str) -> Result<Self, JobHistoryError> {
        let stored: Stored = serde_json::from_str(json).map_err(|_| JobHistoryError::NotAHistory)?;
        let stored = match (stored.version, &stored.account) {
            (1, None) => stored.upgrade(account.clone()),
            (_, Some(other)) if other != account => return Err(JobHistoryError::OtherAccount),
            _ => stored,
        };
        stored.try_into()
    }

    /// The partner and the environment that the job was submitted for.
    pub fn account(&self) -> &PartnerAccount {
        &self.account
    }

    /// State of the job.
    pub fn state(&self) -> JobState {
        self.state
    }

    /// Result that counts: the final one, or the newest provisional one. None of those that are
    /// disputed does.
    pub fn result(&self) -> Option<&RecordedResult> {
        if let [place] = self.counts[..] { self.results.get(place) } else { None }
    }

    /// Final results that disagree.
    pub fn disputed(&self) -> Option<(&RecordedResult, &RecordedResult)> {
        if let [first, second] = self.counts[..] {
            Some((self.results.get(first)?, self.results.get(second)?))
        } else {
            None
        }
    }

    /// True if the person may be let in: approved, final, with nothing left to be done first, and
    /// trusted at least so far. Before anything that can't be taken back, require
    /// [`Trust::Confirmed`].
    ///
    /// It is no for a number that is known ([`NextStep::CompareTheRecord`]), until somebody has
    /// compared the record with what the person says and [decided](Self::settle_by_hand) it.
    pub fn may_be_let_in(&self, at_least: Trust) -> bool {
        self.state == JobState::Final
            && self.result().is_some_and(|result| result.lets_in() && result.trust >= at_least)
    }

    /// True if the result that counts, or is disputed, has only come by callback so far. Before
    /// acting on it, ask the service with a [`Confirm`](crate::callback::confirm::Confirm) or for
    /// the job's status.
    ///
    /// Ask this after each callback, whatever it has changed: it may be that the process died after
    /// the first delivery was stored, and before the service was asked. Address and phone
    /// verifications, and webhooks, have no status to be asked for here.
    pub fn needs_confirming(&self) -> bool {
        self.state != JobState::Open && self.result().is_none_or(|result| result.trust < Trust::Confirmed)
    }

    /// True if the callback with the ID authority's record has come, which older accounts get.
    pub fn has_id_information(&self) -> bool {
        self.id_information
    }

    /// All different results so far, in the order in which they came.
    pub fn results(&self) -> &[RecordedResult] {
        &self.results
    }

    /// The partner's id of the job.
    pub fn job_id(&self) -> &JobId {
        &self.job_id
    }

    /// The user that the job is about.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// The key of the job; none of an address or phone verification, or a webhook, whose results
    /// name no type of job.
    pub fn key(&self) -> Option<JobKey> {
        let JudgedAs::JobType(job_type) = self.judged_as else { return None };
        Some(JobKey::new(self.user_id.clone(), self.job_id.clone(), job_type))
    }

    /// Applies a callback; with what a [`ReplayStore`](super::ReplayStore) said of it, if there is
    /// one.
    pub fn apply_callback(
        &mut self,
        now: Timestamp,
        callback: &Callback,
        replay_check: Option<ReplayCheck>,
    ) -> Change {
        if !callback.names(self.user_id.as_str(), self.job_id.as_str()) {
            return Change::NotThisJob;
        }
        if callback.account() != Some(&self.account) {
            return Change::OtherAccount;
        }
        if self.is_of_other_submission(callback.entry()) {
            return Change::NotThisSubmission;
        }
        let trust = match replay_check {
            Some(ReplayCheck::SignatureReused) => return Change::NotBelieved,
            Some(ReplayCheck::First) => Trust::FirstSeen,
            Some(ReplayCheck::Redelivery) | None => Trust::Verified,
        };
        let verdict = match (self.judged_as, callback.kind()) {
            (JudgedAs::JobType(_), CallbackKind::IdInformation) => {
                let change = if self.id_information { Change::Redelivered } else { Change::IdInformation };
                self.id_information = true;
                return change;
            }
            (JudgedAs::JobType(job_type), _) => callback.verdict_for(job_type),
            (JudgedAs::Match, _) => callback.entry().match_verdict(),
            (JudgedAs::Webhook, CallbackKind::Webhook) => match (callback.webhook(), &self.product) {
                (Some(webhook), Some(product)) => webhook.verdict_for(product),
                _ => callback.verdict(),
            },
            (JudgedAs::Webhook, _) => return Change::NotThisJob,
        };
        self.apply(RecordedResult::new(now, &verdict, trust))
    }

    /// Applies the service's own status with which a callback was confirmed.
    pub fn apply_confirmed(&mut self, now: Timestamp, confirmed: &Confirmation) -> Change {
        let (status, is_other) = (confirmed.status(), self.is_status_of_other(confirmed.status()));
        self.apply_verdict(now, confirmed.key(), status.account(), is_other, confirmed.verdict())
    }

    /// Applies the outcome of asking the service for the job's status. Without a result, nothing
    /// changes.
    pub fn apply_outcome(&mut self, now: Timestamp, outcome: &JobOutcome) -> Change {
        match outcome {
            JobOutcome::Complete { submission, status, verdict } => {
                let is_other = self.is_status_of_other(status);
                self.apply_verdict(now, &submission.key, status.account(), is_other, verdict)
            }
            JobOutcome::Decided { submission, status, verdict } => {
                // It is asked for by the service's own id of the job, and names no submission
                // itself.
                let is_other = self.submission_id.is_some() && submission.id != self.submission_id;
                self.apply_verdict(now, &submission.key, status.account(), is_other, verdict)
            }
            JobOutcome::Submitted { .. } | JobOutcome::Unfinished { .. } => Change::Late,
        }
    }

    /// Applies a status that the service gave, such as the one that a
    /// [`ConfirmError`](crate::callback::confirm::ConfirmError) brings along. Its result must name
    /// this job and this user; without a result, nothing changes.
    pub fn apply_status(&mut self, now: Timestamp, status: &JobStatus) -> Change {
        let JudgedAs::JobType(job_type) = self.judged_as else { return Change::NotThisJob };
        let Some(entry) = status.entry().filter(|_| status.job_complete) else { return Change::Late };
        if !entry.partner_params().names(self.user_id.as_str(), self.job_id.as_str()) {
            return Change::NotThisJob;
        }
        if *status.account() != self.account {
            return Change::OtherAccount;
        }
        if self.is_of_other_submission(entry) {
            return Change::NotThisSubmission;
        }
        let verdict = status.verdict_for(Some(job_type));
        self.apply(RecordedResult::new(now, &verdict, Trust::Confirmed))
    }

    /// Records a person's decision on the job, for good. Only a person can change it again, in the
    /// same way. [`Decision::Unknown`] decides nothing; [`Decision::Approved`] lets the person in.
    pub fn settle_by_hand(&mut self, now: Timestamp, decision: Decision) -> Change {
        self.apply(RecordedResult {
            decision,
            is_final: true,
            next_step: by_hand(decision),
            code: None,
            trust: Trust::ByHand,
            at: now.unix_millis(),
        })
    }

    fn apply_verdict(
        &mut self,
        now: Timestamp,
        key: &JobKey,
        account: &PartnerAccount,
        is_of_other_submission: bool,
        verdict: &Verdict,
    ) -> Change {
        let is_this = key.user_id == self.user_id
            && key.job_id == self.job_id
            && self.judged_as == JudgedAs::JobType(key.job_type);
        if !is_this {
            Change::NotThisJob
        } else if *account != self.account {
            Change::OtherAccount
        } else if is_of_other_submission {
            Change::NotThisSubmission
        } else {
            self.apply(RecordedResult::new(now, verdict, Trust::Confirmed))
        }
    }

    fn apply(&mut self, new: RecordedResult) -> Change {
        let known = self.results.iter().position(|result| result.is_the_same_as(&new));
        let earlier = known.map(|place| self.results[place].trust);
        let is_settled_otherwise =
            new.trust == Trust::ByHand && known.is_some_and(|place| self.counts != [place]);
        if earlier >= Some(new.trust) && !is_settled_otherwise {
            return Change::Redelivered;
        }
        if new.decision == Decision::Unknown {
            self.record_undecided(known, new);
            return Change::Undecided;
        }
        let (rank, is_final) = (new.trust.rank(), new.is_final);
        let agrees = self.result().is_some_and(|counting| counting.agrees_with(&new));
        let place = self.record(known, new);
        if self.counts == [place] {
            return Change::Strengthened;
        }
        if earlier.is_some_and(|trust| trust.rank() >= rank) && !is_settled_otherwise {
            // It has had its say. That it is a little more trustworthy now doesn't make it newer
            // than what came since.
            return Change::Redelivered;
        }
        let others = self.counts.iter().filter(|at| **at != place).map(|at| self.results[*at].trust.rank());
        let highest_other = others.max();
        let (state, change) = match (self.state, is_final) {
            (JobState::Open, false) => (JobState::Provisional, Change::Advanced),
            (JobState::Open | JobState::Provisional, true) => (JobState::Final, Change::Advanced),
            (JobState::Provisional, false) if highest_other > Some(rank) => return Change::Late,
            (JobState::Provisional, false) => (JobState::Provisional, Change::Advanced),
            (JobState::Final | JobState::Disputed, false) => return Change::Late,
            // Of two that a person has decided, the newer one.
            (JobState::Final | JobState::Disputed, true)
                if highest_other < Some(rank) || rank == Trust::ByHand.rank() =>
            {
                (JobState::Final, if agrees { Change::Strengthened } else { Change::Overturned })
            }
            (JobState::Final, true) if agrees => return Change::Late,
            (JobState::Final, true) if highest_other > Some(rank) => return Change::Contradicted,
            (JobState::Final, true) => {
                self.counts.push(place);
                self.state = JobState::Disputed;
                return Change::Disputed;
            }
            (JobState::Disputed, true) => return Change::Disputed,
        };
        self.state = state;
        self.counts = vec![place];
        change
    }

    /// Index of this result among those kept, after recording it.
    fn record(&mut self, known: Option<usize>, new: RecordedResult) -> usize {
        if let Some(place) = known {
            self.results[place].trust = self.results[place].trust.max(new.trust);
            return place;
        }
        self.results.push(new);
        self.results.len() - 1
    }

    fn record_undecided(&mut self, known: Option<usize>, new: RecordedResult) {
        let undecided = self.results.iter().filter(|result| result.decision == Decision::Unknown).count();
        if known.is_some() || undecided < MAX_UNDECIDED {
            self.record(known, new);
        }
    }
}

impl fmt::Debug for JobHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobHistory")
            .field("job_id", &self.job_id)
            .field("state", &self.state)
            .field("results", &self.results)
            .finish_non_exhaustive()
    }
}

/// Next step after a person's decision.
fn by_hand(decision: Decision) -> NextStep {
    match decision {
        Decision::Approved => NextStep::Accept,
        Decision::Provisional => NextStep::AwaitReview,
        Decision::Rejected => NextStep::Decline,
        Decision::Error => NextStep::RetryLater,
        Decision::Unknown => NextStep::ManualReview,
    }
}

/// Reason that stored text is no job history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobHistoryError {
    /// The text isn't a [`JobHistory`], in any version.
    #[error("what is stored is not a job's history")]
    NotAHistory,
    /// The text is of version 1, which names no account: read it with [`JobHistory::from_stored`].
    #[error(
        "this job's history was stored in version 1, which doesn't name the partner and the environment: read it with \
         `JobHistory::from_stored`"
    )]
    Version1,
    /// The text was written by a newer version of the SDK.
    #[error("this job's history was stored in version {version}, and this version of the SDK reads 1 and 2")]
    #[non_exhaustive]
    UnknownVersion {
        /// Version of the text.
        version: u32,
    },
    /// The history is of another partner or another environment.
    #[error("this job's history is of another partner or another environment")]
    OtherAccount,
    /// The text was changed by something else than [`JobHistory`].
    #[error("this job's history contradicts itself: {0}")]
    Inconsistent(&'static str),
}

stable_names! { JobHistoryError:
    Self::NotAHistory => "not_a_history",
    Self::Version1 => "version1",
    Self::UnknownVersion { .. } => "unknown_version",
    Self::OtherAccount => "other_account",
    Self::Inconsistent(_) => "inconsistent",
}

/// Stored form of the history, with its version.
#[derive(serde::Serialize, serde::Deserialize)]
struct Stored {
    version: u32,
    /// Next step; absent in version 1.
    #[serde(default)]
    account: Option<PartnerAccount>,
    user_id: UserId,
    job_id: JobId,
    judged_as: JudgedAs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    submission: Option<SubmissionId>,
    #[serde(rename = "standing")]
    state: JobState,
    counts: Vec<usize>,
    results: Vec<StoredResult>,
    id_information: bool,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct StoredResult {
    decision: Decision,
    is_final: bool,
    /// Account of the job; absent in version 1.
    #[serde(default)]
    next_step: Option<NextStep>,
    code: Option<String>,
    trust: Trust,
    at: u64,
}

const VERSION: u32 = 2;

impl Stored {
    /// Turns the stored form into this version's, of this account.
    fn upgrade(mut self, account: PartnerAccount) -> Self {
        let judged_as = self.judged_as;
        for result in &mut self.results {
            result.next_step = Some(result.next_step_in_version_1(judged_as));
        }
        Self { version: VERSION, account: Some(account), ..self }
    }
}

impl StoredResult {
    fn next_step_in_version_1(&self, judged_as: JudgedAs) -> NextStep {
        let job_type = match judged_as {
            JudgedAs::JobType(job_type) => Some(job_type),
            JudgedAs::Match => Some(JobType::ENHANCED_KYC),
            JudgedAs::Webhook => None,
        };
        match (self.trust, &self.code, job_type) {
            (Trust::ByHand, ..) => by_hand(self.decision),
            (_, Some(code), Some(job_type)) => {
                Verdict::recorded(self.decision, self.is_final, code, job_type).next_step()
            }
            _ if self.decision == Decision::Rejected => NextStep::Decline,
            _ => NextStep::ManualReview,
        }
    }
}

impl From<RecordedResult> for StoredResult {
    fn from(result: RecordedResult) -> Self {
        let RecordedResult { decision, is_final, next_step, code, trust, at } = result;
        Self { decision, is_final, next_step: Some(next_step), code, trust, at }
    }
}

impl From<JobHistory> for Stored {
    fn from(history: JobHistory) -> Self {
        let JobHistory { account, user_id, job_id, judged_as, product, submission_id, .. } = history;
        Self {
            version: VERSION,
            account: Some(account),
            user_id,
            job_id,
            judged_as,
            product,
            submission: submission_id,
            state: history.state,
            counts: history.counts,
            results: history.results.into_iter().map(StoredResult::from).collect(),
            id_information: history.id_information,
        }
    }
}

impl TryFrom<Stored> for JobHistory {
    type Error = JobHistoryError;

    fn try_from(stored: Stored) -> Result<Self, JobHistoryError> {
        let Stored {
            version,
            account,
            user_id,
            job_id,
            judged_as,
            product,
            submission: submission_id,
            state,
            counts,
            results,
            id_information,
        } = stored;
        let refuse = |why| Err(JobHistoryError::Inconsistent(why));
        let account = match (version, account) {
            (VERSION, Some(account)) => account,
            (VERSION, None) => return refuse("it names neither partner nor environment"),
            (1, _) => return Err(JobHistoryError::Version1),
            (version, _) => return Err(JobHistoryError::UnknownVersion { version }),
        };
        let with_step = |result: StoredResult| {
            let StoredResult { decision, is_final, next_step, code, trust, at } = result;
            next_step.map(|next_step| RecordedResult { decision, is_final, next_step, code, trust, at })
        };
        let Some(results) = results.into_iter().map(with_step).collect::<Option<Vec<_>>>() else {
            return refuse("it has a result without a next step");
        };
        let of = |place: &usize| results.get(*place);
        let Some(counted) = counts.iter().map(of).collect::<Option<Vec<_>>>() else {
            return refuse("it names results that it doesn't have");
        };
        let fits = match (state, &counted[..]) {
            (JobState::Open, []) => true,
            (JobState::Provisional, [result]) => !result.is_final,
            (JobState::Final, [result]) => result.is_final,
            (JobState::Disputed, [first, second]) => {
                first.is_final && second.is_final && !first.agrees_with(second)
            }
            _ => false,
        };
        if !fits || counted.iter().any(|result| result.decision == Decision::Unknown) {
            return refuse("it counts results that don't fit its state");
        }
        // What approves and isn't the last word, or what doesn't approve, has another next step.
        let is_odd = |result: &RecordedResult| result.next_step == NextStep::Accept && !result.lets_in();
        if results.iter().any(is_odd) {
            return refuse("it has a result that lets a person in without approving");
        }
        let is_code =
            |code: &String| (1..=8).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
        if !results.iter().filter_map(|result| result.code.as_ref()).all(is_code) {
            return refuse("it has a code that isn't one to eight digits");
        }
        let comes_again = |(place, result): (usize, &RecordedResult)| {
            results[..place].iter().any(|earlier| earlier.is_the_same_as(result))
        };
        if results.iter().enumerate().any(comes_again) {
            return refuse("it has a result twice");
        }
        Ok(Self {
            account,
            user_id,
            job_id,
            judged_as,
            product,
            submission_id,
            state,
            counts,
            results,
            id_information,
        })
    }
}
