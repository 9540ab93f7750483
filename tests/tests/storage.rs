//! The client's reading of refusals by the sandbox's object store: the store's own words prove that
//! nothing was stored, all others don't.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Response, StatusCode};
use smile_core::operation::Operation as _;
use smile_core::v1::{UploadRequest, UploadUrl};
use smile_core::{FlowSettings, JobOutcome, OperationError, Progress, Timestamp};
use smile_sandbox::{Clock, Endpoint, Fault, FaultRule, RecordedRequest, Sandbox, StorageError};
use smile_tests::{ALL_DRIVERS, biometric_kyc, quick};

/// Sends the head and the beginning of a `PUT`, and reads the answer to it.
fn put(sandbox: &Sandbox, target: &str, rest: &str) -> Response<Bytes> {
    let host = sandbox.base_url().trim_start_matches("http://").trim_end_matches("/v1").to_owned();
    let mut stream = TcpStream::connect(&host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "PUT {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{rest}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
    Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap()
}

/// The code with which the store says that it has stored nothing, if the client believes it.
fn proof(sandbox: &Sandbox, response: &Response<Bytes>) -> Option<&'static str> {
    let url = UploadUrl::new("https://store.example/zip", sandbox.environment()).unwrap();
    let upload = UploadRequest::new(url, Bytes::from_static(b"PK"));
    match upload.parse(&sandbox.partner(), Timestamp::from_unix_millis(0), response) {
        Err(OperationError::Storage { code, .. }) => Some(code),
        _ => None,
    }
}

/// The path and query of a new upload address.
fn address(sandbox: &Sandbox) -> String {
    let job = biometric_kyc("storage");
    sandbox.fail_next(Endpoint::Upload, Fault::StorageError(StorageError::new("AccessDenied").unwrap()));
    sandbox.fail_next(Endpoint::Upload, Fault::StorageError(StorageError::new("EntityTooLarge").unwrap()));
    smile_ureq::Client::new(sandbox.partner()).unwrap().with_settings(quick()).submit(job).unwrap_err();
    let requests = sandbox.requests();
    let sent = requests.iter().rfind(|request| request.method == http::Method::PUT).unwrap();
    format!("{}?{}", sent.path, sent.query.as_ref().unwrap())
}

#[test]
fn what_the_store_itself_refuses_is_proof_that_nothing_was_stored() {
    let patience = Duration::from_millis(50);
    let sandbox =
        Sandbox::builder().with_request_timeouts(Duration::from_secs(60), patience).start().unwrap();
    let target = address(&sandbox);
    let whole = "Content-Length: 2\r\n\r\nPK";
    let altered = target.replace("X-Amz-Expires=900", "X-Amz-Expires=901");
    for (target, rest, code) in [
        (&target[..], "Content-Length: 67108865\r\n\r\n", "EntityTooLarge"),
        (&target, "Content-Length: 10\r\n\r\nPK", "RequestTimeout"),
        (&target, "Transfer-Encoding: chunked\r\n\r\n2\r\nPK\r\n0\r\n\r\n", "NotImplemented"),
        (&target, "Authorization: Bearer x\r\nContent-Length: 2\r\n\r\nPK", "InvalidArgument"),
        (&altered, whole, "SignatureDoesNotMatch"),
        ("/videos/001/gone", whole, "AccessDenied"),
    ] {
        let response = put(&sandbox, target, rest);
        assert_eq!(proof(&sandbox, &response), Some(code), "{}", response.status());
        assert_eq!(sandbox.job("job-storage").unwrap().uploads, 0);
    }
}

#[test]
fn what_a_gateway_answers_in_the_stores_place_is_no_proof() {
    let sandbox = Sandbox::start().unwrap();
    let target = address(&sandbox);
    let after_storing = StorageError::new("InternalError").unwrap().after_storing();
    for fault in [
        Fault::Answer(StatusCode::FORBIDDEN),
        Fault::Answer(StatusCode::PAYLOAD_TOO_LARGE),
        Fault::HtmlPage(StatusCode::SERVICE_UNAVAILABLE),
        Fault::StorageError(StorageError::new("Unheard").unwrap()),
        Fault::StorageError(after_storing),
    ] {
        sandbox.fail_next(Endpoint::Upload, fault.clone());
        let response = put(&sandbox, &target, "Content-Length: 2\r\n\r\nPK");
        assert!(!response.status().is_success());
        assert_eq!(proof(&sandbox, &response), None, "{fault:?}");
    }
}

