//! Files that no picture has the size of: they are refused through each driver, and nothing is
//! sent.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::fs::File;
use std::path::{Path, PathBuf};

use smile_core::{Image, Job};
use smile_sandbox::Sandbox;
use smile_tests::{ALL_DRIVERS, jpeg, params, quick};

/// A file of 600 MB that takes no room on the disk, and is gone with this.
struct Sparse(PathBuf);

impl Sparse {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("smile-{}-{name}.jpg", std::process::id()));
        File::create(&path).unwrap().set_len(600_000_000).unwrap();
        Self(path)
    }
}

impl Drop for Sparse {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[track_caller]
fn assert_refused(path: &Path) {
    for driver in ALL_DRIVERS {
        let sandbox = Sandbox::start().unwrap();
        let small = || Image::bytes(jpeg(0, 3_000));
        for (job, field) in [
            (Job::smartselfie_registration(params("large"), Image::path(path)), "images[0] (selfie)"),
            (
                Job::document_verification(params("large"), small(), Image::path(path), "GH"),
                "images[1] (id_card)",
            ),
        ] {
            let job = job.with_return_job_status(true);
            let error = driver.submit(sandbox.partner(), job, quick()).unwrap_err().to_string();
            assert!(error.contains("nothing was sent"), "{driver:?}: {error}");
            assert!(
                error.contains(&format!("`{field}` names a file of more than 128 MiB")),
                "{driver:?}: {error}"
            );
            assert!(sandbox.requests().is_empty(), "{driver:?}");
        }
    }
}

#[test]
fn a_file_of_600_mb_is_refused() {
    assert_refused(&Sparse::new("sparse").0);
}

#[cfg(unix)]
#[test]
fn a_device_without_an_end_is_refused() {
    assert_refused(Path::new("/dev/zero"));
}
