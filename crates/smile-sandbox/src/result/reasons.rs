//! The statuses of the v3 webhook, and the documented reasons of each.
//!
//! Statuses, reasons and messages are the documented ones; what isn't documented is which product
//! has which of them, so apart from the documented test people that is our choice.

use crate::result::product::Product;

/// A status, with its reason.
#[derive(Clone, Copy)]
pub(crate) struct Decided {
    pub(crate) status: &'static str,
    pub(crate) reason: Option<&'static str>,
    pub(crate) message: &'static str,
}

pub(crate) const CLEAR: Decided = Decided { status: "clear", reason: None, message: SUCCESSFUL };
pub(crate) const UNKNOWN: Decided = Decided { status: "deferred", reason: None, message: "Something New" };

const SUCCESSFUL: &str = "Verification successful";
const FAILED: &str = "Verification failed";
const INCOMPLETE: &str = "Error: verification could not be completed at this time.";

/// A documented reason, with the products that have an outcome name for it.
pub(crate) struct Reason {
    pub(crate) decided: Decided,
    pub(crate) products: &'static [Product],
}

const fn reason(
    status: &'static str,
    reason: &'static str,
    message: &'static str,
    products: &'static [Product],
) -> Reason {
    Reason { decided: Decided { status, reason: Some(reason), message }, products }
}

pub(crate) const KYC: &[Product] = &[Product::V3EnhancedKyc, Product::V3BiometricKyc];
const FACES: &[Product] = &[
    Product::V3BiometricKyc,
    Product::V3SmartSelfieRegistration,
    Product::V3SmartSelfieAuthentication,
    Product::V3SmartSelfieCompare,
    Product::V3DocumentVerification,
    Product::V3EnhancedDocumentVerification,
    Product::V3ResidencyDocumentVerification,
];
pub(crate) const DOCUMENTS: &[Product] = &[
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
pub(crate) const LISTS: &[Product] =
    &[Product::V3OneTimeAml, Product::V3AmlMonitoring, Product::V3AmlMonitoringUpdate];
const ADDRESSES: &[Product] = &[Product::V3AddressVerification];

pub(crate) const REASONS: &[Reason] = &[
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

impl Decided {
    /// The status that a forger would put in place of this one.
    pub(crate) fn opposite(self) -> Self {
        let blocked = REASONS.iter().find(|reason| reason.decided.status == "block");
        blocked.filter(|_| self.status == CLEAR.status).map_or(CLEAR, |reason| reason.decided)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use smile_core::WebhookStatus;
    use smile_core::catalogue::webhook_reasons;

    use super::*;

    #[test]
    fn the_reasons_are_those_of_the_catalogue_each_beside_its_status() {
        let status = |status: WebhookStatus| match status {
            WebhookStatus::Attention => "attention",
            WebhookStatus::Block => "block",
            _ => "error",
        };
        let known: BTreeSet<_> =
            webhook_reasons().iter().map(|row| (status(row.status), row.reason)).collect();
        let own: BTreeSet<_> =
            REASONS.iter().filter_map(|own| Some((own.decided.status, own.decided.reason?))).collect();
        assert_eq!(own, known);
    }
}
