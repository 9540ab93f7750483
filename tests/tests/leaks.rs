//! Whole jobs in which everything personal or secret carries a mark, with all logs, errors and
//! `Debug` captured: none of the marks appears.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::fmt::Debug;
use std::sync::Mutex;

use log::{LevelFilter, Log, Metadata, Record};
use smile_core::operation::*;
use smile_core::v1::*;
use smile_core::{
    Callback, Event, IdInfo, Image, ImageEncoding, Job, JobError, JobId, JobOutcome, Partner, PartnerParams,
    Refusal, Timestamp, UserId,
};
use smile_sandbox::{Endpoint, Fault, SampleImage, Sandbox};
use smile_tests::{Driver, quick};

const MARK: &str = "Z9MARKZ9";

/// Everything that anybody could read afterwards.
static SHOWN: Mutex<String> = Mutex::new(String::new());

struct Capture;

impl Log for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut shown = SHOWN.lock().unwrap();
        *shown += &format!("{} {} {}\n", record.level(), record.target(), record.args());
    }

    fn flush(&self) {}
}

fn show(value: &impl Debug) {
    *SHOWN.lock().unwrap() += &format!("{value:?}\n{value:#?}\n");
}

fn verify(sandbox: &Sandbox, body: smile_core::bytes::Bytes) -> Result<Callback, Refusal> {
    let now = Timestamp::from_unix(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap());
    partner(sandbox).verifier().verify(now, &http::HeaderMap::new(), body)
}

fn partner(sandbox: &Sandbox) -> Partner {
    Partner::new(sandbox.partner_id(), sandbox.api_key(), sandbox.environment().clone())
        .unwrap()
        .with_callback_url(format!("http://127.0.0.1:1/{MARK}?token={MARK}"))
        // A mark is no ID number of any kind.
        .without_id_type_checks()
}

/// A job with a mark on everything but its `job_id`, which is there to be seen.
fn job(name: &str, folder: &std::path::Path) -> Job {
    let jpeg = SampleImage::selfie().with_comment(MARK.repeat(500)).jpeg();
    let file = folder.join(format!("{MARK}.jpg"));
    std::fs::write(&file, &jpeg).unwrap();
    let params = PartnerParams::new(UserId::new(format!("{MARK}-{name}")), JobId::new(name))
        .with_param("email", format!("{MARK}@example.com"))
        .with_param("sandbox_result", "0");
    let id_info = IdInfo::new("NG", "BVN", format!("{MARK}0"))
        .with_first_name(MARK)
        .with_last_name(MARK)
        .with_phone_number(MARK)
        .with_dob("2000-09-20")
        .with_field("address", MARK);
    Job::biometric_kyc(params, Image::path(file), id_info)
        .with_liveness([
            Image::bytes(jpeg.clone()),
            Image::bytes(jpeg).with_encoding(ImageEncoding::Base64).with_file_name(MARK),
        ])
        .with_return_job_status(true)
        .with_return_history(true)
        .with_return_image_links(true)
}

fn show_outcome(outcome: &Result<JobOutcome, JobError>) {
    show(outcome);
    let mut shown = String::new();
    match outcome {
        Ok(outcome) => {
            shown += &outcome.verdict().map(ToString::to_string).unwrap_or_default();
            show(&outcome.status());
        }
        Err(error) => {
            let mut cause: Option<&dyn std::error::Error> = Some(error);
            while let Some(error) = cause {
                shown += &format!("{error}\n{error:?}\n");
                cause = error.source();
            }
        }
    }
    *SHOWN.lock().unwrap() += &shown;
}

fn run(
    driver: Driver,
    sandbox: &Sandbox,
    name: &str,
    folder: &std::path::Path,
) -> Result<JobOutcome, JobError> {
    let job = job(name, folder);
    show(&job);
    let outcome = driver.submit_at(partner(sandbox), job, quick(), None, |event: Event| show(&event));
    show_outcome(&outcome);
    outcome
}

/// Every product that takes something personal, well and with its answer lost.
fn products(driver: Driver, sandbox: &Sandbox) {
    let ids = |name: &str| {
        let job_id = JobId::new(format!("{name}-{driver:?}"));
        PartnerParams::new(UserId::new(format!("{MARK}-{name}")), job_id).with_param("email", MARK)
    };
    let id_info = || IdInfo::new("NG", "BVN", format!("{MARK}0")).with_first_name(MARK).with_last_name(MARK);
    let company = || Business::new("ZA", "BUSINESS_REGISTRATION", MARK).with_postal_address(MARK, MARK);
    macro_rules! run {
        ($($operation:expr,)*) => {
            $(
                let operation = $operation;
                show(&operation);
                let outcome = driver.call(partner(sandbox), operation, quick());
                show(&outcome);
                if let Err(error) = &outcome {
                    *SHOWN.lock().unwrap() += &error.to_string();
                }
            )*
        };
    }
    for broken in [false, true] {
        if broken {
            for step in
                [Endpoint::EnhancedKyc, Endpoint::BasicKyc, Endpoint::BusinessVerification, Endpoint::Aml]
            {
                sandbox.fail_next(step, Fault::LoseRequest);
            }
        }
        run! {
            EnhancedKycRequest::new(ids("enhanced"), id_info()),
            AsyncEnhancedKycRequest::new(ids("async-enhanced"), id_info()),
            BasicKycRequest::new(ids("basic"), id_info()),
            AsyncBasicKycRequest::new(ids("async-basic"), id_info()),
            BusinessVerificationRequest::new(ids("business"), company()),
            AsyncBusinessVerificationRequest::new(ids("async-business"), company()),
            AmlRequest::new(ids("aml"), MARK, ["NG"]).with_aliases([MARK]),
            AddressVerificationRequest::nigeria(MARK, MARK, MARK).with_full_name(MARK),
            PhoneVerificationRequest::new("NG", MARK).with_match_field("first_name", MARK).with_field("x", MARK),
            WebTokenRequest::new(ids("token"), "biometric_kyc"),
            CreateSmileLinkRequest::new(SmileLinkDetails::new().with_name(MARK).with_single_use_for(UserId::new(MARK))),
            ReadSmileLinkRequest::new(MARK),
            BvnConsentRequest::new(MARK),
            RawRequest::post(format!("/v1/{MARK}")).unwrap().with_field(MARK, MARK),
        }
    }
}

