//! Address verification: a check that a person lives at an address. The result comes by callback.
//!
//! `cargo run --example address_verification`
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report};
use smile_reqwest::Client;
use smile_reqwest::core::v1::AddressVerificationRequest;

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Address verification")?;
    let client = Client::new(setup.partner())?;

    let number = setup.id_number_or("0000000000000");
    let check = AddressVerificationRequest::south_africa("1 Drawn Street, Johannesburg", number)
        .with_full_name("Joe Doe Leo");
    client.call(check).await?;
    println!("  accepted   the result comes by callback");

    if let Some(callback) = setup.next_callback()? {
        println!("  callback   its signature is right: {}", callback.entry().audit_json());
    }
    Ok(ExitCode::SUCCESS)
}
