//! Every documented status of every operation of the v3 API: what it ends with, and how often the
//! request goes out.
//!
//! `DOCUMENTED` is what the description of the v3 API says (24 operations, 178 pairs of operation
//! and HTTP status); the tests are written out below it, one for each pair. One that is missing
//! fails `every_documented_status_has_its_test`.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use smile_core::operation::{Operation, TokenUse};
use smile_core::v3::*;
use smile_core::{
    Call, CallError, Flow, FlowSettings, Image, Next, Partner, Timestamp, TransportFailure, UserId,
};

const START: Timestamp = Timestamp::from_unix_millis(1_705_314_600_000);
const JOB: &str = "job_01h8x9y2z3a4b5c6d7e8f9g0h1";
/// A JPEG as far as its structure goes.
const JPEG: &[u8] =
    b"\xFF\xD8\xFF\xC0\0\x0B\x08\x02\x80\x01\xE0\x01\x01\x11\0\xFF\xDA\0\x08\x01\x01\0\0\x3F\0x\xFF\xD9";

/// An operation as the description has it: the module of its tests, its `operationId`, method,
/// path, token and statuses.
type Documented = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static [u16]);

#[rustfmt::skip]
const DOCUMENTED: &[Documented] = &[
    ("token", "getV3Token", "POST", "/v3/token", "none", &[200, 400, 401, 415, 500]),
    ("enhanced_kyc", "submitEnhancedKyc", "POST", "/v3/enhanced_kyc", "bound", &[202, 400, 401, 402, 403, 413, 415, 429, 500]),
    ("enhanced_kyc_sync", "submitEnhancedKycSync", "POST", "/v3/enhanced_kyc/sync", "bound", &[200, 400, 401, 402, 403, 408, 413, 415, 424, 429, 500, 504]),
    ("biometric_kyc", "v3BiometricKycEntry", "POST", "/v3/biometric_kyc", "bound", &[202, 400, 401, 402, 403, 413, 415, 429, 500]),
    ("document_verification", "v3DocumentVerificationEntry", "POST", "/v3/document_verification", "bound", &[202, 400, 401, 402, 403, 413, 415, 429, 500]),
    ("enhanced_document_verification", "v3EnhancedDocumentVerificationEntry", "POST", "/v3/enhanced_document_verification", "bound", &[202, 400, 401, 402, 403, 413, 415, 429, 500]),
    ("residency_document_verification", "v3ResidencyDocumentVerificationEntry", "POST", "/v3/residency_document_verification", "bound", &[202, 400, 401, 402, 403, 413, 415, 429, 500]),
    ("registration", "v3BiometricEnrollment", "POST", "/v3/registration", "bound", &[202, 400, 401, 402, 403, 413, 415, 429, 500]),
    ("authentication", "v3BiometricAuthentication", "POST", "/v3/authentication", "bound", &[202, 400, 401, 402, 403, 415, 429, 500]),
    ("compare", "v3SmartSelfieCompare", "POST", "/v3/compare", "bound", &[202, 400, 401, 402, 403, 415, 429, 500]),
    ("one_time_aml", "submitOneTimeAml", "POST", "/v3/aml", "bound", &[202, 400, 401, 402, 403, 404, 413, 415, 429, 500]),
    ("one_time_aml_sync", "submitOneTimeAmlSync", "POST", "/v3/aml/sync", "bound", &[200, 400, 401, 402, 403, 404, 408, 413, 415, 429, 500]),
    ("aml_monitoring", "submitAmlMonitoring", "POST", "/v3/aml/monitoring", "bound", &[202, 400, 401, 402, 403, 404, 415, 429, 500]),
    ("aml_news", "getAmlMonitoringNews", "GET", "/v3/aml/monitoring/{job_id}/news/{reference}", "shared", &[200, 400, 401, 403, 404, 500, 502, 503]),
    ("address", "v3AddressVerification", "POST", "/v3/address", "bound", &[202, 400, 401, 402, 403, 413, 415, 500]),
    ("replay", "replayCallback", "POST", "/v3/replay/{job_id}", "shared", &[202, 400, 401, 403, 404, 409, 415, 500]),
    ("report_fraud", "reportUserFraud", "POST", "/v3/users/{user_id}/report_fraud", "shared", &[202, 400, 401, 403, 404, 415, 500]),
    ("status", "getVerificationStatus", "GET", "/v3/status/{job_id}", "shared", &[200, 202, 400, 401, 403, 404, 500]),
    ("bank_codes", "getBankCodes", "GET", "/v3/services/bank_codes", "none", &[200, 403]),
    ("supported_id_types", "getSupportedIdTypes", "GET", "/v3/services/supported_id_types", "none", &[200, 403]),
    ("supported_documents", "getSupportedDocuments", "GET", "/v3/services/supported_documents", "none", &[200, 400, 500]),
    ("id_status", "getIdStatus", "GET", "/v3/services/id_status", "shared", &[200, 400, 401]),
    ("create_smile_link", "createSmileLink", "POST", "/v3/smile_links", "shared", &[201, 400, 401, 403, 409, 415, 500]),
    ("read_smile_link", "getSmileLink", "GET", "/v3/smile_links/{ref_id}", "shared", &[200, 400, 401, 403, 404, 500]),
];

