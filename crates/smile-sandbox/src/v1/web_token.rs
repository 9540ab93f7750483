//! `POST /token`: lets a browser do one job, without the API key.
//!
//! The token is a JWT with the documented claims, signed with HS256 and a key of the sandbox's own: nobody but the service
//! has to verify it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};
use smile_core::Timestamp;
use smile_core::catalogue::web_product;

use crate::http::answers::{Refusal, ok};
use crate::http::fields::{Fields, parse_object};
use crate::secret::Secret;
use crate::state::State;
use crate::v1::authorisation::ID_API;
use crate::v1::authorisation::authorise;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// That the errors have the codes of the ID endpoints is our choice.
pub(crate) fn web_token(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let body = parse_object(request.body())?;
    authorise(state, now, &body, &ID_API)?;
    let fields = Fields::new(&body, ID_API.missing);
    let (user_id, job_id) = (fields.text("user_id")?, fields.text("job_id")?);
    let callback_url = fields.text("callback_url")?;
    let Some(product) = web_product(fields.text("product")?) else {
        return Err(Refusal::worded(ID_API.missing, "Unsupported product"));
    };
    let issued_at = now.unix_millis() / 1_000;
    let claims = json!({
        "partner_params": {
            "user_id": user_id,
            "job_id": job_id,
            "job_type": product.job_type.number(),
        },
        "callback_url": callback_url,
        "iat": issued_at,
        // The lifetime that real tokens have: a thousandth of the time since 1970, some 19 days.
        "exp": issued_at + issued_at / 1_000,
    });
    Ok(ok(&json!({"token": issue(&state.secret, &claims), "success": true})))
}

/// What a token says.
pub(crate) struct Claims {
    pub(crate) partner_params: Map<String, Value>,
    pub(crate) callback_url: Option<String>,
}

impl Claims {
    /// Reads a token, if it is one of ours and has not expired.
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

    /// Whether it is good for this job: only for the one it was made for; our choice.
    pub(crate) fn allows(&self, job_id: &str, user_id: &str) -> bool {
        let is = |name: &str, expected: &str| {
            self.partner_params.get(name).and_then(Value::as_str) == Some(expected)
        };
        is("job_id", job_id) && is("user_id", user_id)
    }
}

fn issue(secret: &Secret, claims: &Value) -> String {
    let content =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(secret.sign_token(&content));
    format!("{content}.{signature}")
}
