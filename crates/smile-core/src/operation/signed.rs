//! The signature of an answer.

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use crate::operation::OperationError;
use crate::wire::fields::Unreadable;
use crate::wire::tolerant::{self, Object};
use crate::{Partner, ReceivedTimestamp, SignatureError};

/// Timestamp of the answer's signature, if there is one. An answer that is signed wrongly, or by
/// halves, is an error.
pub(crate) fn confirm(
    partner: &Partner,
    response: &Response<Bytes>,
    fields: &impl Object,
) -> Result<Option<ReceivedTimestamp>, OperationError> {
    // Readers disagree which of two counts, and a forger knows that.
    if ["timestamp", "signature"].iter().any(|key| fields.alike(key).nth(1).is_some()) {
        return Err(OperationError::unreadable(response, Unreadable::Duplicated));
    }
    let present = |key: &str| tolerant::field(fields, key).filter(|value| !value.is_null());
    let (timestamp, signature) = (present("timestamp"), present("signature"));
    if timestamp.is_none() && signature.is_none() {
        return Ok(None);
    }
    let refuse = |error| OperationError::signature(response, error);
    let timestamp =
        timestamp.and_then(ReceivedTimestamp::from_json).ok_or_else(|| refuse(SignatureError::Missing))?;
    let signature = signature.and_then(Value::as_str).ok_or_else(|| refuse(SignatureError::Missing))?;
    partner.signer().confirm_received(&timestamp, signature).map_err(refuse)?;
    Ok(Some(timestamp))
}
