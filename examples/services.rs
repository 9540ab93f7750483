//! The service's offer to a partner: services, products config, valid documents.
//!
//! `cargo run --example services`
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report};
use smile_reqwest::Client;
use smile_reqwest::core::v1::{ProductsConfigRequest, ServicesRequest, ValidDocumentsRequest};

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Services")?;
    let client = Client::new(setup.partner())?;

    let services = client.call(ServicesRequest::new()).await?;
    println!("  banks      {}", services.banks().count());
    println!("  ID types   {}", services.id_types().iter().count());

    // From now on, numbers are looked at with what the service says, not with what was built in.
    let _client = Client::new(setup.partner().with_id_types(services.id_types()))?;

    let config = client.call(ProductsConfigRequest).await?;
    println!(
        "  consent    {} for BVN_MFA",
        if config.requires_consent("NG", "BVN_MFA") { "needed" } else { "not needed" }
    );
    let documents = client.call(ValidDocumentsRequest).await?;
    println!("  documents  {} kinds in Ghana", documents.of_country("GH").len());
    Ok(ExitCode::SUCCESS)
}
