//! The purposes of requests.

use serde::{Deserialize, Serialize};

/// The purpose of a request: an endpoint, or a step of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Endpoint {
    /// `POST /upload`.
    PrepUpload,
    /// `PUT` to the upload address.
    Upload,
    /// `POST /job_status`.
    JobStatus,
    /// `POST /id_verification`.
    EnhancedKyc,
    /// `POST /async_id_verification`.
    EnhancedKycAsync,
    /// `POST /v2/verify`.
    BasicKyc,
    /// `POST /v2/verify_async`.
    BasicKycAsync,
    /// `POST /business_verification`.
    BusinessVerification,
    /// `POST /async_business_verification`.
    BusinessVerificationAsync,
    /// `POST /aml`.
    Aml,
    /// `POST /v2/async-verify-address`.
    AddressVerification,
    /// `POST /v2/async-verify-phone`.
    PhoneVerification,
    /// `POST /token`.
    WebToken,
    /// All four of `/smile_links`.
    SmileLinks,
    /// `POST /totp_consent`.
    Consent,
    /// `POST /totp_consent/mode`.
    ConsentMode,
    /// `POST /totp_consent/otp`.
    ConsentOtp,
    /// `GET /services`.
    Services,
    /// `POST /products_config`.
    ProductsConfig,
    /// `POST /valid_documents`.
    ValidDocuments,
}

impl Endpoint {
    /// The last part of the endpoint's path, without anything that could identify a person.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PrepUpload => "upload",
            Self::Upload => "upload URL",
            Self::JobStatus => "job_status",
            Self::EnhancedKyc => "id_verification",
            Self::EnhancedKycAsync => "async_id_verification",
            Self::BasicKyc => "verify",
            Self::BasicKycAsync => "verify_async",
            Self::BusinessVerification => "business_verification",
            Self::BusinessVerificationAsync => "async_business_verification",
            Self::Aml => "aml",
            Self::AddressVerification => "async-verify-address",
            Self::PhoneVerification => "async-verify-phone",
            Self::WebToken => "token",
            Self::SmileLinks => "smile_links",
            Self::Consent => "totp_consent",
            Self::ConsentMode => "totp_consent/mode",
            Self::ConsentOtp => "totp_consent/otp",
            Self::Services => "services",
            Self::ProductsConfig => "products_config",
            Self::ValidDocuments => "valid_documents",
        }
    }

    /// True if the result comes in a callback.
    pub(crate) fn is_async(self) -> bool {
        matches!(
            self,
            Self::EnhancedKycAsync
                | Self::BasicKycAsync
                | Self::BusinessVerificationAsync
                | Self::AddressVerification
                | Self::PhoneVerification
        )
    }

    /// True if results are sent to a callback address: not those that were answered at once.
    pub(crate) fn sends_callbacks(self) -> bool {
        self.is_async() || self == Self::PrepUpload
    }
}
