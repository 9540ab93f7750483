//! The bodies of the v3 webhook.
//!
//! Its fields, statuses, reasons and messages are the documented ones; what isn't documented is which product has
//! which of them, so apart from the documented test people that is our choice.

use serde_json::{Map, Value, json};
use smile_core::Timestamp;

use super::person::EXPIRED;
use super::{Ids, Outcome, Product};
use crate::result::persona::Persona;

/// A status, and why.
#[derive(Clone, Copy)]
pub(super) struct Decided {
    status: &'static str,
    reason: Option<&'static str>,
    message: &'static str,
}

const CLEAR: Decided = Decided { status: "clear", reason: None, message: SUCCESSFUL };
const UNKNOWN: Decided = Decided { status: "deferred", reason: None, message: "Something New" };

const SUCCESSFUL: &str = "Verification successful";
const FAILED: &str = "Verification failed";
const INCOMPLETE: &str = "Error: verification could not be completed at this time.";

/// A documented reason, and for which products it has a name among the outcomes.
struct Reason {
    decided: Decided,
    products: &'static [Product],
}

const fn reason(
    status: &'static str,
    reason: &'static str,
    message: &'static str,
    products: &'static [Product],
) -> Reason {
    Reason { decided: Decided { status, reason: Some(reason), message }, products }
}

const KYC: &[Product] = &[Product::V3EnhancedKyc, Product::V3BiometricKyc];
const FACES: &[Product] = &[
    Product::V3BiometricKyc,
    Product::V3SmartSelfieRegistration,
    Product::V3SmartSelfieAuthentication,
    Product::V3SmartSelfieCompare,
    Product::V3DocumentVerification,
    Product::V3EnhancedDocumentVerification,
    Product::V3ResidencyDocumentVerification,
];
const DOCUMENTS: &[Product] = &[
    Product::V3DocumentVerification,
    Product::V3EnhancedDocumentVerification,
    Product::V3ResidencyDocumentVerification,
];
const PEOPLE: &[Product] = &[
    Product::V3EnhancedKyc,
    Product::V3BiometricKyc,
    Product::V3SmartSelfieRegistration,
    Product::V3SmartSelfieAuthentication,
    Product::V3SmartSelfieCompare,
    Product::V3OneTimeAml,
];
const LOOKED_UP: &[Product] =
    &[Product::V3EnhancedKyc, Product::V3BiometricKyc, Product::V3EnhancedDocumentVerification];
const ANSWERED_ELSEWHERE: &[Product] = &[
    Product::V3EnhancedKyc,
    Product::V3BiometricKyc,
    Product::V3EnhancedDocumentVerification,
    Product::V3OneTimeAml,
    Product::V3AddressVerification,
];
const LISTS: &[Product] = &[Product::V3OneTimeAml, Product::V3AmlMonitoring, Product::V3AmlMonitoringUpdate];
const ADDRESSES: &[Product] = &[Product::V3AddressVerification];

const REASONS: &[Reason] = &[
    reason("attention", "document_expired", SUCCESSFUL, DOCUMENTS),
    reason("attention", "document_copy_detected", SUCCESSFUL, DOCUMENTS),
    reason("attention", "age_requirement_not_met", SUCCESSFUL, DOCUMENTS),
    reason("attention", "medium_risk", SUCCESSFUL, PEOPLE),
    reason("attention", "news_media_match", SUCCESSFUL, LISTS),
    reason("attention", "information_outdated", SUCCESSFUL, KYC),
    reason("block", "high_risk", FAILED, PEOPLE),
    reason("block", "account_locked_fraud", FAILED, &[Product::V3SmartSelfieAuthentication]),
    reason("block", "account_locked", FAILED, &[Product::V3SmartSelfieAuthentication]),
    reason("block", "face_verification_failed", FAILED, FACES),
    reason("block", "spoof_detected", FAILED, FACES),
    reason("block", "document_check_failed", FAILED, DOCUMENTS),
    reason("block", "unsupported_document", FAILED, DOCUMENTS),
    reason("block", "age_requirement_not_met", "Verification failed: Customer must be above 18", KYC),
    reason(
        "block",
        "identifier_not_found",
        "Verification failed: Unable to validate ID - Not Found",
        LOOKED_UP,
    ),
    reason("block", "aml_match_found", FAILED, LISTS),
    reason("block", "address_out_of_range", FAILED, ADDRESSES),
    reason("block", "name_mismatch", FAILED, ADDRESSES),
    reason("block", "no_address_on_record", FAILED, ADDRESSES),
    reason("error", "image_unavailable_or_invalid", "Error: image(s) are unusable.", FACES),
    reason("error", "internal_error", INCOMPLETE, FACES),
    reason("error", "content_policy_violated", INCOMPLETE, FACES),
    reason("error", "document_unclassifiable", "Error: document could not be classified.", DOCUMENTS),
    reason("error", "service_unavailable", "Error: external service unavailable.", ANSWERED_ELSEWHERE),
    reason(
        "error",
        "invalid_id_number",
        "Verification failed: invalid id number",
        &[Product::V3EnhancedDocumentVerification],
    ),
];

