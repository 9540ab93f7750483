//! Properties of all checks.

use http::{Request, StatusCode};
use serde_json::{Value, json};
use smile_sandbox::{Endpoint, Fault, Stage};

use crate::client::{
    Client, address_body, aml_body, builder, business_body, consent_body, full_zip, header_signed, id_body,
    link_body, merged, params, phone_body, prep_body, signed, status_body, token_body,
};

fn named() -> Value {
    json!({"first_name": "Joe", "last_name": "Leo"})
}

/// Every endpoint with POST, and a valid body.
pub(crate) fn all_posts() -> Vec<(Endpoint, &'static str, Value)> {
    vec![
        (Endpoint::PrepUpload, "/v1/upload", prep_body(&params("job", 1))),
        (Endpoint::JobStatus, "/v1/job_status", status_body(&params("job", 1), &json!({}))),
        (Endpoint::EnhancedKyc, "/v1/id_verification", id_body("00000000000", &json!({}))),
        (Endpoint::EnhancedKycAsync, "/v1/async_id_verification", id_body("00000000000", &json!({}))),
        (Endpoint::BasicKyc, "/v2/verify", id_body("00000000000", &named())),
        (Endpoint::BasicKycAsync, "/v2/verify_async", id_body("00000000000", &named())),
        (Endpoint::BusinessVerification, "/v1/business_verification", business_body("0000000", &json!({}))),
        (
            Endpoint::BusinessVerificationAsync,
            "/v1/async_business_verification",
            business_body("0000000", &json!({})),
        ),
        (Endpoint::Aml, "/v1/aml", aml_body("Joe Doe Leo", &json!({}))),
        (Endpoint::AddressVerification, "/v2/async-verify-address", address_body("0000000000", &json!({}))),
        (Endpoint::PhoneVerification, "/v2/async-verify-phone", phone_body("00000000000", &json!({}))),
        (Endpoint::WebToken, "/v1/token", token_body("biometric_kyc")),
        (Endpoint::SmileLinks, "/v1/smile_links", link_body(&json!({}))),
        (Endpoint::Consent, "/v1/totp_consent", consent_body(&json!({}))),
        (Endpoint::ProductsConfig, "/v1/products_config", signed(&json!({}))),
        (Endpoint::ValidDocuments, "/v1/valid_documents", signed(&json!({}))),
    ]
}

/// The checks that are signed in the body, with job type, and true if the answer comes later.
fn checks() -> Vec<(&'static str, Value, u16, bool)> {
    let all = all_posts().into_iter().filter_map(|(endpoint, path, body)| {
        let (job_type, later) = match endpoint {
            Endpoint::EnhancedKyc | Endpoint::BasicKyc => (5, false),
            Endpoint::EnhancedKycAsync | Endpoint::BasicKycAsync => (5, true),
            Endpoint::BusinessVerification => (7, false),
            Endpoint::BusinessVerificationAsync => (7, true),
            Endpoint::Aml => (10, false),
            _ => return None,
        };
        Some((path, body, job_type, later))
    });
    all.collect()
}

fn post(client: &mut Client, path: &str, body: &Value) -> http::Response<bytes::Bytes> {
    let request = header_signed(http::Method::POST, path, body);
    client.send(request)
}

fn exchange(client: &mut Client, path: &str, body: &Value) -> smile_sandbox::Outgoing {
    client.exchange(header_signed(http::Method::POST, path, body))
}

#[test]
fn any_content_type_and_spelling_of_the_path_will_do() {
    for (endpoint, path, body) in all_posts() {
        let (version, bare) = path[1..].split_once('/').unwrap();
        for path in [path, &format!("/{bare}"), &format!("//{version}//{bare}//")] {
            let response = post(&mut Client::new(), path, &body);
            assert_eq!(response.status(), 200, "{endpoint:?} {path} {:?}", response.body());
            let request = Request::get(path).body(bytes::Bytes::new()).unwrap();
            let expected = if endpoint == Endpoint::SmileLinks { 400 } else { 405 };
            assert_eq!(Client::new().send(request).status(), expected, "{path}");
        }
    }
}

