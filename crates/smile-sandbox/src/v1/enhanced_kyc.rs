//! `POST /id_verification` and `/async_id_verification`: Enhanced KYC, what an ID authority knows of the holder of an
//! ID number.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};
use smile_core::catalogue::Product;
use smile_core::{JobType, Timestamp};

use crate::http::answers::Refusal;
use crate::http::endpoint::Endpoint;
use crate::http::fields::parse_object;
use crate::result::authority::{Authority, verified};
use crate::result::persona::{NOT_AVAILABLE, Persona, replace_with_custom, with_split_name};
use crate::run::checks;
use crate::run::checks::asked;
use crate::run::checks::begin;
use crate::run::checks::conclude;
use crate::state::State;
use crate::v1::id_request::IdRequest;
use crate::v1::id_request::ask_authority;
use crate::v1::id_request::authorise_id_request;
use crate::v1::id_request::id_number;
use crate::v1::id_request::id_request;

pub(crate) fn enhanced_kyc(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
    endpoint: Endpoint,
) -> Result<Response<Bytes>, Refusal> {
    let body = parse_object(request.body())?;
    let claims = authorise_id_request(state, now, &body, endpoint)?;
    let request = id_request(state, &body, claims.as_ref(), endpoint, JobType::ENHANCED_KYC)?;
    let number = id_number(state, &request, Product::EnhancedKyc)?;
    let authority = ask_authority(state, &request, number.as_deref());
    // That a provisional result is an authority that does not answer is our choice.
    let asked = asked(state, now, request.check, ["1012", "1013", "1015"])?;

    let position = begin(state, request.check)?;
    let stages = asked.iter().map(|asked| {
        let code = asked.code.as_deref().unwrap_or(authority.code());
        let entry = enhanced_kyc_entry(state, position, &request, number.as_deref(), authority, code);
        asked.staged(code, JobType::ENHANCED_KYC, entry)
    });
    let stages = stages.collect();
    Ok(conclude(state, now, position, stages))
}

fn enhanced_kyc_entry(
    state: &State,
    position: usize,
    request: &IdRequest<'_>,
    number: Option<&str>,
    authority: Authority,
    code: &str,
) -> Map<String, Value> {
    let is_custom = authority == Authority::FoundCustom && code == "1012";
    let is_returned = code == "1012" && state.settings.personal_info;
    let returned = if is_returned { "Returned" } else { "Not Returned" };
    let actions = json!({"Verify_ID_Number": verified(code), "Return_Personal_Info": returned});
    let mut entry = checks::entry(state.jobs.at(position), "ID Verification", code, actions);
    let mut params = request.check.partner_params.clone();
    if is_custom {
        params = with_split_name(&params);
        entry.insert("PartnerParams".into(), params.clone().into());
    }
    add_id(&mut entry, request, number);
    if is_returned {
        let persona = if is_custom { Persona::custom(&params) } else { Persona::standard() };
        add_personal_info(&mut entry, &persona, state.settings.placeholders);
        if is_custom {
            replace_with_custom(&mut entry, &params);
        }
    }
    entry
}

/// The ID that was asked about.
pub(crate) fn add_id(entry: &mut Map<String, Value>, request: &IdRequest<'_>, number: Option<&str>) {
    entry.insert("Country".into(), request.country.into());
    entry.insert("IDType".into(), request.id_type.into());
    entry.insert("IDNumber".into(), number.unwrap_or(NOT_AVAILABLE).into());
}

/// What the authority gives, and in the place of what it doesn't give what the service writes there. Which fields those
/// are differs between the authorities; one set for all is our choice.
fn add_personal_info(entry: &mut Map<String, Value>, persona: &Persona, placeholders: bool) {
    entry.insert("FullName".into(), persona.full_name().into());
    entry.insert("FirstName".into(), persona.first_name.as_str().into());
    entry.insert("MiddleName".into(), persona.middle_name.as_str().into());
    entry.insert("LastName".into(), persona.last_name.as_str().into());
    entry.insert("DOB".into(), persona.date_of_birth.as_str().into());
    entry.insert("Gender".into(), persona.gender.as_str().into());
    if placeholders {
        entry.insert("ExpirationDate".into(), "NaN-NaN-NaN".into());
        let absent = [
            "IssuanceDate",
            "Address",
            "PhoneNumber",
            "PhoneNumber2",
            "Photo",
            "Document",
            "Secondary_ID_Number",
        ];
        for absent in absent {
            entry.insert(absent.into(), NOT_AVAILABLE.into());
        }
    }
}
