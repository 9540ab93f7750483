//! The sandbox from outside: first the service by itself, under the test's clock, then the server.
#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails; the setting for tests leaves out their helpers"
)]

mod addr;
mod addresses_and_phones;
mod admin;
mod admin_access;
mod aml;
mod basic_kyc;
mod business_verification;
mod callbacks;
mod catalogues;
mod checks;
mod chromium;
mod client;
mod clock;
mod consent;
mod determinism;
mod disturbances;
mod enhanced_kyc;
mod fault_wire;
mod faults;
mod hardening;
mod job_status;
mod keep;
mod openapi;
mod outcomes;
mod page;
mod pairs;
mod prep_upload;
mod redaction;
mod replay_store;
mod robustness;
mod rules;
#[cfg(feature = "scenario")]
mod scenarios;
mod server;
mod signed_callback;
mod smile_links;
#[cfg(feature = "state")]
mod state;
#[cfg(feature = "tls")]
mod tls;
mod upload;
mod web_token;
mod zips;
