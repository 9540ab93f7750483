//! `POST /totp_consent`, `/totp_consent/mode` and `/totp_consent/otp`: consent of a BVN holder with
//! a one-time password; the session then stands in for the number, with the ID type `BVN_MFA`.
//!
//! The password is always 000000. The errors have the codes of the ID endpoints, and sessions do
//! not expire: both are our choice.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};
use smile_core::Timestamp;

use crate::http::answers::{ApiError, Refusal, ok};
use crate::http::fields::{Fields, parse_object};
use crate::result::authority::last_digit;
use crate::run::callbacks::signed;
use crate::state::State;
use crate::state::consents::Session;
use crate::v1::authorisation::ID_API;
use crate::v1::authorisation::authorise_or_token;

/// The one-time password that is accepted.
pub const OTP: &str = "000000";
/// The ways to send the password, with their masked destinations.
const MODES: [(&str, &str); 2] = [("sms", "0000*******00"), ("email", "jo*****@example.com")];

/// Opens a session. The number is checked for its form, and its last digit 1 or 3 means what it
/// means everywhere: not found, or unavailable; our choice.
pub(crate) fn consent(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let body = parse_object(request.body())?;
    let id_number = consent_request(state, now, &body)?;
    match last_digit(Some(id_number)) {
        Some('1') => return Err(Refusal::worded("2413", "Unable to Validate ID")),
        Some('3') => return Err(Refusal::worded("2401", "Error - Queried Database Unavailable")),
        _ => {}
    }
    let number = state.consents.0.len().to_string();
    let id = state.secret.base36(&["session", &number]);
    let session =
        Session { id: id.clone(), id_number: id_number.to_owned(), is_sent: false, is_granted: false };
    state.consents.0.push(session);
    let mut answer = success("Choose how to receive the one-time password");
    answer.insert("session_id".into(), id.into());
    answer.insert("modes".into(), MODES.map(|(mode, masked)| json!({mode: masked})).to_vec().into());
    Ok(ok(&signed(state, now, answer).into()))
}

/// Sends the password.
pub(crate) fn consent_mode(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let body = parse_object(request.body())?;
    let id_number = consent_request(state, now, &body)?;
    let fields = Fields::new(&body, ID_API.missing);
    let (mode, session_id) = (fields.text("mode")?, fields.text("session_id")?);
    if !MODES.iter().any(|(known, _)| *known == mode) {
        return Err(Refusal::worded(ID_API.missing, "Invalid mode"));
    }
    session(state, session_id, id_number)?.is_sent = true;
    Ok(ok(&signed(state, now, success("The one-time password was sent")).into()))
}

/// Verifies the password. A wrong one can be followed by another attempt.
pub(crate) fn consent_otp(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let body = parse_object(request.body())?;
    let id_number = consent_request(state, now, &body)?;
    let fields = Fields::new(&body, ID_API.missing);
    let (otp, session_id) = (fields.text("otp")?, fields.text("session_id")?);
    let session = session(state, session_id, id_number)?;
    if otp != OTP || !session.is_sent {
        return Err(Refusal::worded(ID_API.missing, "Invalid OTP"));
    }
    session.is_granted = true;
    Ok(ok(&signed(state, now, success("Consent was granted")).into()))
}

/// Checks the common part of the three requests, and returns the session's number.
fn consent_request<'a>(
    state: &State,
    now: Timestamp,
    body: &'a Map<String, Value>,
) -> Result<&'a str, Refusal> {
    authorise_or_token(state, now, body, &ID_API)?;
    let fields = Fields::new(body, ID_API.missing);
    let (country, id_type) = (fields.text("country")?, fields.text("id_type")?);
    let id_number = fields.text("id_number")?;
    let is_bvn = id_number.len() == 11 && id_number.bytes().all(|byte| byte.is_ascii_digit());
    if (country, id_type, is_bvn) == ("NG", "BVN_MFA", true) {
        Ok(id_number)
    } else {
        Err(ApiError(ID_API.missing).into())
    }
}

fn session<'a>(state: &'a mut State, session_id: &str, id_number: &str) -> Result<&'a mut Session, Refusal> {
    let session = state.consents.find(session_id).filter(|session| session.id_number == id_number);
    session.ok_or(Refusal::worded(ID_API.missing, "Invalid session"))
}

fn success(message: &str) -> Map<String, Value> {
    let mut answer = Map::new();
    answer.insert("success".into(), true.into());
    answer.insert("message".into(), message.into());
    answer
}
