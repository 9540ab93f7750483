use serde_json::{Value, json};
use smile_sandbox::Matcher;

use crate::client::{Client, aml_body, builder, id_body, merged, params, without};

const PATH: &str = "/v1/aml";

fn check(name: &str, changes: &Value) -> Value {
    Client::new().check(PATH, &aml_body(name, changes))
}

fn found(name: &str, changes: &Value) -> u64 {
    let entry = check(name, changes);
    let people = entry["people"].as_array().unwrap().len() as u64;
    let (code, listed) = if people == 0 { ("1031", "Not Listed") } else { ("1030", "Listed") };
    assert_eq!((&entry["ResultCode"], &entry["Actions"]), (&json!(code), &json!({"Listed": listed})));
    assert_eq!(entry["no_of_persons_found"], people);
    people
}

#[test]
fn listed_people_are_found_with_all_fields() {
    let entry =
        check("Mallory Listed", &json!({"birth_year": "1970", "partner_params": {"branch": "Lagos"}}));
    assert_eq!((&entry["ResultCode"], &entry["ResultText"]), (&json!("1030"), &json!("Found on list")));
    assert_eq!(
        entry["PartnerParams"],
        json!({"user_id": "user", "job_id": "job", "job_type": 10, "branch": "Lagos"})
    );
    assert_eq!((&entry["StrictMatch"], &entry["SmileJobID"]), (&json!(true), &json!("0000000001")));
    let person = &entry["people"][0];
    for pointer in [
        "/name",
        "/aliases/0",
        "/addresses/0",
        "/dates_of_birth/0",
        "/nationalities/0",
        "/associations/0/association_type",
        "/associations/0/name",
        "/associations/0/relationship",
        "/adverse_media/0/date_published",
        "/adverse_media/0/publisher",
        "/adverse_media/0/source_link",
        "/adverse_media/0/title",
        "/pep/political_positions/0/country",
        "/pep/political_positions/0/from",
        "/pep/political_positions/0/position",
        "/pep/political_positions/0/to",
        "/pep/sources/0/source_link",
        "/pep/sources/0/source_name",
        "/sanctions/0/date_of_birth",
        "/sanctions/0/nationality",
        "/sanctions/0/source_details/listed_date",
        "/sanctions/0/source_details/source_link/0",
        "/sanctions/0/source_details/source_name",
        "/sanctions/0/source_details/source_type",
    ] {
        assert!(person.pointer(pointer).is_some_and(Value::is_string), "{pointer}");
    }
    assert!(person["pep"]["pep_level"].is_number());
    assert_eq!(person["pep"]["political_positions"][1]["to"], Value::Null);
}

#[test]
fn a_strict_search_wants_name_year_and_country() {
    for (name, changes, people) in [
        ("Joe Doe Leo", json!({}), 0),
        ("mallory  LISTED", json!({}), 1),
        ("Listed Mallory", json!({}), 1),
        ("M. Listed", json!({}), 1),
        ("Mallory", json!({}), 0),
        ("Mallory Listed", json!({"birth_year": 1970}), 1),
        ("Mallory Listed", json!({"birth_year": "1971"}), 0),
        ("Mallory Listed", json!({"birth_year": ""}), 1),
        ("Mallory Listed", json!({"countries": ["KE"]}), 0),
        ("Trudy Listed", json!({"birth_year": "1984"}), 1),
        ("Joe Doe Leo", json!({"aliases": ["T. Listed"]}), 1),
    ] {
        assert_eq!(found(name, &changes), people, "{name} {changes}");
        assert_eq!(found(name, &merged(&changes, &json!({"strict_match": true}))), people);
    }
}

#[test]
fn another_search_wants_one_word_of_the_name() {
    for (name, people) in [("Mallory Smith", 1), ("Anybody Listed", 2), ("Joe Doe Leo", 0)] {
        let changes = json!({"strict_match": false, "birth_year": "1900", "countries": ["ZA"]});
        assert_eq!(found(name, &changes), people, "{name}");
    }
    assert_eq!(check("Trudy", &json!({"strict_match": "false"}))["StrictMatch"], false);
    assert_eq!(check("Trudy", &json!({"strict_match": null}))["StrictMatch"], true);
}

#[test]
fn the_test_can_ask_for_a_result() {
    for (asked, people) in [("0", 0), ("1", 1), ("2", 1)] {
        let changes = json!({"partner_params": {"sandbox_result": asked}});
        assert_eq!(found("Joe Doe Leo", &changes), people, "{asked}");
        assert_eq!(found("Mallory Listed", &changes), people, "{asked}");
    }
    let entry = check("Ada Eze", &json!({"partner_params": {"sandbox_result": 1}}));
    assert_eq!(entry["people"][0]["name"], "Ada Eze");
}

#[test]
fn the_code_for_nobody_is_a_setting() {
    let mut client = Client::with(builder().with_aml_not_found_code("1099"));
    let entry = client.check(PATH, &aml_body("Joe Doe Leo", &json!({})));
    assert_eq!((&entry["ResultCode"], &entry["ResultText"]), (&json!("1099"), &json!("Not found on list")));
    client.service.when(Matcher::job_id("job")).respond(["1015"]);
    let entry = client.check(PATH, &aml_body("Mallory Listed", &json!({})));
    assert_eq!(entry["ResultText"], "Error - Queried Database Unavailable");
}

#[test]
fn a_known_user_need_not_be_named_again() {
    let mut client = Client::new();
    let unnamed =
        without(&aml_body("", &json!({"search_existing_user": true, "job_id": "second"})), "full_name");
    assert_eq!(client.refusal(PATH, &unnamed), "2413");
    client.check(PATH, &aml_body("Mallory Listed", &json!({"birth_year": "1970"})));
    assert_eq!(client.check(PATH, &unnamed)["no_of_persons_found"], 1);
    // The search finds the name behind a check that had none itself.
    assert_eq!(client.check(PATH, &merged(&unnamed, &json!({"job_id": "third"})))["no_of_persons_found"], 1);

    let custom = merged(&params("kyc", 5), &json!({"FullName": "Trudy Listed", "DOB": "1984-01-01"}));
    let mut client = Client::new();
    client.check("/v1/id_verification", &id_body("00000000004", &json!({"partner_params": custom})));
    assert_eq!(client.check(PATH, &unnamed)["people"][0]["name"], "Trudy Listed");
}

#[test]
fn errors_have_the_codes_of_this_endpoint() {
    let mut client = Client::new();
    let body = aml_body("Joe", &json!({}));
    for name in ["partner_id", "signature", "timestamp", "user_id", "job_id", "countries", "full_name"] {
        assert_eq!(client.refusal(PATH, &without(&body, name)), "2413", "{name}");
    }
    assert_eq!(client.refusal(PATH, &merged(&body, &json!({"countries": []}))), "2413");
    assert_eq!(client.refusal(PATH, &merged(&body, &json!({"partner_id": "2"}))), "2405");
    assert_eq!(client.refusal(PATH, &merged(&body, &json!({"job_type": 5}))), "2212");
    assert_eq!(client.refusal(PATH, &json!([])), "2203");
    for changes in [
        json!({"countries": "NG"}),
        json!({"countries": [1]}),
        json!({"full_name": 1}),
        json!({"birth_year": "x"}),
        json!({"aliases": "x"}),
        json!({"strict_match": 1}),
        json!({"search_existing_user": "maybe"}),
        json!({"partner_params": 1}),
    ] {
        assert_eq!(client.refusal(PATH, &merged(&body, &changes)), "2204", "{changes}");
    }
    assert!(client.service.jobs().is_empty());
}
