//! What is written down when a job is broken off, so that `smile resume` can go on.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use smile_core::{Checkpoint, JobKey, Reach};

use crate::commands::submit::Product;
use crate::connection::read_text;
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
    /// Of a job that the service has: what its result must name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) submitted: Option<Checkpoint>,
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
            submitted: None,
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
            None => {
                let is_named = checkpoint.submission_id().is_some();
                Self { submitted: is_named.then_some(checkpoint), ..saved }
            }
        }
    }

    /// Writes it whole or not at all, for the user's eyes only, and returns where it is.
    ///
    /// Only an earlier checkpoint of the same job is replaced. If anything else has the name, it
    /// goes beside it, under a name with a number.
    ///
    /// # Errors
    /// Why it can't be written.
    pub(crate) fn write(&self, path: &Path) -> Result<PathBuf, String> {
        for number in 1..=MAX_NUMBER {
            let path = numbered(path, number);
            match self.write_at(&path) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.kind().to_string()),
            }
        }
        Err("every name for it is taken".to_owned())
    }

    fn write_at(&self, path: &Path) -> std::io::Result<()> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let text = serde_json::to_string_pretty(self)?;
        // It is made with permissions for the user alone, where there is such a thing.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        let kept = if is_checkpoint_of(path, self.owner()) {
            file.persist(path)
        } else {
            file.persist_noclobber(path)
        };
        kept.map(drop).map_err(|error| error.error)
    }

    fn owner(&self) -> Owner<'_> {
        Owner {
            environment: &self.environment,
            partner_id: &self.partner_id,
            user_id: self.key.user_id.as_str(),
            job_id: self.key.job_id.as_str(),
        }
    }

    /// Reads one back.
    fn read(path: &Path) -> Result<Self, Failure> {
        let text = read_text(File::open(path).map_err(unreadable)?);
        Self::parse(&text.map_err(|rule| Failure::usage(format!("CHECKPOINT {rule}")))?)
    }

    /// Reads one back to go on with. Nobody else can do that as long as the file that comes with it is kept open.
    pub(crate) fn read_locked(path: &Path) -> Result<(Self, File), Failure> {
        for _ in 0..MAX_NUMBER {
            let file = File::open(path).map_err(unreadable)?;
            match file.try_lock() {
                Ok(()) => {}
                // A file system without locks.
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(unreadable(error)),
                Err(TryLockError::WouldBlock) => {
                    return Err(Failure::failed(
                        "another `smile resume` is at work on CHECKPOINT: wait until it has ended",
                    ));
                }
            }
            let text = read_text(&file).map_err(|rule| Failure::usage(format!("CHECKPOINT {rule}")))?;
            // Until it was locked, another one may have put a newer one in its place, or removed it.
            let is_newest = File::open(path).is_ok_and(|file| read_text(file).is_ok_and(|now| now == text));
            if is_newest || cfg!(windows) {
                return Ok((Self::parse(&text)?, file));
            }
        }
        Err(Failure::failed("CHECKPOINT is being changed by others: wait until they have ended"))
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        // The error of the parser would repeat what is in the file.
        let saved: Self = serde_json::from_str(text).map_err(|error| {
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

fn unreadable(error: std::io::Error) -> Failure {
    Failure::usage(format!("CHECKPOINT must name a file that can be read: {}", error.kind()))
}

/// The job that a checkpoint is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner<'a> {
    pub(crate) environment: &'a str,
    pub(crate) partner_id: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) job_id: &'a str,
}

/// Refuses a path for checkpoints at which something else is, before anything is sent.
pub(crate) fn must_be_free(path: &Path, owner: Owner<'_>) -> Result<(), Failure> {
    // Of a link that leads nowhere there is metadata as well.
    if path.symlink_metadata().is_err() || is_checkpoint_of(path, owner) {
        return Ok(());
    }
    let rule = "must be a new file, or this job's own checkpoint: what is in it would be lost";
    Err(Failure::flag("--checkpoint", "checkpoint", rule))
}

fn is_checkpoint_of(path: &Path, owner: Owner<'_>) -> bool {
    // A pipe would be waited for.
    let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    is_file && Saved::read(path).is_ok_and(|saved| saved.owner() == owner)
}

/// Beyond that many files of one name, something else is wrong.
const MAX_NUMBER: u32 = 100;

/// The path, from the second on with its number: `smile-j.checkpoint-2.json`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// The longest name of a file, on most systems, is 255 bytes.
const MAX_NAME: usize = 200;

/// Where a checkpoint is written if nobody says where: in the folder that the program runs in.
///
/// Other ids have other names, unless they are very long. What no file name can have is written
/// as in a URL.
pub(crate) fn default_path(job_id: &str) -> PathBuf {
    let mut name = String::new();
    for byte in job_id.bytes() {
        let written = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        };
        if name.len() + written.len() > MAX_NAME {
            break;
        }
        name.push_str(&written);
    }
    PathBuf::from(format!("smile-{name}.checkpoint.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_id_names_a_file_in_this_folder() {
        assert_eq!(default_path("kyc-17"), Path::new("smile-kyc-17.checkpoint.json"));
        assert_eq!(default_path("../etc/x"), Path::new("smile-%2E%2E%2Fetc%2Fx.checkpoint.json"));
    }

    #[test]
    fn other_job_ids_have_other_files() {
        let ids = ["x.y", "x_y", "x-y", "x y", "x%2Ey", "x/y", "é", "e\u{301}", "xy"];
        let paths: std::collections::BTreeSet<PathBuf> = ids.into_iter().map(default_path).collect();
        assert_eq!(paths.len(), ids.len(), "{paths:?}");
        let longest = default_path(&"é".repeat(500));
        assert!(longest.as_os_str().len() <= 255 - "-100".len(), "{longest:?}");
    }

    fn saved(user_id: &str, job_id: &str) -> Saved {
        let (user_id, job_id) = (smile_core::UserId::new(user_id), smile_core::JobId::new(job_id));
        let key = JobKey { user_id, job_id, job_type: smile_core::JobType::BIOMETRIC_KYC };
        Saved::to_ask("sandbox", "001", key)
    }

    #[test]
    fn only_the_same_jobs_checkpoint_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.json");
        for _ in 0..2 {
            assert_eq!(saved("u", "j").write(&path), Ok(path.clone()));
        }
        let second = folder.path().join("kept-2.json");
        assert_eq!(saved("u2", "j").write(&path), Ok(second.clone()), "another user's job");
        let third = folder.path().join("kept-3.json");
        assert_eq!(saved("u", "j2").write(&path), Ok(third), "another job");
        assert_eq!(Saved::read(&path).unwrap().key, saved("u", "j").key);
        assert_eq!(Saved::read(&second).unwrap().key, saved("u2", "j").key);
    }

    #[test]
    fn what_is_no_checkpoint_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        std::fs::write(&path, "mine").unwrap();
        assert_eq!(saved("u", "j").write(&path), Ok(folder.path().join("notes-2")));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        assert_eq!(saved("u", "j").write(folder.path()).map(|path| path.exists()), Ok(true), "nor a folder");
        assert!(folder.path().is_dir());
    }

    #[test]
    fn a_path_that_something_else_has_is_refused_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.json");
        let job = saved("u", "j");
        assert!(must_be_free(&path, job.owner()).is_ok());
        job.write(&path).unwrap();
        assert!(must_be_free(&path, job.owner()).is_ok());
        for other in [saved("u2", "j"), saved("u", "j2")] {
            assert_eq!(must_be_free(&path, other.owner()).unwrap_err().exit(), crate::exit::Exit::Usage);
        }
        std::fs::write(&path, "mine").unwrap();
        assert!(must_be_free(&path, job.owner()).is_err());
        assert!(must_be_free(folder.path(), job.owner()).is_err());
    }
}
