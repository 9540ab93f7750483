#![doc = include_str!("../README.md")]
//!
//! # How it is built
//!
//! The core of it, [`Service`], is sans-IO: a request and the time go in, a response and due
//! callbacks come out. It has no clock, socket, thread or randomness, so the same seed and the same
//! requests give the same bytes, and a test can drive it through an hour of retries at once.
//! [`Sandbox`] is a thin HTTP server around it, on a thread of its own.
//!
//! Of `smile-core` it uses facts alone (types, signature, catalogue) and none of the code with
//! which the SDK writes requests and reads answers: an emulator that shares its client's code
//! agrees with its client's mistakes.
//!
//! What Smile ID does not publish had to be chosen. Such choices are marked "our choice" where they
//! are made, and nothing should be concluded from them about the real service.

mod admin;
mod callback;
mod fault;
mod http;
mod job;
mod log;
mod result;
mod rule;
mod run;
mod sample_image;
#[cfg(feature = "scenario")]
mod scenario;
mod secret;
mod server;
mod service;
mod state;
mod storage;
mod v1;

pub mod replay_store;
pub mod signed_callback;
/// The page about scenario files, whose program has to build.
#[cfg(all(doctest, feature = "scenario"))]
#[doc = include_str!("../docs/scenarios.md")]
struct Scenarios;

pub use callback::attempt::{CallbackAttempt, CallbackId, CallbackOutcome, DueCallback};
pub use callback::disturbance::{CallbackError, CallbackRule, Disturbance, Redelivery};
pub use callback::record::{CallbackAnswer, CallbackRecord, CallbackState};
pub use fault::effects::Outgoing;
pub use fault::kinds::{Fault, Pace, Redirect, ResponseDelivery, RetryAfter, StorageError};
pub use fault::rules::{FaultId, FaultInForce, FaultRule, HeadCheck};
pub use http::endpoint::Endpoint;
pub use job::events::{JobEvent, JobEventKind};
pub use job::record::{ImageRecord, JobRecord, Stage};
pub use result::finding::{Review, ReviewError};
pub use result::outcome::Outcome;
pub use result::product::Product;
pub use result::spelling_variant::SpellingVariant;
pub use rule::matcher::Matcher;
pub use rule::rules::When;
pub use rule::script::ScriptStage;
pub use sample_image::SampleImage;
#[cfg(feature = "scenario")]
pub use scenario::setup::Scenario;
#[cfg(feature = "scenario")]
pub use scenario::wrong::ScenarioError;
pub use server::builder::Builder;
pub use server::clock::{Clock, ClockError};
pub use server::sandbox::Sandbox;
pub use service::Service;
pub use service::incoming::Incoming;
pub use signed_callback::signed_callback;
pub use state::keep::Keep;
pub use state::request_log::RecordedRequest;
pub use state::users::UserState;
#[cfg(feature = "state")]
pub use storage::error::StateError;
pub use storage::snapshot::{RestoreError, Snapshot};
pub use v1::consent::OTP;
