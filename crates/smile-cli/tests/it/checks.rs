//! Checks that are answered in one exchange, and the web token.

use serde_json::json;

use crate::support::Smile;

const BVN: [&str; 4] = ["--country", "NG", "--id-type", "BVN"];

fn submit(smile: &Smile, product: &str, more: &[&str]) -> crate::support::Ran {
    smile.run(&[&["submit", product], more].concat())
}

#[test]
fn enhanced_kyc_says_what_it_means_and_what_to_do_and_no_name() {
    let smile = Smile::new();
    let found =
        submit(&smile, "enhanced-kyc", &[&BVN[..], &["--id-number", "00000000000"]].concat()).ended(4);
    let found =
        found.says(&["APPROVED, final", "1012", "compare the record", "user_id", "job_id", "left out"]);
    assert!(!found.stdout.contains("Leo"), "{found:?}");
    let arguments = [&BVN[..], &["--id-number", "00000000000", "--show-personal"]].concat();
    let shown = submit(&smile, "enhanced-kyc", &arguments).ended(4).says(&["Joe Doe Leo", "2000-09-20"]);
    assert!(!shown.stdout.contains("Not Available"), "what is not there is not shown: {shown:?}");
}

#[test]
fn the_json_of_a_check() {
    let smile = Smile::new();
    let arguments = [
        &BVN[..],
        &["--id-number", "00000000001", "--user-id", "jane@example.com", "--job-id", "j-1", "--json"],
    ]
    .concat();
    let ran = submit(&smile, "enhanced-kyc", &arguments).ended(3);
    assert!(!ran.stdout.contains("jane"), "a user's id may be personal: {ran:?}");
    let found = ran.json();
    assert_eq!(
        found["verdict"],
        json!({
            "decision": "rejected", "final": true, "may_be_let_in": false, "code": "1013",
            "meaning": "the ID authority does not know the ID number", "next_step": "correct_id_number", "unknown_reason": null,
        })
    );
    assert_eq!(found["job_id"], "j-1");
    assert_eq!(found["result"]["ResultCode"], "1013");
    assert_eq!(smile.sandbox.job("j-1").unwrap().processed, 1);
    let arguments = [&BVN[..], &["--id-number", "00000000000", "--show-personal", "--json"]].concat();
    let shown = submit(&smile, "enhanced-kyc", &arguments).ended(4).json();
    assert_eq!(shown["result"]["FullName"], "Joe Doe Leo");
    assert!(shown["result"].get("signature").is_none());
}

#[test]
fn every_check_has_its_exit_status() {
    let smile = Smile::new();
    let business = ["--country", "NG", "--id-type", "BUSINESS_REGISTRATION", "--id-number", "0000000"];
    let aml = |name| vec!["--full-name", name, "--country", "NG"];
    for (product, more, status) in [
        ("enhanced-kyc", [&BVN[..], &["--id-number", "00000000003"]].concat(), 5),
        (
            "basic-kyc",
            [&BVN[..], &["--id-number", "00000000000", "--first-name", "Joe", "--last-name", "Leo"]].concat(),
            0,
        ),
        (
            "basic-kyc",
            [&BVN[..], &["--id-number", "00000000000", "--first-name", "Max", "--last-name", "Muster"]]
                .concat(),
            3,
        ),
        ("business-verification", [&business[..], &["--business-type", "co"]].concat(), 4),
        ("aml", aml("Mallory Listed"), 4),
        ("aml", aml("Joe Leo"), 0),
    ] {
        let ran = submit(&smile, product, &more);
        assert_eq!(ran.status, status, "{product} {more:?} {ran:?}");
    }
}

#[test]
fn with_a_callback_address_the_result_comes_there() {
    let smile = Smile::new();
    let arguments =
        [&BVN[..], &["--id-number", "00000000000", "--callback", "http://127.0.0.1:9/x", "--job-id", "j-1"]]
            .concat();
    submit(&smile, "enhanced-kyc", &arguments).ended(0).says(&["taken on", "by callback"]);
    assert_eq!(smile.sandbox.job("j-1").unwrap().processed, 1);
    let arguments = [
        &BVN[..],
        &[
            "--id-number",
            "00000000000",
            "--callback",
            "http://127.0.0.1:9/x",
            "--wait",
            "--poll-every",
            "0.05",
        ],
    ]
    .concat();
    submit(&smile, "enhanced-kyc", &arguments).ended(4).says(&["APPROVED"]);
    let address = [
        "--country",
        "NG",
        "--address",
        "1 Drawn Street",
        "--utility-number",
        "0000000000",
        "--utility-provider",
        "IkejaElectric",
        "--callback",
        "http://127.0.0.1:9/x",
        "--json",
    ];
    assert_eq!(submit(&smile, "address", &address).ended(0).json()["submitted"], true);
    submit(&smile, "address", &address[..8]).ended(2).warns(&["--callback", "must be set"]);
    submit(&smile, "address", &["--country", "GH"]).ended(2).warns(&["--country", "NG, ZA"]);
}

#[test]
fn an_unusual_value_is_a_warning() {
    let smile = Smile::new();
    let arguments = ["--country", "NG", "--id-type", "bvn", "--id-number", "00000000000"];
    let ran = submit(&smile, "enhanced-kyc", &arguments);
    let ran = ran.warns(&["warning: --id-type is no ID type that is known", "did you mean `BVN`"]);
    assert_ne!(ran.status, 2, "it is sent all the same");
    let as_json = submit(&smile, "enhanced-kyc", &[&arguments[..], &["--json"]].concat()).json();
    assert_eq!(as_json["warnings"][0]["flag"], "--id-type");
}

#[test]
fn a_refused_signature_points_to_the_doctor() {
    let smile = Smile::new();
    let arguments = [&["submit", "enhanced-kyc"], &BVN[..], &["--id-number", "00000000000"]].concat();
    let refused = smile.command(&arguments).env("SMILE_API_KEY", "another").output().unwrap();
    let refused = crate::support::Ran::from(refused).ended(1).warns(&["2405", "smile doctor"]);
    assert!(!refused.stderr.contains("another"), "{refused:?}");
}

#[test]
fn a_web_token_and_how_long_it_is_good() {
    let smile = Smile::new();
    let ask = ["web-token", "--product", "biometric_kyc", "--callback", "http://127.0.0.1:9/x"];
    smile.run(&ask).ended(0).says(&["token", "good until  20", "user_id", "job_id"]);
    let token = smile.run(&[&ask[..], &["--json"]].concat()).ended(0).json();
    assert_eq!(token["token"].as_str().unwrap().split('.').count(), 3);
    smile.run(&ask[..3]).ended(2).warns(&["--callback", "must be set"]);
    let as_elsewhere = [&["web-token", "--product", "biometric-kyc"], &ask[3..], &["--json"]].concat();
    assert_eq!(smile.run(&as_elsewhere).ended(0).json()["product"], "biometric_kyc");
}
