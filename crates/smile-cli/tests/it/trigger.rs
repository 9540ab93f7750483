//! `smile trigger`: callbacks for a receiver, right and broken.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::json;

use crate::listen::Listening;
use crate::support::{Nobody, Smile, run};

#[test]
fn a_right_one_is_posted_and_believed() {
    let smile = Smile::new();
    let mut listening = Listening::start(&smile, &[]);
    let url = listening.url.clone();
    let flags = ["--to", &url, "--job-id", "j-1", "--partner-param", "nonce=n-1"];
    let posted =
        smile.run(&[&["trigger", "biometric-kyc", "reviewer-approved"], &flags[..]].concat()).ended(0);
    posted.says(&["biometric-kyc, reviewer-approved", "answers with 2xx", "200"]);
    let received = listening.next();
    assert_eq!((&received["job_id"], &received["verdict"]["code"]), (&json!("j-1"), &json!("1210")));
    let posted = smile
        .run(&["trigger", "v3-biometric-kyc", "block-spoof-detected", "--to", &url, "--json"])
        .ended(0)
        .json();
    assert_eq!((&posted["answers"], &posted["sound"]), (&json!([200]), &json!(true)));
    assert_eq!((&listening.next()["kind"]), &json!("webhook"));
    let posted =
        smile.run(&["trigger", "enhanced-kyc", "1015", "--to", &url, "--times", "2", "--photo", "1200000"]);
    posted.ended(0);
    assert_eq!(
        (&listening.next()["replay_check"], &listening.next()["replay_check"]),
        (&json!("first"), &json!("redelivery"))
    );
}

#[test]
fn every_broken_one_is_refused_by_a_sound_receiver() {
    let smile = Smile::new();
    let listening = Listening::start(&smile, &[]);
    let listed = run(&["trigger", "--list", "--json"]).ended(0).json();
    let flaws = listed["flaws"].as_array().unwrap();
    assert!(flaws.len() > 20);
    for flaw in flaws {
        let name = flaw["name"].as_str().unwrap();
        for product in ["biometric-kyc", "v3-biometric-kyc"] {
            let posted = smile.run(&[
                "trigger",
                product,
                "approved",
                "--to",
                &listening.url,
                "--broken",
                name,
                "--json",
            ]);
            assert_eq!(posted.status, 0, "{product} {name}: {posted:?}");
            let posted = posted.json();
            assert_eq!(posted["sound_answer"], flaw["sound_answer"]);
            if flaw["sound_answer"] == "refusal" {
                assert!(posted["answers"][0].as_u64().unwrap() >= 400, "{posted}");
            }
        }
    }
}

/// Answers everything with this status.
fn careless(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 65_536]).unwrap();
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
        let _ = stream.read(&mut [0; 4096]);
    });
    url
}

#[test]
fn a_receiver_that_accepts_everything_or_nothing_is_reported() {
    let smile = Smile::new();
    let url = careless("200 OK");
    let posted = smile.run(&["trigger", "biometric-kyc", "approved", "--to", &url, "--broken", "other-key"]);
    posted.ended(3).says(&["WRONG: it took what it must refuse"]);
    let url = careless("401 Unauthorized");
    let posted = smile.run(&["trigger", "biometric-kyc", "approved", "--to", &url]);
    posted.ended(3).says(&["WRONG: it refused what is right"]);
}

#[test]
fn an_impossible_callback_is_refused_by_its_name() {
    let smile = Smile::new();
    let to = ["--to", "http://127.0.0.1:9/"];
    let run = |arguments: &[&str]| smile.run(&[&["trigger"], arguments, &to].concat());
    run(&["biometric", "approved"]).ended(2).warns(&["PRODUCT must be one that there is", "biometric-kyc"]);
    run(&["aml", "no-face"]).ended(2).warns(&["OUTCOME must be one that aml has: not-listed, listed"]);
    run(&["aml", "nothing"]).ended(2).warns(&["OUTCOME must be one that aml has"]);
    run(&["aml", "listed", "--broken", "x"]).ended(2).warns(&["--broken", "other-key"]);
    run(&["aml", "listed", "--photo", "4"]).ended(2).warns(&["--photo", "carry none"]);
    run(&["aml", "listed", "--at", "noon"]).ended(2).warns(&["--at", "must be a moment"]);
    let away = smile.run(&["trigger", "aml", "listed", "--to", "http://example.com/s3cret"]).ended(2);
    let away = away.warns(&["--to", "must be on this machine"]);
    assert!(!away.stderr.contains("s3cret"), "{away:?}");
    let nobody = Nobody::new();
    let url = format!("http://{}/s3cret", nobody.address());
    let refused = smile.run(&["trigger", "aml", "listed", "--to", &url]).ended(1);
    let refused = refused.warns(&["nobody listens there", "smile listen"]);
    assert!(!refused.stderr.contains("s3cret"), "{refused:?}");
    smile.run(&["trigger", "aml"]).ended(2).warns(&["<OUTCOME>", "--to"]);
}

#[test]
fn products_outcomes_and_flaws_are_listed() {
    run(&["trigger", "--list"]).ended(0).says(&[
        "biometric-kyc",
        "spoof-suspected",
        "--broken FLAW",
        "tampered-body",
    ]);
    let one = run(&["trigger", "aml", "--list", "--json"]).ended(0).json();
    assert_eq!(one["products"].as_array().unwrap().len(), 1);
    assert!(one["products"][0]["outcomes"].as_array().unwrap().contains(&json!("listed")));
}
