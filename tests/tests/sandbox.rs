//! Whole jobs through each driver against the sandbox.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use smile_core::v1::ProductsConfigRequest;
use smile_core::{
    ApiKey, Decision, FlowSettings, IdInfo, Image, Job, JobStatusRequest, JobType, OperationError, Partner,
    Selfie, Timestamp, UserId,
};
use smile_sandbox::{Endpoint, Fault, Sandbox};
use smile_tests::{ALL_DRIVERS, Driver, Nobody, biometric_kyc, block_on, jpeg, params, quick};

fn image(number: u8) -> Image {
    Image::bytes(jpeg(number, 3_000))
}

#[test]
fn every_product_is_accepted_and_judged() {
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        for user in ["user-auth", "user-photo", "user-enrolled"] {
            sandbox.enrol(user);
        }
        let id_info = IdInfo::new("NG", "BVN", "00000000000");
        for (job, decision) in [
            (Job::biometric_kyc(params("kyc"), image(0), id_info.clone()), Decision::Approved),
            (Job::biometric_kyc_with_id_card(params("card"), image(0), image(1)), Decision::Approved),
            (Job::smartselfie_registration(params("reg"), image(0)), Decision::Approved),
            (Job::smartselfie_authentication(params("auth"), image(0)), Decision::Approved),
            (Job::document_verification(params("doc"), image(0), image(1), "GH"), Decision::Approved),
            (
                Job::document_verification(params("enrolled"), Selfie::Enrolled, image(1), "GH"),
                Decision::Approved,
            ),
            (
                Job::enhanced_document_verification(params("edoc"), image(0), image(1), "GH", "PASSPORT"),
                Decision::Approved,
            ),
            // Their codes are not documented, so whatever comes is not an approval.
            (Job::update_photo(params("photo"), image(0)), Decision::Unknown),
            (Job::compare_user_info(params("compare"), image(0), image(1), id_info), Decision::Unknown),
        ] {
            let job = job
                .with_liveness((1..=8).map(image))
                .with_id_card_back(image(9))
                .with_return_job_status(true);
            let outcome = driver.submit(sandbox.partner(), job.clone(), quick()).unwrap();
            let verdict = outcome.verdict().unwrap();
            assert_eq!(verdict.decision(), decision, "{driver:?} {job:?}");
        }
    }
}

#[test]
fn a_job_goes_on_whatever_the_service_says_of_one_that_it_never_had() {
    for (driver, refuses) in ALL_DRIVERS.into_iter().flat_map(|driver| [(driver, false), (driver, true)]) {
        for fault in [Fault::LoseRequest, Fault::LoseAnswer] {
            let sandbox = Sandbox::builder().with_refuse_unknown_jobs(refuses).start().unwrap();
            sandbox.fail_next(Endpoint::PrepUpload, fault.clone());
            let job = Job::smartselfie_registration(params("j"), image(0)).with_return_job_status(true);
            let outcome = driver.submit(sandbox.partner(), job, quick());
            assert!(outcome.unwrap().verdict().unwrap().is_approved(), "{driver:?} {refuses} {fault:?}");
            assert_eq!(sandbox.jobs().len(), 1);
        }
    }
}

