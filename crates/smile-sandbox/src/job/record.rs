//! What the sandbox remembers, for tests to look at.
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

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Accepted, and no zip uploaded yet.
    AwaitingZip,
    /// The zip, or the request, is there, and a rule lets the verdict wait.
    Running,
    /// There is a verdict, and a human has yet to review it, or a rule has another to follow.
    UnderReview,
    /// There is a verdict, and no other will follow unless another zip is uploaded.
    Decided,
}

/// A job as the sandbox knows it: an upload, or a check that was asked for in a single request.
#[derive(Clone)]
#[non_exhaustive]
pub struct JobRecord {
    /// The endpoint that it came to last; [`Endpoint::PrepUpload`] for all uploads.
    pub endpoint: Endpoint,
    /// The partner's id of the job. Checks of addresses and phones that bring none get one of the sandbox's.
    pub job_id: String,
    /// The partner's id of the person.
    pub user_id: String,
    /// The job type. Phone verification has none, and says 0 here.
    pub job_type: JobType,
    /// The service's own id of the job, ten digits.
    pub smile_job_id: String,
    /// The id in the upload address; checks have one too, and no use for it.
    pub ref_id: String,
    /// How far it is.
    pub stage: Stage,
    /// How many times its upload was prepared: 1, and one more for each repetition with `retry`.
    pub preps: u32,
    /// How many zips were accepted for it. More than one means that something was sent again.
    pub uploads: u32,
    /// How many times it was run, which is what the real service charges for. Every accepted zip runs the job anew, and
    /// so does every repetition of a check.
    pub processed: u32,
    /// `partner_params`, as the latest prep upload or check sent them.
    pub partner_params: Value,
    /// The whole body of the latest request, if it is a check.
    pub request: Option<Value>,
    /// `info.json` from the latest zip, if that had one.
    pub info: Option<Value>,
    /// The images that it lists, in its order.
    pub images: Vec<ImageRecord>,
    /// Every result so far, oldest first.
    pub results: Vec<Value>,
    /// What happened to it, oldest first.
    pub events: Vec<JobEvent>,
}

impl JobRecord {
    /// `ResultCode` of the newest result; `None` if there is no result, or if a rule writes it in another way.
    pub fn result_code(&self) -> Option<&str> {
        self.results.last()?.get("ResultCode")?.as_str()
    }

    /// A field of the latest request, if it is a check.
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
    /// What it shows and how it travelled: 0 to 7.
    pub image_type_id: u8,
    /// Its name in the zip; usually empty for images in base64.
    pub file_name: String,
    /// Its content; empty if the zip has no such entry, or if the base64 can't be decoded.
    pub bytes: Bytes,
    digest: OnceLock<String>,
}

impl ImageRecord {
    pub(crate) fn new(image_type_id: u8, file_name: String, bytes: Bytes) -> Self {
        Self { image_type_id, file_name, bytes, digest: OnceLock::new() }
    }

    /// SHA-256 of the content, in hex; of an image that is still to be read, what it was.
    pub(crate) fn digest(&self) -> &str {
        self.digest.get_or_init(|| digest(&self.bytes))
    }

    /// Whether it is a whole JPEG or PNG, by its structure. That is all this sandbox looks at.
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
