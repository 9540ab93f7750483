//! Results of jobs: entries, their actions, and their verdicts.

mod actions;
pub(crate) mod against;
mod aml;
pub(crate) mod audit;
mod business;
mod echoed_params;
mod entry;
mod image_links;
mod personal;
mod record;
mod result_code;
mod verdict;

pub use actions::{ActionValue, Actions, UnknownValue};
pub use aml::{AdverseMedia, AmlInfo, AmlPerson, Association, Pep, PepSource, PoliticalPosition, Sanction};
pub use business::{BeneficialOwner, BusinessInfo, CompanyInformation, Director, Fiduciary, Proprietor};
pub use echoed_params::EchoedParams;
pub use entry::ResultEntry;
pub use image_links::ImageLinks;
pub use personal::{Antifraud, PersonalInfo, SuspectUser};
pub(crate) use record::view;
pub use record::{Date, Personal, Record};
pub use result_code::ResultCode;
pub use verdict::{Decision, UnknownReason, Verdict};

pub use crate::catalogue::NextStep;
