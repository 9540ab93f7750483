//! Products, by the names that partners know.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smile_core::JobType;

use crate::http::endpoint::Endpoint;
use crate::result::unknown::UnknownName;

/// Job type 12, as the Ruby SDK has it; in the web client it is the electronic signature.
pub(crate) const ADDRESS_VERIFICATION: JobType = JobType::from_number(12);
/// A number for phone verification, which has no known job type.
pub(crate) const PHONE_VERIFICATION: JobType = JobType::from_number(0);

macro_rules! products {
    ($($variant:ident $name:literal $doc:literal,)*) => {
        /// A product: the service that a job or a callback is about. More exact than a job type:
        /// Enhanced and Basic KYC share theirs.
        ///
        /// Its text is the name in kebab case, such as `biometric-kyc`; what comes by the newer
        /// API's webhook begins with `v3-`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Product {
            $(#[doc = $doc] $variant,)*
        }

        const ALL: &[Product] = &[$(Product::$variant,)*];

        impl Product {
            /// The name in kebab case.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The product in a sentence.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$variant => $doc,)*
                }
            }
        }
    };
}

products! {
    BiometricKyc "biometric-kyc" "Biometric KYC, job type 1.",
    SmartSelfieAuthentication "smartselfie-authentication" "SmartSelfie Authentication, job type 2.",
    SmartSelfieRegistration "smartselfie-registration" "SmartSelfie Registration, job type 4.",
    EnhancedKyc "enhanced-kyc" "Enhanced KYC, job type 5, asked for asynchronously.",
    DocumentVerification "document-verification" "Document Verification, job type 6.",
    BusinessVerification "business-verification" "Business Verification, job type 7, asked for asynchronously.",
    UpdatePhoto "update-photo"
        "Update Photo, job type 8. Only its failures have published codes; the others are those of authentication.",
    CompareUserInfo "compare-user-info"
        "Compare User Info, job type 9. Its codes are not published: they are those of Biometric KYC.",
    Aml "aml" "AML check, job type 10. No callback of it is documented: this is its signed answer, posted.",
    EnhancedDocumentVerification "enhanced-document-verification"
        "Enhanced Document Verification, job type 11.",
    BasicKyc "basic-kyc" "Basic KYC, job type 5, asked for asynchronously.",
    Address "address" "Address verification, which names no job type. The body is our choice.",
    Phone "phone" "Phone verification, which names no job type. The body is our choice.",
    IdInformation "id-information"
        "What the ID authority says in a Biometric KYC, which old accounts get in a callback of its own, \
         beside the one on the face.",
    V3EnhancedKyc "v3-enhanced-kyc" "Enhanced KYC by the v3 webhook.",
    V3BiometricKyc "v3-biometric-kyc" "Biometric KYC by the v3 webhook.",
    V3SmartSelfieRegistration "v3-smartselfie-registration" "SmartSelfie Registration by the v3 webhook.",
    V3SmartSelfieAuthentication "v3-smartselfie-authentication" "SmartSelfie Authentication by the v3 webhook.",
    V3SmartSelfieCompare "v3-smartselfie-compare" "SmartSelfie Compare by the v3 webhook.",
    V3DocumentVerification "v3-document-verification" "Document Verification by the v3 webhook.",
    V3EnhancedDocumentVerification "v3-enhanced-document-verification"
        "Enhanced Document Verification by the v3 webhook.",
    V3ResidencyDocumentVerification "v3-residency-document-verification"
        "Residency Document Verification by the v3 webhook.",
    V3OneTimeAml "v3-one-time-aml" "A single AML check by the v3 webhook, whose body has neither job nor user.",
    V3AmlMonitoring "v3-aml-monitoring" "AML monitoring by the v3 webhook.",
    V3AmlMonitoringUpdate "v3-aml-monitoring-update" "News from AML monitoring by the v3 webhook.",
    V3AddressVerification "v3-address-verification" "Address verification by the v3 webhook.",
}

impl Product {
    /// All products.
    pub fn all() -> &'static [Self] {
        ALL
    }

    /// The products that a job can have.
    pub fn of_jobs() -> impl Iterator<Item = Self> {
        ALL.iter().copied().filter(|product| !product.is_v3() && *product != Self::IdInformation)
    }

    /// The job type in `PartnerParams`; `None` if the product has none there.
    pub fn job_type(self) -> Option<JobType> {
        Some(match self {
            Self::BiometricKyc | Self::IdInformation => JobType::BIOMETRIC_KYC,
            Self::SmartSelfieAuthentication => JobType::SMARTSELFIE_AUTHENTICATION,
            Self::SmartSelfieRegistration => JobType::SMARTSELFIE_REGISTRATION,
            Self::EnhancedKyc | Self::BasicKyc => JobType::ENHANCED_KYC,
            Self::DocumentVerification => JobType::DOCUMENT_VERIFICATION,
            Self::BusinessVerification => JobType::BUSINESS_VERIFICATION,
            Self::UpdatePhoto => JobType::UPDATE_PHOTO,
            Self::CompareUserInfo => JobType::COMPARE_USER_INFO,
            Self::Aml => JobType::AML,
            Self::EnhancedDocumentVerification => JobType::ENHANCED_DOCUMENT_VERIFICATION,
            _ => return None,
        })
    }

    /// The job type that the sandbox counts the product's jobs under.
    pub(crate) fn counted_as(self) -> JobType {
        match self {
            Self::Address => ADDRESS_VERIFICATION,
            _ => self.job_type().unwrap_or(PHONE_VERIFICATION),
        }
    }

    /// The product of a job that came to this endpoint.
    pub(crate) fn of(endpoint: Endpoint, job_type: JobType) -> Option<Self> {
        match endpoint {
            Endpoint::BasicKyc | Endpoint::BasicKycAsync => Some(Self::BasicKyc),
            _ => Self::of_jobs().find(|product| product.counted_as() == job_type),
        }
    }

    /// True if the result comes by the v3 webhook: signed in the headers, with a status in place of
    /// a result code.
    pub fn is_v3(self) -> bool {
        self >= Self::V3EnhancedKyc
    }

    /// True if the product is about a document.
    pub(crate) fn is_document(self) -> bool {
        matches!(self, Self::DocumentVerification | Self::EnhancedDocumentVerification)
    }

    /// True if a job of the product brings a zip.
    pub(crate) fn is_uploaded(self) -> bool {
        matches!(self.counted_as().number(), 1 | 2 | 4 | 6 | 8 | 9 | 11)
    }

    /// True if the result is always in the answer, so that nothing can come later.
    #[cfg(feature = "scenario")]
    pub(crate) fn is_answered_at_once(self) -> bool {
        self == Self::Aml
    }

    /// The field for a photo in base64, if any.
    pub(crate) fn photo_field(self) -> Option<&'static str> {
        match self {
            Self::BiometricKyc
            | Self::CompareUserInfo
            | Self::IdInformation
            | Self::EnhancedKyc
            | Self::EnhancedDocumentVerification => Some("Photo"),
            Self::DocumentVerification => Some("Document"),
            _ => None,
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Product {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = ALL.iter().copied().find(|product| product.name() == name);
        found.ok_or_else(|| UnknownName::new("product", name, ALL.iter().map(|product| product.name())))
    }
}

impl Serialize for Product {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

/// Reads a product that a job can have: stored rules are about jobs.
impl<'de> Deserialize<'de> for Product {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        let found = Self::of_jobs().find(|product| product.name() == name);
        let unknown = || UnknownName::new("product", &name, Self::of_jobs().map(Self::name));
        found.ok_or_else(|| D::Error::custom(unknown()))
    }
}
