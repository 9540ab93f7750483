//! The fields of a JSON object whose long ones stay where they are in the body that they came in.
//!
//! A callback of 1.5 MB is one photo and a page of text. What is short is read at once; what is long is kept as a slice of
//! the body, and read when somebody asks for it.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use crate::tolerant::{self, Object};

/// From this size on, in bytes of JSON, a field stays in the body.
const LONG: usize = 4096;

/// How many objects and lists may stand within each other, the outermost among them. The deepest that is documented, an AML
/// result, has six.
pub(crate) const MAX_DEPTH: usize = 32;

/// What decisions rest on, in whatever spelling: read at once and strictly, however long.
///
/// That costs several times a plain scan, and no more than as many bytes in short fields do. So there is no bound on these
/// but the verifier's on the whole body: the service sets none to what a partner may put into its parameters.
const ALWAYS_READ: [&str; 9] = [
    "Actions",
    "PartnerParams",
    "Antifraud",
    "ResultCode",
    "IsFinalResult",
    "status",
    "reason",
    "signature",
    "timestamp",
];

/// Why a body isn't an object that can be gone by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    NotUtf8,
    Truncated,
    NotJson,
    NotAnObject,
    TooDeep,
    Duplicated,
}

/// The fields of an object, in their order.
#[derive(Clone, Default)]
pub(crate) struct Fields {
    short: Map<String, Value>,
    long: Vec<Long>,
    /// All of them, once somebody has asked for that.
    whole: OnceLock<Map<String, Value>>,
}

#[derive(Clone)]
struct Long {
    /// Its place among all the fields.
    position: usize,
    key: String,
    json: Bytes,
    value: OnceLock<Value>,
}

impl Long {
    fn json(&self) -> &str {
        std::str::from_utf8(&self.json).unwrap_or_default()
    }

    fn value(&self) -> &Value {
        // What can't be read (a number beyond all bounds, a name twice) is as good as absent; the body still has it.
        self.value.get_or_init(|| read_strictly(self.json(), 1).unwrap_or_default())
    }

    /// The text, if it is one.
    fn text(&self) -> Option<Cow<'_, str>> {
        let inner = self.json().strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') {
            serde_json::from_str(self.json()).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
    }
}

impl Fields {
    /// Reads a body, without copying what is long.
    pub(crate) fn read(body: &Bytes) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(body).map_err(|_| Unreadable::NotUtf8)?;
        let (mut fields, why) = (Self::default(), Cell::new(None));
        let mut json = serde_json::Deserializer::from_str(text);
        let top_level = TopLevel { body, fields: &mut fields, long_keys: BTreeSet::new(), why: &why };
        match json.deserialize_any(top_level).and_then(|()| json.end()) {
            Ok(()) => Ok(fields),
            Err(error) => Err(why.get().unwrap_or(match error.classify() {
                Category::Eof => Unreadable::Truncated,
                Category::Data => Unreadable::NotAnObject,
                Category::Syntax | Category::Io => Unreadable::NotJson,
            })),
        }
    }

    /// The text of a field that stayed in the body. Nothing is copied unless its JSON has escapes.
    pub(crate) fn long_text(&self, key: &str) -> Option<Cow<'_, str>> {
        self.long.iter().find(|long| long.key == key).and_then(Long::text)
    }

    /// All fields as one object. What is long is copied the first time.
    pub(crate) fn as_map(&self) -> &Map<String, Value> {
        if self.long.is_empty() {
            return &self.short;
        }
        self.whole.get_or_init(|| {
            let mut short = self.short.iter().map(|(key, value)| (key.clone(), value.clone()));
            let mut long = self.long.iter().peekable();
            let mut whole = Map::new();
            for position in 0..self.len() {
                match long.next_if(|long| long.position == position) {
                    Some(field) => whole.insert(field.key.clone(), field.value().clone()),
                    None => short.next().and_then(|(key, value)| whole.insert(key, value)),
                };
            }
            whole
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }

    /// The fields that were short, and the names of the long ones.
    pub(crate) fn parts(&self) -> (&Map<String, Value>, impl Iterator<Item = &str>) {
        (&self.short, self.long.iter().map(|long| long.key.as_str()))
    }
}

impl From<Map<String, Value>> for Fields {
    fn from(short: Map<String, Value>) -> Self {
        Self { short, ..Self::default() }
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.as_map() == other.as_map()
    }
}

impl Object for Fields {
    fn exact(&self, key: &str) -> Option<&Value> {
        let long = || self.long.iter().find(|long| long.key == key).map(Long::value);
        self.short.get(key).or_else(long)
    }

    fn alike<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a Value> {
        let long = self.long.iter().filter(move |long| tolerant::same_name(&long.key, key)).map(Long::value);
        self.short.alike(key).chain(long)
    }
}

/// The outermost object of a body.
struct TopLevel<'b> {
    body: &'b Bytes,
    fields: &'b mut Fields,
    /// Many names and many long fields must not cost one times the other: nobody has confirmed the body yet.
    long_keys: BTreeSet<String>,
    why: &'b Cell<Option<Unreadable>>,
}

