//! `/totp_consent`: a person's consent to the use of their BVN, by one-time password (Smile ID:
//! "BVN consent").
//!
//! Three steps, each made from the answer of the one before, so that none can be forgotten or done
//! out of order:
//!
//! 1. [`BvnConsentRequest`] opens a session and says where a password can be sent: show the person
//!    the [`ConsentModes`].
//! 2. [`ConsentModes::choose`] has it sent there: ask the person for it.
//! 3. [`PendingOtp::confirm`] hands it in. The [`BvnConsentGrant`] goes into the check:
//!    [`BvnConsentGrant::id_info`].
//!
//! The first two may send a person a message each time, so they are not repeated after an answer
//! was lost.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use serde::Serialize;
use serde_json::Value;

use crate::catalogue::IdTypeProduct;
use crate::operation::Step;
use crate::operation::signed::confirm;
use crate::operation::{Operation, OperationError, RepeatSafety, confirmed_object, post_signed};
use crate::wire::characters::Rule;
use crate::wire::tolerant;
use crate::{IdInfo, Partner, Timestamp, ValidationReport};

const COUNTRY: &str = "NG";
const ID_TYPE: &str = "BVN_MFA";

/// Opens a session of consent for a BVN: 11 digits.
#[derive(Clone)]
pub struct BvnConsentRequest {
    id_number: String,
}

#[derive(Serialize)]
struct Body<'a> {
    country: &'a str,
    id_type: &'a str,
    id_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    otp: Option<&'a str>,
}

impl<'a> Body<'a> {
    fn new(id_number: &'a str, session_id: Option<&'a str>) -> Self {
        Self { country: COUNTRY, id_type: ID_TYPE, id_number, session_id, mode: None, otp: None }
    }
}

impl BvnConsentRequest {
    /// Consent session for this BVN.
    pub fn new(id_number: impl Into<String>) -> Self {
        Self { id_number: id_number.into() }
    }
}

impl Operation for BvnConsentRequest {
    type Output = ConsentModes;
    const STEP: Step = Step::BvnConsent;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::MayCreateTwice
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        let mut problems = ValidationReport::default();
        problems.required("id_number", Some(&self.id_number));
        problems.characters("id_number", Some(&self.id_number), Rule::Number);
        let id_info = IdInfo::new(COUNTRY, ID_TYPE, self.id_number.as_str());
        problems.id_type("", &id_info, IdTypeProduct::EnhancedKyc, partner);
        problems
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        post_signed(partner, now, "/totp_consent", &Body::new(&self.id_number, None))
    }

    fn parse(
        &self,
        partner: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<ConsentModes, OperationError> {
        let object = confirmed_object(response)?;
        confirm(partner, response, &object)?;
        let session_id = tolerant::text(&object, "session_id").filter(|id| !id.is_empty());
        let session_id = session_id.ok_or(OperationError::unexpected(response, "has no `session_id`"))?;
        let modes = tolerant::field(&object, "modes").and_then(Value::as_array);
        let modes = modes.into_iter().flatten().filter_map(Value::as_object).flatten();
        let modes = modes.filter_map(|(name, value)| {
            Some(ConsentMode { name: name.clone(), destination: value.as_str()?.to_owned() })
        });
        let session = Session { id_number: self.id_number.clone(), session_id };
        Ok(ConsentModes { session, modes: modes.collect() })
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Session {
    id_number: String,
    session_id: String,
}

/// Destinations for a one-time password. The person chooses.
#[derive(Clone, PartialEq, Eq)]
pub struct ConsentModes {
    session: Session,
    modes: Vec<ConsentMode>,
}

/// A way to send a one-time password.
#[derive(Clone, PartialEq, Eq)]
pub struct ConsentMode {
    name: String,
    destination: String,
}

impl ConsentMode {
    /// The service's name for the way: `sms`, `email`, …
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Destination, masked by the service: `0800*******67`. For the person's eyes.
    pub fn destination(&self) -> &str {
        &self.destination
    }
}

impl ConsentModes {
    /// Ways to send a password, in the service's order.
    pub fn modes(&self) -> &[ConsentMode] {
        &self.modes
    }

    /// Requests a password by this way.
    pub fn choose(&self, mode: &ConsentMode) -> BvnModeRequest {
        BvnModeRequest { session: self.session.clone(), mode: mode.name.clone() }
    }
}

/// Request for a one-time password.
#[derive(Clone)]
pub struct BvnModeRequest {
    session: Session,
    mode: String,
}

impl Operation for BvnModeRequest {
    type Output = PendingOtp;
    const STEP: Step = Step::BvnConsent;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::MayCreateTwice
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let body = Body::new(&self.session.id_number, Some(&self.session.session_id));
        post_signed(partner, now, "/totp_consent/mode", &Body { mode: Some(&self.mode), ..body })
    }

    fn parse(
        &self,
        partner: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<PendingOtp, OperationError> {
        confirm(partner, response, &confirmed_object(response)?)?;
        Ok(PendingOtp { session: self.session.clone() })
    }
}

/// Password on its way to the person.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingOtp {
    session: Session,
}

impl PendingOtp {
    /// Hands in what the person typed. A wrong one is refused; ask again.
    pub fn confirm(&self, otp: impl Into<String>) -> BvnOtpRequest {
        BvnOtpRequest { session: self.session.clone(), otp: otp.into() }
    }
}

/// Confirmation with a one-time password.
#[derive(Clone)]
pub struct BvnOtpRequest {
    session: Session,
    otp: String,
}

impl Operation for BvnOtpRequest {
    type Output = BvnConsentGrant;
    const STEP: Step = Step::BvnConsent;

    // A password is good for one use, so a repetition after a lost answer would be refused, and
    // look like a wrong one.
    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::MayCreateTwice
    }

    fn check(&self, _: &Partner) -> ValidationReport {
        let mut problems = ValidationReport::default();
        problems.required("otp", Some(&self.otp));
        problems
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let body = Body::new(&self.session.id_number, Some(&self.session.session_id));
        post_signed(partner, now, "/totp_consent/otp", &Body { otp: Some(&self.otp), ..body })
    }

    fn parse(
        &self,
        partner: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<BvnConsentGrant, OperationError> {
        confirm(partner, response, &confirmed_object(response)?)?;
        Ok(BvnConsentGrant { session: self.session.clone() })
    }
}

/// Consent that the person has given.
#[derive(Clone, PartialEq, Eq)]
pub struct BvnConsentGrant {
    session: Session,
}

impl BvnConsentGrant {
    /// The session, which stands for the number in a check of the ID type `BVN_MFA`.
    pub fn session_id(&self) -> &str {
        &self.session.session_id
    }

    /// The ID for a check, with the session in it.
    pub fn id_info(&self) -> IdInfo {
        IdInfo::new(COUNTRY, ID_TYPE, self.session.id_number.clone()).with_session_id(self.session_id())
    }
}

macro_rules! redacted {
    ($($name:ident)*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })*
    };
}

