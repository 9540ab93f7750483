//! A clock that only the test moves.

use std::io::Write as _;
use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};
use smile_sandbox::{CallbackAttempt, Clock, ClockError, Matcher, Sandbox, ScriptStage, Stage};

use crate::client::{START, builder, merged, params, prep_body};
use crate::server::{OK, read_message, receiver, submit};

const MINUTE: Duration = Duration::from_secs(60);
const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

fn prep(url: &str, changes: &Value) -> Value {
    merged(&prep_body(&merged(&params("job", 1), changes)), &json!({"callback_url": url}))
}

/// Seconds since the start, callback number and attempt number.
fn shown(attempts: &[CallbackAttempt]) -> Vec<(u64, u64, u32)> {
    attempts.iter().map(|made| (made.at.since(START).as_secs(), made.id.number(), made.attempt)).collect()
}

#[test]
fn reviews_and_retries_happen_when_the_clock_is_advanced_and_in_order() {
    let (url, received) = receiver(&[UNAVAILABLE, OK, OK]);
    let builder = builder().with_review_delay(MINUTE / 2).with_callback_retries([MINUTE]);
    let sandbox = builder.with_clock(Clock::virtual_at(START)).start().unwrap();
    submit(&sandbox, &prep(&url, &json!({"sandbox_result": "2"})));
    assert!(sandbox.callback_attempts().is_empty());
    assert_eq!(sandbox.requests()[0].at, START);

    assert_eq!(shown(&sandbox.advance(Duration::ZERO).unwrap()), [(0, 0, 1)]);
    assert_eq!(sandbox.job("job").unwrap().stage, Stage::UnderReview);
    assert!(sandbox.advance(MINUTE / 2 - Duration::from_millis(1)).unwrap().is_empty());
    // The review, whose callback overtakes the one that waits, and then that one.
    assert_eq!(shown(&sandbox.advance(60 * MINUTE).unwrap()), [(30, 1, 1), (60, 0, 2)]);
    let codes: Vec<Value> = received
        .try_iter()
        .map(|(_, body)| serde_json::from_slice::<Value>(&body).unwrap()["ResultCode"].clone())
        .collect();
    assert_eq!(codes, ["0812", "1210", "0812"]);
    assert!(sandbox.advance(60 * MINUTE).unwrap().is_empty());
}

#[test]
fn a_long_wait_is_over_at_once() {
    let (url, received) = receiver(&[OK, OK]);
    let sandbox = builder().with_clock(Clock::virtual_at(START)).start().unwrap();
    let stages = ["0812", "1211"].map(|code| ScriptStage::from(code).with_delay(30 * 24 * 60 * MINUTE));
    sandbox.when(Matcher::job_id("job")).respond(stages);
    submit(&sandbox, &prep(&url, &json!({})));
    assert_eq!(sandbox.job("job").unwrap().stage, Stage::Running);
    assert_eq!(sandbox.advance(365 * 24 * 60 * MINUTE).unwrap().len(), 2);
    assert_eq!(received.try_iter().count(), 2);
    assert_eq!(sandbox.job("job").unwrap().result_code(), Some("1211"));
}

#[test]
fn the_clock_of_the_system_can_not_be_advanced() {
    let sandbox = Sandbox::start().unwrap();
    assert_eq!(sandbox.advance(MINUTE).unwrap_err(), ClockError::System);
}

#[tokio::test]
async fn async_code_can_receive_on_the_thread_that_advances() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let sandbox = builder().with_clock(Clock::virtual_at(START)).start().unwrap();
    submit(&sandbox, &prep(&url, &json!({})));
    let receive = async {
        let mut stream = listener.accept().await.unwrap().0.into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        read_message(&mut stream);
        stream.write_all(OK.as_bytes()).unwrap();
    };
    let (attempts, ()) = tokio::join!(sandbox.advanced(Duration::ZERO), receive);
    assert!(attempts.unwrap()[0].outcome.is_delivered());
}
