//! The action that follows from a verdict.

use smile_ureq::core::{Decision, JobHistory, Trust};

use crate::rows::is_settled;

/// The action after a confirmed final result. A job has one, ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// The person is who they say.
    OpenAccount,
    /// The person isn't who they say.
    Decline,
    /// The job couldn't be done, which says nothing about them.
    InviteAgain,
}

impl Action {
    pub(crate) const ALL: [Self; 3] = [Self::OpenAccount, Self::Decline, Self::InviteAgain];

    /// The action's name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAccount => "open account",
            Self::Decline => "decline",
            Self::InviteAgain => "invite again",
        }
    }

    /// The action that follows from a job's history, if the service itself, or a person, has
    /// confirmed it.
    pub(crate) fn of(history: &JobHistory) -> Option<Self> {
        if history.may_be_let_in(Trust::Confirmed) {
            return Some(Self::OpenAccount);
        }
        match history.result().filter(|_| is_settled(history))?.decision {
            Decision::Rejected => Some(Self::Decline),
            Decision::Error => Some(Self::InviteAgain),
            // A number that is known, say: somebody compares the record first.
            _ => None,
        }
    }
}