impl TopLevel<'_> {
    fn add(&mut self, key: String, json: &str) -> Result<(), Unreadable> {
        if self.fields.short.contains_key(&key) || self.long_keys.contains(&key) {
            return Err(Unreadable::Duplicated);
        }
        if json.len() < LONG || ALWAYS_READ.iter().any(|name| tolerant::same_name(name, &key)) {
            self.fields.short.insert(key, read_strictly(json, 1)?);
        } else {
            if !json.starts_with('"') && depth(json) >= MAX_DEPTH {
                return Err(Unreadable::TooDeep);
            }
            let (position, json) = (self.fields.len(), self.body.slice_ref(json.as_bytes()));
            self.long_keys.insert(key.clone());
            self.fields.long.push(Long { position, key, json, value: OnceLock::new() });
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for TopLevel<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let json: &RawValue = map.next_value()?;
            self.add(key, json.get()).map_err(|why| {
                self.why.set(Some(why));
                A::Error::custom("unreadable")
            })?;
        }
        Ok(())
    }
}

/// How deep objects and lists stand within each other in this JSON, which is known to be well-formed.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            // Brackets in a text are none. A loop of its own is a good deal faster than a flag.
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => drop(bytes.next()),
                        _ => {}
                    }
                }
            }
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Reads JSON that stands so many levels deep, and in which no name may come twice in one object: readers disagree which of
/// the two counts, and a forger knows that.
fn read_strictly(json: &str, depth: usize) -> Result<Value, Unreadable> {
    let why = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = Strict { depth, why: &why }.deserialize(&mut deserializer);
    value.map_err(|_| why.get().unwrap_or(Unreadable::NotJson))
}

#[derive(Clone, Copy)]
struct Strict<'b> {
    depth: usize,
    why: &'b Cell<Option<Unreadable>>,
}