/// Outcome of a call.
enum Ends {
    /// The answer, after one sending.
    Well,
    /// A clear error: the service has begun nothing that counts, or the call only reads.
    Refused { sends: usize },
    /// An error that says that the outcome is unknown, after one sending.
    Unknown,
    /// The job's status, requested in place of another sending.
    ByStatus,
}

/// Makes a test of each pair, and the list of all of them.
macro_rules! operations {
    ($($operation:ident = $make:expr; { $($test:ident $status:literal $ends:expr,)* })*) => {
        $(mod $operation {
            use super::*;
            $(
                #[test]
                fn $test() {
                    check(stringify!($operation), &$make, $status, &$ends);
                }
            )*
            #[test]
            fn asks_at_its_documented_path_with_its_documented_token() {
                asks(stringify!($operation), $make);
            }
        })*

        const TESTED: &[(&str, u16, &str)] = &[$($((stringify!($operation), $status, stringify!($test)),)*)*];
    };
}

#[test]
fn every_documented_status_has_its_test() {
    let pairs = |(name, _, _, _, _, statuses): &Documented| {
        statuses.iter().map(|status| (*name, *status)).collect::<Vec<_>>()
    };
    let documented: BTreeSet<_> = DOCUMENTED.iter().flat_map(pairs).collect();
    assert_eq!((DOCUMENTED.len(), documented.len()), (24, 178));
    let tested: BTreeSet<_> = TESTED.iter().map(|(operation, status, _)| (*operation, *status)).collect();
    let (missing, unknown) = (&documented - &tested, &tested - &documented);
    assert!(missing.is_empty(), "these have no test: {missing:?}");
    assert!(unknown.is_empty(), "these are not documented: {unknown:?}");
    assert!(TESTED.iter().all(|(_, status, test)| *test == format!("http_{status}")));
}

#[test]
fn ids_of_operations_are_those_of_the_description_and_stand_once() {
    let ids: BTreeSet<_> = DOCUMENTED.iter().map(|(_, id, ..)| id).collect();
    assert_eq!(ids.len(), 24);
}

