//! Callbacks for the tests of a receiver: what they say, that they are signed, and that what is broken is broken.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use smile_core::catalogue::{self, Category};
use smile_core::{
    ApiKey, Decision, Doubt, JobType, PartnerId, ReceivedTimestamp, ResultEntry, SignatureError, Signer,
    Timestamp, Verdict,
};
use smile_sandbox::signed_callback::{
    Flaw, Outcome, Product, Refusal, SignedCallback, SignedCallbackError, signed_callback,
};

const NOW: Timestamp = Timestamp::from_unix_millis(1_750_000_000_000);

fn signer() -> Signer {
    Signer::new(PartnerId::new("001").unwrap(), &ApiKey::new("sandbox-api-key").unwrap())
}

fn callback(product: Product, outcome: Outcome) -> SignedCallback {
    signed_callback(product, outcome).at(NOW).build().unwrap()
}

/// Broken in this way. The outcome is one that nobody may be let in for.
fn broken(product: Product, flaw: Flaw) -> SignedCallback {
    let outcome = product.outcomes().into_iter().nth(1).unwrap();
    signed_callback(product, outcome).at(NOW).broken(flaw).build().unwrap()
}

/// All outcomes of a product, those by name and those by code.
fn everything(product: Product) -> Vec<Outcome> {
    let codes = product.result_codes().map(|row| Outcome::code(row.code));
    product.outcomes().into_iter().chain(codes).collect()
}

/// Timestamp and signature, where the product has them.
fn stamp(product: Product, callback: &SignedCallback) -> Option<(String, String)> {
    if product.is_v3() {
        let header = |name: &str| Some(callback.headers().get(name)?.to_str().unwrap().to_owned());
        return Some((header("response-timestamp")?, header("response-signature")?));
    }
    let json = callback.json();
    Some((json["timestamp"].as_str()?.to_owned(), json["signature"].as_str()?.to_owned()))
}

fn confirm(product: Product, callback: &SignedCallback) -> Result<(), SignatureError> {
    let (timestamp, signature) = stamp(product, callback).ok_or(SignatureError::Missing)?;
    signer().confirm(&timestamp, &signature)
}

fn verdict(product: Product, callback: &SignedCallback) -> Verdict {
    let entry = ResultEntry::from_json(callback.json()).unwrap();
    match product.job_type() {
        Some(job_type) => {
            assert_eq!(entry.partner_params().job_type(), Some(job_type), "{product}");
            entry.verdict_for(job_type)
        }
        None => entry.match_verdict(),
    }
}

fn v1() -> impl Iterator<Item = Product> {
    Product::all().iter().copied().filter(|product| !product.is_v3())
}

fn v3() -> impl Iterator<Item = Product> {
    Product::all().iter().copied().filter(|product| product.is_v3())
}

#[test]
fn every_outcome_of_every_product_is_signed_and_about_the_right_job() {
    for &product in Product::all() {
        for outcome in everything(product) {
            let callback = callback(product, outcome.clone());
            assert_eq!(confirm(product, &callback), Ok(()), "{product} {outcome}");
            let (timestamp, _) = stamp(product, &callback).unwrap();
            assert_eq!(Timestamp::parse(&timestamp), Some(NOW));
            let json = callback.json();
            if product.is_v3() {
                assert!(json.get("signature").is_none() && json.get("timestamp").is_none(), "{product}");
                assert!(callback.headers()["job-id"].to_str().unwrap().starts_with("job_"));
            } else {
                assert_eq!(callback.headers().len(), 1, "{product}");
                let params = &json["PartnerParams"];
                assert_eq!((&params["job_id"], &params["user_id"]), (&json!("job-1"), &json!("user-1")));
                assert_eq!(json["SmileJobID"], "0000000001");
            }
        }
    }
}

