//! The common part of v3 answers: the acceptance of a submission, and refusals in the service's
//! several envelopes.

use std::fmt;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Map, Value};

use super::smile_job_id::SmileJobId;
use crate::catalogue::webhook_words::normalised;
use crate::operation::{ApiError, OperationError, V3Facts, refuse_compressed};
use crate::wire::fields::{Fields, Unreadable};
use crate::wire::header::only_header;
use crate::wire::tolerant;
use crate::{Timestamp, UserId};

/// The header that names the job of an answer.
pub(crate) const JOB_ID_HEADER: &str = "smileid-job-id";

/// The fields that decide in any answer; in whatever spelling, each may be there once.
const DECIDING: [&str; 4] = ["status", "job_id", "user_id", "error"];

/// The fields of an answer of 2xx; the refusal that it stands for otherwise.
pub(crate) fn object(response: &Response<Bytes>) -> Result<Fields, OperationError> {
    refuse_compressed(response)?;
    if !response.status().is_success() {
        return Err(refusal(response).into());
    }
    readable(response)
}

/// The fields of an answer, whatever its HTTP status.
pub(crate) fn readable(response: &Response<Bytes>) -> Result<Fields, OperationError> {
    let refuse = |why| OperationError::unreadable(response, why);
    let fields = Fields::read(response.body()).map_err(refuse)?;
    if fields.has_twice(&DECIDING) {
        return Err(refuse(Unreadable::Duplicated));
    }
    if fields.is_damaged() {
        return Err(OperationError::unexpected(response, "has a damaged character where it decides"));
    }
    Ok(fields)
}

/// As [`object`], with a list under this name in it.
pub(crate) fn object_with_list(
    response: &Response<Bytes>,
    name: &str,
) -> Result<Map<String, Value>, OperationError> {
    let map = object(response)?.into_map();
    match tolerant::field(&map, name) {
        Some(Value::Array(_)) => Ok(map),
        _ => Err(OperationError::unexpected(response, "has no list where the endpoint gives one")),
    }
}

/// The refusal that an answer is, and what the v3 API's rules make of it.
///
/// An endpoint refuses with `{status, message}`, where `status` is the HTTP status in words; the
/// gateway in front of it with a word such as `payload_too_large`, and no job; the services with
/// `{error, code}`. Only these prove that nothing was begun. A page of HTML, an empty body or
/// another's JSON may come from anywhere, after the work was done.
pub(crate) fn refusal(response: &Response<Bytes>) -> ApiError {
    let fields = readable(response).ok();
    let header = job_id_in(response);
    let facts = V3Facts {
        is_refusal: header.is_none()
            && fields.as_ref().is_some_and(|fields| says_no(response.status(), fields)),
        is_permanent: false,
        smile_job_id: header.or_else(|| fields.as_ref().and_then(|fields| tolerant::text(fields, "job_id"))),
        remedy: fields.as_ref().and_then(|_| remedy(response.status())),
    };
    let body = fields.map(|fields| Value::Object(fields.into_map()));
    ApiError::of(response, body).of_v3(facts)
}

/// As [`refusal`], of one that doesn't pass though its HTTP status sounds so.
pub(crate) fn refusal_that_stays(response: &Response<Bytes>) -> ApiError {
    refusal(response).permanent()
}

/// The job that a header of an answer names.
pub(crate) fn job_id_in(response: &Response<Bytes>) -> Option<String> {
    let value = only_header(response.headers(), JOB_ID_HEADER).ok()??.to_str().ok()?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// True if the endpoint, or the service's gateway, says no in its own words, and names no job.
fn says_no(status: StatusCode, fields: &Fields) -> bool {
    let is_no = status.is_client_error() && !matches!(status.as_u16(), 408 | 424);
    let word = tolerant::str(fields, "status").map(normalised).unwrap_or_default();
    let has_message = tolerant::str(fields, "message").is_some_and(|message| !message.trim().is_empty());
    let names_no_job = tolerant::field(fields, "job_id").is_none_or(Value::is_null);
    is_no && has_message && names_no_job && phrases(status).iter().any(|phrase| normalised(phrase) == word)
}

/// The HTTP status in words, as the endpoint or the gateway writes it.
fn phrases(status: StatusCode) -> Vec<&'static str> {
    let mut phrases = vec![status.canonical_reason().unwrap_or("-")];
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        phrases.extend(["Content Too Large", "Payload Too Large", "Request Entity Too Large"]);
    }
    phrases
}

