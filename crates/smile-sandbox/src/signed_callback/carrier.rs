//! The message of a callback: the places of timestamp and signature, and the JSON's changes on the
//! way.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

use crate::result::product::Product;
use crate::signed_callback::error::SignedCallbackError;
use crate::signed_callback::flaw::Flaw;
use crate::signed_callback::ids::Ids;
use crate::signed_callback::stamp::{Stamp, TimestampSpelling};

const SIGNATURE: HeaderName = HeaderName::from_static("response-signature");
const TIMESTAMP: HeaderName = HeaderName::from_static("response-timestamp");
const JOB_ID: HeaderName = HeaderName::from_static("job-id");
const USER_ID: HeaderName = HeaderName::from_static("user-id");
const API_VERSION: HeaderName = HeaderName::from_static("api-version");

const PADDING: usize = 3 << 20;
const DEPTH: usize = 100_000;

/// A callback message: headers and body.
pub(super) struct Letter {
    pub(super) headers: HeaderMap,
    pub(super) fields: Map<String, Value>,
    /// JSON members in front of the fields, where names may repeat.
    first: Vec<u8>,
    product: Product,
}

impl Letter {
    pub(super) fn new(
        product: Product,
        ids: &Ids,
        fields: Map<String, Value>,
    ) -> Result<Self, SignedCallbackError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if product.is_v3() {
            let value = |field, text: &str| {
                HeaderValue::from_bytes(text.as_bytes()).map_err(|_| SignedCallbackError::NoHeader { field })
            };
            headers.insert(JOB_ID, value("job_id", &ids.job_id)?);
            headers.insert(USER_ID, value("user_id", &ids.user_id)?);
            headers.insert(API_VERSION, HeaderValue::from_static("v3.640.0"));
        }
        Ok(Self { headers, fields, first: Vec::new(), product })
    }

    /// Puts timestamp and signature into the product's place, or into that of the other kind of
    /// product.
    pub(super) fn stamp(&mut self, stamp: &Stamp, in_headers: bool, spelling: TimestampSpelling) {
        if in_headers {
            self.headers.insert(TIMESTAMP, opaque(&stamp.timestamp));
            self.headers.insert(SIGNATURE, opaque(&stamp.signature));
        } else {
            let number = stamp.timestamp.parse::<u64>().ok();
            let number = number.filter(|_| spelling == TimestampSpelling::MillisNumber).map(Value::from);
            let timestamp = number.unwrap_or_else(|| stamp.timestamp.as_str().into());
            self.fields.insert("timestamp".into(), timestamp);
            self.fields.insert("signature".into(), stamp.signature.as_str().into());
        }
    }

    /// Applies a flaw to the fields and the places of the signature.
    pub(super) fn spoil(&mut self, flaw: Flaw, other: &Stamp, forged: &str) {
        let result = if self.product.is_v3() { ("status", "Status") } else { ("ResultCode", "result_code") };
        match flaw {
            Flaw::StrippedSignature => self.strip(true, false),
            Flaw::StrippedTimestamp => self.strip(false, true),
            Flaw::Unsigned => self.strip(true, true),
            Flaw::DuplicatedSignature => self.duplicate("signature", SIGNATURE, &other.signature),
            Flaw::DuplicatedTimestamp => self.duplicate("timestamp", TIMESTAMP, &other.timestamp),
            Flaw::DuplicatedResult => self.put_first(result.0, forged),
            Flaw::RespelledResult => {
                self.fields.insert(result.1.into(), forged.into());
            }
            Flaw::Oversized => {
                self.fields.insert("Padding".into(), "A".repeat(PADDING).into());
            }
            Flaw::DeeplyNested => {
                let brackets = |bracket: &str| bracket.repeat(DEPTH);
                let member = format!(r#""Nested":{}{},"#, brackets("["), brackets("]"));
                self.first.extend(member.into_bytes());
            }
            Flaw::NotUtf8 => self.first.extend(b"\"Note\":\xff,"),
            Flaw::Html => {
                self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
            }
            _ => {}
        }
    }

    /// The final headers, and the bytes of the body.
    pub(super) fn seal(self, flaw: Option<Flaw>) -> (HeaderMap, Bytes) {
        let text = Value::Object(self.fields).to_string().into_bytes();
        // No product's fields are ever empty, so something follows the comma of the first members.
        let mut body = Vec::with_capacity(text.len() + self.first.len());
        body.push(b'{');
        body.extend(self.first);
        body.extend(&text[1..]);
        let body = match flaw {
            Some(Flaw::Truncated) => {
                body.truncate(body.len() / 2);
                body
            }
            Some(Flaw::Empty) => Vec::new(),
            Some(Flaw::NotAnObject) => [b"[".as_slice(), &body, b"]"].concat(),
            Some(Flaw::TwoBodies) => body.repeat(2),
            Some(Flaw::Html) => b"<html><body><h1>502 Bad Gateway</h1></body></html>".to_vec(),
            _ => body,
        };
        (self.headers, body.into())
    }

    fn strip(&mut self, signature: bool, timestamp: bool) {
        if signature {
            self.headers.remove(SIGNATURE);
            self.fields.shift_remove("signature");
        }
        if timestamp {
            self.headers.remove(TIMESTAMP);
            self.fields.shift_remove("timestamp");
        }
    }

    /// Duplicates a member or header. Most JSON parsers take the last of two members, and most
    /// servers the first of two headers: that is the right one.
    fn duplicate(&mut self, member: &str, header: HeaderName, decoy: &str) {
        if self.product.is_v3() {
            self.headers.append(header, opaque(decoy));
        } else {
            self.put_first(member, decoy);
        }
    }

    fn put_first(&mut self, member: &str, value: &str) {
        self.first.extend(format!("{}:{},", json!(member), json!(value)).into_bytes());
    }
}

/// A header that `Debug` never shows. Timestamps and signatures are ASCII, whatever their flaw.
fn opaque(text: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}
