//! Faults: what can be made to go wrong with requests.

pub(crate) mod effects;
pub(crate) mod kinds;
pub(crate) mod rules;
