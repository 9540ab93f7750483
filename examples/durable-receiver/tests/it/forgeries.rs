//! Attacks by somebody who has seen a callback, and faults of the service on bad days.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use smile_sandbox::Review;
use smile_ureq::core::{Decision, JobState, SubmissionId, Timestamp, Trust};

use crate::world::{PATIENCE, World};

/// Posts it, and returns the status.
fn post(url: &str, body: &str) -> u16 {
    post_with(url, "", body)
}

/// Posts a body with these header lines.
fn post_with(url: &str, headers: &str, body: &str) -> u16 {
    let (address, path) = url.trim_start_matches("http://").split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST /{path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// An approval that the service never gave, under a signature of this age, forged with the
/// knowledge of a callback of this job.
fn forged(world: &World, job_id: &str, age: Duration) -> Value {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let signed = world.sandbox.partner().signer().sign(Timestamp::from_unix(now - age));
    let report = world.store().job(job_id).unwrap();
    let submission = report.and_then(|report| report.history.submission_id().cloned());
    json!({
        "SmileJobID": world.sandbox.job(job_id).map(|job| job.smile_job_id),
        "ResultCode": "1210", "ResultText": "Enroll User", "IsFinalResult": "true",
        "Actions": { "Register_Selfie": "Approved", "Verify_ID_Number": "Verified", "Human_Review_Compare": "Passed" },
        "PartnerParams": {
            "user_id": format!("user-of-{job_id}"), "job_id": job_id, "job_type": 1,
            SubmissionId::PARTNER_PARAM: submission.as_ref().map(SubmissionId::as_str),
        },
        "timestamp": signed.timestamp(), "signature": signed.signature(),
    })
}

#[test]
fn a_forged_approval_opens_no_account_and_the_real_verdict_comes_through() {
    let world = World::new();
    let receiver = world.start(None);
    world.submit("job", "2");
    // An older signature than the real callback's: one of the same millisecond would be the same.
    assert_eq!(post(receiver.url(), &forged(&world, "job", Duration::from_secs(5)).to_string()), 200);
    // The service isn't as far as the forgery says: that may be true in a moment, so it is asked
    // again later.
    let is_claimed = |world: &World| {
        let history = world.report("job").history;
        history.state() == JobState::Final && history.results().len() == 2
    };
    world.wait_until(&receiver, "the forgery is applied", is_claimed);
    assert!(!world.report("job").history.may_be_let_in(Trust::Confirmed));

    world.sandbox.review("job", Review::SpoofDetected).unwrap();
    world.wait_until(&receiver, "the verdict is confirmed", |world| {
        let report = world.report("job");
        let result = report.history.result().map(|result| (result.decision, result.trust));
        result == Some((Decision::Rejected, Trust::Confirmed)) && world.store().unfinished().unwrap() == 0
    });
    let ledger = world.ledger();
    assert_eq!(ledger.len(), 1);
    assert_eq!(ledger[0].action, "decline");
    assert!(world.report("job").look.is_some(), "somebody should know");
}

#[test]
fn another_submissions_approval_under_the_same_job_id_opens_no_account() {
    let world = World::new();
    let receiver = world.start(None);
    world.submit("job", "2");
    let provisional = |world: &World| world.report("job").history.state() == JobState::Provisional;
    world.wait_until(&receiver, "the provisional result is applied", provisional);
    for (age, named) in [(5, None), (6, Some("f".repeat(32)))] {
        let mut forged = forged(&world, "job", Duration::from_secs(age));
        forged["PartnerParams"][SubmissionId::PARTNER_PARAM] = json!(named);
        assert_eq!(post(receiver.url(), &forged.to_string()), 200);
    }
    let is_asked =
        |world: &World| world.report("job").look.is_some() && world.store().unfinished().unwrap() == 1;
    world.wait_until(&receiver, "both are through, and the service is asked about the job", is_asked);
    assert_eq!(world.report("job").history.results().len(), 1, "neither is a result of this submission");

    world.sandbox.review("job", Review::Approve).unwrap();
    world.wait_until(&receiver, "the account is opened", |world| {
        world.store().unfinished().unwrap() == 0 && !world.ledger().is_empty()
    });
}

#[test]
fn another_body_under_a_seen_signature_is_refused_and_the_service_is_asked() {
    let world = World::new();
    let receiver = world.start(None);
    world.submit("job", "2");
    let provisional = |world: &World| world.report("job").history.state() == JobState::Provisional;
    world.wait_until(&receiver, "the provisional result is applied", provisional);

    let seen = world.sandbox.wait_for_callback_attempts(1, PATIENCE)[0].entry();
    let mut forged = forged(&world, "job", Duration::ZERO);
    forged["timestamp"] = seen["timestamp"].clone();
    forged["signature"] = seen["signature"].clone();
    assert_eq!(post(receiver.url(), &forged.to_string()), 409);
    assert_eq!(post(receiver.url(), &seen.to_string()), 200, "a redelivery");

    world.sandbox.review("job", Review::Approve).unwrap();
    world.wait_until(&receiver, "the account is opened", |world| {
        world.store().unfinished().unwrap() == 0 && !world.ledger().is_empty()
    });
    assert_eq!(world.report("job").history.results().len(), 2, "the forgery is none of them");
}

#[test]
fn a_callback_that_comes_too_late_has_the_service_asked() {
    let world = World::new();
    let receiver = world.start(None);
    world.hears_nothing();
    world.submit("job", "0");
    assert_eq!(post(receiver.url(), &forged(&world, "job", Duration::from_secs(3600)).to_string()), 401);
    world.wait_until(&receiver, "the account is opened", |world| {
        world.store().unfinished().unwrap() == 0 && !world.ledger().is_empty()
    });
    let result = world.report("job").history.result().cloned().unwrap();
    assert_eq!((result.code.as_deref(), result.trust), (Some("0810"), Trust::Confirmed));
}

#[test]
fn a_signature_in_the_headers_is_none_for_a_body_that_is_read_again_without_them() {
    let world = World::new();
    let receiver = world.start(None);
    world.submit("job", "2");
    let mut body = forged(&world, "job", Duration::from_secs(5));
    let field = |name: &str| body[name].as_str().unwrap().to_owned();
    let headers = format!(
        "Response-Timestamp: {}\r\nResponse-Signature: {}\r\n",
        field("timestamp"),
        field("signature")
    );
    assert_eq!(post_with(receiver.url(), &headers, &body.to_string()), 200, "in both");
    for name in ["timestamp", "signature"] {
        body.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(post_with(receiver.url(), &headers, &body.to_string()), 401, "in the headers alone");
}

#[test]
fn what_is_no_callback_of_a_known_job_leaves_no_trace() {
    let world = World::new();
    let receiver = world.start(None);
    assert_eq!(post(receiver.url(), &forged(&world, "job", Duration::ZERO).to_string()), 404);
    let mut large = forged(&world, "job", Duration::ZERO);
    large["Photo"] = "/9j/".repeat(450_000).into();
    assert_eq!(post(receiver.url(), &large.to_string()), 404, "read to its end");
    assert_eq!(post(receiver.url(), "{}"), 401);
    assert_eq!(post(receiver.url(), "{"), 400);
    assert_eq!(post(receiver.url(), &" ".repeat(2_000_001)), 413);
    assert_eq!(post(&receiver.url().replace("callback", "other"), "{}"), 404);
    assert_eq!(world.store().unfinished().unwrap(), 0);
    assert!(world.store().job("job").unwrap().is_none());
}

#[test]
fn a_length_that_is_only_declared_costs_nothing() {
    let world = World::new();
    let mut receiver = world.start(None);
    let address = receiver.url().trim_start_matches("http://").trim_end_matches("/callback").to_owned();
    for path in ["/callback", "/other"] {
        for length in [1_u64 << 34, 1 << 45, (1 << 63) - 1, u64::MAX - 2] {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let head =
                format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{{");
            stream.write_all(head.as_bytes()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            // Whatever it answers, if anything: it is through with it.
            let _ = stream.read_to_end(&mut Vec::new());
        }
    }
    assert_eq!(post(receiver.url(), "{}"), 401, "it is still there");
    receiver.kill().unwrap();
    while let Ok(line) = receiver.next_line(PATIENCE) {
        assert!(!line.starts_with("stored"), "{line}");
    }
}
