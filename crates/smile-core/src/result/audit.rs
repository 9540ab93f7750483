//! What of a result may go into a log.

use serde_json::{Map, Value};

use crate::tolerant;

/// Keys whose values say nothing about a person: codes, kinds, flags and the service's own ids.
const HARMLESS: &[&str] = &[
    "code",
    "job_complete",
    "job_success",
    "ConfidenceValue",
    "Country",
    "IDType",
    "IsFinalResult",
    "IsMachineResult",
    "JSONVersion",
    "no_of_persons_found",
    "ResultCode",
    "ResultText",
    "ResultType",
    "SmileJobID",
    "Source",
    "StrictMatch",
    "success",
    "timestamp",
];

/// Objects that are gone into, with the keys that are let through there.
const INNER: &[(&str, &[&str])] = &[("PartnerParams", &["job_id", "job_type"]), ("result", HARMLESS)];

/// The fields that may go into a log. Everything else is left out, and named in `redacted`.
pub(crate) fn audit(object: &Map<String, Value>) -> Value {
    let mut kept = Map::new();
    let mut redacted = Vec::new();
    for (key, value) in object {
        let inner = INNER.iter().find(|(name, _)| tolerant::same_name(name, key));
        match value {
            Value::Object(fields) if tolerant::same_name(key, "Actions") => {
                kept.insert(key.clone(), actions(fields));
            }
            Value::Object(fields) if inner.is_some_and(|(name, _)| *name == "result") => {
                kept.insert(key.clone(), audit(fields));
            }
            Value::Object(fields) if inner.is_some() => {
                let let_through = inner.map(|(_, keys)| *keys).unwrap_or_default();
                kept.insert(key.clone(), pick(fields, let_through));
            }
            value if is_plain(value) && HARMLESS.iter().any(|name| tolerant::same_name(name, key)) => {
                kept.insert(key.clone(), value.clone());
            }
            _ => redacted.push(Value::String(harmless_name(key))),
        }
    }
    if !redacted.is_empty() {
        kept.insert("redacted".to_owned(), Value::Array(redacted));
    }
    Value::Object(kept)
}

fn pick(fields: &Map<String, Value>, let_through: &[&str]) -> Value {
    let harmless = |(key, value): &(&String, &Value)| is_plain(value) && let_through.contains(&key.as_str());
    Value::Object(fields.iter().filter(harmless).map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Only values of the documented list: anything else in there could be anything.
fn actions(fields: &Map<String, Value>) -> Value {
    let word = |value: &Value| match super::ActionValue::from_json(value) {
        super::ActionValue::Unknown(_) => Value::String("…".to_owned()),
        known => Value::String(known.as_str().to_owned()),
    };
    Value::Object(fields.iter().map(|(key, value)| (harmless_name(key), word(value))).collect())
}

fn is_plain(value: &Value) -> bool {
    !matches!(value, Value::Object(_) | Value::Array(_))
}

/// Names of fields are the service's; one that doesn't look like a name may be anything.
fn harmless_name(key: &str) -> String {
    let word = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let looks_like_a_name = key.len() <= 40
        && key.len() - word.len() <= 1
        && !word.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if looks_like_a_name { key.to_owned() } else { "…".to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::result::ResultEntry;

    #[test]
    fn only_harmless_keys_come_through() {
        let entry = ResultEntry::from_json(json!({
            "ResultCode": "1012", "ResultText": "ID Number Validated", "SmileJobID": "0000000001", "Country": "NG",
            "FullName": "jane", "PhoneNumber2": "jane", "Photo": "jane", "signature": "jane", "jane@example.com": 1, "ImageLinks": { "selfie_image": "jane" },
            "ConfidenceValue": { "jane": "jane" },
            "Actions": { "Verify_ID_Number": "Verified", "Names": "jane" },
            "PartnerParams": { "job_id": "j", "user_id": "jane", "job_type": 5, "branch": "jane" },
        }))
        .unwrap();
        let audit = entry.audit_json();
        assert_eq!(
            audit,
            json!({
                "ResultCode": "1012", "ResultText": "ID Number Validated", "SmileJobID": "0000000001", "Country": "NG",
                "Actions": { "Verify_ID_Number": "Verified", "Names": "…" },
                "PartnerParams": { "job_id": "j", "job_type": 5 },
                "redacted": ["FullName", "PhoneNumber2", "Photo", "signature", "…", "ImageLinks", "ConfidenceValue"],
            })
        );
        assert!(!audit.to_string().contains("jane"));
    }
}
