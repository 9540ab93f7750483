//! The one reader of what the service says: callbacks, and the answers of all operations.
//!
//! What decides is read strictly: a name twice in one object, or nesting beyond all results, and
//! the whole body is refused. So is a body with a name twice in its outermost object. Further in,
//! where nothing decides, what stands twice is null, as there is no telling which one counts, and
//! the rest survives. Where only characters of texts are damaged they are repaired. It is kept in
//! which fields something was lost or repaired, so that no verdict rests on those.
//!
//! A callback of 1.5 MB is one photo and a page of text. What is short is read at once; what is
//! long is kept as a slice of the body, and read when somebody asks for it.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use crate::wire::repair::repair;
use crate::wire::tolerant::{self, Object};

/// Size from which on, in bytes of JSON, a field stays in the body.
const LONG: usize = 4096;

/// Most objects and lists that may stand within each other, the outermost among them. The deepest
/// that is documented, an AML result, has six.
pub(crate) const MAX_DEPTH: usize = 32;

/// Fields that decisions rest on, in whatever spelling: read at once and strictly, however long.
///
/// That costs several times a plain scan, and no more than as many bytes in short fields do. So
/// there is no bound on these but the verifier's on the whole body: the service sets none to what a
/// partner may put into its parameters.
const ALWAYS_READ: [&str; 12] = [
    "Actions",
    "PartnerParams",
    "Antifraud",
    "ResultCode",
    "IsFinalResult",
    "people",
    "product",
    "status",
    "reason",
    "signature",
    "success",
    "timestamp",
];

/// Further fields that a decision rests on: the job, person and number that a result is about, and
/// the marks of an answer that is a result.
const ALSO_DECIDING: [&str; 12] = [
    "code",
    "Country",
    "error",
    "IDNumber",
    "IDType",
    "job_complete",
    "job_id",
    "job_success",
    "no_of_persons_found",
    "ResultType",
    "SmileJobID",
    "user_id",
];

/// Names of the partner's own parameters that decide.
const DECIDING_PARAMS: [&str; 3] = ["job_id", "user_id", "job_type"];

/// Free text of a webhook, and its record of the person. Anything else in it may speak against the
/// person.
const HARMLESS_IN_WEBHOOKS: [&str; 2] = ["id_fields", "message"];

fn is_deciding(key: &str) -> bool {
    is_one_of(&ALWAYS_READ, key) || is_one_of(&ALSO_DECIDING, key)
}

fn is_one_of(names: &[&str], key: &str) -> bool {
    names.iter().any(|name| tolerant::same_name(name, key))
}

/// Reason that a body can't be read as an object.
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
    damage: Damage,
    /// All fields, once somebody has asked for that.
    whole: OnceLock<Map<String, Value>>,
}

/// Damage of a body that was repaired.
#[derive(Clone, Default)]
struct Damage {
    /// Fields whose values were damaged, and of the partner's parameters whether those were that
    /// decide.
    values: Vec<DamagedField>,
    /// True if the name of a field was repaired: it may have been any.
    is_in_a_name: bool,
}

#[derive(Clone)]
struct DamagedField {
    key: String,
    decides: bool,
    /// Something in it stood twice, and is null.
    is_lost: bool,
}

#[derive(Clone)]
struct Long {
    /// Index among all the fields.
    position: usize,
    key: String,
    json: Bytes,
    /// Places that were repaired.
    places: Vec<usize>,
    value: OnceLock<(Value, Loss)>,
}

/// State of a value that was read where nothing decides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loss {
    None,
    /// Part of it was repaired.
    Repaired,
    /// Something in it stood twice, or it can't be read at all.
    Lost,
}

impl Long {
    fn json(&self) -> &str {
        std::str::from_utf8(&self.json).unwrap_or_default()
    }

    fn value(&self) -> &Value {
        &self.read().0
    }

    fn loss(&self) -> Loss {
        self.read().1
    }

