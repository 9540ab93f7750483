//! `POST /token`: permits a browser to run one job, without the API key.
//!
//! The token is a JWT with the documented claims, signed with HS256 and a key of the sandbox's own:
//! only the service has to verify it.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;
use smile_core::Timestamp;
use smile_core::catalogue::web_product;

use crate::http::answers::{Refusal, ok};
use crate::http::fields::{Fields, parse_object};
use crate::state::State;
use crate::v1::authorisation::ID_API;
use crate::v1::authorisation::authorise;
use crate::v1::claims::issue;

/// Issues a token. The errors have the codes of the ID endpoints; our choice.
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
