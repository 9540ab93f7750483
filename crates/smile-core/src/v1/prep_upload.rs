//! `POST /upload`: opens a job and gets the address for its zip (Smile ID: "Prep upload").
//!
//! Opens at most one job: a `job_id` that the service knows is refused with code 2215, unless the
//! request says `retry: true`. Nothing is billed before the zip arrives.

use std::fmt;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::operation::Step;
use crate::operation::{Operation, OperationError, RepeatSafety, send_json, successful_object};
use crate::v1::upload::UploadUrl;
use crate::wire::tolerant;
use crate::{Job, JobType, Partner, PartnerParams, Timestamp, ValidationReport};

/// Name of the zip in all SDKs.
pub(crate) const FILE_NAME: &str = "selfie.zip";

/// Request to open a job. [`JobFlow`](crate::JobFlow) does this, and what follows, for a whole job.
#[derive(Clone, Copy, Debug)]
pub struct PrepUploadRequest<'a> {
    job: &'a Job,
    retry: bool,
}

impl<'a> PrepUploadRequest<'a> {
    /// Request to open this job.
    pub fn new(job: &'a Job) -> Self {
        Self { job, retry: job.options.retry }
    }

    /// Opens the job although an earlier attempt may have.
    #[must_use]
    pub fn with_retry(mut self, retry: bool) -> Self {
        self.retry = retry || self.job.options.retry;
        self
    }
}

/// Job that the service has opened.
#[derive(Clone)]
#[non_exhaustive]
pub struct PreparedUpload {
    /// Address for the zip. It is a credential.
    pub upload_url: UploadUrl,
    /// Smile ID's own id of the job: ten digits.
    pub smile_job_id: Option<String>,
    /// Smile ID's reference of this upload.
    pub ref_id: Option<String>,
    /// The API's code: `2202`.
    pub code: Option<String>,
    raw: Box<RawValue>,
}

impl PreparedUpload {
    /// Text of the answer, to the letter; it goes into `info.json` as `server_information`.
    pub(crate) fn raw(&self) -> &RawValue {
        &self.raw
    }
}

impl fmt::Debug for PreparedUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedUpload").field("bytes", &self.raw.get().len()).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Body<'a> {
    source_sdk: &'a str,
    source_sdk_version: &'a str,
    file_name: &'a str,
    // The partner id; this endpoint alone calls it so.
    smile_client_id: &'a str,
    signature: &'a str,
    timestamp: &'a str,
    partner_params: WirePartnerParams<'a>,
    model_parameters: Map<String, Value>,
    callback_url: &'a str,
    use_enrolled_image: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    allow_new_enroll: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    retry: bool,
}

/// `partner_params` as they travel: the ids, the job type as a number, and the partner's own keys.
#[derive(Serialize)]
pub(crate) struct WirePartnerParams<'a> {
    user_id: &'a str,
    job_id: &'a str,
    job_type: JobType,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

impl<'a> WirePartnerParams<'a> {
    pub(crate) fn new(job: &'a Job) -> Self {
        Self::of(&job.partner_params, job.job_type)
    }

    pub(crate) fn of(params: &'a PartnerParams, job_type: JobType) -> Self {
        Self {
            user_id: params.user_id.as_str(),
            job_id: params.job_id.as_str(),
            job_type,
            extra: &params.extra,
        }
    }
}