    fn read(&self) -> &(Value, Loss) {
        // What can't be read is as good as absent; the body still has it.
        self.value.get_or_init(|| {
            let is_whole = Cell::new(self.places.is_empty());
            let loosely = |json: &str| {
                let read = read_loosely(json, 1);
                if read.is_err() {
                    is_whole.set(false);
                }
                read
            };
            match or_repaired(&self.json, loosely) {
                Ok((value, false)) => (value, if is_whole.get() { Loss::None } else { Loss::Repaired }),
                Ok((value, true)) => (value, Loss::Lost),
                Err(_) => (Value::Null, Loss::Lost),
            }
        })
    }

    /// Text of the field, if it is one.
    fn text(&self) -> Option<Cow<'_, str>> {
        let inner = self.json().strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') {
            let read = |json: &str| serde_json::from_str(json).map_err(|_| Unreadable::NotJson);
            or_repaired(&self.json, read).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
    }
}

impl Fields {
    /// Reads a body, without copying what is long.
    pub(crate) fn read(body: &Bytes) -> Result<Self, Unreadable> {
        Self::read_apart(body, &[])
    }

    /// Reads a body; what these fields hold is left for [`Fields::part`] and [`Fields::parts_of`].
    pub(crate) fn read_apart(body: &Bytes, apart: &[&str]) -> Result<Self, Unreadable> {
        match Self::read_valid(body, &[], apart) {
            Err(why @ (Unreadable::NotUtf8 | Unreadable::NotJson)) => {
                let repaired = repair(body).ok_or(why)?;
                Self::read_valid(&repaired.json.into(), &repaired.places, apart)
            }
            read => read,
        }
    }

    /// Reads a part of a body that was repaired, if it had to be, at these places.
    fn read_part(json: &Bytes, places: &[usize]) -> Result<Self, Unreadable> {
        // Half a surrogate pair isn't seen in what is skipped.
        if places.is_empty() { Self::read(json) } else { Self::read_valid(json, places, &[]) }
    }

    fn read_valid(body: &Bytes, places: &[usize], apart: &[&str]) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(body).map_err(|_| Unreadable::NotUtf8)?;
        let (mut fields, why) = (Self::default(), Cell::new(None));
        let mut json = serde_json::Deserializer::from_str(text);
        let long_keys = BTreeSet::new();
        let top_level = TopLevel { body, places, apart, fields: &mut fields, long_keys, found: 0, why: &why };
        match json.deserialize_any(top_level).and_then(|found| json.end().map(|()| found)) {
            Ok(found) => {
                fields.damage.is_in_a_name = found < places.len();
                Ok(fields)
            }
            Err(error) => Err(why.get().unwrap_or(match error.classify() {
                Category::Eof => Unreadable::Truncated,
                Category::Data => Unreadable::NotAnObject,
                Category::Syntax | Category::Io => Unreadable::NotJson,
            })),
        }
    }

    /// The object under this name, of those that were left apart; `None` if there is no object.
    pub(crate) fn part(&self, key: &str) -> Result<Option<Self>, Unreadable> {
        match self.apart(key) {
            Some(long) if long.json.starts_with(b"{") => Self::read_part(&long.json, &long.places).map(Some),
            _ => Ok(None),
        }
    }

    /// The objects in the list under this name, of those that were left apart.
    pub(crate) fn parts_of(&self, key: &str) -> Result<Vec<Self>, Unreadable> {
        let Some(long) = self.apart(key).filter(|long| long.json.starts_with(b"[")) else {
            return Ok(vec![]);
        };
        let list: Vec<&RawValue> = serde_json::from_str(long.json()).map_err(|_| Unreadable::NotJson)?;
        let objects = list.into_iter().map(RawValue::get).filter(|json| json.starts_with('{'));
        let read = |json: &str| {
            let json = long.json.slice_ref(json.as_bytes());
            Self::read_part(&json, &places_in(&long.places, &long.json, &json))
        };
        objects.map(read).collect()
    }

    /// The text under this name, of those that were left apart, if nothing in it was damaged.
    pub(crate) fn text_apart(&self, key: &str) -> Option<String> {
        let long = self.apart(key).filter(|long| long.places.is_empty())?;
        serde_json::from_str(long.json()).ok()
    }

    fn apart(&self, key: &str) -> Option<&Long> {
        self.long.iter().find(|long| tolerant::same_name(&long.key, key))
    }

    /// True if something was damaged that a decision rests on.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damage.is_in_a_name || self.damage.values.iter().any(|damaged| damaged.decides)
    }

    /// The fields in which something was repaired or lost, but for those that are passed over; and
    /// whether it was lost, so that it may have been anything.
    pub(crate) fn damaged(
        &self,
        is_passed_over: impl Fn(&str) -> bool + Copy,
    ) -> impl Iterator<Item = (&str, bool)> {
        let short = self.damage.values.iter().map(|damaged| (&*damaged.key, damaged.is_lost));
        // Texts are photos mostly, and are nothing else once they are repaired.
        let long = self.long.iter().filter(|long| !long.json.starts_with(b"\""));
        let long = long.filter(move |long| !is_passed_over(&long.key) && long.loss() != Loss::None);
        short
            .filter(move |(key, _)| !is_passed_over(key))
            .chain(long.map(|long| (&*long.key, long.loss() == Loss::Lost)))
    }

    /// True if something was damaged that a webhook's verdict rests on: all but free text, and the
    /// record of the person.
    pub(crate) fn is_damaged_as_webhook(&self) -> bool {
        let is_harmless =
            |key: &str| is_one_of(&HARMLESS_IN_WEBHOOKS, key) || is_one_of(&["partner_params"], key);
        self.is_damaged()
            || self.damage.values.iter().any(|damaged| !is_harmless(&damaged.key))
            // Half a surrogate pair isn't seen in what is skipped, nor a name that stands twice.
            || self.long.iter().any(|long| !is_harmless(&long.key) && long.loss() != Loss::None)
    }

    /// True if one of these names is there more than once, in whatever spelling.
    pub(crate) fn has_twice(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.alike(name).nth(1).is_some())
    }

    /// All fields. What is long is copied.
    pub(crate) fn into_map(self) -> Map<String, Value> {
        if self.long.is_empty() { self.short } else { self.as_map().clone() }
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
    /// Places that were repaired.
    places: &'b [usize],
    /// The fields that are left apart.
    apart: &'b [&'b str],
    /// Number of the places that were in values.
    found: usize,
    fields: &'b mut Fields,
    /// Names of long fields. Many names and many long fields must not cost one times the other:
    /// nobody has confirmed the body yet.
    long_keys: BTreeSet<String>,
    why: &'b Cell<Option<Unreadable>>,
}

