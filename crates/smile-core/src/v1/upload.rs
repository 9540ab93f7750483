//! `PUT` of the zip to the address that prep upload gave (an S3 presigned URL).
//!
//! The address is the credential, so no other goes along: S3 refuses two. It takes no chunked body
//! either, so the body is one buffer and the transport sets `Content-Length`. The zip's arrival
//! starts the work and the bill.
//!
//! Only the store's own words prove that it kept nothing: its `<Error>` document with a code that
//! is known to mean so (Amazon S3, "Error responses"). A proxy, a CDN or a gateway in between may
//! answer anything after the zip has arrived.

use std::fmt;

use bytes::Bytes;
use http::{Method, Request, Response, Uri, header};

use crate::operation::Step;
use crate::operation::{ApiError, Operation, OperationError, RepeatSafety, USER_AGENT};
use crate::partner::environment::WebUrl;
use crate::{Environment, Partner, Timestamp};

/// Address of a zip: `https`, or this machine itself if the service is on it.
///
/// It is a credential, so neither `Debug` nor any error shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadUrl(Uri);

impl UploadUrl {
    /// Reads the address that the service of this environment gave. It is kept byte for byte, and
    /// one that an HTTP client would rewrite is refused.
    ///
    /// # Errors
    /// [`OperationError::UploadUrl`] with the rule that it breaks.
    pub fn new(url: &str, from: &Environment) -> Result<Self, OperationError> {
        let web = WebUrl::parse(url).map_err(OperationError::UploadUrl)?;
        if !web.may_follow(from) {
            return Err(OperationError::UploadUrl("must begin with `https://`"));
        }
        web.check_as_sent().map_err(OperationError::UploadUrl)?;
        Ok(Self(web.uri))
    }
}

impl fmt::Debug for UploadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UploadUrl(redacted)")
    }
}

/// Upload of a job's zip. [`JobFlow`](crate::JobFlow) makes the zip, and does this for a whole job.
#[derive(Clone)]
pub struct UploadRequest {
    url: UploadUrl,
    zip: Bytes,
}

impl UploadRequest {
    /// Upload of this zip to this address.
    pub fn new(url: UploadUrl, zip: Bytes) -> Self {
        Self { url, zip }
    }
}

impl fmt::Debug for UploadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadRequest").field("bytes", &self.zip.len()).finish_non_exhaustive()
    }
}

impl Operation for UploadRequest {
    type Output = ();
    const STEP: Step = Step::Upload;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::MayBillTwice
    }

    fn request(&self, _: &Partner, _: Timestamp) -> Request<Bytes> {
        Request::builder()
            .method(Method::PUT)
            .uri(self.url.0.clone())
            .header(header::CONTENT_TYPE, "application/zip")
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::USER_AGENT, USER_AGENT)
            .body(self.zip.clone())
            .expect("the address was checked when it was read")
    }

    fn parse(&self, _: &Partner, _: Timestamp, response: &Response<Bytes>) -> Result<(), OperationError> {
        if !response.status().is_success() {
            return Err(match refusal_code(response.body()) {
                Some(code) => OperationError::Storage { status: response.status().as_u16(), code },
                None => ApiError::bare(response).into(),
            });
        }
        if !response.body().is_empty() {
            // S3 says nothing more when it has taken something. Somebody in between does, who may
            // have kept the zip.
            return Err(OperationError::unexpected(response, "has a body, which the object store's hasn't"));
        }
        Ok(())
    }
}

/// The codes with which S3 says that it stored nothing. `InternalError` isn't one: it may have been
/// half-way.
const REFUSALS: [&str; 27] = [
    "AccessDenied",
    "AllAccessDisabled",
    "AuthorizationQueryParametersError",
    "BadDigest",
    "EntityTooLarge",
    "EntityTooSmall",
    "ExpiredToken",
    "IncompleteBody",
    "InvalidAccessKeyId",
    "InvalidArgument",
    "InvalidDigest",
    "InvalidRequest",
    "InvalidToken",
    "MethodNotAllowed",
    "MissingContentLength",
    "NoSuchBucket",
    "NotImplemented",
    "PermanentRedirect",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "ServiceUnavailable",
    "SignatureDoesNotMatch",
    "SlowDown",
    "TemporaryRedirect",
    "TokenRefreshRequired",
    "XAmzContentSHA256Mismatch",
];

