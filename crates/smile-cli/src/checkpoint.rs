//! What is written down when a job is broken off, so that `smile resume` can go on.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use smile_core::{Checkpoint, JobKey, Reach};

use crate::commands::submit::Product;
use crate::failure::Failure;

const VERSION: u8 = 1;

/// A job that was broken off. There is no key in it; but as long as the service hasn't got the job, the flags it was
/// submitted with are, and those are personal.
#[derive(Serialize, Deserialize)]
pub(crate) struct Saved {
    smile_checkpoint: u8,
    /// As `--environment` has it.
    pub(crate) environment: String,
    pub(crate) partner_id: String,
    #[serde(flatten)]
    pub(crate) key: JobKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unfinished: Option<Unfinished>,
}

/// What it takes to submit the rest of a job.
#[derive(Serialize, Deserialize)]
pub(crate) struct Unfinished {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) product: Product,
}

impl Saved {
    /// Of a job that the service has, or may have, whole: all that is left is to ask.
    pub(crate) fn to_ask(environment: &str, partner_id: &str, key: JobKey) -> Self {
        Self {
            smile_checkpoint: VERSION,
            environment: environment.to_owned(),
            partner_id: partner_id.to_owned(),
            key,
            unfinished: None,
        }
    }

    /// Of a job on its way.
    pub(crate) fn of(
        environment: &str,
        partner_id: &str,
        key: JobKey,
        checkpoint: Checkpoint,
        product: Option<&Product>,
    ) -> Self {
        let saved = Self::to_ask(environment, partner_id, key);
        match product.filter(|_| checkpoint.reach() != Reach::Uploaded) {
            Some(product) => {
                Self { unfinished: Some(Unfinished { checkpoint, product: product.clone() }), ..saved }
            }
            None => saved,
        }
    }

    /// Writes it whole or not at all, for the user's eyes only.
    ///
    /// # Errors
    /// Why it can't be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), String> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        // It is made with permissions for the user alone, where there is such a thing.
        let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(path).map_err(|error| error.error)
        });
        written.map(drop).map_err(|error| error.kind().to_string())
    }

    /// Reads one back.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("CHECKPOINT must name a file that can be read: {}", error.kind()))
        })?;
        // The error of the parser would repeat what is in the file.
        let saved: Self = serde_json::from_str(&text).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            Failure::usage(format!(
                "CHECKPOINT must be a file that `smile submit` wrote: {place} makes no sense"
            ))
        })?;
        if saved.smile_checkpoint == VERSION {
            Ok(saved)
        } else {
            Err(Failure::usage("CHECKPOINT must be of a version that this program knows"))
        }
    }
}

/// Where a checkpoint is written if nobody says where: in the folder that the program runs in.
pub(crate) fn default_path(job_id: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
    let name: String = job_id.chars().take(80).map(plain).collect();
    PathBuf::from(format!("smile-{name}.checkpoint.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_id_names_a_file_in_this_folder() {
        assert_eq!(default_path("kyc-17"), Path::new("smile-kyc-17.checkpoint.json"));
        assert_eq!(default_path("../../etc/x"), Path::new("smile-______etc_x.checkpoint.json"));
    }
}
