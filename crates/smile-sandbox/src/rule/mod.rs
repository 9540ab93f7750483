//! Rules: which jobs get which results.

pub(crate) mod matcher;
pub(crate) mod rules;
#[cfg(feature = "scenario")]
pub(crate) mod scenario;
pub(crate) mod script;
