//! Scenario files: the supplied ones, played to the end, and wrong ones, refused.

use std::time::Duration;

use serde_json::{Value, json};
use smile_sandbox::{Product, Scenario, UserState};

use crate::client::{Client, builder, id_body, params, prep_body};
use crate::rules::run;

/// The supplied scenario of this name.
fn shipped(name: &str) -> Scenario {
    let path = format!("{}/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let toml = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    Scenario::parse(&toml).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn client(product: Product) -> Client {
    Client::with(builder().with_scenario(shipped(product.name())))
}

/// Runs a job with all its later results, and returns the codes in order.
fn play(client: &mut Client, product: Product, job_id: &str) -> Vec<Value> {
    if matches!(product, Product::Address | Product::Phone) {
        let (path, body) = match product {
            Product::Address => ("/v2/async-verify-address", crate::client::address_body("0000", &json!({}))),
            _ => ("/v2/async-verify-phone", crate::client::phone_body("08000000000", &json!({}))),
        };
        let body = crate::client::merged(&body, &json!({"partner_params": {"job_id": job_id}}));
        assert_eq!(client.post_header_signed(path, &body).0, 200);
    } else {
        run(client, product, job_id);
    }
    client.deliver();
    for _ in 0..10 {
        if let Some(due) = client.service.next_wakeup() {
            client.now = due;
            client.deliver();
        }
    }
    let code =
        |entry: &Value| entry.get("ResultCode").or(entry.get("result_code")).cloned().unwrap_or_default();
    client.service.job(job_id).unwrap().results.iter().map(code).collect()
}

#[test]
fn every_shipped_scenario_plays_its_stages() {
    use Product::*;
    for (product, plays) in [
        (
            BiometricKyc,
            &[
                ("plain-1", &["0810"][..]),
                ("reviewed-1", &["0812", "1210"]),
                ("overturned-1", &["0812", "1210", "1211"]),
                ("spoof-1", &["0814", "1212"]),
                ("forgotten-1", &["0812"]),
                ("outage-1", &["1015"]),
                ("outage-2", &["1015"]),
                ("outage-3", &["0810"]),
                ("future-1", &["0899"]),
            ][..],
        ),
        (
            SmartSelfieRegistration,
            &[
                ("clumsy-1", &["0942"]),
                ("clumsy-2", &["0941"]),
                ("clumsy-3", &["0840"]),
                ("reviewed-1", &["0842", "1241"]),
                ("strict-1", &["0846", "1240"]),
            ],
        ),
        (
            SmartSelfieAuthentication,
            &[("unsure-1", &["0825", "1221"]), ("spoof-1", &["0823"]), ("silent-1", &["0820"])],
        ),
        (
            DocumentVerification,
            &[
                ("reviewed-1", &["0815", "0810"]),
                ("expired-1", &["0817"]),
                ("blurred-1", &["0812"]),
                ("unsupported-1", &["0816"]),
                ("spelled-1", &["0810"]),
            ],
        ),
        (
            EnhancedDocumentVerification,
            &[
                ("outage-1", &["1015"]),
                ("outage-2", &["1015"]),
                ("unknown-1", &["1013"]),
                ("reviewed-1", &["0815", "0811"]),
                ("outage-3", &["0810"]),
            ],
        ),
        (
            EnhancedKyc,
            &[
                ("outage-1", &["1015"]),
                ("outage-2", &["1015"]),
                ("outage-3", &["1015"]),
                ("outage-4", &["1012"]),
                ("later-1", &["1015", "1012"]),
                ("inactive-1", &["1016"]),
                ("odd-1", &["1012"]),
            ],
        ),
        (
            BasicKyc,
            &[
                ("partial-1", &["1021"]),
                ("stranger-1", &["1022"]),
                ("unknown-1", &["1013"]),
                ("outage-1", &["1015"]),
                ("outage-2", &["1020"]),
            ],
        ),
        (
            BusinessVerification,
            &[
                ("outage-1", &["1015"]),
                ("outage-2", &["1015"]),
                ("outage-3", &["1012"]),
                ("unknown-1", &["1013"]),
                ("opaque-1", &["1012"]),
            ],
        ),
        (Aml, &[("listed-1", &["1030"]), ("clear-1", &["1031"]), ("odd-1", &["1031"])]),
        (Address, &[("slow-1", &["1020"]), ("moved-1", &["1015", "1022"]), ("partial-1", &["1021"])]),
        (
            Phone,
            &[
                ("unknown-1", &["1023"]),
                ("outage-1", &["1015"]),
                ("outage-2", &["1022"]),
                ("bare-1", &["1020"]),
            ],
        ),
    ] {
        let mut client = client(product);
        for (job_id, codes) in plays {
            assert_eq!(play(&mut client, product, job_id), *codes, "{} {job_id}", product.name());
        }
    }
}

#[test]
fn an_old_account_calls_twice_and_writes_as_it_used_to() {
    let mut client = Client::with(builder().with_scenario(shipped("old-account")));
    let prep = prep_body(&params("job", 1));
    let status = client.run(&prep, &crate::client::full_zip("00000000000"));
    assert_eq!(status["job_complete"], false);
    client.status(&prep["partner_params"], &json!({}));
    let status = client.status(&prep["partner_params"], &json!({}));
    assert_eq!((&status["job_complete"], &status["job_success"]), (&json!("true"), &json!("true")));
    let first = client.deliver();
    let codes: Vec<_> = first.iter().map(|entry| &entry["ResultCode"]).collect();
    assert_eq!(codes, ["0812", "1012"]);
    assert_eq!(first[0]["PartnerParams"]["job_type"], "1");
    assert!(first[0].get("FullName").is_none() && first[1].get("FullName").is_some());
    client.pass(Duration::from_secs(300));
    assert_eq!(client.deliver()[0]["ResultCode"], "1210");
    let document = client.run(&prep_body(&params("document", 6)), &crate::client::full_zip("00000000000"));
    assert_eq!(document["job_complete"], false);
    assert_eq!(client.deliver()[0]["result_code"], "0810");
}

#[test]
fn stages_come_when_the_file_says() {
    let mut client = client(Product::BiometricKyc);
    let started = client.now;
    run(&mut client, Product::BiometricKyc, "overturned-1");
    let dues = std::iter::from_fn(|| {
        client.deliver();
        let due = client.service.next_wakeup()?;
        client.now = due;
        Some(due.since(started))
    });
    assert_eq!(dues.collect::<Vec<_>>(), [Duration::from_secs(120), Duration::from_secs(3_720)]);
}

#[test]
fn users_and_refusals_of_a_file_hold() {
    let mut client = client(Product::BiometricKyc);
    let blocked = crate::client::merged(&params("job", 1), &json!({"user_id": "blocked"}));
    assert_eq!(client.prep(&prep_body(&blocked)).1["code"], "2207");
    assert_eq!(client.prep(&prep_body(&params("unpaid-1", 1))).1["code"], "2428");
    assert_eq!(client.service.user("blocked"), UserState::Disabled);
    let faceless = crate::client::merged(&params("job", 2), &json!({"user_id": "faceless"}));
    let mut client = self::client(Product::SmartSelfieAuthentication);
    assert_eq!(client.prep(&prep_body(&faceless)).1["code"], "2216");
    let attempts = client.service.callback_attempts();
    assert!(attempts.is_empty());
    let mut client = self::client(Product::Aml);
    let body = crate::client::aml_body("Joe Leo", &json!({"job_id": "failing-1"}));
    assert_eq!(client.post("/v1/aml", &body).1["code"], "2401");
    assert_eq!(client.post("/v1/aml", &body).0, 200);
}

#[test]
fn results_are_written_as_the_file_says() {
    let mut client = client(Product::BiometricKyc);
    let entry = run(&mut client, Product::BiometricKyc, "odd-1");
    assert_eq!((&entry["ResultCode"], &entry["IsFinalResult"]), (&json!(810), &json!(true)));
    assert_eq!((&entry["SmileJobId"], entry.get("SmileJobID")), (&json!("0000000001"), None));
    assert!(entry.get("ConfidenceValue").is_none() && entry["Actions"].get("Liveness_Check").is_none());
    assert_eq!(entry["IDNumberPreviouslyRegistered"], false);
    assert_eq!(
        run(&mut client, Product::BiometricKyc, "future-1")["ResultText"],
        "Machine Judgement - From The Future"
    );

    let entry =
        run(&mut self::client(Product::DocumentVerification), Product::DocumentVerification, "spelled-1");
    assert!(entry["MiddleName"] == "Doe" && entry.get("OtherName").is_none());

    let body = id_body("00000000000", &json!({"partner_params": params("odd-1", 5)}));
    let entry = self::client(Product::EnhancedKyc).check("/v1/id_verification", &body);
    assert_eq!(
        (&entry["full_name"], &entry["partner_params"]["job_type"]),
        (&json!("Joe Doe Leo"), &json!("5"))
    );
    assert!(entry.get("gender").is_none());

    let entry =
        run(&mut self::client(Product::BusinessVerification), Product::BusinessVerification, "opaque-1");
    assert_eq!(entry["company_information"]["status"], "INACTIVE");
    assert!(entry.get("directors").is_none());

    let entry = run(&mut self::client(Product::Aml), Product::Aml, "odd-1");
    assert_eq!((&entry["no_of_persons_found"], &entry["StrictMatch"]), (&json!("0"), &json!("true")));
}

#[test]
fn a_file_says_its_format_or_is_of_the_first() {
    for toml in ["format = 1\n[sandbox]\nseed = 7\n", "[sandbox]\nseed = 7\n"] {
        Scenario::parse(toml).unwrap();
    }
}

#[test]
fn a_wrong_file_is_refused_with_line_and_reason() {
    let rule = |rest: &str| format!("[[rules]]\n{rest}\n");
    let stage =
        |stage: &str| rule(&format!("when = {{ product = \"biometric-kyc\" }}\nstages = [{{ {stage} }}]"));
    for (toml, line, column, reason) in [
        ("[[faults]]\nfault = \"lose-answer\"".to_owned(), 2, 9, "unknown variant `lose-answer`"),
        ("[[faults]]\nfault = { answer = 99 }".to_owned(), 2, 9, "a status must be from 200 to 599"),
        ("[[faults]]\nfault = \"lose_answer\"\nnth = 0".to_owned(), 1, 1, "`nth` must be 1 or more"),
        ("[[rules]\n".to_owned(), 1, 9, ""),
        (
            "format = 2\n[robots]\n".to_owned(),
            1,
            10,
            "the file is written in format 2, and this sandbox reads",
        ),
        ("format = 0\n".to_owned(), 1, 10, "the file is written in format 0"),
        ("format = \"new\"\n".to_owned(), 1, 10, "invalid type: string"),
        ("[sandbox]\nsede = 1\n".to_owned(), 2, 1, "unknown field `sede`, expected"),
        ("\n\n[sandbox]\nseed = -1\n".to_owned(), 4, 8, "invalid value"),
        ("[sandbox]\nautomatic_review = \"maybe\"\n".to_owned(), 2, 20, "a reviewer's decision is approve,"),
        ("[sandbox]\ncallback_url = \"https://example.com/\"\n".to_owned(), 2, 16, "callbacks only go to"),
        ("[sandbox]\ncallback_retries = [\"1s\", \"soon\"]\n".to_owned(), 2, 27, "a time is written like"),
        ("[sandbox]\naml_not_found_code = \"0810\"\n".to_owned(), 2, 22, "aml has no code 0810"),
        ("[[users]]\nuser_id = \"a\"\nstate = \"dead\"\n".to_owned(), 3, 9, "unknown variant `dead`"),
        ("[[users]]\nuser_id = \"\"\nstate = \"deleted\"\n".to_owned(), 2, 11, "`user_id` is empty"),
        ("[[users]]\nuser_id = \"a\"\nstate = \"deleted\"\n".repeat(2), 5, 11, "this user is there twice"),
        (rule("when = { jobid = \"a\" }"), 2, 10, "unknown field `jobid`"),
        (rule("when = { product = \"kyc\" }"), 2, 20, "there is no product `kyc`; there is biometric-kyc, "),
        (rule("when = { country = \"Nigeria\" }\nstages = [{}]"), 2, 20, "no such country"),
        (rule("when = { nth = 0 }\nstages = [{}]"), 2, 16, "`nth` counts from 1"),
        (rule("times = 0\nstages = [{}]"), 2, 9, "`times` counts from 1"),
        (rule("lasts = \"0s\"\nstages = [{}]"), 2, 9, "a rule that lasts no time"),
        (rule(""), 1, 1, "a rule has either `stages`"),
        (rule("stages = []"), 1, 1, "a rule has either `stages`"),
        (rule("refuse = \"2413\"\nstages = [{}]"), 1, 1, "a rule has either `stages`"),
        (rule("refuse = \"2202\""), 2, 10, "2202 is no code that a request is refused with"),
        (rule("refuse = \"9999\""), 2, 10, "9999 is no code"),
        (
            rule("when = { product = \"biometric-kyc\", id_type = \"BVN\" }\nrefuse = \"2413\""),
            2,
            47,
            "when this is refused, neither the country",
        ),
        (stage("code = \"0840\""), 3, 20, "biometric-kyc has no code 0840; if that is what"),
        (stage("code = \"810\""), 3, 20, "a result code has four digits"),
        (
            stage("code = \"0810\", outcome = \"approved\""),
            3,
            38,
            "a stage has either a `code` or an `outcome`",
        ),
        (stage("outcome = \"great\""), 3, 23, "there is no outcome `great`; there is approved, "),
        (stage("outcome = \"document-expired\""), 3, 23, "biometric-kyc has no code for this outcome"),
        (stage("after = \"-1s\""), 3, 21, "a time is written like"),
        (stage("after = \"2years\""), 3, 21, "a time is a year at most"),
        (stage("odd = [\"upside-down\"]"), 3, 20, "unknown variant `upside-down`"),
        (stage("} , { callback = true"), 3, 17, "a stage after the first needs"),
        (stage("final = \"yes\""), 3, 21, "invalid type: string"),
        (rule("stages = [{ code = \"9999\" }]"), 2, 20, "no product has the code 9999"),
        (
            rule("stages = [{ outcome = \"no-face\" }, { outcome = \"partial-match\" }]"),
            2,
            36,
            "there is no product with all outcomes",
        ),
        (
            rule("when = { product = \"aml\" }\nstages = [{ after = \"1s\" }]"),
            3,
            21,
            "aml is answered at once, so it can't wait",
        ),
        (
            rule("when = { product = \"aml\" }\nstages = [{}, { code = \"1030\" }]"),
            3,
            15,
            "aml is answered at once, so nothing can follow",
        ),
        ("# \u{e9}\u{e9}\nname = 1\n".to_owned(), 2, 1, "unknown field `name`"),
        ("[sandbox]\nseed = 1 # \u{e9}\u{e9}\n\u{e9} = 2\n".to_owned(), 3, 1, ""),
    ] {
        let error = Scenario::parse(&toml).expect_err(&toml);
        assert_eq!((error.line, error.column), (line, column), "{toml}: {error}");
        assert!(error.reason.starts_with(reason) && !error.reason.is_empty(), "{toml}: {error}");
        assert!(!error.reason.contains('\n'), "{error}");
        assert_eq!(error.to_string(), format!("line {line}, column {column}: {}", error.reason));
    }
}

#[test]
fn later_settings_outrank_the_scenario() {
    let scenario = Scenario::parse("[sandbox]\npending_polls = 3\nautomatic_review = \"none\"").unwrap();
    for (builder, polls) in [
        (builder().with_scenario(scenario.clone()), 3),
        (builder().with_scenario(scenario.clone()).with_pending_polls(1), 1),
        (builder().with_pending_polls(1).with_scenario(scenario), 3),
    ] {
        let mut client = Client::with(builder);
        let prep = prep_body(&params("job", 1));
        client.run(&prep, &crate::client::full_zip("00000000000"));
        let asked =
            (1..10).find(|_| client.status(&prep["partner_params"], &json!({}))["job_complete"] == true);
        assert_eq!(asked, Some(polls));
    }
}

#[test]
fn a_scenario_says_what_becomes_of_the_status_of_a_job_that_nobody_knows() {
    for (value, status) in [("true", 400), ("false", 200)] {
        let toml = format!("[sandbox]\nrefuse_unknown_jobs = {value}");
        let mut client = Client::with(builder().with_scenario(Scenario::parse(&toml).unwrap()));
        let body = crate::client::status_body(&params("unknown", 1), &json!({}));
        assert_eq!(client.post("/v1/job_status", &body).0, status);
    }
}

#[test]
fn debug_names_nobody() {
    let toml = "[[users]]\nuser_id = \"ada\"\nstate = \"enrolled\"\n[[rules]]\nwhen = { user_id = \"ada\" }\nstages = [{}]";
    assert!(!format!("{:?}", Scenario::parse(toml).unwrap()).contains("ada"));
}

#[test]
fn a_file_with_a_hole_in_it_is_read_or_refused_with_a_place_in_it() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let mut refused = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let toml = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let places: Vec<usize> = toml.char_indices().map(|(at, _)| at).step_by(5).collect();
        for hole in places.windows(2) {
            let damaged = format!("{}\u{e9}{}", &toml[..hole[0]], &toml[hole[1]..]);
            if let Err(error) = Scenario::parse(&damaged) {
                refused += 1;
                let line = damaged.split('\n').nth(error.line - 1).unwrap_or_else(|| panic!("{error}"));
                assert!((1..=line.chars().count() + 1).contains(&error.column), "{error} in {line:?}");
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
}

/// The documentation's own examples, so that they can't go stale.
#[test]
fn the_examples_in_the_documentation_are_scenarios() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scenarios.md")).unwrap();
    let mut examples = 0;
    for block in page.split("```toml\n").skip(1) {
        let (toml, _) = block.split_once("```").unwrap();
        Scenario::parse(toml).unwrap_or_else(|error| panic!("{error} of\n{toml}"));
        examples += 1;
    }
    assert!(examples >= 7, "{examples}");
}

#[test]
fn a_bad_day_has_its_faults_in_order_and_after_a_reset_again() {
    let mut client = Client::with(builder().with_scenario(shipped("bad-day")));
    for _ in 0..2 {
        assert_eq!(client.service.faults().len(), 5);
        let mut post = |path: &str| {
            let request = http::Request::post(path).body(bytes::Bytes::from_static(b"{}")).unwrap();
            let response = client.service.handle(client.now, request).response;
            (response.status().as_u16(), serde_json::from_slice::<Value>(response.body()).is_ok())
        };
        assert_eq!([0; 2].map(|_| post("/v1/upload")), [(429, true), (400, true)]);
        assert_eq!([0; 3].map(|_| post("/v1/job_status")), [(400, false), (502, false), (400, true)]);
        // The latency is left, and the answer to a zip that has not come yet.
        assert_eq!(client.service.faults().len(), 2);
        client.service.reset();
    }
}
