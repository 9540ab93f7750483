//! The endpoints of the v1 API, one file each, and their common parts.

pub(crate) mod address_verification;
pub(crate) mod aml;
pub(crate) mod authorisation;
pub(crate) mod basic_kyc;
pub(crate) mod business_verification;
pub(crate) mod claims;
pub(crate) mod consent;
pub(crate) mod enhanced_kyc;
pub(crate) mod id_request;
pub(crate) mod image_links;
pub(crate) mod job_status;
pub(crate) mod phone_verification;
pub(crate) mod prep_upload;
pub(crate) mod presign;
pub(crate) mod products_config;
pub(crate) mod services;
pub(crate) mod smile_links;
pub(crate) mod unnumbered;
pub(crate) mod upload;
pub(crate) mod valid_documents;
pub(crate) mod web_token;
