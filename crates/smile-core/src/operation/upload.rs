//! `PUT` of the zip to the address that prep upload gave (an S3 presigned URL).
//!
//! The address is the credential, so no other goes along: S3 refuses two. It takes no chunked body either, so the
//! body is one buffer and the transport sets `Content-Length`. The zip's arrival starts the work and the bill.

use std::fmt;

use bytes::Bytes;
use http::{Method, Request, Response, Uri, header};

use super::{ApiError, Operation, OperationError, Repeat, USER_AGENT};
use crate::environment::WebUrl;
use crate::flow::Step;
use crate::{Environment, Partner, Timestamp};

/// Where a zip goes: `https`, or this machine itself if the service is on it.
///
/// It is a credential, so neither `Debug` nor any error shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadUrl(Uri);

impl UploadUrl {
    /// Reads the address that the service of this environment gave. It is kept byte for byte, and one that an HTTP client would
    /// rewrite is refused.
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

/// Uploads a job's zip. [`JobFlow`](crate::JobFlow) makes the zip, and does this for a whole job.
#[derive(Clone)]
pub struct Upload {
    url: UploadUrl,
    zip: Bytes,
}

impl Upload {
    /// This zip to this address.
    pub fn new(url: UploadUrl, zip: Bytes) -> Self {
        Self { url, zip }
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("bytes", &self.zip.len()).finish_non_exhaustive()
    }
}

impl Operation for Upload {
    type Output = ();
    const STEP: Step = Step::Upload;

    fn repeat(&self) -> Repeat {
        Repeat::MayBillTwice
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
            // S3 refuses in XML, and what it says names the bucket and key: only the status is kept.
            return Err(ApiError::bare(response).into());
        }
        if !response.body().is_empty() {
            // S3 says nothing more when it has taken something. Somebody in between does, who may have kept the zip.
            return Err(OperationError::unexpected(response, "has a body, which the object store's hasn't"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_request() {
        let url =
            "https://b.s3.amazonaws.com/v/001/x/selfie.zip?X-Amz-Credential=A%2FB&X-Amz-Signature=c%2Bd";
        let partner = Partner::new("001", "key", Environment::Production).unwrap();
        let upload =
            Upload::new(UploadUrl::new(url, &Environment::Production).unwrap(), Bytes::from_static(b"PK"));
        let request = upload.request(&partner, Timestamp::default());
        assert_eq!(request.method(), "PUT");
        assert_eq!(request.uri().to_string(), url);
        let mut names: Vec<_> = request.headers().keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept-encoding", "content-type", "user-agent"]);
        assert_eq!(request.headers()["content-type"], "application/zip");
        assert_eq!(request.body(), "PK");
        assert_eq!(format!("{upload:?}"), "Upload { bytes: 2, .. }");
    }

    #[test]
    fn a_refusal_in_xml_is_a_refusal() {
        let upload =
            Upload::new(UploadUrl::new("https://b.example/", &Environment::Sandbox).unwrap(), Bytes::new());
        let partner = Partner::new("001", "key", Environment::Sandbox).unwrap();
        let answer = |status| {
            let xml = Bytes::from_static(b"<Error><Code>AccessDenied</Code><Key>videos/001</Key></Error>");
            upload.parse(
                &partner,
                Timestamp::default(),
                &Response::builder().status(status).body(xml).unwrap(),
            )
        };
        let error = answer(403).unwrap_err();
        assert_eq!(error.to_string(), "the service answered HTTP 403");
        assert!(error.certainly_not_done() && !error.is_transient());
        assert!(answer(307).is_err());
    }

    #[test]
    fn only_an_empty_answer_is_the_object_stores() {
        let url = UploadUrl::new("https://b.example/", &Environment::Sandbox).unwrap();
        let partner = Partner::new("001", "key", Environment::Sandbox).unwrap();
        let parse = |body: &'static str| {
            Upload::new(url.clone(), Bytes::new()).parse(
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
