//! Reading of callbacks, of every product; nothing of them is lost, or copied without need.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use smile_core::operation::Operation as _;
use smile_core::{
    Callback, CallbackKind, Decision, JobStatusRequest, JobType, NextStep, Nonce, NonceError, Refusal,
    UnknownReason, Verdict, WebhookStatus,
};

use super::{bytes, callback, cases, genuine, headers, key, result, signed, verify, webhook};
use crate::support::{START, partner};

fn params(job_type: &Value) -> Value {
    json!({ "user_id": "user-1", "job_id": "job-1", "job_type": job_type })
}

/// A result of every product, as each writes its own, with the type that the partner knows and what
/// it amounts to.
fn products() -> Vec<(Value, CallbackKind, Decision)> {
    use Decision::{Approved, Error, Provisional, Rejected};
    let kind = |number| CallbackKind::Result(JobType::from_number(number));
    let face = json!({ "Liveness_Check": "Passed", "Register_Selfie": "Approved" });
    let person = json!({ "FullName": "Joe Doe Leo", "DOB": "2000-09-20", "Photo": "/9j/4A==" });
    let business = json!({
        "ResultType": "Business Verification", "ResultCode": "1012", "success": true,
        "Actions": { "Verify_Business": "Verified", "Return_Business_Info": "Returned" },
        "company_information": { "legal_name": "Joe and Sons" }, "directors": [{ "name": "Joe Doe Leo" }],
    });
    let of = |job_type: Value, parts: &[&Value], code: &str| {
        let mut body =
            json!({ "ResultCode": code, "SmileJobID": "0000000007", "PartnerParams": params(&job_type) });
        for (name, value) in parts.iter().flat_map(|part| part.as_object().unwrap()) {
            body[name] = value.clone();
        }
        body
    };
    let actions = |actions: &Value| json!({ "Actions": actions });
    let look_up = json!({
        "JSONVersion": "1.0.0", "ResultType": "ID Verification", "IsFinalResult": "true", "Country": "NG", "IDType": "BVN",
        "Actions": { "Verify_ID_Number": "Verified", "Return_Personal_Info": "Returned" },
    });
    let not_found = json!({ "Verify_ID_Number": "Not Verified", "Selfie_Provided": "Passed", "Register_Selfie": "Rejected" });
    let without_type = |mut body: Value| {
        body["PartnerParams"].as_object_mut().unwrap().remove("job_type");
        body
    };
    vec![
        (of(json!("1"), &[&actions(&face), &person], "0810"), kind(1), Approved),
        (of(json!(1), &[&actions(&face)], "0812"), kind(1), Provisional),
        (of(json!(1), &[&actions(&face)], "1210"), kind(1), Approved),
        (of(json!(1), &[&actions(&not_found)], "1013"), kind(1), Rejected),
        (of(json!(1), &[&look_up, &person], "1012"), CallbackKind::IdInformation, Provisional),
        (
            of(json!(1), &[&actions(&json!({ "Verify_ID_Number": "Not Verified" }))], "1013"),
            CallbackKind::IdInformation,
            Rejected,
        ),
        (of(json!(2), &[&actions(&face)], "0820"), kind(2), Approved),
        (of(json!(4), &[&actions(&face)], "0840"), kind(4), Approved),
        (of(json!(5), &[&look_up, &person], "1012"), kind(5), Approved),
        (of(json!(5), &[&look_up], "1015"), kind(5), Error),
        (of(json!(5), &[&actions(&json!({ "Names": "Exact Match" }))], "1020"), kind(5), Approved),
        (
            of(json!(6), &[&actions(&json!({ "Document_Check": "Passed" })), &person], "0810"),
            kind(6),
            Approved,
        ),
        (of(json!(7), &[&business], "1012"), kind(7), Approved),
        (of(json!(11), &[&actions(&json!({ "Document_Check": "Passed" }))], "0810"), kind(11), Approved),
        (without_type(of(json!(0), &[], "1020")), CallbackKind::Match, Decision::Unknown),
        (of(json!(999), &[], "0810"), kind(999), Decision::Unknown),
        (json!({ "hello": "world" }), CallbackKind::Unknown, Decision::Unknown),
        (json!({ "ResultCode": null, "status": 7 }), CallbackKind::Unknown, Decision::Unknown),
    ]
}

