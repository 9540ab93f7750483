//! Document Verification: is this document genuine, and is it the person's on the selfie?
//!
//! `cargo run --example document_verification`, or with `-- --id-card front.jpg --country KE`.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report};
use smile_reqwest::Client;
use smile_reqwest::core::Job;

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Document Verification")?;
    let client = Client::new(setup.partner())?;

    let mut job = Job::document_verification(
        setup.partner_params(),
        setup.selfie(),
        setup.id_card(),
        setup.country_or("GH"),
    )
    .with_liveness(setup.liveness())
    .with_return_job_status(true);
    if let Some(back) = setup.id_card_back() {
        job = job.with_id_card_back(back);
    }

    let outcome = client.submit_with(job, setup.async_narrator()).await?;
    setup.conclude(&outcome)
}
