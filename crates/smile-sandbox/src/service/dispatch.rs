//! Dispatch of requests: from a path to its endpoint.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use smile_core::Timestamp;

use crate::http::answers::{Refusal, gateway};
use crate::http::encoding::unpack;
use crate::http::endpoint::Endpoint;
use crate::http::origin::Origin;
use crate::http::routing::Route;
use crate::state::State;
use crate::v1::address_verification::address_verification;
use crate::v1::aml::aml;
use crate::v1::basic_kyc::basic_kyc;
use crate::v1::business_verification::business_verification;
use crate::v1::consent::{consent, consent_mode, consent_otp};
use crate::v1::enhanced_kyc::enhanced_kyc;
use crate::v1::image_links::image;
use crate::v1::job_status::job_status;
use crate::v1::phone_verification::phone_verification;
use crate::v1::prep_upload::prep_upload;
use crate::v1::products_config::products_config;
use crate::v1::services::services;
use crate::v1::smile_links::{create_smile_link, list_smile_links, smile_link, update_smile_link};
use crate::v1::upload::upload;
use crate::v1::valid_documents::valid_documents;
use crate::v1::web_token::web_token;

/// Answers a request by its route. The object store takes a body as it comes; every other endpoint
/// unpacks it.
pub(crate) fn answer(
    state: &mut State,
    now: Timestamp,
    route: &Route,
    request: &mut Request<Bytes>,
    origin: &Origin,
) -> Response<Bytes> {
    if !route.is_to_store()
        && let Err(refusal) = unpack(request)
    {
        return refusal.into();
    }
    match route {
        Route::Api(endpoint) => {
            answer_api(state, now, request, *endpoint, origin).unwrap_or_else(Response::from)
        }
        Route::SmileLink { ref_id } => match *request.method() {
            Method::GET => smile_link(state, now, request, ref_id, origin).unwrap_or_else(Response::from),
            Method::PUT => {
                update_smile_link(state, now, request, ref_id, origin).unwrap_or_else(Response::from)
            }
            _ => not_allowed(),
        },
        Route::Upload { ref_id } => upload(state, now, request, ref_id, origin),
        Route::Image { smile_job_id, name, token } if request.method() == Method::GET => {
            image(state, smile_job_id, name, token)
        }
        Route::Unknown => gateway(StatusCode::NOT_FOUND, "Not Found"),
        Route::Image { .. } => not_allowed(),
    }
}

fn answer_api(
    state: &mut State,
    now: Timestamp,
    request: &Request<Bytes>,
    endpoint: Endpoint,
    origin: &Origin,
) -> Result<Response<Bytes>, Refusal> {
    match (endpoint, request.method()) {
        (Endpoint::Services, &Method::GET) => Ok(services()),
        (Endpoint::SmileLinks, &Method::GET) => list_smile_links(state, now, request, origin),
        (_, &Method::POST) => match endpoint {
            Endpoint::PrepUpload => prep_upload(state, now, request, origin),
            Endpoint::JobStatus => job_status(state, now, request, origin),
            Endpoint::EnhancedKyc | Endpoint::EnhancedKycAsync => enhanced_kyc(state, now, request, endpoint),
            Endpoint::BasicKyc | Endpoint::BasicKycAsync => basic_kyc(state, now, request, endpoint),
            Endpoint::BusinessVerification | Endpoint::BusinessVerificationAsync => {
                business_verification(state, now, request, endpoint)
            }
            Endpoint::Aml => aml(state, now, request),
            Endpoint::AddressVerification => address_verification(state, now, request),
            Endpoint::PhoneVerification => phone_verification(state, now, request),
            Endpoint::WebToken => web_token(state, now, request),
            Endpoint::SmileLinks => create_smile_link(state, now, request, origin),
            Endpoint::Consent => consent(state, now, request),
            Endpoint::ConsentMode => consent_mode(state, now, request),
            Endpoint::ConsentOtp => consent_otp(state, now, request),
            Endpoint::ProductsConfig => products_config(state, now, request),
            Endpoint::ValidDocuments => valid_documents(state, now, request),
            Endpoint::Upload | Endpoint::Services => Ok(not_allowed()),
        },
        _ => Ok(not_allowed()),
    }
}

/// True if a request to this route can change stored state. The count of pending polls is not
/// stored.
pub(crate) fn may_change(route: &Route) -> bool {
    use Endpoint::{JobStatus, ProductsConfig, Services, ValidDocuments, WebToken};
    match route {
        Route::Api(endpoint) => {
            !matches!(endpoint, JobStatus | ProductsConfig | Services | ValidDocuments | WebToken)
        }
        Route::Upload { .. } | Route::SmileLink { .. } => true,
        Route::Image { .. } | Route::Unknown => false,
    }
}

fn not_allowed() -> Response<Bytes> {
    gateway(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}
