//! An observer that refuses ends a job or a check before the next request, through each driver; and
//! a check goes on from the checkpoint that it was given.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smile_core::v1::{EnhancedKycRequest, Verification};
use smile_core::{CallErrorKind, Checkpoint, Event, IdInfo, JobErrorKind, ObserverResult, Progress, Step};
use smile_sandbox::{Endpoint, Fault, Sandbox};
use smile_tests::{ALL_DRIVERS, Driver, biometric_kyc, params, quick};

fn check(name: &str) -> EnhancedKycRequest {
    let id_info = IdInfo::new("NG", "BVN", "00000000000").with_first_name("Joe").with_last_name("Leo");
    EnhancedKycRequest::new(params(name), id_info)
}

/// Refuses the first event that matches.
fn refusing(is_it: impl Fn(&Event) -> bool + Send + 'static) -> impl FnMut(Event) -> ObserverResult + Send {
    move |event| if is_it(&event) { Err("the database is down".into()) } else { Ok(()) }
}

#[test]
fn a_job_whose_checkpoint_cannot_be_stored_sends_nothing() {
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        let observer = refusing(|event| matches!(event, Event::Checkpoint(_)));
        let error = driver
            .submit_with(sandbox.partner(), biometric_kyc("unstored"), quick(), None, observer)
            .unwrap_err();
        assert!(matches!(error.kind(), JobErrorKind::Observer(_)), "{driver:?}: {error}");
        assert_eq!(error.source().unwrap().to_string(), "the database is down");
        assert_eq!(error.progress(), Progress::Nothing);
        assert!(error.is_retryable() && sandbox.requests().is_empty(), "{driver:?}");
    }
}

#[test]
fn a_job_whose_lease_is_lost_before_the_upload_is_not_uploaded() {
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        let observer = refusing(|event| matches!(event, Event::Sending { step: Step::Upload, .. }));
        let error = driver
            .submit_with(sandbox.partner(), biometric_kyc("leased"), quick(), None, observer)
            .unwrap_err();
        assert!(matches!(error.kind(), JobErrorKind::Observer(_)), "{driver:?}: {error}");
        assert_eq!(sandbox.job("job-leased").unwrap().uploads, 0, "{driver:?}");
        assert!(!error.outcome_unknown(), "{driver:?}: what was not sent is not lost");
    }
}

#[test]
fn a_check_whose_checkpoint_cannot_be_stored_is_not_sent() {
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        let observer = refusing(|event| matches!(event, Event::Checkpoint(_)));
        let outcome = driver.call_with(sandbox.partner(), check("unstored"), quick(), None, observer);
        let error = outcome.unwrap_err();
        assert!(matches!(error.kind(), CallErrorKind::Observer(_)), "{driver:?}: {error}");
        assert_eq!(error.source().unwrap().to_string(), "the database is down");
        assert!(!error.outcome_unknown() && sandbox.requests().is_empty(), "{driver:?}");
    }
}

/// Runs a check that breaks off before the status can tell what became of it, and returns its last
/// checkpoint.
fn broken_off(driver: Driver, sandbox: &Sandbox, name: &str, fault: Fault) -> Checkpoint {
    sandbox.fail_next(Endpoint::EnhancedKyc, fault);
    let stored = Arc::new(Mutex::new(None));
    let store = Arc::clone(&stored);
    let observer = move |event| match event {
        Event::Checkpoint(checkpoint) => {
            *store.lock().unwrap() = Some(serde_json::to_string(&checkpoint)?);
            Ok(())
        }
        // As if the process died here.
        Event::Sending { step: Step::JobStatus, .. } => Err("killed".into()),
        _ => Ok(()),
    };
    let error = driver.call_with(sandbox.partner(), check(name), quick(), None, observer).unwrap_err();
    assert!(error.outcome_unknown(), "{driver:?}: {error}");
    let text = stored.lock().unwrap().take().unwrap();
    serde_json::from_str(&text).unwrap()
}

