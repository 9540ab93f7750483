//! What a verdict sets off.

use smile_ureq::core::{Decision, JobLife, NextStep, Verdict};

use crate::rows::is_settled;

/// What a confirmed last word sets off. One for a job, ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// The person is who they say.
    OpenAccount,
    /// They aren't.
    Decline,
    /// The job couldn't be done, which says nothing about them.
    InviteAgain,
}

impl Action {
    pub(crate) const ALL: [Self; 3] = [Self::OpenAccount, Self::Decline, Self::InviteAgain];

    /// What it is called in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAccount => "open account",
            Self::Decline => "decline",
            Self::InviteAgain => "invite again",
        }
    }

    /// What a job's life sets off, if the service itself has said so; `verdict` is what it said last.
    pub(crate) fn of(life: &JobLife, verdict: &Verdict) -> Option<Self> {
        let decision = life.result().filter(|_| is_settled(life))?.decision;
        match decision {
            Decision::Approved if verdict.next_step() == NextStep::Accept => Some(Self::OpenAccount),
            Decision::Rejected => Some(Self::Decline),
            Decision::Error => Some(Self::InviteAgain),
            Decision::Approved | Decision::Provisional | Decision::Unknown => None,
        }
    }
}
