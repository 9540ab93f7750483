//! Rules: which jobs get which results.

pub(crate) mod matcher;
pub(crate) mod rules;
pub(crate) mod script;
