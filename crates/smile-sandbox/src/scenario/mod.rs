//! Scenario files: rules, users and settings, written down. The format is described in
//! `docs/scenarios.md`.

pub(crate) mod file;
pub(crate) mod setup;
mod stage;
mod values;
pub(crate) mod wrong;
