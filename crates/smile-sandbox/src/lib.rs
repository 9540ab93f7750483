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
mod admin;
mod aml;
mod answer_body;
mod archive;
mod authorisation;
mod authority;
mod basic_kyc;
mod buffer;
mod builder;
mod business_verification;
mod callback_queue;
mod callback_record;
mod callbacks;
mod checks;
mod clock;
mod codes;
mod company;
mod consent;
mod delivery;
mod disturbance;
mod encoding;
mod endpoint;
mod enhanced_kyc;
mod fault_effects;
mod fault_rules;
mod faults;
mod fields;
mod forgery;
mod front;
mod id_request;
mod image_links;
mod intake;
mod job_status;
mod jobs;
mod keep;
mod keeping;
mod line;
mod matcher;
mod matching;
mod named_outcome;
mod oddity;
mod outcome;
mod persona;
mod phone_verification;
mod prep_upload;
mod presign;
mod process;
mod product;
mod products_config;
mod query;
mod records;
mod redelivery;
mod response;
mod result_entry;
mod routing;
mod rules;
mod sample_image;
mod sandbox;
#[cfg(feature = "scenario")]
mod scenario;
mod script;
mod secret;
mod server;
mod service;
mod services;
mod smile_links;
#[cfg(feature = "state")]
mod snapshot;
mod staged;
#[cfg(feature = "state")]
mod store;
mod submission;
mod timeline;
#[cfg(feature = "tls")]
mod tls;
mod unnumbered;
mod upload;
mod users;
mod valid_documents;
mod watch_list;
mod web_token;

pub mod signed_callback;
/// The page about scenario files, whose program has to build.
#[cfg(all(doctest, feature = "scenario"))]
#[doc = include_str!("../docs/scenarios.md")]
struct Scenarios;

pub use builder::Builder;
pub use callback_record::{CallbackAnswer, CallbackRecord, CallbackState};
pub use callbacks::{Callback, CallbackAttempt, CallbackId, CallbackOutcome};
pub use clock::{Clock, ClockError};
pub use consent::OTP;
pub use disturbance::{CallbackError, CallbackRule, Disturbance, Redelivery};
pub use fault_rules::{Admission, FaultId, FaultInForce, FaultRule};
pub use faults::{ConnectionLost, Endpoint, Fault, Manner, Pace, Redirect, RetryAfter};
pub use keep::Keep;
pub use matcher::Matcher;
pub use named_outcome::Outcome;
pub use oddity::Oddity;
pub use outcome::{Review, ReviewError};
pub use product::Product;
pub use records::{ImageRecord, JobRecord, RecordedRequest, Stage};
pub use rules::When;
pub use sample_image::SampleImage;
pub use sandbox::Sandbox;
#[cfg(feature = "scenario")]
pub use scenario::{Scenario, ScenarioError};
pub use script::ScriptStage;
pub use service::Service;
pub use signed_callback::signed_callback;
#[cfg(feature = "state")]
pub use snapshot::{RestoreError, Snapshot};
#[cfg(feature = "state")]
pub use store::StateError;
pub use timeline::{JobEvent, JobEventKind};
pub use users::UserState;
