//! Verifying and reading a callback of 1.5 MB, beside `serde_json` skipping through the same bytes.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use http::HeaderMap;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use smile_core::{Environment, Partner, Timestamp, Verifier};

/// Size that Smile ID says to expect: 1.5 MB.
const BYTES: usize = 1_500_000;
const NOW: Timestamp = Timestamp::from_unix_millis(1_705_314_600_000);

/// Bulk of the body.
#[derive(Clone, Copy, Debug)]
enum Bulk {
    /// One photo, which stays where it is in the body.
    Photo,
    /// A list of small objects beside the result, which stays there too.
    SmallObjects,
    /// Small objects among the partner's parameters, which are always read: the worst that can
    /// come.
    SmallObjectsInParams,
}

const BULKS: [Bulk; 3] = [Bulk::Photo, Bulk::SmallObjects, Bulk::SmallObjectsInParams];

fn main() {
    divan::main();
}

#[divan::bench(args = BULKS)]
fn verify_and_parse(bencher: Bencher<'_, '_>, bulk: Bulk) {
    let (verifier, headers, body) = (Verifier::new(signer()), HeaderMap::new(), body(bulk));
    bencher
        .counter(BytesCount::new(body.len()))
        .bench(|| verifier.verify(NOW, black_box(&headers), black_box(&body).clone()).unwrap());
}

#[divan::bench(args = BULKS)]
fn serde_json_ignored_any(bencher: Bencher<'_, '_>, bulk: Bulk) {
    let body = body(bulk);
    bencher
        .counter(BytesCount::new(body.len()))
        .bench(|| serde_json::from_slice::<IgnoredAny>(black_box(&body)).unwrap());
}

fn signer() -> smile_core::Signer {
    Partner::new("001", "test_api_key", Environment::Sandbox).unwrap().signer().clone()
}

fn body(bulk: Bulk) -> Bytes {
    let signed = signer().sign(NOW);
    let mut body = json!({
        "SmileJobID": "0000000007", "ResultCode": "0810", "ResultText": "Enroll User", "IsFinalResult": "true",
        "Actions": { "Register_Selfie": "Approved", "Verify_ID_Number": "Verified", "Liveness_Check": "Passed" },
        "PartnerParams": { "user_id": "user-1", "job_id": "job-1", "job_type": 1 },
        "timestamp": signed.timestamp(), "signature": signed.signature(),
    });
    let left = BYTES - body.to_string().len();
    match bulk {
        Bulk::Photo => body["Photo"] = "/9j/4AAQSkZJRgABAQAA+0aB".repeat(left / 24).into(),
        Bulk::SmallObjects => body["history"] = small_objects(left),
        Bulk::SmallObjectsInParams => body["PartnerParams"]["history"] = small_objects(left),
    }
    Bytes::from(body.to_string())
}

fn small_objects(bytes: usize) -> Value {
    let one = json!({ "code": "0810", "final": true, "score": 97.5, "when": { "day": 17, "month": "May" } });
    let count = bytes / (one.to_string().len() + 1);
    Value::Array(vec![one; count])
}
