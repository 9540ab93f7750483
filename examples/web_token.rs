//! A token with which a browser may run one job on Smile ID's hosted pages.
//!
//! `cargo run --example web_token`
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report};
use smile_reqwest::Client;
use smile_reqwest::core::v1::WebTokenRequest;

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Web token")?;
    let client = Client::new(setup.partner())?;

    let token = client.call(WebTokenRequest::new(setup.partner_params(), "biometric_kyc")).await?;

    println!("  token      {} characters, for the browser alone", token.expose().len());
    println!("  expires    {}", token.expires_at().map_or("unknown".to_owned(), |at| at.to_string()));
    Ok(ExitCode::SUCCESS)
}
