//! The adapters over https, with a trusted authority of the test's own.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::sync::Arc;

use smile_core::v1::EnhancedKycRequest;
use smile_core::{IdInfo, Partner, Progress};
use smile_sandbox::Sandbox;
use smile_tests::{Driver, biometric_kyc, block_on, params, quick};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// A sandbox, and a partner that uses it over https alone.
fn encrypted() -> (Sandbox, Partner) {
    let sandbox = Sandbox::builder().with_tls().start().unwrap();
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
    let client = smile_ureq::Client::with_http_client(partner, agent).with_settings(quick());
    let outcome = client.submit(biometric_kyc("https")).unwrap();
    assert!(outcome.verdict().unwrap().is_approved());
    assert_eq!(sandbox.job("job-https").unwrap().processed, 1);
}

/// The exit code of [`child`] if nothing was sent.
const NOT_TRUSTED: i32 = 7;

/// Runs [`child`] in a process of its own, whose platform has the certificates of this file.
fn job_with_platform_certificates(file: &std::path::Path, partner: &Partner, key: &str, driver: &str) -> i32 {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]).env("SMILE_TEST_CHILD", driver);
    command.env("SSL_CERT_FILE", file).env_remove("SSL_CERT_DIR");
    command.env("SMILE_TEST_PARTNER", partner.id().as_str()).env("SMILE_TEST_KEY", key);
    command.env("SMILE_TEST_ADDRESS", partner.environment().base_url());
    let silent = std::process::Stdio::null;
    command.stdout(silent()).stderr(silent()).status().unwrap().code().unwrap()
}

/// The program that the tests of the platform's certificates run as a process of its own; by itself
/// it does nothing.
#[test]
fn child() {
    let Ok(driver) = std::env::var("SMILE_TEST_CHILD") else { return };
    let variable = |name: &str| std::env::var(name).unwrap();
    let environment = variable("SMILE_TEST_ADDRESS").parse().unwrap();
    let partner =
        Partner::new(variable("SMILE_TEST_PARTNER"), variable("SMILE_TEST_KEY"), environment).unwrap();
    let driver = if driver == "reqwest" { Driver::Reqwest } else { Driver::Ureq };
    // Whatever is wrong with the certificates ends it at once.
    let settings = quick().with_retry_policy(smile_core::RetryPolicy::never());
    match driver.submit(partner, biometric_kyc(&format!("{driver:?}")), settings) {
        Ok(outcome) => assert!(outcome.verdict().unwrap().is_approved()),
        Err(error) => {
            assert_eq!(error.progress(), Progress::Nothing, "{error}");
            std::process::exit(NOT_TRUSTED);
        }
    }
}

#[test]
#[cfg(all(unix, not(target_vendor = "apple")))] // Elsewhere no variable names the platform's certificates.
fn both_clients_trust_the_platforms_certificates_by_default_and_are_made_where_there_are_none() {
    let (sandbox, partner) = encrypted();
    let file = |name: &str, text: &str| {
        let path = std::env::temp_dir().join(format!("smile-{}-{name}.pem", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path
    };
    let with_ours = file("ours", sandbox.ca_pem().unwrap());
    let with_none = file("none", "");
    for driver in ["reqwest", "ureq"] {
        let runs = |path| job_with_platform_certificates(path, &partner, sandbox.api_key(), driver);
        // Mozilla's don't have ours: the client is there, and says that the certificate isn't
        // trusted.
        assert_eq!(runs(&with_none), NOT_TRUSTED, "{driver}");
        assert_eq!(runs(&with_ours), 0, "{driver}");
    }
    assert_eq!(sandbox.jobs().len(), 2);
    for path in [with_ours, with_none] {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_certificate_that_is_not_trusted_is_told_as_nothing_sent() {
    let (sandbox, partner) = encrypted();
    for driver in [Driver::Ureq, Driver::Reqwest] {
        let error = driver.submit(partner.clone(), biometric_kyc("stranger"), quick()).unwrap_err();
        assert_eq!(error.progress(), Progress::Nothing, "{driver:?}: {error}");
        assert!(error.is_retryable(), "{driver:?}: {error}");

        let id_info = IdInfo::new("NG", "BVN", "00000000000");
        let check = EnhancedKycRequest::new(params("stranger"), id_info);
        let error = driver.call(partner.clone(), check, quick()).unwrap_err();
        assert!(!error.outcome_unknown() && error.is_retryable(), "{driver:?}: {error}");
    }
    assert!(sandbox.requests().is_empty());
}
