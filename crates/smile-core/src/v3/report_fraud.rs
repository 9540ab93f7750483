//! `POST /v3/users/{user_id}/report_fraud`: puts a user on the block lists, or takes them off
//! (Smile ID: the description of the v3 API, `reportUserFraud`).
//!
//! It is never repeated.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};

use super::envelope::object;
use super::multipart::Multipart;
use super::request::post;
use crate::operation::{Operation, OperationError, RepeatSafety, Step, TokenUse, segment};
use crate::wire::tolerant;
use crate::{Partner, ProblemKind, Timestamp, UserId, ValidationReport};

/// Reports a user as fraudulent, or as not: face, device and biometric data go onto block lists, or
/// off them.
#[derive(Clone)]
pub struct ReportFraudRequest {
    user_id: UserId,
    reason: Option<FraudReason>,
    notes: Option<String>,
    reported_by: String,
}

/// Why a user is reported (`reason`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FraudReason {
    /// `FIRST_PARTY_FRAUD`: with their own identity.
    FirstPartyFraud,
    /// `SECOND_PARTY_FRAUD`: with the identity of somebody who lent it.
    SecondPartyFraud,
    /// `THIRD_PARTY_FRAUD`: with the identity of somebody who doesn't know.
    ThirdPartyFraud,
    /// `SYNTHETIC_IDENTITY`: with one that is made up.
    SyntheticIdentity,
    /// `ACCOUNT_TAKEOVER`.
    AccountTakeover,
    /// `DOCUMENT_FORGERY`.
    DocumentForgery,
    /// `IDENTITY_FARMING`.
    IdentityFarming,
    /// `MULE_ACCOUNT`.
    MuleAccount,
    /// `OTHER`: the notes say what.
    Other,
}

impl FraudReason {
    const fn word(self) -> &'static str {
        match self {
            Self::FirstPartyFraud => "FIRST_PARTY_FRAUD",
            Self::SecondPartyFraud => "SECOND_PARTY_FRAUD",
            Self::ThirdPartyFraud => "THIRD_PARTY_FRAUD",
            Self::SyntheticIdentity => "SYNTHETIC_IDENTITY",
            Self::AccountTakeover => "ACCOUNT_TAKEOVER",
            Self::DocumentForgery => "DOCUMENT_FORGERY",
            Self::IdentityFarming => "IDENTITY_FARMING",
            Self::MuleAccount => "MULE_ACCOUNT",
            Self::Other => "OTHER",
        }
    }
}

impl ReportFraudRequest {
    /// Reports a user as fraudulent, for this reason; [`FraudReason::Other`] needs
    /// [notes](Self::with_notes). `reported_by` is the e-mail address of who reports it.
    pub fn flag(user_id: UserId, reason: FraudReason, reported_by: impl Into<String>) -> Self {
        Self { user_id, reason: Some(reason), notes: None, reported_by: reported_by.into() }
    }

    /// Reports a user as not fraudulent after all; the notes (at most 500 characters) say why.
    pub fn clear(user_id: UserId, notes: impl Into<String>, reported_by: impl Into<String>) -> Self {
        Self { user_id, reason: None, notes: Some(notes.into()), reported_by: reported_by.into() }
    }

    /// Notes, at most 500 characters.
    #[must_use]
    pub fn with_notes(mut self, notes: impl Into<String>) -> Self {
        self.notes = Some(notes.into());
        self
    }
}

