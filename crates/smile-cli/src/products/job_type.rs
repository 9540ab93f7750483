//! Job types on the command line: by number, or by the product's name.

use smile_core::JobType;

/// The products' names, as `smile submit` has them. Basic KYC's jobs are of Enhanced KYC's type.
const NAMES: &[(&str, JobType)] = &[
    ("biometric-kyc", JobType::BIOMETRIC_KYC),
    ("smartselfie-authentication", JobType::SMARTSELFIE_AUTHENTICATION),
    ("smartselfie-registration", JobType::SMARTSELFIE_REGISTRATION),
    ("enhanced-kyc", JobType::ENHANCED_KYC),
    ("basic-kyc", JobType::ENHANCED_KYC),
    ("document-verification", JobType::DOCUMENT_VERIFICATION),
    ("business-verification", JobType::BUSINESS_VERIFICATION),
    ("update-photo", JobType::UPDATE_PHOTO),
    ("compare-user-info", JobType::COMPARE_USER_INFO),
    ("aml", JobType::AML),
    ("enhanced-document-verification", JobType::ENHANCED_DOCUMENT_VERIFICATION),
];

/// Reads a number, or a product's name.
pub(crate) fn parse(text: &str) -> Result<JobType, String> {
    let by_name = NAMES.iter().find(|(name, _)| *name == text).map(|(_, job_type)| *job_type);
    by_name.or_else(|| text.parse().ok().map(JobType::from_number)).ok_or_else(|| {
        let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        format!("must be a number such as 1, or one of {}", names.join(", "))
    })
}
