//! Callbacks: results that the service posts to the partner's server.

use std::fmt;

use serde_json::Value;

use crate::result::{ResultEntry, Verdict};
use crate::{JobType, ReceivedTimestamp, SignatureError, Signer, tolerant};

/// A v1 callback whose signature was confirmed.
///
/// **The signature covers the timestamp and the partner id, not the body**: whoever has seen one callback can put its
/// signature on another body. So a confirmed callback is a good hint that a job has a result, and no proof of which.
/// Before acting on an approval, ask for the job's status and go by that; and answer a repeated callback with 200
/// without acting twice.
///
/// ```
/// # use smile_core::{Callback, Environment, Partner, Signer, Timestamp};
/// # let partner = Partner::new("001", "key", Environment::Sandbox)?;
/// # let signed = partner.signer().sign(Timestamp::from_unix_millis(1_705_314_600_000));
/// # let body = format!(r#"{{"ResultCode":"0810","PartnerParams":{{"job_id":"j","job_type":1}},"timestamp":"{}","signature":"{}"}}"#,
/// #     signed.timestamp(), signed.signature());
/// let callback = Callback::parse(partner.signer(), body.as_bytes())?;
/// assert_eq!(callback.entry().partner_params().job_id().as_deref(), Some("j"));
/// println!("{}", callback.verdict());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Callback {
    entry: ResultEntry,
    timestamp: ReceivedTimestamp,
}

impl Callback {
    /// Confirms and reads the body of a callback, as it was received.
    ///
    /// Its age is not judged here: compare [`Callback::timestamp`] with the clock.
    ///
    /// # Errors
    /// [`CallbackError`]: not JSON, not signed, or not signed by who holds the key. Answer such a request with 4xx.
    pub fn parse(signer: &Signer, body: &[u8]) -> Result<Self, CallbackError> {
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return Err(CallbackError::NotJson);
        };
        let timestamp = tolerant::field(&fields, "timestamp").and_then(ReceivedTimestamp::from_json);
        let (Some(timestamp), Some(signature)) = (timestamp, tolerant::str(&fields, "signature")) else {
            return Err(CallbackError::Signature(SignatureError::Missing));
        };
        signer.confirm_received(&timestamp, signature).map_err(CallbackError::Signature)?;
        Ok(Self { entry: ResultEntry::new(fields), timestamp })
    }

    /// The result.
    pub fn entry(&self) -> &ResultEntry {
        &self.entry
    }

    /// When it was signed.
    pub fn timestamp(&self) -> &ReceivedTimestamp {
        &self.timestamp
    }

    /// What it amounts to for a job of the type that it names itself.
    pub fn verdict(&self) -> Verdict {
        self.entry.verdict()
    }

    /// What it amounts to for a job of the type that the partner's own records have.
    pub fn verdict_for(&self, job_type: JobType) -> Verdict {
        self.entry.verdict_for(job_type)
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("entry", &self.entry).field("timestamp", &self.timestamp).finish()
    }
}

/// Why a callback is not believed. Nothing of its body is in here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// It isn't a JSON object. Usually something else posted to this address.
    #[error("the callback is not a JSON object")]
    NotJson,
    /// It isn't signed by who holds the API key. Usually the key belongs to the other environment, or was rotated;
    /// otherwise somebody is making results up.
    #[error("the callback can't be trusted: {0}")]
    Signature(SignatureError),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{ApiKey, PartnerId};

    fn signer() -> Signer {
        Signer::new(PartnerId::new("001").unwrap(), &ApiKey::new("test_api_key").unwrap())
    }

    /// The shape of the documented callback of a Biometric KYC job.
    fn body() -> Value {
        json!({
            "Actions": { "Liveness_Check": "Passed", "Register_Selfie": "Approved" },
            "ConfidenceValue": "99",
            "PartnerParams": { "job_id": "job-1", "user_id": "user-1", "job_type": "1", "branch": "Lagos" },
            "ResultCode": "1210", "ResultText": "Enroll User", "SmileJobID": "0000056574", "Source": "WebAPI",
            "timestamp": "2024-01-15T10:30:00.000Z", "signature": "74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc=",
        })
    }

    #[test]
    fn a_signed_callback_is_read() {
        let callback = Callback::parse(&signer(), body().to_string().as_bytes()).unwrap();
        assert!(callback.verdict().is_approved());
        assert_eq!(
            callback.verdict_for(JobType::DOCUMENT_VERIFICATION).doubt(),
            Some(crate::Doubt::OtherJobType)
        );
        assert_eq!(callback.entry().partner_params().get("branch"), Some(&json!("Lagos")));
        assert_eq!(callback.timestamp().moment().unwrap().unix_millis(), 1_705_314_600_000);
        assert!(!format!("{callback:?}").contains("user-1"));
    }

    #[test]
    fn what_is_not_signed_or_not_a_callback_is_refused() {
        let refuse = |body: &[u8]| Callback::parse(&signer(), body).unwrap_err();
        for body in [&b""[..], b"{", b"[]", b"null", b"\xFF", b"\"x\""] {
            assert_eq!(refuse(body), CallbackError::NotJson);
        }
        for (key, value, error) in [
            ("signature", json!(null), SignatureError::Missing),
            ("signature", json!("bm9wZQ=="), SignatureError::Malformed),
            ("timestamp", json!("2024-01-15T10:30:00.001Z"), SignatureError::Wrong),
        ] {
            let mut body = body();
            body[key] = value;
            assert_eq!(refuse(body.to_string().as_bytes()), CallbackError::Signature(error));
        }
    }
}
