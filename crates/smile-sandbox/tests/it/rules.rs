//! Outcomes on demand: rules for jobs, stage by stage.

use std::time::Duration;

use serde_json::{Value, json};
use smile_core::JobType;
use smile_core::catalogue::result_codes;
use smile_sandbox::{
    Matcher, Outcome, Product, Review, ReviewError, ScriptStage, SpellingVariant, Stage, UserState,
};

use crate::client::{
    CALLBACK_URL, Client, address_body, aml_body, builder, business_body, full_zip, header_signed, id_body,
    merged, params, phone_body, prep_body, without,
};

const MINUTE: Duration = Duration::from_secs(60);

/// Runs a job of this product, and returns its result unchanged: from the answer, the status or the
/// callback.
pub(crate) fn run(client: &mut Client, product: Product, job_id: &str) -> Value {
    let number = product.job_type().map_or(0, JobType::number);
    let params = params(job_id, number);
    let kyc = || id_body("00000000000", &json!({"partner_params": params}));
    match product {
        Product::EnhancedKyc => client.check("/v1/id_verification", &kyc()),
        Product::BasicKyc => {
            client.check("/v2/verify", &merged(&kyc(), &json!({"first_name": "Joe", "last_name": "Leo"})))
        }
        Product::BusinessVerification => client.check(
            "/v1/business_verification",
            &business_body("0000000", &json!({"partner_params": params})),
        ),
        Product::Aml => client.check("/v1/aml", &aml_body("Joe Leo", &json!({"job_id": job_id}))),
        Product::Address | Product::Phone => {
            let params = without(&params, "job_type");
            let (path, body) = match product {
                Product::Address => {
                    ("/v2/async-verify-address", address_body("0000", &json!({"partner_params": params})))
                }
                _ => {
                    ("/v2/async-verify-phone", phone_body("08000000000", &json!({"partner_params": params})))
                }
            };
            let response = client.send(header_signed(http::Method::POST, path, &body));
            assert_eq!(response.status(), 200, "{product:?}");
            client.deliver().remove(0)
        }
        _ => {
            if matches!(number, 2 | 8) {
                client.service.set_user("user", UserState::Enrolled);
            }
            client.run(&prep_body(&params), &full_zip("00000000000"))["result"].clone()
        }
    }
}

#[test]
fn every_row_of_the_catalogue_can_be_had() {
    for row in result_codes() {
        for job_type in row.job_types {
            let has_code = |product: &Product| product.job_type() == Some(*job_type);
            for product in Product::of_jobs().filter(has_code) {
                let mut client = Client::new();
                client.service.when(Matcher::product(product)).respond([row.code]);
                let entry = run(&mut client, product, "job");
                assert_eq!(entry["ResultCode"], row.code, "{product:?}");
                assert_eq!(entry["ResultText"], row.text, "{product:?} {}", row.code);
                let status = client.status(&json!({"user_id": "user", "job_id": "job"}), &json!({}));
                assert_eq!(status["job_success"], row.job_success, "{product:?} {}", row.code);
                if *job_type < JobType::ENHANCED_KYC && row.code != "1012" {
                    assert_eq!(entry["IsFinalResult"], row.is_final.to_string(), "{product:?} {}", row.code);
                    let by_human = row.code.starts_with("12");
                    assert_eq!(entry["IsMachineResult"], (!by_human).to_string(), "{product:?} {}", row.code);
                }
            }
        }
    }
}

#[test]
fn every_outcome_has_the_same_name_for_every_product() {
    let mut had = 0;
    for product in Product::of_jobs() {
        for outcome in Outcome::named() {
            let mut client = Client::new();
            client.service.when(Matcher::any()).respond([outcome.clone()]);
            let entry = run(&mut client, product, "job");
            match product.code_of(&outcome) {
                Some(code) => assert_eq!(entry["ResultCode"], code, "{outcome:?} of {product:?}"),
                // The rule is passed over.
                None => {
                    let plain = run(&mut Client::new(), product, "job");
                    assert_eq!(entry["ResultCode"], plain["ResultCode"], "{outcome:?} of {product:?}");
                    continue;
                }
            }
            had += 1;
        }
    }
    assert!(had > 100, "only {had}");
}

