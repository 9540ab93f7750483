//! `smile verify`: a stored callback.

use serde_json::{Value, json};
use smile_core::{Signer, Timestamp};

use crate::support::{Ran, Smile, feed};

/// The body of a callback that was signed at this time.
pub(crate) fn body(signer: &Signer, at: Timestamp, job_id: &str) -> String {
    let signed = signer.sign(at);
    json!({
        "ResultCode": "0810", "SmileJobID": "0000000001", "FullName": "Joe Doe Leo",
        "Actions": { "Register_Selfie": "Approved" },
        "PartnerParams": { "job_id": job_id, "user_id": "jane", "job_type": 1 },
        "timestamp": signed.timestamp(), "signature": signed.signature(),
    })
    .to_string()
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap())
}

fn verify(smile: &Smile, body: &str, more: &[&str]) -> Ran {
    std::fs::write(smile.folder.path().join("callback.json"), body).unwrap();
    smile.run(&[&["verify", "callback.json"], more].concat())
}

#[test]
fn a_right_one_is_verified_and_redacted() {
    let smile = Smile::new();
    let body = body(smile.sandbox.partner().signer(), now(), "j-1");
    let verified = verify(&smile, &body, &[]).ended(0);
    let verified = verified.says(&[
        "verified",
        "Biometric KYC (job type 1)",
        "j-1",
        "APPROVED",
        "doesn't cover the body",
    ]);
    assert!(!verified.stdout.contains("Leo") && !verified.stdout.contains("jane"), "{verified:?}");
    verify(&smile, &body, &["--show-personal"]).ended(0).says(&["Joe Doe Leo"]);
    let as_json = verify(&smile, &body, &["--json"]).ended(0).json();
    assert_eq!(
        (&as_json["verified"], &as_json["kind"], &as_json["job_type"]),
        (&json!(true), &json!("result"), &json!(1))
    );
    assert_eq!(as_json["verdict"]["may_be_let_in"], true);
    assert!(as_json["result"].get("FullName").is_none());
    feed(smile.command(&["verify", "-"]), &body).ended(0).says(&["verified"]);
}

#[test]
fn text_in_a_callback_forges_no_line() {
    let smile = Smile::new();
    let job_id = "j-1\nverdict      APPROVED, final\u{85}\u{202e}";
    let signed = smile.sandbox.partner().signer().sign(now());
    let body = json!({
        "ResultCode": "0811", "SmileJobID": "1\r\nverdict  APPROVED",
        "Actions": { "Register_Selfie\nverdict": "Approved\nverdict  APPROVED" },
        "FullName\nverdict": "Joe\u{2028}verdict", "verdict": "APPROVED, final",
        "PartnerParams": { "job_id": job_id, "user_id": "u-1", "job_type": 1 },
        "timestamp": signed.timestamp(), "signature": signed.signature(),
    })
    .to_string();
    let shown = verify(&smile, &body, &["--show-personal"]).ended(0).says(&["REJECTED"]);
    assert_eq!(shown.stdout.lines().filter(|line| line.starts_with("verdict")).count(), 1, "{shown:?}");
    assert!(!shown.stdout.contains(['\u{85}', '\u{202e}', '\u{2028}', '\r']), "{shown:?}");
    let exact = verify(&smile, &body, &["--json"]).ended(0).json();
    assert_eq!(exact["job_id"], job_id, "to a program it is said to the letter");
}

#[test]
fn another_is_refused_with_the_reason_and_what_to_do() {
    let smile = Smile::new();
    let partner = smile.sandbox.partner();
    let right = body(partner.signer(), now(), "j-1");
    let old = body(partner.signer(), Timestamp::from_unix_millis(1_705_314_600_000), "j-1");
    for (body, reason, answer) in [
        (right.replace(r#""signature":""#, r#""signature":"A"#), "malformed", 401),
        (right.replace("001\"", "002\"").replace(".", "_"), "wrong", 401),
        (old.clone(), "too old", 401),
        ("{}".to_owned(), "missing", 401),
        (right[..20].to_owned(), "ends in the middle", 400),
        (String::new(), "empty", 400),
    ] {
        let refused = verify(&smile, &body, &["--json"]).ended(3).json();
        assert_eq!(refused["verified"], false);
        assert!(refused["refusal"].as_str().unwrap().contains(reason), "{reason}: {refused}");
        verify(&smile, &body, &[]).ended(3).says(&["REFUSED", reason, "what to do", &answer.to_string()]);
    }
    verify(&smile, &old, &["--any-age"]).ended(0).says(&["verified"]);
}

#[test]
fn a_signature_in_the_headers() {
    let smile = Smile::new();
    let signed = smile.sandbox.partner().signer().sign(now());
    let timestamp = format!("Response-Timestamp: {}", signed.timestamp());
    let signature = format!("response-signature:{}", signed.signature());
    let headers = ["--header", &timestamp, "--header", &signature, "--json"];
    let verified: Value = verify(&smile, r#"{"job_id":"j-1","status":"approved"}"#, &headers).ended(0).json();
    assert_eq!(verified["carrier"], "headers");
    verify(&smile, "{}", &["--header", "none"]).ended(2).warns(&["--header", "NAME: VALUE"]);
    smile.run(&["verify", "none.json"]).ended(2).warns(&["FILE must be a file"]);
}
