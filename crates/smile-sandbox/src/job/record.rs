//! Records of jobs, for tests to inspect.
//!
//! All of it may be personal data, so `Debug` shows kinds and counts only.

use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::Value;
use smile_core::JobType;

use crate::http::endpoint::Endpoint;
use crate::job::digest::digest;
use crate::job::events::JobEvent;
use crate::job::picture::is_whole;

/// The stage of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Accepted, and no zip uploaded yet.
    AwaitingZip,
    /// The zip or the request is there, and a rule delays the verdict.
    Running,
    /// There is a verdict, and a human review or another result of a rule is still to come.
    UnderReview,
    /// There is a final verdict, unless another zip is uploaded.
    Decided,
}

/// A job as the sandbox knows it: an upload, or a check.
#[derive(Clone)]
#[non_exhaustive]
pub struct JobRecord {
    /// The endpoint of the latest request; [`Endpoint::PrepUpload`] for all uploads.
    pub endpoint: Endpoint,
    /// The partner's id of the job. Checks of addresses and phones without one get an id of the
    /// sandbox's.
    pub job_id: String,
    /// The partner's id of the person.
    pub user_id: String,
    /// The job type. Phone verification has none, shown as 0 here.
    pub job_type: JobType,
    /// The service's own id of the job, ten digits.
    pub smile_job_id: String,
    /// The id in the upload address; checks have one too, without a use.
    pub ref_id: String,
    /// The stage of the job.
    pub stage: Stage,
    /// The number of times the upload was prepared: 1, and one more for each repetition with
    /// `retry`.
    pub preps: u32,
    /// The number of accepted zips. More than one means that something was sent again.
    pub uploads: u32,
    /// The number of times the job was run, which is what the real service charges for. Every
    /// accepted zip runs the job again, and so does every repetition of a check.
    pub processed: u32,
    /// `partner_params`, as the latest prep upload or check sent them.
    pub partner_params: Value,
    /// The whole body of the latest request of a check; `None` for an upload.
    pub request: Option<Value>,
    /// `info.json` from the latest zip, if any.
    pub info: Option<Value>,
    /// The images listed in `info.json`, in its order.
    pub images: Vec<ImageRecord>,
    /// Every result so far, oldest first.
    pub results: Vec<Value>,
    /// The events, oldest first.
    pub events: Vec<JobEvent>,
}

impl JobRecord {
    /// `ResultCode` of the newest result; `None` if there is no result, or if a rule spells the
    /// field differently.
    pub fn result_code(&self) -> Option<&str> {
        self.results.last()?.get("ResultCode")?.as_str()
    }

    /// A field of the latest request of a check.
    pub fn received(&self, field: &str) -> Option<&Value> {
        self.request.as_ref()?.get(field)
    }
}

impl fmt::Debug for JobRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobRecord")
            .field("endpoint", &self.endpoint)
            .field("smile_job_id", &self.smile_job_id)
            .field("job_type", &self.job_type)
            .field("stage", &self.stage)
            .field("preps", &self.preps)
            .field("uploads", &self.uploads)
            .field("processed", &self.processed)
            .field("images", &self.images)
            .field("result_code", &self.result_code())
            .finish_non_exhaustive()
    }
}

/// An image of a job, as listed in `info.json`.
#[derive(Clone)]
#[non_exhaustive]
pub struct ImageRecord {
    /// The image type: the picture's subject and its encoding, 0 to 7.
    pub image_type_id: u8,
    /// The name in the zip; usually empty for images in base64.
    pub file_name: String,
    /// The content; empty if the zip has no such entry, or if the base64 can't be decoded.
    pub bytes: Bytes,
    digest: OnceLock<String>,
}

impl ImageRecord {
    pub(crate) fn new(image_type_id: u8, file_name: String, bytes: Bytes) -> Self {
        Self { image_type_id, file_name, bytes, digest: OnceLock::new() }
    }

    /// SHA-256 of the content, in hex; the stored digest if the content is still to be read.
    pub(crate) fn digest(&self) -> &str {
        self.digest.get_or_init(|| digest(&self.bytes))
    }

    /// True for a whole JPEG or PNG, by its structure. The sandbox checks nothing else about an
    /// image.
    pub fn is_usable(&self) -> bool {
        is_whole(&self.bytes)
    }

    pub(crate) fn content_type(&self) -> Option<&'static str> {
        if self.bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            Some("image/jpeg")
        } else if self.bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some("image/png")
        } else {
            None
        }
    }
}

impl fmt::Debug for ImageRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImageRecord")
            .field("image_type_id", &self.image_type_id)
            .field("bytes_len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// The images of a job, without their content.
pub(crate) mod listed {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::ImageRecord;

    #[derive(Serialize, Deserialize)]
    struct Listed {
        image_type_id: u8,
        file_name: String,
        digest: String,
    }

    pub(crate) fn serialize<S: Serializer>(images: &[ImageRecord], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(images.iter().map(|image| Listed {
            image_type_id: image.image_type_id,
            file_name: image.file_name.clone(),
            digest: image.digest().to_owned(),
        }))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<ImageRecord>, D::Error> {
        let listed = Vec::<Listed>::deserialize(deserializer)?;
        let record = |Listed { image_type_id, file_name, digest }| ImageRecord {
            image_type_id,
            file_name,
            bytes: Bytes::new(),
            digest: digest.into(),
        };
        Ok(listed.into_iter().map(record).collect())
    }
}
