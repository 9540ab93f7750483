//! A token, and what can be read of it.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, Uri};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::wire::tolerant;
use crate::{Environment, Timestamp};

/// A token of the v3 API: its holder may do what it was made for, until it expires.
///
/// It is a credential, so `Debug` doesn't show it, it serialises to nothing, and its text is wiped
/// from memory when the last clone is dropped. What an HTTP client copies of it is out of reach.
#[derive(Clone)]
pub struct Token(Arc<Zeroizing<String>>);

/// Longer than any token, and as long as any server takes a header.
const MAX_BYTES: usize = 8 * 1024;

impl Token {
    /// Takes a token that is short enough for a header and has only characters that one can carry:
    /// visible ASCII.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        ((1..=MAX_BYTES).contains(&text.len()) && is_plain)
            .then(|| Self(Arc::new(Zeroizing::new(text.to_owned()))))
    }

    /// The token, for the app or the browser that it was made for. Keep it out of logs.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The token's claims, as far as it is a JWT that can be read. Its signature is the service's
    /// business and is not checked here. Personal data in it is replaced by references; country, ID
    /// type and consent are not.
    pub fn claims(&self) -> Option<Map<String, Value>> {
        let payload = self.0.split('.').nth(1)?;
        let payload = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?);
        serde_json::from_slice(&payload).ok()
    }

    /// The time at which the token expires, by the service's clock (`exp`), as far as it says so. A
    /// quarter of an hour after it was made, as documented.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let seconds = tolerant::number(&self.claims()?, "exp").filter(|seconds| *seconds >= 0.0)?;
        // A number that is too large stands for a moment that never comes.
        Some(Timestamp::from_unix_millis((seconds as u64).saturating_mul(1_000)))
    }

    /// True if the token is for this environment, as far as it says (`api_url`). Only the host is
    /// looked at: the text goes on with the version.
    pub(crate) fn is_for(&self, environment: &Environment) -> bool {
        const SANDBOX: [&str; 2] = ["testapi.smileidentity.com", "api.sandbox.smileidentity.com"];
        const PRODUCTION: [&str; 1] = ["api.smileidentity.com"];
        let Some(claims) = self.claims() else { return true };
        let Some(api_url) = tolerant::field(&claims, "api_url").filter(|url| !url.is_null()) else {
            return true;
        };
        let uri = api_url.as_str().and_then(|url| url.parse::<Uri>().ok());
        let Some(host) = uri.as_ref().and_then(Uri::host) else { return false };
        let own = environment.base_url().parse::<Uri>().ok();
        let is_own = own.as_ref().and_then(Uri::host).is_some_and(|own| host.eq_ignore_ascii_case(own));
        let is_one_of = |hosts: &[&str]| hosts.iter().any(|known| host.eq_ignore_ascii_case(known));
        match environment {
            Environment::Sandbox => is_one_of(&SANDBOX),
            Environment::Production => is_one_of(&PRODUCTION),
            // It may stand in front of either.
            Environment::Custom(_) => is_own || is_one_of(&SANDBOX) || is_one_of(&PRODUCTION),
        }
    }

    /// The value of the header `SmileID-Token`, marked so that no `Debug` of headers shows it.
    pub(crate) fn header(&self) -> HeaderValue {
        let mut value = HeaderValue::from_str(&self.0).expect("a token is of visible ASCII");
        value.set_sensitive(true);
        value
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(claims: &Value) -> Token {
        Token::new(&format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))).unwrap()
    }

    #[test]
    fn the_expiry_is_read_from_a_number_or_its_digits() {
        for exp in [json!(1_705_315_500), json!("1705315500"), json!(1_705_315_500.9)] {
            let expires_at = of(&json!({ "exp": exp })).expires_at().unwrap();
            assert_eq!(expires_at.to_string(), "2024-01-15T10:45:00.000Z");
        }
        for claims in [json!({}), json!({ "exp": -1 }), json!({ "exp": "soon" }), json!({ "exp": null })] {
            assert_eq!(of(&claims).expires_at(), None, "{claims}");
        }
        for opaque in ["x", "a.b.c", "..", "a.!.c"] {
            assert_eq!(Token::new(opaque).unwrap().expires_at(), None);
        }
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_none() {
        for text in ["", "a b", "a\r\nb", "a\n", "tök", "\0", &"a".repeat(MAX_BYTES + 1)] {
            assert!(Token::new(text).is_none(), "{text:?}");
        }
        assert!(Token::new(&"a".repeat(MAX_BYTES)).is_some());
    }

    #[test]
    fn a_tokens_host_must_be_the_environments() {
        let own: Environment = "https://proxy.example/smile/v1".parse().unwrap();
        for (environment, url, is_right) in [
            (Environment::Sandbox, "https://testapi.smileidentity.com/v3", true),
            (Environment::Sandbox, "https://api.sandbox.smileidentity.com/v3", true),
            (Environment::Sandbox, "https://api.smileidentity.com/v3", false),
            (Environment::Production, "https://API.smileidentity.com/v3", true),
            (Environment::Production, "https://testapi.smileidentity.com/v3", false),
            (Environment::Production, "https://api.smileidentity.com.evil.example/v3", false),
            (Environment::Production, "https://api.smileidentity.com@evil.example/v3", false),
            (Environment::Production, "", false),
            (own.clone(), "https://proxy.example/v3", true),
            (own.clone(), "https://api.smileidentity.com/v3", true),
            (own, "https://evil.example/v3", false),
        ] {
            assert_eq!(
                of(&json!({ "api_url": url })).is_for(&environment),
                is_right,
                "{environment:?} {url}"
            );
        }
        let silent = [of(&json!({})), of(&json!({ "api_url": null })), Token::new("opaque").unwrap()];
        assert!(silent.iter().all(|token| token.is_for(&Environment::Production)));
        assert!(!of(&json!({ "api_url": 7 })).is_for(&Environment::Production));
    }

    #[test]
    fn a_token_is_not_shown() {
        let token = Token::new("s3cret").unwrap();
        assert_eq!(format!("{token:?} {:?}", token.header()), "Token(redacted) Sensitive");
    }
}
