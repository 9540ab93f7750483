//! Business Verification with the result by callback.
//!
//! `cargo run --example async_business_verification`
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report, verdict_exit};
use smile_ureq::Client;
use smile_ureq::core::JobType;
use smile_ureq::core::v1::{AsyncBusinessVerificationRequest, Business, BusinessType};

fn main() -> ExitCode {
    report(run())
}

fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Business Verification, by callback")?;
    let client = Client::new(setup.partner())?;

    let company =
        Business::new(setup.country_or("NG"), "BUSINESS_REGISTRATION", setup.id_number_or("0000000"))
            .with_business_type(BusinessType::Company);
    client.call_with(
        AsyncBusinessVerificationRequest::new(setup.partner_params(), company),
        setup.narrator(),
    )?;
    println!("  accepted   the result comes by callback");

    match setup.next_callback()? {
        Some(callback) => Ok(verdict_exit(&callback.verdict_for(JobType::BUSINESS_VERIFICATION))),
        None => Ok(ExitCode::SUCCESS),
    }
}