impl TopLevel<'_> {
    fn add(&mut self, key: String, json: &str) -> Result<(), Unreadable> {
        if self.fields.short.contains_key(&key) || self.long_keys.contains(&key) {
            return Err(Unreadable::Duplicated);
        }
        let places = places_in(self.places, self.body, json.as_bytes());
        self.found += places.len();
        if !places.is_empty() {
            let decides = match is_one_of(&["PartnerParams"], &key) {
                true => decides_in_params(&self.body.slice_ref(json.as_bytes()), &places),
                false => is_deciding(&key),
            };
            self.fields.damage.values.push(DamagedField { key: key.clone(), decides, is_lost: false });
        }
        let is_apart = is_one_of(self.apart, &key);
        if !is_apart && (json.len() < LONG || ALWAYS_READ.iter().any(|name| tolerant::same_name(name, &key)))
        {
            let value = match read_strictly(json, 1) {
                Err(Unreadable::Duplicated) if !is_deciding(&key) => {
                    let lost = DamagedField { key: key.clone(), decides: false, is_lost: true };
                    self.fields.damage.values.push(lost);
                    read_loosely(json, 1)?.0
                }
                read => read?,
            };
            self.fields.short.insert(key, value);
        } else {
            if !json.starts_with('"') && depth(json) >= MAX_DEPTH {
                return Err(Unreadable::TooDeep);
            }
            let (position, json) = (self.fields.len(), self.body.slice_ref(json.as_bytes()));
            self.long_keys.insert(key.clone());
            self.fields.long.push(Long { position, key, json, places, value: OnceLock::new() });
        }
        Ok(())
    }
}

/// Places of a body that are within a part of it, counted from the beginning of the part.
fn places_in(places: &[usize], body: &[u8], part: &[u8]) -> Vec<usize> {
    if places.is_empty() {
        return vec![];
    }
    let start = part.as_ptr().addr() - body.as_ptr().addr();
    let from = places.partition_point(|place| *place < start);
    let within = places[from..].iter().take_while(|place| **place < start + part.len());
    within.map(|place| place - start).collect()
}

