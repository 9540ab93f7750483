//! `POST /v2/async-verify-address`, and under v1, as in the Ruby SDK: verification of a person's
//! address.
//!
//! The request is signed in the headers. The last digit of the ID number or utility number decides.
//! The body of the callback is not published: the entry here is our choice.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};
use smile_core::Timestamp;

use crate::http::answers::{ApiError, Refusal};
use crate::http::endpoint::Endpoint;
use crate::http::fields::Fields;
use crate::result::authority::last_digit;
use crate::result::comparison::{self, Match};
use crate::result::entry;
use crate::result::persona::Persona;
use crate::result::product::ADDRESS_VERIFICATION;
use crate::result::product::Product;
use crate::run::checks;
use crate::run::checks::begin;
use crate::run::checks::conclude;
use crate::state::State;
use crate::v1::authorisation::ID_API;
use crate::v1::unnumbered::as_refused;
use crate::v1::unnumbered::unnumbered_check;
use crate::v1::unnumbered::unnumbered_request;

pub(crate) fn address_verification(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let body = unnumbered_request(state, now, request)?;
    verify_address(state, now, &body).map_err(as_refused)
}

fn verify_address(
    state: &mut State,
    now: Timestamp,
    body: &Map<String, Value>,
) -> Result<Response<Bytes>, Refusal> {
    let invalid = Refusal::from(ApiError(ID_API.missing));
    let fields = Fields::new(body, ID_API.missing);
    let (country, address) = (fields.text("country")?, fields.text("address")?);
    let full_name = fields.optional_text("full_name")?;
    let (key, number) = match country {
        "NG" => {
            fields.text("utility_provider")?;
            ("UtilityNumber", fields.text("utility_number")?)
        }
        "ZA" => ("IDNumber", fields.text("id_number")?),
        _ => return Err(invalid),
    };
    let is_id_number = number.len() == 13 && number.bytes().all(|byte| byte.is_ascii_digit());
    if country == "ZA" && !is_id_number {
        return Err(invalid);
    }
    let numbered = unnumbered_check(state, body, Endpoint::AddressVerification)?;
    let check = numbered.check(Endpoint::AddressVerification, ADDRESS_VERIFICATION, body);
    let names = comparison::names(&full_name.into_iter().collect::<Vec<_>>(), &Persona::standard());
    let digit = last_digit(Some(number));
    let script = checks::requested_results(state, now, check, ["1020", "1022", "1021"])?;
    if digit == Some('2') && script.iter().any(|result| result.code.is_none()) {
        return Err(invalid);
    }

    let position = begin(state, check)?;
    let stages = script.iter().map(|result| {
        let code = result.code.as_deref().unwrap_or(by_digit(digit, names));
        let subject = check.subject(state, position, country, "", number);
        result.staged(code, Product::Address, entry::address(&subject, code, address, key, names))
    });
    let stages = stages.collect();
    Ok(conclude(state, now, position, stages))
}

/// The result code for a last digit. Any address counts as right, so that the name alone is
/// compared: our choice.
fn by_digit(digit: Option<char>, names: Match) -> &'static str {
    match (digit, names) {
        (Some('1'), _) => "1013",
        (Some('3'), _) => "1015",
        (Some('4'), _) | (_, Match::No) => "1022",
        (_, Match::Exact | Match::NotProvided) => "1020",
        _ => "1021",
    }
}
