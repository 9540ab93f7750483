//! The same program, one line changed, verifies a person over v1 and over v3, with every driver.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::sync::Mutex;
use std::time::SystemTime;

use axum::body::Body;
use axum::response::Response;
use serde_json::{Value, json};
use smile_core::v3::{Consent, UserDetails};
use smile_core::{Api, Job, JobOutcome, Partner, Signer, Timestamp};
use smile_tests::{ALL_DRIVERS, CannedServer, Driver, Recorded, biometric_kyc, quick};

const JOB: &str = "job_01h8x9y2z3a4b5c6d7e8f9g0h1";

fn partner(address: &str) -> Partner {
    Partner::new("002", "test_api_key", format!("{address}/v1").parse().unwrap()).unwrap()
}

/// The program: all of it but the API.
fn verify(driver: Driver, partner: Partner) -> JobOutcome {
    let consent = Consent::new(true, Timestamp::from_unix_millis(0), "EN", "https://bank.example/privacy");
    let person = UserDetails::new("Amina Fatou", "Clearwater").with_email("amina.clearwater@example.com");
    let job: Job = biometric_kyc("either").with_consent(consent).with_user_details(person);
    driver.submit(partner, job, quick()).unwrap()
}

/// The service, as either API speaks.
fn answer(signer: &Signer, address: &str, request: &Recorded, params: &Mutex<Value>) -> Response<Body> {
    let header = |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let of_v3 = |status: u16, body: Value| {
        assert_eq!(header("smileid-token").as_deref(), Some("e30.e30.c2ln"));
        assert_eq!(header("smileid-api-key"), None, "the key goes to the token's path alone");
        Response::builder().status(status).body(Body::from(body.to_string())).unwrap()
    };
    let body = match (request.method.as_str(), request.target.path()) {
        ("POST", "/v3/token") => {
            assert_eq!(header("smileid-api-key").as_deref(), Some("test_api_key"));
            assert_eq!(header("smileid-partner-id").as_deref(), Some("2"), "in v3's own form");
            json!({ "token": "e30.e30.c2ln" })
        }
        ("POST", "/v3/biometric_kyc") => {
            let content_type = header("content-type").unwrap();
            assert!(
                content_type.starts_with("multipart/form-data; boundary=") && !content_type.contains('"')
            );
            assert_eq!(header("content-length"), Some(request.body.len().to_string()));
            return of_v3(202, json!({ "status": "accepted", "job_id": JOB, "message": "m" }));
        }
        ("GET", "/v3/status/job_01h8x9y2z3a4b5c6d7e8f9g0h1") => {
            return of_v3(200, json!({ "status": "clear", "job_id": JOB, "message": "Job completed" }));
        }
        ("POST", "/v1/upload") => {
            let sent: Value = serde_json::from_slice(&request.body).unwrap();
            assert_eq!(sent["smile_client_id"], "002", "in v1's own form");
            *params.lock().unwrap() = sent["partner_params"].clone();
            json!({ "upload_url": format!("{address}/selfie.zip"), "smile_job_id": "7", "code": "2202" })
        }
        ("PUT", "/selfie.zip") => return Response::new(Body::empty()),
        ("POST", "/v1/job_status") => {
            let now = Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap());
            let signed = signer.sign(now);
            json!({
                "job_complete": true, "job_success": true, "code": "2302", "timestamp": signed.timestamp(),
                "signature": signed.signature(),
                "result": { "ResultCode": "0810", "PartnerParams": *params.lock().unwrap() },
            })
        }
        other => panic!("nothing is sent to {other:?}"),
    };
    Response::new(Body::from(body.to_string()))
}

#[test]
fn one_line_chooses_the_api() {
    let signer = partner("http://127.0.0.1:1").signer().clone();
    let params = Mutex::default();
    let server = CannedServer::start(move |address, request| answer(&signer, address, request, &params));
    for driver in ALL_DRIVERS {
        for (api, requests) in [(Api::V1, 3), (Api::V3, 4)] {
            let outcome = verify(driver, partner(server.address()).with_api(api));
            let verdict = outcome.verdict().unwrap();
            assert!(verdict.may_be_let_in(), "{driver:?} {api:?}");
            let sent = server.take();
            assert_eq!(sent.len(), requests, "{driver:?} {api:?}: {sent:?}");
        }
    }
}
