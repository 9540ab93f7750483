//! The rules of every world, and the record of the service's true actions that they are judged by.

use std::collections::BTreeMap;

use bytes::Bytes;

/// A rule, by what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Each job and check is processed at most once, unless its caller asked for more.
    Once,
    /// Every one ends in a verdict, a clear error or an unknown outcome.
    Ends,
    /// … within its deadline.
    InTime,
    /// Nobody is let in whom the service hasn't approved in that submission and environment.
    LetIn,
    /// Nobody is turned away whom the service has approved.
    TurnedAway,
    /// A submission's reported progress is true, and no result is lost.
    NothingLost,
    /// Nothing final is changed by a late, doubled or lying message.
    Final,
    /// A genuine callback is taken.
    CallbackTaken,
    /// An error says what to do.
    Advice,
    /// The sandbox and the model agree.
    Agree,
    /// No panic.
    NoPanic,
}

impl Rule {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Once => "each job and check is processed at most once, unless the caller asked for more",
            Self::Ends => "every job and check ends in a verdict, a clear error or an unknown outcome",
            Self::InTime => "every job and check ends within its deadline",
            Self::LetIn => {
                "nobody is let in whom the service hasn't approved in that submission and environment"
            }
            Self::TurnedAway => "nobody is turned away by a result that isn't theirs",
            Self::NothingLost => "nothing is lost, and what is said of how far a submission has come is true",
            Self::Final => "nothing final is changed by a late, doubled or lying message",
            Self::CallbackTaken => "a genuine callback is taken, however it is delivered",
            Self::Advice => "an error says what to do, in words that can be followed",
            Self::Agree => "the sandbox and the plain model of the service agree",
            Self::NoPanic => "nothing panics",
        }
    }
}

/// A rule that doesn't hold.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) rule: Rule,
    pub(crate) what: String,
    pub(crate) at: u64,
}

/// The service's true actions, by submission.
#[derive(Default)]
pub(crate) struct Ledger {
    opened: BTreeMap<usize, u32>,
    processed: BTreeMap<usize, u32>,
    /// The results that the service has, by the job's id, with whose they are.
    pub(crate) owners: BTreeMap<String, Vec<usize>>,
    /// Whose parameters the latest prep upload of a job brought.
    prepared: BTreeMap<String, usize>,
    /// The submissions by whose parameters somebody else's zip was judged.
    judged: Vec<usize>,
}

impl Ledger {
    pub(crate) fn open(&mut self, submission: usize, job_id: &str) {
        self.prepared.insert(job_id.to_owned(), submission);
        *self.opened.entry(submission).or_default() += 1;
    }

    pub(crate) fn process(&mut self, submission: usize, job_id: &str) -> u32 {
        let owners = self.owners.entry(job_id.to_owned()).or_default();
        owners.push(submission);
        // Two submissions under one id, of which one is uploaded after the other was opened: the
        // service judges by the newest parameters, and no client can tell.
        if let Some(prepared) = self.prepared.get(job_id).filter(|prepared| **prepared != submission) {
            owners.push(*prepared);
            self.judged.push(*prepared);
        }
        let count = self.processed.entry(submission).or_default();
        *count += 1;
        *count
    }

    pub(crate) fn is_opened(&self, submission: usize) -> bool {
        self.opened.contains_key(&submission)
    }

    pub(crate) fn is_processed(&self, submission: usize) -> bool {
        self.processed.contains_key(&submission)
    }

    /// True if the service has judged a zip by this submission's parameters, its own or another's.
    pub(crate) fn is_judged(&self, submission: usize) -> bool {
        self.is_processed(submission) || self.judged.contains(&submission)
    }

    /// All whose submissions were processed under this job id.
    pub(crate) fn owners(&self, job_id: &str) -> &[usize] {
        self.owners.get(job_id).map_or(&[], Vec::as_slice)
    }
}

/// The mark of a submission in its parameters and in its selfie.
pub(crate) fn mark(submission: usize) -> String {
    format!("SUB-{submission:04}.")
}

/// The submission whose mark is in there.
pub(crate) fn marked(body: &Bytes) -> Option<usize> {
    let place = body.windows(4).position(|window| window == b"SUB-")?;
    std::str::from_utf8(body.get(place + 4..place + 8)?).ok()?.parse().ok()
}