#[test]
fn actions_go_with_the_code() {
    for (code, action, value) in [
        ("0813", "Liveness_Check", "Failed"),
        ("0815", "Selfie_To_ID_Authority_Compare", "Under Review"),
        ("0816", "Liveness_Check", "Under Review"),
        ("0907", "Register_Selfie", "Rejected"),
        ("0908", "Verify_ID_Number", "Issuer Unavailable"),
        ("0911", "Selfie_Provided", "Failed"),
        ("0912", "Selfie_To_ID_Authority_Compare", "Not Done"),
        ("1013", "Verify_ID_Number", "Not Verified"),
        ("1210", "Human_Review_Compare", "Passed"),
        ("1211", "Human_Review_Compare", "Failed"),
        ("1212", "Human_Review_Liveness_Check", "Failed"),
        ("1213", "Human_Review_Liveness_Check", "Unable To Determine"),
    ] {
        let mut client = Client::new();
        client.service.when(Matcher::any()).respond([code]);
        assert_eq!(run(&mut client, Product::BiometricKyc, "job")["Actions"][action], value, "{code}");
    }
}

#[test]
fn stages_follow_each_other_in_their_time() {
    let mut client = Client::new();
    client.service.when(Matcher::job_id("job")).respond([
        ScriptStage::from("0812").with_delay(MINUTE),
        ScriptStage::from(Outcome::ReviewerApproved).with_delay(2 * MINUTE),
        ScriptStage::from("1211").with_delay(3 * MINUTE),
    ]);
    let prep = prep_body(&params("job", 1));
    let status = client.run(&prep, &full_zip("00000000000"));
    assert_eq!((&status["code"], &status["job_complete"]), (&json!("2302"), &json!(false)));
    assert_eq!(status["result"], Value::Null);
    assert_eq!(client.service.job("job").unwrap().stage, Stage::Running);
    for (pause, code, stage, user) in [
        (1, "0812", Stage::UnderReview, UserState::Unknown),
        (2, "1210", Stage::UnderReview, UserState::Enrolled),
        (3, "1211", Stage::Decided, UserState::Enrolled),
    ] {
        assert_eq!(client.service.next_wakeup(), Some(client.now + pause * MINUTE));
        client.pass(pause * MINUTE - Duration::from_millis(1));
        assert!(client.deliver().is_empty());
        client.pass(Duration::from_millis(1));
        let entries = client.deliver();
        assert_eq!((entries.len(), &entries[0]["ResultCode"]), (1, &json!(code)));
        assert_eq!(client.status(&prep["partner_params"], &json!({}))["result"]["ResultCode"], code);
        assert_eq!(client.service.job("job").unwrap().stage, stage, "{code}");
        assert_eq!(client.service.user("user"), user, "{code}");
    }
    assert_eq!(client.service.next_wakeup(), None);
    assert_eq!(client.service.job("job").unwrap().results.len(), 3);
}

#[test]
fn stages_that_fell_due_together_come_in_order() {
    let mut client = Client::new();
    for job_id in ["a", "b"] {
        let later = ScriptStage::from("1210").with_delay(if job_id == "a" { 2 * MINUTE } else { MINUTE });
        client.service.when(Matcher::job_id(job_id)).respond(["0812".into(), later]);
        client.run(&prep_body(&merged(&params(job_id, 1), &json!({"user_id": job_id}))), &full_zip("0"));
    }
    client.pass(60 * MINUTE);
    let callbacks = client.deliver();
    let order: Vec<_> = callbacks
        .iter()
        .map(|entry| {
            (entry["PartnerParams"]["job_id"].as_str().unwrap(), entry["ResultCode"].as_str().unwrap())
        })
        .collect();
    assert_eq!(order, [("a", "0812"), ("b", "0812"), ("b", "1210"), ("a", "1210")]);
}

