//! `POST /totp_consent`, `/totp_consent/mode` and `/totp_consent/otp`: the holder of a BVN consents with a one-time
//! password, and the session then stands in for the number, with the ID type `BVN_MFA`.
//!
//! The password is always 000000. That the codes of the errors are those of the ID endpoints is our choice, as is that
//! sessions do not expire.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};
use smile_core::Timestamp;

use crate::http::answers::{ApiError, Refusal, ok};
use crate::http::fields::{Fields, parse_object};
use crate::result::verdict::last_digit;
use crate::service::Service;
use crate::v1::authorisation::ID_API;

/// The one-time password that is right.
pub const OTP: &str = "000000";
/// How it can be sent, and where to.
const MODES: [(&str, &str); 2] = [("sms", "0000*******00"), ("email", "jo*****@example.com")];

/// All sessions.
#[derive(Default)]
#[cfg_attr(feature = "state", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Consents(Vec<Session>);

#[cfg_attr(feature = "state", derive(serde::Serialize, serde::Deserialize))]
struct Session {
    id: String,
    id_number: String,
    is_sent: bool,
    is_granted: bool,
}

impl Consents {
    /// The number that a session is about, if its holder has consented.
    pub(crate) fn granted_number(&self, session_id: &str) -> Option<&str> {
        let session = self.0.iter().find(|session| session.id == session_id)?;
        session.is_granted.then_some(&session.id_number)
    }

    fn find(&mut self, session_id: &str) -> Option<&mut Session> {
        self.0.iter_mut().find(|session| session.id == session_id)
    }
}

impl Service {
    /// Opens a session. The number is checked for its form, and its last digit 1 or 3 is what it is everywhere: not
    /// found, or unavailable; our choice.
    pub(crate) fn consent(
        &mut self,
        now: Timestamp,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Refusal> {
        let body = parse_object(request.body())?;
        let id_number = self.consent_request(now, &body)?;
        match last_digit(Some(id_number)) {
            Some('1') => return Err(Refusal::worded("2413", "Unable to Validate ID")),
            Some('3') => return Err(Refusal::worded("2401", "Error - Queried Database Unavailable")),
            _ => {}
        }
        let number = self.consents.0.len().to_string();
        let id = self.secret.base36(&["session", &number]);
        let session =
            Session { id: id.clone(), id_number: id_number.to_owned(), is_sent: false, is_granted: false };
        self.consents.0.push(session);
        let mut answer = success("Choose how to receive the one-time password");
        answer.insert("session_id".into(), id.into());
        answer.insert("modes".into(), MODES.map(|(mode, masked)| json!({mode: masked})).to_vec().into());
        Ok(ok(&self.signed(now, answer).into()))
    }

    /// Sends the password.
    pub(crate) fn consent_mode(
        &mut self,
        now: Timestamp,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Refusal> {
        let body = parse_object(request.body())?;
        let id_number = self.consent_request(now, &body)?;
        let fields = Fields::new(&body, ID_API.missing);
        let (mode, session_id) = (fields.text("mode")?, fields.text("session_id")?);
        if !MODES.iter().any(|(known, _)| *known == mode) {
            return Err(Refusal::worded(ID_API.missing, "Invalid mode"));
        }
        self.session(session_id, id_number)?.is_sent = true;
        Ok(ok(&self.signed(now, success("The one-time password was sent")).into()))
    }

    /// Takes the password. A wrong one can be followed by another attempt.
    pub(crate) fn consent_otp(
        &mut self,
        now: Timestamp,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Refusal> {
        let body = parse_object(request.body())?;
        let id_number = self.consent_request(now, &body)?;
        let fields = Fields::new(&body, ID_API.missing);
        let (otp, session_id) = (fields.text("otp")?, fields.text("session_id")?);
        let session = self.session(session_id, id_number)?;
        if otp != OTP || !session.is_sent {
            return Err(Refusal::worded(ID_API.missing, "Invalid OTP"));
        }
        session.is_granted = true;
        Ok(ok(&self.signed(now, success("Consent was granted")).into()))
    }

    /// What the three have in common, and the number that they are about.
    fn consent_request<'a>(&self, now: Timestamp, body: &'a Map<String, Value>) -> Result<&'a str, Refusal> {
        self.authorise_or_token(now, body, &ID_API)?;
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

    fn session(&mut self, session_id: &str, id_number: &str) -> Result<&mut Session, Refusal> {
        let session = self.consents.find(session_id).filter(|session| session.id_number == id_number);
        session.ok_or(Refusal::worded(ID_API.missing, "Invalid session"))
    }
}

fn success(message: &str) -> Map<String, Value> {
    let mut answer = Map::new();
    answer.insert("success".into(), true.into());
    answer.insert("message".into(), message.into());
    answer
}