#[test]
fn the_test_numbers_and_sandbox_results_steer_the_outcome() {
    let sandbox = Sandbox::builder().with_automatic_review(None).start().unwrap();
    let submit = |name: &str, number: &str, result: Option<&str>| {
        let mut with = params(name).with_param("branch", "Lagos");
        if let Some(result) = result {
            with = with.with_param("sandbox_result", result);
        }
        let job =
            Job::biometric_kyc(with, image(0), IdInfo::new("NG", "BVN", number)).with_return_job_status(true);
        let outcome = Driver::Ureq.submit(sandbox.partner(), job, quick()).unwrap();
        let status = outcome.status().unwrap();
        let branch = status.entry().unwrap().partner_params().get("branch").cloned();
        assert_eq!(branch, Some("Lagos".into()), "extra keys come back untouched");
        let verdict = outcome.verdict().unwrap();
        (verdict.code().unwrap().to_string(), verdict.decision(), verdict.is_final())
    };
    let is = |code: &str, decision, is_final| (code.to_owned(), decision, is_final);
    assert_eq!(submit("0", "00000000000", None), is("0810", Decision::Approved, true));
    assert_eq!(submit("1", "00000000001", None), is("1013", Decision::Rejected, true));
    assert_eq!(submit("2", "00000000002", None), is("1014", Decision::Error, true));
    assert_eq!(submit("3", "00000000003", None), is("1015", Decision::Error, true));
    assert_eq!(submit("r1", "00000000000", Some("1")), is("0811", Decision::Rejected, true));
    assert_eq!(submit("r2", "00000000000", Some("2")), is("0812", Decision::Provisional, false));
}

#[test]
fn a_kind_of_id_without_a_photo_is_warned_of_and_ends_with_a_human() {
    let sandbox = Sandbox::builder().with_automatic_review(None).start().unwrap();
    let id_info = IdInfo::new("KE", "NATIONAL_ID_NO_PHOTO", "00000000");
    let job = Job::biometric_kyc(params("no-photo"), image(0), id_info).with_return_job_status(true);
    let warnings = job.check(&sandbox.partner()).warnings;
    let fields: Vec<&str> = warnings.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["images (liveness)", "id_info.id_type"]);
    let outcome = Driver::Ureq.submit(sandbox.partner(), job.clone(), quick()).unwrap();
    assert_eq!(outcome.verdict().unwrap().decision(), Decision::Provisional);
    let compared = outcome.status().unwrap().entry().unwrap().actions().get("Selfie_To_ID_Authority_Compare");
    assert_eq!(compared.as_str(), "ID Authority Photo Not Available");
}

#[test]
fn ten_images_of_a_mebibyte_arrive_whole() {
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        let pictures: Vec<Vec<u8>> = (0..10).map(|number| jpeg(number, 1024 * 1024)).collect();
        let job = Job::smartselfie_registration(params("large"), Image::bytes(pictures[0].clone()))
            .with_liveness(pictures[1..].iter().cloned().map(Image::bytes))
            .with_return_job_status(true);
        let outcome = driver.submit(sandbox.partner(), job, quick()).unwrap();
        assert!(outcome.verdict().unwrap().is_approved(), "{driver:?}");
        let record = sandbox.job("job-large").unwrap();
        let arrived: Vec<&[u8]> = record.images.iter().map(|image| &image.bytes[..]).collect();
        assert!(arrived == pictures, "{driver:?}");
    }
}

/// Each fault at each step, through each driver: the job ends well, and the service has worked on
/// it once.
#[test]
fn whatever_breaks_once_is_mended_and_nothing_is_done_twice() {
    let faults =
        [Fault::LoseRequest, Fault::LoseAnswer, Fault::Answer(http::StatusCode::SERVICE_UNAVAILABLE)];
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        // An upload that failed is sent again only after its time limit.
        let quick = || quick().with_upload_timeout(std::time::Duration::from_millis(300));
        for step in [Endpoint::PrepUpload, Endpoint::Upload, Endpoint::JobStatus] {
            for (number, fault) in faults.iter().cloned().enumerate() {
                let name = format!("{step:?}-{number}");
                sandbox.fail_next(step, fault);
                let outcome = driver.submit(sandbox.partner(), biometric_kyc(&name), quick());
                let outcome = outcome.unwrap_or_else(|error| panic!("{driver:?} {name}: {error}"));
                assert!(outcome.verdict().unwrap().is_approved(), "{driver:?} {name}");
                let record = sandbox.job(&format!("job-{name}")).unwrap();
                assert_eq!(record.processed, 1, "{driver:?} {name}");
            }
        }
    }
}

