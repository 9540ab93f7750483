use serde_json::{Value, json};
use smile_sandbox::Matcher;

use crate::client::{Client, builder, id_body, merged, params, signer, without};

const PATH: &str = "/v1/id_verification";
const ASYNC: &str = "/v1/async_id_verification";

fn check(number: &str, changes: &Value) -> Value {
    Client::new().check(PATH, &id_body(number, changes))
}

fn refused(changes: &Value) -> String {
    let codes = [PATH, ASYNC].map(|path| {
        let mut client = Client::new();
        let code = client.refusal(path, &id_body("00000000000", changes));
        assert!(client.service.jobs().is_empty());
        code
    });
    assert_eq!(codes[0], codes[1]);
    codes[0].clone()
}

#[test]
fn the_answer_is_the_entry() {
    let entry = check("00000000000", &json!({}));
    let expected = json!({
        "JSONVersion": "1.0.0",
        "SmileJobID": "0000000001",
        "PartnerParams": {"job_id": "job", "user_id": "user", "job_type": 5},
        "ResultType": "ID Verification",
        "ResultText": "ID Number Validated",
        "ResultCode": "1012",
        "IsFinalResult": "true",
        "Actions": {"Verify_ID_Number": "Verified", "Return_Personal_Info": "Returned"},
        "Country": "NG",
        "IDType": "NIN_V2",
        "IDNumber": "00000000000",
        "FullName": "Joe Doe Leo",
        "FirstName": "Joe",
        "MiddleName": "Doe",
        "LastName": "Leo",
        "DOB": "2000-09-20",
        "Gender": "M",
        "ExpirationDate": "NaN-NaN-NaN",
        "IssuanceDate": "Not Available",
        "Address": "Not Available",
        "PhoneNumber": "Not Available",
        "PhoneNumber2": "Not Available",
        "Photo": "Not Available",
        "Document": "Not Available",
        "Secondary_ID_Number": "Not Available",
    });
    assert_eq!(entry, expected);
}

#[test]
fn placeholders_and_personal_data_can_be_left_out() {
    let body = id_body("00000000000", &json!({}));
    let entry = Client::with(builder().with_placeholders(false)).check(PATH, &body);
    assert_eq!(entry["FullName"], "Joe Doe Leo");
    assert!(entry.get("Photo").is_none() && entry.get("ExpirationDate").is_none());
    let entry = Client::with(builder().with_personal_info(false)).check(PATH, &body);
    assert_eq!(entry["Actions"]["Return_Personal_Info"], "Not Returned");
    assert!(entry.get("FullName").is_none() && entry.get("Photo").is_none());
}

#[test]
fn the_last_digit_decides() {
    for (digit, code, verified) in [
        ('0', "1012", "Verified"),
        ('1', "1013", "Not Verified"),
        ('2', "1014", "Not Verified"),
        ('3', "1015", "Issuer Unavailable"),
        ('4', "1012", "Verified"),
        ('5', "1012", "Verified"),
        ('9', "1012", "Verified"),
    ] {
        for (country, id_type, start, end) in [
            ("NG", "NIN_V2", "0000000000", ""),
            ("GH", "GHANA_CARD", "GHA-000000000-", ""),
            ("KE", "PASSPORT", "A0000000", ""),
            ("KE", "TAX_INFORMATION", "A00000000", "A"),
            ("XX", "NEVER_HEARD_OF", "1234567", "ABC"),
        ] {
            let number = format!("{start}{digit}{end}");
            let entry = check(&number, &json!({"country": country, "id_type": id_type}));
            assert_eq!(entry["ResultCode"], code, "{id_type} {number}");
            assert_eq!(entry["Actions"]["Verify_ID_Number"], verified);
            assert_eq!(entry.get("FullName").is_some(), code == "1012");
            assert_eq!(entry["IDNumber"], number);
        }
    }
}

#[test]
fn other_numbers_of_a_known_type_are_not_found_or_malformed() {
    for (number, code) in [("12345678900", "1013"), ("1234567890", "1014"), ("0000000000a", "1014")] {
        assert_eq!(check(number, &json!({}))["ResultCode"], code, "{number}");
    }
    let mut lenient = Client::with(builder().with_check_id_numbers(false));
    assert_eq!(lenient.check(PATH, &id_body("1234567890", &json!({})))["ResultCode"], "1012");
}

#[test]
fn the_test_can_ask_for_a_result_and_script_a_code() {
    for (asked, code) in [("0", "1012"), ("1", "1013"), ("2", "1015"), ("7", "1014")] {
        let params = merged(&params("job", 5), &json!({"sandbox_result": asked}));
        assert_eq!(check("00000000002", &json!({"partner_params": params}))["ResultCode"], code, "{asked}");
    }
    let mut client = Client::new();
    client.service.when(Matcher::job_id("job")).respond(["1016"]);
    let entry = client.check(PATH, &id_body("00000000000", &json!({})));
    assert_eq!(entry["ResultText"], "Error - Need to Activate Product");
    assert!(entry.get("FullName").is_none());
}