/// The advice about a refusal of the service's own: a phrase in lower case, without a full stop.
fn remedy(status: StatusCode) -> Option<&'static str> {
    Some(match status.as_u16() {
        401 => {
            "the token was refused: look at the API key and the environment, and whether the token is bound to another product"
        }
        402 => "the wallet is empty: add funds in the portal, then submit again",
        403 => {
            "the account may not do this: product, ID type, callback address and production access are set in the portal"
        }
        408 | 424 => "the job is recorded: ask for its status, and don't submit it again",
        413 => "the request is too large: make the pictures smaller, to 4.5 MB in all",
        415 => "the body was not taken for multipart/form-data: look at what stands between",
        429 => "too many requests, or too many for this ID number: wait before the next one",
        _ => return None,
    })
}

/// A submission that the service has accepted: 202, or any other success that names a job.
///
/// That is no verdict. The result comes by webhook; the decision's word can be
/// [asked for](super::StatusRequest).
#[derive(Clone, PartialEq)]
pub struct Acceptance {
    job_id: SmileJobId,
    fields: Map<String, Value>,
}

impl Acceptance {
    pub(crate) fn parse(response: &Response<Bytes>) -> Result<Self, OperationError> {
        let fields = object(response)?;
        let job_id = tolerant::text(&fields, "job_id").or_else(|| job_id_in(response));
        match job_id.filter(|id| !id.trim().is_empty()) {
            Some(id) => Ok(Self { job_id: SmileJobId::new(id), fields: fields.into_map() }),
            None => Err(OperationError::unexpected(response, "names no job")),
        }
    }

    /// Smile ID's own id of the job: store it beside the partner's own.
    pub fn job_id(&self) -> &SmileJobId {
        &self.job_id
    }

    /// The user that the job is about: the one that was submitted, or one that the service made.
    pub fn user_id(&self) -> Option<UserId> {
        tolerant::text(&self.fields, "user_id").map(UserId::new)
    }

    /// The time at which the service accepted the job, if the answer says so.
    pub fn created_at(&self) -> Option<Timestamp> {
        Timestamp::parse(tolerant::str(&self.fields, "created_at")?)
    }

    /// True if the service says `accepted`, in any case. Another word of an answer that names a job
    /// doesn't mean that there is none.
    pub fn is_accepted(&self) -> bool {
        tolerant::str(&self.fields, "status").is_some_and(|word| word.trim().eq_ignore_ascii_case("accepted"))
    }

    /// The service's words. They change; never branch on them.
    pub fn message(&self) -> Option<&str> {
        tolerant::str(&self.fields, "message")
    }

    /// All fields, as they came.
    pub fn as_json(&self) -> &Map<String, Value> {
        &self.fields
    }
}

