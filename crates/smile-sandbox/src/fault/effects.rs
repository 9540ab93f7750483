//! Effects of faults on answers.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{DATE, HeaderValue, LOCATION, RETRY_AFTER};
use http::{Response, StatusCode};
use serde_json::{Map, Value};
use smile_core::{Signer, Timestamp};

use crate::fault::kinds::{Fault, ResponseDelivery, RetryAfter, StorageError};
use crate::fault::rules::HeadCheck;
use crate::http::answers::{gateway, storage_error, with_type};
use crate::secret::Secret;

/// An answer, with the way to send it.
///
/// [`Sandbox`](crate::Sandbox) follows the latter; it matters only to code that drives a
/// [`Service`](crate::Service) itself and has set a [`Fault`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Outgoing {
    /// The answer. If the connection is to break within the answer, this is the unbroken one.
    pub response: Response<Bytes>,
    /// The way to send the answer.
    pub delivery: ResponseDelivery,
    /// True if the answer must not be sent at all: the connection is to be closed instead.
    pub connection_lost: bool,
}

/// Creates an answer that can just be sent.
impl From<Response<Bytes>> for Outgoing {
    fn from(response: Response<Bytes>) -> Self {
        Self { response, delivery: ResponseDelivery::default(), connection_lost: false }
    }
}

impl HeadCheck {
    /// The answer given in place of the service's, if the service is not to see the request.
    pub(crate) fn answer_in_place(&self, now: Timestamp) -> Option<Response<Bytes>> {
        self.faults.iter().find_map(|fault| match fault {
            Fault::Answer(status) => Some(by_gateway(*status)),
            Fault::TooManyRequests(retry_after) => {
                let mut response = by_gateway(StatusCode::TOO_MANY_REQUESTS);
                response.headers_mut().insert(RETRY_AFTER, retry_after_header(*retry_after, now));
                Some(response)
            }
            Fault::HtmlPage(status) => Some(html_page(*status)),
            Fault::Redirect(redirect) => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = redirect.status;
                response.headers_mut().insert(LOCATION, redirect.location.clone());
                Some(response)
            }
            Fault::StorageError(error) if !error.after_storing => Some(by_store(error)),
            // Nobody gets to see this answer.
            Fault::LoseRequest | Fault::ResetRequest { .. } => {
                Some(by_gateway(StatusCode::SERVICE_UNAVAILABLE))
            }
            _ => None,
        })
    }

    /// Applies the faults to an answer, and returns the way to send it.
    pub(crate) fn spoil(
        &self,
        signer: &Signer,
        secret: &Secret,
        now: Timestamp,
        mut response: Response<Bytes>,
    ) -> Outgoing {
        let mut delivery = ResponseDelivery::default();
        let mut connection_lost = false;
        for fault in &self.faults {
            match fault {
                Fault::ReplaceAnswer(status) => response = by_gateway(*status),
                Fault::StorageError(error) if error.after_storing => response = by_store(error),
                Fault::LoseRequest | Fault::LoseAnswer => {
                    connection_lost = true;
                }
                Fault::ResetRequest { .. } => delivery.reset_after = Some(0),
                Fault::ResetAnswer { after_bytes } => delivery.reset_after = Some(*after_bytes),
                Fault::EarlyEof => delivery.ends_early = true,
                Fault::SlowAnswer(pace) => delivery.pace = Some(*pace),
                Fault::Latency(latency) => delivery.latency = delivery.latency.saturating_add(*latency),
                Fault::TruncatedJson => {
                    let half = response.body().len() / 2;
                    response.body_mut().truncate(half);
                }
                Fault::WrongSignature => edit_signed(&mut response, |signed| {
                    let wrong = signed["signature"].as_str().map(|right| secret.sign_token(right));
                    signed["signature"] = STANDARD.encode(wrong.unwrap_or_default()).into();
                }),
                Fault::SkewedClock(seconds) => {
                    let then = skewed(now, *seconds);
                    edit_signed(&mut response, |answer| {
                        let signed = signer.sign(then);
                        answer["timestamp"] = signed.timestamp().into();
                        answer["signature"] = signed.signature().into();
                    });
                    response.headers_mut().insert(DATE, http_date(then));
                }
                Fault::Answer(_)
                | Fault::TooManyRequests(_)
                | Fault::HtmlPage(_)
                | Fault::Redirect(_)
                | Fault::StorageError(_) => {}
            }
        }
        Outgoing { response, delivery, connection_lost }
    }
}

fn by_gateway(status: StatusCode) -> Response<Bytes> {
    gateway(status, status.canonical_reason().unwrap_or("Error"))
}

fn by_store(error: &StorageError) -> Response<Bytes> {
    storage_error(error.status, &error.code, "The request can not be carried out.")
}

fn html_page(status: StatusCode) -> Response<Bytes> {
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
    let page = format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n\
         <body><center><h1>{title}</h1></center></body></html>\n"
    );
    with_type(status, "text/html; charset=utf-8", page.into())
}

/// Changes a body that is signed, and leaves any other alone.
fn edit_signed(response: &mut Response<Bytes>, edit: impl FnOnce(&mut Map<String, Value>)) {
    let Ok(Value::Object(mut object)) = serde_json::from_slice(response.body()) else { return };
    if object.contains_key("signature") && object.contains_key("timestamp") {
        edit(&mut object);
        *response.body_mut() = Value::Object(object).to_string().into();
    }
}

fn skewed(now: Timestamp, seconds: i32) -> Timestamp {
    Timestamp::from_unix_millis(now.unix_millis().saturating_add_signed(i64::from(seconds) * 1_000))
}

fn retry_after_header(retry_after: RetryAfter, now: Timestamp) -> HeaderValue {
    match retry_after {
        RetryAfter::Seconds(seconds) => seconds.into(),
        RetryAfter::DateInSeconds(seconds) => http_date(now + Duration::from_secs(seconds.into())),
    }
}

fn http_date(at: Timestamp) -> HeaderValue {
    // The last second that such a date can express is in the year 9999.
    const LAST: u64 = 253_402_300_799;
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs((at.unix_millis() / 1_000).min(LAST));
    HeaderValue::try_from(httpdate::fmt_http_date(at)).expect("a date has no odd characters")
}
