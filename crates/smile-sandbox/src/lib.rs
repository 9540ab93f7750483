#![doc = include_str!("../README.md")]
//!
//! # How it is built
//!
//! The heart, [`Service`], is sans-IO: a request and the time go in, a response and due callbacks come out. It has no
//! clock, socket, thread or randomness, so the same seed and the same requests give the same bytes, and a test can
//! drive it through an hour of retries at once. [`Sandbox`] is a thin HTTP server around it, on a thread of its own.
//!
//! Of `smile-core` it uses facts alone (types, signature, catalogue) and none of the code with which the SDK writes
//! requests and reads answers: an emulator that shares its client's code agrees with its client's mistakes.
//!
//! What Smile ID does not publish had to be chosen. Such choices are marked "our choice" where they are made, and
//! nothing should be concluded from them about the real service.

mod actions;
mod address_verification;
mod aml;
mod answer_body;
mod archive;
mod authorisation;
mod authority;
mod basic_kyc;
mod buffer;
mod builder;
mod business_verification;
mod callbacks;
mod checks;
mod company;
mod consent;
mod delivery;
mod encoding;
mod endpoint;
mod enhanced_kyc;
mod fault_effects;
mod fault_rules;
mod faults;
mod fields;
mod front;
mod id_request;
mod image_links;
mod intake;
mod job_status;
mod jobs;
mod keep;
mod line;
mod matching;
mod outcome;
mod persona;
mod phone_verification;
mod prep_upload;
mod presign;
mod process;
mod products_config;
mod query;
mod records;
mod response;
mod result_entry;
mod routing;
mod sandbox;
mod secret;
mod server;
mod service;
mod services;
mod smile_links;
mod submission;
#[cfg(feature = "tls")]
mod tls;
mod unnumbered;
mod upload;
mod users;
mod valid_documents;
mod watch_list;
mod web_token;

pub use builder::Builder;
pub use callbacks::{Callback, CallbackAttempt, CallbackId, CallbackOutcome};
pub use consent::OTP;
pub use fault_rules::{Admission, FaultId, FaultInForce, FaultRule};
pub use faults::{ConnectionLost, Endpoint, Fault, Manner, Pace, Redirect, RetryAfter};
pub use keep::Keep;
pub use outcome::{Review, ReviewError};
pub use records::{ImageRecord, JobRecord, RecordedRequest, Stage};
pub use sandbox::Sandbox;
pub use service::Service;
pub use users::UserState;
