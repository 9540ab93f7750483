//! Helpers for the tests of the operations.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::Operation;
use crate::{Environment, Partner, Timestamp};

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
