//! Basic KYC: whether the ID authority has the same name under an ID number, at once.
//!
//! `cargo run --example basic_kyc`, or with `-- --id-number … --first-name … --last-name …`.
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report, verdict_exit};
use smile_ureq::Client;
use smile_ureq::core::v1::BasicKycRequest;

fn main() -> ExitCode {
    report(run())
}

fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Basic KYC")?;
    let client = Client::new(setup.partner())?;

    let check =
        client.call_with(BasicKycRequest::new(setup.partner_params(), setup.id_info()), setup.narrator())?;

    for (field, value) in check.entry.actions().iter() {
        println!("  {field:<26} {}", value.as_str());
    }
    Ok(verdict_exit(&check.verdict))
}
