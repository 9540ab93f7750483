//! The steps of a job.

use super::Certainty;
use super::generated::actions::ACTIONS;
use crate::JobType;

/// What a key of `Actions` means; `None` if that isn't known.
///
/// ```
/// use smile_core::JobType;
/// use smile_core::catalogue::action;
///
/// let action = action("Liveness_Check").expect("it is in the catalogue");
/// assert!(action.job_types.contains(&JobType::BIOMETRIC_KYC));
/// assert!(action.values.contains(&"Under Review"));
/// ```
pub fn action(key: &str) -> Option<&'static Action> {
    ACTIONS.binary_search_by_key(&key, |row| row.key).ok().map(|at| &ACTIONS[at])
}

/// All actions, in order of their keys.
pub fn actions() -> &'static [Action] {
    ACTIONS
}

/// A step of a job: a key of [`Actions`](crate::Actions).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Action {
    /// The key, as the service has it.
    pub key: &'static str,
    /// The job types whose results have it, ascending.
    pub job_types: &'static [JobType],
    /// What may stand there, in the service's words. Another value is not an error.
    pub values: &'static [&'static str],
    /// How sure the values are, apart from the row.
    pub values_certainty: Certainty,
    /// What it means: a phrase in lower case, without a full stop.
    pub meaning: &'static str,
    /// Where the row comes from.
    pub source: &'static str,
    /// How sure the row is.
    pub certainty: Certainty,
}
