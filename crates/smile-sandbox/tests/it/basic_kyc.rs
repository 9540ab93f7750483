use serde_json::{Value, json};
use smile_sandbox::Matcher;

use crate::client::{Client, builder, id_body, merged, params};

const PATH: &str = "/v2/verify";
const ASYNC: &str = "/v2/verify_async";

fn named() -> Value {
    json!({"first_name": "Joe", "last_name": "Leo"})
}

fn check(number: &str, changes: &Value) -> Value {
    Client::new().check(PATH, &id_body(number, &merged(&named(), changes)))
}

#[test]
fn the_answer_says_what_matches_and_nothing_of_the_person() {
    let all =
        json!({"middle_name": "Doe", "dob": "2000-09-20", "gender": "M", "phone_number": "00000000000"});
    let expected = json!({
        "JSONVersion": "1.0.0",
        "SmileJobID": "0000000001",
        "PartnerParams": {"job_id": "job", "user_id": "user", "job_type": 5},
        "ResultType": "ID Verification",
        "ResultText": "Exact Match",
        "ResultCode": "1020",
        "IsFinalResult": "true",
        "Actions": {
            "ID_Verification": "Completed",
            "Names": "Exact Match",
            "DOB": "Exact Match",
            "Gender": "Exact Match",
            "Phone_Number": "Exact Match",
        },
        "Country": "NG",
        "IDType": "NIN_V2",
        "IDNumber": "00000000000",
    });
    assert_eq!(check("00000000000", &all), expected);
    let mut client = Client::new();
    assert_eq!(client.check_async(ASYNC, &id_body("00000000000", &merged(&named(), &all))), expected);
}

#[test]
fn given_fields_are_compared_with_the_standard_person() {
    for (changes, code, names, dob) in [
        (json!({}), "1020", "Exact Match", "Not Provided"),
        (json!({"dob": "2000-09-20"}), "1020", "Exact Match", "Exact Match"),
        (json!({"dob": "2000-20-09"}), "1021", "Exact Match", "Transposed"),
        (json!({"dob": "2000-09-21"}), "1021", "Exact Match", "Partial Match"),
        (json!({"dob": "1970-01-01"}), "1021", "Exact Match", "No Match"),
        (json!({"first_name": "Leo", "last_name": "Joe"}), "1021", "Transposed", "Not Provided"),
        (json!({"last_name": "Smith"}), "1021", "Partial Match", "Not Provided"),
        (json!({"first_name": "Ada", "last_name": "Smith"}), "1022", "No Match", "Not Provided"),
        (
            json!({"first_name": "", "last_name": null, "dob": "2000-09-20"}),
            "1020",
            "Not Provided",
            "Exact Match",
        ),
        (
            json!({"first_name": "Ada", "last_name": "Smith", "dob": "1970-01-01", "gender": "F", "phone_number": "1"}),
            "1022",
            "No Match",
            "No Match",
        ),
    ] {
        let entry = check("00000000000", &changes);
        assert_eq!(entry["ResultCode"], code, "{changes}");
        assert_eq!((&entry["Actions"]["Names"], &entry["Actions"]["DOB"]), (&json!(names), &json!(dob)));
    }
}

#[test]
fn the_last_digit_decides_before_anything_is_compared() {
    for (number, code, verification) in [
        ("00000000001", "1023", "Not Verified"),
        ("00000000002", "1014", "Not Verified"),
        ("00000000003", "1015", "Issuer Unavailable"),
        ("12345678900", "1023", "Not Verified"),
        ("1", "1014", "Not Verified"),
    ] {
        let entry = check(number, &json!({}));
        assert_eq!(entry["ResultCode"], code, "{number}");
        assert_eq!(entry["Actions"], json!({"ID_Verification": verification}));
    }
    let mut client = Client::with(builder().with_basic_kyc_not_found_code("1013"));
    let entry = client.check(PATH, &id_body("00000000001", &named()));
    assert_eq!(
        (&entry["ResultCode"], &entry["ResultText"]),
        (&json!("1013"), &json!("Unable to Validate ID"))
    );
}

#[test]
fn custom_data_is_compared_with() {
    let params = merged(&params("job", 5), &json!({"FullName": "Nelson Mandela", "DOB": "1918-07-18"}));
    let changes = json!({
        "first_name": "Nelson",
        "last_name": "Mandela",
        "dob": "1918-07-18",
        "partner_params": params,
    });
    let entry = check("00000000004", &changes);
    assert_eq!(entry["ResultCode"], "1020");
    assert_eq!(entry["PartnerParams"]["LastName"], "Mandela");
    assert_eq!(check("00000000000", &changes)["ResultCode"], "1022");
}

#[test]
fn the_test_can_ask_for_a_result() {
    for (asked, code, names) in
        [("0", "1020", "Exact Match"), ("1", "1022", "No Match"), ("2", "1021", "Partial Match")]
    {
        let params = merged(&params("job", 5), &json!({"sandbox_result": asked}));
        let entry = check("00000000000", &json!({"partner_params": params}));
        assert_eq!((&entry["ResultCode"], &entry["Actions"]["Names"]), (&json!(code), &json!(names)));
        assert_eq!(entry["Actions"]["DOB"], "Not Provided");
    }
    let mut client = Client::new();
    client.service.when(Matcher::job_id("job")).respond(["1023"]);
    assert_eq!(client.check(PATH, &id_body("00000000000", &named()))["ResultCode"], "1023");
}

#[test]
fn there_has_to_be_something_to_compare() {
    let mut client = Client::new();
    for path in [PATH, ASYNC] {
        assert_eq!(client.refusal(path, &id_body("00000000000", &json!({}))), "2413");
        assert_eq!(client.refusal(path, &id_body("00000000000", &json!({"first_name": 1}))), "2204");
        assert_eq!(
            client.refusal(path, &id_body("0", &merged(&named(), &json!({"partner_id": "2"})))),
            "2405"
        );
        let wrong_type = json!({"partner_params": params("job", 1)});
        assert_eq!(client.refusal(path, &id_body("0", &merged(&named(), &wrong_type))), "2212");
    }
    assert!(client.service.jobs().is_empty());
}
