//! Enhanced KYC: what the ID authority has under an ID number, at once.
//!
//! `cargo run --example enhanced_kyc`, or with `-- --country NG --id-type BVN --id-number …`.
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report, verdict_exit};
use smile_reqwest::Client;
use smile_reqwest::core::Personal;
use smile_reqwest::core::v1::EnhancedKycRequest;

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Enhanced KYC")?;
    let client = Client::new(setup.partner())?;

    let check = client
        .call_with(EnhancedKycRequest::new(setup.partner_params(), setup.id_info()), setup.async_narrator())
        .await?;

    // Personal values show themselves only to who asks for them.
    let person = check.entry.personal_info();
    println!("  name       {}", person.full_name().map_or("not available".into(), Personal::expose));
    println!(
        "  born       {}",
        person.dob().map_or("not available".to_owned(), |dob| dob.expose().to_string())
    );
    println!("  photo      {}", if person.photo().is_some() { "yes" } else { "not available" });
    println!("  for a log  {}", check.entry.audit_json());
    Ok(verdict_exit(&check.verdict))
}