#[test]
fn refusals_come_out_as_what_they_are() {
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        driver.submit(sandbox.partner(), biometric_kyc("twice"), quick()).unwrap();
        let again = driver.submit(sandbox.partner(), biometric_kyc("twice"), quick()).unwrap_err();
        assert!(again.is_job_already_exists(), "{driver:?}: {again}");

        let stranger =
            Job::smartselfie_authentication(params("stranger"), image(0)).with_return_job_status(true);
        let error = driver.submit(sandbox.partner(), stranger, quick()).unwrap_err();
        assert!(error.to_string().contains("2210"), "{driver:?}: {error}");

        let wrong_key =
            smile_core::Partner::new(sandbox.partner_id(), "other", sandbox.environment().clone()).unwrap();
        let error = driver.submit(wrong_key, biometric_kyc("key"), quick()).unwrap_err();
        assert!(error.is_unauthorized(), "{driver:?}: {error}");
    }
}

#[test]
fn nobody_at_home_is_an_error_that_may_be_retried() {
    let nobody = Nobody::new();
    let nowhere = format!("http://{}/v1", nobody.address());
    for driver in ALL_DRIVERS {
        let partner = smile_core::Partner::new("001", "key", nowhere.parse().unwrap()).unwrap();
        let error = driver.submit(partner, biometric_kyc("nobody"), quick()).unwrap_err();
        assert!(error.is_retryable(), "{driver:?}: {error:?}");
    }
}

#[test]
fn a_missing_file_leaves_no_job_behind() {
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        let job = Job::smartselfie_registration(params("missing"), Image::path("/nowhere/selfie.jpg"))
            .with_liveness([Image::path(std::env::temp_dir())])
            .with_return_job_status(true);
        let error = driver.submit(sandbox.partner(), job, quick()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "nothing was sent: `images[0] (selfie)` names a file that doesn't exist; \
             `images[1] (liveness)` names a directory, not a file"
        );
        assert!(sandbox.requests().is_empty(), "{driver:?}");
    }
}

#[test]
fn the_status_of_any_job_can_be_asked_for_with_history_and_links() {
    let sandbox = Sandbox::start().unwrap();
    Driver::ByHand.submit(sandbox.partner(), biometric_kyc("status"), quick()).unwrap();
    let ids = params("status");
    let request = JobStatusRequest::new(ids.user_id().clone(), ids.job_id().clone())
        .with_job_type(JobType::BIOMETRIC_KYC)
        .with_return_history(true)
        .with_return_image_links(true);
    let blocking = smile_ureq::Client::new(sandbox.partner()).unwrap().call(request.clone()).unwrap();
    let client = smile_reqwest::Client::new(sandbox.partner()).unwrap();
    let asynchronous = block_on(client.call(request)).unwrap();
    for status in [blocking, asynchronous] {
        assert!(status.verdict().unwrap().is_approved());
        assert_eq!(status.history.len(), 1);
        assert!(status.image_links.unwrap().selfie_image().unwrap().starts_with("http://127.0.0.1"));
    }
    let stranger = JobStatusRequest::new(UserId::new("nobody"), ids.job_id().clone());
    let status = smile_ureq::Client::new(sandbox.partner()).unwrap().call(stranger).unwrap();
    assert!(status.has_zip() == Some(false) && status.verdict().is_none());
}

