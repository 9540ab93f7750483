//! Checks without a required job id: of addresses and of telephone numbers. Those without one get
//! ids of the sandbox's, so that they can be inspected.

use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value};
use smile_core::{JobType, Timestamp};

use crate::http::answers::{ApiError, Refusal};
use crate::http::endpoint::Endpoint;
use crate::http::fields::{Fields, parse_object};
use crate::run::checks::Check;
use crate::state::State;
use crate::v1::authorisation::ID_API;
use crate::v1::authorisation::authorise_headers;

/// The refusal of everything but a wrong signature.
pub(crate) fn invalid_request() -> Refusal {
    Refusal::worded("2413", "Invalid request").with_success()
}

/// Turns any refusal that no rule asked for into that one.
pub(crate) fn as_refused(refusal: Refusal) -> Refusal {
    if refusal.is_scripted { refusal.with_success() } else { invalid_request() }
}

/// The ids of a check, and its callback address.
pub(crate) struct Unnumbered<'a> {
    partner_params: Map<String, Value>,
    job_id: String,
    user_id: String,
    callback_url: Option<&'a str>,
}

/// The body, after verification of the signature in the headers.
pub(crate) fn unnumbered_request(
    state: &State,
    now: Timestamp,
    request: &Request<Bytes>,
) -> Result<Map<String, Value>, Refusal> {
    authorise_headers(state, now, request.headers()).map_err(|error| Refusal::from(error).with_success())?;
    parse_object(request.body()).map_err(|_| invalid_request())
}

pub(crate) fn unnumbered_check<'a>(
    state: &State,
    body: &'a Map<String, Value>,
    endpoint: Endpoint,
) -> Result<Unnumbered<'a>, ApiError> {
    let fields = Fields::new(body, ID_API.missing);
    let callback_url = fields.optional_text("callback_url")?;
    if callback_url.is_none() && state.settings.callback_url.is_none() {
        return Err(ApiError(ID_API.missing));
    }
    let partner_params = match body.get("partner_params") {
        None | Some(Value::Null) => Map::new(),
        Some(value) => value.as_object().ok_or(ApiError::WRONG_TYPE)?.clone(),
    };
    let params = Fields::new(&partner_params, ID_API.missing);
    let job_id = params.optional_text("job_id")?.map(str::to_owned);
    let user_id = params.optional_text("user_id")?.unwrap_or_default().to_owned();
    let job_id = job_id.unwrap_or_else(|| format!("{}-{}", endpoint.name(), state.jobs.len() + 1));
    Ok(Unnumbered { partner_params, job_id, user_id, callback_url })
}

impl Unnumbered<'_> {
    pub(crate) fn check<'a>(
        &'a self,
        endpoint: Endpoint,
        job_type: JobType,
        body: &'a Map<String, Value>,
    ) -> Check<'a> {
        Check {
            endpoint,
            job_type,
            job_id: &self.job_id,
            user_id: &self.user_id,
            partner_params: &self.partner_params,
            callback_url: self.callback_url,
            body,
        }
    }
}
