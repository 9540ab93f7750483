use std::time::Duration;

use serde_json::{Value, json};
use smile_core::Timestamp;
use smile_sandbox::UserState;

use crate::client::{Client, START, builder, full_zip, merged, params, prep_body, signer, without};

fn refused(client: &mut Client, body: &Value) -> (String, String) {
    let (status, answer) = client.prep(body);
    assert_eq!(status, 400, "{answer}");
    assert_eq!(answer.as_object().unwrap().len(), 2);
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("code"), text("error"))
}

fn code(body: &Value) -> String {
    refused(&mut Client::new(), body).0
}

#[test]
fn an_accepted_job_gets_an_address() {
    let (status, answer) = Client::new().prep(&prep_body(&params("job", 1)));
    let url = answer["upload_url"].as_str().unwrap();
    let ref_id = answer["ref_id"].as_str().unwrap();
    assert_eq!(status, 200);
    assert_eq!(answer["code"], "2202");
    assert_eq!(answer["smile_job_id"], "0000000001");
    assert_eq!(answer["camera_config"], Value::Null);
    assert!(ref_id.starts_with("001-0000000001-"), "{ref_id}");
    assert!(url.starts_with(&format!(
        "http://127.0.0.1:7/videos/001/{ref_id}/selfie.zip?X-Amz-Algorithm=AWS4-HMAC-SHA256&"
    )));
    assert!(url.contains(
        "&X-Amz-Date=20240115T103000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature="
    ));
}

#[test]
fn the_least_that_is_needed_will_do() {
    let full = prep_body(&params("job", 4));
    let mut body = full;
    for optional in ["source_sdk", "source_sdk_version", "file_name", "model_parameters", "callback_url"] {
        body = without(&body, optional);
    }
    assert_eq!(Client::new().prep(&body).0, 200);
    let php = merged(&body, &json!({"model_parameters": "", "callback_url": null, "retry": null}));
    assert_eq!(Client::new().prep(&php).0, 200);
}

#[test]
fn every_path_spelling_and_content_type_leads_there() {
    for path in ["/v1/upload", "/upload", "/v1//upload", "//upload", "/v1/upload/"] {
        for content_type in [None, Some("application/json"), Some("application/x-www-form-urlencoded")] {
            let mut client = Client::new();
            let mut request = http::Request::post(path);
            if let Some(content_type) = content_type {
                request = request.header("content-type", content_type);
            }
            let body = prep_body(&params("job", 1)).to_string();
            assert_eq!(client.send(request.body(body.into()).unwrap()).status(), 200, "{path}");
        }
    }
}

