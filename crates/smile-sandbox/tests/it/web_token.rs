use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::client::{
    CALLBACK_URL, Client, builder, full_zip, id_body, merged, params, prep_body, token_body, without,
};

const PATH: &str = "/v1/token";

fn token(client: &mut Client, product: &str) -> String {
    let (status, answer) = client.post(PATH, &token_body(product));
    assert_eq!((status, &answer["success"]), (200, &json!(true)), "{answer}");
    assert_eq!(answer.as_object().unwrap().len(), 2);
    answer["token"].as_str().unwrap().to_owned()
}

/// The same request with the token in place of the signature.
fn with_token(body: &Value, token: &str) -> Value {
    merged(&without(&without(body, "signature"), "timestamp"), &json!({"token": token}))
}

#[test]
fn it_is_a_jwt_with_the_documented_claims() {
    let mut client = Client::new();
    let token = token(&mut client, "biometric_kyc");
    let parts: Vec<&str> = token.split('.').collect();
    let part =
        |at: usize| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[at]).unwrap()).unwrap() };
    assert_eq!(parts.len(), 3);
    assert_eq!(part(0), json!({"alg": "HS256", "typ": "JWT"}));
    assert_eq!(
        part(1),
        json!({
            "partner_params": {"user_id": "user", "job_id": "job", "job_type": 1},
            "callback_url": CALLBACK_URL,
            "iat": 1_705_314_600,
            "exp": 1_707_019_914,
        })
    );
    assert_eq!(URL_SAFE_NO_PAD.decode(parts[2]).unwrap().len(), 32);
}

#[test]
fn each_product_is_a_job_type() {
    for (product, job_type) in [
        ("authentication", 2),
        ("smartselfie", 4),
        ("biometric_kyc", 1),
        ("ekyc_smartselfie", 1),
        ("enhanced_kyc", 5),
        ("basic_kyc", 5),
        ("identity_verification", 5),
        ("doc_verification", 6),
        ("enhanced_document_verification", 11),
        ("e_signature", 12),
    ] {
        let token = token(&mut Client::new(), product);
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["partner_params"]["job_type"], job_type, "{product}");
    }
}

#[test]
fn errors_have_the_codes_of_the_id_endpoints() {
    let mut client = Client::new();
    let body = token_body("biometric_kyc");
    let required = ["partner_id", "signature", "timestamp", "user_id", "job_id", "product", "callback_url"];
    for name in required {
        assert_eq!(client.refusal(PATH, &without(&body, name)), "2413", "{name}");
    }
    assert_eq!(client.refusal(PATH, &merged(&body, &json!({"callback_url": ""}))), "2413");
    assert_eq!(client.refusal(PATH, &merged(&body, &json!({"product": "face_swap"}))), "2413");
    assert_eq!(client.refusal(PATH, &merged(&body, &json!({"product": 1}))), "2204");
    assert_eq!(client.refusal(PATH, &merged(&body, &json!({"partner_id": "2"}))), "2405");
    assert_eq!(client.refusal(PATH, &json!(1)), "2203");
}

#[test]
fn it_stands_in_for_the_signature_of_an_upload() {
    let mut client = Client::new();
    let token = token(&mut client, "biometric_kyc");
    let body = json!({"smile_client_id": "001", "token": token, "file_name": "biometric_kyc.zip"});
    let url = client.upload_url(&body);
    client.put(&url, &full_zip("00000000000"));
    let job = client.service.job("job").unwrap();
    assert_eq!((job.result_code(), job.job_type.number()), (Some("0810"), 1));
    assert_eq!(client.deliver().len(), 1, "the token says where to");

    let mut client = Client::new();
    let own = merged(&params("job", 1), &json!({"branch": "Lagos"}));
    client.upload_url(&with_token(&prep_body(&own), &token));
    assert_eq!(client.service.job("job").unwrap().partner_params, own);
    assert_eq!(client.prep(&with_token(&prep_body(&params("other", 1)), &token)).1["code"], "2205");
}

#[test]
fn it_stands_in_for_the_signature_of_what_is_answered_later() {
    let named = json!({"first_name": "Joe", "last_name": "Leo"});
    for (path, product, code) in
        [("/v1/async_id_verification", "enhanced_kyc", "1012"), ("/v2/verify_async", "basic_kyc", "1020")]
    {
        let mut client = Client::new();
        let token = token(&mut client, product);
        let body = with_token(&id_body("00000000000", &named), &token);
        assert_eq!(client.check_async(path, &body)["ResultCode"], code);
        let body = without(&without(&body, "partner_params"), "callback_url");
        let entry = client.check_async(path, &body);
        assert_eq!(entry["PartnerParams"], params("job", 5));
        assert_eq!(client.service.job("job").unwrap().processed, 2);

        let another = json!({"partner_params": params("another", 5)});
        assert_eq!(client.refusal(path, &merged(&body, &another)), "2405");
        assert_eq!(client.refusal(path, &merged(&body, &json!({"partner_id": "2"}))), "2405");
        assert_eq!(client.refusal(path, &without(&body, "partner_id")), "2413");
        // Synchronous answers need a signature.
        let at_once = if path.starts_with("/v2") { "/v2/verify" } else { "/v1/id_verification" };
        assert_eq!(client.refusal(at_once, &body), "2413");
    }
}

#[test]
fn it_opens_the_configuration_and_consent() {
    let mut client = Client::new();
    let token = token(&mut client, "enhanced_kyc");
    let body = json!({"partner_id": "001", "token": token});
    for path in ["/v1/products_config", "/v1/valid_documents"] {
        assert_eq!(client.post(path, &body).0, 200, "{path}");
    }
    let id = json!({"country": "NG", "id_type": "BVN_MFA", "id_number": "00000000000"});
    assert_eq!(client.post("/v1/totp_consent", &merged(&body, &id)).0, 200);
    for path in ["/v1/job_status", "/v1/aml", "/v1/token", "/v1/business_verification", "/v1/smile_links"] {
        assert_eq!(client.refusal(path, &body), "2413", "{path}");
    }
}

#[test]
fn a_token_that_is_old_or_altered_or_anothers_opens_nothing() {
    let mut client = Client::new();
    let good = token(&mut client, "enhanced_kyc");
    let elsewhere = token(&mut Client::with(builder().with_seed(1)), "enhanced_kyc");
    let parts: Vec<&str> = good.split('.').collect();
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let forged = URL_SAFE_NO_PAD.encode(claims.replace("\"job\"", "\"her\""));
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    for bad in [
        elsewhere,
        format!("{}.{forged}.{}", parts[0], parts[2]),
        format!("{unsigned}.{}.", parts[1]),
        format!("{good}="),
        "x".to_owned(),
        "..".to_owned(),
        ".".to_owned(),
    ] {
        let body = json!({"partner_id": "001", "token": bad});
        assert_eq!(client.refusal("/v1/products_config", &body), "2405", "{bad}");
    }
    let body = json!({"partner_id": "001", "token": good});
    client.pass(Duration::from_secs(1_705_313));
    assert_eq!(client.post("/v1/products_config", &body).0, 200);
    client.pass(Duration::from_secs(1));
    assert_eq!(client.refusal("/v1/products_config", &body), "2405");
    assert_eq!(client.refusal("/v1/products_config", &json!({"partner_id": "001", "token": 1})), "2204");
}
