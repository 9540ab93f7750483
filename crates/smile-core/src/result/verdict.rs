//! Verdict on a result: the decision, its finality and the next step.

use std::fmt;
use std::str::FromStr;

use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use super::{ActionValue, Actions, EchoedParams, ResultCode};
use crate::catalogue::webhook_status::WebhookStatus;
use crate::catalogue::{self, Category, Finding, NextStep, ResultCodeRow};
use crate::wire::tolerant;
use crate::{ConfigError, JobType};

/// Decision on the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Yes, as far as the product checks: with a face in it, that the person is who they say; of
    /// Enhanced KYC, that the ID authority has the number; of Basic KYC, that it has the same; of a
    /// company, that the registry has it. The only decision to let anybody in on, and it may take
    /// more: [`Verdict::may_be_let_in`] says yes or no.
    Approved,
    /// Neither yes nor no. Mostly a human is reviewing it, and the final result comes by callback;
    /// some results stay like that, and [`Verdict::next_step`] says so.
    Provisional,
    /// The person is not who they say, or the images won't do.
    Rejected,
    /// The job could not be done, which proves nothing about the person: an ID authority that is
    /// down, an image that can't be used. Submit again, with a new job id.
    Error,
    /// The result makes no sense to this version of the SDK. Never an approval: it needs a manual
    /// review. What was stored by a newer version, under a name that this one doesn't know, is read
    /// as this.
    #[serde(other)]
    Unknown,
}

impl Decision {
    /// The stable name, in snake case: for logs, metrics and databases.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Provisional => "provisional",
            Self::Rejected => "rejected",
            Self::Error => "error",
            Self::Unknown => "unknown",
        }
    }
}

/// Reads the stable name, as a person or a form gives it.
///
/// ```
/// use smile_core::Decision;
///
/// assert_eq!("approved".parse(), Ok(Decision::Approved));
/// assert!("approve".parse::<Decision>().is_err());
/// ```
impl FromStr for Decision {
    type Err = ConfigError;

    /// # Errors
    /// Names `decision` and the names that there are: a mistyped one is none.
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let all = [Self::Approved, Self::Provisional, Self::Rejected, Self::Error, Self::Unknown];
        let found = all.into_iter().find(|decision| decision.name() == text);
        const RULE: &str = "must be `approved`, `provisional`, `rejected`, `error` or `unknown`";
        found.ok_or_else(|| ConfigError::malformed("decision", RULE))
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Reason that a decision is [`Decision::Unknown`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnknownReason {
    /// The result has no code.
    NoCode,
    /// The job's type isn't known, and one code means different things for different types.
    NoJobType,
    /// The result is about a job of another type.
    OtherJobType,
    /// The code isn't in the catalogue for this type of job.
    NotInCatalogue,
    /// The code, or a webhook's status, approves, and `job_success`, one of the actions or another
    /// part says no, was never done, or says something that isn't known. Any word against the
    /// person counts, wherever it stands: `status: block`, people on lists, fraud, a risk that
    /// isn't low.
    Contradiction,
    /// The code answers a question that is not about who the person is: whether a name is on a
    /// list.
    NoVerdict,
    /// The answer is not signed, though all documented ones are.
    Unsigned,
    /// A part that the verdict rests on can't be read, or is there twice and disagrees with itself.
    Unreadable,
    /// The answer was signed at a time far from that of the request, or at one that can't be read;
    /// see [`Partner::with_answer_window`](crate::Partner::with_answer_window).
    OtherTime,
    /// The result doesn't name the job and the user that were asked about.
    NoJobId,
    /// The word of a webhook's status isn't known.
    UnknownStatus,
    /// The webhook names no product, or one that isn't known, so that it isn't known what was
    /// looked at.
    UnknownProduct,
    /// A reason that a newer version of the SDK has stored, and that this one doesn't know.
    #[serde(other)]
    Unrecognised,
}

impl UnknownReason {
    /// The stable name, in snake case: for logs, metrics and databases.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoCode => "no_code",
            Self::NoJobType => "no_job_type",
            Self::OtherJobType => "other_job_type",
            Self::NotInCatalogue => "not_in_catalogue",
            Self::Contradiction => "contradiction",
            Self::NoVerdict => "no_verdict",
            Self::Unsigned => "unsigned",
            Self::Unreadable => "unreadable",
            Self::OtherTime => "other_time",
            Self::NoJobId => "no_job_id",
            Self::UnknownStatus => "unknown_status",
            Self::UnknownProduct => "unknown_product",
            Self::Unrecognised => "unrecognised",
        }
    }
}

