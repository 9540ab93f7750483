//! Checkpoints: files that `smile resume` continues a job or a check from.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use smile_core::{Checkpoint, JobKey, Progress};

use crate::connection::read_text;
use crate::products::Product;
use crate::report::Failure;
use crate::system::{self, LOCKS_ARE_MANDATORY};

const VERSION: u8 = 1;

/// The checkpoint of an unfinished job or check. It contains no key; but as long as the service may
/// not have the job, it contains the flags of the submission, and those are personal.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Saved {
    smile_checkpoint: u8,
    /// The environment, as in `--environment`.
    pub(crate) environment: String,
    pub(crate) partner_id: String,
    /// The key to ask for the status by; some checks have none.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<JobKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unfinished: Option<Unfinished>,
    /// The facts that the result of a submitted job must name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) submitted: Option<Checkpoint>,
}

/// The data needed to submit the rest of a job, or to report a check's result.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Unfinished {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) product: Product,
}

impl Saved {
    /// Creates the checkpoint of a job that the service has, or may have, whole: only its result is
    /// open.
    pub(crate) fn to_ask(environment: &str, partner_id: &str, key: Option<JobKey>) -> Self {
        Self {
            smile_checkpoint: VERSION,
            environment: environment.to_owned(),
            partner_id: partner_id.to_owned(),
            key,
            unfinished: None,
            submitted: None,
        }
    }

    /// Creates the checkpoint of a job or a check on its way.
    pub(crate) fn of(
        environment: &str,
        partner_id: &str,
        checkpoint: Checkpoint,
        product: Option<&Product>,
    ) -> Self {
        let saved = Self::to_ask(environment, partner_id, checkpoint.key().cloned());
        match product.filter(|_| checkpoint.progress() != Progress::Uploaded) {
            Some(product) => {
                Self { unfinished: Some(Unfinished { checkpoint, product: product.clone() }), ..saved }
            }
            None => {
                let is_named = checkpoint.submission_id().is_some();
                Self { submitted: is_named.then_some(checkpoint), ..saved }
            }
        }
    }

    /// The ids of the job, where they are known.
    fn ids(&self) -> Option<(&str, &str)> {
        let of_product = || {
            let ids = self.unfinished.as_ref()?.product.ids();
            Some((ids.user_id.as_deref()?, ids.job_id.as_deref()?))
        };
        self.key.as_ref().map(|key| (key.user_id.as_str(), key.job_id.as_str())).or_else(of_product)
    }

    pub(crate) fn job_id(&self) -> Option<&str> {
        self.ids().map(|(_, job_id)| job_id)
    }

    fn is_of_the_same(&self, other: &Self) -> bool {
        (&self.environment, &self.partner_id, self.ids())
            == (&other.environment, &other.partner_id, other.ids())
    }

    /// Writes the file whole or not at all, for the user's eyes only, and locked.
    fn write_at(&self, path: &Path, may_replace: bool) -> std::io::Result<File> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let text = serde_json::to_string_pretty(self)?;
        // Created with permissions for the user alone, where the system has them.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        // Locked before the file has its name, so that nobody finds it unlocked.
        if !LOCKS_ARE_MANDATORY {
            let _ = system::lock(file.as_file());
        }
        let kept = if may_replace { file.persist(path) } else { file.persist_noclobber(path) };
        kept.map_err(|error| error.error)
    }

    /// Reads a checkpoint.
    fn read(path: &Path) -> Result<Self, Failure> {
        let text = read_text(File::open(path).map_err(unreadable)?);
        Self::parse(&text.map_err(|rule| Failure::usage(format!("CHECKPOINT {rule}")))?)
    }

    /// Reads a checkpoint to continue from, and locks it: nobody else can continue while the
    /// returned file is open.
    pub(crate) fn read_locked(path: &Path) -> Result<(Self, File), Failure> {
        for _ in 0..MAX_NUMBER {
            let file = File::open(path).map_err(unreadable)?;
            if !system::lock(&file).map_err(unreadable)? {
                return Err(Failure::failed(
                    "another `smile` is at work on CHECKPOINT: wait until it has ended",
                ));
            }
            let text = read_text(&file).map_err(|rule| Failure::usage(format!("CHECKPOINT {rule}")))?;
            // Until it was locked, another program may have replaced or removed it.
            let is_newest = File::open(path).is_ok_and(|file| read_text(file).is_ok_and(|now| now == text));
            if is_newest || LOCKS_ARE_MANDATORY {
                return Ok((Self::parse(&text)?, file));
            }
        }
        Err(Failure::failed("CHECKPOINT is being changed by others: wait until they have ended"))
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        // The error of the parser would repeat the file's content.
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

/// Refuses a checkpoint path that is taken, before anything is sent.
fn must_be_free(path: &Path) -> Result<(), Failure> {
    // A link that leads nowhere has metadata as well.
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let rule = "must be a new file: what is in it would be lost";
    let failure = Failure::flag("--checkpoint", "checkpoint", rule);
    let is_checkpoint = is_file(path) && Saved::read(path).is_ok();
    Err(if is_checkpoint {
        failure.with_advice("it is a checkpoint: `smile resume` goes on from it")
    } else {
        failure
    })
}

/// True for a regular file: a pipe would be waited for.
fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}

/// The file with the checkpoint of one job or check: rewritten while that runs, removed at its end.
///
/// It is locked meanwhile. Another program's file is never replaced, nor is an earlier checkpoint
/// of the same job: the new one goes beside it, under a name with a number.
#[derive(Clone)]
pub(crate) struct CheckpointFile(Arc<Mutex<Place>>);

struct Place {
    path: PathBuf,
    /// The last content.
    last: Option<Saved>,
    /// The lock: nobody else continues from the file as long as this is open.
    lock: Option<File>,
}

