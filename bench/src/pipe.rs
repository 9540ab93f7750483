//! Lines between the processes of a run.

use std::io::{self, Write as _};

/// A line for the process that started this one.
pub(crate) fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
