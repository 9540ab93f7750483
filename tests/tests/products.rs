//! Every product that needs no zip, through each driver against the sandbox: well, refused, and
//! with a connection that breaks at every point at which it can.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::time::Duration;

use http::StatusCode;
use smile_core::operation::*;
use smile_core::v1::*;
use smile_core::{CallError, Decision, Environment, IdInfo, JobStatusRequest, JobType, Partner, ResultEntry};
use smile_sandbox::{Endpoint, Fault, Sandbox};
use smile_tests::{ALL_DRIVERS, Driver, Nobody, params, quick};

const CALLBACK: &str = "http://127.0.0.1:1/callback";

fn partner(sandbox: &Sandbox) -> Partner {
    sandbox.partner().with_callback_url(CALLBACK)
}

fn bvn(number: &str) -> IdInfo {
    IdInfo::new("NG", "BVN", number).with_first_name("Joe").with_last_name("Leo")
}

fn company() -> Business {
    Business::new("NG", "BUSINESS_REGISTRATION", "0000000").with_business_type(BusinessType::Company)
}

fn link() -> SmileLinkDetails {
    SmileLinkDetails::new()
        .with_name("Onboarding")
        .with_company_name("A Bank")
        .with_data_privacy_policy_url("https://bank.example/privacy")
        .with_id_type(LinkIdType::new("NG", "BVN", "biometric_kyc"))
}

fn address() -> AddressVerificationRequest {
    AddressVerificationRequest::south_africa("1 Drawn Street", "0000000000000").with_full_name("Joe Doe Leo")
}

fn phone() -> PhoneVerificationRequest {
    PhoneVerificationRequest::new("NG", "00000000000")
        .with_match_field("first_name", "Joe")
        .with_match_field("last_name", "Leo")
}

#[test]
fn every_product_answers() {
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        let partner = partner(&sandbox);
        macro_rules! call {
            ($operation:expr) => {
                driver
                    .call(partner.clone(), $operation, quick())
                    .unwrap_or_else(|error| panic!("{driver:?}: {error}"))
            };
        }

        let enhanced = call!(EnhancedKycRequest::new(params("enhanced"), bvn("00000000000")));
        assert!(enhanced.verdict.is_approved() && enhanced.is_signed);
        assert_eq!(enhanced.entry.personal_info().dob().unwrap().expose().to_string(), "2000-09-20");
        let basic = call!(BasicKycRequest::new(params("basic"), bvn("00000000000")));
        assert!(basic.verdict.is_approved(), "{}", basic.verdict);
        let other_name =
            IdInfo::new("NG", "BVN", "00000000000").with_first_name("Ann").with_last_name("Other");
        let no_match = call!(BasicKycRequest::new(params("other"), other_name));
        assert_eq!(no_match.verdict.decision(), Decision::Rejected);

        let business = call!(BusinessVerificationRequest::new(params("business"), company()));
        assert!(business.verdict.is_approved());
        assert!(business.entry.business().company_information().unwrap().legal_name().is_some());
        assert!(!business.entry.business().directors().is_empty());

        let aml = call!(AmlRequest::new(params("aml"), "Joe Doe Leo", ["NG"]));
        assert!(!aml.verdict.is_approved() && aml.entry.aml().no_of_persons_found().is_some());

        call!(address());
        call!(address().with_v1_path());
        call!(phone());
        call!(AsyncEnhancedKycRequest::new(params("async-enhanced"), bvn("00000000000")));
        call!(AsyncBasicKycRequest::new(params("async-basic"), bvn("00000000000")));
        call!(AsyncBusinessVerificationRequest::new(params("async-business"), company()));
        // Nobody listens, but each one is signed and can be read.
        let made = sandbox.wait_for_callback_attempts(6, Duration::from_secs(10));
        assert!(made.len() >= 6, "{driver:?}: {}", made.len());
        for attempt in &made {
            let callback = partner
                .verifier()
                .without_max_age()
                .verify(attempt.at, &http::HeaderMap::new(), attempt.body.clone())
                .unwrap();
            assert!(callback.entry().result_code().is_some());
        }

        let token = call!(WebTokenRequest::new(params("token"), "biometric_kyc"));
        assert_eq!(token.claims().unwrap()["partner_params"]["job_type"], 1);
        assert!(token.expires_at().is_some());

        let created = call!(CreateSmileLinkRequest::new(link()));
        let ref_id = created.ref_id().unwrap().to_owned();
        assert!(created.link().is_some());
        assert_eq!(call!(ListSmileLinksRequest::new()).len(), 1);
        assert_eq!(call!(ListSmileLinksRequest::new().with_query_signature()).len(), 1);
        call!(UpdateSmileLinkRequest::disable(ref_id.clone()));
        assert!(call!(ReadSmileLinkRequest::new(ref_id)).disabled_at().is_some());

        let modes = call!(BvnConsentRequest::new("00000000000"));
        let sent = call!(modes.choose(&modes.modes()[0]));
        let wrong = driver.call(partner.clone(), sent.confirm("999999"), quick()).unwrap_err();
        assert!(wrong.operation().unwrap().api().is_some(), "{driver:?}: {wrong}");
        let granted = call!(sent.confirm(smile_sandbox::OTP));
        assert!(call!(EnhancedKycRequest::new(params("consented"), granted.id_info())).verdict.is_approved());

        let services = call!(ServicesRequest::new().with_locale("en-GB"));
        assert!(services.id_types().find("NG", "BVN").is_some());
        assert!(call!(ProductsConfigRequest).requires_consent("NG", "BVN_MFA"));
        assert!(
            call!(ValidDocumentsRequest).of_country("GH").iter().any(|document| document.code == "PASSPORT")
        );
        let raw = call!(RawRequest::get("/v1/services").unwrap().with_signing(Signing::Unsigned));
        assert!(raw.get("id_types").is_some());

        let ids = params("enhanced");
        let question = JobStatusRequest::new(ids.user_id().clone(), ids.job_id().clone())
            .with_job_type(JobType::ENHANCED_KYC);
        assert!(call!(question).verdict().unwrap().is_approved());
    }
}

