//! `POST /aml`: a search for a person on sanction lists, among politically exposed people, and in
//! the news.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};
use smile_core::{JobType, Timestamp};

use crate::http::answers::{ApiError, Refusal};
use crate::http::endpoint::Endpoint;
use crate::http::fields::{Fields, parse_object, whole_number};
use crate::result::entry;
use crate::result::product::Product;
use crate::result::watch_list::{self, Search};
use crate::run::checks::Check;
use crate::run::checks::begin;
use crate::run::checks::conclude;
use crate::run::checks::requested_results;
use crate::state::State;
use crate::v1::authorisation::ID_API;
use crate::v1::authorisation::authorise;
use crate::v1::id_request::check_job_type;

pub(crate) fn aml(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let body = parse_object(request.body())?;
    authorise(state, now, &body, &ID_API)?;
    let fields = Fields::new(&body, ID_API.missing);
    let (user_id, job_id) = (fields.text("user_id")?, fields.text("job_id")?);
    check_job_type(&body, JobType::AML)?;
    let countries = texts(fields.required("countries")?)?;
    if countries.is_empty() {
        return Err(ApiError(ID_API.missing).into());
    }
    let is_strict = body.get("strict_match").is_none_or(Value::is_null) || fields.flag("strict_match")?;
    let known = if fields.flag("search_existing_user")? { known_person(state, user_id) } else { None };
    let (name, birth_year) = match known {
        Some((name, birth_year)) => (name, birth_year),
        None => (fields.text("full_name")?.to_owned(), birth_year(&body)?),
    };
    let aliases = body.get("aliases").filter(|aliases| !aliases.is_null());
    let mut names = aliases.map(texts).transpose()?.unwrap_or_default();
    names.push(name.as_str());
    let partner_params = partner_params(&body, job_id, user_id)?;
    let check = Check {
        endpoint: Endpoint::Aml,
        job_type: JobType::AML,
        job_id,
        user_id,
        partner_params: &partner_params,
        callback_url: None,
        body: &body,
    };

    let search = Search { names: &names, birth_year, countries: &countries, is_strict };
    let found = watch_list::search(&search);
    let not_found = state.settings.aml_not_found.clone();
    let requested = requested_results(state, now, check, [&not_found, "1030", "1030"])?;

    let position = begin(state, check)?;
    let stages = requested.iter().map(|result| {
        let people = match result.code.as_deref() {
            None => found.clone(),
            Some("1030") if found.is_empty() => vec![watch_list::person_named(&name)],
            Some("1030") => found.clone(),
            Some(_) => Vec::new(),
        };
        let own_code = if people.is_empty() { not_found.as_str() } else { "1030" };
        let code = result.code.as_deref().unwrap_or(own_code);
        let subject = check.subject(state, position, "", "", "");
        result.staged(code, Product::Aml, entry::aml(&subject, code, is_strict, people))
    });
    let stages = stages.collect();
    Ok(conclude(state, now, position, stages))
}

/// The name and the year of birth of a user, from an earlier job: an AML check's request, or a
/// result.
fn known_person(state: &State, user_id: &str) -> Option<(String, Option<u64>)> {
    let jobs: Vec<_> = state.jobs.iter().filter(|job| job.user_id == user_id).collect();
    jobs.into_iter().rev().find_map(|job| {
        if let Some(name) = job.request.as_ref().and_then(|request| request.get("full_name")?.as_str()) {
            let birth_year = job.request.as_ref()?.get("birth_year").and_then(whole_number);
            return Some((name.to_owned(), birth_year));
        }
        let entry = &job.results.last()?.entry;
        let name = entry.get("FullName")?.as_str()?;
        let birth_year = entry.get("DOB").and_then(|date| date.as_str()?.get(..4)?.parse().ok());
        Some((name.to_owned(), birth_year))
    })
}

/// A year, as a string or a number.
fn birth_year(body: &Map<String, Value>) -> Result<Option<u64>, ApiError> {
    match body.get("birth_year") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(value) => whole_number(value).map(Some).ok_or(ApiError::WRONG_TYPE),
    }
}

fn texts(value: &Value) -> Result<Vec<&str>, ApiError> {
    let texts = value.as_array().ok_or(ApiError::WRONG_TYPE)?;
    texts.iter().map(|text| text.as_str().ok_or(ApiError::WRONG_TYPE)).collect()
}

/// The ids, which this endpoint has at the top level, and the other values to be echoed.
fn partner_params(
    body: &Map<String, Value>,
    job_id: &str,
    user_id: &str,
) -> Result<Map<String, Value>, ApiError> {
    let mut params = match body.get("partner_params") {
        None | Some(Value::Null) => Map::new(),
        Some(value) => value.as_object().ok_or(ApiError::WRONG_TYPE)?.clone(),
    };
    params.insert("user_id".into(), user_id.into());
    params.insert("job_id".into(), job_id.into());
    params.insert("job_type".into(), JobType::AML.number().into());
    Ok(params)
}
