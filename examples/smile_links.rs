//! Smile Links: create, read, list and disable a link.
//!
//! `cargo run --example smile_links`
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report};
use smile_ureq::Client;
use smile_ureq::core::v1::{
    CreateSmileLink, LinkIdType, ListSmileLinks, ReadSmileLink, SmileLinkDetails, UpdateSmileLink,
};

fn main() -> ExitCode {
    report(run())
}

fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Smile Links")?;
    let client = Client::new(setup.partner())?;

    let details = SmileLinkDetails::new()
        .name("Onboarding")
        .company_name("A Bank")
        .data_privacy_policy_url("https://bank.example/privacy")
        .id_type(LinkIdType::new("NG", "BVN", "biometric_kyc"));
    let link = client.call(CreateSmileLink::new(details))?;
    let ref_id = link.ref_id().ok_or("the link has no ref_id")?;
    println!("  created    {ref_id}");
    println!("  listed     {} links", client.call(ListSmileLinks::new())?.len());

    client.call(UpdateSmileLink::disable(ref_id))?;
    let disabled = client.call(ReadSmileLink::new(ref_id))?.disabled_at();
    println!("  disabled   {}", disabled.map_or("no".to_owned(), |at| at.to_string()));
    Ok(ExitCode::SUCCESS)
}