impl CheckpointFile {
    /// Creates the checkpoint file of a new job: at this path, which must be free, or at the job's
    /// default path.
    pub(crate) fn of_new_job(path: Option<PathBuf>, job_id: &str) -> Result<Self, Failure> {
        if let Some(path) = &path {
            must_be_free(path)?;
        }
        Ok(Self::new(path.unwrap_or_else(|| default_path(job_id))))
    }

    fn new(path: PathBuf) -> Self {
        Self(Arc::new(Mutex::new(Place { path, last: None, lock: None })))
    }

    /// Takes over a checkpoint file that is continued from.
    pub(crate) fn resumed(path: PathBuf, saved: Saved, lock: File) -> Self {
        Self(Arc::new(Mutex::new(Place { path, last: Some(saved), lock: Some(lock) })))
    }

    /// Writes the checkpoint, in place of the previous one.
    ///
    /// # Errors
    /// The reason why the file can't be written. The previous checkpoint is still there.
    pub(crate) fn write(&self, saved: &Saved) -> Result<(), String> {
        let mut place = self.place();
        if LOCKS_ARE_MANDATORY {
            // A locked file could be neither read nor replaced.
            place.lock = None;
        }
        for number in 1..=MAX_NUMBER {
            let path = numbered(&place.path, number);
            let is_own = number == 1
                && place.last.as_ref().is_some_and(|last| {
                    is_file(&path) && Saved::read(&path).is_ok_and(|there| there.is_of_the_same(last))
                });
            match saved.write_at(&path, is_own) {
                Ok(file) => {
                    *place = Place { path, last: Some(saved.clone()), lock: Some(file) };
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.kind().to_string()),
            }
        }
        Err("every name for it is taken".to_owned())
    }

    /// The last checkpoint, and its path.
    pub(crate) fn written(&self) -> Option<(Saved, PathBuf)> {
        let place = self.place();
        place.last.clone().map(|saved| (saved, place.path.clone()))
    }

    /// Removes the checkpoint, if one was written.
    ///
    /// # Errors
    /// If the file is still there.
    pub(crate) fn remove(&self) -> std::io::Result<()> {
        let mut place = self.place();
        if place.last.take().is_none() {
            return Ok(());
        }
        // Others must not find it unlocked before it is gone.
        let removed = std::fs::remove_file(&place.path);
        place.lock = None;
        removed
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The most files of one name: beyond that, something else is wrong.
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

/// A limit on the name of a file, in bytes; most systems allow 255.
const MAX_NAME: usize = 200;

/// The default path of a checkpoint: in the current folder.
///
/// Different ids give different names, unless they are very long. Characters that no file name can
/// have are written as in a URL.
fn default_path(job_id: &str) -> PathBuf {
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
        Saved::to_ask("sandbox", "001", Some(key))
    }

    #[track_caller]
    fn is_written_at(file: &CheckpointFile, saved: &Saved, path: &Path) {
        assert_eq!(file.write(saved), Ok(()));
        assert_eq!(file.written().unwrap().1, path);
        drop(file.place().lock.take());
        assert_eq!(Saved::read(path).unwrap().key, saved.key);
    }

    #[test]
    fn only_what_it_wrote_itself_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.json");
        let first = CheckpointFile::new(path.clone());
        for _ in 0..2 {
            is_written_at(&first, &saved("u", "j"), &path);
        }
        for (user_id, job_id, name) in
            [("u", "j", "kept-2.json"), ("u2", "j", "kept-3.json"), ("u", "j2", "kept-4.json")]
        {
            let other = CheckpointFile::new(path.clone());
            for _ in 0..2 {
                is_written_at(&other, &saved(user_id, job_id), &folder.path().join(name));
            }
        }
        is_written_at(&first, &saved("u", "j"), &path);
    }

    #[test]
    fn other_files_are_never_replaced_nor_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        std::fs::write(&path, "mine").unwrap();
        let file = CheckpointFile::new(path.clone());
        is_written_at(&file, &saved("u", "j"), &folder.path().join("notes-2"));
        file.remove().unwrap();
        assert!(!folder.path().join("notes-2").exists());
        file.remove().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        let in_place_of_folder = CheckpointFile::new(folder.path().to_owned());
        assert_eq!(in_place_of_folder.write(&saved("u", "j")), Ok(()), "beside it");
        in_place_of_folder.remove().unwrap();
        assert!(folder.path().is_dir());
    }

    #[cfg(unix)]
    #[test]
    fn it_stays_locked_while_it_is_written_again_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.json");
        let file = CheckpointFile::new(path.clone());
        for _ in 0..2 {
            file.write(&saved("u", "j")).unwrap();
            assert!(Saved::read_locked(&path).is_err());
        }
        drop(file);
        assert!(Saved::read_locked(&path).is_ok());
    }

    #[test]
    fn a_failed_write_leaves_the_previous_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inner").join("kept.json");
        let file = CheckpointFile::new(path.clone());
        assert!(file.write(&saved("u", "j")).is_err());
        assert!(file.written().is_none());
        std::fs::create_dir(folder.path().join("inner")).unwrap();
        is_written_at(&file, &saved("u", "j"), &path);
    }

    #[test]
    fn a_path_that_anything_has_is_refused_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.json");
        assert!(must_be_free(&path).is_ok());
        let file = CheckpointFile::new(path.clone());
        file.write(&saved("u", "j")).unwrap();
        let refused = must_be_free(&path).unwrap_err();
        assert_eq!(refused.exit(), crate::exit::Exit::Usage);
        file.remove().unwrap();
        std::fs::write(&path, "mine").unwrap();
        assert!(must_be_free(&path).is_err());
        assert!(must_be_free(folder.path()).is_err());
    }
}
