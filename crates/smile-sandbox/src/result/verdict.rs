//! Which verdict a job gets, and with which code.
//!
//! The machine's verdict follows from the zip, then from what the test asked for: a rule, `sandbox_result` in
//! `partner_params`, the last digit of the ID number. A human's follows from [`Review`].

use serde_json::Value;
use smile_core::JobType;
use smile_core::catalogue::{self, Category, IdTypeCatalogue};

use crate::http::answers::api_text;
use crate::http::fields::whole_number;
use crate::job::jobs::Job;
use crate::job::submission::{ID_CARD_FRONT, SELFIE, Submission};
use crate::result::codes::{Family, code, said_by};
use crate::result::product::Product;
use crate::rule::script::Scripted;

/// What a human reviewer decides about a job that is under review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Review {
    /// The person is who they say: 1210, 1220, 1240; for documents 0810.
    Approve,
    /// Different people, or an image that can't be used: 1211, 1221, 1241; for documents 0811.
    Reject,
    /// Not a live person: 1212, 1222, 1242; for documents 0811, as they have no code of their own for it.
    SpoofDetected,
    /// Undecided on liveness: 1213. Only for Biometric KYC and job type 9.
    LivenessUnsure,
    /// The photo of the ID card is not good: 1214 for Biometric KYC and job type 9, 0811 for documents.
    IdCardCheckFailed,
}

/// Why a review could not be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// There is no such job.
    #[error("there is no job with this id")]
    UnknownJob,
    /// The job is not under review: it has no zip yet, or its verdict is final.
    #[error("the job is not under review")]
    NotUnderReview,
    /// No code is known with which this would be said of a job of this type.
    #[error("there is no result code for this review of a job of this type")]
    NotForThisJobType,
}

/// What was found out about a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Approved,
    Rejected,
    Provisional,
    SpoofSuspected,
    SpoofRejected,
    SelfieUnusable,
    DocumentUnusable,
    ZipCorrupt,
    InfoInvalid,
    ParameterMissing,
    IdNotFound,
    IdMalformed,
    AuthorityUnavailable,
    /// A scripted code about which the catalogue says nothing.
    Unknown,
    Reviewed(Review),
}

/// A finding and the code that says it.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) finding: Finding,
    pub(crate) code: String,
    pub(crate) text: &'static str,
    pub(crate) is_final: bool,
    pub(crate) is_success: bool,
}

impl Verdict {
    /// The machine's verdict on a zip that can't be used; `None` if it can.
    pub(crate) fn of_unusable(job: &Job, submission: Option<&Submission>) -> Option<Self> {
        let finding = match submission {
            None => Some(Finding::ZipCorrupt),
            Some(submission) => problem(job, submission),
        };
        finding.map(|finding| Self::of_machine(finding, job.job_type))
    }

    /// The machine's verdict on a zip that can be used, as far as no rule says otherwise.
    pub(crate) fn of_steered(job: &Job, submission: &Submission) -> Self {
        Self::of_machine(steered(job, submission), job.job_type)
    }

    fn of_machine(finding: Finding, job_type: JobType) -> Self {
        Self::new(finding, job_type).expect("every finding of the machine has a code for every job type")
    }

    /// The verdict that a rule asks for.
    pub(crate) fn of_script(scripted: &Scripted, product: Product, as_it_comes: &Self) -> Self {
        let job_type = product.job_type();
        match scripted {
            Scripted::AsItComes => as_it_comes.clone(),
            Scripted::Code(code) => Self::scripted(code, job_type),
            Scripted::Named(outcome) => {
                let reviewed = outcome.review().and_then(|review| Self::of_human(review, job_type).ok());
                reviewed
                    .unwrap_or_else(|| Self::scripted(outcome.code(product).unwrap_or_default(), job_type))
            }
        }
    }

