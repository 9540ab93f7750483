//! All printed output: answers, failures, progress, verdicts and callbacks.

mod failure;
mod outcome;
mod output;
mod progress;
pub(crate) mod received;
pub(crate) mod text;
pub(crate) mod verdict;

pub(crate) use failure::Failure;
pub(crate) use outcome::{Ended, Named, describe_outcome, describe_status, go_on_command, result_of};
pub(crate) use output::{Output, Report, Tone};
pub(crate) use progress::ProgressLine;
