//! Opening of answers: the JSON, or the refusal that it stands for, and the delay that the service
//! asks for.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, header};
use serde_json::{Map, Value};

use crate::Timestamp;
use crate::operation::{ApiError, OperationError, RawAnswer};
use crate::wire::fields::{Fields, Unreadable, compression, read_json};
use crate::wire::tolerant::{self, Object};

/// The JSON of an answer of 2xx; the error it stands for otherwise.
pub(crate) fn json(response: &Response<Bytes>) -> Result<Value, OperationError> {
    let status = response.status();
    refuse_compressed(response)?;
    let body = read_json(response.body());
    if !status.is_success() {
        return Err(ApiError::of(response, body.ok()).into());
    }
    body.map_err(|why| OperationError::unreadable(response, why))
}

/// The fields of an answer of 2xx; the error it stands for otherwise. Those that are named are left
/// apart.
pub(crate) fn fields(response: &Response<Bytes>, apart: &[&str]) -> Result<Fields, OperationError> {
    if !response.status().is_success() {
        json(response)?;
    }
    refuse_compressed(response)?;
    Fields::read_apart(response.body(), apart).map_err(|why| OperationError::unreadable(response, why))
}

/// The JSON object of an answer of 2xx; the error it stands for otherwise.
pub(crate) fn json_object(response: &Response<Bytes>) -> Result<Map<String, Value>, OperationError> {
    plain_object(response, fields(response, &[])?)
}

/// The JSON object of an answer in which nothing that decides is damaged, or there twice.
pub(crate) fn plain_object(
    response: &Response<Bytes>,
    fields: Fields,
) -> Result<Map<String, Value>, OperationError> {
    if fields.is_damaged() {
        return Err(OperationError::unexpected(response, "has a damaged character where it decides"));
    }
    if fields.has_twice(&["success", "error"]) {
        return Err(OperationError::unreadable(response, Unreadable::Duplicated));
    }
    Ok(fields.into_map())
}

/// Refuses what can't be read without decompressing it, which no request asks for.
pub(crate) fn refuse_compressed(response: &Response<Bytes>) -> Result<(), OperationError> {
    let encoding = compression(response.headers(), response.body());
    encoding.map_or(Ok(()), |encoding| {
        let (status, answer) = (response.status().as_u16(), RawAnswer::of(response));
        Err(OperationError::Compressed { status, encoding, answer })
    })
}

/// Object as [`json_object`], with `{"error": …}` or a `success` that isn't true taken for the
/// refusal that it is, whatever the status.
pub(crate) fn successful_object(response: &Response<Bytes>) -> Result<Map<String, Value>, OperationError> {
    refuse_refusal(response, json_object(response)?)
}

/// Refuses an object that says it is a refusal.
pub(crate) fn refuse_refusal(
    response: &Response<Bytes>,
    object: Map<String, Value>,
) -> Result<Map<String, Value>, OperationError> {
    let says_success = tolerant::field(&object, "success").is_some_and(|value| !value.is_null());
    let refused = has_error(&object) || (says_success && tolerant::flag(&object, "success") != Some(true));
    if refused { Err(ApiError::of(response, Some(Value::Object(object))).into()) } else { Ok(object) }
}

/// True if the answer has an error; an `error` of null or nothing is none.
pub(crate) fn has_error(object: &impl Object) -> bool {
    object.exact("error").is_some_and(|error| !error.is_null() && error != "")
}

/// Object as [`successful_object`], of an answer that must say `success: true` in so many words.
pub(crate) fn confirmed_object(response: &Response<Bytes>) -> Result<Map<String, Value>, OperationError> {
    let object = successful_object(response)?;
    if tolerant::flag(&object, "success") == Some(true) {
        Ok(object)
    } else {
        Err(OperationError::unexpected(response, "doesn't say `success: true`"))
    }
}

/// Delay that the service asks for: seconds, or a moment as HTTP writes it (RFC 9110, 10.2.3).
pub(crate) fn retry_after(response: &Response<Bytes>, now: Timestamp) -> Option<Duration> {
    let text = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_unix(moment).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compressed_answer_is_an_error_of_its_own() {
        let read = |encoding: &str, body: &'static [u8]| {
            let response = Response::builder().header("Content-Encoding", encoding);
            json_object(&response.body(Bytes::from_static(body)).unwrap())
        };
        for (said, shown) in
            [("gzip", "gzip"), ("BR", "br"), ("identity, zstd", "zstd"), ("jane", "an unknown encoding")]
        {
            let error = read(said, b"\x28\xB5\x2F\xFD").unwrap_err();
            assert!(
                matches!(error, OperationError::Compressed { encoding, .. } if encoding == shown),
                "{error}"
            );
            assert!(error.to_string().contains("switch compression off"));
            assert_eq!(error.answer().unwrap(), &b"\x28\xB5\x2F\xFD"[..]);
            assert!(!error.is_transient() && !format!("{error} {error:?}").contains("jane"));
        }
        let unsaid = read("", b"\x1F\x8B\x08").unwrap_err();
        assert!(matches!(unsaid, OperationError::Compressed { encoding: "gzip", .. }), "the header was lost");
        assert!(read("gzip", b" {}").is_ok(), "the client has decompressed it and left the header");
        assert!(read("identity", b"{}").is_ok());
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_moment() {
        let read = |text: &str| {
            let response = Response::builder().header("Retry-After", text).body(Bytes::new()).unwrap();
            retry_after(&response, Timestamp::parse("2015-10-21T07:27:30Z").unwrap())
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(read("Wed, 21 Oct 2015 07:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("-7"), None);
        assert_eq!(read("soon"), None);
        assert_eq!(retry_after(&Response::new(Bytes::new()), Timestamp::default()), None);
    }
}
