//! Building what is uploaded, beside a plain copy of the same bytes, and beside a copy and a
//! checksum.
//!
//! The payload has no door of its own: a [`JobFlow`] puts images into it as they come, and
//! completes it when the service has opened the job. What is measured is all of that: from the
//! first look at the images, over prep upload, to the request with the zip in it.
#![allow(clippy::unwrap_used, clippy::panic)]

use bytes::Bytes;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use http::{Request, Response};
use serde_json::json;
use smile_core::{
    Environment, Flow as _, FlowSettings, IdInfo, Image, Job, JobFlow, JobId, Next, Partner, PartnerParams,
    Timestamp, UserId,
};

const NOW: Timestamp = Timestamp::from_unix_millis(1_705_314_600_000);

/// The images of a job.
#[derive(Clone, Copy, Debug)]
enum Images {
    /// A selfie of 200 kB and eight frames of 50 kB, as the mobile SDKs take them.
    Nine,
    /// Ten of 1 MiB each.
    TenLarge,
}

const JOBS: [Images; 2] = [Images::Nine, Images::TenLarge];

fn main() {
    divan::main();
}

#[divan::bench(args = JOBS)]
fn build(bencher: Bencher<'_, '_>, images: Images) {
    let (job, bytes) = (job(images), built(begun(&job(images))).len());
    bencher.counter(BytesCount::new(bytes)).with_inputs(|| begun(&job)).bench_values(built);
}

#[divan::bench(args = JOBS)]
fn plain_copy(bencher: Bencher<'_, '_>, images: Images) {
    let zip = built(begun(&job(images)));
    bencher.counter(BytesCount::new(zip.len())).bench(|| black_box(&zip[..]).to_vec());
}

/// The least that a zip takes: the copy, and the checksum of what is copied.
#[divan::bench(args = JOBS)]
fn copy_and_crc32(bencher: Bencher<'_, '_>, images: Images) {
    let zip = built(begun(&job(images)));
    bencher
        .counter(BytesCount::new(zip.len()))
        .bench(|| (black_box(&zip[..]).to_vec(), crc32fast::hash(&zip)));
}

fn job(images: Images) -> Job {
    let params = PartnerParams::new(UserId::new("user-1"), JobId::new("job-1"));
    let id_info = IdInfo::new("NG", "BVN", "00000000000");
    let (selfie, count, each) = match images {
        Images::Nine => (200_000, 8, 50_000),
        Images::TenLarge => (1 << 20, 9, 1 << 20),
    };
    Job::biometric_kyc(params, image(0, selfie), id_info)
        .with_liveness((1..=count).map(|seed| image(seed, each)))
        .with_return_job_status(true)
}

/// A JPEG as far as its structure goes: a frame of 1600 by 1200 pixels, and a scan of noise.
fn image(seed: usize, bytes: usize) -> Image {
    const HEAD: &[u8] =
        b"\xFF\xD8\xFF\xC0\0\x0B\x08\x04\xB0\x06\x40\x01\x01\x11\0\xFF\xDA\0\x08\x01\x01\0\0\x3F\0";
    let mut state = seed as u64 + 1;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // No marker.
        (state >> 56) as u8 & 0x7F
    });
    Image::bytes(HEAD.iter().copied().chain(noise).take(bytes - 2).chain([0xFF, 0xD9]).collect::<Bytes>())
}

/// A job whose images have not been looked at yet.
fn begun(job: &Job) -> JobFlow {
    let partner = Partner::new("001", "test_api_key", Environment::Sandbox).unwrap();
    JobFlow::new(partner, job.clone(), FlowSettings::default(), 7).unwrap()
}

fn built(mut flow: JobFlow) -> Bytes {
    let answer = json!({
        "upload_url": "https://bucket.s3.amazonaws.com/selfie.zip?X-Amz-Signature=abc",
        "ref_id": "r", "smile_job_id": "0000000007", "code": "2202",
    });
    let Next::Send { .. } = flow.next(NOW) else { panic!("the job isn't opened first") };
    flow.receive(NOW, Ok(Response::new(Bytes::from(answer.to_string()))));
    let Next::Send { request, .. } = flow.next(NOW) else { panic!("no upload after prep upload") };
    Request::into_body(request)
}
