//! The sandbox from outside: first the heart by itself, under a clock of the test's, then the server.
#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails; the setting for tests leaves out their helpers"
)]

mod callbacks;
mod client;
mod determinism;
mod faults;
mod job_status;
mod outcomes;
mod prep_upload;
mod redaction;
mod robustness;
mod server;
mod upload;
mod zips;
