//! Building of callbacks: settings, refusals and `Debug`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use smile_core::{
    ApiKey, JobType, PartnerId, ReceivedTimestamp, ResultEntry, SignatureError, Signer, UnknownReason,
};
use smile_sandbox::signed_callback::{
    Flaw, Outcome, Product, SignedCallbackBuilder, SignedCallbackError, TimestampSpelling, signed_callback,
};

use super::{NOW, callback, confirm, everything, signer, stamp, v1};

#[test]
fn given_values_are_in_the_callback() {
    let signer = Signer::new(PartnerId::new("2245").unwrap(), &ApiKey::new("key").unwrap());
    for product in [Product::BiometricKyc, Product::Address, Product::Aml] {
        let builder = signed_callback(product, product.outcomes()[0].clone()).with_signing_time(NOW);
        let filled = builder
            .with_job_id("job-7")
            .with_user_id("user-7")
            .with_smile_job_id("0000056574")
            .with_partner_param("nonce", "n-7")
            .with_partner_param("branch", json!({"a": [1]}))
            .with_field("Source", "Rest API");
        let callback = filled.clone().with_signer(&signer).build().unwrap();
        assert_eq!(callback, filled.with_partner("2245", "key").build().unwrap());
        let json = callback.json();
        let params = &json["PartnerParams"];
        assert_eq!((&params["job_id"], &params["user_id"]), (&json!("job-7"), &json!("user-7")));
        assert_eq!((&params["nonce"], &params["branch"]), (&json!("n-7"), &json!({"a": [1]})));
        assert_eq!((&json["SmileJobID"], &json["Source"]), (&json!("0000056574"), &json!("Rest API")));
        let (timestamp, signature) = stamp(product, &callback).unwrap();
        assert_eq!(signer.confirm(&timestamp, &signature), Ok(()));
    }
    let webhook = signed_callback(Product::V3EnhancedKyc, Outcome::Clear)
        .with_job_id("job_x")
        .with_partner_param("a", "b");
    let webhook = webhook.build().unwrap();
    assert_eq!(webhook.headers()["job-id"], "job_x");
    assert_eq!(webhook.json()["job_id"], "job_x");
    assert_eq!(webhook.json()["partner_params"], json!({"a": "b"}));
}

#[test]
fn a_timestamp_in_any_spelling_is_the_one_that_is_signed() {
    for (spelling, expected) in [
        (TimestampSpelling::Iso, json!("2025-06-15T15:06:40.000Z")),
        (TimestampSpelling::Zoneless, json!("2025-06-15T15:06:40.000000")),
        (TimestampSpelling::MillisText, json!("1750000000000")),
        (TimestampSpelling::MillisNumber, json!(1_750_000_000_000_u64)),
    ] {
        let build = |product, outcome, flaw: Option<Flaw>| {
            let builder =
                signed_callback(product, outcome).with_signing_time(NOW).with_timestamp_spelling(spelling);
            flaw.into_iter().fold(builder, SignedCallbackBuilder::with_flaw).build().unwrap()
        };
        let confirm = |flaw| {
            let json = build(Product::Aml, Outcome::Listed, flaw).json();
            let received = ReceivedTimestamp::from_json(&json["timestamp"]).unwrap();
            signer().confirm_received(&received, json["signature"].as_str().unwrap())
        };
        let json = build(Product::Aml, Outcome::Listed, None).json();
        assert_eq!(json["timestamp"], expected);
        assert_eq!(ReceivedTimestamp::from_json(&json["timestamp"]).unwrap().moment(), Some(NOW));
        assert_eq!(confirm(None), Ok(()));
        for flaw in [Flaw::OtherKey, Flaw::OtherPartner, Flaw::OtherTimestampText, Flaw::RefreshedTimestamp] {
            assert_eq!(confirm(Some(flaw)), Err(SignatureError::Wrong), "{spelling:?} {flaw}");
        }
        let webhook = build(Product::V3EnhancedKyc, Outcome::Clear, None);
        let header = webhook.headers()["response-timestamp"].to_str().unwrap();
        assert_eq!(header, expected.as_str().map_or_else(|| expected.to_string(), str::to_owned));
    }
}

#[test]
fn every_field_but_the_signature_can_be_replaced() {
    let builder = signed_callback(Product::BiometricKyc, Outcome::Approved)
        .with_partner_param("job_type", 6)
        .with_field("ResultCode", 810)
        .with_field("signature", "mine");
    let callback = builder.build().unwrap();
    assert_eq!(callback.json()["ResultCode"], 810);
    assert_eq!(confirm(Product::BiometricKyc, &callback), Ok(()));
    let entry = ResultEntry::from_json(callback.json()).unwrap();
    assert_eq!(entry.verdict_for(JobType::BIOMETRIC_KYC).unknown_reason(), Some(UnknownReason::OtherJobType));
}

