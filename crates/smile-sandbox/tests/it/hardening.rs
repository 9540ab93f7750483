//! Hostile and faulty clients.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use smile_sandbox::Sandbox;
use zip::CompressionMethod::{Deflated, Stored};

use crate::client::{Client, JPEG, builder, full_zip, params, prep_body, status_body, zip_of, zip_with};
use crate::server::{connect, host, post, put, read_message, send, until};

const MOMENT: Duration = Duration::from_millis(20);
/// The time for a few small requests on a busy machine.
const ENOUGH: Duration = Duration::from_secs(3);
const LONG: Duration = Duration::from_secs(600);

/// True if the sandbox still serves.
fn is_well(sandbox: &Sandbox) -> bool {
    let prep = prep_body(&params("well", 4));
    let answer = post(host(sandbox), "/v1/upload", &prep);
    put(answer["upload_url"].as_str().unwrap(), &full_zip("0")) == 200
        && sandbox.job("well").unwrap().result_code() == Some("0840")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

#[test]
fn json_may_come_compressed() {
    let sandbox = builder().start().unwrap();
    let text = prep_body(&params("job", 4)).to_string();
    let body = gzip(&text);
    let head = format!(
        "POST /v1/upload HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (status, answer) = send(host(&sandbox), &head, &body);
    assert_eq!(
        (status, serde_json::from_slice::<Value>(&answer).unwrap()["code"].as_str()),
        (200, Some("2202"))
    );
    assert_eq!(sandbox.requests()[0].body, text, "it is kept as it was meant");
}

#[test]
fn json_that_is_not_what_it_says_is_refused_in_words() {
    let sandbox = builder().start().unwrap();
    let bomb = gzip(&format!("{{\"a\":\"{}\"}}", "a".repeat(20 * 1024 * 1024)));
    for (coding, body, status) in [
        ("gzip", &b"{}"[..], 400),
        ("gzip", &bomb[..bomb.len() / 2], 400),
        ("gzip", &bomb, 413),
        ("br", b"{}", 415),
    ] {
        let head = format!(
            "POST /v1/upload HTTP/1.1\r\nHost: a\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let (answered, text) = send(host(&sandbox), &head, body);
        assert_eq!(answered, status, "{coding}");
        assert!(serde_json::from_slice::<Value>(&text).unwrap()["message"].is_string());
    }
    assert!(is_well(&sandbox));
}

/// A zip with a coding header, which the object store ignores.
#[test]
fn a_zip_is_taken_as_it_comes() {
    let mut client = Client::new();
    let url = client.upload_url(&prep_body(&params("job", 4)));
    let mut request = crate::client::put_request(&url, &full_zip("0"));
    request.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    assert_eq!(client.send(request).status(), 200);
    assert_eq!(client.service.job("job").unwrap().result_code(), Some("0840"));
}

#[test]
fn a_million_values_are_not_taken_apart() {
    let values = format!("[0{}]", ",0".repeat(1_000_000));
    let mut client = Client::new();
    let (status, answer) = client.post_text("/v1/upload", &format!("{{\"partner_params\":{values}}}"));
    assert_eq!((status, &answer["code"]), (400, &json!("2203")));

    let info = format!("{{\"images\":[],\"more\":{values}}}");
    let status =
        client.run(&prep_body(&params("job", 4)), &zip_of(&[("info.json", info.as_bytes(), Stored)]));
    assert_eq!(status["result"]["ResultCode"], "2203");
}

/// A directory with far more entries than any job, whatever count its end states.
#[test]
fn a_directory_of_a_million_entries_is_not_read() {
    let mut zip = zip_with(&json!({"images": []}), &[("s", JPEG, Stored)]);
    let entry = {
        let mut entry = b"PK\x01\x02".to_vec();
        entry.resize(46, 0);
        entry
    };
    let end = zip.windows(4).position(|window| window == b"PK\x05\x06").unwrap();
    zip.splice(end..end, entry.repeat(1_000_000));
    let mut client = Client::new();
    let status = client.run(&prep_body(&params("job", 4)), &zip);
    assert_eq!(status["result"]["ResultCode"], "0903");
}

#[test]
fn names_that_lead_elsewhere_are_only_names() {
    let names = ["../../etc/passwd", "/etc/passwd", "C:\\selfie.jpg", "..", "a/../../b", "nul\u{0}.jpg"];
    for name in names {
        let info = json!({"images": [{"image_type_id": 0, "file_name": name}]});
        let mut client = Client::new();
        let status = client.run(&prep_body(&params("job", 4)), &zip_with(&info, &[(name, JPEG, Stored)]));
        assert_eq!(status["job_complete"], true, "{name:?}");
        // Only the entry of that name: no file of this machine's.
        let images = client.service.job("job").unwrap().images;
        assert!(images[0].bytes.is_empty() || images[0].bytes == JPEG, "{name:?}");
        let empty = Client::new().run(&prep_body(&params("job", 4)), &zip_with(&info, &[]));
        assert_eq!(empty["result"]["ResultText"], "Selfie image unusable", "{name:?}");
    }
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let sandbox = builder().start().unwrap();
    let huge = "x".repeat(300_000);
    let many = "a: b\r\n".repeat(2_000);
    for head in [
        format!("GET /{huge} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: {huge}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"),
    ] {
        let mut stream = connect(host(&sandbox));
        // The server may hang up in the middle.
        let _ = stream.write_all(head.as_bytes());
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(answer.starts_with("HTTP/1.1 431 ") || answer.starts_with("HTTP/1.1 414 "), "{answer}");
    }
    assert!(sandbox.requests().is_empty());
    assert!(is_well(&sandbox));
}

#[test]
fn random_bytes_are_no_request() {
    let sandbox = builder().start().unwrap();
    let mut state = 7_u64;
    for _ in 0..50 {
        let bytes: Vec<u8> = (0..200)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as u8
            })
            .collect();
        let mut stream = connect(host(&sandbox));
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400 "));
    }
    assert!(is_well(&sandbox));
}

#[test]
fn a_slow_head_and_a_slow_body_are_given_up_on() {
    let sandbox = builder().with_request_timeouts(MOMENT, LONG).start().unwrap();
    let mut stream = connect(host(&sandbox));
    stream.write_all(b"POST /v1/upload HTTP/1.1\r\nHost: a\r\nX: ").unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");

    let sandbox = builder().with_request_timeouts(LONG, MOMENT).start().unwrap();
    let mut stream = connect(host(&sandbox));
    stream.write_all(b"POST /v1/upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{").unwrap();
    let (head, body) = read_message(&mut stream);
    assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
    assert_eq!(body, br#"{"message":"Request Timeout"}"#);
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
    assert!(sandbox.requests().is_empty());
}

/// An unread body is refused as S3 does it at an upload address, however broken that is, and
/// nothing is stored.
#[test]
fn the_object_store_refuses_a_zip_that_is_too_large_or_too_slow_in_its_own_words() {
    let too_large = "Content-Length: 67108865\r\n\r\n";
    let too_slow = "Content-Length: 100\r\n\r\nPK";
    let sandbox = builder().with_request_timeouts(LONG, MOMENT).start().unwrap();
    let url = post(host(&sandbox), "/v1/upload", &prep_body(&params("job", 4)))["upload_url"].clone();
    let whole = url.as_str().unwrap().split_once(host(&sandbox)).unwrap().1;
    for target in [whole, "/videos/a/b", "/videos/a/b/c/d/e"] {
        for (rest, code) in [(too_large, "EntityTooLarge"), (too_slow, "RequestTimeout")] {
            let mut stream = connect(host(&sandbox));
            write!(stream, "PUT {target} HTTP/1.1\r\nHost: a\r\n{rest}").unwrap();
            let (head, body) = read_message(&mut stream);
            assert!(head.starts_with("HTTP/1.1 400 ") && head.contains("application/xml"), "{head}");
            let body = String::from_utf8(body).unwrap();
            assert!(body.contains(&format!("<Error><Code>{code}</Code>")), "{body}");
            assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0, "the connection is closed");
        }
    }
    assert_eq!(sandbox.job("job").unwrap().uploads, 0);
}

/// A client that doesn't read its answer would otherwise keep its place, and the answer, for as
/// long as it likes.
#[test]
fn a_client_that_does_not_read_its_answer_is_given_up_on() {
    let sandbox = builder().with_max_connections(1).with_request_timeouts(LONG, ENOUGH).start().unwrap();
    let mut picture = JPEG.to_vec();
    picture.resize(32 * 1024 * 1024, 7);
    let info = json!({"images": [{"image_type_id": 0, "file_name": "selfie.jpg"}]});
    // The picture is large only in the answer: the time of an upload depends on the machine.
    let zip = zip_with(&info, &[("selfie.jpg", &picture, Deflated)]);
    // All on one connection, which has the only place.
    let mut only = connect(host(&sandbox));
    let mut ask = |line: &str, body: &[u8]| {
        write!(only, "{line} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
        only.write_all(body).unwrap();
        serde_json::from_slice::<Value>(&read_message(&mut only).1).unwrap_or_default()
    };
    let prep = prep_body(&params("job", 4)).to_string();
    let url = ask("POST /v1/upload", prep.as_bytes())["upload_url"].as_str().unwrap().to_owned();
    ask(&format!("PUT {}", &url["http://a".len()..]), &zip);
    let asked = status_body(&params("job", 4), &json!({"image_links": true})).to_string();
    let status = ask("POST /v1/job_status", asked.as_bytes());
    let link = status["image_links"]["selfie_image"].as_str().unwrap().to_owned();
    write!(only, "GET {} HTTP/1.1\r\nHost: a\r\n\r\n", &link["http://a".len()..]).unwrap();
    let mut first = [0; 12];
    only.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");

    wait_for_a_seat(&sandbox);
    drop(only);
}

/// Tries until the server accepts the client.
fn wait_for_a_seat(sandbox: &Sandbox) {
    let poll = b"POST /v1/job_status HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
    until(|| {
        let mut stream = connect(host(sandbox));
        let _ = stream.write_all(poll);
        let mut status = [0; 12];
        stream.read_exact(&mut status).is_ok() && status.ends_with(b"400")
    });
}

#[test]
fn connections_beyond_the_limit_are_answered_with_503() {
    let sandbox = builder().with_max_connections(2).start().unwrap();
    let poll = status_body(&params("job", 4), &json!({})).to_string();
    let poll =
        format!("POST /v1/job_status HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{poll}", poll.len());
    let mut seated: Vec<_> = (0..2)
        .map(|_| {
            let mut stream = connect(host(&sandbox));
            stream.write_all(poll.as_bytes()).unwrap();
            assert!(read_message(&mut stream).0.starts_with("HTTP/1.1 200 "));
            stream
        })
        .collect();
    let (head, body) = read_message(&mut connect(host(&sandbox)));
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert_eq!(body, br#"{"message":"Too many connections"}"#);
    // Once one leaves there is room again, a moment later.
    seated.pop();
    wait_for_a_seat(&sandbox);
}

#[test]
fn uploads_that_are_only_announced_keep_nobody_out() {
    let sandbox = builder().with_request_timeouts(LONG, LONG).start().unwrap();
    let idle: Vec<_> = (0..12)
        .map(|_| {
            let mut stream = connect(host(&sandbox));
            let head = "PUT /videos/x HTTP/1.1\r\nHost: a\r\nContent-Length: 67108864\r\n\r\nPK";
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    assert!(is_well(&sandbox));
    drop(idle);
}

#[test]
fn a_chunked_body_has_its_limit_too() {
    let sandbox = builder().start().unwrap();
    let mut stream = connect(host(&sandbox));
    stream.write_all(b"POST /v1/upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    let block =
        [format!("{:x}\r\n", 1024 * 1024).into_bytes(), vec![b' '; 1024 * 1024], b"\r\n".to_vec()].concat();
    for _ in 0..11 {
        // The server may have seen enough before the last.
        if stream.write_all(&block).is_err() {
            break;
        }
    }
    let (head, body) = read_message(&mut stream);
    assert!(head.starts_with("HTTP/1.1 413 "), "{head}");
    assert_eq!(body, br#"{"message":"Request Too Long"}"#);
    assert!(is_well(&sandbox));
}
