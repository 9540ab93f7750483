//! The main job, in a program of a user who has the packages and nothing else.

use smile_sandbox::{SampleImage, Sandbox};
use smile_ureq::Client;
use smile_ureq::core::{IdInfo, Image, Job, JobId, PartnerParams, UserId};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start()?;
    let client = Client::new(sandbox.partner())?;

    let ids = PartnerParams::new(UserId::new("customer-17"), JobId::new("kyc-17"));
    let selfie = Image::bytes(SampleImage::selfie().jpeg());
    let job = Job::biometric_kyc(ids, selfie, IdInfo::new("NG", "BVN", "00000000000")).with_return_job_status(true);

    let outcome = client.submit(job)?;
    println!("{}", outcome.verdict().ok_or("no verdict")?);
    Ok(())
}
