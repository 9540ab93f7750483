//! What can be made to go wrong with callbacks, and the rules that say with which.

use std::fmt;
use std::time::Duration;

/// What goes wrong with a callback.
///
/// The first four are about when it is posted, the rest about what is posted. Whatever it is, each attempt after a
/// failed one posts the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Disturbance {
    /// It is never posted.
    Drop,
    /// It is posted so much later.
    Delay(Duration),
    /// It waits until the next callback of its job has gone first, for ever if none comes.
    Reorder,
    /// It is posted twice, the same bytes, at the same moment.
    Duplicate,
    /// It is signed properly, with a timestamp that is so old.
    Stale(Duration),
    /// Its signature was made with another key.
    WronglySigned,
    /// Its verdict was turned round after signing: an approval into a rejection, anything else into an approval, actions
    /// and all. The signature covers the timestamp and the partner id alone, so it still holds. Only the job status
    /// tells.
    Tampered,
    /// It carries a photo of 3 MiB, which is more than the 2 MB that receivers commonly allow.
    Oversized,
}

/// How a callback is delivered once more. Which of the two the real service does is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Redelivery {
    /// The same bytes, old timestamp and all.
    #[default]
    SameBytes,
    /// The same entry with a new timestamp, signed again. What was broken about the signature is mended by that.
    SignedAfresh,
}

/// Why a callback could not be delivered again, or disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// There is no such callback.
    #[error("there is no callback with this number")]
    UnknownCallback,
    /// It can't be dropped: it is under way, or has been delivered, given up or dropped before.
    #[error("the callback does not wait to be posted, so it can't be dropped")]
    NotWaiting,
}

/// With which of the callbacks to come something goes wrong, and what.
///
/// ```
/// use smile_sandbox::{CallbackRule, Disturbance, Sandbox};
///
/// let sandbox = Sandbox::start()?;
/// // The provisional callback comes as it should, and the reviewer's gets lost.
/// sandbox.disturb_callbacks(CallbackRule::next(Disturbance::Drop).of_job("job-1").after(1));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[must_use]
pub struct CallbackRule {
    disturbance: Disturbance,
    job_id: Option<String>,
    after: u32,
    /// How many more it applies to; `None` for all.
    times: Option<u32>,
}

impl CallbackRule {
    /// The next callback.
    pub fn next(disturbance: Disturbance) -> Self {
        Self { disturbance, job_id: None, after: 0, times: Some(1) }
    }

    /// Every callback from now on.
    pub fn every(disturbance: Disturbance) -> Self {
        Self { times: None, ..Self::next(disturbance) }
    }

    /// Only callbacks of the job with this id of the partner's.
    pub fn with_job_id(mut self, job_id: impl Into<String>) -> Self {
        self.job_id = Some(job_id.into());
        self
    }

    /// Only after so many that it would apply to were left alone.
    pub fn with_skipped(mut self, callbacks: u32) -> Self {
        self.after = callbacks;
        self
    }

    /// So many callbacks, and then no more.
    pub fn with_times(mut self, callbacks: u32) -> Self {
        self.times = Some(callbacks);
        self
    }

    /// What goes wrong.
    pub fn disturbance(&self) -> Disturbance {
        self.disturbance
    }

    /// The one job that it is about, if it is about one.
    pub fn job_id(&self) -> Option<&str> {
        self.job_id.as_deref()
    }

    /// How many callbacks it still leaves alone.
    pub fn left_alone(&self) -> u32 {
        self.after
    }

    /// How many callbacks it still applies to after those; `None` for all.
    pub fn times_left(&self) -> Option<u32> {
        self.times
    }
}

impl fmt::Debug for CallbackRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackRule")
            .field("disturbance", &self.disturbance)
            .field("is_of_one_job", &self.job_id.is_some())
            .field("after", &self.after)
            .field("times", &self.times)
            .finish()
    }
}

/// The rules that have not been used up.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct CallbackRules(Vec<CallbackRule>);

impl CallbackRules {
    pub(crate) fn add(&mut self, rule: CallbackRule) {
        if rule.times != Some(0) {
            self.0.push(rule);
        }
    }

    pub(crate) fn all(&self) -> &[CallbackRule] {
        &self.0
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// What goes wrong with the callback that is being made for this job: the first rule that applies says so.
    pub(crate) fn take(&mut self, job_id: &str) -> Option<Disturbance> {
        for at in 0..self.0.len() {
            let rule = &mut self.0[at];
            if rule.job_id.as_deref().is_some_and(|only| only != job_id) {
                continue;
            }
            if rule.after > 0 {
                rule.after -= 1;
                continue;
            }
            let disturbance = rule.disturbance;
            rule.times = rule.times.map(|times| times.saturating_sub(1));
            if rule.times == Some(0) {
                drop(self.0.remove(at));
            }
            return Some(disturbance);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rules: &mut CallbackRules, jobs: &[&str]) -> Vec<bool> {
        jobs.iter().map(|job| rules.take(job).is_some()).collect()
    }

    #[test]
    fn a_rule_applies_to_the_next_one_or_as_often_as_it_says() {
        for (rule, applied) in [
            (CallbackRule::next(Disturbance::Drop), [true, false, false, false]),
            (CallbackRule::next(Disturbance::Drop).with_skipped(1), [false, true, false, false]),
            (CallbackRule::every(Disturbance::Drop), [true; 4]),
            (CallbackRule::every(Disturbance::Drop).with_skipped(3), [false, false, false, true]),
            (CallbackRule::every(Disturbance::Drop).with_times(2), [true, true, false, false]),
            (CallbackRule::next(Disturbance::Drop).with_times(0), [false; 4]),
        ] {
            let mut rules = CallbackRules::default();
            rules.add(rule.clone());
            assert_eq!(taken(&mut rules, &["a"; 4]), applied, "{rule:?}");
        }
    }

    #[test]
    fn a_rule_of_one_job_leaves_the_others_alone() {
        let mut rules = CallbackRules::default();
        rules.add(CallbackRule::next(Disturbance::Drop).with_job_id("b").with_skipped(1));
        assert_eq!(
            taken(&mut rules, &["a", "a", "b", "a", "b", "b"]),
            [false, false, false, false, true, false]
        );
    }

    #[test]
    fn the_first_rule_that_applies_wins_and_the_next_waits_its_turn() {
        let mut rules = CallbackRules::default();
        rules.add(CallbackRule::next(Disturbance::Tampered));
        rules.add(CallbackRule::next(Disturbance::Drop));
        assert_eq!(rules.take("a"), Some(Disturbance::Tampered));
        assert_eq!(rules.take("a"), Some(Disturbance::Drop));
        assert_eq!(rules.take("a"), None);
    }
}
