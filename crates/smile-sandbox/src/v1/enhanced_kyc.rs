//! `POST /id_verification` and `/async_id_verification`: Enhanced KYC, an ID authority's record of
//! the holder of an ID number.

use bytes::Bytes;
use http::{Request, Response};

use smile_core::catalogue::{self, Finding as Found};
use smile_core::{JobType, Timestamp};

use crate::http::answers::Refusal;
use crate::http::endpoint::Endpoint;
use crate::http::fields::parse_object;
use crate::result::authority::Authority;
use crate::result::entry;
use crate::result::persona::with_split_name;
use crate::result::product::Product;
use crate::result::table::found;
use crate::run::checks::begin;
use crate::run::checks::conclude;
use crate::run::checks::requested_results;
use crate::state::State;
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
    let number = id_number(state, &request, catalogue::IdTypeProduct::EnhancedKyc)?;
    let authority = ask_authority(state, &request, number.as_deref());
    // An authority that does not answer gives a provisional result; our choice.
    let requested = requested_results(state, now, request.check, ["1012", "1013", "1015"])?;

    let position = begin(state, request.check)?;
    let stages = requested.iter().map(|result| {
        let code = result.code.as_deref().unwrap_or(authority.code());
        let mut subject = request.subject(state, position, number.as_deref());
        if authority == Authority::FoundCustom && found(code, Product::EnhancedKyc) == Some(Found::IdFound) {
            subject.partner_params = with_split_name(&subject.partner_params);
            subject.is_custom = true;
        }
        let settings = &state.settings;
        let entry = entry::lookup(&subject, code, settings.personal_info, settings.placeholders);
        result.staged(code, Product::EnhancedKyc, entry)
    });
    let stages = stages.collect();
    Ok(conclude(state, now, position, stages))
}