#[test]
fn no_result_follows_the_stages_without_a_review() {
    let mut client = Client::new();
    client.service.when(Matcher::any()).respond([
        ScriptStage::from(Outcome::Provisional),
        ScriptStage::from(Outcome::ReviewerApproved).with_delay(MINUTE),
    ]);
    client.service.when(Matcher::job_id("open")).respond([Outcome::Provisional]);
    for job_id in ["open", "job"] {
        run(&mut client, Product::BiometricKyc, job_id);
    }
    client.deliver();
    client.service.review(client.now, "job", Review::SpoofDetected).unwrap();
    assert_eq!(client.service.review(client.now, "job", Review::Approve), Err(ReviewError::NotUnderReview));
    client.pass(60 * MINUTE);
    assert_eq!(client.deliver().len(), 1);
    assert_eq!(client.service.job("job").unwrap().result_code(), Some("1212"));
    assert_eq!(client.service.job("open").unwrap().stage, Stage::UnderReview);
    client.service.review(client.now, "open", Review::Approve).unwrap();
    assert_eq!(client.service.job("open").unwrap().result_code(), Some("1210"));
}

#[test]
fn an_issuer_is_down_for_so_many_requests_or_for_so_long() {
    let codes = |client: &mut Client, product: Product, pauses: &[Duration]| -> Vec<Value> {
        let mut codes = Vec::new();
        for (number, &pause) in pauses.iter().enumerate() {
            client.pass(pause);
            codes.push(run(client, product, &format!("job-{number}"))["ResultCode"].clone());
        }
        codes
    };
    let mut client = Client::new();
    client
        .service
        .when(Matcher::product(Product::EnhancedKyc))
        .with_times(2)
        .respond([Outcome::IssuerUnavailable]);
    assert_eq!(codes(&mut client, Product::EnhancedKyc, &[Duration::ZERO; 3]), ["1015", "1015", "1012"]);

    // From the first job on, however late that is.
    let mut client = Client::new();
    let by_type = client.service.when(Matcher::any().with_id_type("BVN"));
    by_type.with_duration(MINUTE).respond([Outcome::IssuerUnavailable]);
    let pauses = [5 * MINUTE, MINUTE / 2, MINUTE / 2];
    assert_eq!(codes(&mut client, Product::BiometricKyc, &pauses), ["1015", "1015", "0810"]);

    let mut client = Client::new();
    client.service.when(Matcher::any().with_nth(2)).respond(["1016"]);
    assert_eq!(codes(&mut client, Product::EnhancedKyc, &[Duration::ZERO; 3]), ["1012", "1016", "1012"]);
}

#[test]
fn rules_follow_countries_and_types_of_ids() {
    for (matcher, is_met) in [
        (Matcher::any().with_country("NG").with_id_type("NIN_V2"), true),
        (Matcher::any().with_country("KE"), false),
        (Matcher::any().with_id_type("BVN"), false),
        (Matcher::job_id_prefix("jo").with_user_id("user"), true),
        (Matcher::product(Product::BasicKyc), false),
    ] {
        let mut client = Client::new();
        client.service.when(matcher.clone()).respond(["1016"]);
        let entry = run(&mut client, Product::EnhancedKyc, "job");
        assert_eq!(entry["ResultCode"] == "1016", is_met, "{matcher:?}");
    }
    let mut client = Client::new();
    client.service.when(Matcher::product(Product::Aml).with_country("KE")).respond([Outcome::Rejected]);
    assert_eq!(run(&mut client, Product::Aml, "job")["ResultCode"], "1030");
}

