//! The common part of requests about an ID or a business.

use serde_json::{Map, Value};
use smile_core::catalogue::{IdType, IdTypeCatalogue, IdTypeProduct};
use smile_core::{JobType, Timestamp};

use crate::http::answers::ApiError;
use crate::http::endpoint::Endpoint;
use crate::http::fields::{Fields, whole_number};
use crate::result::authority::Authority;
use crate::result::entry::Subject;
use crate::result::persona::NOT_AVAILABLE;
use crate::run::checks::Check;
use crate::state::State;
use crate::v1::authorisation::ID_API;
use crate::v1::authorisation::authorise;
use crate::v1::authorisation::authorise_or_token;
use crate::v1::claims::Claims;

/// A request about an ID that has been read.
pub(crate) struct IdRequest<'a> {
    pub(crate) check: Check<'a>,
    pub(crate) country: &'a str,
    pub(crate) id_type: &'a str,
    /// The catalogue's facts about the ID type.
    pub(crate) facts: Option<IdType>,
}

impl IdRequest<'_> {
    /// The subject of the job's entries.
    pub(crate) fn subject<'b>(
        &'b self,
        state: &'b State,
        position: usize,
        number: Option<&'b str>,
    ) -> Subject<'b> {
        let number = number.unwrap_or(NOT_AVAILABLE);
        self.check.subject(state, position, self.country, self.id_type, number)
    }
}

/// Checks the authorisation of a request. A token is accepted for asynchronous endpoints.
pub(crate) fn authorise_id_request(
    state: &State,
    now: Timestamp,
    body: &Map<String, Value>,
    endpoint: Endpoint,
) -> Result<Option<Claims>, ApiError> {
    if endpoint.is_async() {
        authorise_or_token(state, now, body, &ID_API)
    } else {
        authorise(state, now, body, &ID_API).map(|()| None)
    }
}

/// Reads a request. Fields that the body lacks are taken from the token, if there is one.
pub(crate) fn id_request<'a>(
    state: &State,
    body: &'a Map<String, Value>,
    claims: Option<&'a Claims>,
    endpoint: Endpoint,
    job_type: JobType,
) -> Result<IdRequest<'a>, ApiError> {
    let fields = Fields::new(body, ID_API.missing);
    let partner_params = match (claims, body.get("partner_params")) {
        (Some(claims), None | Some(Value::Null)) => &claims.partner_params,
        _ => fields.object("partner_params")?,
    };
    let params = Fields::new(partner_params, ID_API.missing);
    let (job_id, user_id) = (params.text("job_id")?, params.text("user_id")?);
    check_job_type(partner_params, job_type)?;
    let (country, id_type) = (fields.text("country")?, fields.text("id_type")?);
    let callback_url = callback_url_of(state, fields, claims, endpoint)?;
    if claims.is_some_and(|claims| !claims.allows(job_id, user_id)) {
        return Err(ApiError(ID_API.unauthorised));
    }
    let facts = IdTypeCatalogue::built_in().find(country, id_type);
    let check = Check { endpoint, job_type, job_id, user_id, partner_params, callback_url, body };
    Ok(IdRequest { check, country, id_type, facts })
}

/// The callback address, which is required if the result comes by callback.
fn callback_url_of<'a>(
    state: &State,
    fields: Fields<'a>,
    claims: Option<&'a Claims>,
    endpoint: Endpoint,
) -> Result<Option<&'a str>, ApiError> {
    let of_token = || claims.and_then(|claims| claims.callback_url.as_deref());
    let url = fields.optional_text("callback_url")?.or_else(of_token);
    if url.is_none() && state.settings.callback_url.is_none() && endpoint.is_async() {
        return Err(ApiError(ID_API.missing));
    }
    Ok(url)
}

/// The authority's answer for the number that is to be looked up.
pub(crate) fn ask_authority(state: &State, request: &IdRequest<'_>, number: Option<&str>) -> Authority {
    Authority::ask(number, request.facts.as_ref(), state.settings.check_id_numbers)
}

/// The number to look up; `None` if something else takes its place.
///
/// The other fields that the type needs must be present. `BVN_MFA` needs a session that the person
/// has consented to, and the number is that of the session.
pub(crate) fn id_number(
    state: &State,
    request: &IdRequest<'_>,
    product: IdTypeProduct,
) -> Result<Option<String>, ApiError> {
    let fields = Fields::new(request.check.body, ID_API.missing);
    if request.id_type == "BVN_MFA" {
        let granted = state.consents.granted_number(fields.text("session_id")?);
        return granted.map(|number| Some(number.to_owned())).ok_or(ApiError(ID_API.missing));
    }
    let Some(facts) = &request.facts else {
        return fields.text("id_number").map(|number| Some(number.to_owned()));
    };
    for field in facts.required_fields(product) {
        fields.required(field)?;
    }
    if facts.required_fields(product).any(|field| field == "id_number") {
        return fields.text("id_number").map(|number| Some(number.to_owned()));
    }
    Ok(fields.optional_text("id_number")?.map(str::to_owned))
}

/// Checks `job_type`, which may be left out, and may be a string, but no other type.
pub(crate) fn check_job_type(object: &Map<String, Value>, job_type: JobType) -> Result<(), ApiError> {
    match object.get("job_type") {
        None | Some(Value::Null) => Ok(()),
        Some(value) if !value.is_number() && !value.is_string() => Err(ApiError::WRONG_TYPE),
        Some(value) if whole_number(value) == Some(job_type.number().into()) => Ok(()),
        Some(_) => Err(ApiError::INVALID_JOB_TYPE),
    }
}