/// True if the damage in the partner's parameters touches the job or the user.
fn decides_in_params(json: &Bytes, places: &[usize]) -> bool {
    let Ok(params) = Fields::read_valid(json, places, &[]) else { return true };
    let decides = |damaged: &DamagedField| is_one_of(&DECIDING_PARAMS, &damaged.key);
    params.damage.is_in_a_name || params.damage.values.iter().any(decides)
}

/// Reads JSON as it is; if that fails, once it has been repaired.
fn or_repaired<T>(json: &[u8], read: impl Fn(&str) -> Result<T, Unreadable>) -> Result<T, Unreadable> {
    let read = |json: &[u8]| read(std::str::from_utf8(json).map_err(|_| Unreadable::NotUtf8)?);
    match read(json) {
        Err(why @ (Unreadable::NotUtf8 | Unreadable::NotJson)) => {
            repair(json).map_or(Err(why), |repaired| read(&repaired.json))
        }
        other => other,
    }
}

/// Compression of a body, if any. No request of ours asks for it, and nothing is decompressed here.
pub(crate) fn compression(headers: &HeaderMap, body: &[u8]) -> Option<&'static str> {
    const GZIP: &[u8] = &[0x1F, 0x8B];
    let said = headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let said = said.flat_map(|list| list.split(',')).map(str::trim);
    let said = said.filter(|one| !one.is_empty() && !one.eq_ignore_ascii_case("identity"));
    // The name is from outside; only those that are known are shown.
    let known =
        |one: &str| ["gzip", "br", "deflate", "zstd"].into_iter().find(|it| it.eq_ignore_ascii_case(one));
    let said = said.map(|one| known(one).unwrap_or("an unknown encoding")).next_back();
    let encoding = said.or_else(|| body.starts_with(GZIP).then_some("gzip"));
    // Who has decompressed it may have left the header where it was.
    encoding.filter(|_| !matches!(body.trim_ascii_start().first(), None | Some(b'{' | b'[')))
}

/// Reads a whole body, whatever its JSON is.
pub(crate) fn read_json(body: &[u8]) -> Result<Value, Unreadable> {
    or_repaired(body, |json| read_strictly(json, 0))
}

impl<'de> Visitor<'de> for TopLevel<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<usize, A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let json: &RawValue = map.next_value()?;
            self.add(key, json.get()).map_err(|why| {
                self.why.set(Some(why));
                A::Error::custom("unreadable")
            })?;
        }
        Ok(self.found)
    }
}

/// Depth of objects and lists within each other in this JSON, which is known to be well-formed.
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

/// Reads JSON that stands so many levels deep, and in which no name may come twice in one object:
/// readers disagree which of the two counts, and a forger knows that.
fn read_strictly(json: &str, depth: usize) -> Result<Value, Unreadable> {
    read(json, depth, None)
}

/// Reads JSON in which a name may come twice: such a value is null, and the flag says so.
fn read_loosely(json: &str, depth: usize) -> Result<(Value, bool), Unreadable> {
    let is_lost = Cell::new(false);
    read(json, depth, Some(&is_lost)).map(|value| (value, is_lost.get()))
}

fn read(json: &str, depth: usize, is_lost: Option<&Cell<bool>>) -> Result<Value, Unreadable> {
    let why = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = Strict { depth, why: &why, is_lost }.deserialize(&mut deserializer);
    let value = value.and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| {
        let is_cut = error.is_eof();
        why.get().unwrap_or(if is_cut { Unreadable::Truncated } else { Unreadable::NotJson })
    })
}

