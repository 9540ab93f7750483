//! Bodies of `multipart/form-data`, as the v3 API takes them (RFC 7578; Smile ID: the description
//! of the v3 API).
//!
//! The boundary is not quoted, which the service would refuse, and stands in none of the parts. The
//! body is one buffer of the exact length, into which each part is copied once. The same parts and
//! the same seed give the same bytes.

use bytes::{Bytes, BytesMut};
use http::HeaderValue;
use serde::Serialize;

use crate::wire::seed::splitmix64;

/// A body in the making.
#[derive(Default)]
pub(crate) struct Multipart {
    parts: Vec<Part>,
}

struct Part {
    /// The part's header, with the line breaks around it.
    head: String,
    body: Bytes,
}

impl Multipart {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A text, without a type.
    pub(crate) fn text(&mut self, name: &'static str, value: &str) {
        self.part(name, "", Bytes::copy_from_slice(value.as_bytes()));
    }

    /// A text, if there is one. What is absent is left out.
    pub(crate) fn optional(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, name: &'static str, value: bool) {
        self.text(name, if value { "true" } else { "false" });
    }

    /// An object or a list, as a part of JSON.
    pub(crate) fn json(&mut self, name: &'static str, value: &impl Serialize) {
        self.part(name, "\r\nContent-Type: application/json", to_json(value));
    }

    /// A list as JSON in one text part, as the AML endpoints have it: parts that are repeated
    /// overwrite one another there.
    pub(crate) fn json_text(&mut self, name: &'static str, value: &impl Serialize) {
        self.part(name, "", to_json(value));
    }

    /// A file. Its name is one of our own, and tells nothing.
    pub(crate) fn file(&mut self, name: &'static str, file_name: &str, content_type: &str, bytes: Bytes) {
        let more = format!("; filename=\"{file_name}\"\r\nContent-Type: {content_type}");
        self.part(name, &more, bytes);
    }