/// Verdict on a result: the decision on the person, its finality and the next step.
///
/// It comes from the code and the type of the job alone, looked up in the
/// [catalogue](crate::catalogue); everything else can only make it more cautious. What is not in
/// the catalogue is never an approval.
///
/// It serialises to its decision, finality, code, next step and reason, by their stable names and
/// without anything personal. It can't be read back: what was stored is no verdict of the service.
///
/// ```compile_fail
/// let verdict: smile_core::Verdict = serde_json::from_str("{}").unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    decision: Decision,
    is_final: bool,
    code: Option<ResultCode>,
    unknown_reason: Option<UnknownReason>,
    row: Option<&'static ResultCodeRow>,
    webhook: Option<(WebhookStatus, NextStep)>,
}

/// The parts of a result entry that a verdict rests on.
pub(super) struct Basis<'a> {
    pub(super) code: Option<&'a ResultCode>,
    pub(super) actions: &'a Actions,
    pub(super) partner_params: EchoedParams<'a>,
    /// True if one of the parts is there and can't be read, or is there twice and disagrees.
    pub(super) is_unreadable: bool,
    /// True if the entry says, or may say, that more is to come.
    pub(super) says_not_final: bool,
    /// True if something in the entry speaks against the person, or the search for fraud can't be
    /// read.
    pub(super) speaks_against: bool,
}

impl Verdict {
    pub(super) fn new(basis: &Basis<'_>, job_type: Option<JobType>, job_success: Option<bool>) -> Self {
        Self::judge(basis, job_type, job_success, true)
    }

    fn judge(
        basis: &Basis<'_>,
        job_type: Option<JobType>,
        job_success: Option<bool>,
        echoes_type: bool,
    ) -> Self {
        let code = basis.code.cloned();
        let unknown = |reason, row| Self {
            decision: Decision::Unknown,
            is_final: false,
            code: code.clone(),
            unknown_reason: Some(reason),
            row,
            webhook: None,
        };
        if basis.is_unreadable {
            return unknown(UnknownReason::Unreadable, None);
        }
        let Some(number) = &code else { return unknown(UnknownReason::NoCode, None) };
        let Some(job_type) = job_type else { return unknown(UnknownReason::NoJobType, None) };
        if echoes_type && basis.partner_params.is_of_other_type(job_type) {
            return unknown(UnknownReason::OtherJobType, None);
        }
        let Some(row) = catalogue::result_code(number.as_str(), job_type) else {
            return unknown(UnknownReason::NotInCatalogue, None);
        };
        if matches!(row.category, Category::Listed | Category::NotListed) {
            return unknown(UnknownReason::NoVerdict, Some(row));
        }
        let mut decision = decision_of(row.category);
        let mut is_final = row.is_final && !basis.says_not_final;
        if decision == Decision::Approved {
            match Backing::of(basis.actions, job_type, row.finding) {
                _ if basis.speaks_against => return unknown(UnknownReason::Contradiction, Some(row)),
                Backing::Sound if job_success != Some(false) => {}
                Backing::Undecided if job_success != Some(false) => {
                    decision = Decision::Provisional;
                    is_final = false;
                }
                _ => return unknown(UnknownReason::Contradiction, Some(row)),
            }
            if !is_final {
                decision = Decision::Provisional;
            }
        }
        Self { decision, is_final, code, unknown_reason: None, row: Some(row), webhook: None }
    }

