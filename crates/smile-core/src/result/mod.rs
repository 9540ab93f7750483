//! What the service says about a job: result entries, their actions, and what they amount to.

mod actions;
mod aml;
pub(crate) mod audit;
mod business;
mod entry;
mod image_links;
mod personal;
mod record;
mod verdict;

pub use actions::{ActionValue, Actions, UnknownValue};
pub use aml::{AdverseMedia, AmlInfo, AmlPerson, Association, Pep, PepSource, PoliticalPosition, Sanction};
pub use business::{BeneficialOwner, BusinessInfo, CompanyInformation, Director, Fiduciary, Proprietor};
pub use entry::{EchoedParams, ResultCode, ResultEntry};
pub use image_links::ImageLinks;
pub use personal::{Antifraud, PersonalInfo, SuspectUser};
pub use record::{Date, Personal, Record};
pub use verdict::{Decision, UnknownReason, Verdict};

pub use crate::catalogue::NextStep;
