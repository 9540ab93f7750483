//! Helpers that the tests of the v3 operations share.

use std::fmt::Write as _;

use crate::job::consent::Consent;
use crate::job::user_details::UserDetails;
use crate::operation::Operation;
use crate::operation::testing::{noon, partner};
use crate::{Image, Timestamp};

/// A JPEG as far as its structure goes, 480 by 640 pixels.
pub(crate) const JPEG: &[u8] =
    b"\xFF\xD8\xFF\xC0\0\x0B\x08\x02\x80\x01\xE0\x01\x01\x11\0\xFF\xDA\0\x08\x01\x01\0\0\x3F\0\
    a drawn face\xFF\xD9";
/// A PNG as far as its structure goes, 1600 by 1008 pixels.
pub(crate) const PNG: &[u8] =
    b"\x89PNG\r\n\x1A\n\x00\x00\x00\rIHDR\x00\x00\x06@\x00\x00\x03\xF0\x08\x00\x00\x00\x00L\x95\xED\xA9\
    \x00\x00\x00\x0EIDAT a drawn card \x9A\x83\x83k\
    \x00\x00\x00\x00IEND\xAEB`\x82";

pub(crate) const JOB: &str = "job_01h8x9y2z3a4b5c6d7e8f9g0h1";

pub(crate) fn consent() -> Consent {
    let at = Timestamp::parse("2024-01-15T10:00:00Z").unwrap();
    Consent::new(true, at, "en", "https://bank.example/privacy")
}

pub(crate) fn john() -> UserDetails {
    UserDetails::new("John", "Doe").with_email("john@example.com")
}

pub(crate) fn jpeg() -> Image {
    Image::bytes(JPEG)
}

pub(crate) fn frames() -> Vec<Image> {
    vec![jpeg(); 6]
}

/// The consent and the details above, and the partner's callback, as they are sent.
pub(crate) const CONSENT: &str = concat!(
    r#"consent (application/json): {"granted":true,"granted_at":"2024-01-15T10:00:00.000Z","notice_language":"EN","#,
    r#""notice_privacy_policy_url":"https://bank.example/privacy"}"#
);
pub(crate) const DETAILS: &str =
    r#"user_details (application/json): {"given_names":"John","last_name":"Doe","email":"john@example.com"}"#;
pub(crate) const CALLBACK: &str = "callback_url: https://bank.example/callback";

/// All of the request that this operation makes at noon: its line, each of its headers, and each
/// part of its body.
pub(crate) fn golden(operation: &impl Operation) -> Vec<String> {
    assert_eq!(operation.check(&partner()).problems, []);
    assert_eq!(operation.check_at(noon()).problems, []);
    assert_eq!(operation.check_files(&partner()).problems, []);
    let request = operation.request(&partner(), noon());
    let mut lines = vec![format!("{} {}", request.method(), request.uri())];
    let mut boundary = String::new();
    for (name, value) in request.headers() {
        let value = value.to_str().unwrap();
        match (name.as_str(), value.split_once("; boundary=")) {
            ("accept" | "accept-encoding" | "user-agent", _) => {}
            ("smileid-source-sdk", _) => assert_eq!(value, "rust"),
            ("smileid-source-sdk-version", _) => assert_eq!(value, "0.1.0"),
            (_, Some((content_type, text))) => {
                boundary = text.to_owned();
                lines.push(format!("content-type: {content_type}"));
            }
            _ => lines.push(format!("{name}: {value}")),
        }
    }
    lines.extend(parts(request.body(), &boundary));
    lines
}

/// Each part of a body: its name, its type and file name if it has them, and its text or size.
pub(crate) fn parts(body: &[u8], boundary: &str) -> Vec<String> {
    if body.is_empty() {
        return vec![];
    }
    let text: String = body.iter().map(|byte| char::from(*byte)).collect();
    let text = text.strip_suffix(&format!("--{boundary}--\r\n")).expect("it ends with the last boundary");
    let mut lines = Vec::new();
    for part in text.split(&format!("--{boundary}\r\n")).skip(1) {
        let (head, body) = part.strip_suffix("\r\n").unwrap().split_once("\r\n\r\n").unwrap();
        let mut head = head.split("\r\n");
        let disposition = head.next().unwrap();
        let rest = disposition.strip_prefix("Content-Disposition: form-data; name=\"").unwrap();
        let (name, file) = rest.strip_suffix('"').unwrap().split_once("\"; filename=\"").unzip();
        let mut line = name.map_or_else(|| rest.trim_end_matches('"').to_owned(), str::to_owned);
        let content_type = head.next().map(|line| line.strip_prefix("Content-Type: ").unwrap());
        match (file, content_type) {
            (Some(file), Some(content_type)) => {
                write!(line, " ({file}, {content_type}): {} bytes", body.chars().count()).unwrap();
            }
            (None, Some(content_type)) => write!(line, " ({content_type}): {body}").unwrap(),
            _ => write!(line, ": {body}").unwrap(),
        }
        assert_eq!(head.next(), None);
        lines.push(line);
    }
    lines
}

/// An answer with the service's signature in its headers, made at noon.
pub(crate) fn signed(status: u16, body: &serde_json::Value) -> http::Response<bytes::Bytes> {
    let signed = partner().signer().sign(noon());
    let mut response = crate::operation::testing::answer(status, body);
    response.headers_mut().insert("response-timestamp", signed.timestamp().parse().unwrap());
    response.headers_mut().insert("response-signature", signed.signature().parse().unwrap());
    response
}
