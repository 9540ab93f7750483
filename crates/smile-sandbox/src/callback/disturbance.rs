//! Disturbances of callbacks, and the rules that choose them.

use std::fmt;
use std::time::Duration;

/// A disturbance: one way in which a callback goes wrong.
///
/// The first three are about the time at which a callback is posted, the rest about its content.
/// Each attempt after a failed one posts the same bytes, whatever the disturbance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Disturbance {
    /// Never posts the callback.
    Drop,
    /// Posts the callback so much later.
    Delay(Duration),
    /// Holds the callback back until the next one of its job has gone first, for ever if none
    /// comes.
    Reorder,
    /// Posts the callback twice: the same bytes, at the same moment.
    Duplicate,
    /// Signs the callback properly, with a timestamp that is so old.
    Stale(Duration),
    /// Signs the callback with another key.
    WronglySigned,
    /// Reverses the verdict after signing: an approval becomes a rejection, anything else an
    /// approval, actions included. The signature covers the timestamp and the partner id alone, so
    /// it still holds. Only the job status shows the change.
    Tampered,
    /// Adds a photo of 3 MiB, which is more than the 2 MB that receivers commonly allow.
    Oversized,
}

/// The content of a redelivery. The choice of the real service is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Redelivery {
    /// Sends the same bytes, with the old timestamp.
    #[default]
    SameBytes,
    /// Signs the same entry again, with a new timestamp, which also repairs a broken signature.
    SignedAfresh,
}

/// The refusal to redeliver or disturb a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// There is no such callback.
    #[error("there is no callback with this number")]
    UnknownCallback,
    /// The callback can't be dropped: it is under way, or was delivered, given up or dropped
    /// before.
    #[error("the callback does not wait to be posted, so it can't be dropped")]
    NotWaiting,
}

/// A rule for callbacks to come: a disturbance, and the callbacks that it applies to.
///
/// ```
/// use smile_sandbox::{CallbackRule, Disturbance, Sandbox};
///
/// let sandbox = Sandbox::start()?;
/// // The provisional callback comes as it should, and the reviewer's gets lost.
/// sandbox.disturb_callbacks(CallbackRule::next(Disturbance::Drop).with_job_id("job-1").with_skipped(1));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[must_use]
pub struct CallbackRule {
    disturbance: Disturbance,
    job_id: Option<String>,
    after: u32,
    /// The number of callbacks that the rule still applies to; `None` for all.
    times: Option<u32>,
}

impl CallbackRule {
    /// Applies to the next callback.
    pub fn next(disturbance: Disturbance) -> Self {
        Self { disturbance, job_id: None, after: 0, times: Some(1) }
    }

    /// Applies to every callback from now on.
    pub fn every(disturbance: Disturbance) -> Self {
        Self { times: None, ..Self::next(disturbance) }
    }

    /// Limits the rule to the job with this id of the partner's.
    pub fn with_job_id(mut self, job_id: impl Into<String>) -> Self {
        self.job_id = Some(job_id.into());
        self
    }

    /// Leaves so many matching callbacks alone first.
    pub fn with_skipped(mut self, callbacks: u32) -> Self {
        self.after = callbacks;
        self
    }

    /// Ends the rule after so many callbacks.
    pub fn with_times(mut self, callbacks: u32) -> Self {
        self.times = Some(callbacks);
        self
    }

    /// The disturbance.
    pub fn disturbance(&self) -> Disturbance {
        self.disturbance
    }

    /// The one job that the rule is limited to, if any.
    pub fn job_id(&self) -> Option<&str> {
        self.job_id.as_deref()
    }

    /// The number of callbacks that are still left alone.
    pub fn left_alone(&self) -> u32 {
        self.after
    }

    /// The number of callbacks that the rule still applies to after those; `None` for all.
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

    /// The disturbance of the callback that is being made for this job: the first rule that
    /// applies.
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