#[test]
fn nothing_marked_is_ever_shown() {
    log::set_logger(&Capture).unwrap();
    log::set_max_level(LevelFilter::Debug);
    let folder = std::env::temp_dir().join(format!("smile-leaks-{MARK}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let sandbox =
        Sandbox::builder().with_api_key(format!("{MARK}-key")).with_personal_info(true).start().unwrap();
    show(&partner(&sandbox));
    show(&smile_reqwest::Client::new(partner(&sandbox)).unwrap());
    show(&smile_ureq::Client::new(partner(&sandbox)).unwrap());

    for driver in [Driver::Reqwest, Driver::Ureq] {
        run(driver, &sandbox, &format!("well-{driver:?}"), &folder).unwrap();
        // The same again is refused as a duplicate, and then whatever can break breaks for good.
        run(driver, &sandbox, &format!("well-{driver:?}"), &folder).unwrap_err();
        for step in [Endpoint::PrepUpload, Endpoint::Upload, Endpoint::JobStatus] {
            for fault in [Fault::LoseAnswer, Fault::Answer(http::StatusCode::BAD_REQUEST)] {
                for _ in 0..8 {
                    sandbox.fail_next(step, fault.clone());
                    sandbox.fail_next(Endpoint::JobStatus, fault.clone());
                }
                let name = format!("{driver:?}-{step:?}-{fault:?}");
                run(driver, &sandbox, &name, &folder).unwrap_err();
                // What is left of the faults is used up.
                while sandbox.requests().last().is_some_and(|request| request.fault.is_some()) {
                    let _ = run(driver, &sandbox, &format!("{name}-{}", sandbox.requests().len()), &folder);
                }
            }
        }
        let missing = Job::smartselfie_registration(
            PartnerParams::new(UserId::new(MARK), JobId::new("missing")),
            Image::path(folder.join("missing").join(MARK)),
        );
        show_outcome(&driver.submit(partner(&sandbox), missing, quick()));
    }
    for driver in [Driver::Reqwest, Driver::Ureq] {
        products(driver, &sandbox);
    }
    for attempt in sandbox.wait_for_callback_attempts(2, std::time::Duration::from_secs(10)) {
        let callback = verify(&sandbox, attempt.body.clone()).unwrap();
        show(&callback);
        show(&verify(&sandbox, (&b"{}"[..]).into()));
        show(&attempt);
    }
    show(&sandbox);
    show(&sandbox.requests());
    show(&sandbox.jobs());

    // At the level `trace` ureq would log all that is sent, so nothing is.
    log::set_max_level(LevelFilter::Trace);
    run(Driver::Reqwest, &sandbox, "traced-reqwest", &folder).unwrap();
    let refused = run(Driver::Ureq, &sandbox, "traced-ureq", &folder).unwrap_err();
    assert_eq!(refused.progress(), smile_core::Progress::Nothing);
    let smile_core::JobErrorKind::Operation { error: smile_core::OperationError::Transport(failure), .. } =
        refused.kind()
    else {
        panic!("{refused}")
    };
    assert!(failure.detail().contains("limit `ureq`"), "{failure:?}");
    assert!(sandbox.job("traced-ureq").is_none());
    log::set_max_level(LevelFilter::Off);

    let shown = SHOWN.lock().unwrap().clone();
    assert!(
        shown.contains("well-Reqwest") && shown.contains("DEBUG ureq") && shown.contains("TRACE"),
        "it listens"
    );
    let leak = |secret: &str| shown.find(secret).map(|at| shown[at.saturating_sub(300)..at + 40].to_owned());
    assert_eq!(leak(MARK), None);
    // The beginnings of the mark in base64, at its three alignments.
    for encoded in ["WjlNQVJL", "o5TUFSS1", "aOU1BUkt"] {
        assert_eq!(leak(encoded), None);
    }
    let requests = sandbox.requests();
    for request in &requests {
        for part in
            request.query.iter().flat_map(|query| query.split('&')).filter(|part| part.contains("Signature="))
        {
            assert_eq!(leak(part.split_once('=').unwrap().1), None, "a presigned address");
        }
        if let Some(signature) = request.json().and_then(|json| json["signature"].as_str().map(str::to_owned))
        {
            assert_eq!(leak(&signature), None, "a signature");
        }
    }
    assert!(requests.iter().any(|request| request.query.is_some()), "there was something to leak");
    std::fs::remove_dir_all(&folder).unwrap();
}
