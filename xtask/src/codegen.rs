//! From the catalogue's TOML to Rust. Whoever writes a row wrongly is told the file, the line and what is wrong.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;
use toml::Spanned;

const RESULT_CODES: &str = "crates/smile-core/catalog/result_codes.toml";
const API_CODES: &str = "crates/smile-core/catalog/api_codes.toml";
const GENERATED: &str = "crates/smile-core/src/catalogue/generated.rs";

/// Writes the generated Rust, if it isn't what it should be.
pub(crate) fn write(root: &Path) -> Result<(), String> {
    let code = generate(root)?;
    if fs::read_to_string(root.join(GENERATED)).is_ok_and(|present| present == code) {
        println!("{GENERATED} is up to date");
        return Ok(());
    }
    fs::write(root.join(GENERATED), code).map_err(|error| format!("{GENERATED}: {error}"))?;
    println!("{GENERATED} is written");
    Ok(())
}

/// Fails if the generated Rust isn't what it should be.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    let code = generate(root)?;
    let present =
        fs::read_to_string(root.join(GENERATED)).map_err(|error| format!("{GENERATED}: {error}"))?;
    if present != code {
        return Err(format!("{GENERATED} is stale; mend it with `cargo xtask codegen`"));
    }
    Ok(())
}

fn generate(root: &Path) -> Result<String, String> {
    let read = |file: &str| fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"));
    let mut result_codes = result_codes(&read(RESULT_CODES)?)?;
    let mut api_codes = api_codes(&read(API_CODES)?)?;
    result_codes.sort_by(|a, b| (&a.code, &a.job_types).cmp(&(&b.code, &b.job_types)));
    api_codes.sort_by(|a, b| a.code.cmp(&b.code));
    format(root, &rust(&result_codes, &api_codes))
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
    #[serde(rename = "final")]
    is_final: bool,
    job_success: bool,
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
    text: Option<String>,
    meaning: String,
    remedy: String,
    source: String,
    certainty: Certainty,
}

// `Debug` gives the variants' names in Rust.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Category {
    Approved,
    Provisional,
    SuspectedSpoof,
    Inconclusive,
    Rejected,
    Error,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Certainty {
    Confirmed,
    ThirdParty,
    Inferred,
    Unconfirmed,
}

fn result_codes(toml: &str) -> Result<Vec<ResultCode>, String> {
    let table: ResultCodes = toml::from_str(toml).map_err(|error| format!("{RESULT_CODES}: {error}"))?;
    let mut faults = Faults::new(RESULT_CODES, toml);
    let mut seen = Vec::new();
    for row in &table.result_code {
        let ResultCode { code, job_types, text, meaning, category, is_final, job_success, source, .. } =
            row.as_ref();
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
        let settled = matches!(category, Category::Approved | Category::Rejected | Category::Error);
        if *is_final != settled {
            faults.add(row, code, &format!("`final` can't be {is_final} for this category"));
        }
        if settled && *job_success != (*category == Category::Approved) {
            faults.add(row, code, &format!("`job_success` can't be {job_success} for this category"));
        }
    }
    faults.none_or_all()?;
    Ok(table.result_code.into_iter().map(Spanned::into_inner).collect())
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

/// What is wrong with the rows of one file: all of it, so that it can be mended in one go.
struct Faults<'a> {
    file: &'a str,
    toml: &'a str,
    found: Vec<String>,
}

impl<'a> Faults<'a> {
    fn new(file: &'a str, toml: &'a str) -> Self {
        Self { file, toml, found: Vec::new() }
    }

    fn add<T>(&mut self, row: &Spanned<T>, code: &str, fault: &str) {
        let line = 1 + self.toml[..row.span().start].matches('\n').count();
        self.found.push(format!("{}:{line}: row `{code}`: {fault}", self.file));
    }

