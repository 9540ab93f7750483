//! Results in callbacks, and their agreement with the catalogue.

use serde_json::json;
use smile_core::catalogue::{self, Category};
use smile_core::{Decision, ResultEntry, Timestamp, UnknownReason};
use smile_sandbox::signed_callback::{Outcome, Product};

use super::{NOW, callback, confirm, everything, stamp, v1, v3, verdict};

/// True if the catalogue has the code: those of two job types aren't published, and the sandbox has
/// to have some.
fn is_published(product: Product, outcome: &Outcome) -> bool {
    let code = product.code_of(outcome);
    *outcome == Outcome::Unknown || product.result_codes().any(|row| Some(row.code) == code)
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
            if outcome == Outcome::Unknown || !is_published(product, &outcome) {
                assert_eq!(
                    verdict.unknown_reason(),
                    Some(UnknownReason::NotInCatalogue),
                    "{product} {outcome}"
                );
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
        for outcome in product.outcomes().into_iter().filter(|outcome| is_published(product, outcome)) {
            let decision = verdict(product, &callback(product, outcome.clone())).decision();
            let expected = match outcome {
                Outcome::Approved | Outcome::ReviewerApproved => Decision::Approved,
                Outcome::Provisional
                | Outcome::CompareUnsure
                | Outcome::PartialMatch
                | Outcome::SpoofSuspected
                | Outcome::SpoofPending
                | Outcome::ReviewerUnsure
                | Outcome::DocumentExpired
                | Outcome::IdInfo => Decision::Provisional,
                Outcome::SelfieUnusable
                | Outcome::IdMalformed
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
    // Two products without a published callback, and Basic KYC's own step, have the sandbox's
    // choice of words, and so does the liveness step of Update Photo.
    let is_known_step = |product, step: &str| {
        step != "ID_Verification"
            && (product, step) != (Product::UpdatePhoto, "Liveness_Check")
            && product != Product::CompareUserInfo
    };
    for product in v1().filter(|product| product.job_type().is_some()) {
        let job_type = product.job_type().unwrap();
        for outcome in everything(product).into_iter().filter(|outcome| is_published(product, outcome)) {
            let json = callback(product, outcome.clone()).json();
            let steps = json["Actions"].as_object().unwrap();
            assert!(!steps.is_empty(), "{product} {outcome}");
            for (step, value) in steps.iter().filter(|(step, _)| is_known_step(product, step)) {
                let known = catalogue::action(step).unwrap();
                assert!(known.job_types.contains(&job_type), "{product} {step}");
                let value = value.as_str().unwrap();
                // A step of this value counts as absent.
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
    assert_eq!(json(Product::BiometricKyc, Outcome::ReviewerApproved)["IsMachineResult"], "false");
    assert_eq!(json(Product::EnhancedKyc, Outcome::Approved)["PartnerParams"]["job_type"], 5);
    let document = json(Product::DocumentVerification, Outcome::Approved);
    assert_eq!(document["PartnerParams"]["job_type"], 6);
    assert!(document.get("IsFinalResult").is_none() && document.get("ConfidenceValue").is_none());
    assert_eq!(document["SecondaryIDNumber"], "Not Available");
    let phone = json(Product::Phone, Outcome::Approved);
    assert!(phone["PartnerParams"].get("job_type").is_none());
    let reviewed = json(Product::DocumentVerification, Outcome::ReviewerApproved);
    assert_eq!(reviewed["ResultText"], "Document Verified After Human Review");
}

#[test]
fn a_record_of_the_person_comes_with_what_was_found_and_not_with_what_was_not() {
    for (product, outcome, has_one) in [
        (Product::BiometricKyc, Outcome::Approved, true),
        (Product::BiometricKyc, Outcome::Provisional, false),
        (Product::BiometricKyc, Outcome::IdNotFound, false),
        (Product::IdInformation, Outcome::IdInfo, true),
        (Product::EnhancedKyc, Outcome::Approved, true),
        (Product::EnhancedKyc, Outcome::IssuerUnavailable, false),
        (Product::DocumentVerification, Outcome::Approved, true),
        (Product::EnhancedDocumentVerification, Outcome::Approved, true),
        (Product::SmartSelfieAuthentication, Outcome::Approved, false),
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
fn an_expired_document_has_expired() {
    let json = callback(Product::DocumentVerification, Outcome::DocumentExpired).json();
    assert_eq!(json["ExpirationDate"], "2020-01-31");
    let expired = Outcome::attention("document_expired");
    let webhook = callback(Product::V3DocumentVerification, expired).json();
    assert_eq!(webhook["id_fields"]["expiration_date"], "2020-01-31");
}

#[test]
fn one_word_asks_for_an_approval_or_a_rejection_of_any_product() {
    for &product in Product::all() {
        let outcomes = product.outcomes();
        // A known number approves nobody.
        if product != Product::IdInformation {
            let best = callback(product, outcomes[0].clone());
            assert_eq!(callback(product, Outcome::Approved).json(), best.json(), "{product}");
        }
        // No rejection of these two is published.
        if matches!(product, Product::UpdatePhoto | Product::CompareUserInfo) {
            continue;
        }
        let json = callback(product, Outcome::Rejected).json();
        if product.is_v3() {
            assert_eq!(json["status"], "block", "{product}");
        } else if product == Product::Aml {
            assert_eq!(json["ResultCode"], "1030");
        } else {
            let decision = verdict(product, &callback(product, Outcome::Rejected)).decision();
            assert_eq!(decision, Decision::Rejected, "{product}");
        }
    }
}
