//! `POST /v2/async-verify-phone`: verification of a person's telephone number.
//!
//! The request is signed in the headers. The last digit of the number decides, or else the fields
//! to be matched. The body of the callback is not published: the entry here is our choice.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};
use smile_core::Timestamp;

use crate::http::answers::{ApiError, Refusal};
use crate::http::endpoint::Endpoint;
use crate::http::fields::Fields;
use crate::result::authority::last_digit;
use crate::result::comparison::{self, Match, match_code};
use crate::result::entry;
use crate::result::persona::Persona;
use crate::result::product::PHONE_VERIFICATION;
use crate::result::product::Product;
use crate::run::checks;
use crate::run::checks::begin;
use crate::run::checks::conclude;
use crate::state::State;
use crate::v1::authorisation::ID_API;
use crate::v1::unnumbered::as_refused;
use crate::v1::unnumbered::unnumbered_check;
use crate::v1::unnumbered::unnumbered_request;

/// The countries with test numbers.
const COUNTRIES: [&str; 5] = ["KE", "NG", "TZ", "UG", "ZA"];

pub(crate) fn phone_verification(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let body = unnumbered_request(state, now, request)?;
    verify_phone(state, now, &body).map_err(as_refused)
}

fn verify_phone(
    state: &mut State,
    now: Timestamp,
    body: &Map<String, Value>,
) -> Result<Response<Bytes>, Refusal> {
    let invalid = Refusal::from(ApiError(ID_API.missing));
    let fields = Fields::new(body, ID_API.missing);
    let (country, number) = (fields.text("country")?, fields.text("phone_number")?);
    if !COUNTRIES.contains(&country) || !is_phone_number(number) {
        return Err(invalid);
    }
    let matches = compare(fields.object("match_fields")?)?;
    let provided: Vec<Match> = matches.iter().map(|(_, field)| *field).collect();
    if provided.iter().all(|field| *field == Match::NotProvided) {
        return Err(invalid);
    }
    let numbered = unnumbered_check(state, body, Endpoint::PhoneVerification)?;
    let check = numbered.check(Endpoint::PhoneVerification, PHONE_VERIFICATION, body);
    let script = checks::requested_results(state, now, check, ["1020", "1022", "1021"])?;
    let own_code = match last_digit(Some(number)) {
        Some('1') => "1023",
        Some('2') if script.iter().any(|result| result.code.is_none()) => return Err(invalid),
        Some('3') => "1015",
        _ => match_code(&provided),
    };

    let position = begin(state, check)?;
    let stages = script.iter().map(|result| {
        let code = result.code.as_deref().unwrap_or(own_code);
        let subject = check.subject(state, position, country, "", number);
        result.staged(code, Product::Phone, entry::phone(&subject, code, matches))
    });
    let stages = stages.collect();
    Ok(conclude(state, now, position, stages))
}

/// Compares with the standard person, whose ID numbers are zeros.
fn compare(fields: &Map<String, Value>) -> Result<[(&'static str, Match); 4], ApiError> {
    let fields = Fields::new(fields, ID_API.missing);
    let persona = Persona::standard();
    let is = |expected: String| move |given: &str| given.trim().to_lowercase() == expected.to_lowercase();
    let is_zeros = |given: &str| given.bytes().all(|byte| byte == b'0');
    Ok([
        ("First_Name", comparison::exact(fields.optional_text("first_name")?, is(persona.first_name))),
        ("Last_Name", comparison::exact(fields.optional_text("last_name")?, is(persona.last_name))),
        ("Other_Name", comparison::exact(fields.optional_text("other_name")?, is(persona.middle_name))),
        ("ID_Number", comparison::exact(fields.optional_text("id_number")?, is_zeros)),
    ])
}

/// True for digits, as many as a number has, optionally after a plus.
fn is_phone_number(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    (9..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}
