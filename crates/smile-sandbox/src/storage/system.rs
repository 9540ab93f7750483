//! The differences between operating systems: modes of files and folders, and flushing a folder.
//!
//! Nothing else in the sandbox asks which system it runs on; `cargo xtask ci systems` sees to that.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Creates a folder, with those above it, for its owner alone where folders have modes, as the
/// state is personal data.
pub(super) fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Opens an empty file to write to, readable for its owner alone where files have modes.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create(true).truncate(true).open(path)
}

/// Flushes a folder: only then is the new name of a renamed file safe. On systems where folders
/// can't be opened there is nothing to flush.
pub(super) fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
