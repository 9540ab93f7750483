//! The status of a job that somebody else submitted, and waiting for its result.
//!
//! `cargo run --example job_status`. Offline it submits a job first, and leaves it to itself.
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report, verdict_exit};
use smile_ureq::Client;
use smile_ureq::core::{Job, JobStatusRequest};

fn main() -> ExitCode {
    report(run())
}

fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("Job status")?;
    let client = Client::new(setup.partner())?;

    // Submitted here, but it could have been another process, or a phone.
    let job = Job::smartselfie_registration(setup.partner_params(), setup.selfie());
    let key = client.submit(job)?.submission().key.clone();

    let request = JobStatusRequest::new(key.user_id.clone(), key.job_id.clone()).with_return_history(true);
    let status = client.call(request)?;
    println!("  now        {}", if status.job_complete { "complete" } else { "not complete yet" });
    println!("  history    {} results of this user", status.history.len());

    let outcome = client.wait_for(key)?;
    outcome.verdict().map(verdict_exit).ok_or_else(|| "there is no result yet".into())
}
