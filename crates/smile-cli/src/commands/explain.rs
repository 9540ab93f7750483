//! `smile explain`: the meaning of a code.

use clap::Args;
use serde_json::{Value, json};
use smile_core::JobType;
use smile_core::catalogue::{ApiCodeRow, Category, Certainty, ResultCodeRow, api_code, result_codes};

use crate::exit::Exit;
use crate::products::job_type;
use crate::report::{Failure, Output, Report, Tone};

/// Explain a code of the service, and the next step
///
/// Result codes (0810, 1012, …) mean different things for different types of jobs; codes of the API
/// itself (2215, …) stand in its refusals.
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// Four digits, such as 0810 or 2215
    code: String,

    /// The type of job to explain the code for: a number, or a product such as biometric-kyc
    #[arg(long, value_name = "N", value_parser = job_type::parse)]
    job_type: Option<JobType>,
}

impl Explain {
    pub(crate) fn run(&self, output: Output) -> Result<Exit, Failure> {
        // A number loses its leading zeros easily.
        let code = format!("{:0>4}", self.code.trim());
        if code.len() != 4 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Failure::usage("CODE must be four digits, such as 0810"));
        }
        let rows: Vec<&ResultCodeRow> = result_codes()
            .iter()
            .filter(|row| row.code == code)
            .filter(|row| self.job_type.is_none_or(|wanted| row.job_types.contains(&wanted)))
            .collect();
        let of_api = if self.job_type.is_none() { api_code(&code) } else { None };

        let mut report = Report::new();
        report.set("code", code.as_str());
        report.set("results", rows.iter().map(|row| result_json(row)).collect::<Vec<Value>>());
        report.set("api", of_api.map_or(Value::Null, api_json));
        for (index, row) in rows.iter().enumerate() {
            if index > 0 {
                report.text("");
            }
            describe_result(&mut report, row);
        }
        if let Some(row) = of_api {
            describe_api(&mut report, row);
        }
        let is_known = !rows.is_empty() || of_api.is_some();
        if !is_known {
            let of = self.job_type.map(|job_type| format!(" for {job_type}")).unwrap_or_default();
            report.text(format!("{code} is not known{of}. An unknown code is never an approval."));
        }
        output.print(&report)?;
        Ok(if is_known { Exit::Done } else { Exit::Unknown })
    }
}

fn describe_result(report: &mut Report, row: &ResultCodeRow) {
    let job_types: Vec<String> = row.job_types.iter().map(ToString::to_string).collect();
    let (category, tone) = category(row.category);
    let finality = if row.is_final { "final" } else { "a reviewer's result may follow" };
    report.row("result code", row.code);
    report.row("for", job_types.join(", "));
    report.row("means", row.meaning);
    report.toned("comes to", format!("{category}, {finality}"), tone);
    report.row("its text", row.text);
    report.row("certainty", certainty(row.certainty));
}

fn describe_api(report: &mut Report, row: &ApiCodeRow) {
    report.row("API code", row.code);
    report.row("means", row.meaning);
    report.row("what to do", row.remedy);
    if let Some(text) = row.text {
        report.row("its text", text);
    }
    report.row("certainty", certainty(row.certainty));
}

fn result_json(row: &ResultCodeRow) -> Value {
    json!({
        "job_types": row.job_types,
        "meaning": row.meaning,
        "category": category(row.category).0.replace(' ', "_"),
        "final": row.is_final,
        "text": row.text,
        "certainty": certainty_name(row.certainty),
    })
}

fn api_json(row: &ApiCodeRow) -> Value {
    json!({
        "meaning": row.meaning, "remedy": row.remedy, "text": row.text, "certainty": certainty_name(row.certainty),
    })
}

fn category(category: Category) -> (&'static str, Tone) {
    match category {
        Category::Approved => ("approved", Tone::Good),
        Category::Provisional => ("provisional", Tone::Careful),
        Category::SuspectedSpoof => ("suspected spoof", Tone::Careful),
        Category::Inconclusive => ("inconclusive", Tone::Careful),
        Category::Rejected => ("rejected", Tone::Bad),
        Category::Error => ("error", Tone::Careful),
        Category::Listed => ("listed", Tone::Careful),
        Category::NotListed => ("not listed", Tone::Plain),
        _ => ("unknown", Tone::Careful),
    }
}

fn certainty_name(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Confirmed => "confirmed",
        Certainty::ThirdParty => "third_party",
        Certainty::Inferred => "inferred",
        _ => "unconfirmed",
    }
}

fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Confirmed => "Smile ID says so",
        Certainty::ThirdParty => "partners say so",
        Certainty::Inferred => "nobody says so; it follows from what is known",
        _ => "could not be checked",
    }
}
