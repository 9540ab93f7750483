//! Building of v3 requests: the sender, and the body. The flow or call that holds the token adds
//! it.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, header};

use super::multipart::Multipart;
use crate::operation::send_bare;
use crate::{Partner, Timestamp};

/// `GET` of this path behind `/v3`, which is encoded already.
pub(crate) fn get(partner: &Partner, path: &str) -> Request<Bytes> {
    with_source(send_bare(Method::GET, url(partner, path)), partner)
}

/// `POST` of these parts to this path behind `/v3`; without parts, there is neither a body nor a
/// type of one. The boundary is drawn from the moment.
pub(crate) fn post(partner: &Partner, now: Timestamp, path: &str, parts: Multipart) -> Request<Bytes> {
    let request = with_source(send_bare(Method::POST, url(partner, path)), partner);
    if parts.is_empty() {
        return request;
    }
    let (content_type, body) = parts.finish(now.unix_millis());
    let mut request = request.map(|_| body);
    request.headers_mut().insert(header::CONTENT_TYPE, content_type);
    request
}

fn url(partner: &Partner, path: &str) -> String {
    format!("{}/v3{path}", partner.environment().root_url())
}

fn with_source(mut request: Request<Bytes>, partner: &Partner) -> Request<Bytes> {
    set_header(&mut request, "smileid-source-sdk", partner.source_sdk());
    set_header(&mut request, "smileid-source-sdk-version", partner.source_sdk_version());
    request
}

/// Sets a header. What a header can't carry the service can't know either, and it is left out.
pub(crate) fn set_header(request: &mut Request<Bytes>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        request.headers_mut().insert(HeaderName::from_static(name), value);
    }
}
