//! SmartSelfie Authentication: is this selfie the user who enrolled under this `user_id`?
//!
//! `cargo run --example smartselfie_authentication`. Without `--user-id` it enrols a new user
//! first.
#![allow(clippy::print_stdout)] // It talks to a person.

use std::process::ExitCode;

use smile_examples::{Failure, Setup, report};
use smile_reqwest::Client;
use smile_reqwest::core::{Job, JobId, JobType, PartnerParams, Verdict};

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<ExitCode, Failure> {
    let setup = Setup::new("SmartSelfie Authentication")?;
    let client = Client::new(setup.partner())?;
    let mut params = setup.partner_params();

    if setup.needs_enrolment(JobType::SMARTSELFIE_AUTHENTICATION) {
        let job = Job::smartselfie_registration(params.clone(), setup.selfie())
            .with_liveness(setup.liveness())
            .with_return_job_status(true);
        let enrolled = client.submit_with(job, setup.async_narrator()).await?;
        let exit = setup.conclude(&enrolled)?;
        if !enrolled.verdict().is_some_and(Verdict::may_be_let_in) {
            return Ok(exit);
        }
        println!("\nNow the same user comes back:\n");
        let job_id = JobId::new(format!("{}-again", params.job_id()));
        params = PartnerParams::new(params.user_id().clone(), job_id);
    }

    let job = Job::smartselfie_authentication(params, setup.selfie())
        .with_liveness(setup.liveness())
        .with_return_job_status(true);
    let outcome = client.submit_with(job, setup.async_narrator()).await?;
    setup.conclude(&outcome)
}
