//! Tests over real sockets, on loopback.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use smile_sandbox::{
    CallbackOutcome, CallbackRule, Disturbance, Endpoint, Fault, Redelivery, Review, Sandbox, Stage,
};

use crate::client::{builder, full_zip, id_body, merged, params, prep_body, signer, status_body};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// An address of this machine with no listener, reserved for as long as this exists: a released
/// port may belong to anybody the next moment.
pub(crate) struct Nobody(tokio::net::TcpSocket);

impl Nobody {
    pub(crate) fn new() -> Self {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self(socket)
    }

    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.0.local_addr().unwrap()
    }
}

/// Polls until the condition holds, with a time limit.
#[track_caller]
pub(crate) fn until(mut is_so: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "it didn't come");
        std::thread::yield_now();
    }
}

pub(crate) fn host(sandbox: &Sandbox) -> &str {
    sandbox.base_url().strip_prefix("http://").unwrap().strip_suffix("/v1").unwrap()
}

pub(crate) fn connect(host: &str) -> TcpStream {
    let stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Reads one message: its first line and headers, and its body.
pub(crate) fn read_message(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&head));
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).unwrap();
    (head, body)
}

/// Sends one request on a connection of its own.
pub(crate) fn send(host: &str, head: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = connect(host);
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let (head, body) = read_message(&mut stream);
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
}

pub(crate) fn post(host: &str, path: &str, body: &Value) -> Value {
    let body = body.to_string();
    let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n", body.len());
    serde_json::from_slice(&send(host, &head, body.as_bytes()).1).unwrap()
}

pub(crate) fn put(url: &str, zip: &[u8]) -> u16 {
    let (host, target) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let head = format!("PUT /{target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n", zip.len());
    send(host, &head, zip).0
}

/// Answers so many connections, one message each, and passes on the received messages.
pub(crate) fn receiver(answers: &'static [&'static str]) -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook?a=b", listener.local_addr().unwrap());
    let (sender, received) = mpsc::channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let message = read_message(&mut stream);
            // Sent first: once the answer is there, the test may look.
            let _ = sender.send(message);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (url, received)
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// Announces a job and uploads its zip.
pub(crate) fn submit(sandbox: &Sandbox, prep: &Value) {
    let answer = post(host(sandbox), "/v1/upload", prep);
    assert_eq!(put(answer["upload_url"].as_str().unwrap(), &full_zip("00000000000")), 200);
}