#[test]
fn custom_data_replaces_the_standard_person() {
    let custom = json!({
        "FullName": "Nelson Mandela",
        "DOB": "1918-07-18",
        "Photo": "aGk=",
        "ResultCode": "9999",
        "Something": ["else"],
    });
    let sent = merged(&params("job", 5), &custom);
    let entry = check("00000000004", &json!({"partner_params": sent}));
    for (key, value) in [
        ("FullName", "Nelson Mandela"),
        ("FirstName", "Nelson"),
        ("MiddleName", ""),
        ("LastName", "Mandela"),
        ("DOB", "1918-07-18"),
        ("Gender", "M"),
        ("Photo", "aGk="),
        ("ResultCode", "1012"),
    ] {
        assert_eq!(entry[key], value, "{key}");
    }
    let split = json!({"FirstName": "Nelson", "MiddleName": "", "LastName": "Mandela"});
    assert_eq!(entry["PartnerParams"], merged(&sent, &split));
    assert_eq!(check("00000000000", &json!({"partner_params": sent}))["FullName"], "Joe Doe Leo");
    assert_eq!(check("00000000000", &json!({"partner_params": sent}))["PartnerParams"], sent);
}

#[test]
fn a_later_answer_has_the_same_entry() {
    let mut client = Client::new();
    let body = id_body("00000000000", &json!({}));
    assert_eq!(client.check_async(ASYNC, &body), check("00000000000", &json!({})));
    assert_eq!(client.service.callback_attempts()[0].job_id, "job");
    let nowhere = without(&body, "callback_url");
    assert_eq!(Client::new().refusal(ASYNC, &nowhere), "2413");
    let mut portal = Client::with(builder().with_callback_url("http://127.0.0.1:9/portal"));
    assert_eq!(portal.check_async(ASYNC, &nowhere)["ResultCode"], "1012");
    // A check that is answered at once gets no callback.
    assert_eq!(portal.check(PATH, &body)["ResultCode"], "1012");
    assert!(portal.deliver().is_empty());
}

#[test]
fn errors_have_the_codes_of_this_endpoint() {
    for name in ["partner_id", "signature", "timestamp", "country", "id_type", "id_number", "partner_params"]
    {
        for absent in [json!(null), json!("")] {
            assert_eq!(refused(&json!({name: absent})), "2413", "{name}");
        }
    }
    for name in ["job_id", "user_id"] {
        assert_eq!(refused(&json!({"partner_params": without(&params("job", 5), name)})), "2413");
    }
    assert_eq!(refused(&json!({"signature": signer().sign_text("x")})), "2405");
    assert_eq!(refused(&json!({"partner_id": "1"})), "2405");
    for changes in [
        json!({"timestamp": "x"}),
        json!({"id_number": 0}),
        json!({"country": []}),
        json!({"partner_params": "x"}),
        json!({"partner_params": merged(&params("job", 5), &json!({"job_id": 1}))}),
        json!({"partner_params": merged(&params("job", 5), &json!({"job_type": []}))}),
        json!({"callback_url": 1}),
    ] {
        assert_eq!(refused(&changes), "2204", "{changes}");
    }
    for job_type in [json!(1), json!("7"), json!("five"), json!(5.5)] {
        let params = merged(&params("job", 5), &json!({"job_type": job_type}));
        assert_eq!(refused(&json!({"partner_params": params})), "2212", "{job_type}");
    }
    assert_eq!(Client::new().post(PATH, &json!([])).1, json!({"error": "Invalid JSON", "code": "2203"}));
}

#[test]
fn the_job_type_may_be_a_string_or_missing() {
    for sent in [merged(&params("job", 5), &json!({"job_type": "5"})), without(&params("job", 5), "job_type")]
    {
        let entry = check("00000000000", &json!({"partner_params": sent}));
        assert_eq!(entry["PartnerParams"], sent);
    }
}

#[test]
fn the_other_fields_of_an_id_type_are_required() {
    let account = json!({"id_type": "BANK_ACCOUNT", "id_number": "0000000000"});
    assert_eq!(refused(&account), "2413");
    let with_bank = merged(&account, &json!({"bank_code": "058"}));
    assert_eq!(check("", &with_bank)["ResultCode"], "1012");
    // Here a login takes the place of the number.
    let fayda = json!({"country": "ET", "id_type": "NATIONAL_ID", "id_number": null});
    assert_eq!(refused(&fayda), "2413");
    let entry = check("", &merged(&fayda, &json!({"openid_state": "state"})));
    assert_eq!((&entry["ResultCode"], &entry["IDNumber"]), (&json!("1012"), &json!("Not Available")));
}
