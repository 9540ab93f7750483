//! Rules: the results of chosen jobs.

pub(crate) mod matcher;
pub(crate) mod rules;
pub(crate) mod script;