#[test]
fn a_sandbox_says_where_and_who_it_is() {
    let sandbox = Sandbox::start().unwrap();
    assert!(sandbox.base_url().starts_with("http://127.0.0.1:"));
    assert_eq!(sandbox.environment().base_url(), sandbox.base_url());
    assert_eq!(sandbox.partner().environment(), sandbox.environment());
    assert_eq!(sandbox.partner().id().as_str(), sandbox.partner_id());
    let error = Sandbox::builder().with_api_key("").start().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

#[test]
fn a_provisional_job_sends_two_callbacks() {
    let (url, received) = receiver(&[OK, OK]);
    let sandbox = builder().with_review_delay(Duration::from_millis(20)).start().unwrap();
    let prep = merged(
        &prep_body(&merged(&params("job", 1), &json!({"sandbox_result": "2"}))),
        &json!({"callback_url": url}),
    );
    submit(&sandbox, &prep);
    for code in ["0812", "1210"] {
        let (head, body) = received.recv_timeout(PATIENCE).unwrap();
        let entry: Value = serde_json::from_slice(&body).unwrap();
        assert!(head.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{head}");
        assert!(head.to_ascii_lowercase().contains("content-type: application/json\r\n"));
        assert!(!head.to_ascii_lowercase().contains("authorization"));
        assert_eq!(entry["ResultCode"], code);
        let text = |name: &str| entry[name].as_str().unwrap();
        signer().confirm(text("timestamp"), text("signature")).unwrap();
    }
    let attempts = sandbox.wait_for_callback_attempts(2, PATIENCE);
    assert_eq!(attempts.len(), 2);
    assert!(attempts.iter().all(|attempt| attempt.outcome.is_delivered()));
    let status = post(host(&sandbox), "/v1/job_status", &status_body(&prep["partner_params"], &json!({})));
    assert_eq!(status["result"]["ResultCode"], "1210");
    assert_eq!(sandbox.job("job").unwrap().stage, Stage::Decided);
    assert_eq!(sandbox.requests().len(), 3);
}

#[test]
fn a_manual_review_sends_a_callback() {
    let (url, received) = receiver(&[OK, OK]);
    let sandbox = builder().with_automatic_review(None).with_callback_url(url).start().unwrap();
    let prep = prep_body(&merged(&params("job", 1), &json!({"sandbox_result": 2})));
    submit(&sandbox, &merged(&prep, &json!({"callback_url": ""})));
    received.recv_timeout(PATIENCE).unwrap();
    sandbox.review("job", Review::SpoofDetected).unwrap();
    let (_, body) = received.recv_timeout(PATIENCE).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["ResultCode"], "1212");
}

#[test]
fn a_callback_that_fails_is_delivered_again() {
    let (url, received) = receiver(&["HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "nonsense\r\n\r\n", OK]);
    let retries = [Duration::from_millis(1), Duration::from_millis(1)];
    let sandbox = builder().with_callback_retries(retries).start().unwrap();
    submit(&sandbox, &merged(&prep_body(&params("job", 4)), &json!({"callback_url": url})));
    let bodies: Vec<_> = (0..3).map(|_| received.recv_timeout(PATIENCE).unwrap().1).collect();
    assert!(bodies[0] == bodies[1] && bodies[1] == bodies[2]);
    let outcomes: Vec<_> =
        sandbox.wait_for_callback_attempts(3, PATIENCE).iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(
        outcomes,
        [
            CallbackOutcome::Answered(http::StatusCode::INTERNAL_SERVER_ERROR),
            CallbackOutcome::Interrupted,
            CallbackOutcome::Answered(http::StatusCode::OK),
        ]
    );
}

#[test]
fn an_unfinished_answer_of_a_receiver_is_kept() {
    let answers: &[&str] = &[
        "HTTP/1.1 500 No\r\nContent-Length: 6\r\n\r\nbroken",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthanks, and",
    ];
    let (url, received) = receiver(answers);
    let sandbox = builder().with_callback_retries([Duration::from_millis(1)]).start().unwrap();
    submit(&sandbox, &merged(&prep_body(&params("job", 4)), &json!({"callback_url": url})));
    for _ in answers {
        received.recv_timeout(PATIENCE).unwrap();
    }
    let attempts = sandbox.wait_for_callback_attempts(2, PATIENCE);
    assert_eq!(attempts[0].answer, "broken");
    assert!(attempts[1].outcome.is_delivered());
    assert_eq!(attempts[1].answer, "thanks, and");
}

#[test]
fn callbacks_are_redelivered_and_disturbed_while_it_runs() {
    let (url, received) = receiver(&[OK, OK, OK]);
    let sandbox = builder().start().unwrap();
    sandbox.disturb_callbacks(CallbackRule::next(Disturbance::WronglySigned));
    submit(&sandbox, &merged(&prep_body(&params("job", 4)), &json!({"callback_url": url})));
    let body = || received.recv_timeout(PATIENCE).unwrap().1;
    let wrong = body();
    let id = sandbox.wait_for_callback_attempts(1, PATIENCE)[0].id;
    sandbox.redeliver(id, Redelivery::SameBytes).unwrap();
    assert_eq!(body(), wrong);
    sandbox.wait_for_callback_attempts(2, PATIENCE);
    sandbox.redeliver(id, Redelivery::SignedAfresh).unwrap();
    let entry: Value = serde_json::from_slice(&body()).unwrap();
    let text = |name: &str| entry[name].as_str().unwrap();
    signer().confirm(text("timestamp"), text("signature")).unwrap();
}

#[test]
fn a_receiver_may_refuse_a_body_that_is_too_large_before_it_has_read_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let receiver = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 64];
        stream.read_exact(&mut head).unwrap();
        stream.write_all(b"HTTP/1.1 413 No\r\nContent-Length: 9\r\n\r\ntoo large").unwrap();
        std::io::copy(&mut stream, &mut std::io::sink()).unwrap_or(0)
    });
    let sandbox = builder().with_callback_retries([]).start().unwrap();
    sandbox.disturb_callbacks(CallbackRule::every(Disturbance::Oversized));
    submit(&sandbox, &merged(&prep_body(&params("job", 4)), &json!({"callback_url": url})));
    let attempts = sandbox.wait_for_callback_attempts(1, PATIENCE);
    assert_eq!(attempts[0].outcome, CallbackOutcome::Answered(http::StatusCode::PAYLOAD_TOO_LARGE));
    assert_eq!(attempts[0].answer, "too large");
    assert!(attempts[0].body.len() > 3 * 1024 * 1024);
    receiver.join().unwrap();
}