#[test]
fn every_product_of_v1() {
    for (body, kind, decision) in products() {
        let callback = callback(body.clone());
        assert_eq!((callback.kind(), callback.verdict().decision()), (kind, decision), "{body}");
        assert_eq!(callback.webhook().map(|_| ()), None);
        if body.get("PartnerParams").is_some() {
            assert_eq!(callback.job_id().as_deref(), Some("job-1"));
            assert_eq!(callback.user_id().as_deref(), Some("user-1"));
            assert!(callback.is_about(&super::key()));
        }
        let whole = Value::from(callback.entry().as_json().clone());
        assert_eq!(whole, signed(body));
        let audit = callback.audit_json().to_string();
        for personal in ["Joe", "2000-09-20", "/9j/", "user-1", whole["signature"].as_str().unwrap()] {
            assert!(!audit.contains(personal), "{audit}");
        }
    }
}

#[test]
fn an_address_verification_is_judged_as_a_match() {
    let body = json!({
        "ResultCode": "1020", "Actions": { "Address": "Exact Match" },
        "PartnerParams": { "user_id": "user-1", "job_id": "job-1" },
    });
    let callback = callback(body);
    assert_eq!(callback.kind(), CallbackKind::Match);
    assert_eq!(callback.entry().match_verdict().decision(), Decision::Approved);
    assert_eq!(
        callback.verdict().unknown_reason(),
        Some(UnknownReason::NoJobType),
        "which job it is the partner knows"
    );
}

#[test]
fn the_partners_own_records_say_what_type_it_is() {
    let callback = callback(result("0810"));
    assert!(callback.verdict_for(JobType::BIOMETRIC_KYC).is_approved());
    let other = callback.verdict_for(JobType::DOCUMENT_VERIFICATION);
    assert_eq!(other.unknown_reason(), Some(UnknownReason::OtherJobType));
}

#[test]
fn an_approval_that_is_odd_anywhere_is_none() {
    let odd = |change: fn(&mut Value)| {
        let mut body = result("0810");
        change(&mut body);
        callback(body).verdict_for(JobType::BIOMETRIC_KYC)
    };
    assert!(odd(|_| {}).is_approved());
    for (what, verdict) in [
        ("a second code", odd(|body| body["result_code"] = json!("0811"))),
        ("a second long code", odd(|body| body["resultCode"] = json!("x".repeat(5_000)))),
        ("a step that failed", odd(|body| body["Actions"]["Register_Selfie"] = json!("Rejected"))),
        ("a step twice", odd(|body| body["Actions"]["LIVENESS_CHECK"] = json!("Failed"))),
        ("steps twice", odd(|body| body["actions"] = json!({}))),
        ("steps that are none", odd(|body| body["Actions"] = json!("x".repeat(5_000)))),
        ("not final", odd(|body| body["IsFinalResult"] = json!("false"))),
        ("final in no known way", odd(|body| body["IsFinalResult"] = json!("x".repeat(5_000)))),
        (
            "final, and not",
            odd(|body| {
                body["IsFinalResult"] = json!("true");
                body["is_final_result"] = json!("false");
            }),
        ),
        ("parameters twice", odd(|body| body["partner_params"] = json!({ "job_type": 6 }))),
        ("another type", odd(|body| body["PartnerParams"]["job_type"] = json!(6))),
        ("a code with a blank in it", odd(|body| body["ResultCode"] = json!("08 10"))),
        ("a code that is a list", odd(|body| body["ResultCode"] = json!(["0810"]))),
    ] {
        assert!(!verdict.is_approved(), "{what}: {verdict}");
    }
}

