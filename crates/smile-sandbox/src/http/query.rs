//! Reading the query of a request.

use serde_json::{Map, Value};

/// The parameters of a query, percent-decoded; of several with one name the last. A plus stays a
/// plus: signatures have some, and not every client encodes them.
pub(crate) fn parameters(query: &str) -> Map<String, Value> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value).into())).collect()
}

/// Decodes percent-encoding; anything else stays unchanged.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let encoded = tail.get(..2).filter(|_| *first == b'%').and_then(hex);
        bytes.push(encoded.unwrap_or(*first));
        rest = if encoded.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    digits.iter().try_fold(0, |sum, &byte| Some(sum * 16 + digit(byte)?)).map(|byte| byte as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let query = "a=1&b=x%2By%3d&c=a+b&d&e=%&f=%zz&g=%C3%BC&a=2&=&%41=%";
        let parameters = parameters(query);
        for (name, value) in [
            ("a", "2"),
            ("b", "x+y="),
            ("c", "a+b"),
            ("e", "%"),
            ("f", "%zz"),
            ("g", "ü"),
            ("", ""),
            ("A", "%"),
        ] {
            assert_eq!(parameters[name], value, "{name}");
        }
        assert!(!parameters.contains_key("d"));
    }
}