impl Reason {
    fn outcome(&self) -> Outcome {
        let reason = self.decided.reason.unwrap_or_default();
        match self.decided.status {
            "attention" => Outcome::attention(reason),
            "block" => Outcome::block(reason),
            _ => Outcome::error(reason),
        }
    }
}

impl Decided {
    /// What somebody who can't sign would have it say instead.
    pub(super) fn opposite(self) -> Self {
        let blocked = REASONS.iter().find(|reason| reason.decided.status == "block");
        blocked.filter(|_| self.status == CLEAR.status).map_or(CLEAR, |reason| reason.decided)
    }

    pub(super) fn status(self) -> &'static str {
        self.status
    }
}

/// Every documented status with its reasons.
pub(super) fn all_outcomes() -> impl Iterator<Item = Outcome> + Clone {
    REASONS.iter().map(Reason::outcome)
}

/// The named outcomes of a product.
pub(super) fn outcomes(product: Product) -> Vec<Outcome> {
    let own = REASONS.iter().filter(|reason| reason.products.contains(&product)).map(Reason::outcome);
    [Outcome::Clear].into_iter().chain(own).chain([Outcome::Unknown]).collect()
}

/// The status of an outcome. Any product may have any documented reason: the list is not closed.
pub(super) fn decided(outcome: &Outcome) -> Option<Decided> {
    match outcome {
        Outcome::Clear => Some(CLEAR),
        Outcome::Unknown => Some(UNKNOWN),
        other => REASONS.iter().find(|reason| reason.outcome() == *other).map(|reason| reason.decided),
    }
}

/// The body.
pub(super) fn body(product: Product, ids: &Ids, decided: Decided, at: Timestamp) -> Map<String, Value> {
    let created_at = Timestamp::from_unix_millis(at.unix_millis().saturating_sub(30_000));
    let mut body = Map::new();
    body.insert("status".into(), decided.status.into());
    body.insert("message".into(), decided.message.into());
    body.insert("reason".into(), decided.reason.into());
    body.insert("product".into(), word(product).into());
    body.insert("created_at".into(), created_at.to_string().into());
    body.insert("completed_at".into(), at.to_string().into());
    let mut params = ids.own_params();
    if DOCUMENTS.contains(&product) {
        // Of documents the ids are inside.
        params.insert("job_id".into(), ids.job_id.as_str().into());
        params.insert("user_id".into(), ids.user_id.as_str().into());
    } else if product != Product::V3OneTimeAml {
        body.insert("job_id".into(), ids.job_id.as_str().into());
        body.insert("user_id".into(), ids.user_id.as_str().into());
    }
    body.insert("partner_params".into(), params.into());
    add_findings(&mut body, product, decided);
    body.insert(
        "consent".into(),
        json!({
            "schema_version": "ISO27560-v1",
            "granted": true,
            "granted_at": created_at.to_string(),
            "notice_language": "EN",
            "notice_privacy_policy_url": "https://bank.example/privacy",
        }),
    );
    body
}

/// What was found about the person, and which risk there is.
fn add_findings(body: &mut Map<String, Value>, product: Product, decided: Decided) {
    let (level, score) = match decided.reason {
        Some("high_risk") => ("high", 92),
        Some("medium_risk") => ("medium", 55),
        _ => ("low", 4),
    };
    if LISTS.contains(&product) {
        let groups = if level == "low" { json!([]) } else { json!(["device_risk"]) };
        body.insert(
            "antifraud".into(),
            json!({
                "fraud_risk_level": level,
                "fraud_risk_score": score,
                "fraud_risk_indicator_groups": groups,
            }),
        );
        return;
    }
    let persona = Persona::standard();
    let is_checked = matches!(decided.status, "clear" | "attention");
    if is_checked && (KYC.contains(&product) || DOCUMENTS.contains(&product)) {
        let (id_type, number) =
            if KYC.contains(&product) { ("NIN", "00000000000") } else { ("PASSPORT", "A00000000") };
        let expired = (decided.reason == Some("document_expired")).then_some(EXPIRED);
        body.insert("kyc_receipt".into(), "https://receipts.example.com/kyc/0".into());
        body.insert(
            "id_fields".into(),
            json!({
                "country": "NG",
                "id_type": id_type,
                "id_number": number,
                "first_name": persona.first_name,
                "last_name": persona.last_name,
                "full_name": persona.full_name(),
                "date_of_birth": persona.date_of_birth,
                "gender": persona.gender,
                "issuance_date": null,
                "expiration_date": expired,
                "address": null,
            }),
        );
    }
    if DOCUMENTS.contains(&product) {
        let link = |name: &str| format!("https://images.example.com/{name}.jpg");
        body.insert(
            "image_links".into(),
            json!({"selfie_image": link("selfie_image"), "id_card_image": link("id_card_image")}),
        );
    }
    body.insert(
        "user_provided_info".into(),
        json!({"given_names": persona.first_name, "last_name": persona.last_name}),
    );
    body.insert(
        "antifraud".into(),
        json!({
            "fraud_risk": {"risk_level": level, "risk_score": score},
            "summary": {"fraud_detected": level == "high"},
        }),
    );
    body.insert("device_signals".into(), json!({}));
}

/// The product, as the webhook calls it.
fn word(product: Product) -> String {
    product.name().trim_start_matches("v3-").replace('-', "_")
}
