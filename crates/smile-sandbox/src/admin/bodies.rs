//! Display of request and response bodies of any kind and size.

use bytes::Bytes;
use serde_json::{Value, json};
use smile_core::Timestamp;

/// Longest text that is shown, in characters.
const MAX_TEXT: usize = 64 * 1024;
/// Longest string within JSON that is shown, in characters: a longer one is an image in base64.
const MAX_STRING: usize = 400;
/// Characters that are kept of a longer string.
const LEFT_OF_STRING: usize = 60;

/// The kind of a body, its length, and its text if it has any, with long strings cut.
pub(super) fn body(bytes: &Bytes, length: usize) -> Value {
    let (kind, text) = match serde_json::from_slice::<Value>(bytes) {
        _ if length == 0 => ("empty", None),
        Ok(value) => ("json", Some(format!("{:#}", abridged(&value)))),
        Err(_) if bytes.starts_with(b"PK\x03\x04") => ("zip", None),
        Err(_) => match std::str::from_utf8(bytes) {
            Ok(text) => ("text", Some(text.to_owned())),
            Err(_) => ("binary", None),
        },
    };
    json!({"kind": kind, "bytes": length, "text": text.map(|text| cut(&text, MAX_TEXT, MAX_TEXT))})
}

/// The value with long strings cut.
pub(super) fn abridged(value: &Value) -> Value {
    match value {
        Value::String(text) => cut(text, MAX_STRING, LEFT_OF_STRING).into(),
        Value::Array(items) => items.iter().map(abridged).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (cut(name, MAX_STRING, LEFT_OF_STRING), abridged(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

fn cut(text: &str, limit: usize, left: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => {
            let kept: String = text.chars().take(left).collect();
            format!("{kept}… ({} characters)", text.chars().count())
        }
    }
}

/// A value that ought to be a string, as one.
pub(super) fn text(value: &Value) -> Value {
    match value {
        Value::String(_) | Value::Null => abridged(value),
        other => abridged(&other.to_string().into()),
    }
}

/// A time that may be absent, as JSON.
pub(super) fn time(time: Option<Timestamp>) -> Value {
    time.filter(|time| *time < Timestamp::MAX).map_or(Value::Null, |time| time.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(content: &[u8]) -> (String, Option<String>) {
        let shown = body(&Bytes::copy_from_slice(content), content.len());
        assert_eq!(shown["bytes"], content.len());
        (shown["kind"].as_str().unwrap().to_owned(), shown["text"].as_str().map(str::to_owned))
    }

    #[test]
    fn every_kind_of_body_is_recognised() {
        assert_eq!(shown(b""), ("empty".to_owned(), None));
        assert_eq!(shown(b"{\"a\":1}"), ("json".to_owned(), Some("{\n  \"a\": 1\n}".to_owned())));
        assert_eq!(shown(b"<a>"), ("text".to_owned(), Some("<a>".to_owned())));
        assert_eq!(shown(b"PK\x03\x04abc"), ("zip".to_owned(), None));
        assert_eq!(shown(b"\xff\xfe"), ("binary".to_owned(), None));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let value = json!({"image": "é".repeat(401), "name": "é".repeat(400)});
        let abridged = abridged(&value);
        assert_eq!(abridged["image"], format!("{}… (401 characters)", "é".repeat(60)));
        assert_eq!(abridged["name"], value["name"]);
        let (_, text) = shown("a".repeat(70_000).as_bytes());
        assert!(text.unwrap().ends_with("a… (70000 characters)"));
    }
}
