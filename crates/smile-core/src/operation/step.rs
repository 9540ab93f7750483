//! The steps of a job, and the single exchanges, by name.

use std::fmt;

macro_rules! steps {
    ($($step:ident $text:literal $doc:literal,)*) => {
        /// An exchange with the service, by what it is for.
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
}