#[test]
fn webhooks() {
    use WebhookStatus as S;
    let body = |status: &str, reason: Value| {
        json!({
            "status": status, "reason": reason, "product": "document_verification", "message": "Verification done",
            "partner_params": { "branch": "Lagos", "job_id": "the partner's own" },
            "id_fields": { "full_name": "Joe Doe Leo", "date_of_birth": "2000-09-20" },
            "antifraud": { "summary": { "fraud_detected": false }, "fraud_risk": { "risk_level": "low", "risk_score": 3 } },
        })
    };
    for (status, reason, expected, decision, next) in [
        ("clear", Value::Null, S::Clear, Decision::Approved, NextStep::Accept),
        ("attention", json!("medium_risk"), S::Attention, Decision::Provisional, NextStep::ManualReview),
        ("block", json!("spoof_detected"), S::Block, Decision::Rejected, NextStep::Decline),
        ("block", json!("identifier_not_found"), S::Block, Decision::Rejected, NextStep::CorrectIdNumber),
        ("error", json!("service_unavailable"), S::Error, Decision::Error, NextStep::RetryLater),
        (
            "error",
            json!("image_unavailable_or_invalid"),
            S::Error,
            Decision::Error,
            NextStep::AskForNewImages,
        ),
        ("Clear", Value::Null, S::Unknown, Decision::Unknown, NextStep::ManualReview),
        ("approved", Value::Null, S::Unknown, Decision::Unknown, NextStep::ManualReview),
        ("", Value::Null, S::Unknown, Decision::Unknown, NextStep::ManualReview),
    ] {
        let callback = webhook(body(status, reason), "v3-job");
        assert_eq!(callback.kind(), CallbackKind::Webhook);
        let hook = callback.webhook().unwrap();
        assert_eq!(hook.status().unwrap_or(S::Unknown), expected, "{status}");
        let verdict = callback.verdict();
        assert_eq!((verdict.decision(), verdict.next_step()), (decision, next), "{status}");
        assert_eq!(callback.job_id().as_deref(), Some("v3-job"), "the header's, not the partner's own");
        assert_eq!((callback.user_id().as_deref(), hook.api_version()), (Some("user-1"), Some("3")));
        assert_eq!(hook.product().as_deref(), Some("document_verification"));
        assert_eq!(hook.id_fields().unwrap().text("full_name").unwrap().expose(), "Joe Doe Leo");
        let shown = format!("{callback:?} {hook:?} {}", callback.audit_json());
        assert!(!shown.contains("Joe") && !shown.contains("Lagos") && !shown.contains("2000"), "{shown}");
    }
}

#[test]
fn a_clear_webhook_that_is_odd_anywhere_is_no_approval() {
    let clear = |extra: Value| {
        let mut body = json!({ "status": "clear", "reason": null, "product": "biometric_kyc" });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        webhook(body, "job-1").verdict()
    };
    for fine in [
        json!({}),
        json!({ "job_id": "job-1", "user_id": "user-1" }),
        json!({ "antifraud": null }),
        json!({ "antifraud": { "summary": null, "fraud_risk": {}, "smile_secure": {} } }),
        json!({ "antifraud": { "fraud_risk_level": "low", "fraud_risk_score": 1 } }),
        json!({ "antifraud": { "summary": { "fraud_detected": "False" } } }),
        json!({ "antifraud": { "fraud_risk": { "risk_level": "low", "risk_score": 12 }, "fraud_risk_indicator_groups": [] } }),
        json!({ "people": [], "no_of_persons_found": 0 }),
        json!({ "people": null, "no_of_persons_found": "0" }),
        json!({ "message": "Verification successful", "kyc_receipt": "https://receipts.example.com/1" }),
        json!({ "user_provided_info": { "last_name": "Block" }, "id_fields": { "full_name": "Fraud", "sanctions": "x" } }),
        json!({ "partner_params": { "reason": "high_risk", "people": [1] }, "consent": { "status": "block" } }),
        json!({ "id_fields": { "photo": "x".repeat(9_000) } }),
    ] {
        assert!(clear(fine.clone()).may_be_let_in(), "{fine}");
    }
    for odd in [
        json!({ "reason": "spoof_detected" }),
        json!({ "reason": "" }),
        json!({ "reason": {} }),
        json!({ "Reason": "spoof_detected" }),
        json!({ "Status": "block" }),
        json!({ "job_id": "job-2" }),
        json!({ "user_id": "user-2" }),
        json!({ "job_id": "job-1", "jobId": "job-2" }),
        json!({ "antifraud": "none" }),
        json!({ "antifraud": [] }),
        json!({ "antifraud": {}, "Antifraud": { "summary": { "fraud_detected": true } } }),
        json!({ "antifraud": { "summary": "clean" } }),
        json!({ "antifraud": { "summary": { "fraud_detected": true } } }),
        json!({ "antifraud": { "summary": { "fraud_detected": "true" } } }),
        json!({ "antifraud": { "summary": { "fraud_detected": 1 } } }),
        json!({ "antifraud": { "summary": { "fraud_detected": false, "fraudDetected": true } } }),
        json!({ "antifraud": { "fraud_risk": { "risk_level": "high" } } }),
        json!({ "antifraud": { "fraud_risk": { "risk_level": "very high" } } }),
        json!({ "antifraud": { "fraud_risk_level": "HIGH" } }),
        json!({ "antifraud": { "summary": { "fraud_detected": true }, "pad": "x".repeat(9_000) } }),
        json!({ "people": [{ "name": "x" }] }),
        json!({ "People": { "name": "x" } }),
        json!({ "people": [{ "name": "x".repeat(9_000) }] }),
        json!({ "people": "x".repeat(9_000) }),
        json!({ "no_of_persons_found": 1 }),
        json!({ "noOfPersonsFound": "2" }),
        json!({ "no-of-persons-found": "many" }),
        json!({ "screening": { "people": [{ "name": "x" }] } }),
        json!({ "sanctions": [{ "list": "OFAC" }] }),
        json!({ "fraud_risk_score": 92 }),
        json!({ "fraudRiskScore": "92" }),
        json!({ "fraud_score": 92 }),
        json!({ "antifraud": { "fraud_risk_score": 92 } }),
        json!({ "antifraud": { "fraud_risk_score": 1 } }),
        json!({ "antifraud": { "fraud_risk": { "risk_score": 1 } } }),
        json!({ "antifraud": { "fraud_risk_level": "low", "fraud_risk_score": 92 } }),
        json!({ "antifraud": { "fraud_risk_level": "low", "fraud_risk_score": "unknown" } }),
        json!({ "antifraud": { "fraud_risk_level": "low", "fraud_risk_score": -1 } }),
        json!({ "antifraud": { "fraud_risk_level": "medium", "fraud_risk_score": 40 } }),
        json!({ "antifraud": { "fraudRiskIndicatorGroups": ["device_risk"] } }),
        json!({ "risk_level": "medium" }),
        json!({ "anti-fraud": { "summary": { "fraud-detected": true } } }),
        json!({ "fraud_detected": true }),
        json!({ "decision": "block" }),
        json!({ "kyc": { "outcome": "Attention" } }),
        json!({ "liveness": "spoof detected" }),
        json!({ "checks": ["clear", "face_verification_failed"] }),
        json!({ "message": "Verification failed" }),
        json!({ "Status": "clear" }),
        json!({ "Product": "biometric_kyc" }),
    ] {
        let verdict = clear(odd.clone());
        assert_eq!((verdict.decision(), verdict.is_final()), (Decision::Unknown, false), "{odd}");
        assert_eq!(verdict.next_step(), NextStep::ManualReview);
    }
    // A v1 result is none for having a status.
    let mut both = result("0811");
    both["status"] = json!("clear");
    assert_eq!(callback(both).kind(), CallbackKind::Result(JobType::BIOMETRIC_KYC));
}

