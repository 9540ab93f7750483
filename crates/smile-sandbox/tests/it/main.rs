//! The sandbox from outside: first the heart by itself, under a clock of the test's, then the server.
#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails; the setting for tests leaves out their helpers"
)]

mod addresses_and_phones;
mod aml;
mod basic_kyc;
mod business_verification;
mod callbacks;
mod catalogues;
mod checks;
mod client;
mod clock;
mod consent;
mod determinism;
mod enhanced_kyc;
mod faults;
mod job_status;
mod outcomes;
mod prep_upload;
mod redaction;
mod robustness;
mod rules;
#[cfg(feature = "scenario")]
mod scenarios;
mod server;
mod signed_callback;
mod smile_links;
#[cfg(feature = "state")]
mod state;
mod upload;
mod web_token;
mod zips;