#[test]
fn every_endpoint_can_be_made_to_fail() {
    for (endpoint, path, body) in all_posts() {
        let mut client = Client::new();
        client.service.fail_next(endpoint, Fault::Answer(StatusCode::SERVICE_UNAVAILABLE));
        client.service.fail_next(endpoint, Fault::LoseRequest);
        client.service.fail_next(endpoint, Fault::LoseAnswer);
        let response = post(&mut client, path, &body);
        assert_eq!(response.status(), 503, "{endpoint:?}");
        assert_eq!(response.body(), r#"{"message":"Service Unavailable"}"#);
        assert!(client.service.jobs().is_empty());
        for _ in 0..2 {
            assert!(exchange(&mut client, path, &body).connection_lost, "{endpoint:?}");
        }
        let last = client.service.requests().back().unwrap();
        assert_eq!(
            (last.status.as_u16(), last.fault.clone()),
            (200, Some(Fault::LoseAnswer)),
            "{endpoint:?}"
        );
        assert!(!exchange(&mut client, path, &body).connection_lost);
    }
    let mut client = Client::new();
    client.service.fail_next(Endpoint::Services, Fault::Answer(StatusCode::BAD_GATEWAY));
    client.service.fail_next(Endpoint::SmileLinks, Fault::Answer(StatusCode::BAD_GATEWAY));
    for path in ["/v1/services", "/v1/smile_links/x"] {
        let response = client.send(Request::get(path).body(bytes::Bytes::new()).unwrap());
        assert_eq!(response.status(), 502);
    }
}

#[test]
fn a_lost_answer_is_charged_for_and_its_repetition_too() {
    for (path, body, job_type, later) in checks() {
        let mut client = Client::new();
        for processed in 1..=3 {
            post(&mut client, path, &body);
            let job = client.service.job("job").unwrap();
            assert_eq!((job.processed, job.results.len()), (processed, processed as usize), "{path}");
            assert_eq!((job.uploads, job.preps, job.stage), (0, 0, Stage::Decided));
            assert_eq!((job.job_type.number(), job.smile_job_id.as_str()), (job_type, "0000000001"));
        }
        assert_eq!(client.deliver().len(), if later { 3 } else { 0 });
        assert_eq!(client.service.jobs().len(), 1);
    }
}

#[test]
fn a_test_can_see_what_was_received() {
    for (endpoint, path, body) in all_posts() {
        let mut client = Client::new();
        post(&mut client, path, &body);
        let Some(job) = client.service.jobs().into_iter().find(|job| job.processed > 0) else { continue };
        assert_eq!((job.endpoint, job.request.as_ref()), (endpoint, Some(&body)));
        assert_eq!(job.received("country"), body.get("country"));
        assert_eq!(job.received("nothing"), None);
    }
    let mut client = Client::new();
    client.run(&prep_body(&params("job", 4)), &full_zip("0"));
    let job = client.service.job("job").unwrap();
    assert_eq!((job.endpoint, job.request), (Endpoint::PrepUpload, None));
}

#[test]
fn the_job_status_knows_them() {
    for (path, body, job_type, _) in checks() {
        let mut client = Client::new();
        post(&mut client, path, &body);
        let status = client.status(&params("job", job_type), &json!({"image_links": true}));
        let job = client.service.job("job").unwrap();
        assert_eq!((&status["job_complete"], &status["code"]), (&json!(true), &json!("2302")), "{path}");
        assert_eq!(status["result"], job.results[0]);
        assert_eq!(status["image_links"], json!({"error": "No images found"}));
        assert!(status["result"].get("signature").is_none());
    }
    for (number, success) in [("00000000000", true), ("00000000001", false), ("00000000003", false)] {
        let mut client = Client::new();
        client.check("/v1/id_verification", &id_body(number, &json!({})));
        assert_eq!(client.status(&params("job", 5), &json!({}))["job_success"], success, "{number}");
    }
}

#[test]
fn polls_can_precede_a_callback() {
    for (path, body, job_type, later) in checks() {
        let mut client = Client::with(builder().with_pending_polls(1));
        post(&mut client, path, &body);
        let first = client.status(&params("job", job_type), &json!({}));
        assert_eq!(first["job_complete"], !later, "{path}");
        assert_eq!(client.status(&params("job", job_type), &json!({}))["job_complete"], true);
    }
}

#[test]
fn the_history_of_a_user_has_checks_and_uploads() {
    let mut client = Client::new();
    client.check("/v1/aml", &aml_body("Joe Doe Leo", &json!({"job_id": "aml"})));
    client.run(&prep_body(&params("selfie", 4)), &full_zip("0"));
    let kyc = id_body("00000000003", &json!({"partner_params": params("kyc", 5)}));
    client.check("/v1/id_verification", &kyc);
    client.check("/v1/id_verification", &kyc);
    let stranger = merged(&params("x", 5), &json!({"user_id": "stranger"}));
    client.check("/v1/id_verification", &id_body("00000000000", &json!({"partner_params": stranger})));
    let status = client.status(&params("kyc", 5), &json!({"history": true}));
    let history = status["history"].as_array().unwrap();
    let codes: Vec<_> = history.iter().map(|entry| entry["ResultCode"].as_str().unwrap()).collect();
    assert_eq!(codes, ["1031", "0840", "1015", "1015"]);
}

#[test]
fn a_job_id_is_not_shared_with_a_job_of_another_type() {
    let mut client = Client::new();
    client.upload_url(&prep_body(&params("job", 1)));
    let checks = checks();
    for (path, body, ..) in &checks {
        assert_eq!(client.post(path, body).1["code"], "2215", "{path}");
    }
    for (path, body, job_type, _) in &checks {
        let mut client = Client::new();
        post(&mut client, path, body);
        let retry = merged(&prep_body(&params("job", 1)), &json!({"retry": true}));
        assert_eq!(client.prep(&retry).1["code"], "2215", "{path}");
        let other = checks.iter().find(|other| other.2 != *job_type).unwrap();
        assert_eq!(client.post(other.0, &other.1).1["code"], "2215", "{path}");
        assert_eq!(client.service.job("job").unwrap().processed, 1);
    }
}
