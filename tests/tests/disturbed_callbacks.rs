//! The SDK's reading of callbacks that the sandbox has disturbed.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::time::Duration;

use http::HeaderMap;
use smile_core::{Callback, IdInfo, Image, Job, Partner, PartnerParams, Refusal};
use smile_sandbox::{CallbackRecord, Disturbance, Sandbox};
use smile_tests::{Driver, jpeg, params, quick};

/// A sandbox and its partner, whose callbacks go to nobody.
fn sandbox() -> (Sandbox, Partner) {
    let sandbox = Sandbox::builder().with_automatic_review(None).with_callback_retries([]).start().unwrap();
    sandbox.enrol("user-auth");
    let partner = sandbox.partner().with_callback_url("http://127.0.0.1:1/");
    (sandbox, partner)
}

fn image() -> Image {
    Image::bytes(jpeg(0, 500))
}

/// A job of every product that has an approval, with what the test asks for.
fn jobs(sandbox_result: &str) -> Vec<Job> {
    let asking = |name: &str| -> PartnerParams { params(name).with_param("sandbox_result", sandbox_result) };
    let jobs = [
        Job::biometric_kyc(asking("kyc"), image(), IdInfo::new("NG", "BVN", "00000000000")),
        Job::biometric_kyc_with_id_card(asking("card"), image(), image()),
        Job::smartselfie_registration(asking("reg"), image()),
        Job::smartselfie_authentication(asking("auth"), image()),
        Job::document_verification(asking("doc"), image(), image(), "GH"),
        Job::enhanced_document_verification(asking("edoc"), image(), image(), "GH", "PASSPORT"),
    ];
    let complete = |job: Job| job.with_liveness((1..=8).map(|_| image())).with_return_job_status(true);
    jobs.into_iter().map(complete).collect()
}

fn disturbed(sandbox: &Sandbox, disturbance: Disturbance) -> CallbackRecord {
    let original = sandbox.callbacks().into_iter().find(|made| made.copy_of.is_none()).unwrap();
    let copy = sandbox.disturb_callback(original.id, disturbance).unwrap();
    sandbox.callbacks().into_iter().find(|made| made.id == copy).unwrap()
}

/// A receiver's reading of the callback on arrival.
fn received(partner: &Partner, callback: &CallbackRecord) -> Result<Callback, Refusal> {
    partner.verifier().verify(callback.made_at, &HeaderMap::new(), callback.body.clone())
}

/// The reason why an approval in a callback is a hint and no more.
#[test]
fn a_forged_approval_convinces_whoever_goes_by_the_callback_and_nobody_who_asks() {
    for sandbox_result in ["1", "2"] {
        for job in jobs(sandbox_result) {
            let (sandbox, partner) = sandbox();
            let asked = Driver::Ureq.submit(partner.clone(), job.clone(), quick()).unwrap();
            let forged = disturbed(&sandbox, Disturbance::Tampered);
            let callback = received(&partner, &forged).unwrap();
            assert!(callback.verdict().is_approved(), "{job:?}: {:?}", callback.verdict());
            assert!(!asked.verdict().unwrap().is_approved(), "{job:?}");
        }
    }
}

#[test]
fn an_approval_can_be_forged_into_a_rejection() {
    for job in jobs("0") {
        let (sandbox, partner) = sandbox();
        Driver::Ureq.submit(partner.clone(), job.clone(), quick()).unwrap();
        let forged = disturbed(&sandbox, Disturbance::Tampered);
        let callback = received(&partner, &forged).unwrap();
        assert!(!callback.verdict().is_approved(), "{job:?}: {:?}", callback.verdict());
    }
}

#[test]
fn a_wrong_signature_is_refused_and_so_is_an_old_or_a_large_one() {
    let (sandbox, partner) = sandbox();
    Driver::Ureq.submit(partner.clone(), jobs("0").remove(0), quick()).unwrap();
    let refusal = |disturbance| received(&partner, &disturbed(&sandbox, disturbance)).unwrap_err();
    assert_eq!(refusal(Disturbance::WronglySigned), Refusal::WrongSignature);
    assert!(matches!(refusal(Disturbance::Oversized), Refusal::TooLarge { .. }));
    let hour = Duration::from_secs(60 * 60);
    let stale = refusal(Disturbance::Stale(hour));
    assert!(matches!(stale, Refusal::TooOld { age, .. } if age == hour), "{stale:?}");
}