    /// A human's verdict, if there is a code for it.
    pub(crate) fn of_human(review: Review, job_type: JobType) -> Result<Self, ReviewError> {
        Self::new(Finding::Reviewed(review), job_type).ok_or(ReviewError::NotForThisJobType)
    }

    /// Whether a human has yet to look at it.
    pub(crate) fn awaits_review(&self) -> bool {
        matches!(self.finding, Finding::Provisional | Finding::SpoofSuspected)
    }

    /// Whether the person passed, so that the user is enrolled now.
    pub(crate) fn is_approval(&self) -> bool {
        matches!(self.finding, Finding::Approved | Finding::Reviewed(Review::Approve))
    }

    fn new(finding: Finding, job_type: JobType) -> Option<Self> {
        let code = code(finding, Family::of(job_type))?;
        let mut verdict = Self::with_code(finding, code, job_type);
        verdict.text = match finding {
            Finding::SelfieUnusable => "Selfie image unusable",
            Finding::DocumentUnusable => "ID Card image unusable",
            Finding::Reviewed(Review::Approve) if code == "0810" => "Document Verified After Human Review",
            _ => verdict.text,
        };
        Some(verdict)
    }

    fn scripted(code: &str, job_type: JobType) -> Self {
        let category = row(code, job_type).map(|row| row.category);
        let finding = said_by(code, Family::of(job_type)).unwrap_or(match category {
            Some(Category::Approved) => Finding::Approved,
            Some(Category::Provisional) => Finding::Provisional,
            Some(Category::SuspectedSpoof) => Finding::SpoofSuspected,
            Some(Category::Rejected) => Finding::Rejected,
            _ => Finding::Unknown,
        });
        Self::with_code(finding, code, job_type)
    }

    fn with_code(finding: Finding, code: &str, job_type: JobType) -> Self {
        let row = row(code, job_type);
        Self {
            finding,
            code: code.to_owned(),
            text: row.map_or_else(|| api_text(code), |row| row.text),
            is_final: row.is_none_or(|row| row.is_final),
            is_success: row.is_some_and(|row| row.job_success),
        }
    }
}

/// What the catalogue says of a code for this job type; of codes that it has for related types only, what it says
/// there.
fn row(code: &str, job_type: JobType) -> Option<&'static catalogue::ResultCodeRow> {
    [job_type, Family::of(job_type).catalogued(), JobType::BIOMETRIC_KYC]
        .into_iter()
        .find_map(|job_type| catalogue::result_code(code, job_type))
}

/// What in the zip stands in the way of a verdict.
fn problem(job: &Job, submission: &Submission) -> Option<Finding> {
    let is_document = Family::of(job.job_type) == Family::Document;
    let has_card = submission.image(ID_CARD_FRONT).is_some();
    if submission.info.is_none() {
        return Some(Finding::InfoInvalid);
    }
    if submission.image(SELFIE).is_none() && !(is_document && job.use_enrolled_image) {
        return Some(Finding::SelfieUnusable);
    }
    if is_document && !has_card {
        return Some(Finding::DocumentUnusable);
    }
    let required: &[&str] = match job.job_type {
        JobType::BIOMETRIC_KYC if submission.is_entered() || !has_card => {
            &["country", "id_type", "id_number"]
        }
        JobType::DOCUMENT_VERIFICATION => &["country"],
        JobType::ENHANCED_DOCUMENT_VERIFICATION => &["country", "id_type"],
        _ => &[],
    };
    required.iter().any(|name| submission.id_info(name).is_none()).then_some(Finding::ParameterMissing)
}

/// What the test asked for: `sandbox_result`, or else the last digit of the ID number.
fn steered(job: &Job, submission: &Submission) -> Finding {
    match job.partner_params.get("sandbox_result").and_then(whole_number) {
        Some(0) => Finding::Approved,
        Some(1) => Finding::Rejected,
        Some(2) => Finding::Provisional,
        _ => match last_digit(looked_up_number(job, submission)) {
            Some('1') => Finding::IdNotFound,
            Some('2') => Finding::IdMalformed,
            Some('3') => Finding::AuthorityUnavailable,
            // There is nothing to compare the selfie with, so a human has to look.
            _ if !has_photo_to_compare(job, submission) => Finding::Provisional,
            _ => Finding::Approved,
        },
    }
}