#[test]
fn clear_says_what_its_product_looks_at_and_an_unknown_product_says_nothing() {
    let verdict = |product: Value| {
        let verdict =
            webhook(json!({ "status": "clear", "reason": null, "product": product }), "job-1").verdict();
        (verdict.decision(), verdict.next_step(), verdict.unknown_reason(), verdict.may_be_let_in())
    };
    for product in [
        "biometric_kyc",
        "document_verification",
        "enhanced_document_verification",
        "residency_document_verification",
        "smartselfie_authentication",
        "smart_selfie_authentication",
        "smartselfie_registration",
        "smart_selfie_registration",
        "smartselfie_compare",
        "smart_selfie_compare",
    ] {
        assert_eq!(verdict(json!(product)), (Decision::Approved, NextStep::Accept, None, true), "{product}");
    }
    for product in ["enhanced_kyc", "basic_kyc", "phone_number_verification", "address_verification"] {
        let compare = (Decision::Approved, NextStep::CompareTheRecord, None, false);
        assert_eq!(verdict(json!(product)), compare, "{product}");
    }
    let unknown = |reason| (Decision::Unknown, NextStep::ManualReview, Some(reason), false);
    for product in [
        json!("aml"),
        json!("AML"),
        json!("Aml_Monitoring"),
        json!("one_time_aml"),
        json!("One-Time AML"),
        json!(["one_time_aml"]),
        json!({ "name": "one_time_aml" }),
        json!("new_aml_product"),
        json!("a-m-l"),
    ] {
        assert_eq!(verdict(product.clone()), unknown(UnknownReason::NoVerdict), "{product}");
    }
    for product in [
        Value::Null,
        json!(""),
        json!("Biometric_KYC"),
        json!(" biometric_kyc"),
        json!("biometric kyc"),
        json!(["biometric_kyc"]),
        json!({ "biometric_kyc": true }),
        json!(1),
        json!(true),
        json!("something_new"),
        json!("x".repeat(9_000)),
    ] {
        assert_eq!(verdict(product.clone()), unknown(UnknownReason::UnknownProduct), "{product}");
    }
    let missing = webhook(json!({ "status": "clear" }), "job-1").verdict();
    assert_eq!(
        (missing.unknown_reason(), missing.may_be_let_in()),
        (Some(UnknownReason::UnknownProduct), false)
    );
    assert_eq!(missing.meaning(), "it names no product, or one that is not known");
    let blocked = webhook(json!({ "status": "block", "product": "something_new" }), "job-1").verdict();
    assert_eq!(blocked.decision(), Decision::Rejected, "what rejects needs no product");
}

