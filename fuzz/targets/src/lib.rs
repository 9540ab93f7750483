//! Fuzz targets: every parser that meets the network or a user, and the state machines, as
//! functions from bytes.
//!
//! A target panics where a rule is broken, and returns otherwise. Its seeds are in
//! `fuzz/seeds/NAME`; what once crashed it stays there. `cargo test -p smile-fuzz-targets` replays
//! them; `cargo xtask fuzz` looks for more.

#![allow(clippy::unwrap_used)] // To panic is how a target says that a rule is broken.

mod callbacks;
mod machine;
mod parsers;
mod sandbox;
mod shared;

pub use callbacks::{callbacks, job_histories};
pub use machine::machine;
pub use parsers::{addresses, answers, checkpoints, images, timestamps};
pub use sandbox::{sandbox_requests, sandbox_zips, scenarios};

/// A target: bytes in, and a panic where a rule is broken.
pub type Target = fn(&[u8]);

/// All targets, by name.
pub const TARGETS: &[(&str, Target)] = &[
    ("addresses", addresses),
    ("answers", answers),
    ("callbacks", callbacks),
    ("checkpoints", checkpoints),
    ("images", images),
    ("job_histories", job_histories),
    ("machine", machine),
    ("sandbox_requests", sandbox_requests),
    ("sandbox_zips", sandbox_zips),
    ("scenarios", scenarios),
    ("timestamps", timestamps),
];