/// Whether a Biometric KYC has a photo to compare the selfie with: the authority's, or that on an ID card. For other job
/// types the question doesn't arise.
pub(crate) fn has_photo_to_compare(job: &Job, submission: &Submission) -> bool {
    if job.job_type != JobType::BIOMETRIC_KYC || submission.image(ID_CARD_FRONT).is_some() {
        return true;
    }
    let name = |field| submission.id_info(field).unwrap_or_default();
    let id_type = IdTypeCatalogue::built_in().find(name("country"), name("id_type"));
    id_type.and_then(|id_type| id_type.returns_photo()) != Some(false)
}

/// The ID number that the job looks up at the authority, if it looks up any.
pub(crate) fn looked_up_number<'a>(job: &Job, submission: &'a Submission) -> Option<&'a str> {
    let looks_up = matches!(
        job.job_type,
        JobType::BIOMETRIC_KYC | JobType::COMPARE_USER_INFO | JobType::ENHANCED_DOCUMENT_VERIFICATION
    );
    submission.id_info("id_number").filter(|_| looks_up)
}

/// Some test numbers end in a letter, so it is the last digit that counts and not the last character.
pub(crate) fn last_digit(number: Option<&str>) -> Option<char> {
    number?.chars().rev().find(char::is_ascii_digit)
}

/// The code of the ID lookup by itself, for the callback that only old accounts get.
pub(crate) fn lookup_code(number: &str) -> &'static str {
    match last_digit(Some(number)) {
        Some('1') => "1013",
        Some('2') => "1014",
        Some('3') => "1015",
        _ => "1012",
    }
}

/// The text of that code.
pub(crate) fn lookup_text(code: &str) -> Value {
    catalogue::result_code(code, JobType::BIOMETRIC_KYC).map_or("", |row| row.text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: [Finding; 14] = [
        Finding::Approved,
        Finding::Rejected,
        Finding::Provisional,
        Finding::SpoofSuspected,
        Finding::SpoofRejected,
        Finding::SelfieUnusable,
        Finding::DocumentUnusable,
        Finding::ZipCorrupt,
        Finding::InfoInvalid,
        Finding::ParameterMissing,
        Finding::IdNotFound,
        Finding::IdMalformed,
        Finding::AuthorityUnavailable,
        Finding::Unknown,
    ];

    #[test]
    fn every_finding_of_the_machine_has_a_code_for_every_job_type() {
        for number in [1, 2, 4, 6, 8, 9, 11] {
            for finding in MACHINE {
                let verdict = Verdict::new(finding, JobType::from_number(number)).unwrap();
                assert_ne!(verdict.text, "Error", "{} of {number}", verdict.code);
                assert_eq!(verdict.is_success, verdict.is_approval() || verdict.awaits_review());
                assert_eq!(verdict.is_final, !verdict.awaits_review());
            }
        }
    }

    #[test]
    fn the_last_digit_is_found_before_a_letter() {
        assert_eq!(last_digit(Some("A000000003A")), Some('3'));
        assert_eq!(last_digit(Some("GHA-000000000-1")), Some('1'));
        assert_eq!(last_digit(Some("none")), None);
        assert_eq!(last_digit(None), None);
    }

    #[test]
    fn a_scripted_code_means_what_the_catalogue_says() {
        let spoof = Verdict::scripted("0814", JobType::BIOMETRIC_KYC);
        assert!(spoof.awaits_review() && !spoof.is_final);
        let unknown = Verdict::scripted("9999", JobType::BIOMETRIC_KYC);
        assert!(!unknown.is_success && !unknown.is_approval() && !unknown.awaits_review());
    }
}
