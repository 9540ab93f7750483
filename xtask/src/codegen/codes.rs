//! The tables of codes: of results, and of the API itself.

use std::fmt::Write as _;

use serde::Deserialize;
use toml::Spanned;

use super::rows::{Certainty, Faults, WRITES, header, job_types};

pub(super) const RESULT_CODES: &str = "crates/smile-core/catalog/result_codes.toml";
pub(super) const WEBHOOK_REASONS: &str = "crates/smile-core/catalog/webhook_reasons.toml";
pub(super) const API_CODES: &str = "crates/smile-core/catalog/api_codes.toml";

pub(super) fn result_codes_rs(toml: &str) -> Result<String, String> {
    let mut rows = result_codes(toml)?;
    rows.sort_by(|a, b| (&a.code, &a.job_types).cmp(&(&b.code, &b.job_types)));
    let mut code = header(
        "result_codes",
        "use crate::JobType;\nuse crate::catalogue::{Finding, NextStep};\nuse crate::catalogue::rows::{Category, Certainty, ResultCodeRow};",
    );
    code.push_str("pub(in crate::catalogue) static RESULT_CODES: &[ResultCodeRow] = &[\n");
    for row in &rows {
        writeln!(
            code,
            "ResultCodeRow {{ code: {:?}, job_types: &[{}], text: {:?}, meaning: {:?}, category: Category::{:?}, \
             finding: Finding::{:?}, is_final: {}, job_success: {}, next_step: NextStep::{:?}, source: {:?}, certainty: Certainty::{:?} }},",
            row.code,
            job_types(&row.job_types),
            row.text,
            row.meaning,
            row.category,
            row.finding,
            row.is_final,
            row.job_success,
            row.next_step,
            row.source,
            row.certainty,
        )
        .expect(WRITES);
    }
    code.push_str("];\n");
    Ok(code)
}

pub(super) fn api_codes_rs(toml: &str) -> Result<String, String> {
    let mut rows = api_codes(toml)?;
    rows.sort_by(|a, b| a.code.cmp(&b.code));
    let mut code = header("api_codes", "use crate::catalogue::rows::{ApiCodeKind, ApiCodeRow, Certainty};");
    code.push_str("pub(in crate::catalogue) static API_CODES: &[ApiCodeRow] = &[\n");
    for row in &rows {
        writeln!(
            code,
            "ApiCodeRow {{ code: {:?}, kind: ApiCodeKind::{:?}, text: {:?}, meaning: {:?}, remedy: {:?}, source: {:?}, \
             certainty: Certainty::{:?} }},",
            row.code, row.kind, row.text, row.meaning, row.remedy, row.source, row.certainty,
        )
        .expect(WRITES);
    }
    code.push_str("];\n");
    Ok(code)
}

