//! The steps of a job.

use super::generated::actions::ACTIONS;
use super::rows::Action;

/// Meaning of a key of `Actions`; `None` for an unknown key.
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
