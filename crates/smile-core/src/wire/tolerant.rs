//! Reading JSON that doesn't keep to its own schema.
//!
//! The service and its older stacks write numbers as strings, booleans as strings, and keys in two
//! casings. These readers take all of them and never guess: what can't be read is absent, and the
//! raw value stays with the caller.

use serde_json::{Map, Value};

/// A JSON object that can be asked for its fields.
pub(crate) trait Object {
    /// The value under this very key.
    fn exact(&self, key: &str) -> Option<&Value>;

    /// The values under keys that are the same but for casing, underscores and spaces.
    fn alike<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a Value>;
}

impl Object for Map<String, Value> {
    fn exact(&self, key: &str) -> Option<&Value> {
        self.get(key)
    }

    fn alike<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a Value> {
        self.iter().filter(move |(other, _)| same_name(other, key)).map(|(_, value)| value)
    }
}

/// The value under this key; failing that, the one under keys that are the same but for casing and
/// underscores.
pub(crate) fn field<'a, O: Object + ?Sized>(object: &'a O, key: &str) -> Option<&'a Value> {
    // Two spellings that disagree, and neither the documented one: there is no telling which is
    // meant.
    object.exact(key).or_else(|| object.alike(key).next().filter(|_| !disagrees(object, key)))
}

/// True if two spellings of this key say different things. What depends on the key is in doubt
/// then.
pub(crate) fn disagrees<O: Object + ?Sized>(object: &O, key: &str) -> bool {
    let mut values = object.alike(key);
    values.next().is_some_and(|first| values.any(|other| other != first))
}

/// A string, or a whole number as its digits.
pub(crate) fn text<O: Object + ?Sized>(object: &O, key: &str) -> Option<String> {
    match field(object, key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A string, borrowed.
pub(crate) fn str<'a, O: Object + ?Sized>(object: &'a O, key: &str) -> Option<&'a str> {
    field(object, key)?.as_str()
}

/// A boolean, or the word for it in any casing.
pub(crate) fn flag<O: Object + ?Sized>(object: &O, key: &str) -> Option<bool> {
    match field(object, key)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(word) if word.eq_ignore_ascii_case("true") => Some(true),
        Value::String(word) if word.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// True if this is there and says yes; false if it is there and can't be read, or is there twice
/// and disagrees.
pub(crate) fn yes<O: Object + ?Sized>(object: &O, key: &str) -> Option<bool> {
    let agrees = !disagrees(object, key);
    if agrees && field(object, key).is_none_or(Value::is_null) {
        return None;
    }
    Some(agrees && flag(object, key) == Some(true))
}

/// A number, or a string of one. Infinities and NaN are absent.
pub(crate) fn number<O: Object + ?Sized>(object: &O, key: &str) -> Option<f64> {
    match field(object, key)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// True if two names are the same but for casing, underscores and spaces.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    letters(a).eq(letters(b))
}

pub(crate) fn letters(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(|byte| !matches!(byte, b'_' | b' ')).map(|byte| byte.to_ascii_lowercase())
}

/// True if this can be shown, to find a job again by: an id has no spaces and no `@` in it.
pub(crate) fn looks_like_an_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn the_documented_spelling_wins_and_one_other_will_do() {
        let both = object(json!({ "result_code": "0811", "ResultCode": "0810" }));
        assert_eq!(text(&both, "ResultCode").as_deref(), Some("0810"));
        assert_eq!(text(&object(json!({ "result_code": "0811" })), "ResultCode").as_deref(), Some("0811"));
        assert!(disagrees(&both, "ResultCode"));
        let neither = object(json!({ "result_code": "0811", "resultCode": "0810" }));
        assert_eq!(text(&neither, "ResultCode"), None);
        let same = object(json!({ "result_code": "0811", "resultCode": "0811" }));
        assert_eq!(text(&same, "ResultCode").as_deref(), Some("0811"));
    }

    #[test]
    fn words_and_digits_are_read_for_what_they_say() {
        let map =
            object(json!({ "a": "True", "b": "false", "c": 1, "d": "99.99", "e": 7, "f": "NaN", "g": null }));
        assert_eq!(
            [flag(&map, "a"), flag(&map, "b"), flag(&map, "c"), flag(&map, "g")],
            [Some(true), Some(false), None, None]
        );
        assert_eq!([number(&map, "d"), number(&map, "e"), number(&map, "f")], [Some(99.99), Some(7.0), None]);
        assert_eq!(
            [text(&map, "e"), text(&map, "a"), text(&map, "g")],
            [Some("7".into()), Some("True".into()), None]
        );
    }
}
