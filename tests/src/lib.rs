//! Helpers that the integration tests share.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

mod callbacks;
mod canned;
mod drivers;
mod nobody;
mod proxy;

use std::time::Duration;

use smile_core::{FlowSettings, IdInfo, Image, Job, JobId, PartnerParams, PollSchedule, RetryPolicy, UserId};
use smile_sandbox::SampleImage;

pub use callbacks::CallbackServer;
pub use canned::{CannedServer, Recorded};
pub use drivers::{ALL_DRIVERS, Driver, block_on};
pub use nobody::Nobody;
pub use proxy::StallingProxy;

/// A JPEG of this size, or some kilobytes if that is more, different for each number.
pub fn jpeg(number: u8, size: usize) -> Vec<u8> {
    SampleImage::selfie().with_number(number.into()).with_bytes(size).jpeg()
}

/// The ids of a job of this name.
pub fn params(name: &str) -> PartnerParams {
    PartnerParams::new(UserId::new(format!("user-{name}")), JobId::new(format!("job-{name}")))
}

/// A Biometric KYC job that waits for its result, with a callback that nobody listens to.
pub fn biometric_kyc(name: &str) -> Job {
    Job::biometric_kyc(params(name), Image::bytes(jpeg(0, 20_000)), IdInfo::new("NG", "BVN", "00000000000"))
        .with_liveness((1..=8).map(|number| Image::bytes(jpeg(number, 5_000))))
        .with_return_job_status(true)
}

/// The settings of production, with next to no waits.
pub fn quick() -> FlowSettings {
    FlowSettings::default()
        .with_poll_schedule(PollSchedule::every(Duration::from_millis(1), 2_000))
        .with_retry_policy(RetryPolicy::default().with_backoff(Duration::ZERO, Duration::ZERO))
        .with_status_delay(Duration::from_millis(1))
        .with_deadline(Duration::from_secs(60))
}
