//! Verification of a request's signature.

use http::HeaderMap;
use serde_json::{Map, Value};
use smile_core::{ReceivedTimestamp, Timestamp};

use crate::http::answers::ApiError;
use crate::http::fields::Fields;
use crate::state::State;
use crate::v1::claims::Claims;

/// The names and codes of the ID endpoints, which most endpoints share.
pub(crate) const ID_API: Signed = Signed { partner_id: "partner_id", missing: "2413", unauthorised: "2405" };

/// The names and codes in which the endpoints differ.
pub(crate) struct Signed {
    /// The field with the partner id.
    pub(crate) partner_id: &'static str,
    /// The code for a missing parameter.
    pub(crate) missing: &'static str,
    /// The code for an invalid signature.
    pub(crate) unauthorised: &'static str,
}

/// Checks the signature over the timestamp exactly as it was sent.
///
/// A timestamp that can't be parsed is of the wrong type. The largest age is not documented; there
/// is no limit unless one was set.
pub(crate) fn authorise(
    state: &State,
    now: Timestamp,
    body: &Map<String, Value>,
    signed: &Signed,
) -> Result<(), ApiError> {
    let fields = Fields::new(body, signed.missing);
    let partner_id = fields.text(signed.partner_id)?;
    let timestamp = fields.required("timestamp")?;
    let signature = fields.text("signature")?;
    confirm(state, now, partner_id, timestamp, signature, signed.unauthorised)
}

/// Checks the signature or a web token, for the endpoints that take either, and returns the token's
/// claims, if any.
pub(crate) fn authorise_or_token(
    state: &State,
    now: Timestamp,
    body: &Map<String, Value>,
    signed: &Signed,
) -> Result<Option<Claims>, ApiError> {
    let fields = Fields::new(body, signed.missing);
    let Some(token) = fields.optional_text("token")? else {
        return authorise(state, now, body, signed).map(|()| None);
    };
    let is_ours = fields.text(signed.partner_id)? == state.signer.partner_id().as_str();
    let claims = Claims::read(&state.secret, token, now).filter(|_| is_ours);
    claims.map(Some).ok_or(ApiError(signed.unauthorised))
}

/// Checks the signature in the headers, for the endpoints that have it there. A missing header
/// counts as an invalid signature; our choice.
pub(crate) fn authorise_headers(state: &State, now: Timestamp, headers: &HeaderMap) -> Result<(), ApiError> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let sent =
        (header("smileid-partner-id"), header("smileid-timestamp"), header("smileid-request-signature"));
    match sent {
        (Some(partner_id), Some(timestamp), Some(signature)) => {
            let timestamp = Value::from(timestamp);
            confirm(state, now, partner_id, &timestamp, signature, ID_API.unauthorised)
        }
        _ => Err(ApiError(ID_API.unauthorised)),
    }
}

fn confirm(
    state: &State,
    now: Timestamp,
    partner_id: &str,
    timestamp: &Value,
    signature: &str,
    unauthorised: &'static str,
) -> Result<(), ApiError> {
    let timestamp = ReceivedTimestamp::from_json(timestamp).ok_or(ApiError::WRONG_TYPE)?;
    let moment = timestamp.moment().ok_or(ApiError::WRONG_TYPE)?;
    let is_fresh =
        state.settings.clock_skew.is_none_or(|limit| now.since(moment).max(moment.since(now)) <= limit);
    let is_ours = partner_id == state.signer.partner_id().as_str();
    if is_fresh && is_ours && state.signer.confirm_received(&timestamp, signature).is_ok() {
        Ok(())
    } else {
        Err(ApiError(unauthorised))
    }
}