#[derive(Clone, Copy)]
struct Strict<'b> {
    depth: usize,
    why: &'b Cell<Option<Unreadable>>,
    /// Flag to set if a name came twice, if that is allowed.
    is_lost: Option<&'b Cell<bool>>,
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
            let value = map.next_value_seed(inside)?;
            if let Some(earlier) = object.get_mut(&key) {
                let Some(is_lost) = self.is_lost else { return Err(self.refuse(Unreadable::Duplicated)) };
                *earlier = Value::Null;
                is_lost.set(true);
            } else {
                object.insert(key, value);
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
            (b"{\"a\":\xFF}".to_vec(), Unreadable::NotUtf8),
            (b"{\"a\":\"\xFF".to_vec(), Unreadable::Truncated),
            (b"{\"\xE9\":1,\"\xE8\":1}".to_vec(), Unreadable::Duplicated),
            (b"{\"a\":1".to_vec(), Unreadable::Truncated),
            (br#"{"a":"b"#.to_vec(), Unreadable::Truncated),
            (b"<html>".to_vec(), Unreadable::NotJson),
            (b"{} {}".to_vec(), Unreadable::NotJson),
            (b"[]".to_vec(), Unreadable::NotAnObject),
            (b"\"a\"".to_vec(), Unreadable::NotAnObject),
            (br#"{"a":1,"a":1}"#.to_vec(), Unreadable::Duplicated),
            (br#"{"Actions":{"b":[{"c":1,"c":2}]}}"#.to_vec(), Unreadable::Duplicated),
            (br#"{"status":[{"c":1,"c":2}]}"#.to_vec(), Unreadable::Duplicated),
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

    /// A body of these fields, as they stand.
    fn of(fields: &[&[u8]]) -> Result<Fields, Unreadable> {
        read([&b"{"[..], &fields.join(&b","[..]), b"}"].concat())
    }

    const DAMAGED: [&[u8]; 4] = [b"\"Jos\xE9\"", b"\"a\tb\"", br#""\ud83d""#, b"NaN"];

    #[test]
    fn damage_where_nothing_rests_on_it_is_repaired_and_decides_nothing() {
        for value in DAMAGED {
            for key in ["FullName", "Address", "anything"] {
                let field = [format!("\"{key}\":").as_bytes(), value].concat();
                let fields = of(&[br#""ResultCode":"0810""#, &field]).unwrap();
                assert!(fields.exact(key).is_some() && !fields.is_damaged(), "{key}");
                assert_eq!(fields.exact("ResultCode"), Some(&json!("0810")));
            }
        }
        assert!(!read(b"\xEF\xBB\xBF{\"ResultCode\":\"0810\"}").unwrap().is_damaged());
        assert!(!read(br#"{"ResultCode":"0810","FullName":"\u00e9\ud83d\ude00"}"#).unwrap().is_damaged());
    }

    #[test]
    fn damage_where_a_decision_rests_on_it_is_told() {
        for value in DAMAGED {
            for key in ALWAYS_READ.iter().chain(&ALSO_DECIDING) {
                for key in [(*key).to_owned(), key.to_uppercase(), format!("_{key}")] {
                    let field = [format!("\"{key}\":").as_bytes(), value].concat();
                    assert!(of(&[&field]).unwrap().is_damaged(), "{key}");
                }
                let inside = [format!("\"{key}\":{{\"job_id\":").as_bytes(), value, b"}"].concat();
                assert!(of(&[&inside]).unwrap().is_damaged(), "{key}");
            }
        }
        assert!(of(&[b"\"Result\x01Code\":1"]).unwrap().is_damaged(), "it may have been any name");
    }

    #[test]
    fn of_the_parameters_only_those_that_name_the_job_and_the_user_decide() {
        let params = |key: &str, value: &[u8]| {
            let inside = [format!("\"PartnerParams\":{{\"a\":1,\"{key}\":").as_bytes(), value, b"}"].concat();
            of(&[br#""b":1"#, &inside]).unwrap().is_damaged()
        };
        for value in DAMAGED {
            assert!(!params("comment", value));
            assert!(params("job_id", value) && params("userId", value) && params("JOB_TYPE", value));
        }
        assert!(of(&[b"\"PartnerParams\":{\"job\xE9\":1}"]).unwrap().is_damaged());
    }

    #[test]
    fn of_a_webhook_everything_decides_but_free_text_and_the_record() {
        let field = |key: &str| [format!("\"{key}\":{{\"a\":").as_bytes(), DAMAGED[0], b"}"].concat();
        for (key, decides) in
            [("id_fields", false), ("message", false), ("partner_params", false), ("fraud_score", true)]
        {
            assert_eq!(of(&[&field(key)]).unwrap().is_damaged_as_webhook(), decides, "{key}");
        }
        let twice = format!(r#"{{"scores":{{"a":1,"pad":"{}","a":2}}}}"#, "x".repeat(LONG));
        assert!(read(twice).unwrap().is_damaged_as_webhook(), "it can't be read, and may say anything");
    }

    #[test]
    fn what_is_left_apart_keeps_its_own_damage() {
        let apart =
            |body: &[u8]| Fields::read_apart(&Bytes::copy_from_slice(body), &["result", "history"]).unwrap();
        let body = b"{\"code\":\"2302\",\"result\":{\"FullName\":\"\xE9\",\"ResultCode\":\"0810\"},\"history\":[{\"a\":1},{\"ResultCode\":\"\xE9\"}]}";
        let fields = apart(body);
        assert!(!fields.is_damaged());
        let result = fields.part("result").unwrap().unwrap();
        assert!(!result.is_damaged());
        assert_eq!(result.exact("FullName"), Some(&json!("\u{FFFD}")));
        let history: Vec<bool> = fields.parts_of("history").unwrap().iter().map(Fields::is_damaged).collect();
        assert_eq!(history, [false, true]);
        let half = apart(br#"{"result":{"ResultCode":"0810","Actions":{"a":"\ud83d"}}}"#);
        assert!(half.part("result").unwrap().unwrap().is_damaged(), "it isn't seen in what is skipped");
        let text = apart(b"{\"result\":\"No zip\xE9\"}");
        assert_eq!((text.text_apart("result"), text.part("result").unwrap().is_none()), (None, true));
        let twice = apart(br#"{"result":{"ResultCode":"0810","ResultCode":"0811"}}"#);
        assert_eq!(twice.part("result").err(), Some(Unreadable::Duplicated));
    }

    #[test]
    fn half_a_pair_in_a_long_field_is_repaired_when_it_is_read() {
        let long = "x".repeat(LONG);
        let fields =
            read(format!(r#"{{"Address":"{long}\ud83d","FullData":{{"a":"{long}\ud83d"}}}}"#)).unwrap();
        assert!(fields.long_text("Address").unwrap().ends_with("x\u{FFFD}"));
        assert!(fields.exact("FullData").unwrap()["a"].as_str().unwrap().ends_with("x\u{FFFD}"));
    }

    /// Fields of a body, short and long.
    fn short_and_long(field: &str) -> [Fields; 2] {
        ["", &"x".repeat(LONG)].map(|pad| {
            let field = field.replacen("PAD", pad, 1);
            read(format!(r#"{{"ResultCode":"0810",{field}}}"#)).unwrap()
        })
    }

    fn damage(fields: &Fields) -> Vec<(String, bool)> {
        fields.damaged(|_| false).map(|(key, is_lost)| (key.to_owned(), is_lost)).collect()
    }

    #[test]
    fn a_number_beyond_all_bounds_is_null_and_the_rest_is_read() {
        for fields in short_and_long(r#""FullData":{"pad":"PAD","a":1e999,"b":[-1e400,1e3]}"#) {
            let data = fields.exact("FullData").unwrap();
            assert_eq!((&data["a"], &data["b"]), (&Value::Null, &json!([null, 1e3])));
            assert!(!fields.is_damaged() && fields.is_damaged_as_webhook());
            assert_eq!(damage(&fields), [("FullData".to_owned(), false)]);
        }
        assert!(of(&[br#""ResultCode":1e999"#]).unwrap().is_damaged());
    }

    #[test]
    fn what_stands_twice_where_nothing_decides_is_null_and_the_rest_is_read() {
        for fields in short_and_long(r#""FullData":{"pad":"PAD","a":1,"b":{"c":2},"a":3,"a":4}"#) {
            let data = fields.exact("FullData").unwrap();
            assert_eq!((&data["a"], &data["b"]), (&Value::Null, &json!({ "c": 2 })));
            assert!(!fields.is_damaged() && fields.is_damaged_as_webhook());
            assert_eq!(damage(&fields), [("FullData".to_owned(), true)]);
        }
        assert_eq!(damage(&of(&[br#""FullData":{"a":1}"#]).unwrap()), []);
    }
}
