use http::Method;
use serde_json::{Value, json};
use smile_sandbox::Matcher;

use crate::client::{
    Client, address_body, builder, confirmed, header_signed, merged, params, phone_body, without,
};

const ADDRESS: [&str; 3] = ["/v2/async-verify-address", "/v1/async-verify-address", "/async-verify-address"];
const PHONE: &str = "/v2/async-verify-phone";

fn entry_of(mut client: Client, path: &str, body: &Value) -> Value {
    assert_eq!(client.post_header_signed(path, body), (200, json!({"success": true})), "{body}");
    let entries = client.deliver();
    assert_eq!(entries.len(), 1);
    confirmed(&entries[0])
}

fn address(number: &str, changes: &Value) -> Value {
    entry_of(Client::new(), ADDRESS[0], &address_body(number, changes))
}

fn phone(number: &str, changes: &Value) -> Value {
    entry_of(Client::new(), PHONE, &phone_body(number, changes))
}

fn south_african(number: &str) -> Value {
    json!({"country": "ZA", "id_number": number, "utility_number": null, "utility_provider": null})
}

fn refused(path: &str, body: &Value) {
    let mut client = Client::new();
    let expected = json!({"error": "Invalid request", "code": "2413", "success": false});
    assert_eq!(client.post_header_signed(path, body), (400, expected), "{body}");
    assert!(client.service.jobs().is_empty());
}

#[test]
fn an_address_is_answered_by_callback() {
    for path in ADDRESS {
        let entry = entry_of(Client::new(), path, &address_body("0000000000", &json!({})));
        assert_eq!(
            entry,
            json!({
                "JSONVersion": "1.0.0",
                "SmileJobID": "0000000001",
                "PartnerParams": {},
                "ResultType": "Address Verification",
                "ResultText": "Exact Match",
                "ResultCode": "1020",
                "IsFinalResult": "true",
                "Actions": {"Verify_Address": "Exact Match", "Names": "Exact Match"},
                "Country": "NG",
                "Address": "1 Marina, Lagos",
                "UtilityNumber": "0000000000",
            })
        );
    }
}

#[test]
fn the_last_digit_of_either_number_decides() {
    for (digit, code) in [('0', "1020"), ('1', "1013"), ('3', "1015"), ('4', "1022"), ('5', "1020")] {
        assert_eq!(address(&format!("000000000{digit}"), &json!({}))["ResultCode"], code, "{digit}");
        let number = format!("000000000000{digit}");
        let entry = address("", &south_african(&number));
        assert_eq!((&entry["ResultCode"], &entry["IDNumber"]), (&json!(code), &json!(number)));
    }
    refused(ADDRESS[0], &address_body("0000000002", &json!({})));
    refused(ADDRESS[0], &address_body("", &south_african("0000000000002")));
}

#[test]
fn the_name_is_compared() {
    for (name, code) in [
        (json!("Joe Doe Leo"), "1020"),
        (json!(null), "1020"),
        (json!("Leo Doe Joe"), "1021"),
        (json!("Joe Smith"), "1021"),
        (json!("Ada Smith"), "1022"),
    ] {
        assert_eq!(address("0000000000", &json!({"full_name": name}))["ResultCode"], code, "{name}");
    }
}

#[test]
fn an_address_that_is_not_complete_is_refused() {
    let body = address_body("0000000000", &json!({}));
    for name in ["country", "address", "callback_url", "utility_number", "utility_provider"] {
        refused(ADDRESS[0], &without(&body, name));
        refused(ADDRESS[0], &merged(&body, &json!({name: ["x"]})));
    }
    for changes in [
        json!({"country": "KE"}),
        south_african("000000000000"),
        south_african("000000000000x"),
        json!({"country": "ZA"}),
        json!({"partner_params": "x"}),
    ] {
        refused(ADDRESS[0], &merged(&body, &changes));
    }
    refused(ADDRESS[0], &json!([]));
    let portal = Client::with(builder().with_callback_url("http://127.0.0.1:9/portal"));
    assert_eq!(entry_of(portal, ADDRESS[0], &without(&body, "callback_url"))["ResultCode"], "1020");
}

#[test]
fn a_phone_is_answered_by_callback() {
    let entry = phone("00000000000", &json!({}));
    assert_eq!(
        entry["Actions"],
        json!({
            "Verify_Phone_Number": "Completed",
            "First_Name": "Exact Match",
            "Last_Name": "Exact Match",
            "Other_Name": "Not Provided",
            "ID_Number": "Not Provided",
        })
    );
    assert_eq!((&entry["ResultCode"], &entry["PhoneNumber"]), (&json!("1020"), &json!("00000000000")));
    assert_eq!(entry["ResultType"], "Phone Verification");
}