    /// Verdict of an answer that can't be relied on, whatever it says.
    pub(crate) fn unknown(code: Option<&ResultCode>, reason: UnknownReason) -> Self {
        Self { code: code.cloned(), unknown_reason: Some(reason), ..Self::without_entry() }
    }

    /// Verdict of address and phone verification, whose results name no type of job and have Basic
    /// KYC's codes.
    pub(super) fn of_match(basis: &Basis<'_>) -> Self {
        Self::judge(basis, Some(JobType::ENHANCED_KYC), None, false)
    }

    /// Verdict of a job that is complete and has no result entry.
    pub(crate) fn without_entry() -> Self {
        Self {
            decision: Decision::Unknown,
            is_final: false,
            code: None,
            unknown_reason: Some(UnknownReason::NoCode),
            row: None,
            webhook: None,
        }
    }

    /// Verdict of a result that was stored, of which only this is known.
    pub(crate) fn recorded(decision: Decision, is_final: bool, code: &str, job_type: JobType) -> Self {
        Self {
            decision,
            is_final,
            code: Some(ResultCode::of_digits(code)),
            unknown_reason: None,
            row: catalogue::result_code(code, job_type),
            webhook: None,
        }
    }

    /// Verdict of a v3 webhook, which has words in place of codes. All of them are final.
    pub(crate) fn of_webhook(status: WebhookStatus, next: NextStep, reason: Option<UnknownReason>) -> Self {
        let decision = match status {
            WebhookStatus::Clear => Decision::Approved,
            WebhookStatus::Attention => Decision::Provisional,
            WebhookStatus::Block => Decision::Rejected,
            WebhookStatus::Error => Decision::Error,
            WebhookStatus::Unknown => Decision::Unknown,
        };
        let reason =
            if status == WebhookStatus::Unknown { Some(UnknownReason::UnknownStatus) } else { reason };
        let (decision, is_final) =
            if reason.is_some() { (Decision::Unknown, false) } else { (decision, true) };
        Self {
            decision,
            is_final,
            code: None,
            unknown_reason: reason,
            row: None,
            webhook: Some((status, next)),
        }
    }

    /// Decision on the person.
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// True if this is final: nothing more comes by callback. Unknown is never final.
    pub fn is_final(&self) -> bool {
        self.is_final
    }

    /// True if the decision is approved, and final. Of a product that checks a number alone, that
    /// is no reason to let anybody in: ask [`may_be_let_in`](Self::may_be_let_in).
    pub fn is_approved(&self) -> bool {
        self.decision == Decision::Approved && self.is_final
    }

    /// True if the person may be let in on this verdict alone: it is approved, it is final, and
    /// nothing is left to be done first, such as comparing the record under a number with what the
    /// person says ([`NextStep::CompareTheRecord`]).
    ///
    /// A verdict is as trustworthy as where it comes from: of one that came by callback, ask
    /// [`JobHistory::may_be_let_in`](crate::JobHistory::may_be_let_in), which knows that as well.
    pub fn may_be_let_in(&self) -> bool {
        self.is_approved() && self.next_step() == NextStep::Accept
    }

    /// The result code.
    pub fn code(&self) -> Option<&ResultCode> {
        self.code.as_ref()
    }

