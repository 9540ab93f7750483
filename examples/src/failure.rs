//! The error of all programs.

use std::error::Error;

/// Whatever goes wrong in a program.
pub type Failure = Box<dyn Error + Send + Sync>;