impl Operation for PrepUploadRequest<'_> {
    type Output = PreparedUpload;
    const STEP: Step = Step::PrepUpload;

    fn repeat(&self) -> RepeatSafety {
        RepeatSafety::WithRetryFlag
    }

    fn check(&self, partner: &Partner) -> ValidationReport {
        self.job.check(partner)
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        let signed = partner.signer().sign(now);
        let body = Body {
            source_sdk: partner.source_sdk(),
            source_sdk_version: partner.source_sdk_version(),
            file_name: FILE_NAME,
            smile_client_id: partner.id().as_str(),
            signature: signed.signature(),
            timestamp: signed.timestamp(),
            partner_params: WirePartnerParams::new(self.job),
            model_parameters: Map::new(),
            callback_url: self.job.callback_for(partner).map_or("", |url| url.as_str()),
            use_enrolled_image: self.job.options.use_enrolled_image,
            allow_new_enroll: self.job.options.allow_new_enroll,
            retry: self.retry,
        };
        send_json(Method::POST, format!("{}/upload", partner.environment().base_url()), &body)
    }

    fn parse(
        &self,
        partner: &Partner,
        _: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<PreparedUpload, OperationError> {
        let object = successful_object(response)?;
        let Some(url) = tolerant::text(&object, "upload_url") else {
            return Err(OperationError::unexpected(response, "has no `upload_url`"));
        };
        // To the letter, unless it had to be repaired.
        let raw = serde_json::from_slice(response.body()).or_else(|_| to_raw_value(&object));
        let raw = raw.map_err(|_| OperationError::unexpected(response, "is not JSON"))?;
        Ok(PreparedUpload {
            upload_url: UploadUrl::new(&url, partner.environment())?,
            // It is shown, to find the job again by, so it must look like an id.
            smile_job_id: tolerant::text(&object, "smile_job_id").filter(|id| tolerant::looks_like_an_id(id)),
            ref_id: tolerant::text(&object, "ref_id"),
            code: tolerant::text(&object, "code"),
            raw,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Environment, Image, JobId, PartnerParams, UserId};

    fn partner() -> Partner {
        Partner::new("001", "test_api_key", Environment::Sandbox)
            .unwrap()
            .with_callback_url("https://bank.example/callback")
            .with_source_sdk("rust", "0.1.0")
    }

    fn job() -> Job {
        let params =
            PartnerParams::new(UserId::new("user-1"), JobId::new("job-1")).with_param("branch", "Lagos");
        Job::smartselfie_registration(params, Image::path("selfie.jpg"))
    }

    fn body(operation: PrepUploadRequest<'_>) -> String {
        let request = operation.request(&partner(), Timestamp::from_unix_millis(1_705_314_600_000));
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "https://testapi.smileidentity.com/v1/upload");
        assert_eq!(request.headers()["content-type"], "application/json");
        String::from_utf8(request.into_body().to_vec()).unwrap()
    }

    #[test]
    fn golden_request() {
        assert_eq!(
            body(PrepUploadRequest::new(&job())),
            concat!(
                r#"{"source_sdk":"rust","source_sdk_version":"0.1.0","file_name":"selfie.zip","smile_client_id":"001","#,
                r#""signature":"74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc=","timestamp":"2024-01-15T10:30:00.000Z","#,
                r#""partner_params":{"user_id":"user-1","job_id":"job-1","job_type":4,"branch":"Lagos"},"#,
                r#""model_parameters":{},"callback_url":"https://bank.example/callback","use_enrolled_image":false}"#
            )
        );
    }

    #[test]
    fn options_go_out_when_they_are_set() {
        let job = job().with_allow_new_enroll(true).with_use_enrolled_image(true);
        let body = body(PrepUploadRequest::new(&job).with_retry(true));
        assert!(
            body.ends_with(r#""use_enrolled_image":true,"allow_new_enroll":true,"retry":true}"#),
            "{body}"
        );
    }

    fn parse(body: &str) -> Result<PreparedUpload, OperationError> {
        let job = job();
        PrepUploadRequest::new(&job).parse(
            &partner(),
            Timestamp::default(),
            &Response::new(Bytes::copy_from_slice(body.as_bytes())),
        )
    }

    #[test]
    fn an_answer_is_read_whatever_its_spelling() {
        let url = "https://bucket.s3.amazonaws.com/selfie.zip?X-Amz-Signature=a%2Fb+c";
        for (code, camera) in [(r#""2202""#, "null"), ("2202", r#""null""#)] {
            let body = format!(
                r#"{{"upload_url":"{url}","ref_id":"r","smile_job_id":"0000058873","camera_config":{camera},"code":{code}}}"#
            );
            let prepared = parse(&body).unwrap();
            assert_eq!(prepared.code.as_deref(), Some("2202"));
            assert_eq!(prepared.smile_job_id.as_deref(), Some("0000058873"));
            assert_eq!(prepared.raw().get(), body);
            assert!(!format!("{prepared:?}").contains("Signature"));
        }
        // What hosted web and the phones rely on.
        assert!(parse(&format!(r#"{{"upload_url":"{url}"}}"#)).is_ok());
    }

    #[test]
    fn an_upload_address_that_is_not_https_is_refused() {
        for url in
            ["http://bucket.example/", "file:///etc/passwd", "ftp://a/", "", "selfie.zip", "https://a@b/"]
        {
            let error = parse(&format!(r#"{{"upload_url":"{url}"}}"#)).unwrap_err();
            assert!(matches!(error, OperationError::UploadUrl(_)), "{url}: {error}");
        }
    }

    #[test]
    fn an_answer_without_an_address_is_an_error() {
        assert!(matches!(parse("{}"), Err(OperationError::UnexpectedResponse { .. })));
        assert!(matches!(parse("<html>"), Err(OperationError::UnexpectedResponse { .. })));
        let refused = parse(r#"{"error":"Job already exists","code":"2215"}"#).unwrap_err();
        assert!(refused.is_job_already_exists());
    }
}
