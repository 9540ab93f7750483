//! A driver with a fake clock, and answers as the service gives them, written out by hand.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // Each test file uses its own part of this.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use smile_core::{
    Call, Confirm, Event, Flow, IdInfo, Image, Job, JobFlow, JobId, Next, Partner, PartnerParams,
    SubmissionId, Timestamp, TransportFailure, UserId,
};

/// A JPEG as far as its structure goes, 480 by 640 pixels: a frame, a scan and the end.
pub const JPEG: &[u8] =
    b"\xFF\xD8\xFF\xC0\0\x0B\x08\x02\x80\x01\xE0\x01\x01\x11\0\xFF\xDA\0\x08\x01\x01\0\0\x3F\0\
    a drawn face\xFF\xD9";
/// A PNG as far as its structure goes, 1600 by 1008 pixels.
pub const PNG: &[u8] =
    b"\x89PNG\r\n\x1A\n\x00\x00\x00\rIHDR\x00\x00\x06@\x00\x00\x03\xF0\x08\x00\x00\x00\x00L\x95\xED\xA9\
    \x00\x00\x00\x0EIDAT a drawn card \x9A\x83\x83k\
    \x00\x00\x00\x00IEND\xAEB`\x82";
/// Another JPEG of this kind, and what it is in base64, with the padding and without.
pub const SMALL_JPEG: &[u8] =
    b"\xFF\xD8\xFF\xC0\0\x0B\x08\x02\x80\x01\xE0\x01\x01\x11\0\xFF\xDA\0\x08\x01\x01\0\0\x3F\0x\xFF\xD9";
pub const SMALL_BASE64: &str = "/9j/wAALCAKAAeABAREA/9oACAEBAAA/AHj/2Q==";
pub const SMALL_UNPADDED: &str = "/9j/wAALCAKAAeABAREA/9oACAEBAAA/AHj/2Q";
pub const START: Timestamp = Timestamp::from_unix_millis(1_705_314_600_000);
pub const UPLOAD_URL: &str = "https://bucket.s3.example/selfie.zip?X-Amz-Signature=abc";

pub type Answer = Result<Response<Bytes>, TransportFailure>;

pub fn partner() -> Partner {
    Partner::new("001", "test_api_key", "https://service.example/v1".parse().unwrap())
        .unwrap()
        .with_source_sdk("rust", "0.1.0")
}

pub fn params() -> PartnerParams {
    PartnerParams::new(UserId::new("user-1"), JobId::new("job-1")).with_param("branch", "Lagos")
}

/// A Biometric KYC job with everything in memory, which waits for its result.
pub fn job() -> Job {
    Job::biometric_kyc(params(), Image::bytes(JPEG), IdInfo::new("NG", "BVN", "00000000000"))
        .with_return_job_status(true)
}

pub fn answer(status: u16, body: impl Into<Bytes>) -> Answer {
    Ok(Response::builder().status(status).body(body.into()).unwrap())
}

pub fn opened() -> Answer {
    let body =
        json!({ "upload_url": UPLOAD_URL, "ref_id": "r", "smile_job_id": "0000000007", "code": "2202" });
    answer(200, body.to_string())
}

pub fn refused(status: u16, code: &str) -> Answer {
    answer(status, json!({ "error": "jane@example.com is not allowed", "code": code }).to_string())
}

pub fn retry_later(status: u16, seconds: u32) -> Answer {
    Ok(Response::builder().status(status).header("Retry-After", seconds).body(Bytes::new()).unwrap())
}

/// A job status answer, signed.
pub fn status(mut body: Value) -> Answer {
    let signed = partner().signer().sign(START);
    body["timestamp"] = json!(signed.timestamp());
    body["signature"] = json!(signed.signature());
    answer(200, body.to_string())
}

pub fn no_zip() -> Answer {
    status(
        json!({ "job_complete": false, "job_success": false, "code": "2314", "result": "No zip file received" }),
    )
}

pub fn pending() -> Answer {
    status(json!({ "job_complete": false, "job_success": false, "code": "2302" }))
}

/// Stands in an answer for the id of the submission that is driven; [`drive`] puts that in its
/// place.
pub const THIS_SUBMISSION: &str = "(this submission)";

/// The approval of this submission.
pub fn approved() -> Answer {
    approval_of(Some(THIS_SUBMISSION))
}

