//! An endpoint that has no type here: any path with any body, signed; the answer is JSON as it
//! came.
//!
//! `cargo run --example raw_request`
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report};
use smile_ureq::Client;
use smile_ureq::core::operation::{RawRequest, Signing};

fn main() -> ExitCode {
    report(run())
}

fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Raw request")?;
    let client = Client::new(setup.partner())?;

    let answer = client.call(RawRequest::get("/v1/services")?.with_signing(Signing::Unsigned))?;
    let keys: Vec<&str> =
        answer.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default();
    println!("  answered   with {}", keys.join(", "));
    Ok(ExitCode::SUCCESS)
}
