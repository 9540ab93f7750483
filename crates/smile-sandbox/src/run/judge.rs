//! The machine's verdict on a submission.
//!
//! The verdict follows from the zip, and then from the test's wishes: a rule, `sandbox_result` in
//! `partner_params`, the last digit of the ID number.

use smile_core::JobType;
use smile_core::catalogue::IdTypeCatalogue;

use crate::http::fields::whole_number;
use crate::job::jobs::Job;
use crate::job::submission::{ID_CARD_BACK, ID_CARD_FRONT, LIVENESS, SELFIE, Submission};
use crate::result::authority::last_digit;
use crate::result::finding::Finding;
use crate::result::product::Product;
use crate::result::verdict::Verdict;
use crate::rule::script::Scripted;

/// The verdict on an unusable zip; `None` if the zip can be used.
pub(crate) fn of_unusable(job: &Job, submission: Option<&Submission>) -> Option<Verdict> {
    let finding = match submission {
        None => Some(Finding::ZipCorrupt),
        Some(submission) => problem(job, submission),
    };
    let mut verdict = Verdict::of_machine(finding?, job.product());
    if finding == Some(Finding::SelfieUnusable) && submission.is_some_and(|it| !has_selfie_problem(job, it)) {
        // The same code; Smile ID's own text for it is not known.
        verdict.text = "Liveness image unusable";
    }
    Some(verdict)
}

/// The verdict on a usable zip, without a rule.
pub(crate) fn of_steered(job: &Job, submission: &Submission) -> Verdict {
    Verdict::of_machine(steered(job, submission), job.product())
}

/// The verdict that a rule asks for.
pub(crate) fn of_script(scripted: &Scripted, product: Product, as_it_comes: &Verdict) -> Verdict {
    match scripted {
        Scripted::AsItComes => as_it_comes.clone(),
        Scripted::Code(code) => Verdict::of_code(code, product),
        Scripted::Named(outcome) => {
            Verdict::of_outcome(outcome, product).unwrap_or_else(|| as_it_comes.clone())
        }
    }
}

/// The problem in the zip that prevents a verdict.
fn problem(job: &Job, submission: &Submission) -> Option<Finding> {
    let is_document = job.product().is_document();
    let has_card = submission.image(ID_CARD_FRONT).is_some();
    if submission.info.is_none() {
        return Some(Finding::InfoInvalid);
    }
    if has_selfie_problem(job, submission) || is_lost(submission, LIVENESS) {
        return Some(Finding::SelfieUnusable);
    }
    let is_card_lost = is_lost(submission, ID_CARD_FRONT) || is_lost(submission, ID_CARD_BACK);
    if is_card_lost || (is_document && !has_card) {
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

fn has_selfie_problem(job: &Job, submission: &Submission) -> bool {
    let is_on_file = job.product().is_document() && job.use_enrolled_image;
    is_lost(submission, SELFIE) || (submission.image(SELFIE).is_none() && !is_on_file)
}

/// True if an image of these types is listed, and is missing from the zip or can't be used. A
/// listed image has to be there: without a frame that its sender believes to have sent, the job is
/// not the one that was asked for.
fn is_lost(submission: &Submission, types: [u8; 2]) -> bool {
    submission.images.iter().any(|image| types.contains(&image.image_type_id) && !image.is_usable())
}

/// The finding that the test asks for: by `sandbox_result`, or else by the last digit of the ID
/// number.
fn steered(job: &Job, submission: &Submission) -> Finding {
    match job.partner_params.get("sandbox_result").and_then(whole_number) {
        Some(0) => Finding::Approved,
        Some(1) => Finding::Rejected,
        Some(2) => Finding::Provisional,
        _ => match last_digit(looked_up_number(job, submission)) {
            Some('1') => Finding::IdNotFound,
            Some('2') => Finding::IdMalformed,
            Some('3') => Finding::AuthorityUnavailable,
            // There is nothing to compare the selfie with, so a human has to review it.
            _ if !has_photo_to_compare(job, submission) => Finding::Provisional,
            _ => Finding::Approved,
        },
    }
}

/// True if a Biometric KYC has a photo to compare the selfie with: the authority's, or that on an
/// ID card; also for all other job types, which need none.
pub(crate) fn has_photo_to_compare(job: &Job, submission: &Submission) -> bool {
    if job.job_type != JobType::BIOMETRIC_KYC || submission.image(ID_CARD_FRONT).is_some() {
        return true;
    }
    let name = |field| submission.id_info(field).unwrap_or_default();
    let id_type = IdTypeCatalogue::built_in().find(name("country"), name("id_type"));
    id_type.and_then(|id_type| id_type.returns_photo()) != Some(false)
}

/// The ID number that the job looks up at the authority, if any.
pub(crate) fn looked_up_number<'a>(job: &Job, submission: &'a Submission) -> Option<&'a str> {
    let looks_up = matches!(
        job.job_type,
        JobType::BIOMETRIC_KYC | JobType::COMPARE_USER_INFO | JobType::ENHANCED_DOCUMENT_VERIFICATION
    );
    submission.id_info("id_number").filter(|_| looks_up)
}
