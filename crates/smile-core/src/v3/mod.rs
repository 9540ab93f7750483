//! The endpoints of the v3 API, one file each, and its webhooks.
//!
//! Each file reads in the same order: what the endpoint is, the request, the answer, how the one is built and the other parsed,
//! tests. A request is built without its token; [`Operation::token_use`](crate::operation::Operation::token_use) says which it
//! carries.

mod address;
mod aml_monitoring;
mod aml_news;
mod aml_search;
mod authentication;
mod bank_codes;
mod biometric_kyc;
mod check;
mod compare;
mod consent_check;
mod create_smile_link;
mod document_verification;
mod enhanced_document_verification;
mod enhanced_kyc;
mod enhanced_kyc_sync;
mod envelope;
mod id_status;
mod images;
mod metadata;
pub(crate) mod multipart;
mod one_time_aml;
mod one_time_aml_sync;
mod read_smile_link;
mod registration;
mod replay;
mod report_fraud;
pub(crate) mod request;
mod residency_document_verification;
mod smile_job_id;
mod status;
mod submission;
mod supported_documents;
mod supported_id_types;
mod sync_result;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod token;
mod user_details_check;
mod views;
pub(crate) mod webhook;

pub use crate::job::consent::Consent;
pub use crate::job::user_details::UserDetails;
pub use crate::operation::TokenUse;
pub use address::{AddressVerificationRequest, UtilityAccount, UtilityKind};
pub use aml_monitoring::AmlMonitoringRequest;
pub use aml_news::{AmlNews, AmlNewsEntry, AmlNewsRequest, NewsCategory};
pub use authentication::AuthenticationRequest;
pub use bank_codes::{BankCodes, BankCodesRequest, ListedBank};
pub use biometric_kyc::BiometricKycRequest;
pub use check::JOB_ID_PARAM;
pub use compare::{CompareRequest, ComparisonImage};
pub use create_smile_link::{CreateSmileLinkRequest, CreatedSmileLink, LinkIdType};
pub use document_verification::DocumentVerificationRequest;
pub use enhanced_document_verification::EnhancedDocumentVerificationRequest;
pub use enhanced_kyc::EnhancedKycRequest;
pub use enhanced_kyc_sync::{EnhancedKycAnswer, EnhancedKycSyncRequest};
pub use envelope::Acceptance;
pub use id_status::{IdStatus, IdStatusRequest};
pub use one_time_aml::OneTimeAmlRequest;
pub use one_time_aml_sync::{IdempotencyKey, OneTimeAmlSyncRequest};
pub use read_smile_link::{ReadSmileLinkRequest, SmileLink};
pub use registration::RegistrationRequest;
pub use replay::ReplayRequest;
pub use report_fraud::{FraudReason, FraudReport, ReportFraudRequest};
pub use residency_document_verification::ResidencyDocumentVerificationRequest;
pub use smile_job_id::SmileJobId;
pub use status::{Status, StatusRequest, StatusWord};
pub use supported_documents::{SupportedDocument, SupportedDocuments, SupportedDocumentsRequest};
pub use supported_id_types::{SupportedIdType, SupportedIdTypes, SupportedIdTypesRequest};
pub use sync_result::SyncResult;
pub use token::{Token, TokenCache, TokenPolicy, TokenProduct, TokenRequest};
pub use views::{AdditionalDocument, AmlScreening, IdRecord, NewsCount, ScreenedPerson, UserProvidedInfo};
pub use webhook::Webhook;
