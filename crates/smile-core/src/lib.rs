//! Smile ID identity verification, sans-IO.
#![forbid(unsafe_code)]

mod credentials;
mod environment;
pub mod image;
mod job_type;
mod partner;
mod problem;
mod signature;
mod timestamp;

pub use credentials::{ApiKey, PartnerId};
pub use environment::{BaseUrl, CallbackUrl, Environment};
pub use job_type::JobType;
pub use partner::Partner;
pub use problem::{ConfigError, Problem, ProblemKind, ValidationError};
pub use signature::{ReceivedTimestamp, SignatureError, SignedTimestamp, Signer};
pub use timestamp::Timestamp;
