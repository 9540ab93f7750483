//! The adapters over https, with an authority that they are told to trust.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::sync::Arc;

use smile_core::v1::EnhancedKyc;
use smile_core::{IdInfo, Partner, Progress};
use smile_sandbox::Sandbox;
use smile_tests::{Driver, biometric_kyc, block_on, params, quick};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// A sandbox, and a partner that uses it over https alone.
fn encrypted() -> (Sandbox, Partner) {
    let sandbox = Sandbox::builder().tls().start().unwrap();
    let environment = sandbox.https_base_url().unwrap().parse().unwrap();
    let partner = Partner::new(sandbox.partner_id(), sandbox.api_key(), environment).unwrap();
    (sandbox, partner)
}

#[test]
fn reqwest_runs_a_job() {
    let (sandbox, partner) = encrypted();
    let authority = reqwest::Certificate::from_pem(sandbox.ca_pem().unwrap().as_bytes()).unwrap();
    let http = reqwest::Client::builder()
        .tls_certs_only([authority])
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let client = smile_reqwest::Client::with_http_client(partner, http).with_settings(quick());
    let outcome = block_on(client.submit(biometric_kyc("https"))).unwrap();
    assert!(outcome.verdict().unwrap().is_approved());
    assert_eq!(sandbox.job("job-https").unwrap().processed, 1);
}

#[test]
fn ureq_runs_a_job() {
    let (sandbox, partner) = encrypted();
    let authority = Certificate::from_pem(sandbox.ca_pem().unwrap().as_bytes()).unwrap();
    let tls = TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(vec![authority]))).build();
    let agent = ureq::Agent::config_builder()
        .tls_config(tls)
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .new_agent();
    let client = smile_ureq::Client::with_http_agent(partner, agent).with_settings(quick());
    let outcome = client.submit(biometric_kyc("https")).unwrap();
    assert!(outcome.verdict().unwrap().is_approved());
    assert_eq!(sandbox.job("job-https").unwrap().processed, 1);
}

#[test]
fn a_certificate_that_is_not_trusted_is_told_as_nothing_sent() {
    let (sandbox, partner) = encrypted();
    for driver in [Driver::Ureq, Driver::Reqwest] {
        let error = driver.submit(partner.clone(), biometric_kyc("stranger"), quick()).unwrap_err();
        assert_eq!(error.progress(), Progress::Nothing, "{driver:?}: {error}");
        assert!(error.is_retryable(), "{driver:?}: {error}");

        let id_info = IdInfo::new("NG", "BVN", "00000000000");
        let check = EnhancedKyc::new(params("stranger"), id_info);
        let error = driver.call(partner.clone(), check, quick()).unwrap_err();
        assert!(!error.outcome_unknown() && error.is_retryable(), "{driver:?}: {error}");
    }
    assert!(sandbox.requests().is_empty());
}
