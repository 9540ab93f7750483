use serde_json::{Value, json};

use crate::client::{
    Client, JPEG, builder, full_zip, get_request, merged, params, prep_body, signer, status_body, without,
};

fn code(body: &Value) -> String {
    let (status, answer) = Client::new().post("/v1/job_status", body);
    assert_eq!(status, 400, "{answer}");
    answer["code"].as_str().unwrap().to_owned()
}

#[test]
fn errors_have_the_codes_of_this_endpoint() {
    let good = status_body(&params("job", 1), &json!({}));
    for name in ["partner_id", "user_id", "job_id", "signature", "timestamp"] {
        assert_eq!(code(&without(&good, name)), "2413", "{name}");
    }
    assert_eq!(code(&merged(&good, &json!({"signature": signer().sign_text("x")}))), "2405");
    assert_eq!(code(&merged(&good, &json!({"partner_id": "1"}))), "2405");
    for changes in
        [json!({"timestamp": "x"}), json!({"history": 1}), json!({"image_links": []}), json!({"job_id": 1})]
    {
        assert_eq!(code(&merged(&good, &changes)), "2204", "{changes}");
    }
    assert_eq!(code(&json!([])), "2203");
}

#[test]
fn a_job_without_a_zip_and_a_job_nobody_knows_look_the_same() {
    let mut client = Client::new();
    client.upload_url(&prep_body(&params("job", 1)));
    let other_user = json!({"job_id": "job", "user_id": "somebody else"});
    for params in [params("job", 1), params("unknown", 1), other_user] {
        let mut answer = client.status(&params, &json!({}));
        for signed in ["timestamp", "signature"] {
            answer.as_object_mut().unwrap().remove(signed);
        }
        assert_eq!(
            answer,
            json!({"job_complete": false, "job_success": false, "code": "2314", "result": "No zip file received"})
        );
    }
}

#[test]
fn the_answer_is_signed_now() {
    let mut client = Client::new();
    client.pass(std::time::Duration::from_millis(1_500));
    let answer = client.status(&params("job", 1), &json!({}));
    assert_eq!(answer["timestamp"], "2024-01-15T10:30:01.500Z");
    let prep = prep_body(&params("job", 1));
    let answer = client.run(&prep, &full_zip("00000000000"));
    assert!(answer["result"].get("signature").is_none());
    assert!(answer["result"].get("timestamp").is_none());
    assert!(answer.get("history").is_none() && answer.get("image_links").is_none());
}

#[test]
fn a_job_that_nobody_knows_can_be_refused_instead() {
    let mut client = Client::with(builder().with_refuse_unknown_jobs(true));
    let (status, answer) = client.post("/v1/job_status", &status_body(&params("unknown", 1), &json!({})));
    assert_eq!((status, &answer["code"]), (400, &json!("2314")));
    // A job that was announced is known.
    let prep = prep_body(&params("job", 1));
    client.upload_url(&prep);
    assert_eq!(client.status(&prep["partner_params"], &json!({}))["job_complete"], false);
}

#[test]
fn the_first_polls_can_be_answered_not_complete() {
    let mut client = Client::with(builder().with_pending_polls(2));
    let prep = prep_body(&params("job", 1));
    let url = client.upload_url(&prep);
    assert_eq!(client.status(&prep["partner_params"], &json!({}))["code"], "2314");
    for _ in 0..2 {
        client.put(&url, &full_zip("00000000000"));
        for _ in 0..2 {
            let answer = client.status(&prep["partner_params"], &json!({}));
            assert_eq!((&answer["job_complete"], &answer["code"]), (&json!(false), &json!("2302")));
            assert_eq!((&answer["job_success"], &answer["result"]), (&json!(false), &Value::Null));
        }
        assert_eq!(client.status(&prep["partner_params"], &json!({}))["job_complete"], true);
    }
}

#[test]
fn the_history_has_all_results_of_the_user_newest_last() {
    let mut client = Client::with(builder().with_automatic_review(None));
    let first = prep_body(&merged(&params("first", 6), &json!({"sandbox_result": "2"})));
    client.run(&first, &full_zip("00000000000"));
    let second = prep_body(&merged(&params("second", 4), &json!({"sandbox_result": 1})));
    client.run(&second, &full_zip("00000000000"));
    let stranger = prep_body(&merged(&params("third", 4), &json!({"user_id": "stranger"})));
    client.run(&stranger, &full_zip("00000000000"));
    client.service.review(client.now, "first", smile_sandbox::Review::Approve).unwrap();

    for history in [json!(true), json!("true")] {
        let answer = client.status(&second["partner_params"], &json!({"history": history}));
        let codes: Vec<_> =
            answer["history"].as_array().unwrap().iter().map(|entry| entry["ResultCode"].clone()).collect();
        assert_eq!(codes, ["0815", "0841", "0810"]);
        assert_eq!(answer["result"]["ResultCode"], "0841");
    }
}

#[test]
fn image_links_lead_to_the_images_and_cannot_be_guessed() {
    let mut client = Client::new();
    let prep = prep_body(&params("job", 1));
    let asked = json!({"image_links": true});
    let none = client.status(&prep["partner_params"], &asked);
    assert_eq!(none["image_links"], json!({"error": "No images found"}));

    client.run(&prep, &full_zip("00000000000"));
    let links = client.status(&prep["partner_params"], &asked)["image_links"].clone();
    assert_eq!(links.as_object().unwrap().len(), 3);
    for name in ["selfie_image", "id_card_image", "id_card_back"] {
        let link = links[name].as_str().unwrap();
        let response = client.send(get_request(link));
        assert_eq!((response.status().as_u16(), &response.body()[..]), (200, JPEG));
        assert_eq!(response.headers()["content-type"], "image/jpeg");
        let guess = format!("{}{}", &link[..link.len() - 1], if link.ends_with('0') { "1" } else { "0" });
        assert_eq!(client.send(get_request(&guess)).status(), 403);
    }
    let swapped = links["selfie_image"].as_str().unwrap().replace("selfie_image", "id_card_back");
    assert_eq!(client.send(get_request(&swapped)).status(), 403);
}
