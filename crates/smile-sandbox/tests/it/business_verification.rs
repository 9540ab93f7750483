use serde_json::{Value, json};

use crate::client::{Client, business_body, merged, params, without};

const PATH: &str = "/v1/business_verification";
const ASYNC: &str = "/v1/async_business_verification";
const LISTS: [&str; 5] = ["fiduciaries", "beneficial_owners", "proprietors", "directors", "documents"];

fn check(number: &str, changes: &Value) -> Value {
    Client::new().check(PATH, &business_body(number, changes))
}

fn refused(changes: &Value) -> Value {
    let answers = [PATH, ASYNC].map(|path| {
        let mut client = Client::new();
        let (status, answer) = client.post(path, &business_body("0000000", changes));
        assert_eq!((status, &answer["success"]), (400, &json!(false)), "{answer}");
        assert!(client.service.jobs().is_empty());
        answer
    });
    assert_eq!(answers[0], answers[1]);
    answers[0].clone()
}

#[test]
fn a_registration_has_everything() {
    let entry = check("0000000", &json!({}));
    for (key, value) in [
        ("ResultCode", json!("1012")),
        ("ResultText", json!("Business Verified")),
        ("ResultType", json!("Business Verification")),
        ("IsFinalResult", json!("true")),
        ("Actions", json!({"Verify_Business": "Verified", "Return_Business_Info": "Returned"})),
        ("PartnerParams", params("job", 7)),
        ("SmileJobID", json!("0000000001")),
        ("success", json!(true)),
    ] {
        assert_eq!(entry[key], value, "{key}");
    }
    assert_eq!(entry["company_information"].as_object().unwrap().len(), 14);
    assert_eq!(entry["company_information"]["registration_number"], "0000000");
    for (list, fields) in
        [("fiduciaries", 5), ("beneficial_owners", 8), ("directors", 10), ("proprietors", 10)]
    {
        for one in entry[list].as_array().unwrap() {
            assert_eq!(one.as_object().unwrap().len(), fields, "{list}");
            assert!(one.as_object().unwrap().values().all(Value::is_string));
        }
    }
    assert!(entry["documents"]["search_certificate"].is_string());
}

#[test]
fn basic_registrations_and_tax_records_have_the_company_only() {
    let tax = json!({"id_type": "TAX_INFORMATION", "business_type": null});
    for (number, changes) in
        [("0000000", json!({"id_type": "BASIC_BUSINESS_REGISTRATION"})), ("00000000-0000", tax)]
    {
        let entry = check(number, &changes);
        assert_eq!(entry["company_information"]["search_number"], number);
        assert!(LISTS.iter().all(|list| entry.get(list).is_none()));
    }
}

#[test]
fn the_last_digit_decides() {
    for (digit, code, verified) in [
        ('0', "1012", "Verified"),
        ('1', "1013", "Not Verified"),
        ('2', "1014", "Not Verified"),
        ('3', "1015", "Issuer Unavailable"),
        ('4', "1012", "Verified"),
        ('9', "1012", "Verified"),
    ] {
        let entry = check(&format!("000000{digit}"), &json!({}));
        assert_eq!(entry["ResultCode"], code, "{digit}");
        assert_eq!(entry["Actions"]["Verify_Business"], verified);
        assert_eq!(entry.get("company_information").is_some(), code == "1012");
        assert_ne!(entry["ResultText"], "Error");
    }
    assert_eq!(check("RC12345", &json!({}))["ResultCode"], "1013");
    assert_eq!(check("RC 12345", &json!({}))["ResultCode"], "1014");
    let asked = merged(&params("job", 7), &json!({"sandbox_result": 1}));
    assert_eq!(check("0000000", &json!({"partner_params": asked}))["ResultCode"], "1013");
}

#[test]
fn a_later_answer_has_the_same_entry() {
    let body = business_body("0000000", &json!({}));
    assert_eq!(Client::new().check_async(ASYNC, &body), check("0000000", &json!({})));
    let (status, answer) = Client::new().post(ASYNC, &without(&body, "callback_url"));
    assert_eq!((status, &answer["code"]), (400, &json!("2413")));
}

#[test]
fn errors_say_that_it_is_no_success() {
    assert_eq!(
        refused(&json!({"business_type": "xx"})),
        json!({"error": "Unsupported business type", "code": "2413", "success": false})
    );
    for changes in [
        json!({"business_type": null}),
        json!({"business_type": "", "id_type": "BASIC_BUSINESS_REGISTRATION"}),
        json!({"id_type": "BVN"}),
        json!({"id_number": null}),
        json!({"country": "KE", "business_type": null}),
        json!({"country": "KE", "business_type": null, "postal_address": "1"}),
        json!({"signature": null}),
    ] {
        assert_eq!(refused(&changes)["code"], "2413", "{changes}");
    }
    assert_eq!(refused(&json!({"partner_id": "002"}))["code"], "2405");
    assert_eq!(refused(&json!({"partner_params": params("job", 5)}))["code"], "2212");
    assert_eq!(refused(&json!({"business_type": 1}))["code"], "2204");
    let (_, answer) = Client::new().post(PATH, &json!("x"));
    assert_eq!(answer, json!({"error": "Invalid JSON", "code": "2203", "success": false}));
}

#[test]
fn other_countries_need_what_their_registers_need() {
    let kenyan =
        json!({"country": "KE", "business_type": null, "postal_address": "1", "postal_code": "00100"});
    assert_eq!(check("0", &kenyan)["ResultCode"], "1012");
    let south_african = json!({"country": "ZA", "business_type": null});
    assert_eq!(check("0000/000000/00", &south_african)["ResultCode"], "1012");
}
