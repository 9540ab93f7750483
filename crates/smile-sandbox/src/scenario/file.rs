//! Reading a scenario file, with the place of each error.

use std::time::Duration;

use serde::Deserialize;
use smile_core::catalogue::{ApiCodeRow, api_code, country};
use toml::Spanned;

use crate::callback::attempt::is_loopback_http;
use crate::fault::rules::FaultRule;
use crate::result::finding::Review;
use crate::result::product::Product;
use crate::rule::matcher::Matcher;
use crate::rule::rules::{Response, Rule};
use crate::scenario::setup::{Changes, Scenario};
use crate::scenario::stage::{StageRow, read_stages};
use crate::scenario::values::{duration, known_code};
use crate::scenario::wrong::{ScenarioError, Wrong};
use crate::state::users::UserState;

/// The whole file. Every further kind of content gets an array of its own here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Checked before anything else.
    #[serde(rename = "format")]
    _format: Option<u64>,
    #[serde(default)]
    sandbox: SandboxTable,
    #[serde(default)]
    users: Vec<UserRow>,
    #[serde(default)]
    rules: Vec<Spanned<RuleRow>>,
    #[serde(default)]
    faults: Vec<FaultRule>,
}

/// The format of scenario files; another one with every change that an earlier sandbox, or an
/// earlier file, is not compatible with.
const FORMAT: u64 = 1;

/// The format of a file, read by itself; 1 if the file has none.
#[derive(Deserialize)]
struct Formatted {
    format: Option<Spanned<u64>>,
}

/// Refuses a file of another format by its format, and not by the first unknown word in it.
fn check_format(toml: &str) -> Result<(), Wrong> {
    // A file that is no TOML, or whose format is no number, is refused with its place later.
    match toml::from_str(toml) {
        Ok(Formatted { format: Some(format) }) if *format.get_ref() != FORMAT => {
            let found = format.get_ref();
            let reason =
                format!("the file is written in format {found}, and this sandbox reads format {FORMAT}");
            Err(Wrong::new(&format, reason))
        }
        _ => Ok(()),
    }
}