#[test]
fn a_result_has_the_requested_spelling_variants() {
    let mut client = Client::new();
    client.service.when(Matcher::any()).respond([ScriptStage::as_it_comes()
        .with_text("In other words")
        .with_is_final(false)
        .with_action("Liveness_Check", "Sent to Mars")
        .with_action("Brand_New_Action", "Passed")
        .with_field("Antifraud", json!({"summary": {"fraud_detected": true}}))
        .with_renamed_field("Country", "country_code")
        .with_missing_field("ConfidenceValue")
        .with_missing_field("Actions.Selfie_Check")]);
    let entry = run(&mut client, Product::BiometricKyc, "job");
    assert_eq!((&entry["ResultCode"], &entry["ResultText"]), (&json!("0810"), &json!("In other words")));
    assert_eq!(entry["IsFinalResult"], "false");
    assert_eq!(entry["Actions"]["Liveness_Check"], "Sent to Mars");
    assert_eq!(entry["Actions"]["Brand_New_Action"], "Passed");
    assert!(entry["Actions"].get("Selfie_Check").is_none() && entry.get("ConfidenceValue").is_none());
    assert_eq!((&entry["country_code"], entry.get("Country")), (&json!("NG"), None));
    assert_eq!(entry["Antifraud"]["summary"]["fraud_detected"], true);
    assert_eq!(without(&without(&client.deliver()[0], "timestamp"), "signature"), entry);
    // The result is not final, so a review may follow.
    assert_eq!(client.service.job("job").unwrap().stage, Stage::UnderReview);
}

#[test]
fn spelling_variants_apply_to_the_status_as_well() {
    for (spelling_variant, pointer, expected) in [
        (SpellingVariant::StringBooleans, "/job_complete", json!("true")),
        (SpellingVariant::RealBooleans, "/result/IsFinalResult", json!(true)),
        (SpellingVariant::NumbersAsStrings, "/result/PartnerParams/job_type", json!("1")),
        (SpellingVariant::CodesAsNumbers, "/code", json!(2302)),
        (SpellingVariant::CodesAsNumbers, "/result/ResultCode", json!(810)),
        (SpellingVariant::SnakeCaseKeys, "/result/actions/liveness_check", json!("Passed")),
    ] {
        let mut client = Client::new();
        client
            .service
            .when(Matcher::any())
            .respond([ScriptStage::as_it_comes().with_spelling_variant(spelling_variant)]);
        let status = client.run(&prep_body(&params("job", 1)), &full_zip("00000000000"));
        assert_eq!(status.pointer(pointer), Some(&expected), "{spelling_variant:?}");
    }
}

#[test]
fn a_stage_without_a_callback_is_in_the_status_alone() {
    let mut client = Client::new();
    let silent = ScriptStage::from(Outcome::Provisional).without_callback();
    client.service.when(Matcher::any()).respond([silent, Outcome::ReviewerApproved.into()]);
    run(&mut client, Product::BiometricKyc, "job");
    let codes: Vec<_> = client.deliver().iter().map(|entry| entry["ResultCode"].clone()).collect();
    assert_eq!(codes, ["1210"]);
    assert_eq!(client.service.job("job").unwrap().results.len(), 2);
}

#[test]
fn checks_have_stages_too() {
    let mut client = Client::new();
    client.service.when(Matcher::any()).respond([
        ScriptStage::from(Outcome::IssuerUnavailable).with_delay(MINUTE),
        ScriptStage::from(Outcome::Approved).with_delay(MINUTE),
    ]);
    let body = id_body("00000000001", &json!({}));
    assert_eq!(client.post("/v1/async_id_verification", &body), (200, json!({"success": true})));
    let ids = json!({"user_id": "user", "job_id": "job"});
    assert_eq!(client.status(&ids, &json!({}))["job_complete"], false);
    for code in ["1015", "1012"] {
        assert!(client.deliver().is_empty());
        client.pass(MINUTE);
        let entries = client.deliver();
        assert_eq!((entries.len(), &entries[0]["ResultCode"]), (1, &json!(code)));
        assert_eq!(entries[0].get("FullName").is_some(), code == "1012");
    }
    // A result in the answer can't wait; later ones are in the status.
    let mut client = Client::new();
    let later = ScriptStage::from("1012").with_delay(MINUTE);
    client.service.when(Matcher::any()).respond([ScriptStage::from("1015").with_delay(MINUTE), later]);
    assert_eq!(client.check("/v1/id_verification", &body)["ResultCode"], "1015");
    client.pass(MINUTE);
    assert_eq!(client.status(&ids, &json!({}))["result"]["ResultCode"], "1012");
    assert!(client.deliver().is_empty());
}