#[test]
fn a_photo_has_the_given_size_and_begins_as_a_jpeg() {
    for product in v1() {
        let outcome = product.outcomes()[0].clone();
        for (asked, length) in [(1_200_000, 1_200_000), (5, 8), (0, 0)] {
            let built = signed_callback(product, outcome.clone()).with_photo_of(asked).build();
            let field = match product {
                Product::BiometricKyc
                | Product::CompareUserInfo
                | Product::IdInformation
                | Product::EnhancedKyc
                | Product::EnhancedDocumentVerification => "Photo",
                Product::DocumentVerification => "Document",
                _ => {
                    assert_eq!(built, Err(SignedCallbackError::NoPhoto { product }));
                    continue;
                }
            };
            let json = built.unwrap().json();
            let photo = json[field].as_str().unwrap();
            assert_eq!(photo.len(), length, "{product}");
            let bytes = STANDARD.decode(photo).unwrap();
            assert!(bytes.is_empty() || bytes.starts_with(&[0xff, 0xd8, 0xff]));
        }
    }
}

#[test]
fn a_photo_has_a_limit() {
    let builder = signed_callback(Product::BiometricKyc, Outcome::Approved);
    for characters in [(64 << 20) + 1, usize::MAX] {
        let error = builder.clone().with_photo_of(characters).build().unwrap_err();
        assert_eq!(error.to_string(), "a photo can have up to 64 MiB of base64");
    }
}

#[test]
fn the_same_calls_give_the_same_bytes_and_the_request_is_they() {
    let make = || callback(Product::BiometricKyc, Outcome::Approved);
    assert_eq!(make(), make());
    let request = make().into_request("http://127.0.0.1:1/a".parse().unwrap());
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/a"));
    let (headers, body) = make().into_parts();
    assert_eq!((request.headers(), request.body()), (&headers, &body));
}

#[test]
fn an_impossible_callback_is_an_error_with_its_name() {
    let refusal =
        |product, outcome| signed_callback(product, outcome).build().map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        refusal(Product::IdInformation, Outcome::Approved),
        "`id-information` has no outcome `approved`; it has id-info, id-not-found, \
         id-malformed, issuer-unavailable, not-activated, unknown, 1012, 1013, 1014, 1015, 1016"
    );
    for (product, outcome) in [
        (Product::BiometricKyc, Outcome::code("0820")),
        (Product::BiometricKyc, Outcome::code("9999")),
        (Product::BiometricKyc, Outcome::Clear),
        (Product::EnhancedKyc, Outcome::code("1020")),
        (Product::UpdatePhoto, Outcome::DocumentExpired),
        (Product::V3BiometricKyc, Outcome::ReviewerApproved),
        (Product::V3BiometricKyc, Outcome::code("0810")),
        (Product::V3BiometricKyc, Outcome::block("no_such_reason")),
    ] {
        let error = refusal(product, outcome.clone());
        assert!(error.starts_with(&format!("`{product}` has no outcome `{outcome}`; it has ")), "{error}");
    }
    let keyless = signed_callback(Product::Aml, Outcome::Listed).with_partner("001", "").build().unwrap_err();
    assert_eq!(keyless.to_string(), "`api_key` must not be empty");
    let header =
        signed_callback(Product::V3EnhancedKyc, Outcome::Clear).with_user_id("a\nb").build().unwrap_err();
    assert_eq!(header.to_string(), "`user_id` has characters in it that no header can carry");
}

#[test]
fn names_are_read_as_they_are_written() {
    for &product in Product::all() {
        assert_eq!(product.to_string().parse(), Ok(product));
        for outcome in everything(product) {
            assert_eq!(outcome.to_string().parse(), Ok(outcome));
        }
    }
    for &flaw in Flaw::all() {
        assert_eq!(flaw.to_string().parse(), Ok(flaw));
    }
    let names: Vec<_> = Product::all().iter().map(|product| product.name()).collect();
    let names = names.into_iter().chain(Flaw::all().iter().map(|flaw| flaw.name()));
    for name in names {
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
    }
    let unknown = "biometric_kyc".parse::<Product>().unwrap_err().to_string();
    assert!(
        unknown.starts_with("there is no product `biometric_kyc`; there is biometric-kyc, "),
        "{unknown}"
    );
    assert!("approve".parse::<Outcome>().unwrap_err().to_string().contains("approved, "));
    assert!("other".parse::<Flaw>().unwrap_err().to_string().contains("other-key, "));
}

#[test]
fn nothing_of_a_person_and_no_signature_is_shown() {
    let builder =
        signed_callback(Product::BiometricKyc, Outcome::Approved).with_user_id("jane").with_photo_of(100);
    let callback = builder.clone().build().unwrap();
    let (_, signature) = stamp(Product::BiometricKyc, &callback).unwrap();
    let webhook =
        signed_callback(Product::V3BiometricKyc, Outcome::Clear).with_user_id("jane").build().unwrap();
    let (_, other) = stamp(Product::V3BiometricKyc, &webhook).unwrap();
    let shown = format!("{builder:?} {callback:?} {webhook:?}");
    for hidden in ["jane", "Joe", "/9j/", "sandbox-api-key", &signature, &other] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    assert!(!format!("{:?}", webhook.headers()).contains(&other));
}
