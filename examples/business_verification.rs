//! Business Verification: what a registry has under a company's number.
//!
//! `cargo run --example business_verification`, or with `-- --country ZA --id-number …`.
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report, verdict_exit};
use smile_reqwest::Client;
use smile_reqwest::core::Personal;
use smile_reqwest::core::v1::{Business, BusinessType, BusinessVerificationRequest};

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Business Verification")?;
    let client = Client::new(setup.partner())?;

    let number = setup.id_number_or("0000000");
    let company = Business::new(setup.country_or("NG"), "BUSINESS_REGISTRATION", number)
        .with_business_type(BusinessType::Company);
    let check = client
        .call_with(BusinessVerificationRequest::new(setup.partner_params(), company), setup.async_narrator())
        .await?;

    let business = check.entry.business();
    if let Some(company) = business.company_information() {
        println!("  company    {}", company.legal_name().map_or("not available".into(), Personal::expose));
    }
    println!("  directors  {}", business.directors().len());
    println!("  owners     {}", business.beneficial_owners().len());
    Ok(verdict_exit(&check.verdict))
}
