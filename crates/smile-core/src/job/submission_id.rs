//! Id of a submission, which distinguishes it from another one under the same job id.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::wire::seed::splitmix64;

/// The id of one submission: random, and sent along with the job in `partner_params`, where the
/// result brings it back.
///
/// A job id may have been used before: by mistake, by another of the partner's processes, or by
/// somebody who is after another person's approval. What the service has under that id is then
/// another submission's result, about another face. So a result counts as the verdict on this
/// submission only if it [names](Self::is_named_by) it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubmissionId(String);

impl SubmissionId {
    /// The key in `partner_params` that carries it. No partner's own key may be called so.
    pub const PARTNER_PARAM: &'static str = "sdk_submission";

    /// Id of the submission that begins now. The time is in it for callers who take the same seed
    /// twice.
    pub(crate) fn derive(seed: u64, now: Timestamp) -> Self {
        let first = splitmix64(seed ^ splitmix64(now.unix_millis()));
        let second = splitmix64(first ^ seed.rotate_left(32));
        Self(format!("{first:016x}{second:016x}"))
    }

    /// The id, as it is sent: 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SubmissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_seed_or_moment_is_another_submission() {
        let at = Timestamp::from_unix_millis;
        let ids: std::collections::BTreeSet<_> =
            (0..100).flat_map(|seed| (0..100).map(move |ms| SubmissionId::derive(seed, at(ms)))).collect();
        assert_eq!(ids.len(), 10_000);
        assert_eq!(SubmissionId::derive(7, at(1)), SubmissionId::derive(7, at(1)));
        assert!(ids.iter().all(|id| id.as_str().len() == 32));
    }
}
