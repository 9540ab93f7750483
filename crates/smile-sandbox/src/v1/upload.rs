//! `PUT` to an upload address: accepts the zip, as strictly as the object store does.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use smile_core::Timestamp;

use crate::http::answers::storage_error;
use crate::http::origin::Origin;
use crate::run::process::process;
use crate::state::State;
use crate::v1::presign::{self, Refusal};

/// Accepts a zip. Each one replaces the one before and runs the job again, since the creation of
/// the object triggers that. An address stays valid until it expires, also after a repeated prep
/// upload returned another.
pub(crate) fn upload(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
    ref_id: &str,
    origin: &Origin,
) -> Response<Bytes> {
    if let Some(refusal) = refused_headers(request.headers()) {
        return refusal;
    }
    let uri = request.uri();
    let checked = match *request.method() {
        Method::PUT => {
            presign::check(&state.secret, origin.host(), uri.path(), uri.query().unwrap_or_default(), now)
        }
        // The method is part of the signed data.
        _ => Err(Refusal::Altered),
    };
    match (checked, state.jobs.position_by_ref(ref_id)) {
        (Ok(()), Some(position)) => {
            process(state, now, position, request.body().clone());
            Response::new(Bytes::new())
        }
        (Err(Refusal::Expired), _) => {
            storage_error(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired")
        }
        (Err(Refusal::Unsigned), _) => storage_error(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied"),
        (Err(Refusal::Altered), _) | (Ok(()), None) => storage_error(
            StatusCode::FORBIDDEN,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and \
             signing method.",
        ),
    }
}

/// The refusal for the headers alone, if any.
fn refused_headers(headers: &HeaderMap) -> Option<Response<Bytes>> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Some(storage_error(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
        ));
    }
    if !headers.contains_key(CONTENT_LENGTH) {
        return Some(storage_error(
            StatusCode::LENGTH_REQUIRED,
            "MissingContentLength",
            "You must provide the Content-Length HTTP header.",
        ));
    }
    if headers.contains_key(AUTHORIZATION) {
        return Some(storage_error(
            StatusCode::BAD_REQUEST,
            "InvalidArgument",
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string \
             parameter or the Authorization header should be specified",
        ));
    }
    let is_unsigned = |name: &str| name.starts_with("x-amz-") && name != "x-amz-content-sha256";
    if headers.keys().any(|name| is_unsigned(name.as_str())) {
        return Some(storage_error(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            "There were headers present in the request which were not signed",
        ));
    }
    None
}
