//! Callbacks: verification, reading, replay check, and confirmation by the service.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed, in a helper as well.

#[path = "../support/mod.rs"]
mod support;

mod confirming;
mod forgeries;
mod freshness;
mod histories;
mod readings;
mod replays;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::ProptestConfig;
use serde_json::{Value, json};
use smile_core::{Callback, JobId, JobKey, JobType, Refusal, Timestamp, UserId};
use support::{START, partner};

/// Signs it in its body, at this moment.
fn signed_at(at: Timestamp, mut body: Value) -> Value {
    let signed = partner().signer().sign(at);
    body["timestamp"] = json!(signed.timestamp());
    body["signature"] = json!(signed.signature());
    body
}

fn signed(body: Value) -> Value {
    signed_at(START, body)
}

/// A Biometric KYC result of job-1 of user-1.
fn result(code: &str) -> Value {
    json!({
        "ResultCode": code, "ResultText": "Enroll User", "SmileJobID": "0000000007", "ConfidenceValue": "99",
        "PartnerParams": { "user_id": "user-1", "job_id": "job-1", "job_type": "1", "branch": "Lagos" },
        "Actions": { "Liveness_Check": "Passed" },
    })
}

/// The whole of a genuine callback.
fn genuine() -> Value {
    signed(result("0810"))
}

fn bytes(body: &Value) -> Bytes {
    body.to_string().into()
}

fn headers<const N: usize>(fields: [(&'static str, &str); N]) -> HeaderMap {
    let field = |(name, value): (&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    // One after another: what is there twice stays there twice.
    fields.map(field).into_iter().fold(HeaderMap::new(), |mut headers, (name, value)| {
        headers.append(name, value);
        headers
    })
}

fn verify(body: &Value) -> Result<Callback, Refusal> {
    partner().verifier().verify(START, &HeaderMap::new(), bytes(body))
}

/// A callback with this in its body, rightly signed.
fn callback(body: Value) -> Callback {
    verify(&signed(body)).unwrap()
}

/// A webhook of v3 with this body, signed in its headers.
fn webhook(body: Value, job_id: &str) -> Callback {
    let pair = partner().signer().sign(START);
    let headers = headers([
        ("response-timestamp", pair.timestamp()),
        ("response-signature", pair.signature()),
        ("job-id", job_id),
        ("user-id", "user-1"),
        ("api-version", "3"),
    ]);
    partner().verifier().verify(START, &headers, bytes(&body)).unwrap()
}

fn key() -> JobKey {
    JobKey { user_id: UserId::new("user-1"), job_id: JobId::new("job-1"), job_type: JobType::BIOMETRIC_KYC }
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}