#[rustfmt::skip]
operations! {
    token = TokenRequest::new(); {
        http_200 200 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_500 500 Ends::Refused { sends: 4 },
    }
    enhanced_kyc = kyc(); {
        http_202 202 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 1 },
        http_402 402 Ends::Refused { sends: 1 },
        http_403 403 Ends::Refused { sends: 1 },
        http_413 413 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_429 429 Ends::Refused { sends: 1 },
        http_500 500 Ends::Unknown,
    }
    enhanced_kyc_sync = EnhancedKycSyncRequest::new(kyc()); {
        http_200 200 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 1 },
        http_402 402 Ends::Refused { sends: 1 },
        http_403 403 Ends::Refused { sends: 1 },
        http_408 408 Ends::ByStatus,
        http_413 413 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_424 424 Ends::ByStatus,
        http_429 429 Ends::Refused { sends: 1 },
        http_500 500 Ends::ByStatus,
        http_504 504 Ends::Unknown,
    }
    biometric_kyc = BiometricKycRequest::new(jpeg(), frames(), "NG", "BVN", "00000000000", consent(), john()); {
        http_202 202 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 1 },
        http_402 402 Ends::Refused { sends: 1 },
        http_403 403 Ends::Refused { sends: 1 },
        http_413 413 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_429 429 Ends::Refused { sends: 1 },
        http_500 500 Ends::Unknown,
    }
    document_verification = DocumentVerificationRequest::new(jpeg(), frames(), jpeg(), "GH", consent(), john()); {
        http_202 202 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 1 },
        http_402 402 Ends::Refused { sends: 1 },
        http_403 403 Ends::Refused { sends: 1 },
        http_413 413 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_429 429 Ends::Refused { sends: 1 },
        http_500 500 Ends::Unknown,
    }
    enhanced_document_verification = EnhancedDocumentVerificationRequest::new(jpeg(), frames(), jpeg(), "GH", "PASSPORT", consent(), john()); {
        http_202 202 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 1 },
        http_402 402 Ends::Refused { sends: 1 },
        http_403 403 Ends::Refused { sends: 1 },
        http_413 413 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_429 429 Ends::Refused { sends: 1 },
        http_500 500 Ends::Unknown,
    }
    residency_document_verification = ResidencyDocumentVerificationRequest::new(jpeg(), frames(), jpeg(), jpeg(), "NG", consent(), john()); {
        http_202 202 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 1 },
        http_402 402 Ends::Refused { sends: 1 },
        http_403 403 Ends::Refused { sends: 1 },
        http_413 413 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_429 429 Ends::Refused { sends: 1 },
        http_500 500 Ends::Unknown,
    }
    registration = RegistrationRequest::new(jpeg(), frames(), consent(), john()); {
        http_202 202 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 1 },
        http_402 402 Ends::Refused { sends: 1 },
        http_403 403 Ends::Refused { sends: 1 },
        http_413 413 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_429 429 Ends::Refused { sends: 1 },
        http_500 500 Ends::Unknown,
    }
    authentication = AuthenticationRequest::new(user(), jpeg(), frames(), consent(), john()); {
        http_202 202 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 1 },
        http_402 402 Ends::Refused { sends: 1 },
        http_403 403 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_429 429 Ends::Refused { sends: 1 },
        http_500 500 Ends::Unknown,
    }
    compare = CompareRequest::new(jpeg(), jpeg(), ComparisonImage::IdPhoto, consent(), john()); {
        http_202 202 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 1 },
        http_402 402 Ends::Refused { sends: 1 },
        http_403 403 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_429 429 Ends::Refused { sends: 1 },
        http_500 500 Ends::Unknown,
    }
    one_time_aml = aml(); {
        http_202 202 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 1 },
        http_402 402 Ends::Refused { sends: 1 },
        http_403 403 Ends::Refused { sends: 1 },
        http_404 404 Ends::Refused { sends: 1 },
        http_413 413 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_429 429 Ends::Refused { sends: 1 },
        http_500 500 Ends::Unknown,
    }
    one_time_aml_sync = OneTimeAmlSyncRequest::new(aml(), IdempotencyKey::new("aml-2026-000017-a")); {
        http_200 200 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 1 },
        http_402 402 Ends::Refused { sends: 1 },
        http_403 403 Ends::Refused { sends: 1 },
        http_404 404 Ends::Refused { sends: 1 },
        http_408 408 Ends::Refused { sends: 4 },
        http_413 413 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_429 429 Ends::Refused { sends: 4 },
        http_500 500 Ends::Refused { sends: 4 },
    }
    aml_monitoring = AmlMonitoringRequest::new("Gbenga Afolabi", ["NG"], consent(), john()); {
        http_202 202 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 1 },
        http_402 402 Ends::Refused { sends: 1 },
        http_403 403 Ends::Refused { sends: 1 },
        http_404 404 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_429 429 Ends::Refused { sends: 1 },
        http_500 500 Ends::Unknown,
    }
    aml_news = AmlNewsRequest::new(JOB, "r", NewsCategory::Other); {
        http_200 200 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 2 },
        http_403 403 Ends::Refused { sends: 1 },
        http_404 404 Ends::Refused { sends: 1 },
        http_500 500 Ends::Refused { sends: 4 },
        http_502 502 Ends::Refused { sends: 1 },
        http_503 503 Ends::Refused { sends: 4 },
    }
    address = AddressVerificationRequest::in_south_africa("1 Long Street", "8001015009087", consent(), john()); {
        http_202 202 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 1 },
        http_402 402 Ends::Refused { sends: 1 },
        http_403 403 Ends::Refused { sends: 1 },
        http_413 413 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_500 500 Ends::Unknown,
    }
    replay = ReplayRequest::new(SmileJobId::new(JOB)); {
        http_202 202 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 2 },
        http_403 403 Ends::Refused { sends: 1 },
        http_404 404 Ends::Refused { sends: 1 },
        http_409 409 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_500 500 Ends::Unknown,
    }
    report_fraud = ReportFraudRequest::flag(user(), FraudReason::MuleAccount, "risk@bank.example"); {
        http_202 202 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 2 },
        http_403 403 Ends::Refused { sends: 1 },
        http_404 404 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_500 500 Ends::Unknown,
    }
    status = StatusRequest::new(SmileJobId::new(JOB)); {
        http_200 200 Ends::Well,
        http_202 202 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 2 },
        http_403 403 Ends::Refused { sends: 1 },
        http_404 404 Ends::Well,
        http_500 500 Ends::Refused { sends: 4 },
    }
    bank_codes = BankCodesRequest::new(); {
        http_200 200 Ends::Well,
        http_403 403 Ends::Refused { sends: 1 },
    }
    supported_id_types = SupportedIdTypesRequest::new(); {
        http_200 200 Ends::Well,
        http_403 403 Ends::Refused { sends: 1 },
    }
    supported_documents = SupportedDocumentsRequest::new(); {
        http_200 200 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_500 500 Ends::Refused { sends: 4 },
    }
    id_status = IdStatusRequest::new("NG", "BVN"); {
        http_200 200 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 2 },
    }
    create_smile_link = CreateSmileLinkRequest::new("Onboarding", "https://bank.example/privacy", [LinkIdType::new("NG", "BVN", "biometric_kyc")]); {
        http_201 201 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 2 },
        http_403 403 Ends::Refused { sends: 1 },
        http_409 409 Ends::Refused { sends: 1 },
        http_415 415 Ends::Refused { sends: 1 },
        http_500 500 Ends::Unknown,
    }
    read_smile_link = ReadSmileLinkRequest::new("r"); {
        http_200 200 Ends::Well,
        http_400 400 Ends::Refused { sends: 1 },
        http_401 401 Ends::Refused { sends: 2 },
        http_403 403 Ends::Refused { sends: 1 },
        http_404 404 Ends::Refused { sends: 1 },
        http_500 500 Ends::Refused { sends: 4 },
    }
}