#[test]
fn redirects_are_not_followed() {
    use axum::body::Body;
    use axum::response::Response;
    let elsewhere = smile_tests::CannedServer::start(|_, _| Response::new(Body::from("{}")));
    let target = format!("{}/v1/upload", elsewhere.address());
    let server = smile_tests::CannedServer::start(move |_, _| {
        Response::builder().status(307).header("location", &target).body(Body::empty()).unwrap()
    });
    let environment: smile_core::Environment = format!("{}/v1", server.address()).parse().unwrap();
    let partner = smile_core::Partner::new("001", "key", environment).unwrap();
    for driver in ALL_DRIVERS {
        let error = driver.submit(partner.clone(), biometric_kyc("redirect"), quick()).unwrap_err();
        assert!(error.to_string().contains("redirect"), "{driver:?}: {error}");
    }
    assert!(elsewhere.take().is_empty());
    // A client of the user's that does follow is not believed either.
    let http = reqwest::Client::new();
    let client = smile_reqwest::Client::with_http_client(partner, http)
        .with_settings(FlowSettings::default().with_retry_policy(smile_core::RetryPolicy::never()));
    let error = block_on(client.submit(biometric_kyc("redirect"))).unwrap_err();
    assert!(matches!(
        error.kind(),
        smile_core::JobErrorKind::Operation { error: OperationError::Transport(_), .. }
    ));
    assert_eq!(elsewhere.take().len(), 1, "it is not sent there again");
}

#[test]
fn answers_that_are_too_large_are_not_read() {
    use axum::body::Body;
    use axum::response::Response;
    let server = smile_tests::CannedServer::start(|_, _| Response::new(Body::from(vec![b' '; 100_000])));
    let environment: smile_core::Environment = format!("{}/v1", server.address()).parse().unwrap();
    let partner = smile_core::Partner::new("001", "key", environment).unwrap();
    let blocking = smile_ureq::Client::new(partner.clone())
        .unwrap()
        .with_settings(quick())
        .with_max_response_bytes(50_000);
    let asynchronous = smile_reqwest::Client::new(partner).unwrap();
    let asynchronous = asynchronous.with_settings(quick()).with_max_response_bytes(50_000);
    for error in
        [blocking.submit(biometric_kyc("large")), block_on(asynchronous.submit(biometric_kyc("large")))]
            .map(Result::unwrap_err)
    {
        assert!(error.to_string().contains("larger than this client takes"), "{error}");
    }
}

#[test]
fn a_key_from_a_function_is_rotated_under_clients_and_verifiers_that_stay() {
    let sandbox = Sandbox::start().unwrap();
    let current = std::sync::Arc::new(std::sync::Mutex::new(ApiKey::new("yesterdays-key").unwrap()));
    let asked = std::sync::Arc::clone(&current);
    let key = ApiKey::from_fn(move || asked.lock().unwrap().clone());
    let partner = Partner::new(sandbox.partner_id(), key, sandbox.environment().clone()).unwrap();
    let verifier = partner.verifier();
    let signed = sandbox.partner().signer().sign(Timestamp::from_unix_millis(0));
    let confirmed = || partner.signer().confirm(signed.timestamp(), signed.signature()).is_ok();
    let callback = smile_sandbox::signed_callback::signed_callback(
        smile_sandbox::signed_callback::Product::BiometricKyc,
        smile_sandbox::signed_callback::Outcome::Approved,
    );
    let now = Timestamp::from_unix_millis(1_705_314_600_000);
    let callback = callback
        .with_partner(sandbox.partner_id(), sandbox.api_key())
        .with_signing_time(now)
        .build()
        .unwrap();
    let (headers, body) = callback.into_parts();
    let believed = || verifier.verify(now, &headers, body.clone()).is_ok();

    let blocking = smile_ureq::Client::new(partner.clone()).unwrap().with_settings(quick());
    let asynchronous = smile_reqwest::Client::new(partner.clone()).unwrap().with_settings(quick());
    assert!(blocking.call(ProductsConfigRequest).unwrap_err().is_unauthorized());
    assert!(block_on(asynchronous.call(ProductsConfigRequest)).unwrap_err().is_unauthorized());
    assert!(!confirmed() && !believed());

    *current.lock().unwrap() = ApiKey::new(sandbox.api_key()).unwrap();
    blocking.call(ProductsConfigRequest).unwrap();
    block_on(asynchronous.call(ProductsConfigRequest)).unwrap();
    assert!(confirmed() && believed());
}