impl fmt::Debug for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptance").field("job_id", &self.job_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::testing::answer;

    const JOB: &str = "job_01h8x9y2z3a4b5c6d7e8f9g0h1";

    fn parse(status: u16, body: &Value) -> Result<Acceptance, OperationError> {
        Acceptance::parse(&answer(status, body))
    }

    #[test]
    fn any_success_that_names_a_job_is_an_acceptance() {
        for (status, word) in [(200, "accepted"), (201, "accepted"), (202, "Accepted"), (202, "queued")] {
            let body = json!({ "status": word, "job_id": JOB, "user_id": "u", "created_at": "2024-01-15T10:30:00Z" });
            let accepted = parse(status, &body).unwrap();
            assert_eq!((accepted.job_id().as_str(), accepted.user_id()), (JOB, Some(UserId::new("u"))));
            assert_eq!(accepted.is_accepted(), word != "queued");
            assert!(accepted.created_at().is_some());
        }
        assert_eq!(parse(202, &json!({ "status": "accepted", "job_id": JOB })).unwrap().created_at(), None);
    }

    #[test]
    fn a_success_without_a_job_proves_nothing() {
        for body in [
            json!({ "status": "accepted" }),
            json!({ "job_id": "" }),
            json!({ "job_id": null }),
            json!([JOB]),
        ] {
            let error = parse(202, &body).unwrap_err();
            assert!(!error.certainly_not_done(), "{body}");
        }
        let twice = Response::new(Bytes::from_static(br#"{"job_id":"a","jobId":"b"}"#));
        assert!(Acceptance::parse(&twice).is_err());
    }

    #[test]
    fn the_endpoints_own_refusal_proves_that_nothing_was_begun() {
        for (status, word) in [
            (400, "Bad Request"),
            (401, "Unauthorized"),
            (402, "Payment Required"),
            (403, "Forbidden"),
            (404, "Not Found"),
            (409, "Conflict"),
            (413, "Content Too Large"),
            (413, "Payload Too Large"),
            (415, "Unsupported Media Type"),
            (429, "Too Many Requests"),
        ] {
            let error = parse(status, &json!({ "status": word, "message": "jane is refused" })).unwrap_err();
            assert!(error.certainly_not_done(), "{status}");
            assert!(!format!("{error} {error:?}").contains("jane"));
        }
    }

    #[test]
    fn the_gateways_refusal_proves_it_as_well() {
        for (status, slug) in [(401, "unauthorized"), (413, "payload_too_large")] {
            let body = json!({ "job_id": null, "message": "no", "status": slug, "user_id": null });
            assert!(parse(status, &body).unwrap_err().certainly_not_done(), "{slug}");
        }
    }

    #[test]
    fn what_anybody_may_have_said_proves_nothing() {
        for (status, body) in [
            (400, json!({ "message": "Bad Request" })),
            (400, json!({ "status": "Bad Request" })),
            (400, json!({ "status": "Bad Request", "message": " " })),
            (403, json!({ "status": "Bad Request", "message": "no" })),
            (400, json!({ "status": "Bad Request", "message": "no", "job_id": JOB })),
            (408, json!({ "status": "Request Timeout", "message": "recorded" })),
            (424, json!({ "status": "Failed Dependency", "message": "recorded" })),
            (500, json!({ "status": "Internal Server Error", "message": "please retry" })),
            (503, json!({ "status": "Service Unavailable", "message": "please retry" })),
            (429, json!({ "message": "Too Many Requests" })),
            (302, json!({ "status": "Found", "message": "elsewhere" })),
        ] {
            assert!(!parse(status, &body).unwrap_err().certainly_not_done(), "{status} {body}");
        }
        for body in ["", "<html>Forbidden</html>", "[]", r#"{"status":"Bad Req"#] {
            let response = Response::builder().status(403).body(Bytes::from(body)).unwrap();
            assert!(!Acceptance::parse(&response).unwrap_err().certainly_not_done(), "{body}");
        }
    }

    #[test]
    fn a_refusal_that_names_a_job_is_none() {
        let body = json!({ "status": "Bad Request", "message": "no" }).to_string();
        let response =
            Response::builder().status(400).header("SmileID-Job-ID", JOB).body(Bytes::from(body)).unwrap();
        let error = Acceptance::parse(&response).unwrap_err();
        assert!(!error.certainly_not_done());
        assert_eq!(error.api().unwrap().smile_job_id(), Some(JOB));
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let error =
            parse(402, &json!({ "status": "Payment Required", "message": "Insufficient wallet balance." }));
        let error = error.unwrap_err();
        assert!(error.api().unwrap().remedy().unwrap().contains("add funds"));
        assert_eq!(error.api().unwrap().message(), Some("Insufficient wallet balance."));
        assert!(!error.is_unauthorized());
        assert!(
            parse(401, &json!({ "status": "Unauthorized", "message": "no" })).unwrap_err().is_unauthorized()
        );
    }
}
