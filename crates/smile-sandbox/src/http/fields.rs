//! Reading the fields of a JSON request, each failure with the service's code for it.

use serde_json::{Map, Value};

use crate::http::answers::ApiError;

/// The fields of one JSON object.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// The code for a missing parameter, which differs between the endpoints.
    missing: ApiError,
}

/// Parses the body as a JSON object, whatever its content type: some SDKs send none.
pub(crate) fn parse_object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if has_too_many_values(body) {
        return Err(ApiError::INVALID_JSON);
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(ApiError::INVALID_JSON),
    }
}

/// True if this JSON could have more than 100,000 values in it. A short value takes thirty times
/// the memory of its text, and no honest client sends so many. Commas in texts count too.
pub(crate) fn has_too_many_values(json: &[u8]) -> bool {
    json.len() > 100_000 && memchr::memchr3_iter(b',', b'[', b'{', json).nth(100_000).is_some()
}

impl<'a> Fields<'a> {
    pub(crate) fn new(object: &'a Map<String, Value>, missing: &'static str) -> Self {
        Self { object, missing: ApiError(missing) }
    }

    /// A required value: absent, `null` and `""` are all missing.
    pub(crate) fn required(&self, name: &str) -> Result<&'a Value, ApiError> {
        match self.object.get(name) {
            None | Some(Value::Null) => Err(self.missing),
            Some(Value::String(text)) if text.is_empty() => Err(self.missing),
            Some(value) => Ok(value),
        }
    }

    /// A required string.
    pub(crate) fn text(&self, name: &str) -> Result<&'a str, ApiError> {
        self.required(name)?.as_str().ok_or(ApiError::WRONG_TYPE)
    }

    /// A required object.
    pub(crate) fn object(&self, name: &str) -> Result<&'a Map<String, Value>, ApiError> {
        self.required(name)?.as_object().ok_or(ApiError::WRONG_TYPE)
    }

    /// An optional string; empty counts as absent.
    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, ApiError> {
        match self.object.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(ApiError::WRONG_TYPE),
        }
    }

    /// An optional boolean, false if absent; older documentation spells booleans as strings.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.object.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) => match text.as_str() {
                "true" => Ok(true),
                "false" | "" => Ok(false),
                _ => Err(ApiError::WRONG_TYPE),
            },
            Some(_) => Err(ApiError::WRONG_TYPE),
        }
    }
}

/// A whole number, as a number or as a string of digits.
pub(crate) fn whole_number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_an_object_will_do() {
        for body in ["", "{", "[]", "null", "\"\"", "{} x", "\u{feff}{}"] {
            assert_eq!(parse_object(body.as_bytes()).unwrap_err(), ApiError::INVALID_JSON, "{body:?}");
        }
        assert!(parse_object(b" {\"a\": 1}\n").is_ok());
        assert!(parse_object("[".repeat(100_000).as_bytes()).is_err());
        let long = |commas: usize| format!("{{\"a\":[0{}]}}", ",0".repeat(commas));
        assert!(parse_object(long(99_998).as_bytes()).is_ok());
        assert!(parse_object(long(99_999).as_bytes()).is_err());
    }

    #[test]
    fn missing_and_mistyped_fields_have_different_codes() {
        let value = json!({"text": "a", "empty": "", "null": null, "number": 1, "on": true, "said": "false"});
        let fields = Fields::new(value.as_object().unwrap(), "2413");
        assert_eq!(fields.text("text"), Ok("a"));
        for missing in ["absent", "empty", "null"] {
            assert_eq!(fields.text(missing), Err(ApiError("2413")));
            assert_eq!(fields.optional_text(missing), Ok(None));
            assert_eq!(fields.flag(missing), Ok(false));
        }
        assert_eq!(fields.text("number"), Err(ApiError::WRONG_TYPE));
        assert_eq!(fields.optional_text("number"), Err(ApiError::WRONG_TYPE));
        assert_eq!(fields.flag("number"), Err(ApiError::WRONG_TYPE));
        assert_eq!(fields.flag("text"), Err(ApiError::WRONG_TYPE));
        assert_eq!((fields.flag("on"), fields.flag("said")), (Ok(true), Ok(false)));
    }

    #[test]
    fn whole_numbers_are_read_from_numbers_and_digits() {
        assert_eq!(whole_number(&json!(4)), Some(4));
        assert_eq!(whole_number(&json!("04")), Some(4));
        for other in
            [json!(1.5), json!(-1), json!("-1"), json!("+1"), json!(""), json!("a"), json!(true), json!([])]
        {
            assert_eq!(whole_number(&other), None, "{other}");
        }
        assert_eq!(whole_number(&json!("99999999999999999999999")), None);
    }
}
