//! `POST /v2/verify` and `/v2/verify_async`: Basic KYC, a comparison of a person's data with the ID
//! authority's.

use bytes::Bytes;
use http::{Request, Response};
use smile_core::catalogue;
use smile_core::{JobType, Timestamp};

use crate::http::answers::{ApiError, Refusal};
use crate::http::endpoint::Endpoint;
use crate::http::fields::{Fields, parse_object};
use crate::result::authority::Authority;
use crate::result::comparison::{self, Match, match_code};
use crate::result::entry;
use crate::result::persona::{Persona, with_split_name};
use crate::result::product::Product;
use crate::run::checks::begin;
use crate::run::checks::conclude;
use crate::run::checks::requested_results;
use crate::state::State;
use crate::v1::authorisation::ID_API;
use crate::v1::id_request::ask_authority;
use crate::v1::id_request::authorise_id_request;
use crate::v1::id_request::id_number;
use crate::v1::id_request::id_request;

pub(crate) fn basic_kyc(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
    endpoint: Endpoint,
) -> Result<Response<Bytes>, Refusal> {
    let body = parse_object(request.body())?;
    let claims = authorise_id_request(state, now, &body, endpoint)?;
    let request = id_request(state, &body, claims.as_ref(), endpoint, JobType::ENHANCED_KYC)?;
    let number = id_number(state, &request, catalogue::IdTypeProduct::BasicKyc)?;
    let fields = Fields::new(&body, ID_API.missing);
    let authority = ask_authority(state, &request, number.as_deref());
    let persona = match authority {
        Authority::FoundCustom => Persona::custom(request.check.partner_params),
        _ => Persona::standard(),
    };
    let matches = compare(fields, &persona)?;
    // Without anything to compare there is nothing to verify; our choice.
    if matches.iter().all(|(_, field)| *field == Match::NotProvided) {
        return Err(ApiError(ID_API.missing).into());
    }
    let requested = requested_results(state, now, request.check, ["1020", "1022", "1021"])?;
    let own_code = match authority {
        Authority::Found | Authority::FoundCustom => match_code(&matches.map(|(_, field)| field)),
        Authority::NotFound => state.settings.basic_kyc_not_found.as_str(),
        Authority::Malformed | Authority::Unavailable => authority.code(),
    };
    let own_code = own_code.to_owned();

    let position = begin(state, request.check)?;
    let stages = requested.iter().map(|result| {
        let code = result.code.as_deref().unwrap_or(&own_code);
        let mut subject = request.subject(state, position, number.as_deref());
        if authority == Authority::FoundCustom {
            subject.partner_params = with_split_name(&subject.partner_params);
            subject.is_custom = true;
        }
        result.staged(code, Product::BasicKyc, entry::basic_kyc(&subject, code, matches))
    });
    let stages = stages.collect();
    Ok(conclude(state, now, position, stages))
}

/// Compares each field. The names of the actions are not all confirmed.
fn compare(fields: Fields<'_>, persona: &Persona) -> Result<[(&'static str, Match); 4], ApiError> {
    let mut names = Vec::new();
    for field in ["first_name", "middle_name", "last_name"] {
        names.extend(fields.optional_text(field)?);
    }
    Ok([
        ("Names", comparison::names(&names, persona)),
        ("DOB", comparison::date(fields.optional_text("dob")?, &persona.date_of_birth)),
        ("Gender", comparison::gender(fields.optional_text("gender")?, &persona.gender)),
        ("Phone_Number", comparison::phone(fields.optional_text("phone_number")?, &persona.phone_number)),
    ])
}