    /// The catalogue's row for the code and the job's type, with its meaning and certainty.
    pub fn catalogue_row(&self) -> Option<&'static ResultCodeRow> {
        self.row
    }

    /// Reason that the decision is unknown, if it is.
    pub fn unknown_reason(&self) -> Option<UnknownReason> {
        self.unknown_reason
    }

    /// Next step for the partner.
    pub fn next_step(&self) -> NextStep {
        match (self.unknown_reason, self.webhook) {
            (None, Some((_, next))) | (Some(_), Some((_, next @ NextStep::AwaitWebhook))) => return next,
            _ => {}
        }
        match (self.decision, self.row) {
            // The code's own, where nothing made the verdict another than the code's.
            (decision, Some(row)) if decision == decision_of(row.category) => row.next_step,
            (Decision::Provisional, _) => NextStep::AwaitReview,
            (Decision::Error, _) => NextStep::RetryLater,
            (Decision::Rejected, _) => NextStep::Decline,
            // An approval that no code of the catalogue stands behind is none to go by.
            (Decision::Approved | Decision::Unknown, _) => NextStep::ManualReview,
        }
    }

    /// Meaning of the verdict, in words.
    pub fn meaning(&self) -> &'static str {
        if let (None, Some((status, next))) = (self.unknown_reason, self.webhook) {
            return match status {
                WebhookStatus::Clear if next == NextStep::CompareTheRecord => {
                    "what was asked about is on record, which says nothing about who holds it"
                }
                WebhookStatus::Clear => "nothing speaks against the person",
                WebhookStatus::Attention => "something about the person needs a look",
                WebhookStatus::Block => "the person is not to be let in",
                WebhookStatus::Error => "the verification could not be done",
                WebhookStatus::Unknown => "the status is not known",
            };
        }
        match (self.unknown_reason, self.row) {
            (Some(UnknownReason::UnknownStatus), _) => "the status is not known",
            (Some(UnknownReason::Unrecognised), _) => "the reason is not known to this version",
            (Some(UnknownReason::UnknownProduct), _) => "it names no product, or one that is not known",
            (Some(UnknownReason::NoCode), _) => "the result has no code",
            (Some(UnknownReason::NoJobType), _) => "the result doesn't say what type of job it is about",
            (Some(UnknownReason::OtherJobType), _) => "the result is about a job of another type",
            (Some(UnknownReason::Contradiction), _) => {
                "it approves, but another part of the result doesn't bear it out"
            }
            (Some(UnknownReason::Unsigned), _) => "the answer is not signed",
            (Some(UnknownReason::OtherTime), _) => {
                "the answer was signed at another time than that of the request"
            }
            (Some(UnknownReason::NoJobId), _) => {
                "the result doesn't name the job and the user that were asked about"
            }
            (Some(UnknownReason::Unreadable), _) => {
                "a part of the result can't be read, or disagrees with itself"
            }
            (Some(UnknownReason::NoVerdict), None) => {
                "it says whether a name is on a list, which decides nothing about the person"
            }
            (None | Some(UnknownReason::NoVerdict), Some(row)) => row.meaning,
            (Some(UnknownReason::NotInCatalogue), _) | (None, None) => {
                "the code is not known for this type of job"
            }
        }
    }
}

/// Serialises decision, finality, code, next step and the reason that the decision is unknown.
impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Verdict", 5)?;
        fields.serialize_field("decision", &self.decision)?;
        fields.serialize_field("is_final", &self.is_final)?;
        // Anything but digits is text, which may be anybody's.
        let code = self.code.as_ref().filter(|code| code.is_plain()).map(ResultCode::as_str);
        fields.serialize_field("code", &code)?;
        fields.serialize_field("next_step", &self.next_step())?;
        fields.serialize_field("unknown_reason", &self.unknown_reason)?;
        fields.end()
    }
}

/// Support of an approval by the actions of a result.
#[derive(PartialEq, Eq)]
enum Backing {
    /// The actions do, or say nothing against it.
    Sound,
    /// Something is still open.
    Undecided,
    /// Something says no, was never done, or says what nobody knows.
    Against,
}

