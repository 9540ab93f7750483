//! Helpers for the tests of the operations.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::transport::TransportFailureKind;
use super::{ApiError, Operation, OperationError, RawAnswer, V3Facts};
use crate::{Environment, Partner, SignatureError, Timestamp, TransportFailure};

pub(crate) fn noon() -> Timestamp {
    Timestamp::from_unix_millis(1_705_314_600_000)
}

pub(crate) fn partner() -> Partner {
    Partner::new("001", "test_api_key", Environment::Sandbox)
        .unwrap()
        .with_callback_url("https://bank.example/callback")
        .with_source_sdk("rust", "0.1.0")
}

/// Method and URL, and the body, of the request that this operation makes at noon; it must be well.
pub(crate) fn golden(operation: &impl Operation) -> (String, String) {
    assert_eq!(operation.check(&partner()).problems, []);
    let request = operation.request(&partner(), noon());
    let line = format!("{} {}", request.method(), request.uri());
    (line, String::from_utf8(request.into_body().to_vec()).unwrap())
}

pub(crate) fn answer(status: u16, body: &Value) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap()
}

/// Body as the service signs it.
pub(crate) fn signed(mut body: Value) -> Value {
    body["timestamp"] = json!("2024-01-15T10:30:00.000Z");
    body["signature"] = json!("74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc=");
    body
}

/// One way for an exchange to fail.
pub(crate) struct Failure {
    pub(crate) error: OperationError,
    pub(crate) name: &'static str,
    /// The questions that it answers with yes.
    pub(crate) says_yes: &'static [&'static str],
}

/// Every kind of failure, with all that is to be told from it.
pub(crate) fn failures() -> Vec<Failure> {
    let lost = |kind| OperationError::Transport(TransportFailure::new(kind, "no answer"));
    let of_api = |status, body: Value| ApiError::of(&answer(status, &body), Some(body));
    let coded = |status, code: &str| of_api(status, json!({ "error": "no", "code": code })).into();
    let bare = |status| of_api(status, json!({})).into();
    let of_v3 = |status, facts| OperationError::from(of_api(status, json!({})).of_v3(facts));
    let refusal = || V3Facts { is_refusal: true, ..V3Facts::default() };
    let page = |status| answer(status, &json!("a gateway's page"));
    let compressed = |status| OperationError::Compressed {
        status,
        encoding: "gzip",
        answer: RawAnswer::of(&page(status)),
    };
    let storage = |status, code| OperationError::Storage { status, code };
    let rows: Vec<(OperationError, &'static str, &'static [&'static str])> = vec![
        (lost(TransportFailureKind::NotSent), "transport", &["transient", "not done"]),
        (lost(TransportFailureKind::TimedOut), "transport", &["timeout", "transient"]),
        (lost(TransportFailureKind::Interrupted), "transport", &["transient"]),
        (lost(TransportFailureKind::ResponseTooLarge), "transport", &[]),
        (lost(TransportFailureKind::Misdirected), "transport", &[]),
        (lost(TransportFailureKind::Refused), "transport", &["not done", "not sent by the transport"]),
        (coded(400, "2405"), "api", &["unauthorized", "api", "not done", "answer"]),
        (coded(400, "2215"), "api", &["exists", "api", "not done", "answer"]),
        (coded(400, "2314"), "api", &["api", "no zip", "answer"]),
        (coded(399, "2314"), "api", &["api", "answer"]),
        (coded(500, "2314"), "api", &["api", "transient", "answer"]),
        (coded(200, "2201"), "api", &["api", "transient", "answer"]),
        (coded(500, "2213"), "api", &["api", "not done", "answer"]),
        (bare(401), "api", &["unauthorized", "api", "answer"]),
        (bare(403), "api", &["unauthorized", "api", "answer"]),
        (bare(404), "api", &["api", "answer"]),
        (bare(429), "api", &["api", "transient", "answer"]),
        (bare(503), "api", &["api", "transient", "answer"]),
        (of_v3(401, V3Facts::default()), "api", &["unauthorized", "api", "answer"]),
        (of_v3(403, V3Facts::default()), "api", &["api", "answer"]),
        (of_v3(422, refusal()), "api", &["api", "not done", "answer"]),
        (of_v3(429, refusal()), "api", &["api", "transient", "not done", "answer"]),
        (of_v3(503, refusal()), "api", &["api", "not done", "answer"]),
        (of_api(503, json!({})).permanent().into(), "api", &["api", "answer"]),
        (
            OperationError::unexpected(&page(200), "is not JSON"),
            "unexpected_response",
            &["transient", "answer"],
        ),
        (compressed(200), "compressed", &["answer"]),
        (compressed(503), "compressed", &["transient", "answer"]),
        (OperationError::signature(&page(200), SignatureError::Wrong), "signature", &["answer"]),
        (OperationError::wrong_job(&page(200)), "wrong_job", &["answer"]),
        (storage(400, "RequestTimeout"), "storage", &["transient", "not done"]),
        (storage(503, "ServiceUnavailable"), "storage", &["transient", "not done"]),
        (storage(503, "SlowDown"), "storage", &["transient", "not done"]),
        (storage(403, "AccessDenied"), "storage", &["not done"]),
        (OperationError::UploadUrl("is not https"), "upload_url", &[]),
        (OperationError::Token("is for another host"), "token", &["not done"]),
    ];
    rows.into_iter().map(|(error, name, says_yes)| Failure { error, name, says_yes }).collect()
}
