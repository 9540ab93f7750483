//! Basic KYC with the result by callback.
//!
//! `cargo run --example async_basic_kyc`
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report, verdict_exit};
use smile_ureq::Client;
use smile_ureq::core::JobType;
use smile_ureq::core::v1::AsyncBasicKycRequest;

fn main() -> ExitCode {
    report(run())
}

fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Basic KYC, by callback")?;
    let client = Client::new(setup.partner())?;

    client.call_with(AsyncBasicKycRequest::new(setup.partner_params(), setup.id_info()), setup.narrator())?;
    println!("  accepted   the result comes by callback");

    match setup.next_callback()? {
        Some(callback) => Ok(verdict_exit(&callback.verdict_for(JobType::ENHANCED_KYC))),
        None => Ok(ExitCode::SUCCESS),
    }
}
