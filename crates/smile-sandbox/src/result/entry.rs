//! Result entries, as they stand in the job status, its history and the callbacks.

use serde_json::{Map, Value, json};
use smile_core::JobType;

use crate::job::jobs::Job;
use crate::job::submission::{ID_CARD_FRONT, LIVENESS, Submission};
use crate::result::actions::{Circumstances, actions};
use crate::result::persona::{NOT_AVAILABLE, replace_with_custom, with_split_name};
use crate::result::verdict::{
    Finding, Verdict, has_photo_to_compare, last_digit, looked_up_number, lookup_code, lookup_text,
};

/// The entry for a verdict on what was submitted.
pub(crate) fn result_entry(
    job: &Job,
    submission: &Submission,
    verdict: &Verdict,
    personal_info: bool,
) -> Map<String, Value> {
    let is_document =
        matches!(job.job_type, JobType::DOCUMENT_VERIFICATION | JobType::ENHANCED_DOCUMENT_VERIFICATION);
    let looks_up = looked_up_number(job, submission).is_some();
    let returns_personal_info = personal_info && (looks_up || is_document) && is_known(verdict.finding);
    let circumstances = Circumstances {
        looks_up,
        returns_personal_info,
        has_liveness: submission.image(LIVENESS).is_some(),
        has_card: submission.image(ID_CARD_FRONT).is_some(),
        has_photo: has_photo_to_compare(job, submission),
    };
    let mut entry = Map::new();
    entry.insert("Actions".into(), actions(job.job_type, verdict.finding, circumstances).into());
    if !is_document {
        entry.insert("ConfidenceValue".into(), if verdict.is_approval() { "99.99" } else { "0" }.into());
    }
    entry.insert("PartnerParams".into(), echo(job, submission).into());
    entry.insert("ResultCode".into(), verdict.code.as_str().into());
    entry.insert("ResultText".into(), verdict.text.into());
    entry.insert("ResultType".into(), if is_document { "Document Verification" } else { "SAIA" }.into());
    entry.insert("SmileJobID".into(), job.smile_job_id.as_str().into());
    if !is_document {
        entry.insert("Source".into(), "WebAPI".into());
    }
    // Entries of documents leave these two out in production; they only say it when more is to come.
    if !is_document || !verdict.is_final {
        let is_machine = !matches!(verdict.finding, Finding::Reviewed(_));
        entry.insert("IsFinalResult".into(), verdict.is_final.to_string().into());
        entry.insert("IsMachineResult".into(), is_machine.to_string().into());
    }
    if returns_personal_info {
        entry.extend(personal(job, submission, is_document));
    }
    entry
}

/// The entry for the ID lookup alone, which only old accounts get as a callback of its own.
pub(crate) fn lookup_entry(job: &Job, submission: &Submission, number: &str) -> Map<String, Value> {
    let code = lookup_code(number);
    let (verified, returned) = match code {
        "1012" => ("Verified", "Returned"),
        "1015" => ("Issuer Unavailable", "Not Returned"),
        _ => ("Not Verified", "Not Returned"),
    };
    let mut entry = Map::new();
    entry.insert("JSONVersion".into(), "1.0.0".into());
    entry.insert("SmileJobID".into(), job.smile_job_id.as_str().into());
    entry.insert("PartnerParams".into(), echo(job, submission).into());
    entry.insert("ResultType".into(), "ID Verification".into());
    entry.insert("ResultText".into(), lookup_text(code));
    entry.insert("ResultCode".into(), code.into());
    entry.insert("IsFinalResult".into(), "true".into());
    entry.insert("Actions".into(), json!({"Verify_ID_Number": verified, "Return_Personal_Info": returned}));
    if code == "1012" {
        entry.extend(personal(job, submission, false));
    }
    entry
}

/// Whether the person's data is known by then.
fn is_known(finding: Finding) -> bool {
    matches!(
        finding,
        Finding::Approved
            | Finding::Rejected
            | Finding::SpoofSuspected
            | Finding::SpoofRejected
            | Finding::Reviewed(_)
    )
}

/// `PartnerParams`: what was sent, untouched; except that custom test data with a name in it has it split as well.
fn echo(job: &Job, submission: &Submission) -> Map<String, Value> {
    let params = params(job, submission);
    if has_custom_data(job, submission) { with_split_name(params) } else { params.clone() }
}

/// Those that were sent when the zip came.
fn params<'a>(job: &'a Job, submission: &'a Submission) -> &'a Map<String, Value> {
    submission.partner_params.as_ref().unwrap_or(&job.partner_params)
}

/// An ID number that ends in 4 asks for the test data to be replaced by what `partner_params` has.
fn has_custom_data(job: &Job, submission: &Submission) -> bool {
    last_digit(looked_up_number(job, submission)) == Some('4')
}

/// The test person, Joe Doe Leo, with the ID that was submitted.
fn personal(job: &Job, submission: &Submission, is_document: bool) -> Map<String, Value> {
    let submitted = |name: &str| submission.id_info(name).unwrap_or(NOT_AVAILABLE);
    let mut data = Map::new();
    data.insert("Country".into(), submitted("country").into());
    data.insert("IDType".into(), submitted("id_type").into());
    data.insert("IDNumber".into(), submitted("id_number").into());
    data.insert("FullName".into(), "Joe Doe Leo".into());
    if is_document {
        data.insert("FirstName".into(), "Joe".into());
        data.insert("OtherName".into(), "Doe".into());
        data.insert("LastName".into(), "Leo".into());
        data.insert("IssuanceDate".into(), NOT_AVAILABLE.into());
        data.insert("SecondaryIDNumber".into(), NOT_AVAILABLE.into());
    }
    data.insert("DOB".into(), "2000-09-20".into());
    data.insert("Gender".into(), "M".into());
    for absent in ["Address", "PhoneNumber", "PhoneNumber2", "ExpirationDate", "Photo"] {
        data.insert(absent.into(), NOT_AVAILABLE.into());
    }
    if has_custom_data(job, submission) {
        replace_with_custom(&mut data, params(job, submission));
    }
    data
}
