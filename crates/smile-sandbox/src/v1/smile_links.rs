//! `/smile_links`: links to a whole job on a page of Smile ID's. They can be created, changed,
//! listed and read; the pages themselves are not emulated.
//!
//! Sources disagree on the name of the address in the answers, so both names are there.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value};
use smile_core::Timestamp;

use crate::http::answers::{ApiError, Refusal, ok};
use crate::http::fields::{Fields, parse_object};
use crate::http::origin::Origin;
use crate::http::query;
use crate::state::State;
use crate::state::smile_links::SmileLink;
use crate::v1::authorisation::ID_API;
use crate::v1::authorisation::authorise;
use crate::v1::authorisation::authorise_headers;

/// The default validity of a link.
const LIFETIME: Duration = Duration::from_secs(90 * 24 * 60 * 60);
const METHODS: [&str; 4] =
    ["biometric_kyc", "doc_verification", "enhanced_document_verification", "enhanced_kyc"];
/// The fields that can be changed, beside `is_disabled`.
const CHANGEABLE: [&str; 11] = [
    "name",
    "company_name",
    "id_types",
    "callback_url",
    "is_single_use",
    "user_id",
    "partner_params",
    "data_privacy_policy_url",
    "logo_url",
    "redirect_url",
    "expires_at",
];

/// Creates a link. Its required fields are only partly documented; the rest is our choice.
pub(crate) fn create_smile_link(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
    origin: &Origin,
) -> Result<Response<Bytes>, Refusal> {
    let body = smile_link_request(state, now, request)?;
    let fields = Fields::new(&body, ID_API.missing);
    for required in ["name", "company_name"] {
        fields.text(required)?;
    }
    fields.required("id_types")?;
    if state.settings.callback_url.is_none() {
        fields.text("callback_url")?;
    }
    check(&body)?;
    let number = state.smile_links.0.len().to_string();
    let mut link = SmileLink {
        ref_id: state.secret.hex(&["smile link", &number])[..32].to_owned(),
        fields: Map::new(),
        expires_at: now + LIFETIME,
        disabled_at: None,
        created_at: now,
        updated_at: now,
    };
    link.apply(now, &body)?;
    let answer = shown(state, &link, origin);
    state.smile_links.0.push(link);
    Ok(ok(&answer))
}

/// Changes the fields that the body names, and leaves the rest.
pub(crate) fn update_smile_link(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
    ref_id: &str,
    origin: &Origin,
) -> Result<Response<Bytes>, Refusal> {
    let body = smile_link_request(state, now, request)?;
    check(&body)?;
    let link = state.smile_links.0.iter_mut().find(|link| link.ref_id == ref_id).ok_or(not_found())?;
    link.apply(now, &body)?;
    smile_link_answer(state, ref_id, origin)
}

/// Lists the links as a bare array; our choice.
pub(crate) fn list_smile_links(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
    origin: &Origin,
) -> Result<Response<Bytes>, Refusal> {
    smile_link_request(state, now, request)?;
    let links: Vec<Value> = state.smile_links.0.iter().map(|link| shown(state, link, origin)).collect();
    Ok(ok(&links.into()))
}

pub(crate) fn smile_link(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
    ref_id: &str,
    origin: &Origin,
) -> Result<Response<Bytes>, Refusal> {
    smile_link_request(state, now, request)?;
    smile_link_answer(state, ref_id, origin)
}

/// The body, after verification of the signature: in the headers, in the body, or, without a body,
/// in the query.
fn smile_link_request(
    state: &State,
    now: Timestamp,
    request: &Request<Bytes>,
) -> Result<Map<String, Value>, ApiError> {
    let body = if request.body().is_empty() {
        query::parameters(request.uri().query().unwrap_or_default())
    } else {
        parse_object(request.body())?
    };
    if request.headers().contains_key("smileid-request-signature") {
        authorise_headers(state, now, request.headers())?;
    } else {
        authorise(state, now, &body, &ID_API)?;
    }
    Ok(body)
}

fn smile_link_answer(state: &State, ref_id: &str, origin: &Origin) -> Result<Response<Bytes>, Refusal> {
    let link = state.smile_links.0.iter().find(|link| link.ref_id == ref_id).ok_or(not_found())?;
    Ok(ok(&shown(state, link, origin)))
}

