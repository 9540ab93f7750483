//! Parts of a result that may go into a log.

use serde_json::{Map, Value};

use crate::Timestamp;
use crate::catalogue::webhook_words::is_status_word;
use crate::catalogue::webhook_words::{is_product_word, is_reason_word};
use crate::catalogue::{self, result_codes};
use crate::wire::fields::Fields;
use crate::wire::tolerant;

/// Test that a value has the form that its field should have.
type LooksRight = fn(&Value) -> bool;

/// Keys whose values say nothing about a person, as long as they have the right form: codes, kinds,
/// flags and the service's own ids. Free text is let through only if it is the service's own.
const HARMLESS: &[(&str, LooksRight)] = &[
    ("code", is_code),
    ("job_complete", is_flag),
    ("job_success", is_flag),
    ("ConfidenceValue", is_number),
    ("Country", is_known_country),
    ("IDType", is_known_id_type),
    ("IsFinalResult", is_flag),
    ("IsMachineResult", is_flag),
    ("JSONVersion", is_number),
    ("no_of_persons_found", is_number),
    ("ResultCode", is_code),
    ("product", is_product_word),
    ("reason", is_reason_word),
    ("ResultText", is_known_text),
    ("SmileJobID", is_number),
    ("status", is_status_word),
    ("StrictMatch", is_flag),
    ("success", is_flag),
    ("timestamp", is_moment),
];

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn is_code(value: &Value) -> bool {
    text_of(value).is_some_and(|text| text.len() <= 8 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_number(value: &Value) -> bool {
    text_of(value).is_some_and(|text| {
        text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

fn is_flag(value: &Value) -> bool {
    value.is_boolean()
        || value
            .as_str()
            .is_some_and(|word| ["true", "false"].iter().any(|flag| word.eq_ignore_ascii_case(flag)))
}

fn is_known_country(value: &Value) -> bool {
    value.as_str().is_some_and(|code| catalogue::country(code).is_some())
}

fn is_known_id_type(value: &Value) -> bool {
    value.as_str().is_some_and(|name| catalogue::id_types().iter().any(|row| row.name == name))
}

fn is_moment(value: &Value) -> bool {
    text_of(value).is_some_and(|text| Timestamp::parse(&text).is_some())
}

fn is_known_text(value: &Value) -> bool {
    let is_of = |text: &str| result_codes().iter().any(|row| row.text == text);
    value.as_str().is_some_and(|text| is_of(text.strip_suffix(" After Human Review").unwrap_or(text)))
}

/// The partner's own parameters that are let through: its id of the job, which is made to be shown,
/// and the type.
const PARTNER_PARAMS: &[(&str, LooksRight)] = &[("job_id", is_plain), ("job_type", is_code)];

/// The fields that may go into a log. Everything else is left out, and named in `redacted`.
pub(crate) fn audit(object: &Map<String, Value>) -> Value {
    audit_with(object, std::iter::empty())
}

/// Fields that may go into a log, of a body whose long ones are always left out.
pub(crate) fn audit_fields(fields: &Fields) -> Value {
    let (short, long) = fields.parts();
    audit_with(short, long)
}

fn audit_with<'a>(object: &Map<String, Value>, long: impl Iterator<Item = &'a str>) -> Value {
    let mut kept = Map::new();
    let mut redacted = Vec::new();
    for (key, value) in object {
        let is = |name: &str| tolerant::same_name(name, key);
        match value {
            Value::Object(fields) if is("Actions") => {
                kept.insert(key.clone(), actions(fields));
            }
            Value::Object(fields) if is("result") => {
                kept.insert(key.clone(), audit(fields));
            }
            Value::Object(fields) if is("PartnerParams") => {
                kept.insert(key.clone(), pick(fields, PARTNER_PARAMS));
            }
            value if HARMLESS.iter().any(|(name, looks_right)| is(name) && looks_right(value)) => {
                kept.insert(key.clone(), value.clone());
            }
            _ => redacted.push(Value::String(harmless_name(key))),
        }
    }
    redacted.extend(long.map(|key| Value::String(harmless_name(key))));
    if !redacted.is_empty() {
        kept.insert("redacted".to_owned(), Value::Array(redacted));
    }
    Value::Object(kept)
}

fn pick(fields: &Map<String, Value>, let_through: &[(&str, LooksRight)]) -> Value {
    let harmless = |(key, value): &(&String, &Value)| {
        let_through.iter().any(|(name, looks_right)| name == key && looks_right(value))
    };
    Value::Object(fields.iter().filter(harmless).map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Actions with values of the documented list: anything else in there could be anything.
fn actions(fields: &Map<String, Value>) -> Value {
    let word = |value: &Value| match super::ActionValue::from_json(value) {
        super::ActionValue::Unknown(_) => Value::String("…".to_owned()),
        known => Value::String(known.as_str().to_owned()),
    };
    let step = |key: &str| catalogue::action(key).map_or("…", |action| action.key).to_owned();
    Value::Object(fields.iter().map(|(key, value)| (step(key), word(value))).collect())
}

fn is_plain(value: &Value) -> bool {
    !matches!(value, Value::Object(_) | Value::Array(_))
}

/// Name of a field, as the service has it; one that doesn't look like a name may be anything.
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
            "ConfidenceValue": { "jane": "jane" }, "Source": "jane", "IDType": "jane", "code": "jane", "timestamp": "jane",
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
                "redacted": ["FullName", "PhoneNumber2", "Photo", "signature", "…", "ImageLinks", "ConfidenceValue", "Source", "IDType", "code", "timestamp"],
            })
        );
        assert!(!audit.to_string().contains("jane"));
    }
}