    fn part(&mut self, name: &'static str, more: &str, body: Bytes) {
        let head = format!("\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
        self.parts.push(Part { head, body });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The exact length of the body, in bytes.
    pub(crate) fn len(&self) -> usize {
        let part = |part: &Part| 2 + BOUNDARY_LENGTH + part.head.len() + part.body.len() + 2;
        self.parts.iter().map(part).sum::<usize>() + 2 + BOUNDARY_LENGTH + 4
    }

    /// The value of `Content-Type`, and the body.
    pub(crate) fn finish(self, seed: u64) -> (HeaderValue, Bytes) {
        let is_free =
            |boundary: &String| !self.parts.iter().any(|part| contains(&part.body, boundary.as_bytes()));
        // One that stands in a part by chance is all but impossible; by malice, the next one
        // doesn't.
        let boundary = (0_u64..).map(|attempt| boundary(seed, attempt)).find(is_free).unwrap_or_default();
        let length = self.len();
        let mut body = BytesMut::with_capacity(length);
        for part in &self.parts {
            for piece in [b"--", boundary.as_bytes(), part.head.as_bytes(), &part.body, b"\r\n"] {
                body.extend_from_slice(piece);
            }
        }
        for piece in [b"--", boundary.as_bytes(), b"--\r\n"] {
            body.extend_from_slice(piece);
        }
        debug_assert_eq!(body.len(), length, "one buffer of the exact length");
        let content_type = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"))
            .expect("a boundary is of letters and digits");
        (content_type, body.freeze())
    }
}

const BOUNDARY_LENGTH: usize = 5 + 32;

fn boundary(seed: u64, attempt: u64) -> String {
    let first = splitmix64(seed ^ splitmix64(attempt));
    let second = splitmix64(first ^ seed.rotate_left(32));
    format!("smile{first:016x}{second:016x}")
}

fn to_json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("strings, numbers and flags always serialise").into()
}

/// True if the needle stands in the text (Horspool): most of a picture is leapt over.
fn contains(text: &[u8], needle: &[u8]) -> bool {
    let Some(last) = needle.len().checked_sub(1) else { return true };
    let mut leap = [needle.len(); 256];
    for (at, byte) in needle[..last].iter().enumerate() {
        leap[usize::from(*byte)] = last - at;
    }
    let mut at = 0;
    while let Some(window) = text.get(at..at + needle.len()) {
        if window == needle {
            return true;
        }
        at += leap[usize::from(window[last])];
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts() -> Multipart {
        let mut parts = Multipart::new();
        parts.text("country", "NG");
        parts.optional("id_type", None);
        parts.flag("allow_new_enroll", true);
        parts.json("consent", &serde_json::json!({ "granted": true }));
        parts.json_text("countries", &["NG", "GH"]);
        parts.file("selfie_image", "selfie.jpg", "image/jpeg", Bytes::from_static(b"\xFF\xD8\xFF"));
        parts
    }

    #[test]
    fn the_whole_body() {
        let (content_type, body) = parts().finish(7);
        let boundary = boundary(7, 0);
        assert_eq!(content_type, format!("multipart/form-data; boundary={boundary}"));
        let expected = concat!(
            "--B\r\nContent-Disposition: form-data; name=\"country\"\r\n\r\nNG\r\n",
            "--B\r\nContent-Disposition: form-data; name=\"allow_new_enroll\"\r\n\r\ntrue\r\n",
            "--B\r\nContent-Disposition: form-data; name=\"consent\"\r\nContent-Type: application/json\r\n\r\n",
            "{\"granted\":true}\r\n",
            "--B\r\nContent-Disposition: form-data; name=\"countries\"\r\n\r\n[\"NG\",\"GH\"]\r\n",
            "--B\r\nContent-Disposition: form-data; name=\"selfie_image\"; filename=\"selfie.jpg\"\r\n",
            "Content-Type: image/jpeg\r\n\r\nJPEG\r\n",
            "--B--\r\n"
        );
        let mut whole = expected.replace("--B", &format!("--{boundary}")).into_bytes();
        let at = whole.windows(4).position(|window| window == b"JPEG").unwrap();
        whole.splice(at..at + 4, *b"\xFF\xD8\xFF");
        assert_eq!(body, whole);
    }

    #[test]
    fn the_length_is_known_before_the_body_is_made() {
        let length = parts().len();
        assert_eq!(parts().finish(1).1.len(), length);
        assert_eq!(Multipart::new().finish(1).1.len(), Multipart::new().len());
    }

    #[test]
    fn the_same_parts_and_seed_give_the_same_bytes() {
        assert_eq!(parts().finish(3), parts().finish(3));
        assert_ne!(parts().finish(3).0, parts().finish(4).0);
    }

    #[test]
    fn the_boundary_is_not_quoted_and_of_letters_and_digits() {
        let (content_type, _) = parts().finish(9);
        let (_, boundary) = content_type.to_str().unwrap().split_once("boundary=").unwrap();
        assert_eq!(boundary.len(), BOUNDARY_LENGTH);
        assert!(boundary.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }

    #[test]
    fn a_boundary_that_stands_in_a_part_gives_way_to_the_next() {
        let mut parts = Multipart::new();
        let (first, second) = (boundary(5, 0), boundary(5, 1));
        parts.file("document", "document.png", "image/png", format!("..{first}..").into());
        let (content_type, _) = parts.finish(5);
        assert_eq!(content_type, format!("multipart/form-data; boundary={second}"));
    }

    proptest! {
        #[test]
        fn a_needle_is_found_wherever_it_stands(before in "[ab]{0,40}", needle in "[ab]{1,6}", after in "[ab]{0,40}") {
            let text = format!("{before}{needle}{after}");
            prop_assert!(contains(text.as_bytes(), needle.as_bytes()));
            prop_assert_eq!(contains(before.as_bytes(), needle.as_bytes()), before.contains(&needle));
        }
    }
}