fn partner() -> Partner {
    let partner = Partner::new("002", "test_api_key", "https://service.example/v3".parse().unwrap()).unwrap();
    partner.with_callback_url("https://bank.example/callback")
}

fn consent() -> Consent {
    Consent::new(true, START, "EN", "https://bank.example/privacy")
}

fn john() -> UserDetails {
    UserDetails::new("John", "Doe").with_email("john@example.com")
}

fn user() -> UserId {
    UserId::new("user-1")
}

fn jpeg() -> Image {
    Image::bytes(JPEG)
}

fn frames() -> Vec<Image> {
    vec![jpeg(); 6]
}

fn kyc() -> EnhancedKycRequest {
    EnhancedKycRequest::new("NG", "BVN", "00000000000", consent(), john())
}

fn aml() -> OneTimeAmlRequest {
    OneTimeAmlRequest::new("Nkechi Okafor", ["NG"], consent(), john())
}

fn row(operation: &str) -> &'static Documented {
    DOCUMENTED.iter().find(|(name, ..)| *name == operation).expect("it is documented")
}

fn asks<O: Operation>(name: &str, operation: O) {
    let (_, _, method, path, token, _) = row(name);
    let request = operation.request(&partner(), START);
    assert_eq!(request.method().as_str(), *method);
    let (said, documented) = (request.uri().path().split('/'), path.split('/'));
    for (said, documented) in said.clone().zip(documented.clone()) {
        assert!(said == documented || documented.starts_with('{'), "{} {path}", request.uri());
    }
    assert_eq!(said.count(), documented.count());
    assert_eq!(request.headers().get("smileid-token"), None, "whoever holds the tokens adds it");
    let said = match operation.token_use() {
        TokenUse::None => "none",
        TokenUse::Shared => "shared",
        _ => "bound",
    };
    assert_eq!(said, *token);
    assert!(
        operation.request(&partner(), START).into_body() == request.into_body(),
        "same input, same bytes"
    );
}