/// The steps that were asked for, in their order.
fn steps(sandbox: &Sandbox) -> Vec<String> {
    let step = |request: &RecordedRequest| match request.path.as_str() {
        _ if request.method == http::Method::PUT => "upload".to_owned(),
        "/v1/upload" => "prep upload".to_owned(),
        "/v1/job_status" => "job status".to_owned(),
        other => other.to_owned(),
    };
    sandbox.requests().iter().map(step).collect()
}

#[test]
fn after_the_stores_own_refusal_the_zip_goes_out_again_without_a_question() {
    // Whoever had to wait for the end of the first upload would wait for the test's whole time.
    let settings = || quick().with_upload_timeout(Duration::from_secs(3_600));
    for driver in ALL_DRIVERS {
        for (code, expected) in [
            ("SlowDown", &["prep upload", "upload", "upload", "job status"][..]),
            ("AccessDenied", &["prep upload", "upload", "prep upload", "upload", "job status"]),
        ] {
            let sandbox = Sandbox::start().unwrap();
            sandbox.fail_next(Endpoint::Upload, Fault::StorageError(StorageError::new(code).unwrap()));
            let outcome = driver.submit(sandbox.partner(), biometric_kyc("refused"), settings()).unwrap();
            assert!(outcome.verdict().unwrap().is_approved(), "{driver:?} {code}");
            assert_eq!(steps(&sandbox), expected, "{driver:?} {code}");
            assert_eq!(sandbox.job("job-refused").unwrap().processed, 1);
        }
    }
}

#[test]
fn after_any_other_answer_the_status_is_asked_for_first_and_nothing_is_done_twice() {
    let stored = StorageError::new("InternalError").unwrap().after_storing();
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        sandbox.fail_next(Endpoint::Upload, Fault::StorageError(stored.clone()));
        let outcome = driver.submit(sandbox.partner(), biometric_kyc("stored"), quick()).unwrap();
        assert!(outcome.verdict().unwrap().is_approved(), "{driver:?}");
        assert_eq!(steps(&sandbox)[..3], ["prep upload", "upload", "job status"], "{driver:?}");
        let job = sandbox.job("job-stored").unwrap();
        assert_eq!((job.uploads, job.processed), (1, 1), "{driver:?}");
    }
}

#[test]
fn an_expired_upload_address_leaves_the_job_open_and_says_so() {
    let settings: FlowSettings = quick().with_upload_timeout(Duration::from_secs(3_600));
    for driver in ALL_DRIVERS {
        // Addresses are dated to the second, and are over at its end: the clock stands still just
        // before that.
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() * 1_000 + 999;
        let clock = Clock::virtual_at(Timestamp::from_unix_millis(now));
        let sandbox =
            Sandbox::builder().with_clock(clock).with_upload_lifetime(Duration::ZERO).start().unwrap();
        let error = driver.submit(sandbox.partner(), biometric_kyc("late"), settings.clone()).unwrap_err();
        assert_eq!(error.progress(), Progress::Opened, "{driver:?}: {error}");
        assert!(error.to_string().contains("AccessDenied"), "{driver:?}: {error}");
        assert_eq!(steps(&sandbox), ["prep upload", "upload", "prep upload", "upload"], "{driver:?}");
        assert_eq!(sandbox.job("job-late").unwrap().uploads, 0);
    }
}

#[test]
fn a_fault_of_the_store_at_every_upload_leaves_nothing_stored() {
    let denied = Fault::StorageError(StorageError::new("AccessDenied").unwrap());
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        sandbox.add_fault(FaultRule::new(denied.clone()).with_endpoint(Endpoint::Upload));
        let outcome: Result<JobOutcome, _> =
            driver.submit(sandbox.partner(), biometric_kyc("denied"), quick());
        assert_eq!(outcome.unwrap_err().progress(), Progress::Opened, "{driver:?}");
        assert_eq!(sandbox.job("job-denied").unwrap().uploads, 0);
    }
}
