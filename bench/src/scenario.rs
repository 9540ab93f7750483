//! The measured scenarios: the images of a job, in the form in which a server would have them.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smile_core::{
    BaseUrl, Environment, FlowSettings, IdInfo, Image, Job, JobId, Partner, PartnerParams, PollSchedule,
    UserId,
};

/// The images of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// A selfie of 200 kB in a file, and eight frames of 50 kB that came as base64.
    Nine,
    /// Ten files of 1 MiB.
    TenLarge,
    /// The nine images of the first, all of them files: many such jobs at once.
    NineFiles,
}

impl Scenario {
    pub(crate) const ALL: [Self; 3] = [Self::Nine, Self::TenLarge, Self::NineFiles];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nine => "nine",
            Self::TenLarge => "ten-large",
            Self::NineFiles => "nine-files",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.name() == name)
    }

    /// The number of jobs in a run, warming up apart.
    pub(crate) const fn jobs(self) -> usize {
        match self {
            Self::Nine => 200,
            Self::TenLarge => 50,
            Self::NineFiles => 1000,
        }
    }

    /// The files' sizes.
    fn files(self) -> Vec<usize> {
        match self {
            Self::Nine => vec![200_000],
            Self::TenLarge => vec![1 << 20; 10],
            Self::NineFiles => [vec![200_000], vec![50_000; 8]].concat(),
        }
    }

    /// Writes the files, to be read by every job.
    pub(crate) fn write_files(self, directory: &Path) -> io::Result<()> {
        for (index, bytes) in self.files().into_iter().enumerate() {
            std::fs::write(self.path(directory, index), picture(index, bytes))?;
        }
        Ok(())
    }

    /// The files, in the order in which the zip has them.
    pub(crate) fn paths(self, directory: &Path) -> Vec<PathBuf> {
        (0..self.files().len()).map(|index| self.path(directory, index)).collect()
    }

    fn path(self, directory: &Path, index: usize) -> PathBuf {
        directory.join(format!("{}-{index}.jpg", self.name()))
    }

    /// The frames that come as base64 text.
    pub(crate) fn frames(self) -> Vec<String> {
        match self {
            Self::Nine => (1..=8).map(|seed| STANDARD.encode(picture(seed, 50_000))).collect(),
            Self::TenLarge | Self::NineFiles => Vec::new(),
        }
    }

    /// The bytes of all files of a job.
    pub(crate) fn file_bytes(self) -> usize {
        self.files().iter().sum()
    }

    /// One job, with text of its own for the frames.
    pub(crate) fn job(self, directory: &Path, frames: &[String], number: usize) -> Job {
        let params = PartnerParams::new(UserId::new("user-1"), JobId::new(format!("job-{number:06}")));
        let id_info = IdInfo::new("NG", "BVN", "00000000000");
        let mut paths = self.paths(directory).into_iter().map(Image::path);
        let selfie = paths.next().expect("every scenario has a file");
        Job::biometric_kyc(params, selfie, id_info)
            .with_liveness(paths)
            .with_liveness(frames.iter().map(|text| Image::base64(text.clone())))
            .with_return_job_status(true)
    }
}

/// The partner, at the service of this address.
pub(crate) fn partner(base: &str) -> Partner {
    let base = BaseUrl::new(&format!("{base}/v1")).expect("the sink says where it is");
    Partner::new("001", "test_api_key", Environment::Custom(base)).expect("the key isn't empty")
}

/// The sink has a result at once, so there is nothing to wait for.
pub(crate) fn settings() -> FlowSettings {
    FlowSettings::default().with_poll_schedule(PollSchedule::every(Duration::ZERO, 3))
}

/// A JPEG as far as its structure goes: a frame of 1600 by 1200 pixels, and a scan of noise.
fn picture(seed: usize, bytes: usize) -> Vec<u8> {
    const HEAD: &[u8] =
        b"\xFF\xD8\xFF\xC0\0\x0B\x08\x04\xB0\x06\x40\x01\x01\x11\0\xFF\xDA\0\x08\x01\x01\0\0\x3F\0";
    let mut state = seed as u64 + 1;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // No marker.
        (state >> 56) as u8 & 0x7F
    });
    HEAD.iter().copied().chain(noise).take(bytes - 2).chain([0xFF, 0xD9]).collect()
}