/// Runs the call against a service that always answers with this status.
fn check<O: Operation + Clone>(name: &str, operation: &O, status: u16, ends: &Ends)
where
    O::Output: Clone,
{
    let (outcome, sends, lookups) = drive(operation.clone(), |request| documented(name, status, request));
    match ends {
        Ends::Well => {
            assert!(outcome.is_ok(), "{:?}", outcome.err());
            assert_eq!((sends, lookups), (1, 0));
        }
        Ends::ByStatus => {
            assert!(outcome.is_ok(), "{:?}", outcome.err());
            assert_eq!((sends, lookups), (1, 1));
        }
        Ends::Refused { sends: expected } => {
            let error = outcome.err().expect("it is refused");
            assert!(!error.outcome_unknown(), "{error}");
            assert_eq!(
                error.operation().and_then(|error| error.api()).map(smile_core::ApiError::status),
                Some(status)
            );
            assert_eq!((sends, lookups), (*expected, 0), "{error}");
            assert!(
                !format!("{error} {error:?}").contains("documented text"),
                "what the service wrote is not shown"
            );
        }
        Ends::Unknown => {
            let error = outcome.err().expect("nobody knows");
            assert!(error.outcome_unknown() && !error.is_retryable(), "{error}");
            assert_eq!((sends, lookups), (1, 0), "{error}");
        }
    }
    if name != "token" && sends == 1 && lookups == 0 {
        // A lost answer to the same: the request of what bills or creates doesn't go out again.
        let (lost, sends, _) =
            drive(operation.clone(), |_| Err(TransportFailure::interrupted("the connection broke")));
        let error = lost.err().expect("there was no answer");
        let only_reads = row(name).2 == "GET" || name == "one_time_aml_sync";
        assert_eq!(
            (sends, error.outcome_unknown()),
            if only_reads { (4, false) } else { (1, true) },
            "{error}"
        );
    }
}

/// Outcome of the call, with the number of its own requests, and of requests for a job's status in
/// their place.
fn drive<O: Operation>(
    operation: O,
    mut service: impl FnMut(&Request<Bytes>) -> Result<Response<Bytes>, TransportFailure>,
) -> (Result<O::Output, CallError>, usize, usize)
where
    O::Output: Clone,
{
    let mut call = Call::new(partner(), operation, FlowSettings::default(), 7);
    let (mut now, mut sends, mut lookups) = (START, 0, 0);
    let own = |request: &Request<Bytes>| {
        request.method() == "POST" || request.uri().path() != format!("/v3/status/{JOB}")
    };
    let is_status = O::STEP == smile_core::Step::VerificationStatus;
    for _ in 0..200 {
        match call.next(now) {
            Next::Send { request, .. }
                if request.uri().path() == "/v3/token" && O::STEP != smile_core::Step::Token =>
            {
                call.receive(now, Ok(json_answer(200, &json!({ "token": jwt() }))));
            }
            Next::Send { request, .. } if own(&request) || is_status => {
                sends += 1;
                call.receive(now, service(&request));
            }
            Next::Send { .. } => {
                lookups += 1;
                let body = json!({ "status": "clear", "job_id": JOB, "user_id": "user-1", "message": "Job completed" });
                call.receive(now, Ok(json_answer(200, &body)));
            }
            Next::Wait { until } => now = until,
            Next::Read(_) => panic!("everything is in memory"),
            Next::Finished(outcome) => return (outcome, sends, lookups),
        }
        now = now + Duration::from_millis(1);
    }
    panic!("it doesn't end");
}