#[test]
fn every_result_means_what_the_catalogue_says() {
    for product in v1() {
        for outcome in everything(product) {
            let verdict = verdict(product, &callback(product, outcome.clone()));
            if outcome == Outcome::Unknown {
                assert_eq!(verdict.doubt(), Some(Doubt::NotInCatalogue), "{product}");
                continue;
            }
            let row = verdict.catalogue_row().unwrap();
            let (decision, is_final) = match row.category {
                Category::Approved => (Decision::Approved, true),
                Category::Provisional | Category::SuspectedSpoof | Category::Inconclusive => {
                    (Decision::Provisional, false)
                }
                Category::Rejected => (Decision::Rejected, true),
                Category::Error => (Decision::Error, true),
                Category::Listed | Category::NotListed => (Decision::Unknown, false),
                other => panic!("{other:?}"),
            };
            assert_eq!((verdict.decision(), verdict.is_final()), (decision, is_final), "{product} {outcome}");
        }
    }
}

#[test]
fn named_outcomes_come_to_what_their_names_say() {
    for product in v1() {
        for outcome in product.outcomes() {
            let decision = verdict(product, &callback(product, outcome.clone())).decision();
            let expected = match outcome {
                Outcome::Approved | Outcome::ApprovedAfterReview => Decision::Approved,
                Outcome::Provisional
                | Outcome::CompareUnsure
                | Outcome::PartialMatch
                | Outcome::SpoofSuspected
                | Outcome::SpoofSuspectedStrict
                | Outcome::LivenessUnsure
                | Outcome::DocumentExpired
                | Outcome::IdInfo => Decision::Provisional,
                Outcome::SelfieUnusable
                | Outcome::NumberMalformed
                | Outcome::IssuerUnavailable
                | Outcome::NotActivated => Decision::Error,
                Outcome::Listed | Outcome::NotListed | Outcome::Unknown => Decision::Unknown,
                _ => Decision::Rejected,
            };
            assert_eq!(decision, expected, "{product} {outcome}");
        }
    }
}

#[test]
fn every_row_of_the_catalogue_can_be_had() {
    for row in catalogue::result_codes() {
        for &job_type in row.job_types {
            let mut products = v1().filter(|product| product.job_type() == Some(job_type));
            let product = products
                .find(|product| product.result_codes().any(|other| other == row))
                .unwrap_or_else(|| panic!("no product has {} of {job_type}", row.code));
            let callback = callback(product, Outcome::code(row.code));
            assert_eq!(callback.json()["ResultText"], row.text, "{product} {}", row.code);
            assert_eq!(verdict(product, &callback).catalogue_row(), Some(row));
        }
    }
}

#[test]
fn every_named_outcome_of_a_product_differs_from_the_others() {
    for &product in Product::all() {
        let outcomes = product.outcomes();
        let bodies: Vec<_> = outcomes.iter().map(|one| callback(product, one.clone()).json()).collect();
        for (at, body) in bodies.iter().enumerate() {
            assert_eq!(bodies.iter().position(|other| other == body), Some(at), "{product} {}", outcomes[at]);
        }
    }
}

#[test]
fn every_step_is_one_that_the_catalogue_has_for_jobs_of_this_type() {
    // What the two without a published callback, and Basic KYC's own step, say is the sandbox's choice, and so is that
    // Update Photo looks at the liveness.
    let is_published = |product, step: &str| {
        step != "ID_Verification" && (product, step) != (Product::UpdatePhoto, "Liveness_Check")
    };
    for product in v1().filter(|product| product.job_type().is_some()) {
        let job_type = product.job_type().unwrap();
        for outcome in everything(product) {
            let json = callback(product, outcome.clone()).json();
            let steps = json["Actions"].as_object().unwrap();
            assert!(!steps.is_empty(), "{product} {outcome}");
            for (step, value) in steps.iter().filter(|(step, _)| is_published(product, step)) {
                let known = catalogue::action(step).unwrap();
                assert!(known.job_types.contains(&job_type), "{product} {step}");
                let value = value.as_str().unwrap();
                // Which is as good as not there.
                let is_known = value == "Not Applicable" || known.values.contains(&value);
                assert!(is_known, "{product} {outcome} {step}: {value}");
            }
        }
    }
}