impl Strict<'_> {
    fn refuse<E: serde::de::Error>(self, why: Unreadable) -> E {
        self.why.set(Some(why));
        E::custom("unreadable")
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.depth {
            MAX_DEPTH.. => Err(self.refuse(Unreadable::TooDeep)),
            depth => Ok(Self { depth: depth + 1, ..self }),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inside = self.deeper()?;
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(inside)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inside = self.deeper()?;
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if object.insert(key, map.next_value_seed(inside)?).is_some() {
                return Err(self.refuse(Unreadable::Duplicated));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: impl Into<Vec<u8>>) -> Result<Fields, Unreadable> {
        Fields::read(&Bytes::from(body.into()))
    }

    #[test]
    fn what_is_long_stays_in_the_body() {
        let photo = "/9j/".repeat(2_000);
        let body = Bytes::from(format!(r#"{{"a":1,"Photo":"{photo}","b":{{"c":[null,-2,1.5,"ü"]}}}}"#));
        let fields = Fields::read(&body).unwrap();
        let text = fields.long_text("Photo").unwrap();
        assert!(matches!(text, Cow::Borrowed(_)) && body.as_ptr_range().contains(&text.as_ptr()));
        assert_eq!(text, photo);
        assert_eq!(fields.exact("b"), Some(&json!({ "c": [null, -2, 1.5, "ü"] })));
        assert_eq!(fields.exact("Photo"), Some(&json!(photo)));
        let whole = fields.as_map();
        assert_eq!(whole.keys().collect::<Vec<_>>(), ["a", "Photo", "b"], "the order is kept");
        assert_eq!(Value::from(whole.clone()), serde_json::from_slice::<Value>(&body).unwrap());
    }

    #[test]
    fn escapes_in_a_long_text_are_read() {
        let fields = read(format!(r#"{{"Photo":"{}"}}"#, r"\/9j".repeat(2_000))).unwrap();
        assert_eq!(fields.long_text("Photo").unwrap(), "/9j".repeat(2_000));
    }

    #[test]
    fn each_kind_of_nonsense_has_its_own_name() {
        let nested = |depth: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
        let long = format!(r#""{}""#, "x".repeat(LONG));
        for (body, why) in [
            (b"{\"a\":\"\xFF\"}".to_vec(), Unreadable::NotUtf8),
            (b"{\"a\":1".to_vec(), Unreadable::Truncated),
            (br#"{"a":"b"#.to_vec(), Unreadable::Truncated),
            (b"<html>".to_vec(), Unreadable::NotJson),
            (b"{} {}".to_vec(), Unreadable::NotJson),
            (br#"{"a":1e999}"#.to_vec(), Unreadable::NotJson),
            (b"[]".to_vec(), Unreadable::NotAnObject),
            (b"\"a\"".to_vec(), Unreadable::NotAnObject),
            (br#"{"a":1,"a":1}"#.to_vec(), Unreadable::Duplicated),
            (br#"{"a":{"b":[{"c":1,"c":2}]}}"#.to_vec(), Unreadable::Duplicated),
            (format!(r#"{{"a":{long},"a":1}}"#).into(), Unreadable::Duplicated),
            (nested(MAX_DEPTH).into(), Unreadable::TooDeep),
            (nested(100_000).into(), Unreadable::TooDeep),
            (
                format!(r#"{{"PartnerParams":{{"job_id":1,"x":{long},"job_id":2}}}}"#).into(),
                Unreadable::Duplicated,
            ),
        ] {
            assert_eq!(
                read(body.clone()).err(),
                Some(why),
                "{}",
                String::from_utf8_lossy(&body[..body.len().min(60)])
            );
        }
        assert!(read(nested(MAX_DEPTH - 1)).is_ok());
        let brackets = format!(r#"{{"a":["{}\"[","b"]}}"#, "[".repeat(LONG));
        assert!(read(brackets).is_ok(), "brackets in texts are no depth");
    }

    #[test]
    fn what_decisions_rest_on_is_read_strictly_however_long_and_however_spelt() {
        let twice = format!(r#"{{"a":1,"pad":"{}","a":2}}"#, "x".repeat(LONG));
        for key in ALWAYS_READ {
            for key in [key.to_owned(), key.to_uppercase(), format!("_{key}")] {
                assert_eq!(
                    read(format!(r#"{{"{key}":{twice}}}"#)).err(),
                    Some(Unreadable::Duplicated),
                    "{key}"
                );
            }
        }
        assert!(read(format!(r#"{{"FullData":{twice}}}"#)).is_ok());
    }

    #[test]
    fn depth_is_counted_outside_of_texts() {
        for (json, expected) in [
            ("1", 0),
            (r#""[[{""#, 0),
            (r#"["\\","["]"#, 1),
            (r#"["\"[",[{"a[":"{"}]]"#, 3),
            ("[[],[[]],{}]", 3),
        ] {
            assert_eq!(depth(json), expected, "{json}");
        }
    }

    #[test]
    fn a_long_field_that_cannot_be_read_is_null() {
        let json = format!(r#"[1e999,"{}"]"#, "x".repeat(LONG));
        let fields = read(format!(r#"{{"FullData":{json}}}"#)).unwrap();
        assert_eq!(fields.exact("FullData"), Some(&Value::Null));
    }
}