/// The answer's form of a link. Its address stays on this machine, so that nobody is sent to the
/// real service.
fn shown(state: &State, link: &SmileLink, origin: &Origin) -> Value {
    let address = format!("{origin}/links/{}/{}", state.signer.partner_id(), link.ref_id);
    let mut shown = link.fields.clone();
    shown.insert("ref_id".into(), link.ref_id.as_str().into());
    shown.insert("link".into(), address.as_str().into());
    shown.insert("link_url".into(), address.into());
    shown.insert("partner_id".into(), state.signer.partner_id().as_str().into());
    shown.insert("is_single_use".into(), link.is_single_use().into());
    shown.insert("expires_at".into(), link.expires_at.to_string().into());
    shown.insert("disabled_at".into(), link.disabled_at.map(|at| at.to_string()).into());
    shown.insert("created_at".into(), link.created_at.to_string().into());
    shown.insert("updated_at".into(), link.updated_at.to_string().into());
    shown.into()
}

impl SmileLink {
    fn is_single_use(&self) -> bool {
        Fields::new(&self.fields, ID_API.missing).flag("is_single_use").unwrap_or_default()
    }

    fn apply(&mut self, now: Timestamp, body: &Map<String, Value>) -> Result<(), ApiError> {
        let fields = Fields::new(body, ID_API.missing);
        if let Some(text) = fields.optional_text("expires_at")? {
            self.expires_at = Timestamp::parse(text).ok_or(ApiError::WRONG_TYPE)?;
        }
        if body.get("is_disabled").is_some_and(|disabled| !disabled.is_null()) {
            self.disabled_at =
                if fields.flag("is_disabled")? { Some(self.disabled_at.unwrap_or(now)) } else { None };
        }
        for name in CHANGEABLE {
            if let Some(value) = body.get(name).filter(|value| !value.is_null()) {
                self.fields.insert(name.to_owned(), value.clone());
            }
        }
        self.updated_at = now;
        Ok(())
    }
}

/// Checks that the fields are valid.
fn check(body: &Map<String, Value>) -> Result<(), Refusal> {
    let fields = Fields::new(body, ID_API.missing);
    for text in
        ["name", "company_name", "callback_url", "data_privacy_policy_url", "logo_url", "redirect_url"]
    {
        fields.optional_text(text)?;
    }
    if let Some(expires_at) = fields.optional_text("expires_at")? {
        Timestamp::parse(expires_at).ok_or(ApiError::WRONG_TYPE)?;
    }
    fields.flag("is_disabled")?;
    if let Some(id_types) = body.get("id_types").filter(|id_types| !id_types.is_null()) {
        check_id_types(id_types.as_array().ok_or(ApiError::WRONG_TYPE)?)?;
    }
    // The user of a link occurs in either place.
    let nested = body.get("partner_params").and_then(|params| params.get("user_id")?.as_str());
    if fields.flag("is_single_use")? && fields.optional_text("user_id")?.or(nested).is_none() {
        return Err(ApiError(ID_API.missing).into());
    }
    Ok(())
}

/// Checks for at least one ID type, and no duplicates.
fn check_id_types(id_types: &[Value]) -> Result<(), Refusal> {
    if id_types.is_empty() {
        return Err(ApiError(ID_API.missing).into());
    }
    let mut seen = Vec::new();
    for id_type in id_types {
        let fields = Fields::new(id_type.as_object().ok_or(ApiError::WRONG_TYPE)?, ID_API.missing);
        let pair = (fields.text("country")?, fields.text("id_type")?);
        if !METHODS.contains(&fields.text("verification_method")?) {
            return Err(Refusal::worded(ID_API.missing, "Unsupported verification method"));
        }
        if seen.contains(&pair) {
            return Err(Refusal::worded(ID_API.missing, "Only one verification method per id type"));
        }
        seen.push(pair);
    }
    Ok(())
}

fn not_found() -> Refusal {
    Refusal::worded(ID_API.missing, "Smile Link not found").with_status(StatusCode::NOT_FOUND)
}
