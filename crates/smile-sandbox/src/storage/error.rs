//! Errors of the state on disk.

use std::io;
use std::path::{Path, PathBuf};

use crate::storage::snapshot::RestoreError;

/// The error of a sandbox state that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
#[non_exhaustive]
pub struct StateError {
    /// The file, or the folder.
    pub path: PathBuf,
    pub(super) problem: Problem,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error(transparent)]
    Io(io::Error),
    #[error(transparent)]
    Unusable(RestoreError),
    #[error(
        "it has files in it, and no `{mark}`, by which a sandbox knows its own: name a new or empty folder"
    )]
    NotOurs { mark: &'static str },
    #[error(
        "it was made in format {found}, and this sandbox reads format {known}: name a new or empty folder"
    )]
    OtherLayout { found: String, known: u64 },
    #[error("another sandbox is using this folder")]
    InUse,
    #[error("its content is not what it was when it was written")]
    Changed,
}

impl StateError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        |error| Self { path: path.to_owned(), problem: Problem::Io(error) }
    }

    pub(super) fn unusable(path: &Path) -> impl FnOnce(RestoreError) -> Self {
        |error| Self { path: path.to_owned(), problem: Problem::Unusable(error) }
    }

    /// The kind of error for callers that only take [`io`] errors.
    fn kind(&self) -> io::ErrorKind {
        match &self.problem {
            Problem::Io(error) => error.kind(),
            Problem::Unusable(_) | Problem::Changed | Problem::OtherLayout { .. } => {
                io::ErrorKind::InvalidData
            }
            Problem::NotOurs { .. } => io::ErrorKind::AlreadyExists,
            Problem::InUse => io::ErrorKind::ResourceBusy,
        }
    }
}

impl From<StateError> for io::Error {
    fn from(error: StateError) -> Self {
        Self::new(error.kind(), error)
    }
}