/// Code of S3's error document, if this is one, whole, and its code means that nothing was stored.
/// The rest names bucket and key, and is dropped.
fn refusal_code(body: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(body).ok()?.trim_start_matches('\u{feff}').trim();
    let document = match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>")?.1.trim_start(),
        None => text,
    };
    let (attributes, rest) = document.strip_prefix("<Error")?.split_once('>')?;
    let has_other_name = !attributes.is_empty() && !attributes.starts_with([' ', '\n', '\r', '\t']);
    let fields = rest.strip_suffix("</Error>")?;
    let (_, after) = fields.split_once("<Code>")?;
    let (code, after) = after.split_once("</Code>")?;
    if has_other_name || attributes.ends_with('/') || after.contains("<Code>") || fields.contains("<Error") {
        return None;
    }
    REFUSALS.into_iter().find(|known| *known == code.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_request() {
        let url =
            "https://b.s3.amazonaws.com/v/001/x/selfie.zip?X-Amz-Credential=A%2FB&X-Amz-Signature=c%2Bd";
        let partner = Partner::new("001", "key", Environment::Production).unwrap();
        let upload = UploadRequest::new(
            UploadUrl::new(url, &Environment::Production).unwrap(),
            Bytes::from_static(b"PK"),
        );
        let request = upload.request(&partner, Timestamp::default());
        assert_eq!(request.method(), "PUT");
        assert_eq!(request.uri().to_string(), url);
        let mut names: Vec<_> = request.headers().keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept-encoding", "content-type", "user-agent"]);
        assert_eq!(request.headers()["content-type"], "application/zip");
        assert_eq!(request.body(), "PK");
        assert_eq!(format!("{upload:?}"), "UploadRequest { bytes: 2, .. }");
    }

    fn refused(status: u16, body: &str) -> OperationError {
        let upload = UploadRequest::new(
            UploadUrl::new("https://b.example/", &Environment::Sandbox).unwrap(),
            Bytes::new(),
        );
        let partner = Partner::new("001", "key", Environment::Sandbox).unwrap();
        let response = Response::builder().status(status).body(Bytes::copy_from_slice(body.as_bytes()));
        upload.parse(&partner, Timestamp::default(), &response.unwrap()).unwrap_err()
    }

    #[test]
    fn a_refusal_of_the_store_proves_that_nothing_was_stored() {
        let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired\
            </Message><Key>videos/001</Key></Error>";
        let error = refused(403, xml);
        assert_eq!(error.to_string(), "the zip's store refused it (HTTP 403, AccessDenied)");
        assert!(error.certainly_not_done() && !error.is_transient());
        assert!(!format!("{error:?}").contains("videos"));
        for (status, code, is_transient) in [
            (503, "SlowDown", true),
            (400, "RequestTimeout", true),
            (400, "EntityTooLarge", false),
            (307, "TemporaryRedirect", false),
        ] {
            let error =
                refused(status, &format!("\u{feff}<Error xmlns=\"x\">\n <Code>{code}</Code>\n</Error>\n"));
            assert!(error.certainly_not_done(), "{code}");
            assert_eq!(error.is_transient(), is_transient, "{code}");
        }
    }

    #[test]
    fn whatever_else_answers_proves_nothing() {
        for body in [
            "",
            "<html>Forbidden</html>",
            "AccessDenied",
            "<Error/>",
            "<Error></Error>",
            "<Error><Code>AccessDenied</Code>",
            "<Error><Code>AccessDenied</Error>",
            "<Error><Code>InternalError</Code></Error>",
            "<Error><Code>accessdenied</Code></Error>",
            "<Error><Code>AccessDenied</Code><Code>InternalError</Code></Error>",
            "<Error><Error><Code>AccessDenied</Code></Error></Error>",
            "<Errors><Code>AccessDenied</Code></Error>",
            "<Error /><Code>AccessDenied</Code></Error>",
            "{\"Code\":\"AccessDenied\"}",
            "x<Error><Code>AccessDenied</Code></Error>",
        ] {
            for status in [301, 307, 400, 403, 404, 408, 409, 412, 413, 429, 500, 503] {
                assert!(!refused(status, body).certainly_not_done(), "{status} {body}");
            }
        }
    }

    #[test]
    fn only_an_empty_answer_is_the_object_stores() {
        let url = UploadUrl::new("https://b.example/", &Environment::Sandbox).unwrap();
        let partner = Partner::new("001", "key", Environment::Sandbox).unwrap();
        let parse = |body: &'static str| {
            UploadRequest::new(url.clone(), Bytes::new()).parse(
                &partner,
                Timestamp::default(),
                &Response::new(Bytes::from_static(body.as_bytes())),
            )
        };
        assert_eq!(parse(""), Ok(()));
        let error = parse("<html>Welcome to our network</html>").unwrap_err();
        assert!(!error.certainly_not_done() && error.is_transient(), "{error}");
    }
}