#[test]
fn an_old_account_gets_the_lookup_after_the_first_stage() {
    let mut client = Client::with(builder().with_legacy_two_callbacks(true));
    let stages = ["0812", "1210"].map(|code| ScriptStage::from(code).with_delay(MINUTE));
    client.service.when(Matcher::any()).respond(stages);
    client.run(&prep_body(&params("job", 1)), &full_zip("00000000000"));
    client.pass(60 * MINUTE);
    let codes: Vec<_> = client.deliver().iter().map(|entry| entry["ResultCode"].clone()).collect();
    assert_eq!(codes, ["0812", "1012", "1210"]);
}

#[test]
fn a_zip_that_cannot_be_used_outranks_every_rule_and_uses_none_up() {
    let mut client = Client::new();
    client.service.when(Matcher::any()).with_times(1).respond(["0811"]);
    let status = client.run(&prep_body(&params("bad", 1)), b"no zip");
    assert_eq!(status["result"]["ResultCode"], "0903");
    assert_eq!(run(&mut client, Product::BiometricKyc, "job")["ResultCode"], "0811");
}

#[test]
fn another_zip_begins_anew() {
    let mut client = Client::new();
    let later = ScriptStage::from("1210").with_delay(MINUTE);
    client.service.when(Matcher::any()).with_times(1).respond(["0812".into(), later]);
    let url = client.upload_url(&prep_body(&params("job", 1)));
    for _ in 0..2 {
        client.put(&url, &full_zip("00000000000"));
    }
    client.pass(60 * MINUTE);
    let codes: Vec<_> = client.deliver().iter().map(|entry| entry["ResultCode"].clone()).collect();
    assert_eq!(codes, ["0812", "0810"]);
}

#[test]
fn requests_can_be_refused_with_any_code() {
    let mut client = Client::new();
    client.service.when(Matcher::any()).with_times(2).refuse("2428");
    let (status, answer) = client.prep(&prep_body(&params("job", 1)));
    assert_eq!((status, &answer["code"]), (400, &json!("2428")));
    assert_eq!(client.refusal("/v1/id_verification", &id_body("0", &json!({}))), "2428");
    assert!(client.service.jobs().is_empty());
    run(&mut client, Product::BiometricKyc, "job");

    client.service.when(Matcher::job_id("job")).with_times(1).refuse("2301");
    let body = crate::client::status_body(&params("job", 1), &json!({}));
    let (status, answer) = client.post("/v1/job_status", &body);
    assert_eq!((status, &answer["error"]), (500, &json!("System Error")));
    assert_eq!(client.status(&params("job", 1), &json!({}))["job_complete"], true);

    for (path, body) in [
        ("/v2/async-verify-address", address_body("0000", &json!({}))),
        ("/v2/async-verify-phone", phone_body("08000000000", &json!({}))),
    ] {
        client.service.when(Matcher::any()).with_times(1).refuse("2401");
        let (status, answer) = client.post_header_signed(path, &body);
        assert_eq!((status, &answer["code"], &answer["success"]), (500, &json!("2401"), &json!(false)));
    }
}

#[test]
fn callbacks_of_stages_go_where_the_job_says() {
    let mut client = Client::new();
    client
        .service
        .when(Matcher::any())
        .respond(["0812".into(), ScriptStage::from("1210").with_delay(MINUTE)]);
    run(&mut client, Product::BiometricKyc, "job");
    client.pass(MINUTE);
    let due = client.service.due_callbacks(client.now);
    // The second keeps waiting for the first.
    assert_eq!((due.len(), due[0].url.as_str()), (1, CALLBACK_URL));
}