impl fmt::Debug for ReportFraudRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportFraudRequest").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl Operation for ReportFraudRequest {
    type Output = FraudReport;
    const STEP: Step = Step::ReportFraud;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::Once
    }

    fn check(&self, _: &Partner) -> ValidationReport {
        let mut found = ValidationReport::default();
        found.path_segment("user_id", self.user_id.as_str());
        let is_blank = self.notes.as_deref().is_none_or(|notes| notes.trim().is_empty());
        match self.reason {
            None if is_blank => {
                found.add("notes", ProblemKind::Missing, "must say why the user is not fraudulent after all");
            }
            Some(FraudReason::Other) if is_blank => {
                found.add("notes", ProblemKind::Missing, "must say what it is, as the reason is `OTHER`");
            }
            _ if is_blank && self.notes.is_some() => found.required("notes", self.notes.as_deref()),
            _ => found.length("notes", self.notes.as_deref().unwrap_or_default(), 500),
        }
        found.required("reported_by", Some(&self.reported_by));
        found.email("reported_by", &self.reported_by);
        found
    }

    fn token_use(&self) -> TokenUse {
        TokenUse::Shared
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let mut parts = Multipart::new();
        parts.flag("is_fraud", self.reason.is_some());
        parts.optional("reason", self.reason.map(FraudReason::word));
        parts.optional("notes", self.notes.as_deref());
        parts.text("reported_by", &self.reported_by);
        post(partner, now, &format!("/users/{}/report_fraud", segment(self.user_id.as_str())), parts)
    }

    fn parse(
        &self,
        _: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<FraudReport, OperationError> {
        let fields = object(response)?.into_map();
        let user_id = tolerant::text(&fields, "user_id");
        if user_id.is_some_and(|user| user != self.user_id.as_str()) {
            return Err(OperationError::wrong_job(response));
        }
        Ok(FraudReport(fields))
    }
}

/// A fraud report that the service has accepted.
#[derive(Clone, PartialEq)]
pub struct FraudReport(Map<String, Value>);

impl FraudReport {
    /// All fields, as they came.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl fmt::Debug for FraudReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FraudReport(…)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, noon, partner};
    use crate::v3::testing::golden;

    fn user() -> UserId {
        UserId::new("user/1")
    }

    fn flag(reason: FraudReason) -> ReportFraudRequest {
        ReportFraudRequest::flag(user(), reason, "risk@bank.example")
    }

    fn problems(report: &ReportFraudRequest) -> Vec<String> {
        report.check(&partner()).problems.into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn golden_requests() {
        assert_eq!(
            golden(&flag(FraudReason::DocumentForgery).with_notes("seen twice")),
            [
                "POST https://testapi.smileidentity.com/v3/users/user%2F1/report_fraud",
                "content-type: multipart/form-data",
                "is_fraud: true",
                "reason: DOCUMENT_FORGERY",
                "notes: seen twice",
                "reported_by: risk@bank.example",
            ]
        );
        let clear = ReportFraudRequest::clear(user(), "a mistake", "risk@bank.example");
        assert_eq!(
            golden(&clear)[2..],
            ["is_fraud: false", "notes: a mistake", "reported_by: risk@bank.example"]
        );
    }

    #[test]
    fn an_answer() {
        let body = json!({ "status": "accepted", "message": "Fraud report accepted", "user_id": "user/1" });
        let report = flag(FraudReason::MuleAccount).parse(&partner(), noon(), &answer(202, &body)).unwrap();
        assert_eq!(report.as_json()["message"], "Fraud report accepted");
        let other = json!({ "status": "accepted", "user_id": "user-2" });
        assert!(flag(FraudReason::MuleAccount).parse(&partner(), noon(), &answer(202, &other)).is_err());
    }

    #[test]
    fn notes_are_needed_to_clear_somebody_and_for_other_reasons() {
        assert_eq!(problems(&flag(FraudReason::Other)), ["notes"]);
        assert_eq!(problems(&flag(FraudReason::Other).with_notes("smurfing")), [""; 0]);
        assert_eq!(problems(&ReportFraudRequest::clear(user(), " ", "risk@bank.example")), ["notes"]);
        assert_eq!(problems(&flag(FraudReason::AccountTakeover)), [""; 0]);
    }

    #[test]
    fn notes_have_at_most_500_characters() {
        assert_eq!(problems(&flag(FraudReason::Other).with_notes("é".repeat(500))), [""; 0]);
        assert_eq!(problems(&flag(FraudReason::Other).with_notes("a".repeat(501))), ["notes"]);
    }

    #[test]
    fn a_reporter_is_needed() {
        for reporter in ["", "risk"] {
            assert_eq!(
                problems(&ReportFraudRequest::flag(user(), FraudReason::MuleAccount, reporter)),
                ["reported_by"]
            );
        }
    }

    #[test]
    fn a_user_that_would_walk_the_path_is_refused() {
        assert_eq!(
            problems(&ReportFraudRequest::flag(UserId::new("."), FraudReason::MuleAccount, "a@b.co")),
            ["user_id"]
        );
    }
}