fn jwt() -> String {
    let claims = json!({ "exp": START.unix_millis() / 1_000 + 900, "api_url": "https://service.example/v3" });
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn json_answer(status: u16, body: &Value) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap()
}

/// The documented answer of this operation with this status.
fn documented(
    name: &str,
    status: u16,
    _request: &Request<Bytes>,
) -> Result<Response<Bytes>, TransportFailure> {
    let gateway =
        |slug: &str| json!({ "job_id": null, "message": "documented text", "status": slug, "user_id": null });
    let is_sync = name.ends_with("_sync");
    let body = match (name, status) {
        ("token", 200) => json!({ "token": jwt() }),
        ("enhanced_kyc_sync", 200) => {
            json!({ "job_id": JOB, "user_id": "user-1", "status": "clear", "message": "Verified", "kyc_receipt": null })
        }
        ("one_time_aml_sync", 200) => {
            json!({ "status": "clear", "product": "one_time_aml", "people": [], "reason": null })
        }
        ("aml_news", 200) => json!({ "job_id": JOB, "product": "aml_monitoring_news", "news": [] }),
        ("status", 200) => {
            json!({ "status": "block", "job_id": JOB, "user_id": "user-1", "message": "Job completed" })
        }
        ("status", 202) => {
            json!({ "status": "processing", "job_id": JOB, "user_id": "user-1", "message": "Job is still processing" })
        }
        ("status", 404) => {
            json!({ "status": "not_found", "job_id": JOB, "user_id": "unknown", "message": "Job not found" })
        }
        ("bank_codes", 200) => json!({ "bank_codes": [] }),
        ("supported_id_types", 200) => json!({ "id_types": [] }),
        ("supported_documents", 200) => json!({ "valid_documents": [] }),
        ("id_status", 200) => json!({ "last_known_status": "online" }),
        ("bank_codes" | "supported_id_types" | "supported_documents", 500) => {
            json!({ "error": "documented text", "code": "2401" })
        }
        ("bank_codes" | "supported_id_types" | "supported_documents", _) => {
            json!({ "error": "documented text", "code": "2413" })
        }
        ("create_smile_link", 201) => {
            json!({ "link": "https://links.example/r", "message": "Smile Link created", "ref_id": "r", "user_id": null })
        }
        ("read_smile_link", 200) => {
            json!({ "ref_id": "r", "link": "https://links.example/r", "name": "Onboarding" })
        }
        ("enhanced_kyc_sync", 401) => gateway("unauthorized"),
        ("enhanced_kyc_sync", 413) => gateway("payload_too_large"),
        ("enhanced_kyc_sync", 504) => json!({ "message": "Endpoint request timed out" }),
        (_, 200..=299) => {
            json!({ "status": "accepted", "message": "documented text", "job_id": JOB, "user_id": "user-1" })
        }
        _ => {
            let phrase = match status {
                413 => "Content Too Large",
                _ => http::StatusCode::from_u16(status).unwrap().canonical_reason().unwrap(),
            };
            json!({ "status": phrase, "message": "documented text" })
        }
    };
    let mut response = json_answer(status, &body);
    let headers = response.headers_mut();
    if is_sync && matches!(status, 200 | 408 | 424 | 500) {
        headers.insert("smileid-job-id", JOB.parse().unwrap());
    }
    if is_sync && status == 200 {
        let signed = partner().signer().sign(START);
        headers.insert("response-timestamp", signed.timestamp().parse().unwrap());
        headers.insert("response-signature", signed.signature().parse().unwrap());
    }
    Ok(response)
}