#[test]
fn nobody_listening_is_recorded() {
    let sandbox = builder().with_callback_retries([]).start().unwrap();
    let nobody = Nobody::new();
    let port = nobody.address().port();
    let prep =
        merged(&prep_body(&params("job", 4)), &json!({"callback_url": format!("http://localhost:{port}/")}));
    submit(&sandbox, &prep);
    assert_eq!(sandbox.wait_for_callback_attempts(1, PATIENCE)[0].outcome, CallbackOutcome::Unreachable);
}

#[test]
fn waiting_ends_when_the_time_is_up() {
    let sandbox = Sandbox::start().unwrap();
    assert!(sandbox.wait_for_callback_attempts(1, Duration::ZERO).is_empty());
    assert!(sandbox.wait_for_callback_attempts(1, Duration::from_millis(5)).is_empty());
}

#[tokio::test]
async fn async_code_waits_without_blocking() {
    let sandbox = builder().with_callback_retries([]).start().unwrap();
    assert!(sandbox.wait_for_callbacks(1, Duration::ZERO).await.is_empty());
    let waiting = tokio::spawn(sandbox.wait_for_callbacks(1, PATIENCE));
    submit(
        &sandbox,
        &merged(&prep_body(&params("job", 4)), &json!({"callback_url": "https://example.com/"})),
    );
    assert_eq!(waiting.await.unwrap()[0].outcome, CallbackOutcome::Refused);
}

#[test]
fn a_wait_that_outlives_its_sandbox_ends() {
    let sandbox = Sandbox::start().unwrap();
    let waiting = sandbox.wait_for_callbacks(1, Duration::from_secs(3_600));
    drop(sandbox);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(runtime.block_on(waiting).is_empty());
}