    fn check_code<T>(&mut self, row: &Spanned<T>, code: &str) {
        if code.len() != 4 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            self.add(row, code, "`code` is not four digits");
        }
    }

    fn check_phrases<T>(&mut self, row: &Spanned<T>, code: &str, phrases: &[(&str, &str)]) {
        for (key, phrase) in phrases {
            if phrase.is_empty() || phrase.trim() != *phrase {
                self.add(row, code, &format!("`{key}` is empty, or begins or ends with a space"));
            }
        }
    }

    fn check_meanings<T>(&mut self, row: &Spanned<T>, code: &str, phrases: &[(&str, &str)]) {
        self.check_phrases(row, code, phrases);
        for (key, phrase) in phrases {
            if phrase.ends_with('.') {
                self.add(row, code, &format!("`{key}` ends with a full stop"));
            }
        }
    }

    fn none_or_all(self) -> Result<(), String> {
        if self.found.is_empty() { Ok(()) } else { Err(self.found.join("\n       ")) }
    }
}

fn rust(result_codes: &[ResultCode], api_codes: &[ApiCode]) -> String {
    let mut code = String::from(
        "// Generated by `cargo xtask codegen` from `catalog/result_codes.toml` and `catalog/api_codes.toml`.\n\
         // Do not edit: edit those and run it again.\n\n\
         use super::{ApiCodeRow, Category, Certainty, ResultCodeRow};\nuse crate::JobType;\n\n\
         pub(super) static RESULT_CODES: &[ResultCodeRow] = &[\n",
    );
    for row in result_codes {
        let job_types: Vec<String> =
            row.job_types.iter().map(|number| format!("JobType::from_number({number})")).collect();
        writeln!(
            code,
            "ResultCodeRow {{ code: {:?}, job_types: &[{}], text: {:?}, meaning: {:?}, category: Category::{:?}, \
             is_final: {}, job_success: {}, source: {:?}, certainty: Certainty::{:?} }},",
            row.code,
            job_types.join(", "),
            row.text,
            row.meaning,
            row.category,
            row.is_final,
            row.job_success,
            row.source,
            row.certainty,
        )
        .expect("writing to a string can't fail");
    }
    code.push_str("];\n\npub(super) static API_CODES: &[ApiCodeRow] = &[\n");
    for row in api_codes {
        writeln!(
            code,
            "ApiCodeRow {{ code: {:?}, text: {:?}, meaning: {:?}, remedy: {:?}, source: {:?}, \
             certainty: Certainty::{:?} }},",
            row.code, row.text, row.meaning, row.remedy, row.source, row.certainty,
        )
        .expect("writing to a string can't fail");
    }
    code.push_str("];\n");
    code
}

/// As rustfmt would have it, with the workspace's settings, so that formatting never makes it stale.
fn format(root: &Path, code: &str) -> Result<String, String> {
    let failed = |what: &dyn std::fmt::Display| {
        format!("rustfmt: {what}; if it is not installed: `rustup component add rustfmt`")
    };
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root.join("rustfmt.toml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&error))?;
    // Dropped at the end of the statement, which is the end of the input. rustfmt reads all before it writes.
    rustfmt
        .stdin
        .take()
        .expect("stdin is piped")
        .write_all(code.as_bytes())
        .map_err(|error| failed(&error))?;
    let output = rustfmt.wait_with_output().map_err(|error| failed(&error))?;
    if !output.status.success() {
        return Err(failed(&output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| failed(&error))
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
final = true
job_success = true
source = "docs"
certainty = "confirmed"
"#;

    fn fault(toml: &str) -> String {
        result_codes(toml).err().expect("the row should be refused")
    }

    #[test]
    fn a_good_row_becomes_rust() {
        let code = rust(&result_codes(ROW).unwrap(), &[]);
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
            ("\"confirmed\"", "\"sure\"", 11, "unknown variant `sure`"),
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
            format!("{RESULT_CODES}:13: row `0810`: job type 6 already has a row, or is named twice")
        );
    }

    #[test]
    fn one_api_code_has_one_row() {
        let row = "[[api_code]]\ncode = \"2201\"\nmeaning = \"m\"\nremedy = \"r\"\nsource = \"s\"\ncertainty = \"inferred\"\n";
        assert!(api_codes(row).is_ok());
        let message = api_codes(&row.repeat(2)).err().expect("the second row should be refused");
        assert_eq!(message, format!("{API_CODES}:7: row `2201`: the code already has a row"));
    }
}
