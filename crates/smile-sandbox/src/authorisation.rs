//! Whether a request is signed as it has to be.

use serde_json::{Map, Value};
use smile_core::{ReceivedTimestamp, Timestamp};

use crate::fields::Fields;
use crate::response::ApiError;
use crate::service::Service;

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
        let timestamp = ReceivedTimestamp::from_json(timestamp).ok_or(ApiError::WRONG_TYPE)?;
        let moment = timestamp.moment().ok_or(ApiError::WRONG_TYPE)?;
        let is_fresh =
            self.settings.clock_skew.is_none_or(|limit| now.since(moment).max(moment.since(now)) <= limit);
        let is_ours = partner_id == self.signer.partner_id().as_str();
        if is_fresh && is_ours && self.signer.confirm_received(&timestamp, signature).is_ok() {
            Ok(())
        } else {
            Err(ApiError(signed.unauthorised))
        }
    }
}