#[test]
fn a_chunked_upload_is_refused_on_the_wire() {
    let sandbox = builder().start().unwrap();
    let answer = post(host(&sandbox), "/v1/upload", &prep_body(&params("job", 4)));
    let url = answer["upload_url"].as_str().unwrap();
    let (host, target) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let head = format!("PUT /{target} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let (status, body) = send(host, &head, b"3\r\nabc\r\n0\r\n\r\n");
    assert_eq!(status, 501);
    assert!(String::from_utf8(body).unwrap().contains("<Code>NotImplemented</Code>"));
    let (status, _) = send(host, &format!("PUT /{target} HTTP/1.1\r\nHost: {host}\r\n\r\n"), b"");
    assert_eq!(status, 411);
    assert_eq!(sandbox.job("job").unwrap().uploads, 0);
}

#[test]
fn every_path_spelling_works_on_the_wire() {
    let sandbox = builder().start().unwrap();
    for (number, path) in
        ["/v1/upload", "/upload", "//upload", "/v1//upload", "/v1/upload/"].into_iter().enumerate()
    {
        let answer = post(host(&sandbox), path, &prep_body(&params(&number.to_string(), 4)));
        assert_eq!(answer["code"], "2202", "{path}: {answer}");
    }
}

#[test]
fn a_lost_answer_closes_the_connection_after_the_work_is_done() {
    let sandbox = builder().start().unwrap();
    let answer = post(host(&sandbox), "/v1/upload", &prep_body(&params("job", 4)));
    let url = answer["upload_url"].as_str().unwrap();
    let (host, target) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    for (fault, uploads) in [(Fault::LoseRequest, 0), (Fault::LoseAnswer, 1)] {
        sandbox.fail_next(Endpoint::Upload, fault);
        let mut stream = connect(host);
        let head = format!("PUT /{target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\n\r\nx");
        stream.write_all(head.as_bytes()).unwrap();
        let mut received = Vec::new();
        let _ = stream.read_to_end(&mut received);
        assert!(received.is_empty());
        assert_eq!(sandbox.job("job").unwrap().uploads, uploads);
    }
    assert_eq!(put(url, b"x"), 200);
}

#[test]
fn a_connection_serves_more_than_one_request() {
    let sandbox = builder().start().unwrap();
    let mut stream = connect(host(&sandbox));
    for _ in 0..3 {
        stream.write_all(b"POST /v1/job_status HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}").unwrap();
        let (head, body) = read_message(&mut stream);
        assert!(head.starts_with("HTTP/1.1 400 "));
        assert_eq!(body, br#"{"error":"A required parameter is missing","code":"2413"}"#);
    }
}

#[test]
fn a_body_that_is_too_large_is_not_read() {
    let sandbox = builder().start().unwrap();
    let length = 64 * 1024 * 1024 + 1;
    let head = format!("POST /v1/upload HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    let (status, body) = send(host(&sandbox), &head, b"");
    assert_eq!((status, body), (413, br#"{"message":"Request Too Long"}"#.to_vec()));
    assert!(sandbox.requests().is_empty());
}

#[test]
fn sandboxes_run_side_by_side_and_know_nothing_of_each_other() {
    std::thread::scope(|scope| {
        for number in 0..4 {
            scope.spawn(move || {
                let sandbox = builder().with_seed(number).start().unwrap();
                for job in 0..3 {
                    let params =
                        merged(&params(&format!("job-{job}"), 6), &json!({"user_id": format!("{job}")}));
                    submit(&sandbox, &merged(&prep_body(&params), &json!({"callback_url": ""})));
                }
                assert_eq!(sandbox.jobs().len(), 3);
                assert!(sandbox.jobs().iter().all(|job| job.result_code() == Some("0810")));
            });
        }
    });
}

#[test]
fn a_dropped_sandbox_is_gone_even_with_a_connection_open() {
    let sandbox = Sandbox::start().unwrap();
    let host = host(&sandbox).to_owned();
    let mut idle = connect(&host);
    drop(sandbox);
    assert!(matches!(idle.read(&mut [0]), Ok(0) | Err(_)));
    assert!(TcpStream::connect(&host).is_err());
}

#[test]
fn public_types_can_cross_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Sandbox>();
    check::<smile_sandbox::Service>();
}

#[test]
fn checks_are_answered_at_once_or_by_callback() {
    let (url, received) = receiver(&["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]);
    let sandbox = builder().with_callback_url(url).start().unwrap();
    let body = id_body("00000000000", &json!({"callback_url": null}));
    let entry = post(host(&sandbox), "/v1/id_verification", &body);
    assert_eq!(entry["ResultCode"], "1012");
    let accepted = post(host(&sandbox), "/v1/async_id_verification", &body);
    assert_eq!(accepted, json!({"success": true}));
    let (_, sent) = received.recv_timeout(PATIENCE).unwrap();
    let sent: Value = serde_json::from_slice(&sent).unwrap();
    assert_eq!((&sent["ResultCode"], &sent["SmileJobID"]), (&json!("1012"), &entry["SmileJobID"]));
    assert_eq!(sandbox.job("job").unwrap().processed, 2);
    assert_eq!(sandbox.wait_for_callback_attempts(1, PATIENCE).len(), 1);
}
