//! The bodies of the v3 webhook.

use serde_json::{Map, Value, json};
use smile_core::Timestamp;

use crate::result::entry::EXPIRED;
use crate::result::persona::Persona;
use crate::result::product::Product;
use crate::result::reasons::{DOCUMENTS, Decided, KYC, LISTS};
use crate::signed_callback::ids::Ids;

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
        // Products with documents have the ids inside.
        params.insert("job_id".into(), ids.job_id.as_str().into());
        params.insert("user_id".into(), ids.user_id.as_str().into());
    } else if product != Product::V3OneTimeAml {
        body.insert("job_id".into(), ids.job_id.as_str().into());
        body.insert("user_id".into(), ids.user_id.as_str().into());
    }
    body.insert("partner_params".into(), params.into());
    add_person_and_risk(&mut body, product, decided);
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

/// Adds the person's data and the risk.
fn add_person_and_risk(body: &mut Map<String, Value>, product: Product, decided: Decided) {
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

/// The product's name in the webhook.
fn word(product: Product) -> String {
    product.name().trim_start_matches("v3-").replace('-', "_")
}
