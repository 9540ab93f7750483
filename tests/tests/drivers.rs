//! The three drivers do the same, to the byte.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::sync::Mutex;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use serde_json::{Value, json};
use smile_core::{FlowSettings, Partner, PollSchedule, Signer, Timestamp};
use smile_tests::{ALL_DRIVERS, CannedServer, Recorded, biometric_kyc};

const NOON: Timestamp = Timestamp::from_unix_millis(1_705_314_600_000);

fn partner(address: &str) -> Partner {
    Partner::new("001", "test_api_key", format!("{address}/v1").parse().unwrap()).unwrap()
}

/// Answers as the service does, which brings back with the result what came in the
/// `partner_params`.
fn answer(signer: &Signer, address: &str, request: &Recorded, params: &Mutex<Value>) -> Response<Body> {
    let body = match (request.method.as_str(), request.target.path()) {
        ("POST", "/v1/upload") => {
            let sent: Value = serde_json::from_slice(&request.body).unwrap();
            *params.lock().unwrap() = sent["partner_params"].clone();
            json!({
                "upload_url":
                    format!("{address}/videos/selfie.zip?X-Amz-Credential=a%2Fb&X-Amz-Signature=c%2Bd~e"),
                "smile_job_id": "0000000007", "code": "2202",
            })
        }
        ("PUT", "/videos/selfie.zip") => return Response::new(Body::empty()),
        ("POST", "/v1/job_status") => {
            let signed = signer.sign(NOON);
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
fn the_three_drivers_send_the_same_bytes_for_the_same_job_seed_and_clock() {
    let signer = partner("http://127.0.0.1:1").signer().clone();
    let params = Mutex::default();
    let server = CannedServer::start(move |address, request| answer(&signer, address, request, &params));
    let settings = FlowSettings::default().with_poll_schedule(PollSchedule::every(Duration::ZERO, 1));

    let runs = ALL_DRIVERS.map(|driver| {
        let job = biometric_kyc("same");
        let outcome = driver.submit_at(partner(server.address()), job, settings.clone(), Some(NOON), |_| {});
        assert!(outcome.unwrap().verdict().unwrap().is_approved(), "{driver:?}");
        server.take()
    });
    let what_matters = |requests: &[Recorded]| {
        let headers = ["content-type", "content-length", "accept", "accept-encoding", "user-agent", "host"];
        let of = |request: &Recorded| {
            let headers = headers.map(|name| request.headers.get(name).cloned());
            (request.method.clone(), request.target.clone(), headers, request.body.clone())
        };
        requests.iter().map(of).collect::<Vec<_>>()
    };
    let by_hand = what_matters(&runs[2]);
    assert_eq!(by_hand.len(), 3);
    for (run, driver) in runs.iter().zip(ALL_DRIVERS) {
        let sent = what_matters(run);
        for (one, other) in sent.iter().zip(&by_hand) {
            // The adapters' libraries add an `accept` where core has none.
            assert_eq!((&one.0, &one.1, &one.3), (&other.0, &other.1, &other.3), "{driver:?}");
            assert_eq!(
                (&one.2[0], &one.2[1], &one.2[3..]),
                (&other.2[0], &other.2[1], &other.2[3..]),
                "{driver:?}"
            );
        }
        assert_eq!(sent.len(), 3);
        assert!(run.iter().all(|request| !request.headers.contains_key("transfer-encoding")), "{driver:?}");
        assert!(run.iter().all(|request| !request.headers.contains_key("authorization")), "{driver:?}");
    }
}
