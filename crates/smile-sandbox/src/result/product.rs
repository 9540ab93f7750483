//! What can be asked of the sandbox, as a partner would name it.

use smile_core::JobType;
#[cfg(any(feature = "scenario", test))]
use smile_core::catalogue::result_code;

use crate::http::endpoint::Endpoint;
#[cfg(any(feature = "scenario", test))]
use crate::result::outcome::Outcome;

/// Job type 12, as the Ruby SDK has it; in the web client it is the electronic signature.
pub(crate) const ADDRESS_VERIFICATION: JobType = JobType::from_number(12);
/// No job type is known for it.
pub(crate) const PHONE_VERIFICATION: JobType = JobType::from_number(0);

/// A product. It says more than a job type does: Enhanced and Basic KYC share theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Product {
    /// Job type 1.
    BiometricKyc,
    /// Job type 2.
    #[serde(rename = "smartselfie-authentication")]
    SmartSelfieAuthentication,
    /// Job type 4.
    #[serde(rename = "smartselfie-registration")]
    SmartSelfieRegistration,
    /// Job type 5, under `/id_verification`.
    EnhancedKyc,
    /// Job type 5, under `/v2/verify`.
    BasicKyc,
    /// Job type 6.
    DocumentVerification,
    /// Job type 7.
    BusinessVerification,
    /// Job type 8.
    UpdatePhoto,
    /// Job type 9.
    CompareUserInfo,
    /// Job type 10.
    Aml,
    /// Job type 11.
    EnhancedDocumentVerification,
    /// The verification of an address.
    Address,
    /// The verification of a telephone number.
    Phone,
}

impl Product {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::BiometricKyc,
        Self::SmartSelfieAuthentication,
        Self::SmartSelfieRegistration,
        Self::EnhancedKyc,
        Self::BasicKyc,
        Self::DocumentVerification,
        Self::BusinessVerification,
        Self::UpdatePhoto,
        Self::CompareUserInfo,
        Self::Aml,
        Self::EnhancedDocumentVerification,
        Self::Address,
        Self::Phone,
    ];

    /// Its name in scenario files, such as `biometric-kyc`.
    pub fn name(self) -> &'static str {
        match self {
            Self::BiometricKyc => "biometric-kyc",
            Self::SmartSelfieAuthentication => "smartselfie-authentication",
            Self::SmartSelfieRegistration => "smartselfie-registration",
            Self::EnhancedKyc => "enhanced-kyc",
            Self::BasicKyc => "basic-kyc",
            Self::DocumentVerification => "document-verification",
            Self::BusinessVerification => "business-verification",
            Self::UpdatePhoto => "update-photo",
            Self::CompareUserInfo => "compare-user-info",
            Self::Aml => "aml",
            Self::EnhancedDocumentVerification => "enhanced-document-verification",
            Self::Address => "address",
            Self::Phone => "phone",
        }
    }

    /// The job type of its jobs. Addresses and phones have the ones that the sandbox counts them under.
    pub fn job_type(self) -> JobType {
        match self {
            Self::BiometricKyc => JobType::BIOMETRIC_KYC,
            Self::SmartSelfieAuthentication => JobType::SMARTSELFIE_AUTHENTICATION,
            Self::SmartSelfieRegistration => JobType::SMARTSELFIE_REGISTRATION,
            Self::EnhancedKyc | Self::BasicKyc => JobType::ENHANCED_KYC,
            Self::DocumentVerification => JobType::DOCUMENT_VERIFICATION,
            Self::BusinessVerification => JobType::BUSINESS_VERIFICATION,
            Self::UpdatePhoto => JobType::UPDATE_PHOTO,
            Self::CompareUserInfo => JobType::COMPARE_USER_INFO,
            Self::Aml => JobType::AML,
            Self::EnhancedDocumentVerification => JobType::ENHANCED_DOCUMENT_VERIFICATION,
            Self::Address => ADDRESS_VERIFICATION,
            Self::Phone => PHONE_VERIFICATION,
        }
    }

    /// The product of a job that came to this endpoint.
    pub(crate) fn of(endpoint: Endpoint, job_type: JobType) -> Option<Self> {
        match endpoint {
            Endpoint::BasicKyc | Endpoint::BasicKycAsync => Some(Self::BasicKyc),
            _ => Self::ALL.into_iter().find(|product| product.job_type() == job_type),
        }
    }

    /// Whether a result of this product can have this code: the catalogue says so, or, where it has nothing for the
    /// product, what it says of a related one, or the sandbox itself gives it.
    #[cfg(any(feature = "scenario", test))]
    pub(crate) fn has_code(self, code: &str) -> bool {
        let is_match = matches!(code, "1020" | "1021" | "1022" | "1023");
        let is_listed = result_code(code, self.catalogued()).is_some()
            && match self {
                Self::BasicKyc => code != "1012",
                Self::Address | Self::Phone => is_match,
                Self::EnhancedKyc => !is_match,
                _ => true,
            };
        is_listed || Outcome::all().any(|outcome| outcome.code(self) == Some(code))
    }

    /// The job type under which the catalogue has its codes.
    #[cfg(any(feature = "scenario", test))]
    fn catalogued(self) -> JobType {
        match self {
            Self::UpdatePhoto => JobType::SMARTSELFIE_AUTHENTICATION,
            Self::CompareUserInfo => JobType::BIOMETRIC_KYC,
            Self::Address | Self::Phone => JobType::ENHANCED_KYC,
            _ => self.job_type(),
        }
    }

    /// Whether its jobs bring a zip.
    #[cfg(feature = "scenario")]
    pub(crate) fn is_uploaded(self) -> bool {
        matches!(self.job_type().number(), 1 | 2 | 4 | 6 | 8 | 9 | 11)
    }

    /// Whether its result can only be in the answer, so that nothing can come later.
    #[cfg(feature = "scenario")]
    pub(crate) fn is_answered_at_once(self) -> bool {
        self == Self::Aml
    }
}

#[cfg(test)]
mod tests {
    use smile_core::catalogue::result_codes;

    use super::*;

    #[test]
    fn every_row_of_the_catalogue_belongs_to_a_product() {
        for row in result_codes() {
            for job_type in row.job_types {
                let mut products = Product::ALL.into_iter().filter(|product| product.job_type() == *job_type);
                assert!(products.any(|product| product.has_code(row.code)), "{} of {job_type}", row.code);
            }
        }
    }

    #[test]
    fn products_that_share_a_job_type_do_not_share_codes() {
        assert!(Product::EnhancedKyc.has_code("1012") && !Product::BasicKyc.has_code("1012"));
        assert!(Product::BasicKyc.has_code("1020") && !Product::EnhancedKyc.has_code("1020"));
        assert!(!Product::SmartSelfieRegistration.has_code("0810"));
    }
}
