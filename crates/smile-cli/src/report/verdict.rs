//! A verdict and a result, in words and as JSON.

use serde_json::{Map, Value, json};
use smile_core::catalogue::Category;
use smile_core::{Decision, NextStep, ResultEntry, UnknownReason, Verdict};

use super::output::{Report, Tone};
use crate::exit::Exit;

/// Describes a result: its decision, its meaning and the next step.
pub(crate) fn describe(report: &mut Report, verdict: &Verdict) {
    let finality = if verdict.is_final() { "final" } else { "not final" };
    let decision = verdict.decision().to_string();
    report.toned("verdict", format!("{}, {finality}", decision.to_uppercase()), tone_of(verdict));
    let code = verdict.code().map_or_else(|| "none".to_owned(), ToString::to_string);
    report.row("code", format!("{code}: {}", verdict.meaning()));
    report.row("next", verdict.next_step().to_string());
    report.set("verdict", as_json(verdict));
}

pub(crate) fn as_json(verdict: &Verdict) -> Value {
    json!({
        "decision": verdict.decision().to_string(),
        "final": verdict.is_final(),
        "may_be_let_in": verdict.may_be_let_in(),
        "code": verdict.code().map(ToString::to_string),
        "meaning": verdict.meaning(),
        "next_step": next_step_name(verdict.next_step()),
        "unknown_reason": verdict.unknown_reason().map(unknown_reason_name),
    })
}

/// Describes a result without personal data; with all of it on demand.
pub(crate) fn describe_entry(report: &mut Report, entry: &ResultEntry, show_personal: bool) {
    let audit = entry.audit_json();
    describe_steps(report, &audit);
    if let Some(id) = entry.smile_job_id() {
        report.row("Smile's job", id.as_str()).set("smile_job_id", id);
    }
    if show_personal {
        describe_person(report, entry);
        report.set("result", without_signature(entry.as_json()));
    } else {
        describe_left_out(report, &audit);
        report.set("result", audit);
    }
}

fn describe_steps(report: &mut Report, audit: &Value) {
    let steps = audit.get("Actions").and_then(Value::as_object).into_iter().flatten();
    let steps = steps.filter(|(_, word)| *word != "Not Applicable");
    for (index, (step, word)) in steps.enumerate() {
        let label = if index == 0 { "steps" } else { "" };
        let words = step.replace('_', " ");
        report.row(label, format!("{words}: {}", word.as_str().unwrap_or_default()));
    }
}

fn describe_left_out(report: &mut Report, audit: &Value) {
    let names = audit.get("redacted").and_then(Value::as_array).into_iter().flatten();
    let left_out = names.filter(|name| *name != "signature").count();
    if left_out > 0 {
        let fields = if left_out == 1 { "field" } else { "fields" };
        report.row("left out", format!("{left_out} {fields}, some personal (--show-personal shows them)"));
    }
}

/// Fields that are shown elsewhere, or are not worth showing.
const NOT_PERSONAL: &[&str] =
    &["Actions", "PartnerParams", "ResultCode", "ResultText", "SmileJobID", "signature", "timestamp"];

/// The longest value that is shown: longer ones are images.
const MAX_SHOWN: usize = 2_000;

fn describe_person(report: &mut Report, entry: &ResultEntry) {
    // The record leaves out placeholders for missing data.
    let record = entry.personal_info().record();
    let mut is_first = true;
    for (name, value) in entry.as_json().iter().filter(|(name, _)| !NOT_PERSONAL.contains(&name.as_str())) {
        let text = match value {
            Value::Null => continue,
            Value::String(_) => match record.text(name) {
                Some(text) => text.expose().into_owned(),
                None => continue,
            },
            other => other.to_string(),
        };
        // Never a label: a field could be called `verdict`.
        let label = if is_first { "person" } else { "" };
        is_first = false;
        if text.len() > MAX_SHOWN {
            report.row(label, format!("{name}: ({} characters: --json shows them)", text.len()));
        } else {
            report.row(label, format!("{name}: {text}"));
        }
    }
}

/// The fields without the signature, which can be put on another body.
pub(crate) fn without_signature(fields: &Map<String, Value>) -> Value {
    let kept = fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("signature"));
    Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// The exit status for a verdict.
pub(crate) fn exit_of(verdict: &Verdict) -> Exit {
    let category = verdict.catalogue_row().map(|row| row.category);
    match (verdict.decision(), verdict.unknown_reason(), category) {
        (_, Some(UnknownReason::NoVerdict), Some(Category::NotListed)) => Exit::Done,
        (_, Some(UnknownReason::NoVerdict), _) => Exit::Open,
        (Decision::Approved, ..) if verdict.may_be_let_in() => Exit::Done,
        // A number alone proves no person: somebody compares the record first.
        (Decision::Approved | Decision::Provisional, ..) => Exit::Open,
        (Decision::Rejected, ..) => Exit::No,
        (Decision::Error | Decision::Unknown, ..) => Exit::Unknown,
    }
}

fn tone_of(verdict: &Verdict) -> Tone {
    match exit_of(verdict) {
        Exit::Done => Tone::Good,
        Exit::No => Tone::Bad,
        _ => Tone::Careful,
    }
}

fn next_step_name(next: NextStep) -> &'static str {
    match next {
        NextStep::Accept => "accept",
        NextStep::CompareTheRecord => "compare_the_record",
        NextStep::AwaitReview => "await_review",
        NextStep::AskForNewImages => "ask_for_new_images",
        NextStep::AskForAnotherDocument => "ask_for_another_document",
        NextStep::RetryLater => "retry_later",
        NextStep::CorrectIdNumber => "correct_id_number",
        NextStep::CallSupport => "call_support",
        NextStep::Decline => "decline",
        // A step that this version doesn't know is for a person.
        _ => "manual_review",
    }
}

fn unknown_reason_name(reason: UnknownReason) -> &'static str {
    match reason {
        UnknownReason::NoCode => "no_code",
        UnknownReason::NoJobType => "no_job_type",
        UnknownReason::OtherJobType => "other_job_type",
        UnknownReason::NotInCatalogue => "not_in_catalogue",
        UnknownReason::Contradiction => "contradiction",
        UnknownReason::NoVerdict => "no_verdict",
        UnknownReason::Unsigned => "unsigned",
        UnknownReason::Unreadable => "unreadable",
        UnknownReason::OtherTime => "other_time",
        UnknownReason::NoJobId => "no_job_id",
        UnknownReason::UnknownProduct => "unknown_product",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_person_who_may_be_let_in_ends_well() {
        for (job_type, code, exit) in [
            (1, "0810", Exit::Done),
            (5, "1012", Exit::Open),
            (1, "0812", Exit::Open),
            (1, "0811", Exit::No),
            (5, "1013", Exit::No),
            (5, "1015", Exit::Unknown),
            (1, "9999", Exit::Unknown),
            (10, "1030", Exit::Open),
            (10, "1031", Exit::Done),
        ] {
            let entry = ResultEntry::from_json(json!({ "ResultCode": code })).unwrap();
            let verdict = entry.verdict_for(smile_core::JobType::from_number(job_type));
            assert_eq!(exit_of(&verdict), exit, "{job_type} {code}");
        }
    }
}
