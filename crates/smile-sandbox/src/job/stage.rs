//! A result that is still to come.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::result::spelling_variant::SpellingVariant;

/// A result that is ready but for its number and its signature.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Staged {
    /// The time since the result before.
    pub(crate) after: Duration,
    pub(crate) entry: Map<String, Value>,
    pub(crate) is_success: bool,
    /// True if the result enrols the user.
    pub(crate) enrols: bool,
    pub(crate) review: Reviewing,
    pub(crate) sends_callback: bool,
    /// True if a human gave the result, and not the machine.
    pub(crate) by_human: bool,
    pub(crate) spelling_variants: Vec<SpellingVariant>,
    /// The entry that follows in a callback of its own.
    pub(crate) follow_up: Option<Map<String, Value>>,
}

/// The review of a job after a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Reviewing {
    Nobody,
    /// A manual review, on demand.
    ByHand,
    /// The automatic reviewer of the sandbox's settings.
    Automatic,
}
