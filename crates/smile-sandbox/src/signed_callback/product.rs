//! The products, as far as callbacks tell them apart.

use std::fmt;
use std::str::FromStr;

use smile_core::JobType;
use smile_core::catalogue::{self, ResultCodeRow};

use super::UnknownName;
use super::outcome::{self, Outcome};
use super::webhook;

macro_rules! products {
    ($($variant:ident $name:literal $doc:literal,)*) => {
        /// What a callback is about.
        ///
        /// Its text is the name in kebab case, such as `biometric-kyc`; what comes by the newer API's webhook begins
        /// with `v3-`.
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

            /// What it is, in a sentence.
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
    UpdatePhoto "update-photo" "Update Photo, job type 8. Only its failures have published codes.",
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
    /// All of them.
    pub fn all() -> &'static [Self] {
        ALL
    }

    /// The job type that `PartnerParams` names; `None` if this product names none.
    pub fn job_type(self) -> Option<JobType> {
        Some(match self {
            Self::BiometricKyc | Self::IdInformation => JobType::BIOMETRIC_KYC,
            Self::SmartSelfieAuthentication => JobType::SMARTSELFIE_AUTHENTICATION,
            Self::SmartSelfieRegistration => JobType::SMARTSELFIE_REGISTRATION,
            Self::EnhancedKyc | Self::BasicKyc => JobType::ENHANCED_KYC,
            Self::DocumentVerification => JobType::DOCUMENT_VERIFICATION,
            Self::BusinessVerification => JobType::BUSINESS_VERIFICATION,
            Self::UpdatePhoto => JobType::UPDATE_PHOTO,
            Self::Aml => JobType::AML,
            Self::EnhancedDocumentVerification => JobType::ENHANCED_DOCUMENT_VERIFICATION,
            _ => return None,
        })
    }

    /// Whether it comes by the v3 webhook: signed in the headers, with a status in the place of a result code.
    pub fn is_v3(self) -> bool {
        self >= Self::V3EnhancedKyc
    }

    /// The outcomes that have a name, the best first.
    ///
    /// [`Outcome::Approved`] and [`Outcome::Rejected`] also stand for what a product says in their place: `clear` and
    /// the first `block` of the v3 webhook, `not-listed` and `listed`, `id-not-found`. Beside them, [`Outcome::code`]
    /// reaches every code of [`Product::result_codes`], and [`Outcome::attention`], [`Outcome::block`] and
    /// [`Outcome::error`] every documented reason of the v3 webhook.
    pub fn outcomes(self) -> Vec<Outcome> {
        if self.is_v3() { webhook::outcomes(self) } else { outcome::outcomes(self) }
    }

    /// The result codes that the catalogue has for it; none for the v3 webhook.
    pub fn result_codes(self) -> impl Iterator<Item = &'static ResultCodeRow> {
        let job_type = self.catalogued();
        let is_of_type = move |row: &&ResultCodeRow| job_type.is_some_and(|of| row.job_types.contains(&of));
        catalogue::result_codes().iter().filter(is_of_type).filter(move |row| self.says(row.code))
    }

    /// The job type under which the catalogue has its codes: addresses and phones share those of Basic KYC.
    pub(super) fn catalogued(self) -> Option<JobType> {
        match self {
            Self::Address | Self::Phone => Some(JobType::ENHANCED_KYC),
            _ => self.job_type(),
        }
    }

    /// Where several products share a job type: whether this one has the code.
    fn says(self, code: &str) -> bool {
        let is_lookup = matches!(code, "1012" | "1013" | "1014" | "1015" | "1016");
        match self {
            Self::EnhancedKyc | Self::IdInformation => is_lookup,
            Self::BasicKyc => code != "1012",
            Self::Address => matches!(code, "1013" | "1015" | "1020" | "1021" | "1022"),
            Self::Phone => matches!(code, "1015" | "1020" | "1021" | "1022" | "1023"),
            _ => true,
        }
    }

    /// Whether it is about a document.
    pub(super) fn is_document(self) -> bool {
        matches!(self, Self::DocumentVerification | Self::EnhancedDocumentVerification)
    }

    /// The field for a photo in base64, if it has one.
    pub(super) fn photo_field(self) -> Option<&'static str> {
        match self {
            Self::BiometricKyc
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
