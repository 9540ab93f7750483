//! Commands without a service: explain, id-types, check, sign, completions.

use serde_json::json;

use crate::support::{Smile, bare, run};

#[test]
fn a_result_code_is_explained_for_each_type_of_job() {
    let explained = run(&["explain", "0812"]).ended(0);
    let explained = explained.says(&[
        "Biometric KYC (job type 1)",
        "provisional",
        "Document Verification (job type 6)",
        "rejected",
    ]);
    assert_eq!(explained.stderr, "");
    let of_document = run(&["explain", "812", "--job-type", "6", "--json"]).ended(0).json();
    assert_eq!(of_document["code"], "0812");
    assert_eq!(of_document["results"].as_array().unwrap().len(), 1);
    assert_eq!(of_document["results"][0]["category"], "rejected");
    assert_eq!(of_document["api"], json!(null));
    let by_name = run(&["explain", "0812", "--job-type", "document-verification", "--json"]).json();
    assert_eq!(by_name, of_document);
}

#[test]
fn a_code_of_the_api_is_explained_with_what_to_do() {
    run(&["explain", "2215"]).ended(0).says(&["API code", "2215", "what to do"]);
    let explained = run(&["explain", "2215", "--json"]).json();
    assert!(explained["api"]["remedy"].as_str().unwrap().contains("job"), "{explained}");
}

#[test]
fn an_unknown_code_is_no_approval() {
    run(&["explain", "9999"]).ended(5).says(&["not known", "never an approval"]);
    run(&["explain", "0810", "--job-type", "8"]).ended(5).says(&["not known for Update Photo"]);
    run(&["explain", "approved"]).ended(2).warns(&["CODE must be four digits"]);
    run(&["explain", "0810", "--job-type", "kyc"]).ended(2).warns(&["--job-type", "must be a number"]);
}

#[test]
fn id_types_of_a_country_by_its_code_or_name() {
    let by_code = run(&["id-types", "NG"]).ended(0).says(&["COUNTRY", "BVN", "00000000000"]);
    assert!(!by_code.stdout.contains("GHANA_CARD"));
    assert_eq!(run(&["id-types", "nigeria"]).stdout, by_code.stdout);
    let all = run(&["id-types", "--json"]).ended(0).json();
    let all = all["id_types"].as_array().unwrap();
    assert!(all.len() > 30);
    let bvn = all.iter().find(|row| row["id_type"] == "BVN").unwrap();
    assert_eq!(bvn["test_number"], "00000000000");
    assert!(bvn["products"].as_array().unwrap().contains(&json!("enhanced_kyc")));
    run(&["id-types", "Atlantis"]).ended(2).warns(&["COUNTRY must be two letters"]);
    run(&["id-types", "FR"]).ended(5).says(&["None is known"]);
}

#[test]
fn a_number_is_checked_and_not_repeated() {
    let check = |number: &str, more: &[&str]| {
        let mut arguments = vec!["check", "--country", "NG", "--id-type", "BVN", "--id-number", number];
        arguments.extend(more);
        run(&arguments)
    };
    check("00000000000", &[]).ended(0).says(&["Bank Verification Number", "right form"]);
    let wrong = check("2222222222", &[]).ended(3).says(&["hasn't the form"]);
    assert!(!wrong.stdout.contains("2222222222"));
    assert_eq!(check("2222222222", &["--json"]).ended(3).json()["check"], "certainly_wrong");
    let mended = check("000 0000 0000", &["--json"]).ended(0).json();
    assert_eq!((&mended["check"], &mended["must_be_mended"]), (&json!("right"), &json!(true)));
    check("", &[]).ended(2).warns(&["--id-number", "must not be empty"]);
    let unknown = ["check", "--country", "NG", "--id-type", "bvn", "--id-number", "1"];
    run(&unknown).ended(5).says(&["isn't known"]);
    let likely = ["check", "--country", "ZW", "--id-type", "NATIONAL_ID_NO_PHOTO", "--id-number", "0"];
    run(&likely).ended(4).says(&["partners report"]);
}

#[test]
fn a_moment_is_signed() {
    let smile = Smile::new();
    let command = |arguments: &[&str]| {
        let mut command = bare(arguments);
        command.env("SMILE_API_KEY", "test_api_key").output().unwrap()
    };
    let arguments = ["sign", "--partner-id", "001", "--timestamp", "2024-01-15T10:30:00.000Z", "--json"];
    let signed = crate::support::Ran::from(command(&arguments)).ended(0).json();
    assert_eq!(
        signed,
        json!({
            "partner_id": "001", "timestamp": "2024-01-15T10:30:00.000Z",
            "signature": "74G/CDcN5r6ubtBBagj/64F0MuWwVThqR9Qp52hqYtc=",
        })
    );
    let now = smile.run(&["sign", "--json"]).ended(0).json();
    let (timestamp, signature) = (now["timestamp"].as_str().unwrap(), now["signature"].as_str().unwrap());
    assert_eq!(smile.sandbox.partner().signer().confirm(timestamp, signature), Ok(()));
    smile.run(&["sign", "--timestamp", "noon"]).ended(2).warns(&["--timestamp", "must be a moment"]);
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        run(&["completions", shell]).ended(0).says(&["smile", "biometric-kyc"]);
    }
    assert_eq!(run(&["completions", "bash", "--json"]).json()["shell"], "bash");
}
