//! AML check: a search for a person on watch lists.
//!
//! `cargo run --example aml_check`, or with `-- --first-name … --last-name … --country NG`.
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report};
use smile_ureq::Client;
use smile_ureq::core::v1::AmlRequest;

fn main() -> ExitCode {
    report(run())
}

fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("AML check")?;
    let client = Client::new(setup.partner())?;

    // Without a name of your own, somebody whom the sandbox has on a list.
    let name = setup.full_name().unwrap_or_else(|| "Mallory Listed".to_owned());
    let check = AmlRequest::new(setup.partner_params(), name, [setup.country_or("NG")]).with_birth_year(1970);
    let check = client.call(check)?;

    let aml = check.entry.aml();
    println!("  found      {}", aml.no_of_persons_found().unwrap_or_default());
    for person in aml.people() {
        let offices = person.pep().map(|pep| pep.political_positions().len()).unwrap_or_default();
        println!("  person     {} sanctions, {offices} offices", person.sanctions().len());
    }
    // A list decides about nobody: what to make of it is the partner's own rule.
    println!("  meaning    {}", check.verdict.meaning());
    println!("  next       {}", check.verdict.next_step());
    Ok(ExitCode::SUCCESS)
}