/// The approval of a submission, by what the result names it.
pub fn approval_of(submission: Option<&str>) -> Answer {
    let mut params = json!({ "user_id": "user-1", "job_id": "job-1", "job_type": "1", "branch": "Lagos" });
    if let Some(id) = submission {
        params[SubmissionId::PARTNER_PARAM] = json!(id);
    }
    status(json!({
        "job_complete": true, "job_success": true, "code": "2302",
        "result": {
            "ResultCode": "0810", "ResultText": "Enroll User", "SmileJobID": "0000000007",
            "PartnerParams": params,
            "Actions": { "Register_Selfie": "Approved", "Verify_ID_Number": "Verified" },
        },
    }))
}

/// A flow, with the id of the submission that it makes, if it makes one.
pub trait Driven: Flow {
    fn submission(&self) -> Option<&SubmissionId> {
        None
    }
}

impl Driven for JobFlow {
    fn submission(&self) -> Option<&SubmissionId> {
        self.submission_id()
    }
}

impl Driven for Confirm {}

impl<O: smile_core::operation::Operation> Driven for Call<O> where O::Output: Clone {}

/// The answer, with the id in it that this flow looks for.
pub fn addressed<F: Driven>(answer: Answer, flow: &F) -> Answer {
    answer.map(|response| {
        response.map(|body| match (std::str::from_utf8(&body), flow.submission()) {
            (Ok(text), Some(id)) if text.contains(THIS_SUBMISSION) => {
                Bytes::from(text.replace(THIS_SUBMISSION, id.as_str()))
            }
            _ => body,
        })
    })
}

/// S3's refusal.
pub fn storage_refusal(status: u16, code: &str) -> Answer {
    answer(status, format!("<Error><Code>{code}</Code><Message>m</Message><Key>videos/001</Key></Error>"))
}

pub fn badly_signed() -> Answer {
    answer(
        200,
        json!({ "job_complete": true, "timestamp": "2024", "signature": "AAAA", "result": {} }).to_string(),
    )
}

pub fn timeout() -> Answer {
    Err(TransportFailure::timed_out("no answer"))
}

/// A request, by what matters of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    Prep { retry: bool },
    Put,
    Status,
}

pub fn classify(request: &Request<Bytes>) -> Sent {
    match (request.method().as_str(), request.uri().path()) {
        ("POST", "/v1/upload") => {
            let body: Value = serde_json::from_slice(request.body()).unwrap();
            Sent::Prep { retry: body["retry"] == json!(true) }
        }
        ("POST", "/v1/job_status") => Sent::Status,
        ("PUT", "/selfie.zip") => Sent::Put,
        other => panic!("nothing is sent to {other:?}"),
    }
}

/// Record of the events, with the seconds since the start.
#[derive(Debug)]
pub struct Transcript<T> {
    pub sent: Vec<(u64, Sent)>,
    pub requests: Vec<Request<Bytes>>,
    pub events: Vec<Event>,
    pub outcome: T,
    pub seconds: u64,
}

/// Drives a flow with scripted answers and a clock that jumps to where it must be. Bounded: a
/// livelock fails.
pub fn drive<F: Driven>(flow: &mut F, answers: impl IntoIterator<Item = Answer>) -> Transcript<F::Outcome> {
    let mut answers = answers.into_iter();
    let mut now = START;
    let mut transcript = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..500 {
        let next = flow.next(now);
        transcript.2.extend(std::iter::from_fn(|| flow.take_event()));
        match next {
            Next::Read(path) => flow.file_read(now, read(&path)),
            Next::Send { request, timeout } => {
                assert!(timeout > Duration::ZERO);
                transcript.0.push((now.since(START).as_secs(), classify(&request)));
                transcript.1.push(request);
                let answer = answers.next().unwrap_or_else(|| panic!("no answer left: {:?}", transcript.0));
                let answer = addressed(answer, flow);
                flow.receive(now, answer);
            }
            Next::Wait { until } => {
                assert!(until > now, "a wait goes forward");
                now = until;
            }
            Next::Finished(outcome) => {
                assert_eq!(answers.count(), 0, "all answers are used: {:?}", transcript.0);
                let (sent, requests, events) = transcript;
                return Transcript { sent, requests, events, outcome, seconds: now.since(START).as_secs() };
            }
        }
    }
    panic!("it doesn't end: {:?}", transcript.0);
}

/// Files that exist nowhere.
fn read(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    use std::io::ErrorKind;
    match path.to_str().unwrap() {
        "missing.jpg" => Err(ErrorKind::NotFound.into()),
        "directory" => Err(ErrorKind::IsADirectory.into()),
        "secret.jpg" => Err(ErrorKind::PermissionDenied.into()),
        "empty.jpg" => Ok(vec![]),
        "photo.heic" => Ok(b"\0\0\0\x24ftypheic\0\0\0\0".to_vec()),
        "notes.txt" => Ok(b"hello".to_vec()),
        _ => Ok(JPEG.to_vec()),
    }
}
