//! The endpoints of the v1 API, one file each, and the machine that runs a whole job over them.
//!
//! Each file reads in the same order: what the endpoint is, the request, the answer, how the one is
//! built and the other parsed, tests.

mod address_verification;
mod aml;
mod async_basic_kyc;
mod async_enhanced_kyc;
mod basic_kyc;
mod business_verification;
mod bvn_consent;
mod enhanced_kyc;
mod id_check;
pub(crate) mod job_flow;
pub(crate) mod job_status;
pub(crate) mod payload;
mod phone_verification;
pub(crate) mod prep_upload;
mod products_config;
mod services;
mod smile_links;
mod status_lookup;
pub(crate) mod upload;
mod valid_documents;
pub(crate) mod verification;
mod web_token;

pub use address_verification::AddressVerificationRequest;
pub use aml::AmlRequest;
pub use async_basic_kyc::AsyncBasicKycRequest;
pub use async_enhanced_kyc::AsyncEnhancedKycRequest;
pub use basic_kyc::BasicKycRequest;
pub use business_verification::{
    AsyncBusinessVerificationRequest, Business, BusinessType, BusinessVerificationRequest,
};
pub use bvn_consent::{
    BvnConsentGrant, BvnConsentRequest, BvnModeRequest, BvnOtpRequest, ConsentMode, ConsentModes, PendingOtp,
};
pub use enhanced_kyc::EnhancedKycRequest;
pub use job_status::JobStatusRequest;
pub use phone_verification::PhoneVerificationRequest;
pub use prep_upload::{PrepUploadRequest, PreparedUpload};
pub use products_config::{ProductsConfig, ProductsConfigRequest};
pub use services::{Services, ServicesRequest};
pub use smile_links::{
    CreateSmileLinkRequest, LinkIdType, ListSmileLinksRequest, ReadSmileLinkRequest, SmileLink,
    SmileLinkDetails, UpdateSmileLinkRequest,
};
pub use upload::{UploadRequest, UploadUrl};
pub use valid_documents::{ValidDocument, ValidDocuments, ValidDocumentsRequest};
pub use verification::{Acceptance, Verification};
pub use web_token::{WebToken, WebTokenRequest};
