//! `smile doctor`: each possible problem, and the message about it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::Value;

use crate::support::{Nobody, Ran, Smile, bare};

fn check(answer: &Value, name: &str) -> Value {
    let checks = answer["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {answer}")).clone()
}

#[test]
fn a_set_up_that_is_well() {
    let smile = Smile::new();
    smile.run(&["doctor"]).ended(0).says(&["connection", "signature", "accepted", "Nothing is wrong."]);
    let well = smile.run(&["doctor", "--json"]).ended(0).json();
    assert_eq!(well["well"], true);
    for name in ["environment", "credentials", "connection", "TLS", "clock", "signature"] {
        assert_eq!(check(&well, name)["state"], "good", "{name}");
    }
    assert!(smile.sandbox.jobs().is_empty(), "it has made no job");
}

#[test]
fn a_key_of_somewhere_else() {
    let smile = Smile::new();
    let output = smile.command(&["doctor"]).env("SMILE_API_KEY", "an-other-key").output().unwrap();
    let ran = Ran::from(output).ended(3).says(&[
        "signature",
        "WRONG: refused",
        "to mend it",
        "Something is wrong.",
    ]);
    assert!(!ran.stdout.contains("an-other-key"), "{ran:?}");
}

#[test]
fn credentials_that_cannot_be_any_leave_the_rest_to_be_looked_at() {
    let smile = Smile::new();
    let output = smile.command(&["doctor", "--json"]).env("SMILE_API_KEY", " s3cret ").output().unwrap();
    let ran = Ran::from(output).ended(3);
    assert!(!ran.stdout.contains("s3cret"));
    let answer = ran.json();
    assert_eq!(check(&answer, "credentials")["state"], "bad");
    assert_eq!(check(&answer, "connection")["state"], "good");
    assert_eq!(check(&answer, "signature")["state"], "skipped");
    let nothing =
        Ran::from(bare(&["doctor", "--environment", "live", "--json"]).output().unwrap()).ended(3).json();
    assert_eq!(check(&nothing, "environment")["state"], "bad");
}

#[test]
fn a_character_that_came_along_is_named() {
    let smile = Smile::new();
    let key = smile.sandbox.api_key();
    for (variable, value, name, said) in [
        ("SMILE_API_KEY", format!("{key}\r\n"), "credentials", "a carriage return (U+000D)"),
        ("SMILE_API_KEY", format!("\u{feff}{key}"), "credentials", "a byte order mark (U+FEFF) at its start"),
        ("SMILE_API_KEY", format!("'{key}'"), "credentials", "an apostrophe (U+0027) at its start"),
        (
            "SMILE_PARTNER_ID",
            "\u{200b}001".to_owned(),
            "credentials",
            "a zero-width space (U+200B) at its start",
        ),
        ("SMILE_PARTNER_ID", "００1".to_owned(), "credentials", "a full-width digit (U+FF10) at its start"),
        ("SMILE_ENVIRONMENT", "sandbox ".to_owned(), "environment", "a space (U+0020) at its end"),
        (
            "SMILE_ENVIRONMENT",
            "\u{202e}https://a.b/v1".to_owned(),
            "environment",
            "a direction control (U+202E)",
        ),
    ] {
        let output = smile.command(&["doctor", "--json"]).env(variable, &value).output().unwrap();
        let ran = Ran::from(output).ended(3);
        assert!(!ran.stdout.contains(key), "{ran:?}");
        let answer = ran.json();
        let found = check(&answer, name);
        assert!(found["said"].as_str().unwrap().contains(said), "{value:?}: {found}");
    }
}

#[test]
fn nobody_there_and_no_tls_there() {
    let smile = Smile::new();
    let nobody = Nobody::new();
    let url = format!("http://{}/v1", nobody.address());
    let answer = smile.run(&["doctor", "--environment", &url, "--json"]).ended(3).json();
    assert_eq!(check(&answer, "connection")["said"], "nobody listens there");
    let https = smile.sandbox.base_url().replace("http:", "https:");
    let no_tls = smile.run(&["doctor", "--environment", &https, "--json"]).ended(3).json();
    assert_eq!(check(&no_tls, "TLS")["state"], "bad");
}

/// Answers one request with this text, whatever the request.
fn answering(answer: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let answer = answer.to_owned();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // The request fits into one read, or two: the answer may come before its end.
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        // Until the other side has read it.
        let _ = stream.read(&mut [0; 4096]);
    });
    url
}

#[test]
fn a_clock_that_is_off() {
    let smile = Smile::new();
    let body = r#"{"error":"You are not authorized to do that.","code":"2405"}"#;
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nDate: Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let answer = smile.run(&["doctor", "--environment", &answering(&answer), "--json"]).ended(3).json();
    let clock = check(&answer, "clock");
    assert!(clock["said"].as_str().unwrap().contains("seconds ahead of"), "{clock}");
    assert_eq!(check(&answer, "signature")["mend"], "mend the clock first");
}

#[test]
fn something_else_that_answers() {
    let smile = Smile::new();
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>";
    let answer = smile.run(&["doctor", "--environment", &answering(answer), "--json"]).ended(3).json();
    assert!(check(&answer, "signature")["said"].as_str().unwrap().contains("not JSON"));
    assert_eq!(check(&answer, "clock")["state"], "skipped");
}

#[test]
fn callback_addresses() {
    let smile = Smile::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/s3cret", listener.local_addr().unwrap());
    let good = smile.run(&["doctor", "--callback", &url]).ended(0).says(&["somebody listens there"]);
    assert!(!good.stdout.contains("s3cret"), "{good:?}");
    let nobody = Nobody::new();
    let url = format!("http://{}/s3cret", nobody.address());
    smile.run(&["doctor", "--callback", &url]).ended(0).says(&["nobody listens there now", "smile listen"]);
    smile
        .run(&["doctor", "--callback", "https://192.0.2.1/x"])
        .ended(3)
        .says(&["http on this machine alone"]);
    smile.run(&["doctor", "--callback", "nowhere"]).ended(3).says(&["callback", "must be an absolute URL"]);
}