/// The settings of the sandbox, under the names of the builder's methods.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SandboxTable {
    seed: Option<u64>,
    callback_url: Option<Spanned<String>>,
    automatic_review: Option<Spanned<String>>,
    review_delay: Option<Spanned<String>>,
    callback_retries: Option<Vec<Spanned<String>>>,
    clock_skew: Option<Spanned<String>>,
    enforce_new_users: Option<bool>,
    personal_info: Option<bool>,
    legacy_two_callbacks: Option<bool>,
    upload_lifetime: Option<Spanned<String>>,
    pending_polls: Option<u32>,
    refuse_unknown_jobs: Option<bool>,
    placeholders: Option<bool>,
    check_id_numbers: Option<bool>,
    basic_kyc_not_found_code: Option<Spanned<String>>,
    aml_not_found_code: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserRow {
    user_id: Spanned<String>,
    state: UserState,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleRow {
    #[serde(default)]
    when: WhenTable,
    times: Option<Spanned<u32>>,
    lasts: Option<Spanned<String>>,
    stages: Option<Vec<Spanned<StageRow>>>,
    refuse: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhenTable {
    job_id: Option<String>,
    job_id_prefix: Option<String>,
    user_id: Option<String>,
    product: Option<Product>,
    country: Option<Spanned<String>>,
    id_type: Option<Spanned<String>>,
    nth: Option<Spanned<u32>>,
}

impl Scenario {
    /// Reads a scenario from TOML.
    ///
    /// # Errors
    /// If it isn't TOML, has an unknown key or word, a code that the product does not have, an
    /// impossible time, or a rule that could never apply.
    pub fn parse(toml: &str) -> Result<Self, ScenarioError> {
        read(toml).map_err(|wrong| wrong.located(toml))
    }
}

fn read(toml: &str) -> Result<Scenario, Wrong> {
    check_format(toml)?;
    let file: File = toml::from_str(toml).map_err(|error| Wrong {
        span: error.span().unwrap_or_default(),
        reason: error.message().trim_end().replace('\n', ", "),
    })?;
    Ok(Scenario {
        seed: file.sandbox.seed,
        changes: changes(file.sandbox)?,
        users: users(file.users)?,
        faults: file.faults,
        rules: file.rules.into_iter().map(rule).collect::<Result<_, _>>()?,
    })
}

fn changes(table: SandboxTable) -> Result<Changes, Wrong> {
    let callback_url = table.callback_url.map(|url| match is_loopback_http(url.get_ref()) {
        true => Ok(url.into_inner()),
        false => {
            Err(Wrong::new(&url, "callbacks only go to http on this machine, such as http://127.0.0.1:8080/"))
        }
    });
    let code = |code: Option<Spanned<String>>, product: Product| {
        code.map(|code| known_code(&code, Some(product)).map(|()| code.into_inner())).transpose()
    };
    Ok(Changes {
        callback_url: callback_url.transpose()?,
        automatic_review: table.automatic_review.map(reviewer).transpose()?,
        review_delay: time(table.review_delay)?,
        callback_retries: table
            .callback_retries
            .map(|pauses| pauses.iter().map(duration).collect())
            .transpose()?,
        clock_skew: time(table.clock_skew)?,
        enforce_new_users: table.enforce_new_users,
        personal_info: table.personal_info,
        legacy_two_callbacks: table.legacy_two_callbacks,
        upload_lifetime: time(table.upload_lifetime)?,
        pending_polls: table.pending_polls,
        refuses_unknown_jobs: table.refuse_unknown_jobs,
        placeholders: table.placeholders,
        check_id_numbers: table.check_id_numbers,
        basic_kyc_not_found: code(table.basic_kyc_not_found_code, Product::BasicKyc)?,
        aml_not_found: code(table.aml_not_found_code, Product::Aml)?,
    })
}

/// Parses a reviewer; `none` leaves jobs to manual reviews.
fn reviewer(word: Spanned<String>) -> Result<Option<Review>, Wrong> {
    Ok(Some(match word.get_ref().as_str() {
        "none" => return Ok(None),
        "approve" => Review::Approve,
        "reject" => Review::Reject,
        "spoof-detected" => Review::SpoofDetected,
        "liveness-unsure" => Review::LivenessUnsure,
        "id-card-check-failed" => Review::IdCardCheckFailed,
        _ => {
            let known = "approve, reject, spoof-detected, liveness-unsure, id-card-check-failed or none";
            return Err(Wrong::new(&word, format!("a reviewer's decision is {known}")));
        }
    }))
}

fn users(rows: Vec<UserRow>) -> Result<Vec<(String, UserState)>, Wrong> {
    let mut users: Vec<(String, UserState)> = Vec::new();
    for UserRow { user_id, state } in rows {
        if user_id.get_ref().is_empty() {
            return Err(Wrong::new(&user_id, "`user_id` is empty"));
        }
        if users.iter().any(|(known, _)| known == user_id.get_ref()) {
            return Err(Wrong::new(&user_id, "this user is there twice"));
        }
        users.push((user_id.into_inner(), state));
    }
    Ok(users)
}

fn rule(row: Spanned<RuleRow>) -> Result<Rule, Wrong> {
    let here = Spanned::new(row.span(), ());
    let RuleRow { when, times, lasts, stages, refuse } = row.into_inner();
    let response = match (stages, refuse) {
        (Some(stages), None) if !stages.is_empty() => Response::Stages(read_stages(stages, when.product)?),
        (None, Some(code)) => {
            check_refusal(&code, &when)?;
            Response::Refusal(code.into_inner())
        }
        _ => return Err(Wrong::new(&here, "a rule has either `stages`, at least one, or `refuse`")),
    };
    let lasts = match lasts {
        Some(lasts) if duration(&lasts)?.is_zero() => {
            return Err(Wrong::new(&lasts, "a rule that lasts no time never applies"));
        }
        lasts => time(lasts)?,
    };
    Ok(Rule { matcher: matcher(when)?, times: count("times", times)?, lasts, response })
}

fn matcher(when: WhenTable) -> Result<Matcher, Wrong> {
    if let Some(code) = &when.country
        && country(code.get_ref()).is_none()
    {
        return Err(Wrong::new(code, "no such country: it is written as two capital letters, such as NG"));
    }
    Ok(Matcher {
        job_id: when.job_id,
        job_id_prefix: when.job_id_prefix,
        user_id: when.user_id,
        product: when.product,
        country: when.country.map(Spanned::into_inner),
        id_type: when.id_type.map(Spanned::into_inner),
        nth: count("nth", when.nth)?,
    })
}

/// Refuses a code that can't refuse anything, and a rule that could never apply.
fn check_refusal(code: &Spanned<String>, when: &WhenTable) -> Result<(), Wrong> {
    if !api_code(code.get_ref()).is_some_and(ApiCodeRow::is_refusal) {
        return Err(Wrong::new(
            code,
            format!("{} is no code that a request is refused with", code.get_ref()),
        ));
    }
    let is_upload = when.product.is_some_and(Product::is_uploaded);
    if let Some(condition) = when.country.as_ref().or(when.id_type.as_ref())
        && (is_upload || code.get_ref().starts_with("23"))
    {
        let reason = "when this is refused, neither the country nor the type of the ID is known";
        return Err(Wrong::new(condition, reason));
    }
    Ok(())
}

fn count(name: &str, count: Option<Spanned<u32>>) -> Result<Option<u32>, Wrong> {
    match count {
        Some(count) if *count.get_ref() == 0 => Err(Wrong::new(&count, format!("`{name}` counts from 1"))),
        count => Ok(count.map(Spanned::into_inner)),
    }
}

fn time(text: Option<Spanned<String>>) -> Result<Option<Duration>, Wrong> {
    text.as_ref().map(duration).transpose()
}
