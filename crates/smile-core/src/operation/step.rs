//! Names of the steps of a job, and of the single exchanges.

use std::fmt;

macro_rules! steps {
    ($($step:ident $text:literal $doc:literal,)*) => {
        /// Exchange with the service, named by its purpose.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Step {
            $(#[doc = $doc] $step,)*
        }

        impl fmt::Display for Step {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$step => $text,)* })
            }
        }
    };
}

steps! {
    PrepUpload "prep upload" "Opening a job.",
    Upload "upload" "Uploading its zip.",
    JobStatus "job status" "Asking for its status.",
    EnhancedKyc "Enhanced KYC" "Asking an ID authority for what it has under a number.",
    BasicKyc "Basic KYC" "Asking an ID authority whether it has the same.",
    BusinessVerification "Business Verification" "Asking a registry about a company.",
    Aml "AML check" "Looking for somebody on watch lists.",
    AddressVerification "address verification" "Asking whether somebody lives somewhere.",
    PhoneVerification "phone verification" "Asking whose phone number it is.",
    WebToken "web token" "Making a token for the hosted web integration.",
    SmileLinks "Smile Links" "Making, changing or reading Smile Links.",
    BvnConsent "BVN consent" "Getting a person's consent to the use of their BVN.",
    Services "services" "Asking what the service supports.",
    ProductsConfig "products config" "Asking what the partner may use.",
    ValidDocuments "valid documents" "Asking which documents the partner may use.",
    Raw "raw request" "A request of the caller's own making.",
    Token "token" "Getting a token of the v3 API.",
    EnhancedKycSubmission "Enhanced KYC (v3)" "Submitting an Enhanced KYC to the v3 API.",
    EnhancedKycSync "Enhanced KYC (v3, sync)" "Asking the v3 API for the result of an Enhanced KYC at once.",
    BiometricKyc "Biometric KYC (v3)" "Submitting a Biometric KYC to the v3 API.",
    DocumentVerification "Document Verification (v3)" "Submitting a Document Verification to the v3 API.",
    EnhancedDocumentVerification "Enhanced Document Verification (v3)" "Submitting an Enhanced Document Verification to the v3 API.",
    ResidencyDocumentVerification "Residency Document Verification (v3)" "Submitting a Residency Document Verification to the v3 API.",
    SmartSelfieRegistration "SmartSelfie Registration (v3)" "Submitting a registration to the v3 API.",
    SmartSelfieAuthentication "SmartSelfie Authentication (v3)" "Submitting an authentication to the v3 API.",
    SmartSelfieCompare "SmartSelfie Compare (v3)" "Submitting a comparison of two faces to the v3 API.",
    AddressSubmission "address verification (v3)" "Submitting an address verification to the v3 API.",
    OneTimeAml "one-time AML (v3)" "Submitting a one-time AML check to the v3 API.",
    OneTimeAmlSync "one-time AML (v3, sync)" "Asking the v3 API for the result of a one-time AML check at once.",
    AmlMonitoring "AML monitoring (v3)" "Putting somebody under AML monitoring.",
    AmlNews "AML news (v3)" "Reading the news about somebody under AML monitoring.",
    VerificationStatus "status (v3)" "Asking the v3 API for the status of a job.",
    Replay "replay (v3)" "Asking the v3 API to send a webhook again.",
    ReportFraud "fraud report (v3)" "Reporting a user as fraudulent, or as not.",
}
