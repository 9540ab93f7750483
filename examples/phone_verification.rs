//! Phone verification: whose phone number it is. The result comes by callback.
//!
//! `cargo run --example phone_verification`
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report};
use smile_ureq::Client;
use smile_ureq::core::v1::PhoneVerificationRequest;

fn main() -> ExitCode {
    report(run())
}

fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Phone verification")?;
    let client = Client::new(setup.partner())?;

    let check = PhoneVerificationRequest::new("NG", "00000000000")
        .with_match_field("first_name", "Joe")
        .with_match_field("last_name", "Leo");
    client.call(check)?;
    println!("  accepted   the result comes by callback");

    if let Some(callback) = setup.next_callback()? {
        println!("  callback   its signature is right: {}", callback.entry().audit_json());
    }
    Ok(ExitCode::SUCCESS)
}
