//! `POST /job_status`: the stage of a job, and its result.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};
use smile_core::Timestamp;

use crate::http::answers::{ApiError, Refusal, ok};
use crate::http::fields::{Fields, parse_object};
use crate::http::origin::Origin;
use crate::result::product::Product;
use crate::rule::matcher::Submitted;
use crate::rule::rules::Moment;
use crate::run::stages::refused;
use crate::state::State;
use crate::v1::authorisation::ID_API;
use crate::v1::authorisation::authorise;
use crate::v1::image_links::image_links;

pub(crate) fn job_status(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
    origin: &Origin,
) -> Result<Response<Bytes>, Refusal> {
    let body = parse_object(request.body())?;
    authorise(state, now, &body, &ID_API)?;
    let fields = Fields::new(&body, ID_API.missing);
    let (user_id, job_id) = (fields.text("user_id")?, fields.text("job_id")?);
    let (wants_images, wants_history) = (fields.flag("image_links")?, fields.flag("history")?);

    let signed = state.signer.sign(now);
    let mut answer = Map::new();
    answer.insert("timestamp".into(), signed.timestamp().into());
    answer.insert("signature".into(), signed.signature().into());
    let position = state.jobs.position(job_id).filter(|&position| state.jobs.at(position).user_id == user_id);
    if position.is_none() && state.settings.refuses_unknown_jobs {
        return Err(ApiError::NO_ZIP.into());
    }
    refuse_status(state, now, position)?;
    answer.extend(progress(state, position));
    if wants_history {
        answer.insert("history".into(), history(state, user_id).into());
    }
    if wants_images {
        let links = image_links(state, origin, position.map(|position| state.jobs.at(position)));
        answer.insert("image_links".into(), links);
    }
    Ok(ok(&answer.into()))
}

/// Refuses the request if a rule says so.
fn refuse_status(state: &mut State, now: Timestamp, position: Option<usize>) -> Result<(), Refusal> {
    let Some(position) = position else { return Ok(()) };
    let job = state.jobs.at(position);
    let Some(product) = Product::of(job.endpoint, job.job_type) else { return Ok(()) };
    let (job_id, user_id) = (job.job_id.clone(), job.user_id.clone());
    let submitted =
        Submitted { job_id: &job_id, user_id: &user_id, product, countries: Vec::new(), id_type: None };
    refused(state, now, Moment::Status, &submitted)
}

/// The fields that describe the job's progress. An unknown job looks like one without a zip: our
/// choice, which a setting changes.
fn progress(state: &mut State, position: Option<usize>) -> Map<String, Value> {
    let (mut is_complete, mut is_success) = (false, false);
    let (mut code, mut result) = ("2314", Value::from("No zip file received"));
    if let Some(position) = position
        && state.jobs.at(position).is_begun()
    {
        (code, result) = ("2302", Value::Null);
        let job = state.jobs.at_mut(position);
        if job.polls_left > 0 {
            job.polls_left -= 1;
        } else if let Some(newest) = job.results.last() {
            (is_complete, is_success) = (true, newest.is_success);
            result = newest.entry.clone().into();
        }
    }
    let newest = position.and_then(|position| state.jobs.at(position).results.last());
    let spelling_variants = newest.filter(|_| is_complete).map(|newest| newest.spelling_variants.as_slice());
    let mut fields = Map::new();
    fields.insert("job_complete".into(), is_complete.into());
    fields.insert("job_success".into(), is_success.into());
    fields.insert("code".into(), code.into());
    fields.insert("result".into(), result);
    spelling_variants.into_iter().flatten().for_each(|spelling_variant| spelling_variant.apply(&mut fields));
    fields
}

/// Every result of every job of this user, newest last.
fn history(state: &State, user_id: &str) -> Vec<Value> {
    let of_user = state.jobs.iter().filter(|job| job.user_id == user_id);
    let mut results: Vec<_> = of_user.flat_map(|job| &job.results).collect();
    results.sort_by_key(|result| result.number);
    results.into_iter().map(|result| result.entry.clone().into()).collect()
}
