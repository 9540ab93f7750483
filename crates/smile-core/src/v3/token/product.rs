//! The words that a token's request has for products.

use std::borrow::Cow;
use std::fmt;

/// A product in the word that the request for a token has for it (Smile ID: the description of
/// `POST /v3/token`).
///
/// Residency Document Verification has none, nor have Smile Links, status, replay and fraud
/// reports: their tokens name no product.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenProduct(Cow<'static, str>);

macro_rules! products {
    ($($name:ident $word:literal $doc:literal,)*) => {
        impl TokenProduct {
            $(#[doc = $doc] pub const $name: Self = Self(Cow::Borrowed($word));)*

            const KNOWN: &'static [&'static str] = &[$($word,)*];
        }
    };
}

products! {
    ENHANCED_KYC "enhanced_kyc" "Enhanced KYC, and its synchronous form.",
    BIOMETRIC_KYC "biometric_kyc" "Biometric KYC.",
    DOCUMENT_VERIFICATION "document_verification" "Document Verification.",
    ENHANCED_DOCUMENT_VERIFICATION "enhanced_document_verification" "Enhanced Document Verification.",
    SMART_SELFIE_REGISTRATION "smart_selfie_registration" "SmartSelfie registration.",
    SMART_SELFIE_AUTHENTICATION "smart_selfie_authentication" "SmartSelfie authentication.",
    SMART_SELFIE_COMPARE "smart_selfie_compare" "SmartSelfie compare.",
    ADDRESS_VERIFICATION "address_verification" "Address verification.",
    ONE_TIME_AML "one_time_aml" "The one-time AML check, and its synchronous form.",
    AML_MONITORING "aml" "AML monitoring. Its word is `aml` alone.",
    BASIC_KYC "basic_kyc" "Basic KYC, which v3 has no endpoint for.",
    PHONE_NUMBER_VERIFICATION "phone_number_verification" "Phone number verification, which v3 has no endpoint for.",
}

impl TokenProduct {
    /// A product by its word. One that isn't known here is sent with a warning.
    pub fn new(word: impl Into<String>) -> Self {
        Self(Cow::Owned(word.into()))
    }

    pub(crate) fn of(word: &'static str) -> Self {
        Self(Cow::Borrowed(word))
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_known(&self) -> bool {
        Self::KNOWN.contains(&self.as_str())
    }
}

impl fmt::Display for TokenProduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TokenProduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenProduct({})", self.0)
    }
}
