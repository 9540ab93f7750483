//! A result that is still to come.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::result::spelling_variant::SpellingVariant;

/// A result that is ready but for its number and its signature.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Staged {
    /// How long after the one before.
    pub(crate) after: Duration,
    pub(crate) entry: Map<String, Value>,
    pub(crate) is_success: bool,
    /// Whether the user is enrolled by it.
    pub(crate) enrols: bool,
    pub(crate) review: Reviewing,
    pub(crate) sends_callback: bool,
    /// Whether a human gave it, and not the machine.
    pub(crate) by_human: bool,
    pub(crate) spelling_variants: Vec<SpellingVariant>,
    /// What follows in a callback of its own.
    pub(crate) follow_up: Option<Map<String, Value>>,
}

/// Who looks at a job once a result is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Reviewing {
    Nobody,
    /// Whoever is told to, if anybody.
    ByHand,
    /// The reviewer that the sandbox was set up with.
    Automatic,
}
