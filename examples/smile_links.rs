//! Smile Links: create, read, list and disable a link.
//!
//! `cargo run --example smile_links`
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report};
use smile_ureq::Client;
use smile_ureq::core::v1::{
    CreateSmileLinkRequest, LinkIdType, ListSmileLinksRequest, ReadSmileLinkRequest, SmileLinkDetails,
    UpdateSmileLinkRequest,
};

fn main() -> ExitCode {
    report(run())
}

fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Smile Links")?;
    let client = Client::new(setup.partner())?;

    let details = SmileLinkDetails::new()
        .with_name("Onboarding")
        .with_company_name("A Bank")
        .with_data_privacy_policy_url("https://bank.example/privacy")
        .with_id_type(LinkIdType::new("NG", "BVN", "biometric_kyc"));
    let link = client.call(CreateSmileLinkRequest::new(details))?;
    let ref_id = link.ref_id().ok_or("the link has no ref_id")?;
    println!("  created    {ref_id}");
    println!("  listed     {} links", client.call(ListSmileLinksRequest::new())?.len());

    client.call(UpdateSmileLinkRequest::disable(ref_id))?;
    let disabled = client.call(ReadSmileLinkRequest::new(ref_id))?.disabled_at();
    println!("  disabled   {}", disabled.map_or("no".to_owned(), |at| at.to_string()));
    Ok(ExitCode::SUCCESS)
}
