//! The state folder: its owner, and the writing of its files.
//!
//! A sandbox's folder has a marker file, which states the format. Every other folder with content
//! belongs to somebody else: it is refused, and left unchanged. In a sandbox's folder, too, only
//! files with names that are written here are ever removed: any other file is not read.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::storage::error::{Problem, StateError};
use crate::storage::system::{make_private_folder, private_file};

/// The file that marks a folder as a sandbox's.
const MARK: &str = "smile-sandbox.json";

/// The format of the folder: its files and their names.
const LAYOUT: u64 = 1;

/// Takes and locks a folder, which is created if needed.
///
/// # Errors
/// If the folder can't be created or read, belongs to somebody else, has another format, or is in
/// use. Nothing in it is changed then.
pub(super) fn take(folder: &Path) -> Result<File, StateError> {
    let mark = folder.join(MARK);
    match read_file(&mark, 4 << 10) {
        Ok(text) => check_layout(&text).map_err(|problem| StateError { path: mark, problem })?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_private_folder(folder).map_err(StateError::io(folder))?;
            if !is_empty(folder).map_err(StateError::io(folder))? {
                return Err(StateError { path: folder.to_owned(), problem: Problem::NotOurs { mark: MARK } });
            }
            let text = json!({
                "format": LAYOUT,
                "about": "the state of a smile-sandbox, which writes and removes files beside this one",
            });
            write_file(&mark, format!("{text}\n").as_bytes()).map_err(StateError::io(&mark))?;
        }
        Err(error) => return Err(StateError::io(&mark)(error)),
    }
    lock(folder)
}

/// Reads a file, or nothing of one with more bytes than the limit. A file with an expected name may
/// be anything, such as a link to a device that has no end.
pub(super) fn read_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let said = format!("it has more than {limit} bytes, which no file of a sandbox here has");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, said));
    }
    Ok(bytes)
}

fn check_layout(text: &[u8]) -> Result<(), Problem> {
    let mark: Value = serde_json::from_slice(text).unwrap_or_default();
    match mark.get("format").and_then(Value::as_u64) {
        Some(LAYOUT) => Ok(()),
        other => {
            let found = other.map_or("none".to_owned(), |format| format.to_string());
            Err(Problem::OtherLayout { found, known: LAYOUT })
        }
    }
}

fn is_empty(folder: &Path) -> io::Result<bool> {
    // The file that another sandbox has just begun to write, or was killed while writing.
    let own = [MARK.into(), unfinished(Path::new(MARK)).into_os_string()];
    for entry in fs::read_dir(folder)? {
        if !own.contains(&entry?.file_name()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The files in a folder, except folders and links, which are never written here.
pub(super) fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// The digest in a file name, if there is one: files are named by the digest of their content.
pub(super) fn as_digest(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (name.len() == 64 && name.bytes().all(is_hex)).then_some(name)
}

/// True for the temporary name that a file has until it is complete.
pub(super) fn is_unfinished(path: &Path) -> bool {
    path.file_stem().map(Path::new).and_then(as_digest).is_some() && unfinished(path) == path
}

/// The number of lock attempts, ten milliseconds apart, before the folder counts as taken. A folder
/// that was just released may seem taken for a moment: a program that is being started holds copies
/// of all open files until it has replaced the process.
const LOCK_TRIES: u32 = 100;

pub(super) fn lock(folder: &Path) -> Result<File, StateError> {
    let path = folder.join("lock");
    let file = private_file(&path).map_err(StateError::io(&path))?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::Error(error)) => return Err(StateError::io(&path)(error)),
        }
    }
    Err(StateError { path: folder.to_owned(), problem: Problem::InUse })
}

pub(super) fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = unfinished(path);
    let mut file = private_file(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}

pub(super) fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("unfinished")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_written_here_are_known() {
        let digest = "0f".repeat(32);
        assert_eq!(as_digest(Path::new(&digest)), Some(&*digest));
        for name in ["photo.jpg", "README", "0F", &digest.to_uppercase(), &format!("{digest}0"), ""] {
            assert_eq!(as_digest(Path::new(name)), None, "{name}");
            assert!(!is_unfinished(&Path::new(name).with_extension("unfinished")), "{name}");
        }
        assert!(is_unfinished(Path::new(&format!("{digest}.unfinished"))));
        assert!(!is_unfinished(Path::new(&digest)));
        assert!(!is_unfinished(Path::new(&format!("{digest}.jpg"))));
    }
}
