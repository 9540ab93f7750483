//! Biometric KYC, async: is this selfie the person whom the ID authority has under this number?
//!
//! `cargo run --example biometric_kyc`, or with `-- --help` for its flags.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report};
use smile_reqwest::Client;
use smile_reqwest::core::Job;

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Biometric KYC")?;
    let client = Client::new(setup.partner())?;

    let job = Job::biometric_kyc(setup.partner_params(), setup.selfie(), setup.id_info())
        .with_liveness(setup.liveness())
        .with_return_job_status(true);

    let outcome = client.submit_with(job, setup.async_narrator()).await?;
    setup.conclude(&outcome)
}
