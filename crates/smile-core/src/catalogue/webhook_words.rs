//! Words of v3 webhooks: products, and reasons against a person.

use serde_json::Value;

use super::generated::webhook_reasons::WEBHOOK_REASONS;
use super::webhook_status::WebhookStatus;

pub(crate) fn is_status_word(value: &Value) -> bool {
    value.as_str().is_some_and(|word| WebhookStatus::from_word(word) != WebhookStatus::Unknown)
}

/// Subject that a product checks, and that its `clear` is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum LooksAt {
    /// The person: a face, alone or beside a document or a number.
    Person,
    /// A number, an address or a name in somebody's records, and not the person who holds it.
    Record,
    /// Lists of names.
    WatchLists,
}

/// The products, in the words of the webhooks and of the tokens; those spell the selfie products
/// differently.
const PRODUCTS: &[(&str, LooksAt)] = &[
    ("address_verification", LooksAt::Record),
    ("aml", LooksAt::WatchLists),
    ("aml_monitoring", LooksAt::WatchLists),
    ("aml_monitoring_update", LooksAt::WatchLists),
    ("basic_kyc", LooksAt::Record),
    ("biometric_kyc", LooksAt::Person),
    ("document_verification", LooksAt::Person),
    ("enhanced_document_verification", LooksAt::Person),
    ("enhanced_kyc", LooksAt::Record),
    ("one_time_aml", LooksAt::WatchLists),
    ("phone_number_verification", LooksAt::Record),
    ("residency_document_verification", LooksAt::Person),
    ("smart_selfie_authentication", LooksAt::Person),
    ("smart_selfie_compare", LooksAt::Person),
    ("smart_selfie_registration", LooksAt::Person),
    ("smartselfie_authentication", LooksAt::Person),
    ("smartselfie_compare", LooksAt::Person),
    ("smartselfie_registration", LooksAt::Person),
];

/// Subject that the product of this word checks, if the word is known to the letter.
pub(crate) fn looks_at(product: &str) -> Option<LooksAt> {
    PRODUCTS.iter().find(|(known, _)| product == *known).map(|(_, looks_at)| *looks_at)
}

/// Lower-case letters and digits alone: what two spellings of one name or word have in common.
pub(crate) fn normalised(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Words of a status, the service's and those that others have for the same.
const STATUSES: [&str; 17] = [
    "attention",
    "block",
    "blocked",
    "decline",
    "declined",
    "denied",
    "error",
    "fail",
    "failed",
    "fraud",
    "fraudulent",
    "refused",
    "reject",
    "rejected",
    "spoof",
    "suspected",
    "suspicious",
];

/// True for a word that the service has for something against a person, or for something that keeps
/// a result from being one.
pub(crate) fn is_bad_word(text: &str) -> bool {
    // Longer than any of them.
    if text.len() > 64 {
        return false;
    }
    let word = normalised(text);
    STATUSES.contains(&&*word) || WEBHOOK_REASONS.iter().any(|row| normalised(row.reason) == word)
}

pub(crate) fn is_reason_word(value: &Value) -> bool {
    value.as_str().is_some_and(|word| WEBHOOK_REASONS.iter().any(|row| word == row.reason))
}

pub(crate) fn is_product_word(value: &Value) -> bool {
    value.as_str().is_some_and(|word| PRODUCTS.iter().any(|(known, _)| word == *known))
}
