//! BVN consent: the person chooses where a one-time password goes and types it; then the BVN can be
//! looked up.
//!
//! `cargo run --example bvn_consent`
#![allow(clippy::print_stdout)] // It talks to a person.

use std::io::{self, BufRead as _};
use std::process::ExitCode;

use smile_examples::{Failure, Setup, report, verdict_exit};
use smile_ureq::Client;
use smile_ureq::core::v1::{BvnConsentRequest, EnhancedKycRequest};

fn main() -> ExitCode {
    report(run())
}

fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("BVN consent, then Enhanced KYC")?;
    let client = Client::new(setup.partner())?;

    let modes = client.call(BvnConsentRequest::new(setup.id_number_or("00000000000")))?;
    for mode in modes.modes() {
        println!("  offered    by {} to {}", mode.name(), mode.destination());
    }
    let mode = modes.modes().first().ok_or("there is no way to send a password")?;
    let sent = client.call(modes.choose(mode))?;
    println!("  sent       by {}", mode.name());

    let otp = if setup.is_offline() {
        smile_sandbox::OTP.to_owned()
    } else {
        println!("  type it    and press Enter:");
        io::stdin().lock().lines().next().ok_or("nothing was typed")??.trim().to_owned()
    };
    let granted = client.call(sent.confirm(otp))?;
    println!("  granted    the person has consented");

    let check = client.call(EnhancedKycRequest::new(setup.partner_params(), granted.id_info()))?;
    Ok(verdict_exit(&check.verdict))
}
