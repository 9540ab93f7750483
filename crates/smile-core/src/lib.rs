#![doc = include_str!("../README.md")]

pub mod catalogue;
pub mod flow;
pub mod operation;

mod account;
mod callback;
mod characters;
mod credentials;
mod environment;
mod id_info;
mod image;
mod job;
mod job_type;
mod partner;
mod partner_params;
mod payload;
mod problem;
mod result;
mod signature;
mod timestamp;
mod tolerant;
mod transport;
mod validate;

/// What requests and bodies are made of, in the versions that this crate has.
#[doc(no_inline)]
pub use {bytes, http};

pub use account::PartnerAccount;
pub use callback::{
    AsyncReplayStore, Callback, CallbackKind, Carrier, Change, InMemoryReplayStore, JobLife, LifeError,
    Nonce, NonceError, RecordedResult, Refusal, ReplayStore, Seen, Sighting, Standing, StoreFull, Trust,
    Verifier, Webhook, WebhookStatus,
};
pub use credentials::{ApiKey, PartnerId};
pub use environment::{BaseUrl, CallbackUrl, Environment};
pub use flow::{
    Call, CallError, CallErrorKind, Checkpoint, Confirm, ConfirmError, Confirmed, Event, Flow, FlowSettings,
    JobError, JobErrorKind, JobFlow, JobKey, JobOutcome, LastSend, Next, ObserverError, ObserverResult,
    PollSchedule, Reach, RetryPolicy, Step, Submission, SubmissionId,
};
pub use id_info::IdInfo;
pub use image::{Image, ImageEncoding, ImageFault, ImageRole, ImageType, read_image};
pub use job::{Job, Selfie};
pub use job_type::JobType;
pub use operation::job_status::{JobResult, JobStatus};
pub use operation::{ApiError, JobStatusRequest, OperationError};
pub use partner::Partner;
pub use partner_params::{JobId, PartnerParams, UserId};
pub use problem::{ConfigError, Problem, ProblemKind, ValidationError};
pub use result::{
    ActionValue, Actions, AdverseMedia, AmlInfo, AmlPerson, Antifraud, Association, BeneficialOwner,
    BusinessInfo, CompanyInformation, Date, Decision, Director, Doubt, EchoedParams, Fiduciary, ImageLinks,
    NextStep, Pep, PepSource, Personal, PersonalInfo, PoliticalPosition, Proprietor, Record, ResultCode,
    ResultEntry, Sanction, SuspectUser, UnknownValue, Verdict,
};
pub use signature::{ReceivedTimestamp, SignatureError, SignedTimestamp, Signer};
pub use timestamp::Timestamp;
pub use transport::{TransportFailure, TransportFailureKind};
pub use validate::Findings;
