//! Checks: jobs without a zip, requested and answered in a single request.
//!
//! A check with a job id that was used before is carried out, and charged for, once more:
//! repetitions are documented as recognised for uploads only. A job id of another job type is
//! refused with 2215; our choice.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value, json};
use smile_core::{JobType, Timestamp};

use crate::http::answers::{ApiError, Refusal, ok};
use crate::http::endpoint::Endpoint;
use crate::http::fields::whole_number;
use crate::job::events::JobEventKind;
use crate::job::stage::{Reviewing, Staged};
use crate::result::entry::Subject;
use crate::result::outcome::Outcome;
use crate::result::product::Product;
use crate::result::table::row;
use crate::rule::matcher::Submitted;
use crate::rule::rules::{Moment, Response as Scripting};
use crate::rule::script::{ScriptStage, Scripted};
use crate::run::callbacks::signed;
use crate::run::stages::{play, refused};
use crate::state::State;

/// A check that has been read and found valid.
#[derive(Clone, Copy)]
pub(crate) struct Check<'a> {
    pub(crate) endpoint: Endpoint,
    pub(crate) job_type: JobType,
    pub(crate) job_id: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) partner_params: &'a Map<String, Value>,
    pub(crate) callback_url: Option<&'a str>,
    pub(crate) body: &'a Map<String, Value>,
}

impl<'a> Check<'a> {
    /// The subject of the check's entries: this ID, or its replacement.
    pub(crate) fn subject<'b>(
        self,
        state: &'b State,
        position: usize,
        country: &'b str,
        id_type: &'b str,
        id_number: &'b str,
    ) -> Subject<'b> {
        let job = state.jobs.at(position);
        Subject {
            product: job.product(),
            smile_job_id: &job.smile_job_id,
            partner_params: job.partner_params.clone(),
            country,
            id_type,
            id_number,
            is_custom: false,
        }
    }
}

/// One requested result of a check.
pub(crate) struct RequestedResult {
    /// The result code; `None` if it is left to the check.
    pub(crate) code: Option<String>,
    stage: ScriptStage,
}

impl RequestedResult {
    /// The stage, with the check's entry for its code.
    pub(crate) fn staged(&self, code: &str, product: Product, mut entry: Map<String, Value>) -> Staged {
        self.stage.write(&mut entry);
        Staged {
            after: self.stage.after,
            entry,
            is_success: row(code, product).is_some_and(|row| row.job_success),
            enrols: false,
            review: Reviewing::Nobody,
            sends_callback: self.stage.sends_callback,
            by_human: false,
            spelling_variants: self.stage.spelling_variants.clone(),
            follow_up: None,
        }
    }
}

/// The results that the rules, or else `sandbox_result` 0, 1 or 2 with these codes, request; at
/// least one.
///
/// # Errors
/// If its job id is another job's, or if a rule refuses it.
pub(crate) fn requested_results(
    state: &mut State,
    now: Timestamp,
    check: Check<'_>,
    results: [&str; 3],
) -> Result<Vec<RequestedResult>, Refusal> {
    if is_taken(state, check) {
        return Err(ApiError::JOB_EXISTS.into());
    }
    let sandbox_result = check.partner_params.get("sandbox_result").and_then(whole_number);
    let result = sandbox_result.and_then(|index| results.get(usize::try_from(index).ok()?));
    let otherwise = result.map(|&code| code.to_owned());
    let Some(product) = Product::of(check.endpoint, check.job_type) else { return Ok(Vec::new()) };
    let job = submitted(check, product);
    refused(state, now, Moment::Submission, &job)?;
    let stages = match state.rules.take(now, Moment::Run, &job) {
        Some(Scripting::Stages(stages)) => stages,
        _ => vec![ScriptStage::as_it_comes()],
    };
    let requested = stages.into_iter().map(|stage| {
        let code = match &stage.verdict {
            Scripted::AsItComes => otherwise.clone(),
            Scripted::Code(code) => Some(code.clone()),
            Scripted::Named(outcome) => code_of(state, outcome, product),
        };
        RequestedResult { code, stage }
    });
    Ok(requested.collect())
}

/// The code of an outcome. Some depend on the sandbox's settings.
fn code_of(state: &State, outcome: &Outcome, product: Product) -> Option<String> {
    let code = match (outcome, product) {
        (Outcome::IdNotFound, Product::BasicKyc) => state.settings.basic_kyc_not_found.as_str(),
        (Outcome::Approved, Product::Aml) => state.settings.aml_not_found.as_str(),
        _ => product.code_of(outcome)?,
    };
    Some(code.to_owned())
}

/// Records that a check is carried out, and returns the position of its job.
pub(crate) fn begin(state: &mut State, check: Check<'_>) -> Result<usize, ApiError> {
    let position = match state.jobs.position(check.job_id) {
        Some(_) if is_taken(state, check) => return Err(ApiError::JOB_EXISTS),
        Some(position) => position,
        None => state.new_job(check.job_id, check.endpoint, check.job_type),
    };
    let job = state.jobs.at_mut(position);
    job.endpoint = check.endpoint;
    check.user_id.clone_into(&mut job.user_id);
    job.partner_params = check.partner_params.clone();
    job.callback_url = check.callback_url.map(str::to_owned);
    job.request = Some(Value::Object(check.body.clone()));
    job.processed += 1;
    // A check that was answered at once has nothing to wait for.
    job.polls_left = if check.endpoint.is_async() { state.settings.pending_polls } else { 0 };
    state.jobs.weigh(position);
    Ok(position)
}

/// True if the job id belongs to a job of another type.
pub(crate) fn is_taken(state: &State, check: Check<'_>) -> bool {
    let position = state.jobs.position(check.job_id);
    position.is_some_and(|position| state.jobs.at(position).job_type != check.job_type)
}

/// Starts the stages of a check, and returns the answer: the signed entry of the first, or an
/// acceptance.
pub(crate) fn conclude(
    state: &mut State,
    now: Timestamp,
    position: usize,
    mut stages: Vec<Staged>,
) -> Response<Bytes> {
    let job = state.jobs.at_mut(position);
    job.note(now, JobEventKind::CheckRequested);
    if job.endpoint.is_async() {
        play(state, now, position, stages);
        return ok(&json!({"success": true}));
    }
    // A result in the answer can't come later.
    if let Some(first) = stages.first_mut() {
        first.after = Duration::ZERO;
    }
    let entry = stages.first().map(|first| first.entry.clone()).unwrap_or_default();
    play(state, now, position, stages);
    ok(&signed(state, now, entry).into())
}

/// The facts about a check that rules are matched with.
fn submitted(check: Check<'_>, product: Product) -> Submitted<'_> {
    let text = |name: &str| check.body.get(name).and_then(Value::as_str);
    let listed = check.body.get("countries").and_then(Value::as_array);
    let countries = listed.into_iter().flatten().filter_map(Value::as_str).chain(text("country")).collect();
    let (job_id, user_id) = (check.job_id, check.user_id);
    Submitted { job_id, user_id, product, countries, id_type: text("id_type") }
}
