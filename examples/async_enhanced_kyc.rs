//! Enhanced KYC with the result by callback.
//!
//! `cargo run --example async_enhanced_kyc`
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report, verdict_exit};
use smile_reqwest::Client;
use smile_reqwest::core::JobType;
use smile_reqwest::core::v1::AsyncEnhancedKycRequest;

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Enhanced KYC, by callback")?;
    let client = Client::new(setup.partner())?;

    client
        .call_with(
            AsyncEnhancedKycRequest::new(setup.partner_params(), setup.id_info()),
            setup.async_narrator(),
        )
        .await?;
    println!("  accepted   the result comes by callback");

    match setup.next_callback()? {
        Some(callback) => Ok(verdict_exit(&callback.verdict_for(JobType::ENHANCED_KYC))),
        None => Ok(ExitCode::SUCCESS),
    }
}
