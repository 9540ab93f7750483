//! Faults: ways in which requests go wrong.

pub(crate) mod effects;
pub(crate) mod kinds;
pub(crate) mod rules;