impl Backing {
    fn of(actions: &Actions, job_type: JobType, finding: Finding) -> Self {
        use ActionValue as A;
        let steps: Vec<(String, &A)> = actions.iter().map(|(name, value)| (plain(name), value)).collect();
        let says = |step: &str, word: A| steps.iter().any(|(name, value)| name == step && **value == word);
        let human =
            || steps.iter().filter(|(name, _)| name.starts_with("humanreview")).map(|(_, value)| *value);
        // A reviewer's code, or a reviewer who passed it and left nothing open.
        let is_reviewed = finding.is_of_reviewer()
            || (human().any(|value| *value == A::Passed)
                && human().all(|value| matches!(value, A::Passed | A::NotApplicable)));
        // An ID card can stand for the authority's photo, and a reviewer's comparison for the
        // machine's.
        let is_compared =
            says("selfietoidcardcompare", A::Completed) || says("humanreviewcompare", A::Passed);
        let asks_authority = !matches!(job_type, JobType::BIOMETRIC_KYC | JobType::DOCUMENT_VERIFICATION);

        let judge = |(name, value): &(String, &A)| match (name.as_str(), *value) {
            (_, A::Failed | A::Rejected | A::NotVerified | A::NoMatch | A::Listed | A::Unknown(_)) => {
                Self::Against
            }
            // What the code is about must be so.
            ("verifyidnumber" | "verifybusiness", value)
                if finding == Finding::IdFound && *value != A::Verified =>
            {
                Self::Against
            }
            (_, A::PartialMatch | A::Transposed) if finding == Finding::ExactMatch => Self::Against,
            ("selfietoidauthoritycompare", A::NotDone | A::IdAuthorityPhotoNotAvailable) if is_compared => {
                Self::Sound
            }
            ("verifyidnumber", A::NotDone | A::IssuerUnavailable) if is_compared && !asks_authority => {
                Self::Sound
            }
            (_, A::NotDone | A::IssuerUnavailable | A::IdAuthorityPhotoNotAvailable) => Self::Against,
            (
                name,
                A::UnderReview | A::SentToHumanReview | A::ProvisionallyApproved | A::UnableToDetermine,
            ) => {
                // What the machine left open a reviewer has looked at.
                if is_reviewed && !name.starts_with("humanreview") { Self::Sound } else { Self::Undecided }
            }
            // A comparison is made, or no part of the job.
            (name, value)
                if name.starts_with("selfieto")
                    && !matches!(value, A::Completed | A::Passed | A::NotApplicable) =>
            {
                Self::Against
            }
            _ => Self::Sound,
        };
        let judged: Vec<Self> = steps.iter().map(judge).collect();
        // An exact match of nothing is none.
        let is_empty_match = finding == Finding::ExactMatch
            && steps.iter().any(|(_, value)| **value == A::NotProvided)
            && !steps.iter().any(|(_, value)| **value == A::ExactMatch);
        if is_empty_match || judged.contains(&Self::Against) {
            Self::Against
        } else if judged.contains(&Self::Undecided) {
            Self::Undecided
        } else {
            Self::Sound
        }
    }
}

/// Letters of a step's name: its casing and underscores are of no account.
fn plain(name: &str) -> String {
    tolerant::letters(name).map(char::from).collect()
}