#[test]
fn the_documented_test_data_of_phones_is_right() {
    for (country, number, fields) in [
        ("KE", "0000000000", json!({"id_number": "00000000"})),
        ("NG", "00000000000", json!({"first_name": "Joe", "last_name": "Leo"})),
        ("ZA", "0000000000", json!({"other_name": "Doe", "id_number": "0000000000000"})),
        ("TZ", "000000000000", json!({"first_name": "Joe"})),
        ("UG", "0000000000", json!({"last_name": "Leo"})),
    ] {
        let entry = phone(number, &json!({"country": country, "match_fields": fields}));
        assert_eq!(entry["ResultCode"], "1020", "{country}");
    }
}

#[test]
fn the_last_digit_and_the_fields_decide_about_a_phone() {
    for (number, fields, code) in [
        ("00000000001", json!({"first_name": "Joe"}), "1023"),
        ("00000000003", json!({"first_name": "Joe"}), "1015"),
        ("00000000004", json!({"first_name": "Joe"}), "1020"),
        ("+2348000000000", json!({"first_name": "joe", "last_name": "Smith"}), "1021"),
        ("00000000000", json!({"first_name": "Ada"}), "1022"),
        ("00000000000", json!({"id_number": "12345678901"}), "1022"),
    ] {
        assert_eq!(phone(number, &json!({"match_fields": fields}))["ResultCode"], code, "{number} {fields}");
    }
    refused(PHONE, &phone_body("00000000002", &json!({})));
}

#[test]
fn a_phone_that_is_not_complete_is_refused() {
    let body = phone_body("00000000000", &json!({}));
    for name in ["country", "phone_number", "match_fields", "callback_url"] {
        refused(PHONE, &without(&body, name));
        refused(PHONE, &merged(&body, &json!({name: [1]})));
    }
    for changes in [
        json!({"country": "FR"}),
        json!({"phone_number": "12345"}),
        json!({"phone_number": "phone numbers"}),
        json!({"match_fields": {}}),
        json!({"match_fields": {"shoe_size": "43"}}),
        json!({"match_fields": {"first_name": 1}}),
    ] {
        refused(PHONE, &merged(&body, &changes));
    }
}

#[test]
fn both_are_signed_in_the_headers() {
    for (path, body) in
        [(ADDRESS[0], address_body("0000000000", &json!({}))), (PHONE, phone_body("00000000000", &json!({})))]
    {
        let expected =
            json!({"error": "You are not authorized to do that.", "code": "2405", "success": false});
        let mut client = Client::new();
        assert_eq!(client.post(path, &crate::client::signed(&body)), (400, expected.clone()));
        for (header, value, code) in [
            ("smileid-partner-id", "002", "2405"),
            ("smileid-request-signature", "x", "2405"),
            ("smileid-timestamp", "2024-01-15T10:30:00.001Z", "2405"),
            ("smileid-timestamp", "yesterday", "2204"),
        ] {
            let mut request = header_signed(Method::POST, path, &body);
            request.headers_mut().insert(header, value.parse().unwrap());
            let response = client.send(request);
            let answer: Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!((response.status().as_u16(), &answer["code"]), (400, &json!(code)), "{header}");
        }
        let mut request = header_signed(Method::POST, path, &body);
        request.headers_mut().remove("smileid-timestamp");
        assert_eq!(client.send(request).body(), expected.to_string().as_bytes());
    }
}

#[test]
fn a_job_id_is_used_if_there_is_one_and_made_up_if_not() {
    let mut client = Client::new();
    let named = json!({"partner_params": merged(&params("mine", 12), &json!({"sandbox_result": "1"}))});
    client.post_header_signed(ADDRESS[0], &address_body("0000000000", &named));
    client.post_header_signed(PHONE, &phone_body("00000000000", &json!({})));
    client.post_header_signed(PHONE, &phone_body("00000000000", &json!({})));
    let jobs = client.service.jobs();
    let ids: Vec<_> = jobs.iter().map(|job| job.job_id.as_str()).collect();
    assert_eq!(ids, ["mine", "async-verify-phone-2", "async-verify-phone-3"]);
    let types: Vec<_> = jobs.iter().map(|job| job.job_type.number()).collect();
    assert_eq!(types, [12, 0, 0]);
    assert_eq!(jobs[0].received("address"), Some(&json!("1 Marina, Lagos")));
    let status = client.status(&params("mine", 12), &json!({}));
    assert_eq!(status["result"]["ResultCode"], "1022");
    client.service.when(Matcher::job_id("mine")).respond(["1021"]);
    client.post_header_signed(ADDRESS[0], &address_body("0000000000", &named));
    assert_eq!(client.service.job("mine").unwrap().result_code(), Some("1021"));
}