/// Runs one submission against a service that answers like this, and gives how it ends and how
/// often it was sent.
fn submitted(
    answer: impl Fn() -> Result<Response<Bytes>, TransportFailure>,
) -> (Result<Acceptance, CallError>, usize) {
    let (outcome, sends, _) = drive(kyc(), |_| answer());
    (outcome, sends)
}

fn page(status: u16, body: &'static str) -> Result<Response<Bytes>, TransportFailure> {
    Ok(Response::builder().status(status).body(Bytes::from(body)).unwrap())
}

#[test]
fn a_submission_is_never_sent_again_whatever_a_gateway_says() {
    const RETRY: &str = r#"{"job_id":null,"message":"Backend processing failure. Please retry; contact support if the issue persists.","status":"integration_failure","user_id":null}"#;
    for status in [301, 302, 303, 307, 308, 400, 403, 404, 408, 413, 429, 500, 502, 503, 504] {
        for body in ["", "<html>later</html>", "{", r#"{"message":"Forbidden"}"#, RETRY] {
            let (outcome, sends) = submitted(|| page(status, body));
            let error = outcome.unwrap_err();
            assert!(error.outcome_unknown(), "{status} {body}: {error}");
            assert_eq!(sends, 1, "{status} {body}");
        }
    }
}

#[test]
fn a_submission_that_never_left_is_sent_again() {
    let (outcome, sends) = submitted(|| Err(TransportFailure::not_sent("the name doesn't resolve")));
    assert_eq!((sends, outcome.unwrap_err().outcome_unknown()), (4, false));
}

#[test]
fn any_success_with_a_job_is_an_acceptance() {
    for status in [200, 201, 202] {
        let (outcome, sends) =
            submitted(|| Ok(json_answer(status, &json!({ "status": "accepted", "job_id": JOB }))));
        assert_eq!((outcome.unwrap().job_id().as_str(), sends), (JOB, 1));
    }
}

#[test]
fn a_submission_whose_outcome_is_unknown_names_what_its_webhook_brings_back() {
    let mut body = Vec::new();
    let (outcome, ..) = drive(kyc(), |request| {
        body = request.body().to_vec();
        page(504, "")
    });
    let error = outcome.unwrap_err();
    let id = error.submission_id().unwrap().as_str().to_owned();
    assert!(String::from_utf8(body).unwrap().contains(&format!(r#""sdk_submission":"{id}""#)));
    assert!(error.to_string().contains(&id), "{error}");
}

#[test]
fn retry_after_is_kept_in_both_of_its_forms() {
    let too_many = |after: &'static str| {
        let mut response =
            json_answer(429, &json!({ "status": "Too Many Requests", "message": "documented text" }));
        response.headers_mut().insert("retry-after", after.parse().unwrap());
        response
    };
    for after in ["7", "Mon, 15 Jan 2024 10:30:07 GMT"] {
        let (outcome, sends) = submitted(|| Ok(too_many(after)));
        let error = outcome.unwrap_err();
        let wait = error.retry_after().unwrap();
        assert!(wait > Duration::from_secs(6) && wait <= Duration::from_secs(7), "{wait:?}");
        assert!(error.is_retryable() && sends == 1, "a refusal of the moment is the caller's to repeat");
    }
}

#[test]
fn a_recorded_check_without_its_jobs_id_is_unknown() {
    let (outcome, sends, lookups) = drive(EnhancedKycSyncRequest::new(kyc()), |_| {
        page(500, r#"{"status":"Internal Server Error","message":"x"}"#)
    });
    assert!(outcome.unwrap_err().outcome_unknown());
    assert_eq!((sends, lookups), (1, 0));
}
