//! Biometric KYC, blocking: the same job without a runtime.
//!
//! `cargo run --example biometric_kyc_blocking`, or with `-- --help` for its flags.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report};
use smile_ureq::Client;
use smile_ureq::core::Job;

fn main() -> ExitCode {
    report(run())
}

fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Biometric KYC")?;
    let client = Client::new(setup.partner())?;

    let job = Job::biometric_kyc(setup.partner_params(), setup.selfie(), setup.id_info())
        .with_liveness(setup.liveness())
        .with_return_job_status(true);

    let outcome = client.submit_with(job, setup.narrator())?;
    setup.conclude(&outcome)
}