#[test]
fn unknown_paths_are_answered_by_the_gateway() {
    let mut client = Client::new();
    assert_eq!(client.post("/v1/nothing", &json!({})), (404, json!({"message": "Not Found"})));
    for path in ["/v1/upload", "/v1/job_status"] {
        let response = client.send(http::Request::get(path).body(bytes::Bytes::new()).unwrap());
        assert_eq!(response.status(), 405);
        assert_eq!(response.body(), r#"{"message":"Method Not Allowed"}"#);
    }
}

#[test]
fn every_spelling_of_a_timestamp_is_signed_to_the_letter() {
    for timestamp in [
        "2024-01-15T10:30:00.000Z",
        "2024-01-15 10:30:00 +0000",
        "2024-01-15T10:30:00.123456+00:00",
        "2024-01-15T10:30:00+00:00",
        "2024-01-15T10:30:00.123456789Z",
        "2024-01-15T10:30:00Z",
        "1705314600000",
    ] {
        let signature = signer().sign_text(timestamp);
        let body =
            merged(&prep_body(&params("job", 1)), &json!({"timestamp": timestamp, "signature": signature}));
        assert_eq!(Client::new().prep(&body).0, 200, "{timestamp}");
        let other = merged(&body, &json!({"timestamp": format!("{timestamp} ")}));
        assert_eq!(code(&other), "2204");
    }
}

#[test]
fn a_timestamp_number_is_signed_over_its_digits() {
    let signature = signer().sign_text("1705314600000");
    let changes = json!({"timestamp": 1_705_314_600_000_u64, "signature": signature});
    assert_eq!(Client::new().prep(&merged(&prep_body(&params("job", 1)), &changes)).0, 200);
}

#[test]
fn a_signature_that_does_not_hold_is_unauthorised() {
    let good = prep_body(&params("job", 1));
    let unauthorised = ("2205".to_owned(), "You are not authorized to do that.".to_owned());
    for changes in [
        json!({"signature": "c2VjcmV0"}),
        json!({"signature": signer().sign_text("2024-01-15T10:30:00.001Z")}),
        json!({"timestamp": "2024-01-15T10:30:00Z"}),
        json!({"smile_client_id": "1"}),
        json!({"signature": "6f3d0d3bcb3f6f3d0d3bcb3f|6f3d0d3bcb3f"}),
    ] {
        assert_eq!(refused(&mut Client::new(), &merged(&good, &changes)), unauthorised, "{changes}");
    }
}

#[test]
fn a_limit_on_the_age_of_timestamps_can_be_set() {
    let minute = Duration::from_secs(60);
    let body = prep_body(&params("job", 1));
    for (builder, age, status) in [
        (builder(), 1_000_000 * minute, 200),
        (builder().with_clock_skew(5 * minute), 5 * minute, 200),
        (builder().with_clock_skew(5 * minute), 6 * minute, 400),
    ] {
        let mut client = Client::with(builder);
        client.pass(age);
        assert_eq!(client.prep(&body).0, status);
    }
    let mut early = Client::with(builder().with_clock_skew(minute));
    early.now = Timestamp::from_unix_millis(START.unix_millis() - 61_000);
    assert_eq!(refused(&mut early, &body).0, "2205");
}

#[test]
fn a_body_that_is_not_json_is_2203() {
    for body in ["", "{", "[]", "null", "a=b"] {
        let (status, answer) = Client::new().post_text("/v1/upload", body);
        assert_eq!((status, answer), (400, json!({"error": "Invalid JSON", "code": "2203"})));
    }
}

#[test]
fn whatever_is_required_and_missing_is_2213() {
    let good = prep_body(&params("job", 1));
    for name in ["smile_client_id", "signature", "timestamp", "partner_params"] {
        assert_eq!(code(&without(&good, name)), "2213", "{name}");
        assert_eq!(code(&merged(&good, &json!({name: null}))), "2213", "{name}");
        assert_eq!(code(&merged(&good, &json!({name: ""}))), "2213", "{name}");
    }
    for name in ["job_id", "user_id", "job_type"] {
        let body = merged(&good, &json!({"partner_params": without(&params("job", 1), name)}));
        let expected = ("2213".to_owned(), "A required parameter is missing".to_owned());
        assert_eq!(refused(&mut Client::new(), &body), expected);
    }
}

#[test]
fn whatever_is_of_the_wrong_type_is_2204() {
    let good = prep_body(&params("job", 1));
    for changes in [
        json!({"smile_client_id": 1}),
        json!({"signature": 1}),
        json!({"timestamp": "yesterday"}),
        json!({"timestamp": true}),
        json!({"timestamp": 1.5}),
        json!({"partner_params": "job"}),
        json!({"partner_params": []}),
        json!({"partner_params": merged(&params("job", 1), &json!({"job_id": 7}))}),
        json!({"partner_params": merged(&params("job", 1), &json!({"user_id": {}}))}),
        json!({"partner_params": merged(&params("job", 1), &json!({"job_type": true}))}),
        json!({"callback_url": 1}),
        json!({"file_name": []}),
        json!({"retry": "yes"}),
        json!({"allow_new_enroll": 1}),
        json!({"use_enrolled_image": {}}),
    ] {
        assert_eq!(code(&merged(&good, &changes)), "2204", "{changes}");
    }
}

#[test]
fn job_types_are_numbers_or_digits_and_submitted_here() {
    for job_type in [json!(1), json!("1"), json!(4), json!("4"), json!(6), json!(9), json!(11), json!("11")] {
        let body = prep_body(&merged(&params("job", 0), &json!({"job_type": job_type})));
        assert_eq!(Client::new().prep(&body).0, 200, "{job_type}");
    }
    for job_type in
        [json!(0), json!(3), json!(5), json!(7), json!(10), json!(12), json!(-1), json!(1.5), json!("one")]
    {
        let body = prep_body(&merged(&params("job", 0), &json!({"job_type": job_type})));
        assert_eq!(code(&body), "2212", "{job_type}");
    }
}

#[test]
fn a_job_id_is_used_once_unless_it_is_a_retry() {
    let mut client = Client::new();
    let body = prep_body(&params("job", 1));
    let (_, first) = client.prep(&body);
    let expected = "Job already exists. Did you mean to set the retry flag to true?";
    assert_eq!(refused(&mut client, &body), ("2215".to_owned(), expected.to_owned()));
    assert_eq!(client.service.job("job").unwrap().preps, 1);

    let (status, again) = client.prep(&merged(&body, &json!({"retry": true})));
    assert_eq!(status, 200);
    assert_eq!(again["smile_job_id"], first["smile_job_id"]);
    assert_eq!(again["ref_id"], first["ref_id"]);
    assert_eq!(client.service.job("job").unwrap().preps, 2);
    assert_eq!(client.service.jobs().len(), 1);
    for other in [json!({"user_id": "another"}), json!({"job_type": 4})] {
        let taken_over = prep_body(&merged(&params("job", 1), &other));
        let taken_over = merged(&taken_over, &json!({"retry": true}));
        assert_eq!(refused(&mut client, &taken_over).0, "2215", "{other}");
    }
    assert_eq!(client.service.job("job").unwrap().preps, 2);
    let unheard_of = merged(&prep_body(&params("other", 1)), &json!({"retry": true}));
    assert_eq!(client.prep(&unheard_of).1["smile_job_id"], "0000000002");
}

#[test]
fn authentication_and_update_need_an_enrolled_user() {
    for job_type in [2, 8] {
        let mut client = Client::new();
        let body = prep_body(&params("job", job_type));
        let expected = ("2210".to_owned(), "No enrolled user found".to_owned());
        assert_eq!(refused(&mut client, &body), expected);
        client.service.set_user("user", UserState::Enrolled);
        assert_eq!(client.prep(&body).0, 200);
    }
}

#[test]
fn the_image_on_file_can_only_be_used_if_there_is_one() {
    let mut client = Client::new();
    let body = merged(&prep_body(&params("job", 6)), &json!({"use_enrolled_image": true}));
    assert_eq!(refused(&mut client, &body).0, "2210");
    client.service.set_user("user", UserState::WithoutPhoto);
    assert_eq!(refused(&mut client, &body).0, "2216");
    client.service.set_user("user", UserState::Enrolled);
    assert_eq!(client.prep(&body).0, 200);
}

#[test]
fn the_state_of_a_user_decides_who_may_have_which_job() {
    for (state, registration, authentication) in [
        (UserState::Disabled, Some("2207"), Some("2207")),
        (UserState::Deleted, Some("2208"), Some("2208")),
        (UserState::Enrolled, Some("2209"), None),
        (UserState::MustReenrol, None, Some("2211")),
        (UserState::WithoutPhoto, None, Some("2216")),
    ] {
        for (job_type, expected) in
            [(4, registration), (1, registration), (2, authentication), (8, authentication)]
        {
            let mut client = Client::new();
            client.service.set_user("user", state);
            let (_, answer) = client.prep(&prep_body(&params("job", job_type)));
            assert_eq!(answer["code"], expected.unwrap_or("2202"), "{state:?}, job type {job_type}");
        }
    }
}

#[test]
fn an_enrolled_user_enrols_again_only_when_that_is_allowed() {
    let first = prep_body(&params("first", 1));
    let second = prep_body(&params("second", 4));
    let mut client = Client::new();
    client.run(&first, &full_zip("00000000000"));
    assert_eq!(client.service.user("user"), UserState::Enrolled);
    assert_eq!(refused(&mut client, &second).0, "2209");
    assert_eq!(client.prep(&merged(&first, &json!({"retry": true}))).0, 200);
    assert_eq!(client.prep(&merged(&second, &json!({"allow_new_enroll": true}))).0, 200);

    let mut lenient = Client::with(builder().with_enforce_new_users(false));
    lenient.run(&first, &full_zip("00000000000"));
    assert_eq!(lenient.prep(&second).0, 200);
}

#[test]
fn the_address_begins_with_what_the_client_calls_the_host() {
    for (host, expected) in [
        (Some("localhost:8080"), "http://localhost:8080/videos/"),
        (Some("Sandbox.test"), "http://sandbox.test/videos/"),
        (Some("a@b"), "http://localhost/videos/"),
        (Some("not a host"), "http://localhost/videos/"),
        (None, "http://localhost/videos/"),
    ] {
        let mut request = http::Request::post("/v1/upload");
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let body = prep_body(&params("job", 1)).to_string();
        let response = Client::new().send(request.body(body.into()).unwrap());
        let answer: Value = serde_json::from_slice(response.body()).unwrap();
        assert!(answer["upload_url"].as_str().unwrap().starts_with(expected), "{host:?}");
    }
}
