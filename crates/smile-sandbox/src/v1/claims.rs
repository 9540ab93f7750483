//! The claims of a web token, and their signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use smile_core::Timestamp;

use crate::secret::Secret;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// The claims of a token.
pub(crate) struct Claims {
    pub(crate) partner_params: Map<String, Value>,
    pub(crate) callback_url: Option<String>,
}

impl Claims {
    /// Reads a token, if this sandbox issued it and it has not expired.
    pub(crate) fn read(secret: &Secret, token: &str, now: Timestamp) -> Option<Self> {
        let (content, signature) = token.rsplit_once('.')?;
        if signature != URL_SAFE_NO_PAD.encode(secret.sign_token(content)) {
            return None;
        }
        let claims = URL_SAFE_NO_PAD.decode(content.split_once('.')?.1).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        if now.unix_millis() / 1_000 >= claims["exp"].as_u64()? {
            return None;
        }
        Some(Self {
            partner_params: claims["partner_params"].as_object()?.clone(),
            callback_url: claims["callback_url"].as_str().map(str::to_owned),
        })
    }

    /// True if the token permits this job: only the one that it was issued for; our choice.
    pub(crate) fn allows(&self, job_id: &str, user_id: &str) -> bool {
        let is = |name: &str, expected: &str| {
            self.partner_params.get(name).and_then(Value::as_str) == Some(expected)
        };
        is("job_id", job_id) && is("user_id", user_id)
    }
}

/// Issues a token with these claims.
pub(crate) fn issue(secret: &Secret, claims: &Value) -> String {
    let content =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(secret.sign_token(&content));
    format!("{content}.{signature}")
}