redacted! { BvnConsentRequest ConsentModes ConsentMode BvnModeRequest PendingOtp BvnOtpRequest BvnConsentGrant }

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::{answer, golden, noon, partner, signed};

    #[test]
    fn the_three_steps() {
        let start = BvnConsentRequest::new("00000000000");
        let (uri, body) = golden(&start);
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v1/totp_consent");
        assert!(
            body.ends_with(r#","country":"NG","id_type":"BVN_MFA","id_number":"00000000000"}"#),
            "{body}"
        );
        let answered = signed(json!({
            "success": true, "session_id": "s", "modes": [{ "sms": "0800*******67" }, { "email": "j***@example.com" }],
        }));
        let modes = start.parse(&partner(), noon(), &answer(200, &answered)).unwrap();
        let offered: Vec<_> = modes.modes().iter().map(|mode| (mode.name(), mode.destination())).collect();
        assert_eq!(offered, [("sms", "0800*******67"), ("email", "j***@example.com")]);

        let choose = modes.choose(&modes.modes()[1]);
        let (uri, body) = golden(&choose);
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v1/totp_consent/mode");
        assert!(body.ends_with(r#""session_id":"s","mode":"email"}"#), "{body}");
        let sent =
            choose.parse(&partner(), noon(), &answer(200, &signed(json!({ "success": true })))).unwrap();

        let confirm = sent.confirm("123456");
        let (uri, body) = golden(&confirm);
        assert_eq!(uri, "POST https://testapi.smileidentity.com/v1/totp_consent/otp");
        assert!(body.ends_with(r#""session_id":"s","otp":"123456"}"#), "{body}");
        let granted =
            confirm.parse(&partner(), noon(), &answer(200, &signed(json!({ "success": true })))).unwrap();
        let id_info = serde_json::to_value(granted.id_info()).unwrap();
        assert_eq!((&id_info["session_id"], &id_info["id_type"]), (&json!("s"), &json!("BVN_MFA")));
        assert!(!format!("{modes:?} {:?} {sent:?} {confirm:?} {granted:?}", modes.modes()).contains('6'));
    }

    #[test]
    fn refusals_are_refusals() {
        let wrong = answer(400, &json!({ "error": "wrong OTP" }));
        let sent = PendingOtp { session: Session { id_number: String::new(), session_id: String::new() } };
        assert!(sent.confirm("1").parse(&partner(), noon(), &wrong).unwrap_err().api().is_some());
        assert!(
            BvnConsentRequest::new("0")
                .parse(&partner(), noon(), &answer(200, &json!({ "success": true })))
                .is_err()
        );
        let fields: Vec<_> =
            BvnConsentRequest::new("123").check(&partner()).problems.into_iter().map(|p| p.field).collect();
        assert_eq!(fields, ["id_number"]);
        assert_eq!(sent.confirm(" ").check(&partner()).problems.len(), 1);
    }
}
