//! Repairs of a body that is JSON but for some characters in its texts.
//!
//! Databases of ID authorities hold names in Latin-1 and half an emoji; older stacks write `NaN`.
//! One such field must not hide a result that was signed, and paid for. So what stands between
//! quotes is made readable, a byte order mark is dropped, and `NaN`, `Infinity` and numbers that
//! are as good as infinite (`1e999`) become null. Nothing else is touched: where a text, a list or
//! an object begins and ends stays as it is.

/// Replacement for what can't be known: half a surrogate pair, bytes that aren't UTF-8.
const REPLACEMENT: &str = "\u{FFFD}";

/// A body after its repair.
pub(crate) struct RepairedBody {
    pub(crate) json: Vec<u8>,
    /// The places in `json` that were other ones in the body, in ascending order.
    pub(crate) places: Vec<usize>,
}

/// Repairs a body, unless there is nothing to repair. JSON that is valid has nothing.
pub(crate) fn repair(body: &[u8]) -> Option<RepairedBody> {
    let rest = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let mut repairer = Repairer { json: Vec::with_capacity(rest.len()), places: Vec::new(), rest };
    repairer.run();
    let is_other = rest.len() < body.len() || !repairer.places.is_empty();
    is_other.then_some(RepairedBody { json: repairer.json, places: repairer.places })
}

struct Repairer<'b> {
    json: Vec<u8>,
    places: Vec<usize>,
    rest: &'b [u8],
}

impl<'b> Repairer<'b> {
    fn run(&mut self) {
        while let Some(first) = self.rest.first() {
            match first {
                b'"' => {
                    self.copy(1);
                    self.text();
                }
                b'N' | b'I' | b'-' | b'0'..=b'9' => self.word(),
                _ => self.copy(1),
            }
        }
    }

    fn copy(&mut self, bytes: usize) {
        let (copied, rest) = self.rest.split_at(bytes.min(self.rest.len()));
        self.json.extend_from_slice(copied);
        self.rest = rest;
    }

    /// Puts this in the place of so many bytes.
    fn replace(&mut self, bytes: usize, with: &str) {
        self.places.push(self.json.len());
        self.json.extend_from_slice(with.as_bytes());
        self.rest = &self.rest[bytes..];
    }

    /// Outside of texts: `NaN` and the like are values, if they stand alone.
    fn word(&mut self) {
        let is_blank_or = |marks: &'static [u8]| {
            move |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n') || marks.contains(byte)
        };
        let word = ["NaN", "-Infinity", "Infinity"].into_iter().find(|word| {
            self.rest.strip_prefix(word.as_bytes()).is_some_and(|after| {
                after.first().is_none_or(is_blank_or(b",]}"))
                    && self.json.last().is_none_or(is_blank_or(b":,["))
            })
        });
        match word {
            Some(word) => self.replace(word.len(), "null"),
            None => self.number(),
        }
    }

    /// A number, whole, so that none is looked for within it; or whatever else begins here.
    fn number(&mut self) {
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = self.rest.iter().position(|byte| !is_part(byte)).unwrap_or(self.rest.len());
        let text = std::str::from_utf8(&self.rest[..length]).unwrap_or_default();
        // The parser refuses one beyond all bounds in the same words as what is none at all.
        let is_number = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        if is_number && text.parse::<f64>().is_ok_and(f64::is_infinite) {
            self.replace(length, "null");
        } else {
            self.copy(length.max(1));
        }
    }

    /// The rest of a text, and the quote that ends it.
    fn text(&mut self) {
        while let Some(&first) = self.rest.first() {
            match first {
                b'"' => return self.copy(1),
                b'\\' => self.escape(),
                0..0x20 => {
                    let escaped = format!("\\u{first:04x}");
                    self.replace(1, &escaped);
                }
                _ => self.characters(),
            }
        }
    }

    fn escape(&mut self) {
        let rest = self.rest;
        match rest.get(1) {
            // It ends in the middle.
            None => self.copy(1),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.copy(2),
            Some(b'u') => match (code_unit(rest), rest.get(6..).and_then(code_unit)) {
                (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => self.copy(12),
                (Some(0xD800..=0xDFFF), _) => self.replace(6, REPLACEMENT),
                (Some(_), _) => self.copy(6),
                (None, _) => self.replace(1, REPLACEMENT),
            },
            Some(_) => self.replace(1, REPLACEMENT),
        }
    }

    /// Characters that stand for themselves, as far as they are UTF-8.
    fn characters(&mut self) {
        let end = self.rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
        let (run, after) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        for chunk in run.utf8_chunks() {
            self.json.extend_from_slice(chunk.valid().as_bytes());
            if !chunk.invalid().is_empty() {
                self.places.push(self.json.len());
                self.json.extend_from_slice(REPLACEMENT.as_bytes());
            }
        }
        self.rest = after;
    }
}