#[test]
fn each_test_number_gives_its_documented_outcome() {
    let sandbox = Sandbox::start().unwrap();
    for (digit, code, decision) in [
        ("0", "1012", Decision::Approved),
        ("1", "1013", Decision::Rejected),
        ("2", "1014", Decision::Error),
        ("3", "1015", Decision::Error),
        ("4", "1012", Decision::Approved),
    ] {
        let with = params(digit).with_param("FullName", "Nelson Mandela");
        let check = EnhancedKycRequest::new(with, bvn(&format!("0000000000{digit}")));
        let found = Driver::Ureq.call(partner(&sandbox), check, quick()).unwrap();
        let read = |entry: &ResultEntry| entry.result_code().unwrap().to_string();
        assert_eq!((read(&found.entry).as_str(), found.verdict.decision()), (code, decision));
        if digit == "4" {
            assert_eq!(found.entry.personal_info().full_name().unwrap().expose(), "Nelson Mandela");
        }
    }
}

/// The number with another last digit; what comes after it stays.
fn with_last_digit(number: &str, digit: char) -> String {
    let at = number.rfind(|c: char| c.is_ascii_digit()).unwrap();
    format!("{}{digit}{}", &number[..at], &number[at + 1..])
}

#[test]
fn the_test_number_of_every_id_type_steers_the_outcome_by_its_last_digit() {
    use smile_core::catalogue::{IdTypeCatalogue, IdTypeProduct};
    let sandbox = Sandbox::start().unwrap();
    let mut tried = 0;
    for id_type in IdTypeCatalogue::built_in().iter() {
        let (Some(number), true) =
            (id_type.test_number(), id_type.products().contains(&IdTypeProduct::EnhancedKyc))
        else {
            continue;
        };
        // For this one a consented session stands for the number.
        if id_type.name() == "BVN_MFA" {
            continue;
        }
        for (digit, code) in [('0', "1012"), ('1', "1013"), ('2', "1014"), ('3', "1015")] {
            let id_info = IdInfo::new(id_type.country(), id_type.name(), with_last_digit(number, digit))
                .with_first_name("Joe")
                .with_last_name("Leo")
                .with_dob("2000-09-20")
                .with_citizenship("KE")
                .with_bank_code("044");
            let check = EnhancedKycRequest::new(params(&format!("{id_type:?}-{digit}")), id_info);
            let found = Driver::Ureq.call(partner(&sandbox), check, quick());
            let found = found.unwrap_or_else(|error| panic!("{id_type:?} {digit}: {error}"));
            assert_eq!(found.entry.result_code().unwrap().as_str(), code, "{id_type:?} {digit}");
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}

/// Runs every signed operation for this partner, and hands over how each failed.
fn each_failure(driver: Driver, partner: &Partner, mut look: impl FnMut(&str, CallError)) {
    macro_rules! fail {
        ($($name:literal $operation:expr,)*) => {
            $(look($name, driver.call(partner.clone(), $operation, quick()).map(drop).unwrap_err());)*
        };
    }
    fail! {
        "EnhancedKyc" EnhancedKycRequest::new(params("1"), bvn("00000000000")),
        "AsyncEnhancedKyc" AsyncEnhancedKycRequest::new(params("2"), bvn("00000000000")),
        "BasicKyc" BasicKycRequest::new(params("3"), bvn("00000000000")),
        "AsyncBasicKyc" AsyncBasicKycRequest::new(params("4"), bvn("00000000000")),
        "BusinessVerification" BusinessVerificationRequest::new(params("5"), company()),
        "AsyncBusinessVerification" AsyncBusinessVerificationRequest::new(params("6"), company()),
        "AmlCheck" AmlRequest::new(params("7"), "Joe Leo", ["NG"]),
        "AddressVerification" address(),
        "PhoneVerification" phone(),
        "WebToken" WebTokenRequest::new(params("8"), "authentication"),
        "CreateSmileLink" CreateSmileLinkRequest::new(link()),
        "UpdateSmileLink" UpdateSmileLinkRequest::disable("r"),
        "ListSmileLinks" ListSmileLinksRequest::new(),
        "ReadSmileLink" ReadSmileLinkRequest::new("r"),
        "BvnConsent" BvnConsentRequest::new("00000000000"),
        "ProductsConfig" ProductsConfigRequest,
        "ValidDocuments" ValidDocumentsRequest,
        "JobStatus" JobStatusRequest::new(params("9").user_id().clone(), params("9").job_id().clone()),
    }
}

#[test]
fn a_wrong_key_is_refused_everywhere_and_nothing_is_unknown_after_it() {
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        let stranger = Partner::new(sandbox.partner_id(), "other", sandbox.environment().clone()).unwrap();
        let stranger = stranger.with_callback_url(CALLBACK);
        each_failure(driver, &stranger, |name, error| {
            assert!(error.is_unauthorized(), "{driver:?} {name}: {error}");
            assert!(!error.outcome_unknown(), "{driver:?} {name}");
        });
        assert!(sandbox.jobs().is_empty(), "{driver:?}");
    }
}

#[test]
fn nobody_at_home_leaves_nothing_unknown() {
    let nobody = Nobody::new();
    let nowhere: Environment = format!("http://{}/v1", nobody.address()).parse().unwrap();
    let partner = Partner::new("001", "key", nowhere).unwrap().with_callback_url(CALLBACK);
    for driver in ALL_DRIVERS {
        each_failure(driver, &partner, |name, error| {
            assert!(!error.outcome_unknown(), "{driver:?} {name}: {error}");
        });
    }
}

#[test]
fn what_the_service_refuses_comes_out_with_its_code() {
    let sandbox = Sandbox::start().unwrap();
    for driver in ALL_DRIVERS {
        let partner = partner(&sandbox).without_id_type_checks();
        let code = |error: &CallError| error.operation().unwrap().api().unwrap().code().map(str::to_owned);
        let missing = RawRequest::post("/v1/id_verification").unwrap().with_field("country", "NG");
        let error = driver.call(partner.clone(), missing, quick()).unwrap_err();
        assert_eq!(code(&error).as_deref(), Some("2413"), "{driver:?}: {error}");
        let unsupported = RawRequest::post("/v1/business_verification")
            .unwrap()
            .with_field("country", "NG")
            .with_field("id_type", "BUSINESS_REGISTRATION")
            .with_field("id_number", "0000000")
            .with_field("business_type", "xx")
            .with_field(
                "partner_params",
                serde_json::json!({ "user_id": "u", "job_id": "j", "job_type": 7 }),
            );
        let error = driver.call(partner.clone(), unsupported, quick()).unwrap_err();
        assert_eq!(code(&error).as_deref(), Some("2413"), "{driver:?}: {error}");
        let nowhere = driver.call(partner, RawRequest::get("/v1/nothing").unwrap(), quick()).unwrap_err();
        assert_eq!(nowhere.operation().unwrap().api().unwrap().status(), 404, "{driver:?}");
    }
}

/// Breaks the connection of each operation in each way: the work is done at most once, and the
/// error says so.
#[test]
fn money_is_spent_once_wherever_the_connection_breaks() {
    let faults = [
        Fault::LoseRequest,
        Fault::LoseAnswer,
        Fault::Answer(StatusCode::BAD_GATEWAY),
        Fault::Answer(StatusCode::SERVICE_UNAVAILABLE),
    ];
    for driver in ALL_DRIVERS {
        for (number, fault) in faults.iter().enumerate() {
            let sandbox = Sandbox::start().unwrap();
            let partner = partner(&sandbox);
            let acted = *fault == Fault::LoseAnswer;
            let job = |name: &str| params(&format!("{name}-{number}"));
            let processed =
                |name: &str| sandbox.job(&format!("job-{name}-{number}")).map_or(0, |job| job.processed);
            macro_rules! breaks {
                ($step:ident, $name:literal, $operation:expr) => {{
                    sandbox.fail_next(Endpoint::$step, fault.clone());
                    let outcome = driver.call(partner.clone(), $operation, quick());
                    assert_eq!(processed($name), u32::from(acted), "{driver:?} {fault:?} {}", $name);
                    match &outcome {
                        // Its status stood for the answer.
                        Ok(_) => assert!(acted, "{driver:?} {fault:?} {}", $name),
                        Err(error) => {
                            assert!(
                                error.outcome_unknown() && !acted,
                                "{driver:?} {fault:?} {}: {error}",
                                $name
                            );
                            assert!(error.key().is_some());
                        }
                    }
                }};
            }
            breaks!(EnhancedKyc, "ek", EnhancedKycRequest::new(job("ek"), bvn("00000000000")));
            breaks!(EnhancedKycAsync, "eka", AsyncEnhancedKycRequest::new(job("eka"), bvn("00000000000")));
            breaks!(BasicKyc, "bk", BasicKycRequest::new(job("bk"), bvn("00000000000")));
            breaks!(BasicKycAsync, "bka", AsyncBasicKycRequest::new(job("bka"), bvn("00000000000")));
            breaks!(BusinessVerification, "bv", BusinessVerificationRequest::new(job("bv"), company()));
            breaks!(
                BusinessVerificationAsync,
                "bva",
                AsyncBusinessVerificationRequest::new(job("bva"), company())
            );

            macro_rules! unknown {
                ($step:ident, $operation:expr) => {{
                    sandbox.fail_next(Endpoint::$step, fault.clone());
                    let before = sandbox.requests().len();
                    let error = driver.call(partner.clone(), $operation, quick()).map(drop).unwrap_err();
                    assert!(error.outcome_unknown(), "{driver:?} {fault:?} {}: {error}", stringify!($step));
                    assert!(
                        sandbox.requests().len() <= before + 1,
                        "{driver:?} {fault:?} {}",
                        stringify!($step)
                    );
                }};
            }
            unknown!(AddressVerification, address());
            unknown!(PhoneVerification, phone());
            unknown!(SmileLinks, CreateSmileLinkRequest::new(link()));
            unknown!(Consent, BvnConsentRequest::new("00000000000"));

            macro_rules! repeats {
                ($step:ident, $operation:expr) => {{
                    sandbox.fail_next(Endpoint::$step, fault.clone());
                    let outcome = driver.call(partner.clone(), $operation, quick()).map(drop);
                    assert!(outcome.is_ok(), "{driver:?} {fault:?} {}: {outcome:?}", stringify!($step));
                }};
            }
            repeats!(WebToken, WebTokenRequest::new(job("t"), "smartselfie"));
            repeats!(Services, ServicesRequest::new());
            repeats!(ProductsConfig, ProductsConfigRequest);
            repeats!(ValidDocuments, ValidDocumentsRequest);
            repeats!(SmileLinks, ListSmileLinksRequest::new());
            repeats!(
                JobStatus,
                JobStatusRequest::new(job("ek").user_id().clone(), job("ek").job_id().clone())
            );
        }
    }
}

#[test]
fn a_number_that_the_format_refuses_never_leaves_the_machine() {
    let sandbox = Sandbox::start().unwrap();
    let partner = partner(&sandbox);
    for id_info in [bvn("0000000000"), bvn("000 0000 0000"), IdInfo::new("ng", "BVN", "00000000000"), bvn("")]
    {
        for driver in ALL_DRIVERS {
            let error = driver
                .call(partner.clone(), EnhancedKycRequest::new(params("bad"), id_info.clone()), quick())
                .unwrap_err();
            assert_eq!(error.problems().len(), 1, "{driver:?}: {error}");
        }
    }
    assert!(sandbox.requests().is_empty());
    // Unless it is left to the service.
    let lenient = partner.without_id_type_checks();
    let judged = Driver::Ureq
        .call(lenient, EnhancedKycRequest::new(params("judged"), bvn("0000000002")), quick())
        .unwrap();
    assert_eq!(judged.verdict.decision(), Decision::Error);
}

#[test]
fn the_services_answer_stands_in_for_the_built_in_id_types() {
    let sandbox = Sandbox::start().unwrap();
    let services = Driver::Ureq.call(partner(&sandbox), ServicesRequest::new(), quick()).unwrap();
    let informed = partner(&sandbox).with_id_types(services.id_types());
    let error = Driver::Ureq
        .call(informed, EnhancedKycRequest::new(params("informed"), bvn("1")), quick())
        .unwrap_err();
    assert_eq!(error.problems()[0].field, "id_number");
}

/// Every code that the service is known to answer with comes out of every operation as itself,
/// through every driver.
#[test]
fn each_documented_error_comes_out_as_itself() {
    use std::sync::{Arc, Mutex};
    let code = Arc::new(Mutex::new(String::new()));
    let told = Arc::clone(&code);
    let server = smile_tests::CannedServer::start(move |_, _| {
        let body = serde_json::json!({ "error": "what the service wrote", "code": *told.lock().unwrap() });
        let response = axum::response::Response::builder().status(400);
        response.body(axum::body::Body::from(body.to_string())).unwrap()
    });
    let partner = Partner::new("001", "key", format!("{}/v1", server.address()).parse().unwrap()).unwrap();
    let partner = partner.with_callback_url(CALLBACK);
    let errors = smile_core::catalogue::api_codes().iter().filter(|row| !matches!(row.code, "2202" | "2302"));
    for row in errors {
        row.code.clone_into(&mut code.lock().unwrap());
        for driver in ALL_DRIVERS {
            each_failure(driver, &partner, |name, error| {
                let api = error
                    .operation()
                    .and_then(|error| error.api())
                    .unwrap_or_else(|| panic!("{name}: {error}"));
                assert_eq!(api.code(), Some(row.code), "{driver:?} {name}");
                assert_eq!(error.is_unauthorized(), matches!(row.code, "2205" | "2405"), "{driver:?} {name}");
                assert!(!error.to_string().contains("what the service wrote"));
            });
        }
    }
}