pub(super) fn webhook_reasons_rs(toml: &str) -> Result<String, String> {
    let mut rows = webhook_reasons(toml)?;
    rows.sort_by(|a, b| (&a.reason, a.status as u8).cmp(&(&b.reason, b.status as u8)));
    let mut code = header(
        "webhook_reasons",
        "use crate::catalogue::NextStep;\nuse crate::catalogue::rows::{Certainty, WebhookReason};\n\
         use crate::catalogue::webhook_status::WebhookStatus;",
    );
    code.push_str("pub(in crate::catalogue) static WEBHOOK_REASONS: &[WebhookReason] = &[\n");
    for row in &rows {
        writeln!(
            code,
            "WebhookReason {{ reason: {:?}, status: WebhookStatus::{:?}, meaning: {:?}, next_step: NextStep::{:?}, \
             source: {:?}, certainty: Certainty::{:?} }},",
            row.reason, row.status, row.meaning, row.next_step, row.source, row.certainty,
        )
        .expect(WRITES);
    }
    code.push_str("];\n");
    Ok(code)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookReasons {
    webhook_reason: Vec<Spanned<WebhookReason>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookReason {
    status: WebhookStatus,
    reason: String,
    meaning: String,
    next_step: NextStep,
    source: String,
    certainty: Certainty,
}

// `Debug` gives the variants' names in Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WebhookStatus {
    Attention,
    Block,
    Error,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResultCodes {
    result_code: Vec<Spanned<ResultCode>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResultCode {
    code: String,
    job_types: Vec<u16>,
    text: String,
    meaning: String,
    category: Category,
    finding: Finding,
    #[serde(rename = "final")]
    is_final: bool,
    job_success: bool,
    next_step: NextStep,
    source: String,
    certainty: Certainty,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiCodes {
    api_code: Vec<Spanned<ApiCode>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiCode {
    code: String,
    kind: ApiCodeKind,
    text: Option<String>,
    meaning: String,
    remedy: String,
    source: String,
    certainty: Certainty,
}

// `Debug` gives the variants' names in Rust.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Category {
    Approved,
    Provisional,
    SuspectedSpoof,
    Inconclusive,
    Rejected,
    Error,
    Listed,
    NotListed,
}

// `Debug` gives the variants' names in Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Finding {
    Approved,
    Provisional,
    CompareUnsure,
    SpoofSuspected,
    SpoofPending,
    Rejected,
    SpoofRejected,
    SelfieUnusable,
    DocumentExpired,
    DocumentNotGenuine,
    DocumentUnusable,
    DocumentUnsupported,
    DataInvalid,
    ZipCorrupt,
    IdFound,
    IdNotFound,
    IdMalformed,
    IssuerUnavailable,
    NotActivated,
    ExactMatch,
    PartialMatch,
    NoMatch,
    RecordNotFound,
    Listed,
    NotListed,
    ReviewApproved,
    ReviewRejected,
    ReviewSpoof,
    ReviewLivenessUnsure,
    ReviewIdCardFailed,
}

impl Finding {
    /// True if the decision can stand beside the category. A result that approves must say so in
    /// both.
    fn fits(self, category: Category) -> bool {
        let approves = matches!(self, Self::Approved | Self::ReviewApproved | Self::ExactMatch);
        match category {
            Category::Approved => approves || self == Self::IdFound,
            Category::Provisional => matches!(self, Self::Provisional | Self::CompareUnsure),
            Category::SuspectedSpoof => matches!(self, Self::SpoofSuspected | Self::SpoofPending),
            Category::Listed => self == Self::Listed,
            Category::NotListed => self == Self::NotListed,
            Category::Inconclusive | Category::Rejected | Category::Error => {
                let is_open = matches!(
                    self,
                    Self::Provisional | Self::CompareUnsure | Self::SpoofSuspected | Self::SpoofPending
                );
                !approves && !is_open && !matches!(self, Self::Listed | Self::NotListed)
            }
        }
    }
}

// `Debug` gives the variants' names in Rust.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ApiCodeKind {
    Accepted,
    Found,
    NoZip,
    JobExists,
    Unauthorized,
    SystemError,
    Refused,
}

// `Debug` gives the variants' names in Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum NextStep {
    Accept,
    CompareTheRecord,
    AwaitReview,
    AskForNewImages,
    AskForAnotherDocument,
    RetryLater,
    CorrectIdNumber,
    CallSupport,
    Decline,
    ManualReview,
}

impl NextStep {
    /// True if a result of the category can lead to the decision. Only an approval lets anybody in.
    fn follows_from(self, category: Category) -> bool {
        match category {
            Category::Approved => matches!(self, Self::Accept | Self::CompareTheRecord),
            Category::Provisional | Category::SuspectedSpoof => self == Self::AwaitReview,
            Category::Inconclusive => matches!(self, Self::AwaitReview | Self::ManualReview),
            Category::Rejected | Category::Error => {
                !matches!(self, Self::Accept | Self::CompareTheRecord | Self::AwaitReview)
            }
            Category::Listed | Category::NotListed => self == Self::ManualReview,
        }
    }

    /// True if a webhook of the status, which is never `clear`, can lead to the decision.
    fn follows_from_status(self, status: WebhookStatus) -> bool {
        match status {
            WebhookStatus::Attention => self == Self::ManualReview,
            WebhookStatus::Block => {
                matches!(self, Self::Decline | Self::CorrectIdNumber | Self::AskForAnotherDocument)
            }
            WebhookStatus::Error => {
                !matches!(self, Self::Accept | Self::CompareTheRecord | Self::AwaitReview | Self::Decline)
            }
        }
    }
}

fn result_codes(toml: &str) -> Result<Vec<ResultCode>, String> {
    let table: ResultCodes = toml::from_str(toml).map_err(|error| format!("{RESULT_CODES}: {error}"))?;
    let mut faults = Faults::new(RESULT_CODES, toml);
    let mut seen = Vec::new();
    for row in &table.result_code {
        let ResultCode {
            code,
            job_types,
            text,
            meaning,
            category,
            finding,
            is_final,
            job_success,
            next_step,
            source,
            ..
        } = row.as_ref();
        faults.check_code(row, code);
        faults.check_phrases(row, code, &[("text", text), ("source", source)]);
        faults.check_meanings(row, code, &[("meaning", meaning)]);
        if job_types.is_empty() {
            faults.add(row, code, "`job_types` is empty");
        }
        if !job_types.is_sorted() {
            faults.add(row, code, "`job_types` is not in ascending order");
        }
        for job_type in job_types {
            if seen.contains(&(code, job_type)) {
                faults.add(row, code, &format!("job type {job_type} already has a row, or is named twice"));
            }
            seen.push((code, job_type));
        }
        // What the decision about a person rests on is written down twice, so that a slip shows.
        let open =
            matches!(category, Category::Provisional | Category::SuspectedSpoof | Category::Inconclusive);
        let is_success = !matches!(category, Category::Rejected | Category::Error);
        if *is_final == open {
            faults.add(row, code, &format!("`final` can't be {is_final} for this category"));
        }
        if !open && *job_success != is_success {
            faults.add(row, code, &format!("`job_success` can't be {job_success} for this category"));
        }
        if !finding.fits(*category) {
            faults.add(row, code, &format!("`finding` can't be {finding:?} for this category"));
        }
        if !next_step.follows_from(*category) {
            faults.add(row, code, &format!("`next_step` can't be {next_step:?} for this category"));
        }
    }
    faults.none_or_all()?;
    Ok(table.result_code.into_iter().map(Spanned::into_inner).collect())
}

fn webhook_reasons(toml: &str) -> Result<Vec<WebhookReason>, String> {
    let table: WebhookReasons =
        toml::from_str(toml).map_err(|error| format!("{WEBHOOK_REASONS}: {error}"))?;
    let mut faults = Faults::new(WEBHOOK_REASONS, toml);
    let mut seen = Vec::new();
    for row in &table.webhook_reason {
        let WebhookReason { status, reason, meaning, next_step, source, .. } = row.as_ref();
        faults.check_phrases(row, reason, &[("reason", reason), ("source", source)]);
        faults.check_meanings(row, reason, &[("meaning", meaning)]);
        if !next_step.follows_from_status(*status) {
            faults.add(row, reason, &format!("`next_step` can't be {next_step:?} for this status"));
        }
        if seen.contains(&(status, reason)) {
            faults.add(row, reason, "the reason already has a row for this status");
        }
        seen.push((status, reason));
    }
    faults.none_or_all()?;
    Ok(table.webhook_reason.into_iter().map(Spanned::into_inner).collect())
}

fn api_codes(toml: &str) -> Result<Vec<ApiCode>, String> {
    let table: ApiCodes = toml::from_str(toml).map_err(|error| format!("{API_CODES}: {error}"))?;
    let mut faults = Faults::new(API_CODES, toml);
    let mut seen = Vec::new();
    for row in &table.api_code {
        let ApiCode { code, text, meaning, remedy, source, .. } = row.as_ref();
        faults.check_code(row, code);
        faults.check_phrases(row, code, &[("source", source)]);
        faults.check_meanings(row, code, &[("meaning", meaning), ("remedy", remedy)]);
        if let Some(text) = text {
            faults.check_phrases(row, code, &[("text", text)]);
        }
        if seen.contains(&code) {
            faults.add(row, code, "the code already has a row");
        }
        seen.push(code);
    }
    faults.none_or_all()?;
    Ok(table.api_code.into_iter().map(Spanned::into_inner).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"
[[result_code]]
code = "0810"
job_types = [1, 6]
text = "Enroll User"
meaning = "approved"
category = "approved"
finding = "approved"
final = true
job_success = true
next_step = "accept"
source = "docs"
certainty = "confirmed"
"#;

    fn fault(toml: &str) -> String {
        result_codes(toml).err().expect("the row should be refused")
    }

    #[test]
    fn a_good_row_becomes_rust() {
        let code = result_codes_rs(ROW).unwrap();
        assert!(
            code.contains(r#"code: "0810", job_types: &[JobType::from_number(1), JobType::from_number(6)]"#)
        );
    }

    #[test]
    fn a_bad_row_is_refused_with_its_file_line_and_fault() {
        for (good, bad, line, expected) in [
            ("\"0810\"", "\"810\"", 2, "not four digits"),
            ("[1, 6]", "[]", 2, "`job_types` is empty"),
            ("[1, 6]", "[6, 1]", 2, "ascending"),
            ("[1, 6]", "[1, 1]", 2, "job type 1 already"),
            ("\"docs\"", "\"\"", 2, "`source` is empty"),
            ("meaning = \"approved\"", "meaning = \"Approved.\"", 2, "full stop"),
            ("final = true", "final = false", 2, "`final` can't be false"),
            ("job_success = true", "job_success = false", 2, "`job_success` can't be false"),
            ("finding = \"approved\"", "finding = \"rejected\"", 2, "`finding` can't be Rejected"),
            ("\"accept\"", "\"decline\"", 2, "`next_step` can't be Decline"),
        ] {
            let message = fault(&ROW.replacen(good, bad, 1));
            assert!(message.starts_with(&format!("{RESULT_CODES}:{line}: row `")), "{message}");
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn unknown_keys_unknown_values_and_missing_keys_are_refused_with_their_line() {
        for (good, bad, line, expected) in [
            ("text =", "texts =", 5, "unknown field `texts`"),
            ("category = \"approved\"", "category = \"fine\"", 7, "unknown variant `fine`"),
            ("\"confirmed\"", "\"sure\"", 13, "unknown variant `sure`"),
            ("source = \"docs\"\n", "", 2, "missing field `source`"),
        ] {
            let message = fault(&ROW.replacen(good, bad, 1));
            assert!(message.starts_with(RESULT_CODES), "{message}");
            assert!(message.contains(&format!("line {line},")), "{message}");
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn one_code_has_one_meaning_for_a_job_type() {
        let message = fault(&format!("{ROW}{}", ROW.replace("[1, 6]", "[6, 11]")));
        assert_eq!(
            message,
            format!("{RESULT_CODES}:15: row `0810`: job type 6 already has a row, or is named twice")
        );
    }

    #[test]
    fn one_api_code_has_one_row() {
        let row = "[[api_code]]\ncode = \"2201\"\nkind = \"system_error\"\nmeaning = \"m\"\nremedy = \"r\"\nsource = \"s\"\ncertainty = \"inferred\"\n";
        assert!(api_codes(row).is_ok());
        let message = api_codes(&row.repeat(2)).err().expect("the second row should be refused");
        assert_eq!(message, format!("{API_CODES}:8: row `2201`: the code already has a row"));
    }

    #[test]
    fn one_reason_has_one_row_for_a_status_and_a_next_step_that_follows_from_it() {
        let row = "[[webhook_reason]]\nstatus = \"block\"\nreason = \"r\"\nmeaning = \"m\"\nnext_step = \"decline\"\nsource = \"s\"\ncertainty = \"confirmed\"\n";
        assert!(webhook_reasons_rs(row).is_ok());
        let fault = |toml: &str| webhook_reasons(toml).err().expect("the row should be refused");
        assert_eq!(
            fault(&row.repeat(2)),
            format!("{WEBHOOK_REASONS}:8: row `r`: the reason already has a row for this status")
        );
        for (status, step) in
            [("block", "accept"), ("block", "retry_later"), ("error", "decline"), ("attention", "accept")]
        {
            let message = fault(&row.replace("\"block\"", &format!("{status:?}")).replace("decline", step));
            assert!(message.contains("for this status"), "{status} {step}: {message}");
        }
        assert!(fault(&row.replace("\"block\"", "\"clear\"")).contains("unknown variant `clear`"));
    }
}
