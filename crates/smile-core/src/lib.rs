#![doc = include_str!("../README.md")]

pub mod catalogue;
pub mod flow;
pub mod operation;
pub mod v1;
pub mod v3;

mod callback;
mod job;
mod job_flow;
mod partner;
mod problem;
mod result;
mod wire;

pub use callback::confirm::{Confirm, ConfirmError, Confirmation};
pub use callback::confirm_webhook::{ConfirmWebhook, ConfirmWebhookError, ConfirmedWord};
pub use callback::{
    AsyncReplayStore, Callback, CallbackDigest, CallbackKind, Carrier, Change, InMemoryReplayStore,
    JobHistory, JobHistoryError, JobState, Nonce, NonceError, RecordedResult, Refusal, ReplayCheck,
    ReplayStore, StoreFull, Trust, Verifier,
};
pub use catalogue::job_type::JobType;
pub use catalogue::webhook_status::WebhookStatus;
pub use flow::Progress;
pub use flow::{
    Call, CallError, CallErrorKind, Checkpoint, Event, Flow, FlowSettings, LastSend, Next, ObserverError,
    ObserverResult, PollSchedule, RetryPolicy,
};
pub use job::check::ValidationReport;
pub use job::id_info::IdInfo;
pub use job::image::{Image, ImageEncoding, ImageRole, ImageType, read_image, read_image_of_size};
pub use job::job_key::JobKey;
pub use job::partner_params::{JobId, PartnerParams, UserId};
pub use job::submission_id::SubmissionId;
pub use job::{Job, Selfie};
pub use job_flow::JobFlow;
pub use operation::Step;
pub use operation::transport::{TransportFailure, TransportFailureKind};
pub use operation::{ApiError, OperationError};
pub use partner::Partner;
pub use partner::account::PartnerAccount;
pub use partner::api::Api;
pub use partner::credentials::{ApiKey, PartnerId};
pub use partner::environment::{BaseUrl, CallbackUrl, Environment, is_loopback};
pub use partner::signature::{ReceivedTimestamp, SignatureError, SignedTimestamp, Signer};
pub use problem::ImageFault;
pub use problem::{ConfigError, Problem, ProblemKind, ValidationError};
pub use result::{
    ActionValue, Actions, AdverseMedia, AmlInfo, AmlPerson, Antifraud, Association, BeneficialOwner,
    BusinessInfo, CompanyInformation, Date, Decision, Director, EchoedParams, Fiduciary, ImageLinks,
    NextStep, Pep, PepSource, Personal, PersonalInfo, PoliticalPosition, Proprietor, Record, ResultCode,
    ResultEntry, Sanction, SuspectUser, UnknownReason, UnknownValue, Verdict,
};
pub use v1::job_flow::error::{JobError, JobErrorKind};
pub use v1::job_flow::outcome::{JobOutcome, Submission};
pub use v1::job_status::{JobResult, JobStatus, JobStatusRequest};
pub use v3::webhook::Webhook;
pub use wire::timestamp::Timestamp;
/// Crates of which requests and bodies are made, in the versions that this crate has.
#[doc(no_inline)]
pub use {bytes, http};
