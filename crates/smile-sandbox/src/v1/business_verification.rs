//! `POST /business_verification` and `/async_business_verification`: a registry's record of a
//! business.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;
use smile_core::catalogue;
use smile_core::{JobType, Timestamp};

use crate::http::answers::Refusal;
use crate::http::endpoint::Endpoint;
use crate::http::fields::{Fields, parse_object};
use crate::result::entry;
use crate::result::product::Product;
use crate::run::checks::begin;
use crate::run::checks::conclude;
use crate::run::checks::requested_results;
use crate::state::State;
use crate::v1::authorisation::ID_API;
use crate::v1::authorisation::authorise;
use crate::v1::id_request::{IdRequest, ask_authority, id_number, id_request};

const ID_TYPES: [&str; 3] = ["BASIC_BUSINESS_REGISTRATION", "BUSINESS_REGISTRATION", "TAX_INFORMATION"];
/// Business name, company, incorporated trustees.
const BUSINESS_TYPES: [&str; 3] = ["bn", "co", "it"];

pub(crate) fn business_verification(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
    endpoint: Endpoint,
) -> Result<Response<Bytes>, Refusal> {
    verify_business(state, now, request, endpoint).map_err(Refusal::with_success)
}

fn verify_business(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
    endpoint: Endpoint,
) -> Result<Response<Bytes>, Refusal> {
    let body = parse_object(request.body())?;
    // No source says that a token would be accepted here.
    authorise(state, now, &body, &ID_API)?;
    let request = id_request(state, &body, None, endpoint, JobType::BUSINESS_VERIFICATION)?;
    if !ID_TYPES.contains(&request.id_type) {
        return Err(Refusal::worded(ID_API.missing, "Unsupported id type"));
    }
    let number = id_number(state, &request, catalogue::IdTypeProduct::BusinessVerification)?;
    check_business_type(&request)?;
    let authority = ask_authority(state, &request, number.as_deref());
    // A registry that does not answer gives a provisional result; our choice.
    let requested = requested_results(state, now, request.check, ["1012", "1013", "1015"])?;

    let position = begin(state, request.check)?;
    let business_type = request.check.body.get("business_type").and_then(Value::as_str);
    let stages = requested.iter().map(|result| {
        let code = result.code.as_deref().unwrap_or(authority.code());
        let subject = request.subject(state, position, number.as_deref());
        result.staged(code, Product::BusinessVerification, entry::business(&subject, code, business_type))
    });
    let stages = stages.collect();
    Ok(conclude(state, now, position, stages))
}

/// Checks the business type, which Nigeria's register of companies needs.
fn check_business_type(request: &IdRequest<'_>) -> Result<(), Refusal> {
    if request.country != "NG" || request.id_type == "TAX_INFORMATION" {
        return Ok(());
    }
    let business_type = Fields::new(request.check.body, ID_API.missing).text("business_type")?;
    if BUSINESS_TYPES.contains(&business_type) {
        Ok(())
    } else {
        Err(Refusal::worded(ID_API.missing, "Unsupported business type"))
    }
}