/// The UTF-16 code unit of `\uXXXX` at the beginning of this.
fn code_unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    // `from_str_radix` takes a sign as well.
    let digits =
        std::str::from_utf8(digits).ok().filter(|it| it.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn repaired(body: impl AsRef<[u8]>) -> Option<Value> {
        repair(body.as_ref()).map(|it| serde_json::from_slice(&it.json).unwrap())
    }

    #[test]
    fn what_is_no_character_becomes_one_and_what_is_no_number_becomes_null() {
        for (body, expected) in [
            (&b"\xEF\xBB\xBF{\"a\":1}"[..], json!({ "a": 1 })),
            (b"{\"a\":\"Jos\xE9\"}", json!({ "a": "Jos\u{FFFD}" })),
            (b"{\"a\":\"x\ty\nz\0\"}", json!({ "a": "x\ty\nz\0" })),
            (br#"{"a":"x\ud83d"}"#, json!({ "a": "x\u{FFFD}" })),
            (br#"{"a":"\ude00x"}"#, json!({ "a": "\u{FFFD}x" })),
            (br#"{"a":"\ud83d\u0041"}"#, json!({ "a": "\u{FFFD}A" })),
            (br#"{"a":"\ud83d\ud83d\ude00"}"#, json!({ "a": "\u{FFFD}\u{1F600}" })),
            (br#"{"a":"C:\x\u12"}"#, json!({ "a": "C:\u{FFFD}x\u{FFFD}u12" })),
            (br#"[NaN, Infinity,-Infinity ,"NaN"]"#, json!([null, null, null, "NaN"])),
            (br#"{"a":NaN}"#, json!({ "a": null })),
            (br#"[1e999,-1E+400 ,2e308,"1e999",1e3,-0.5]"#, json!([null, null, null, "1e999", 1e3, -0.5])),
            (b"{\"\xE9\":\"\\\"\xE9\"}", json!({ "\u{FFFD}": "\"\u{FFFD}" })),
        ] {
            assert_eq!(repaired(body), Some(expected), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn what_is_broken_outside_of_texts_stays_broken() {
        for body in [
            &b"<html>"[..],
            b"{\"a\":\xE9}",
            b"{\"a\":1,}",
            b"{'a':1}",
            b"{\"a\":xNaN}",
            b"{\"a\":NaNx}",
            b"{\"a\":nan}",
            b"{\"a\":01e999}",
            b"{\"a\":1e999e}",
            b"{\"a\":1.e999}",
            b"{\"a\":\"b",
            b"{\"a\":\"b\\",
            b" \xEF\xBB\xBF{}",
            b"",
        ] {
            assert!(repair(body).is_none(), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn the_places_are_told() {
        let it = repair(b"{\"a\":\"\xE9\",\"b\":NaN}").unwrap();
        let at = |place: usize| std::str::from_utf8(&it.json[place..]).unwrap();
        assert_eq!(
            it.places.iter().map(|place| at(*place)).collect::<Vec<_>>(),
            ["\u{FFFD}\",\"b\":null}", "null}"]
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            any::<Vec<char>>().prop_map(|text| text.into_iter().collect::<String>().into()),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    /// All characters beyond ASCII as escapes.
    fn escaped(json: &str) -> String {
        let mut units = [0; 2];
        json.chars().fold(String::new(), |mut out, c| {
            if c.is_ascii() {
                out.push(c);
            } else {
                c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04X}")));
            }
            out
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn valid_json_has_nothing_to_repair(value in any_json()) {
            prop_assert!(repair(value.to_string().as_bytes()).is_none());
            prop_assert!(repair(escaped(&value.to_string()).as_bytes()).is_none());
            prop_assert!(repair(serde_json::to_string_pretty(&value).unwrap().as_bytes()).is_none());
        }

        #[test]
        fn what_is_repaired_has_nothing_more_to_repair(body: Vec<u8>) {
            let body = [b"{\"a\":\"", &body[..], b"\"}"].concat();
            if let Some(it) = repair(&body) {
                prop_assert!(repair(&it.json).is_none());
                prop_assert!(it.places.iter().all(|place| *place < it.json.len()) && it.places.is_sorted());
            }
        }
    }
}
