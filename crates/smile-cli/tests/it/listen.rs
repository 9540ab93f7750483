//! `smile listen`: received callbacks, their answers, and passing them on.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command};

use serde_json::{Value, json};

use crate::support::Smile;
use crate::verify::{body, now};

/// A running `smile listen --json`.
pub(crate) struct Listening {
    child: Child,
    lines: BufReader<ChildStdout>,
    pub(crate) url: String,
}

impl Listening {
    pub(crate) fn start(smile: &Smile, more: &[&str]) -> Self {
        let mut child = smile.command(&[&["listen", "--json"], more].concat()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut listening = Self { child, lines, url: String::new() };
        listening.url = listening.next()["listening"].as_str().unwrap().to_owned();
        listening
    }

    /// The next line of output.
    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"))
    }

    fn ended(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn post(url: &str, body: &str) -> u16 {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent();
    agent.post(url).header("X-Trace", "t-1").send(body).unwrap().status().as_u16()
}

#[test]
fn only_a_verified_callback_is_answered_with_200() {
    let smile = Smile::new();
    let mut listening = Listening::start(&smile, &["--count", "4"]);
    let right = body(smile.sandbox.partner().signer(), now(), "j-1");
    assert_eq!(post(&format!("{}any/path?token=1", listening.url), &right), 200);
    let first = listening.next();
    assert_eq!(
        (&first["verified"], &first["replay_check"], &first["answer"]),
        (&json!(true), &json!("first"), &json!(200))
    );
    assert_eq!(first["job_id"], "j-1");
    assert!(!first.to_string().contains("Leo"), "it is redacted");

    assert_eq!(post(&listening.url, &right), 200);
    assert_eq!(listening.next()["replay_check"], "redelivery");

    assert_eq!(post(&listening.url, &right.replace("0810", "1210")), 409);
    assert!(listening.next()["refusal"].as_str().unwrap().contains("another body"));

    assert_eq!(post(&listening.url, "{}"), 401);
    assert_eq!(listening.next()["answer"], 401);
    assert_eq!(listening.ended(), Some(0), "it ends after --count");
}

#[test]
fn the_sandbox_posts_to_it() {
    let smile = Smile::new();
    let mut listening = Listening::start(&smile, &[]);
    let url = listening.url.clone();
    let arguments = [
        "submit",
        "enhanced-kyc",
        "--country",
        "NG",
        "--id-type",
        "BVN",
        "--id-number",
        "00000000000",
        "--callback",
        &url,
        "--job-id",
        "j-7",
    ];
    smile.run(&arguments).ended(0);
    let received = listening.next();
    assert_eq!((&received["job_id"], &received["verdict"]["code"]), (&json!("j-7"), &json!("1012")));
    #[cfg(unix)]
    {
        let pid = listening.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        assert_eq!(listening.ended(), Some(0), "Ctrl-C ends it cleanly");
    }
}

#[test]
fn it_passes_on_the_bytes_and_headers_as_they_came() {
    let smile = Smile::new();
    // The second receiver stands for the server behind: it verifies the callbacks passed on.
    let mut behind = Listening::start(&smile, &["--count", "2"]);
    let mut listening = Listening::start(&smile, &["--forward", &behind.url, "--count", "4"]);
    let right = body(smile.sandbox.partner().signer(), now(), "j-1");
    assert_eq!(post(&listening.url, &right), 200);
    assert_eq!(listening.next()["forwarded"], json!({ "status": 200, "error": null }));
    assert_eq!(behind.next()["job_id"], "j-1");

    assert_eq!(post(&listening.url, "{}"), 401);
    assert_eq!(listening.next()["forwarded"], Value::Null, "what is refused isn't passed on");

    let other = body(smile.sandbox.partner().signer(), now(), "j-2");
    assert_eq!(post(&behind.url, &other), 200);
    assert_eq!(behind.next()["job_id"], "j-2");
    assert_eq!(behind.ended(), Some(0), "the server behind it goes away");
    assert_eq!(post(&listening.url, &other), 502, "the service is asked to come again");
    assert_eq!(listening.next()["forwarded"]["error"], "nobody listens there");

    assert_eq!(post(&listening.url, &right), 502);
    listening.next();
    assert_eq!(listening.ended(), Some(0));
}

#[test]
fn refused_callbacks_can_be_passed_on_as_well() {
    let smile = Smile::new();
    let mut behind = Listening::start(&smile, &["--count", "1"]);
    let mut listening =
        Listening::start(&smile, &["--forward", &behind.url, "--forward-refused", "--count", "1"]);
    assert_eq!(post(&listening.url, "{}"), 401);
    assert_eq!(listening.next()["forwarded"]["status"], 401);
    assert_eq!(behind.next()["verified"], false);
}

#[test]
fn allowed_addresses_for_listening_and_passing_on() {
    let smile = Smile::new();
    smile.run(&["listen", "--addr", "0.0.0.0:0"]).ended(2).warns(&["--addr", "--open-to-the-network"]);
    smile.run(&["listen", "--addr", "nowhere"]).ended(2).warns(&["--addr"]);
    let refused = smile.run(&["listen", "--forward", "http://example.com/s3cret"]).ended(2);
    let refused = refused.warns(&["--forward", "https://"]);
    assert!(!refused.stderr.contains("s3cret"), "{refused:?}");
    smile.run(&["listen", "--forward-refused"]).ended(2).warns(&["--forward"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    smile.run(&["listen", "--addr", &addr]).ended(2).warns(&["--addr", "must be an address to listen at"]);
}
