//! The differences between operating systems: modes and locks of files, and Ctrl-C.
//!
//! Nothing else in the command asks which system it runs on; `cargo xtask ci systems` sees to that.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;

/// True on Windows, which keeps others from reading or replacing a locked file. Elsewhere a lock
/// binds only programs that ask for it.
pub(crate) const LOCKS_ARE_MANDATORY: bool = cfg!(windows);

/// Locks a file, as long as it stays open. Returns false if another program has locked it.
///
/// A file system without locks counts as a lock.
pub(crate) fn lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// True if the file's mode lets anybody but its owner read, write or run it. False where files have
/// no mode.
#[cfg(unix)]
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// True if the file's mode lets anybody but its owner read, write or run it. False where files have
/// no mode.
#[cfg(not(unix))]
pub(crate) fn is_open_to_others(_: &Path) -> bool {
    false
}

/// Calls this at each Ctrl-C and, on Unix, at SIGTERM and SIGHUP. To be called once in the life of
/// the program.
pub(crate) fn on_interrupt(act: impl Fn() + Send + 'static) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(act)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_locked_for_one_at_a_time() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (one, other) = (File::open(file.path()).unwrap(), File::open(file.path()).unwrap());
        assert!(lock(&one).unwrap());
        assert!(!lock(&other).unwrap());
        drop(one);
        assert!(lock(&other).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn a_mode_for_the_owner_alone_is_open_to_nobody_else() {
        use std::os::unix::fs::PermissionsExt as _;

        let file = tempfile::NamedTempFile::new().unwrap();
        for (mode, is_open) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
            file.as_file().set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_open_to_others(file.path()), is_open, "{mode:o}");
        }
        assert!(!is_open_to_others(Path::new("/no/such/file")));
    }
}
