#![doc = include_str!("../README.md")]

mod address;
mod checkpoint;
mod cli;
mod commands;
mod connection;
mod exit;
mod failure;
mod ids;
mod interrupt;
mod job_type;
mod output;
mod progress;
mod received;
mod text;
mod verdict;

use std::process::ExitCode;
use std::time::SystemTime;

use smile_core::Timestamp;

fn main() -> ExitCode {
    cli::run()
}

/// The time, by this machine's clock.
fn now() -> Timestamp {
    Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
}