#[test]
fn ids_of_a_webhook_come_from_the_headers_then_the_body_then_the_parameters() {
    let pair = partner().signer().sign(START);
    let ids = |extra: &[(&'static str, &[u8])], body: Value| {
        let mut headers = super::headers([
            ("response-timestamp", pair.timestamp()),
            ("response-signature", pair.signature()),
        ]);
        for (name, value) in extra {
            headers.append(*name, http::HeaderValue::from_bytes(value).unwrap());
        }
        let callback = partner().verifier().verify(START, &headers, bytes(&body)).unwrap();
        (callback.job_id(), callback.user_id(), callback.verdict().is_approved())
    };
    let params = json!({ "job_id": "p", "user_id": "q" });
    let clear = |extra: Value| {
        let mut body = json!({ "status": "clear", "product": "biometric_kyc" });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    let some = |job: &str, user: &str, approved| (Some(job.to_owned()), Some(user.to_owned()), approved);
    let in_params = clear(json!({ "partner_params": params }));
    let in_body = clear(json!({ "job_id": "b", "user_id": "c", "partner_params": params }));
    assert_eq!(ids(&[], clear(json!({}))), (None, None, true));
    assert_eq!(ids(&[], in_params), some("p", "q", true));
    assert_eq!(ids(&[], in_body.clone()), some("b", "c", true));
    assert_eq!(ids(&[("job-id", b"b"), ("user-id", b"c")], in_body.clone()), some("b", "c", true));
    assert_eq!(ids(&[("job-id", b"h")], in_body.clone()), some("h", "c", false), "they disagree");
    let (job, _, approved) = ids(&[("job-id", b"b\xFF")], in_body);
    assert!(!approved && job.as_deref() != Some("b"), "a header that is no text isn't one that is absent");
}

#[test]
fn the_photo_is_not_copied() {
    let photo = "/9j/4AAQSkZJRgABAQAAAQABAAD/".repeat(50_000);
    let mut body = result("0810");
    body["Photo"] = json!(photo);
    body["Document"] = json!(photo.replace("Q", "Q\n"));
    body["FullData"] = json!({ "photo": photo });
    let body = bytes(&signed(body));
    let verifier = partner().verifier().with_max_bytes(10_000_000);
    let callback = verifier.verify(START, &HeaderMap::new(), body.clone()).unwrap();
    let text = callback.entry().personal_info().record().text("Photo").unwrap().expose();
    assert!(matches!(text, Cow::Borrowed(_)));
    assert!(body.as_ptr_range().contains(&text.as_ptr()), "it is where it came");
    assert_eq!(callback.body().as_ptr(), body.as_ptr());
    assert_eq!(text, photo);
    let decoded = callback.entry().personal_info().photo().unwrap().expose();
    assert!(decoded.starts_with(b"\xFF\xD8\xFF") && decoded.len() == photo.len() / 4 * 3);
    assert_eq!(callback.entry().personal_info().document().unwrap().expose(), decoded, "with line breaks");
    assert_eq!(callback.entry().get("Photo"), Some(&json!(photo)));
    assert_eq!(callback.entry().get("FullData"), Some(&json!({ "photo": photo })));
    assert!(callback.audit_json().to_string().len() < 1_000);
    let whole: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(whole.as_object(), Some(callback.entry().as_json()));
    let order = |object: &Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
    assert_eq!(order(callback.entry().as_json()), order(whole.as_object().unwrap()));
}

#[test]
fn a_nonce_that_came_back() {
    let nonce = Nonce::from_random([7; 16]);
    let with = |params: Value| {
        let mut body = result("0810");
        body["PartnerParams"] = params;
        callback(body).check_nonce(&nonce)
    };
    assert_eq!(with(json!({ "nonce": nonce.to_text() })), Ok(()));
    assert_eq!(with(json!({ "nonce": Nonce::from_random([8; 16]).to_text() })), Err(NonceError::Wrong));
    for odd in ["", "07", &nonce.to_text()[1..], &format!("{} ", nonce.to_text()), &"7".repeat(1 << 20), "é"]
    {
        assert_eq!(with(json!({ "nonce": odd })), Err(NonceError::Wrong), "{odd:.40}");
    }
    for absent in
        [json!({}), json!({ "nonce": null }), json!({ "nonce": 7 }), json!(null), json!([nonce.to_text()])]
    {
        assert_eq!(with(absent), Err(NonceError::Missing));
    }
    let twice = json!({ "nonce": nonce.to_text(), "NONCE": "x" });
    assert_eq!(with(twice), Err(NonceError::Missing));
    let hook = webhook(json!({ "status": "clear", "partner_params": { "nonce": nonce.to_text() } }), "job-1");
    assert_eq!(hook.check_nonce(&nonce), Ok(()));
    let not_in_params = webhook(json!({ "status": "clear", "nonce": nonce.to_text() }), "job-1");
    assert_eq!(not_in_params.check_nonce(&nonce), Err(NonceError::Missing));
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        Just("\u{1F600}\u{0}\\\"/\u{2028}".to_owned()),
        (4_000..5_000_usize).prop_map(|length| "é\\\n".repeat(length / 4)),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The same with every letter of every text as an escape.
fn escaped(json: &str) -> String {
    let mut buffer = [0; 2];
    let letters = json.chars().map(|c| {
        if c.is_ascii() {
            c.to_string()
        } else {
            c.encode_utf16(&mut buffer).iter().map(|unit| format!("\\u{unit:04x}")).collect()
        }
    });
    letters.collect()
}

fn read(text: String) -> Callback {
    partner().verifier().verify(START, &HeaderMap::new(), text.into()).unwrap()
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn nothing_is_lost(fields in prop::collection::btree_map("[a-zé]{1,9}", any_json(), 0..8)) {
        let body = signed(Value::Object(fields.into_iter().filter(|(key, _)| key != "timestamp" && key != "signature").collect()));
        for text in [body.to_string(), serde_json::to_string_pretty(&body).unwrap(), escaped(&body.to_string())] {
            let expected: Value = serde_json::from_str(&text).unwrap();
            let callback = read(text);
            for (key, value) in expected.as_object().unwrap() {
                prop_assert_eq!(callback.entry().as_json().get(key), Some(value));
            }
            prop_assert_eq!(Value::from(callback.entry().as_json().clone()), expected);
            let _ = (callback.digest(), callback.verdict(), callback.audit_json(), format!("{callback:?}"));
        }
    }
}

/// Half a surrogate pair, Latin-1, a raw tab, `NaN`, and a byte order mark in front.
const DAMAGED: [&[u8]; 4] = [br#""x\ud83d""#, b"\"Jos\xE9\"", b"\"a\tb\"", b"NaN"];

/// A signed callback with one more field, as it stands.
fn with_field(body: Value, field: &str, value: &[u8]) -> Bytes {
    let rest = bytes(&signed(body));
    Bytes::from([b"\xEF\xBB\xBF{\"", field.as_bytes(), b"\":", value, b",", &rest[1..]].concat())
}

fn post(body: Bytes) -> Callback {
    partner().verifier().verify(START, &HeaderMap::new(), body).unwrap()
}

#[test]
fn damage_where_nothing_rests_on_it_hides_no_callback() {
    for value in DAMAGED {
        let callback = post(with_field(result("0810"), "FullName", value));
        assert!(callback.verdict().is_approved());
        assert!(callback.body().starts_with(b"\xEF\xBB\xBF"), "the body as it came");
    }
    let name = post(with_field(result("0810"), "FullName", DAMAGED[1]))
        .entry()
        .personal_info()
        .full_name()
        .unwrap()
        .expose()
        .into_owned();
    assert_eq!(name, "Jos\u{FFFD}");
}

#[test]
fn damage_where_the_verdict_rests_on_it_leaves_it_unknown() {
    for value in DAMAGED {
        for field in ["IsFinalResult", "Antifraud", "actions", "result_code", "SmileJobId"] {
            let verdict = post(with_field(result("0810"), field, value)).verdict_for(JobType::BIOMETRIC_KYC);
            assert!(!verdict.is_approved() && !verdict.is_final(), "{field}");
        }
    }
}

#[test]
fn damage_in_a_webhook_is_borne_only_in_free_text_and_the_record() {
    let webhook = json!({ "status": "clear", "product": "biometric_kyc", "job_id": "j", "user_id": "u" });
    for value in DAMAGED {
        for (field, is_approved) in
            [("message", true), ("id_fields", true), ("fraud_score", false), ("Reason", false)]
        {
            let verdict = post(with_field(webhook.clone(), field, value)).verdict();
            assert_eq!(verdict.is_approved(), is_approved, "{field}: {verdict}");
        }
    }
}

#[test]
fn a_compressed_callback_is_refused_as_what_it_is() {
    let send = |headers: &HeaderMap, body: &'static [u8]| {
        partner().verifier().verify(START, headers, Bytes::from_static(body)).unwrap_err()
    };
    for encoding in ["gzip", "br", "identity, zstd", "jane"] {
        let refusal = send(&headers([("content-encoding", encoding)]), b"\x28\xB5\x2F\xFD");
        assert_eq!((refusal, refusal.status().as_u16()), (Refusal::Compressed, 415));
        assert!(!refusal.has_right_signature() && refusal.to_string().contains("decompress"));
    }
    assert_eq!(send(&HeaderMap::new(), b"\x1F\x8B\x08"), Refusal::Compressed, "the header was lost");
    let plain = bytes(&genuine());
    let decompressed = headers([("content-encoding", "gzip")]);
    assert!(partner().verifier().verify(START, &decompressed, plain).is_ok(), "the server did it");
}

#[test]
fn long_fields_that_are_odd_in_themselves() {
    let long = "x".repeat(5_000);
    let body = |field: &str| signed(json!({})).to_string().replacen('{', &format!("{{{field},"), 1);
    let half = read(body(&format!(r#""Photo":"{long}\ud800""#)));
    assert_eq!(half.entry().get("Photo"), Some(&json!(format!("{long}\u{FFFD}"))));
    // A number beyond all bounds, a name twice: absent, and still in the body.
    for (field, rest) in [
        (format!(r#""Photo":[1e999,"{long}"]"#), json!([null, long])),
        (format!(r#""Photo":{{"a":1,"b":"{long}","a":2}}"#), json!({ "a": null, "b": long })),
    ] {
        let callback = read(body(&field));
        assert_eq!(callback.entry().personal_info().photo(), None);
        assert_eq!(callback.entry().get("Photo"), Some(&rest));
        assert!(callback.body().windows(100).any(|window| window == &long.as_bytes()[..100]));
    }
    let blank = read(body(&format!(r#""FullName":"{}""#, " ".repeat(5_000))));
    assert_eq!(blank.entry().personal_info().full_name(), None);
    assert!(verify(&json!({ "$serde_json::private::RawValue": "{}" })).is_err());
    let named = read(body(r#""a":{"$serde_json::private::RawValue":"[1]"}"#));
    assert_eq!(named.entry().get("a"), Some(&json!({ "$serde_json::private::RawValue": "[1]" })));
}

/// The verdict of a callback with this field, and of a status with it in the result and around it.
fn verdicts_with(field: &str, value: &Value) -> [Verdict; 3] {
    let mut entry = result("0810");
    entry[field] = value.clone();
    let status = |mut body: Value| {
        body["job_complete"] = json!(true);
        body["job_success"] = json!(true);
        body["code"] = json!("2302");
        let answer = crate::support::status(body).unwrap();
        JobStatusRequest::of(&key()).parse(&partner(), START, &answer).unwrap().verdict().unwrap()
    };
    let mut around = json!({ "result": result("0810") });
    around[field] = value.clone();
    [
        callback(entry.clone()).verdict_for(JobType::BIOMETRIC_KYC),
        status(json!({ "result": entry })),
        status(around),
    ]
}

#[test]
fn a_word_against_the_person_beside_an_approving_code_is_no_approval() {
    for (field, value) in [
        ("status", json!("block")),
        ("Status", json!("BLOCKED")),
        ("STATUS", json!(" Block ")),
        ("decision", json!("declined")),
        ("reason", json!("spoof_detected")),
        ("note", json!({ "inner": ["x", { "outcome": "Rejected" }] })),
        ("FraudDetected", json!(true)),
        ("people", json!([{ "name": "x" }])),
        ("risk_level", json!("high")),
        ("sanctions", json!(["x"])),
        ("message", json!("Potential match found")),
        ("Antifraud", json!({ "smile_secure": { "SuspectUsers": [{ "user_id": "x" }] } })),
    ] {
        for (place, verdict) in verdicts_with(field, &value).iter().enumerate() {
            assert!(
                !verdict.is_approved() && !verdict.may_be_let_in(),
                "{field} {value}, {place}: {verdict}"
            );
            assert_eq!(
                verdict.unknown_reason(),
                Some(UnknownReason::Contradiction),
                "{field} {value}, {place}"
            );
        }
    }
}

#[test]
fn a_clear_webhook_whose_result_or_history_speaks_against_the_person_is_no_approval() {
    let with = |field: &str, value: &Value| {
        let mut body = json!({ "status": "clear", "product": "biometric_kyc" });
        body[field] = value.clone();
        webhook(body, "job-1")
    };
    for (field, harmless, against) in [
        ("result", json!({ "status": "clear" }), json!({ "status": "block" })),
        ("Result", json!({ "status": "clear" }), json!({ "inner": [{ "outcome": "Rejected" }] })),
        ("history", json!([{ "fraud_detected": false }]), json!([{ "fraud_detected": true }])),
    ] {
        let verdict = |value| with(field, value).webhook().unwrap().verdict_for("biometric_kyc");
        assert!(verdict(&harmless).may_be_let_in(), "{field}");
        assert_eq!(verdict(&against).unknown_reason(), Some(UnknownReason::Contradiction), "{field}");
    }
    // With steps it is a result of v1 without a code.
    let steps = with("actions", &json!({ "liveness_check": "Failed" }));
    assert!(steps.webhook().is_none() && !steps.verdict().is_approved());
}

#[test]
fn only_what_is_judged_by_itself_is_passed_over_beside_an_approving_code() {
    for (field, value) in
        [("result", json!({ "status": "block" })), ("history", json!([{ "isFraud": true }]))]
    {
        let mut body = result("0810");
        body[field] = value;
        let callback = callback(body);
        let reason = callback.verdict_for(JobType::BIOMETRIC_KYC).unknown_reason();
        assert_eq!(reason, Some(UnknownReason::Contradiction), "{field}");
        assert_ne!(callback.digest().event(), self::callback(result("0810")).digest().event(), "{field}");
    }
    // The status around a result has no steps of its own.
    let [_, _, around] = verdicts_with("Actions", &json!({ "Liveness_Check": "Failed" }));
    assert_eq!(around.unknown_reason(), Some(UnknownReason::Contradiction));
    // Other jobs' results are no word on this one.
    let [_, _, around] = verdicts_with("history", &json!([{ "status": "block" }]));
    assert!(around.may_be_let_in());
}

#[test]
fn names_records_and_the_partners_own_words_speak_against_nobody() {
    for (field, value) in [
        ("LastName", json!("Block")),
        ("Address", json!("Block")),
        ("FullData", json!({ "status": "blocked", "people": ["x"] })),
        ("ImageLinks", json!({ "selfie_image": "block" })),
        ("metadata", json!("fraud")),
        ("status", json!("clear")),
        ("people", json!([])),
        (
            "Antifraud",
            json!({ "summary": { "fraud_detected": false, "fraud_sources": [] }, "smile_secure": { "SuspectUsers": [] } }),
        ),
    ] {
        for verdict in verdicts_with(field, &value) {
            assert!(verdict.may_be_let_in(), "{field} {value}: {verdict}");
        }
    }
}

#[test]
fn what_was_lost_beside_an_approving_code_may_have_spoken_against_the_person() {
    for (field, is_borne) in [
        (r#""note":{"a":"block","a":"clear"}"#, false),
        (r#""note":{"risk_score":1e999}"#, false),
        (r#""sanctions":NaN"#, false),
        (r#""note":{"height":1e999}"#, true),
        (r#""FullData":{"a":"block","a":"clear"}"#, true),
    ] {
        let body = signed(result("0810")).to_string().replacen('{', &format!("{{{field},"), 1);
        let verdict = read(body).verdict_for(JobType::BIOMETRIC_KYC);
        assert_eq!(verdict.is_approved(), is_borne, "{field}: {verdict}");
    }
}

#[test]
fn a_body_that_speaks_against_the_person_is_another_event_than_one_that_does_not() {
    let mut against = result("0810");
    against["note"] = json!("blocked");
    let (plain, against) = (callback(result("0810")), callback(against));
    assert_ne!(plain.digest().event(), against.digest().event());
}
