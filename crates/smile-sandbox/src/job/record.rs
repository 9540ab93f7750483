//! What the sandbox remembers, for tests to look at.
//!
//! All of it may be personal data, so `Debug` shows kinds and counts only.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use serde_json::Value;
use smile_core::{JobType, Timestamp};

use crate::fault::kinds::{Endpoint, Fault};
use crate::http::routing::{Route, route};
use crate::job::events::JobEvent;
use crate::state::keep::Entry;

/// How much of an answer is kept, in bytes.
const KEPT_OF_ANSWER: usize = 64 * 1024;

/// A request as the sandbox received it, and what it answered.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// Which request, in the order in which they were handled, from 0.
    pub number: u64,
    /// When it was handled.
    pub at: Timestamp,
    /// The method.
    pub method: Method,
    /// The path, as it was sent, without the query.
    pub path: String,
    /// The query, as it was sent, without the question mark. That of an upload address allows uploading.
    pub query: Option<String>,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body, unpacked if it came compressed; what there was of it, if the connection was reset within.
    pub body: Bytes,
    /// The status of the answer, whether or not it arrived.
    pub status: StatusCode,
    /// The headers of the service's answer, without those that the connection adds, and before a fault changed them.
    pub answer_headers: HeaderMap,
    /// The body of the service's answer; of a longer one the first 64 KiB.
    pub answer: Bytes,
    /// The length of that body in bytes.
    pub answer_len: usize,
    /// What was made to go wrong with it; a latency only if there was nothing else.
    pub fault: Option<Fault>,
}

impl RecordedRequest {
    pub(crate) fn new(
        number: u64,
        at: Timestamp,
        request: Request<Bytes>,
        response: &Response<Bytes>,
    ) -> Self {
        let (head, body) = request.into_parts();
        let answer = response.body();
        Self {
            number,
            at,
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers: copied(&head.headers),
            body,
            status: response.status(),
            answer_headers: response.headers().clone(),
            // A slice would keep all of it in memory.
            answer: match answer.get(..KEPT_OF_ANSWER) {
                Some(beginning) => Bytes::copy_from_slice(beginning),
                None => answer.clone(),
            },
            answer_len: answer.len(),
            fault: None,
        }
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Headers that stand by themselves. As they come, each is a view of the buffer that its connection was read into, and
/// would keep all of that alive.
fn copied(headers: &HeaderMap) -> HeaderMap {
    let copy = |value: &HeaderValue| HeaderValue::from_bytes(value.as_bytes()).ok();
    headers.iter().filter_map(|(name, value)| Some((name.clone(), copy(value)?))).collect()
}

impl Entry for RecordedRequest {
    fn size(&self) -> usize {
        let headers = self
            .headers
            .iter()
            .chain(&self.answer_headers)
            .map(|(name, value)| name.as_str().len() + value.len());
        self.body.len()
            + self.path.len()
            + self.query.as_ref().map_or(0, String::len)
            + self.answer.len()
            + headers.sum::<usize>()
    }

    fn hollow(&mut self) {
        self.body = Bytes::new();
        self.headers = HeaderMap::new();
        self.answer = Bytes::new();
        self.answer_headers = HeaderMap::new();
        self.path = String::new();
        self.query = None;
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = match route(&self.path) {
            Route::Api(endpoint) => endpoint.name(),
            Route::SmileLink { .. } => Endpoint::SmileLinks.name(),
            Route::Upload { .. } => Endpoint::Upload.name(),
            Route::Image { .. } => "image link",
            Route::Unknown => "unknown",
        };
        f.debug_struct("RecordedRequest")
            .field("at", &self.at)
            .field("method", &self.method)
            .field("endpoint", &endpoint)
            .field("headers", &self.headers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>())
            .field("body_len", &self.body.len())
            .field("status", &self.status)
            .field("answer_len", &self.answer_len)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

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
    /// SHA-256 of the content, in hex.
    #[cfg(feature = "state")]
    pub(crate) digest: String,
}

impl ImageRecord {
    pub(crate) fn new(image_type_id: u8, file_name: String, bytes: Bytes) -> Self {
        #[cfg(feature = "state")]
        let digest = crate::storage::snapshot::digest(&bytes);
        Self {
            image_type_id,
            file_name,
            bytes,
            #[cfg(feature = "state")]
            digest,
        }
    }

    /// Whether it looks like a JPEG or a PNG. That is all this sandbox looks at.
    pub fn is_usable(&self) -> bool {
        self.content_type().is_some()
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