#[test]
fn job_types_and_flags_are_spelled_as_the_service_spells_them() {
    let json = |product, outcome| callback(product, outcome).json();
    let biometric_kyc = json(Product::BiometricKyc, Outcome::Provisional);
    assert_eq!(biometric_kyc["PartnerParams"]["job_type"], "1");
    assert_eq!(biometric_kyc["IsFinalResult"], "false");
    assert_eq!(biometric_kyc["IsMachineResult"], "true");
    assert_eq!(json(Product::BiometricKyc, Outcome::ApprovedAfterReview)["IsMachineResult"], "false");
    assert_eq!(json(Product::EnhancedKyc, Outcome::Approved)["PartnerParams"]["job_type"], 5);
    let document = json(Product::DocumentVerification, Outcome::Approved);
    assert_eq!(document["PartnerParams"]["job_type"], 6);
    assert!(document.get("IsFinalResult").is_none() && document.get("ConfidenceValue").is_none());
    assert_eq!(document["SecondaryIDNumber"], "Not Available");
    let phone = json(Product::PhoneVerification, Outcome::Approved);
    assert!(phone["PartnerParams"].get("job_type").is_none());
    let reviewed = json(Product::DocumentVerification, Outcome::ApprovedAfterReview);
    assert_eq!(reviewed["ResultText"], "Document Verified After Human Review");
}

#[test]
fn a_record_of_the_person_comes_with_what_was_found_and_not_with_what_was_not() {
    for (product, outcome, has_one) in [
        (Product::BiometricKyc, Outcome::Approved, true),
        (Product::BiometricKyc, Outcome::Provisional, false),
        (Product::BiometricKyc, Outcome::NotFound, false),
        (Product::IdInformation, Outcome::IdInfo, true),
        (Product::EnhancedKyc, Outcome::Approved, true),
        (Product::EnhancedKyc, Outcome::IssuerUnavailable, false),
        (Product::DocumentVerification, Outcome::Approved, true),
        (Product::EnhancedDocumentVerification, Outcome::Approved, true),
        (Product::SmartselfieAuthentication, Outcome::Approved, false),
    ] {
        let entry = ResultEntry::from_json(callback(product, outcome).json()).unwrap();
        let info = entry.personal_info();
        assert_eq!(info.full_name().is_some(), has_one, "{product}");
        assert_eq!(info.dob().is_some() && info.id_number().is_some(), has_one, "{product}");
        assert_eq!(info.expiration_date(), None, "{product}");
    }
    let company = ResultEntry::from_json(callback(Product::BusinessVerification, Outcome::Approved).json());
    assert!(company.unwrap().business().company_information().is_some());
}

#[test]
fn the_webhook_has_every_documented_reason() {
    let product = Product::V3BiometricKyc;
    for (status, reasons) in [
        (
            "attention",
            &[
                "document_expired",
                "age_requirement_not_met",
                "document_copy_detected",
                "medium_risk",
                "news_media_match",
                "information_outdated",
            ][..],
        ),
        (
            "block",
            &[
                "high_risk",
                "account_locked_fraud",
                "face_verification_failed",
                "spoof_detected",
                "document_check_failed",
                "unsupported_document",
                "age_requirement_not_met",
                "identifier_not_found",
                "aml_match_found",
                "address_out_of_range",
                "name_mismatch",
                "no_address_on_record",
            ],
        ),
        (
            "error",
            &[
                "image_unavailable_or_invalid",
                "internal_error",
                "document_unclassifiable",
                "content_policy_violated",
                "service_unavailable",
                "invalid_id_number",
            ],
        ),
    ] {
        for reason in reasons {
            let name = format!("{status}-{}", reason.replace('_', "-"));
            let json = callback(product, name.parse().unwrap()).json();
            assert_eq!((&json["status"], &json["reason"]), (&json!(status), &json!(reason)));
            let is_named = v3().any(|product| product.outcomes().iter().any(|one| one.to_string() == name));
            assert!(is_named, "{name} is no outcome of any product");
        }
    }
    let clear = callback(product, Outcome::Clear).json();
    assert_eq!((&clear["status"], &clear["reason"]), (&json!("clear"), &json!(null)));
    assert_eq!(clear["product"], "biometric_kyc");
    assert_eq!(clear["id_fields"]["full_name"], "Joe Doe Leo");
}