fn resume(
    driver: Driver,
    sandbox: &Sandbox,
    name: &str,
    checkpoint: &Checkpoint,
) -> Result<Verification, smile_core::CallError> {
    driver.call_with(sandbox.partner(), check(name), quick(), Some(checkpoint), |_| Ok(()))
}

#[test]
fn a_check_that_was_carried_out_is_resumed_to_its_result_and_billed_once() {
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        let checkpoint = broken_off(driver, &sandbox, "done", Fault::LoseAnswer);
        for _ in 0..2 {
            let found = resume(driver, &sandbox, "done", &checkpoint).unwrap();
            assert!(found.verdict.is_approved(), "{driver:?}");
        }
        assert_eq!(sandbox.job("job-done").unwrap().processed, 1, "{driver:?}");
    }
}

#[test]
fn a_check_that_never_arrived_is_resumed_as_unknown_and_not_sent() {
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        let checkpoint = broken_off(driver, &sandbox, "lost", Fault::LoseRequest);
        let error = resume(driver, &sandbox, "lost", &checkpoint).unwrap_err();
        assert!(error.outcome_unknown(), "{driver:?}: {error}");
        assert!(sandbox.job("job-lost").is_none(), "{driver:?}");
    }
}

#[test]
fn an_earlier_check_under_the_same_ids_is_not_this_ones_result() {
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        driver.call(sandbox.partner(), check("twice"), quick()).unwrap();
        let checkpoint = broken_off(driver, &sandbox, "twice", Fault::LoseRequest);
        assert!(resume(driver, &sandbox, "twice", &checkpoint).unwrap_err().outcome_unknown(), "{driver:?}");
    }
}

/// Sends a check of which the service has never heard, and whose loss the sandbox tells in either
/// way.
fn never_arrived(
    driver: Driver,
    refuses: bool,
    resends: bool,
) -> (Result<Verification, smile_core::CallError>, usize) {
    let sandbox = Sandbox::builder().with_refuse_unknown_jobs(refuses).start().unwrap();
    sandbox.fail_next(Endpoint::EnhancedKyc, Fault::LoseRequest);
    // Nothing is sent again before the first one's own time is over.
    let settings =
        quick().with_request_timeout(Duration::from_secs(2)).with_resending_of_denied_checks(resends);
    let outcome = driver.call_with(sandbox.partner(), check("denied"), settings, None, |_| Ok(()));
    (outcome, sandbox.job("job-denied").map_or(0, |job| job.processed as usize))
}

fn denied_checks_are_sent_again_where_the_settings_allow_it(driver: Driver) {
    for refuses in [false, true] {
        let (outcome, processed) = never_arrived(driver, refuses, true);
        assert!(outcome.unwrap().verdict.is_approved(), "{driver:?}, {refuses}");
        assert_eq!(processed, 1, "{driver:?}, {refuses}");
        let (outcome, processed) = never_arrived(driver, refuses, false);
        assert!(outcome.unwrap_err().outcome_unknown(), "{driver:?}, {refuses}");
        assert_eq!(processed, 0, "{driver:?}, {refuses}");
    }
    // What the service has is not sent again.
    let sandbox = Sandbox::start().unwrap();
    sandbox.fail_next(Endpoint::EnhancedKyc, Fault::LoseAnswer);
    let settings = quick().with_resending_of_denied_checks(true);
    let outcome = driver.call_with(sandbox.partner(), check("denied"), settings, None, |_| Ok(()));
    assert!(outcome.unwrap().verdict.is_approved(), "{driver:?}");
    assert_eq!(sandbox.job("job-denied").unwrap().processed, 1, "{driver:?}");
}

#[test]
fn denied_checks_are_sent_again_over_reqwest() {
    denied_checks_are_sent_again_where_the_settings_allow_it(Driver::Reqwest);
}

#[test]
fn denied_checks_are_sent_again_over_ureq() {
    denied_checks_are_sent_again_where_the_settings_allow_it(Driver::Ureq);
}

#[test]
fn denied_checks_are_sent_again_by_hand() {
    denied_checks_are_sent_again_where_the_settings_allow_it(Driver::ByHand);
}
