//! Faults as a client receives them.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use smile_sandbox::{Endpoint, Fault, FaultRule, Pace, Sandbox};

use crate::client::{builder, full_zip, id_body, params, prep_body};
use crate::server::{connect, host, post, put, read_message, until};

/// A request with an answer of a few hundred bytes.
fn request() -> Vec<u8> {
    let body = id_body("00000000000", &json!({})).to_string();
    let head =
        format!("POST /v1/id_verification HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.into_bytes(), body.into_bytes()].concat()
}

/// Reads until the connection is over, and returns its end.
fn read_all(stream: &mut TcpStream) -> (Vec<u8>, Result<(), ErrorKind>) {
    let mut received = Vec::new();
    let mut piece = [0; 512];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return (received, Ok(())),
            Ok(count) => received.extend_from_slice(&piece[..count]),
            Err(error) => return (received, Err(error.kind())),
        }
    }
}

fn ask_with(sandbox: &Sandbox, fault: Fault) -> (Vec<u8>, Result<(), ErrorKind>) {
    sandbox.fail_next(Endpoint::EnhancedKyc, fault);
    let mut stream = connect(host(sandbox));
    stream.write_all(&request()).unwrap();
    read_all(&mut stream)
}

fn is_whole(sandbox: &Sandbox, stream: &mut TcpStream) -> bool {
    stream.write_all(&request()).unwrap();
    let (head, body) = read_message(stream);
    head.starts_with("HTTP/1.1 200 ")
        && serde_json::from_slice::<Value>(&body).is_ok()
        && sandbox.job("job").is_some()
}

#[test]
fn an_answer_is_reset_at_the_byte() {
    let sandbox = builder().start().unwrap();
    for (number, after_bytes) in [1, 9, 40, 150, 300].into_iter().enumerate() {
        let (received, end) = ask_with(&sandbox, Fault::ResetAnswer { after_bytes });
        assert_eq!((received.len() as u64, end), (after_bytes, Err(ErrorKind::ConnectionReset)));
        assert!(received.starts_with(&b"HTTP/1.1 200 OK\r\n"[..received.len().min(17)]));
        assert_eq!(sandbox.job("job").unwrap().processed, number as u32 + 1);
    }
    let (received, end) = ask_with(&sandbox, Fault::ResetAnswer { after_bytes: 0 });
    assert_eq!((received.len(), end), (0, Err(ErrorKind::ConnectionReset)));
    // A short answer comes whole.
    let (received, _) = ask_with(&sandbox, Fault::ResetAnswer { after_bytes: 1_000_000 });
    assert_eq!(received.last(), Some(&b'}'));
}

#[test]
fn a_request_is_reset_at_the_byte() {
    let sandbox = builder().start().unwrap();
    for after_bytes in [0, 1, 100] {
        sandbox.fail_next(Endpoint::EnhancedKyc, Fault::ResetRequest { after_bytes });
        let mut stream = connect(host(&sandbox));
        let request = request();
        let body_at = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        // No more than the server reads before it closes the connection.
        stream.write_all(&request[..body_at + after_bytes as usize]).unwrap();
        let (received, end) = read_all(&mut stream);
        assert_eq!((received.len(), end), (0, Err(ErrorKind::ConnectionReset)));
        let record = sandbox.requests().pop().unwrap();
        assert_eq!(record.body, request[body_at..body_at + after_bytes as usize]);
        assert!(sandbox.jobs().is_empty());
    }
}

#[test]
fn an_answer_ends_early() {
    let sandbox = builder().start().unwrap();
    let (received, end) = ask_with(&sandbox, Fault::EarlyEof);
    assert_eq!(end, Ok(()));
    let text = String::from_utf8(received).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let promised = head.to_ascii_lowercase();
    let promised = promised.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert_eq!(body.len(), promised.parse::<usize>().unwrap() / 2);
    assert_eq!(sandbox.job("job").unwrap().processed, 1);

    // An empty body, too.
    let url = post(host(&sandbox), "/v1/upload", &prep_body(&params("zip", 4)))["upload_url"].clone();
    let (host, target) = url.as_str().unwrap().strip_prefix("http://").unwrap().split_once('/').unwrap();
    sandbox.fail_next(Endpoint::Upload, Fault::EarlyEof);
    let mut stream = connect(host);
    stream
        .write_all(format!("PUT /{target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\n\r\nx").as_bytes())
        .unwrap();
    let (received, end) = read_all(&mut stream);
    let text = String::from_utf8(received).unwrap().to_ascii_lowercase();
    assert!(end.is_ok() && text.contains("content-length: 1\r\n") && text.ends_with("\r\n\r\n"), "{text}");
}

#[test]
fn slow_late_and_halved_answers_arrive_and_leave_the_connection_good() {
    let sandbox = builder().start().unwrap();
    let moment = Duration::from_millis(1);
    sandbox.add_fault(FaultRule::new(Fault::Latency(moment)).with_times(3));
    sandbox.add_fault(FaultRule::new(Fault::SlowAnswer(Pace::new(50, moment))).with_times(1));
    sandbox.add_fault(FaultRule::new(Fault::SlowAnswer(Pace::new(0, Duration::ZERO))).with_times(1));
    sandbox.add_fault(FaultRule::new(Fault::TruncatedJson).with_times(1));
    let mut stream = connect(host(&sandbox));
    assert!(is_whole(&sandbox, &mut stream));
    assert!(is_whole(&sandbox, &mut stream));
    assert!(!is_whole(&sandbox, &mut stream));
    assert!(is_whole(&sandbox, &mut stream));
    assert!(sandbox.faults().is_empty());
}

#[test]
fn a_client_that_hangs_up_on_a_late_answer_takes_nothing_with_it() {
    let sandbox = builder().start().unwrap();
    let for_ever = Duration::from_secs(3_600);
    sandbox.fail_next(Endpoint::EnhancedKyc, Fault::Latency(for_ever));
    let mut stream = connect(host(&sandbox));
    stream.write_all(&request()).unwrap();
    // The request is carried out, and only the answer is late.
    until(|| sandbox.job("job").is_some());
    drop(stream);
    assert!(is_whole(&sandbox, &mut connect(host(&sandbox))));
    // A waiting answer doesn't keep the sandbox from ending.
    sandbox.fail_next(Endpoint::EnhancedKyc, Fault::Latency(for_ever));
    let mut stream = connect(host(&sandbox));
    stream.write_all(&request()).unwrap();
    drop(sandbox);
    assert_eq!(read_all(&mut stream).0, b"");
}

#[test]
fn a_burst_ends() {
    let sandbox = builder().start().unwrap();
    let burst = Fault::Answer(http::StatusCode::SERVICE_UNAVAILABLE);
    sandbox.add_fault(FaultRule::new(burst).with_endpoint(Endpoint::Upload).with_times(3));
    let answer = post(host(&sandbox), "/v1/upload", &prep_body(&params("job", 4)));
    let url = answer["upload_url"].as_str().unwrap();
    let statuses: Vec<_> = (0..4).map(|_| put(url, &full_zip("0"))).collect();
    assert_eq!(statuses, [503, 503, 503, 200]);
}
