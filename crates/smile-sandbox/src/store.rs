//! The state in a folder: `state.json`, and beside it the images, each under its digest.
//!
//! Every file is written under another name, flushed to the disk and then renamed, images before the state that names
//! them. So whenever the sandbox is killed, the folder has the old state or the new one. Images never change, and are
//! removed when the folder is opened and no job has them any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value;

use crate::service::Service;
use crate::snapshot::{Image, RestoreError, Snapshot, digest};

/// The state of a sandbox could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
#[non_exhaustive]
pub struct StateError {
    /// The file, or the folder.
    pub path: PathBuf,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Io(io::Error),
    #[error(transparent)]
    Unusable(RestoreError),
    #[error("another sandbox is using this folder")]
    InUse,
    #[error("its content is not what it was when it was written")]
    Changed,
}

impl StateError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        |error| Self { path: path.to_owned(), problem: Problem::Io(error) }
    }

    fn unusable(path: &Path) -> impl FnOnce(RestoreError) -> Self {
        |error| Self { path: path.to_owned(), problem: Problem::Unusable(error) }
    }

    /// The kind of error that it is where only those of [`io`] are to be had.
    fn kind(&self) -> io::ErrorKind {
        match &self.problem {
            Problem::Io(error) => error.kind(),
            Problem::Unusable(_) | Problem::Changed => io::ErrorKind::InvalidData,
            Problem::InUse => io::ErrorKind::ResourceBusy,
        }
    }
}

impl From<StateError> for io::Error {
    fn from(error: StateError) -> Self {
        Self::new(error.kind(), error)
    }
}

/// A folder that nobody else is using.
pub(crate) struct Store {
    folder: PathBuf,
    images: BTreeSet<String>,
    /// The folder is ours for as long as this is open.
    _lock: File,
}

/// What is to be written.
pub(crate) struct Pending {
    state: Vec<u8>,
    images: BTreeMap<String, Bytes>,
}

impl Store {
    /// Opens a folder, which is made if need be, and lets the service go on from what is in it.
    pub(crate) fn open(folder: &Path, service: &mut Service) -> Result<Self, StateError> {
        let images = folder.join("images");
        make_private_folder(&images).map_err(StateError::io(&images))?;
        let lock = lock(folder)?;
        let mut store = Self { folder: folder.to_owned(), images: BTreeSet::new(), _lock: lock };
        let path = store.state();
        match fs::read(&path) {
            Ok(text) => {
                let unreadable = |error| RestoreError::unreadable(&error);
                let state: Value =
                    serde_json::from_slice(&text).map_err(unreadable).map_err(StateError::unusable(&path))?;
                let images = store.read_images()?;
                service.restore(Snapshot { state, images }).map_err(StateError::unusable(&path))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StateError::io(&path)(error)),
        }
        store.images = service.images().map(|(digest, _)| digest.to_owned()).collect();
        store.remove_leftovers().map_err(StateError::io(&images))?;
        Ok(store)
    }

    /// What there is to write of a service.
    pub(crate) fn pending(&self, service: &Service) -> Result<Pending, StateError> {
        let new = service.images().filter(|(digest, _)| !self.images.contains(*digest));
        let images = new.map(|(digest, bytes)| (digest.to_owned(), bytes.clone())).collect();
        let path = self.state();
        let state = service.state_json().map_err(|error| StateError::io(&path)(error.into()))?;
        Ok(Pending { state, images })
    }

    /// Writes it. When this returns, it is on the disk.
    pub(crate) fn write(&mut self, pending: Pending) -> Result<(), StateError> {
        let folder = self.folder.join("images");
        let has_images = !pending.images.is_empty();
        for (digest, bytes) in pending.images {
            let path = folder.join(&digest);
            write_file(&path, &bytes).map_err(StateError::io(&path))?;
            self.images.insert(digest);
        }
        if has_images {
            flush_folder(&folder).map_err(StateError::io(&folder))?;
        }
        let path = self.state();
        write_file(&path, &pending.state).map_err(StateError::io(&path))?;
        flush_folder(&self.folder).map_err(StateError::io(&self.folder))
    }

    fn state(&self) -> PathBuf {
        self.folder.join("state.json")
    }

    fn read_images(&self) -> Result<BTreeMap<String, Image>, StateError> {
        let folder = self.folder.join("images");
        let mut images = BTreeMap::new();
        for entry in fs::read_dir(&folder).map_err(StateError::io(&folder))? {
            let path = entry.map_err(StateError::io(&folder))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if path.extension().is_some() {
                continue;
            }
            let bytes = fs::read(&path).map_err(StateError::io(&path))?;
            if digest(&bytes) != name {
                return Err(StateError { path, problem: Problem::Changed });
            }
            images.insert(name.to_owned(), Image(bytes.into()));
        }
        Ok(images)
    }

    /// Images that no job has any more, and files that a kill left half written.
    fn remove_leftovers(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.folder.join("images"))? {
            let entry = entry?;
            if !entry.file_name().to_str().is_some_and(|name| self.images.contains(name)) {
                fs::remove_file(entry.path())?;
            }
        }
        match fs::remove_file(unfinished(&self.state())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// What is about people is nobody else's business.
fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

fn lock(folder: &Path) -> Result<File, StateError> {
    let path = folder.join("lock");
    let file = private_file(&path).map_err(StateError::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StateError { path: folder.to_owned(), problem: Problem::InUse }),
        Err(TryLockError::Error(error)) => Err(StateError::io(&path)(error)),
    }
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create(true).truncate(true).open(path)
}

fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = unfinished(path);
    let mut file = private_file(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}

fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("unfinished")
}

/// A renamed file is only sure to have its new name once the folder is flushed as well. Where folders can't be opened
/// there is nothing to flush.
fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