#[test]
fn the_webhook_names_the_job_where_each_product_does() {
    let named = |product, pointer: &str| callback(product, Outcome::Clear).json().pointer(pointer).is_some();
    assert!(named(Product::V3EnhancedKyc, "/job_id"));
    assert!(named(Product::V3DocumentVerification, "/partner_params/job_id"));
    assert!(!named(Product::V3DocumentVerification, "/job_id"));
    assert!(!named(Product::V3OneTimeAml, "/job_id"));
    assert!(!named(Product::V3OneTimeAml, "/partner_params/job_id"));
    assert!(named(Product::V3OneTimeAml, "/antifraud/fraud_risk_level"));
}

#[test]
fn what_is_filled_in_is_in_it() {
    let signer = Signer::new(PartnerId::new("2245").unwrap(), &ApiKey::new("key").unwrap());
    for product in [Product::BiometricKyc, Product::AddressVerification, Product::Aml] {
        let builder = signed_callback(product, product.outcomes()[0].clone()).at(NOW);
        let filled = builder
            .job_id("job-7")
            .user_id("user-7")
            .smile_job_id("0000056574")
            .partner_param("nonce", "n-7")
            .partner_param("branch", json!({"a": [1]}))
            .field("Source", "Rest API");
        let callback = filled.clone().signed_by(&signer).build().unwrap();
        assert_eq!(callback, filled.partner("2245", "key").build().unwrap());
        let json = callback.json();
        let params = &json["PartnerParams"];
        assert_eq!((&params["job_id"], &params["user_id"]), (&json!("job-7"), &json!("user-7")));
        assert_eq!((&params["nonce"], &params["branch"]), (&json!("n-7"), &json!({"a": [1]})));
        assert_eq!((&json["SmileJobID"], &json["Source"]), (&json!("0000056574"), &json!("Rest API")));
        let (timestamp, signature) = stamp(product, &callback).unwrap();
        assert_eq!(signer.confirm(&timestamp, &signature), Ok(()));
    }
    let webhook =
        signed_callback(Product::V3EnhancedKyc, Outcome::Clear).job_id("job_x").partner_param("a", "b");
    let webhook = webhook.build().unwrap();
    assert_eq!(webhook.headers()["job-id"], "job_x");
    assert_eq!(webhook.json()["job_id"], "job_x");
    assert_eq!(webhook.json()["partner_params"], json!({"a": "b"}));
}

#[test]
fn what_is_there_can_be_replaced_but_for_the_signature() {
    let builder = signed_callback(Product::BiometricKyc, Outcome::Approved)
        .partner_param("job_type", 6)
        .field("ResultCode", 810)
        .field("signature", "mine");
    let callback = builder.build().unwrap();
    assert_eq!(callback.json()["ResultCode"], 810);
    assert_eq!(confirm(Product::BiometricKyc, &callback), Ok(()));
    let entry = ResultEntry::from_json(callback.json()).unwrap();
    assert_eq!(entry.verdict_for(JobType::BIOMETRIC_KYC).doubt(), Some(Doubt::OtherJobType));
}

