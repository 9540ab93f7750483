//! Faults of requests to come.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;

use super::{AdminError, Ask, ok};
use crate::faults::{Endpoint, Fault};
use crate::service::Service;

/// Named after their paths.
const ENDPOINTS: [(&str, Endpoint); 20] = [
    ("upload", Endpoint::PrepUpload),
    ("upload_address", Endpoint::Upload),
    ("job_status", Endpoint::JobStatus),
    ("id_verification", Endpoint::EnhancedKyc),
    ("async_id_verification", Endpoint::EnhancedKycAsync),
    ("verify", Endpoint::BasicKyc),
    ("verify_async", Endpoint::BasicKycAsync),
    ("business_verification", Endpoint::BusinessVerification),
    ("async_business_verification", Endpoint::BusinessVerificationAsync),
    ("aml", Endpoint::Aml),
    ("async-verify-address", Endpoint::AddressVerification),
    ("async-verify-phone", Endpoint::PhoneVerification),
    ("token", Endpoint::WebToken),
    ("smile_links", Endpoint::SmileLinks),
    ("totp_consent", Endpoint::Consent),
    ("totp_consent/mode", Endpoint::ConsentMode),
    ("totp_consent/otp", Endpoint::ConsentOtp),
    ("services", Endpoint::Services),
    ("products_config", Endpoint::ProductsConfig),
    ("valid_documents", Endpoint::ValidDocuments),
];

/// The kinds of faults; the first needs a status, which is any here.
const FAULTS: [(&str, Fault); 3] = [
    ("answer", Fault::Answer(StatusCode::SERVICE_UNAVAILABLE)),
    ("lose_request", Fault::LoseRequest),
    ("lose_answer", Fault::LoseAnswer),
];

impl Service {
    pub(super) fn admin_faults(&mut self, _: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
        let shown = self.faults.waiting().iter().map(|(endpoint, fault)| {
            let endpoint = ENDPOINTS.iter().find(|(_, listed)| listed == endpoint).map(|(name, _)| *name);
            let (kind, status) = match fault {
                Fault::Answer(status) => ("answer", Some(status.as_u16())),
                Fault::LoseRequest => ("lose_request", None),
                Fault::LoseAnswer => ("lose_answer", None),
            };
            json!({"endpoint": endpoint, "kind": kind, "status": status})
        });
        ok(&json!({"faults": shown.collect::<Vec<_>>()}))
    }

    /// Lets the next request to an endpoint go wrong.
    pub(super) fn admin_add_fault(&mut self, ask: &Ask<'_>) -> Result<Response<Bytes>, AdminError> {
        let mut input = ask.input()?;
        let endpoint = input.required_choice("endpoint", &ENDPOINTS)?;
        let mut fault = input.required_choice("kind", &FAULTS)?;
        if matches!(fault, Fault::Answer(_)) {
            let status = input.optional_count("status")?.and_then(|status| u16::try_from(status).ok());
            let status = status.filter(|status| (400..600).contains(status));
            let status = status.and_then(|status| StatusCode::from_u16(status).ok());
            fault =
                Fault::Answer(status.ok_or_else(|| {
                    AdminError::invalid("status must be from 400 to 599 when kind is answer")
                })?);
        }
        input.end()?;
        self.fail_next(endpoint, fault);
        self.admin_faults(ask)
    }
}