fn decision_of(category: Category) -> Decision {
    match category {
        Category::Approved => Decision::Approved,
        Category::Provisional | Category::SuspectedSpoof | Category::Inconclusive => Decision::Provisional,
        Category::Rejected => Decision::Rejected,
        Category::Error => Decision::Error,
        Category::Listed | Category::NotListed => Decision::Unknown,
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.decision, if self.is_final { "final" } else { "not final" })?;
        if let Some(code) = &self.code {
            write!(f, " (code {code})")?;
        }
        write!(f, ": {}", self.meaning())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::ResultEntry;

    fn verdict(job_type: u16, entry: Value) -> Verdict {
        ResultEntry::from_json(entry).unwrap().verdict_for(JobType::from_number(job_type))
    }

    #[test]
    fn a_verdict_serialises_to_stable_names_and_no_text_of_anybodys() {
        let approved = serde_json::to_value(verdict(1, json!({ "ResultCode": "0810" }))).unwrap();
        assert_eq!(
            approved,
            json!({ "decision": "approved", "is_final": true, "code": "0810", "next_step": "accept", "unknown_reason": null })
        );
        let other = serde_json::to_value(verdict(1, json!({ "ResultCode": "Jane" }))).unwrap();
        assert_eq!((&other["decision"], &other["code"]), (&json!("unknown"), &Value::Null));
        assert_eq!(other["unknown_reason"], json!("not_in_catalogue"));
    }

    #[test]
    fn names_are_what_is_stored_and_read_back() {
        for decision in ["approved", "provisional", "rejected", "error", "unknown"] {
            let read: Decision = serde_json::from_value(json!(decision)).unwrap();
            assert_eq!((read.name(), serde_json::to_value(read).unwrap()), (decision, json!(decision)));
            assert_eq!(decision.parse(), Ok(read));
        }
        for step in
            ["accept", "compare_the_record", "await_review", "ask_for_new_images", "retry_later", "decline"]
        {
            let read: NextStep = serde_json::from_value(json!(step)).unwrap();
            assert_eq!((read.name(), serde_json::to_value(read).unwrap()), (step, json!(step)));
        }
        for reason in ["no_code", "no_job_type", "contradiction", "unsigned", "other_time", "unknown_status"]
        {
            let read: UnknownReason = serde_json::from_value(json!(reason)).unwrap();
            assert_eq!((read.name(), serde_json::to_value(read).unwrap()), (reason, json!(reason)));
        }
    }

    #[test]
    fn names_of_a_newer_version_are_read_as_unknown_and_approve_nothing() {
        let newer = json!("of_a_newer_version");
        assert_eq!(serde_json::from_value::<Decision>(newer.clone()).unwrap(), Decision::Unknown);
        assert_eq!(serde_json::from_value::<NextStep>(newer.clone()).unwrap(), NextStep::Unrecognised);
        assert_eq!(serde_json::from_value::<UnknownReason>(newer).unwrap(), UnknownReason::Unrecognised);
    }

    #[test]
    fn a_mistyped_decision_is_none_and_not_shown() {
        let error = "Approved by Jane".parse::<Decision>().unwrap_err().to_string();
        assert!(error.starts_with("`decision` must be `approved`") && !error.contains("Jane"), "{error}");
    }

    #[test]
    fn one_code_means_different_things_for_different_jobs() {
        assert_eq!(verdict(1, json!({ "ResultCode": "0812" })).decision(), Decision::Provisional);
        assert_eq!(verdict(6, json!({ "ResultCode": "0812" })).decision(), Decision::Rejected);
        assert_eq!(verdict(2, json!({ "ResultCode": "0810" })).decision(), Decision::Unknown);
    }

    #[test]
    fn an_approval_that_something_contradicts_is_unknown() {
        assert!(verdict(1, json!({ "ResultCode": "0810" })).is_approved());
        for actions in [
            json!({ "Register_Selfie": "Rejected" }),
            json!({ "Liveness_Check": "failed" }),
            json!({ "Verify_ID_Number": "Not Verified" }),
        ] {
            let verdict = verdict(1, json!({ "ResultCode": "0810", "Actions": actions }));
            assert_eq!(verdict.unknown_reason(), Some(UnknownReason::Contradiction));
            assert!(!verdict.is_final());
        }
        let entry = ResultEntry::from_json(json!({ "ResultCode": "0810" })).unwrap();
        let no_success = entry.verdict_of_job(Some(JobType::BIOMETRIC_KYC), Some(false));
        assert_eq!(no_success.decision(), Decision::Unknown);
    }

    #[test]
    fn an_approval_that_says_it_is_not_final_is_provisional() {
        let verdict = verdict(1, json!({ "ResultCode": "0810", "IsFinalResult": "false" }));
        assert_eq!((verdict.decision(), verdict.is_final()), (Decision::Provisional, false));
    }

    #[test]
    fn an_approval_with_a_step_that_is_still_pending_is_provisional() {
        let pending = json!({ "Selfie_Check": "Under Review" });
        let machine = verdict(1, json!({ "ResultCode": "0810", "Actions": pending }));
        assert_eq!((machine.decision(), machine.is_final()), (Decision::Provisional, false));
        assert!(verdict(1, json!({ "ResultCode": "1210", "Actions": pending })).is_approved());
    }

    #[test]
    fn what_cannot_be_read_is_never_an_approval() {
        for (part, value, reason) in [
            ("Actions", json!(["Not Verified"]), Some(UnknownReason::Unreadable)),
            (
                "Actions",
                json!({ "Verify_ID_Number": { "value": "Not Verified" } }),
                Some(UnknownReason::Unreadable),
            ),
            (
                "Actions",
                json!({ "Liveness_Check": "Passed", "liveness_check": "Failed" }),
                Some(UnknownReason::Unreadable),
            ),
            ("result_code", json!("0811"), Some(UnknownReason::Unreadable)),
            ("is_final_result", json!(0), None),
            ("PartnerParams", json!({ "job_type": 99_999 }), Some(UnknownReason::OtherJobType)),
            ("PartnerParams", json!({ "job_type": 1.5 }), Some(UnknownReason::OtherJobType)),
            ("PartnerParams", json!({ "jobType": 6, "JOB_TYPE": 6 }), Some(UnknownReason::OtherJobType)),
        ] {
            let mut entry = json!({ "ResultCode": "0810" });
            entry[part] = value;
            let verdict = verdict(1, entry.clone());
            assert_eq!((verdict.is_approved(), verdict.unknown_reason()), (false, reason), "{entry}");
        }
    }

    #[test]
    fn what_to_do_next() {
        for (job_type, code, next) in [
            (1, "0810", NextStep::Accept),
            (1, "0812", NextStep::AwaitReview),
            (6, "0812", NextStep::AskForNewImages),
            (1, "0811", NextStep::Decline),
            (1, "0911", NextStep::AskForNewImages),
            (1, "1013", NextStep::CorrectIdNumber),
            (5, "1012", NextStep::CompareTheRecord),
            (6, "0816", NextStep::AskForAnotherDocument),
            (6, "0817", NextStep::ManualReview),
            (5, "1014", NextStep::CorrectIdNumber),
            (5, "1015", NextStep::RetryLater),
            (5, "1016", NextStep::CallSupport),
            (5, "1021", NextStep::ManualReview),
            (1, "1213", NextStep::ManualReview),
            (1, "1012", NextStep::AwaitReview),
            (1, "9999", NextStep::ManualReview),
            (10, "1030", NextStep::ManualReview),
        ] {
            assert_eq!(
                verdict(job_type, json!({ "ResultCode": code })).next_step(),
                next,
                "{job_type} {code}"
            );
        }
    }

    #[test]
    fn only_a_final_approval_with_nothing_left_to_do_lets_a_person_in() {
        for (job_type, entry, lets_in) in [
            (1, json!({ "ResultCode": "0810" }), true),
            (1, json!({ "ResultCode": "1210" }), true),
            (5, json!({ "ResultCode": "1020" }), true),
            (5, json!({ "ResultCode": "1012" }), false),
            (7, json!({ "ResultCode": "1012" }), false),
            (1, json!({ "ResultCode": "1012" }), false),
            (1, json!({ "ResultCode": "0812" }), false),
            (1, json!({ "ResultCode": "0810", "IsFinalResult": "false" }), false),
            (1, json!({ "ResultCode": "0811" }), false),
            (1, json!({ "ResultCode": "9999" }), false),
            (10, json!({ "ResultCode": "1031" }), false),
        ] {
            assert_eq!(verdict(job_type, entry.clone()).may_be_let_in(), lets_in, "{job_type} {entry}");
        }
    }

    #[test]
    fn what_is_missing_or_strange_is_unknown_and_not_final() {
        for (entry, reason) in [
            (json!({}), UnknownReason::NoCode),
            (json!({ "ResultCode": "9999" }), UnknownReason::NotInCatalogue),
            (json!({ "ResultCode": "810" }), UnknownReason::NotInCatalogue),
            (json!({ "ResultCode": "Approved" }), UnknownReason::NotInCatalogue),
            (
                json!({ "ResultCode": "0810", "PartnerParams": { "job_type": 6 } }),
                UnknownReason::OtherJobType,
            ),
        ] {
            let verdict = verdict(1, entry);
            assert_eq!(
                (verdict.decision(), verdict.is_final(), verdict.unknown_reason()),
                (Decision::Unknown, false, Some(reason))
            );
        }
        let untyped = ResultEntry::from_json(json!({ "ResultCode": "0810" })).unwrap().verdict();
        assert_eq!(untyped.unknown_reason(), Some(UnknownReason::NoJobType));
    }

    #[test]
    fn success_and_actions_together_decide_on_an_approval() {
        let (sound, open, against) = ("Passed", "Under Review", "Failed");
        for (action, success, expected) in [
            (sound, None, Decision::Approved),
            (sound, Some(true), Decision::Approved),
            (sound, Some(false), Decision::Unknown),
            (open, None, Decision::Provisional),
            (open, Some(true), Decision::Provisional),
            (open, Some(false), Decision::Unknown),
            (against, None, Decision::Unknown),
            (against, Some(true), Decision::Unknown),
            (against, Some(false), Decision::Unknown),
        ] {
            let entry = json!({ "ResultCode": "0810", "Actions": { "Selfie_Check": action } });
            let entry = ResultEntry::from_json(entry).unwrap();
            let verdict = entry.verdict_of_job(Some(JobType::BIOMETRIC_KYC), success);
            let is_approved = expected == Decision::Approved;
            let reason = (expected == Decision::Unknown).then_some(UnknownReason::Contradiction);
            assert_eq!(
                (verdict.decision(), verdict.is_final(), verdict.unknown_reason()),
                (expected, is_approved, reason),
                "{action} {success:?}"
            );
            assert_eq!((verdict.is_approved(), verdict.may_be_let_in()), (is_approved, is_approved));
        }
    }

    #[test]
    fn every_name_is_its_own_and_what_display_and_storage_say() {
        use Decision as D;
        use UnknownReason as U;
        for (decision, name) in [
            (D::Approved, "approved"),
            (D::Provisional, "provisional"),
            (D::Rejected, "rejected"),
            (D::Error, "error"),
            (D::Unknown, "unknown"),
        ] {
            assert_eq!((decision.name(), decision.to_string().as_str()), (name, name));
            assert_eq!(serde_json::to_value(decision).unwrap(), json!(name));
        }
        for (reason, name) in [
            (U::NoCode, "no_code"),
            (U::NoJobType, "no_job_type"),
            (U::OtherJobType, "other_job_type"),
            (U::NotInCatalogue, "not_in_catalogue"),
            (U::Contradiction, "contradiction"),
            (U::NoVerdict, "no_verdict"),
            (U::Unsigned, "unsigned"),
            (U::Unreadable, "unreadable"),
            (U::OtherTime, "other_time"),
            (U::NoJobId, "no_job_id"),
            (U::UnknownStatus, "unknown_status"),
            (U::UnknownProduct, "unknown_product"),
            (U::Unrecognised, "unrecognised"),
        ] {
            assert_eq!((reason.name(), serde_json::to_value(reason).unwrap()), (name, json!(name)));
            assert_eq!(serde_json::from_value::<U>(json!(name)).unwrap(), reason);
        }
    }
}