#[test]
fn a_photo_has_the_size_that_was_asked_for_and_begins_as_a_jpeg() {
    for product in v1() {
        let outcome = product.outcomes()[0].clone();
        for (asked, length) in [(1_200_000, 1_200_000), (5, 8), (0, 0)] {
            let built = signed_callback(product, outcome.clone()).with_photo_of(asked).build();
            let field = match product {
                Product::BiometricKyc
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
fn the_same_calls_give_the_same_bytes_and_the_request_is_they() {
    let make = || callback(Product::BiometricKyc, Outcome::Approved);
    assert_eq!(make(), make());
    let request = make().into_request("http://127.0.0.1:1/a".parse().unwrap());
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/a"));
    let (headers, body) = make().into_parts();
    assert_eq!((request.headers(), request.body()), (&headers, &body));
}

#[test]
fn what_cannot_be_made_is_refused_by_name() {
    let refusal =
        |product, outcome| signed_callback(product, outcome).build().map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        refusal(Product::IdInformation, Outcome::Approved),
        "`id-information` has no outcome `approved`; it has id-info, not-found, number-malformed, \
         issuer-unavailable, not-activated, unknown, 1012, 1013, 1014, 1015, 1016"
    );
    for (product, outcome) in [
        (Product::BiometricKyc, Outcome::code("0820")),
        (Product::BiometricKyc, Outcome::code("9999")),
        (Product::BiometricKyc, Outcome::Clear),
        (Product::EnhancedKyc, Outcome::code("1020")),
        (Product::V3BiometricKyc, Outcome::Approved),
        (Product::V3BiometricKyc, Outcome::code("0810")),
        (Product::V3BiometricKyc, Outcome::block("no_such_reason")),
    ] {
        let error = refusal(product, outcome.clone());
        assert!(error.starts_with(&format!("`{product}` has no outcome `{outcome}`; it has ")), "{error}");
    }
    let keyless = signed_callback(Product::Aml, Outcome::Listed).partner("001", "").build().unwrap_err();
    assert_eq!(keyless.to_string(), "`api_key` must not be empty");
    let header = signed_callback(Product::V3EnhancedKyc, Outcome::Clear).user_id("a\nb").build().unwrap_err();
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
        signed_callback(Product::BiometricKyc, Outcome::Approved).user_id("jane").with_photo_of(100);
    let callback = builder.clone().build().unwrap();
    let (_, signature) = stamp(Product::BiometricKyc, &callback).unwrap();
    let webhook = signed_callback(Product::V3BiometricKyc, Outcome::Clear).user_id("jane").build().unwrap();
    let (_, other) = stamp(Product::V3BiometricKyc, &webhook).unwrap();
    let shown = format!("{builder:?} {callback:?} {webhook:?}");
    for hidden in ["jane", "Joe", "/9j/", "sandbox-api-key", &signature, &other] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    assert!(!format!("{:?}", webhook.headers()).contains(&other));
}

/// A receiver that does what [`Refusal`] says, written for these tests alone: it judges the bytes, carrier by carrier.
fn refuse(product: Product, callback: &SignedCallback, now: Timestamp) -> Refusal {
    let body = callback.body();
    if body.len() > 2_000_000 {
        return Refusal::TooLarge;
    }
    let Ok(text) = std::str::from_utf8(body) else { return Refusal::NotJson };
    let Ok(json @ Value::Object(_)) = serde_json::from_str::<Value>(text) else { return Refusal::NotJson };
    let result = if product.is_v3() { "status" } else { "ResultCode" };
    let written = |name: &str| text.matches(&format!("\"{name}\":")).count();
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let results = json.as_object().unwrap().keys().filter(|name| plain(name) == plain(result)).count();
    if results > 1 || [result, "signature", "timestamp"].iter().any(|name| written(name) > 1) {
        return Refusal::Ambiguous;
    }
    let header = |name: &str| callback.headers().get_all(name).iter().count();
    let in_headers = header("response-signature") + header("response-timestamp");
    let in_body = ["signature", "timestamp"].iter().filter(|name| json.get(**name).is_some()).count();
    if header("response-signature") > 1 || header("response-timestamp") > 1 || (in_headers > 0 && in_body > 0)
    {
        return Refusal::Ambiguous;
    }
    match confirm(product, callback) {
        Err(SignatureError::Missing) => return Refusal::SignatureMissing,
        Err(SignatureError::Malformed) => return Refusal::SignatureMalformed,
        Err(_) => return Refusal::SignatureWrong,
        Ok(()) => {}
    }
    let (timestamp, _) = stamp(product, callback).unwrap();
    let received = ReceivedTimestamp::from_json(&json!(timestamp)).unwrap();
    match received.moment() {
        None => Refusal::TimestampUnreadable,
        Some(moment) if now.since(moment).as_secs() > 600 => Refusal::TooOld,
        Some(moment) if moment.since(now).as_secs() > 600 => Refusal::FromTheFuture,
        Some(_) => Refusal::Undetected,
    }
}

#[test]
fn every_flaw_of_every_product_is_refused_for_what_it_says() {
    for &product in Product::all() {
        let right = callback(product, product.outcomes()[0].clone());
        assert_eq!(refuse(product, &right, NOW), Refusal::Undetected);
        for &flaw in Flaw::all() {
            let broken = broken(product, flaw);
            assert_eq!(refuse(product, &broken, NOW), flaw.refusal(), "{product} {flaw}");
        }
    }
}

#[test]
fn a_flaw_breaks_nothing_but_what_it_says() {
    for &product in Product::all() {
        let outcome = product.outcomes().into_iter().nth(1).unwrap();
        let right = callback(product, outcome);
        let (timestamp, signature) = stamp(product, &right).unwrap();
        for &flaw in Flaw::all() {
            let broken = broken(product, flaw);
            assert_ne!(broken, right, "{product} {flaw}");
            match flaw.refusal() {
                // What is wrong is the pair: the rest is as it was.
                Refusal::SignatureWrong | Refusal::SignatureMalformed | Refusal::TooOld => {
                    let without = |callback: &SignedCallback| {
                        let mut json = callback.json();
                        let fields = json.as_object_mut().unwrap();
                        fields.retain(|name, _| name != "signature" && name != "timestamp");
                        json
                    };
                    assert_eq!(without(&broken), without(&right), "{product} {flaw}");
                }
                // The pair is right; it is the rest that is wrong.
                Refusal::Undetected => {
                    let pair = stamp(product, &broken).unwrap();
                    assert_eq!(pair, (timestamp.clone(), signature.clone()), "{product} {flaw}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn a_tampered_body_says_the_opposite_under_the_same_signature() {
    let tampered = |product, outcome| {
        signed_callback(product, outcome).at(NOW).broken(Flaw::TamperedBody).build().unwrap()
    };
    let product = Product::BiometricKyc;
    let forged = tampered(product, Outcome::Rejected);
    assert_eq!(stamp(product, &forged), stamp(product, &callback(product, Outcome::Rejected)));
    assert!(verdict(product, &forged).is_approved());
    assert_eq!(verdict(product, &tampered(product, Outcome::Approved)).decision(), Decision::Rejected);
    let webhook = Product::V3BiometricKyc;
    assert_eq!(tampered(webhook, Outcome::block("spoof_detected")).json()["status"], "clear");
    assert_eq!(tampered(webhook, Outcome::Clear).json()["status"], "block");
}

#[test]
fn the_other_partner_is_one_that_could_have_signed_it() {
    let forged = broken(Product::BiometricKyc, Flaw::OtherPartner);
    let (timestamp, signature) = stamp(Product::BiometricKyc, &forged).unwrap();
    let other = Signer::new(PartnerId::new("9001").unwrap(), &ApiKey::new("sandbox-api-key").unwrap());
    assert_eq!(other.confirm(&timestamp, &signature), Ok(()));
}

#[test]
fn each_spelling_of_a_signature_is_the_right_one_in_disguise() {
    use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD_NO_PAD, URL_SAFE};
    let lenient = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    let right =
        STANDARD.decode(stamp(Product::Aml, &callback(Product::Aml, Outcome::Listed)).unwrap().1).unwrap();
    let spelled = |flaw| stamp(Product::Aml, &broken(Product::Aml, flaw)).unwrap();
    assert_eq!(STANDARD_NO_PAD.decode(spelled(Flaw::UnpaddedSignature).1).unwrap(), right);
    assert_eq!(lenient.decode(spelled(Flaw::NonCanonicalSignature).1).unwrap(), right);
    assert_eq!(STANDARD.decode(spelled(Flaw::SpacedSignature).1.replace(' ', "")).unwrap(), right);
    assert_eq!(STANDARD.decode(spelled(Flaw::ShortSignature).1).unwrap(), right[..31]);
    assert_eq!(STANDARD.decode(spelled(Flaw::LongSignature).1).unwrap()[..32], right);
    let hex: String = right.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(spelled(Flaw::HexSignature).1, hex);
    // That of another millisecond, as not every signature looks different in the other alphabet.
    let (timestamp, signature) = spelled(Flaw::UrlSafeSignature);
    let standard = STANDARD.encode(URL_SAFE.decode(&signature).unwrap());
    assert_ne!(standard, signature);
    assert_eq!(signer().confirm(&timestamp, &standard), Ok(()));
}

#[test]
fn whatever_the_moment_the_url_safe_spelling_differs() {
    for millis in 0..200 {
        let at = Timestamp::from_unix_millis(NOW.unix_millis() + millis);
        let builder = signed_callback(Product::Aml, Outcome::Listed).at(at).broken(Flaw::UrlSafeSignature);
        let (_, signature) = stamp(Product::Aml, &builder.build().unwrap()).unwrap();
        assert!(signature.contains(['-', '_']), "{millis}");
    }
}
