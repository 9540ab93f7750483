use serde_json::{Value, json};

use zip::CompressionMethod::Stored;

use crate::client::{Client, JPEG, consent_body, id_body, merged, params, prep_body, without, zip_with};

const CONSENT: &str = "/v1/totp_consent";
const MODE: &str = "/v1/totp_consent/mode";
const OTP: &str = "/v1/totp_consent/otp";

fn open(client: &mut Client, number: &str) -> String {
    let answer = client.check(CONSENT, &consent_body(&json!({"id_number": number})));
    answer["session_id"].as_str().unwrap().to_owned()
}

fn granted(client: &mut Client, number: &str) -> String {
    let session = open(client, number);
    let body = consent_body(&json!({"id_number": number, "session_id": session, "mode": "sms"}));
    client.check(MODE, &body);
    client.check(OTP, &merged(&body, &json!({"otp": "000000"})));
    session
}

#[test]
fn consent_is_given_in_three_steps() {
    let mut client = Client::new();
    let answer = client.check(CONSENT, &consent_body(&json!({})));
    let session = answer["session_id"].as_str().unwrap().to_owned();
    assert_eq!(answer["success"], true);
    assert_eq!(answer["modes"], json!([{"sms": "0000*******00"}, {"email": "jo*****@example.com"}]));
    for mode in ["email", "sms"] {
        let body = consent_body(&json!({"session_id": session, "mode": mode}));
        let answer = client.check(MODE, &body);
        assert_eq!((&answer["success"], answer["message"].is_string()), (&json!(true), true));
    }
    let body = consent_body(&json!({"session_id": session, "otp": "123456"}));
    let expected = json!({"error": "Invalid OTP", "code": "2413"});
    assert_eq!(client.post(OTP, &body), (400, expected));
    let answer = client.check(OTP, &merged(&body, &json!({"otp": "000000"})));
    assert_eq!((&answer["success"], answer["message"].is_string()), (&json!(true), true));
}

#[test]
fn a_granted_session_stands_in_for_the_number() {
    let mut client = Client::new();
    let (yes, no) = (granted(&mut client, "00000000000"), open(&mut client, "00000000000"));
    let body = |session: &str| {
        let named =
            json!({"id_type": "BVN_MFA", "session_id": session, "first_name": "Joe", "last_name": "Leo"});
        without(&id_body("", &named), "id_number")
    };
    for (path, code) in [("/v1/id_verification", "1012"), ("/v2/verify", "1020")] {
        let entry = client.check(path, &body(&yes));
        assert_eq!((&entry["ResultCode"], &entry["IDNumber"]), (&json!(code), &json!("00000000000")));
        for session in [no.as_str(), "unheard of", ""] {
            assert_eq!(client.refusal(path, &body(session)), "2413", "{session}");
        }
        let number_alone = id_body("00000000000", &json!({"id_type": "BVN_MFA", "first_name": "Joe"}));
        assert_eq!(client.refusal(path, &number_alone), "2413");
    }
}

#[test]
fn it_stands_in_for_the_number_of_an_upload_too() {
    for (number, is_granted, code) in
        [("00000000000", true, "0810"), ("00000000005", false, "2213"), ("00000000002", true, "1014")]
    {
        let mut client = Client::new();
        let session = if is_granted { granted(&mut client, number) } else { open(&mut client, number) };
        let info = json!({
            "images": [{"image_type_id": 0, "file_name": "s"}],
            "id_info": {"country": "NG", "id_type": "BVN_MFA", "session_id": session, "entered": "true"},
        });
        let status = client.run(&prep_body(&params("job", 1)), &zip_with(&info, &[("s", JPEG, Stored)]));
        assert_eq!(status["result"]["ResultCode"], code);
        if code == "0810" {
            assert_eq!(status["result"]["IDNumber"], number);
        }
    }
}

#[test]
fn errors_have_the_codes_of_the_id_endpoints() {
    let mut client = Client::new();
    let session = open(&mut client, "00000000000");
    let body = consent_body(&json!({"session_id": session, "mode": "sms", "otp": "000000"}));
    for path in [CONSENT, MODE, OTP] {
        for name in ["partner_id", "signature", "timestamp", "country", "id_type", "id_number"] {
            assert_eq!(client.refusal(path, &without(&body, name)), "2413", "{path} {name}");
        }
        for changes in [json!({"country": "KE"}), json!({"id_type": "BVN"}), json!({"id_number": "0"})] {
            assert_eq!(client.refusal(path, &merged(&body, &changes)), "2413", "{path} {changes}");
        }
        assert_eq!(client.refusal(path, &merged(&body, &json!({"partner_id": "2"}))), "2405");
        assert_eq!(client.refusal(path, &merged(&body, &json!({"id_number": 0}))), "2204");
        assert_eq!(client.refusal(path, &json!(null)), "2203");
    }
    for (path, name) in [(MODE, "mode"), (MODE, "session_id"), (OTP, "otp"), (OTP, "session_id")] {
        assert_eq!(client.refusal(path, &without(&body, name)), "2413", "{path} {name}");
    }
    assert_eq!(client.refusal(OTP, &body), "2413", "nothing was sent yet");
    for changes in
        [json!({"mode": "pigeon"}), json!({"session_id": "other"}), json!({"id_number": "00000000005"})]
    {
        assert_eq!(client.refusal(MODE, &merged(&body, &changes)), "2413", "{changes}");
    }
}

#[test]
fn a_number_nobody_can_consent_for_is_refused_at_once() {
    for (number, status, text) in [
        ("00000000001", 400, "Unable to Validate ID"),
        ("00000000003", 500, "Error - Queried Database Unavailable"),
    ] {
        let (got, answer) = Client::new().post(CONSENT, &consent_body(&json!({"id_number": number})));
        assert_eq!((got, &answer["error"]), (status, &Value::from(text)));
    }
}
