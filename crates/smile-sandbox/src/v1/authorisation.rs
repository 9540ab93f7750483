//! Whether a request is signed as it has to be.

use http::HeaderMap;
use serde_json::{Map, Value};
use smile_core::{ReceivedTimestamp, Timestamp};

use crate::http::answers::ApiError;
use crate::http::fields::Fields;
use crate::service::Service;
use crate::v1::web_token::Claims;

/// The names and codes of the endpoints around IDs, which are those of most.
pub(crate) const ID_API: Signed = Signed { partner_id: "partner_id", missing: "2413", unauthorised: "2405" };

/// The names and codes in which the endpoints differ.
pub(crate) struct Signed {
    /// The field with the partner id.
    pub(crate) partner_id: &'static str,
    /// The code for a missing parameter.
    pub(crate) missing: &'static str,
    /// The code for a signature that doesn't hold.
    pub(crate) unauthorised: &'static str,
}

impl Service {
    /// Checks the signature over the timestamp exactly as it was sent.
    ///
    /// A timestamp that can't be read as a moment is of the wrong type. How old it may be is not documented; there is
    /// no limit unless one was set.
    pub(crate) fn authorise(
        &self,
        now: Timestamp,
        body: &Map<String, Value>,
        signed: &Signed,
    ) -> Result<(), ApiError> {
        let fields = Fields::new(body, signed.missing);
        let partner_id = fields.text(signed.partner_id)?;
        let timestamp = fields.required("timestamp")?;
        let signature = fields.text("signature")?;
        self.confirm(now, partner_id, timestamp, signature, signed.unauthorised)
    }

    /// The same for the endpoints that a web token opens as well, and what the token says if there is one.
    pub(crate) fn authorise_or_token(
        &self,
        now: Timestamp,
        body: &Map<String, Value>,
        signed: &Signed,
    ) -> Result<Option<Claims>, ApiError> {
        let fields = Fields::new(body, signed.missing);
        let Some(token) = fields.optional_text("token")? else {
            return self.authorise(now, body, signed).map(|()| None);
        };
        let is_ours = fields.text(signed.partner_id)? == self.signer.partner_id().as_str();
        let claims = Claims::read(&self.secret, token, now).filter(|_| is_ours);
        claims.map(Some).ok_or(ApiError(signed.unauthorised))
    }

    /// The same for the endpoints that are signed in the headers. A header that is missing counts as a signature that
    /// doesn't hold; our choice.
    pub(crate) fn authorise_headers(&self, now: Timestamp, headers: &HeaderMap) -> Result<(), ApiError> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let sent =
            (header("smileid-partner-id"), header("smileid-timestamp"), header("smileid-request-signature"));
        match sent {
            (Some(partner_id), Some(timestamp), Some(signature)) => {
                let timestamp = Value::from(timestamp);
                self.confirm(now, partner_id, &timestamp, signature, ID_API.unauthorised)
            }
            _ => Err(ApiError(ID_API.unauthorised)),
        }
    }

    fn confirm(
        &self,
        now: Timestamp,
        partner_id: &str,
        timestamp: &Value,
        signature: &str,
        unauthorised: &'static str,
    ) -> Result<(), ApiError> {
        let timestamp = ReceivedTimestamp::from_json(timestamp).ok_or(ApiError::WRONG_TYPE)?;
        let moment = timestamp.moment().ok_or(ApiError::WRONG_TYPE)?;
        let is_fresh =
            self.settings.clock_skew.is_none_or(|limit| now.since(moment).max(moment.since(now)) <= limit);
        let is_ours = partner_id == self.signer.partner_id().as_str();
        if is_fresh && is_ours && self.signer.confirm_received(&timestamp, signature).is_ok() {
            Ok(())
        } else {
            Err(ApiError(unauthorised))
        }
    }
}
