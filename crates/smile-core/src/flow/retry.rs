//! Waits before a failed step is tried again: a pure function of what has happened so far.

use std::time::Duration;

use crate::operation::Step;
use crate::wire::seed::splitmix64;

/// Policy of retries: the number of attempts, and the wait before each.
///
/// The wait grows twofold with each try, and a random part of it is taken, so that many clients
/// don't come back at once. A `Retry-After` of the service is honoured up to a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    base: Duration,
    cap: Duration,
}

impl Default for RetryPolicy {
    /// Four tries in all, with waits of up to 0.5, 1 and 2 seconds.
    fn default() -> Self {
        Self { max_attempts: 4, base: Duration::from_millis(500), cap: Duration::from_secs(10) }
    }
}

impl RetryPolicy {
    /// The longest that a `Retry-After` is waited for.
    pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

    /// Policy without retries.
    pub const fn never() -> Self {
        Self { max_attempts: 1, base: Duration::ZERO, cap: Duration::ZERO }
    }

    /// Sets the number of attempts in all, the first one included.
    #[must_use]
    pub const fn with_max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = max_attempts;
        self
    }

    /// Sets the backoff: the first wait is up to `base`; no wait is longer than `cap`.
    #[must_use]
    pub const fn with_backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.base = base;
        self.cap = cap;
        self
    }

    /// Delay that the service asks for, up to [`Self::MAX_RETRY_AFTER`].
    pub(crate) fn granted(retry_after: Option<Duration>) -> Duration {
        retry_after.unwrap_or_default().min(Self::MAX_RETRY_AFTER)
    }

    pub(crate) fn longest_backoff(&self) -> Duration {
        self.cap
    }

    /// Wait after this many attempts (1 for the first) of this step; `None` when that was the last.
    pub fn delay_after(
        &self,
        attempts: u32,
        step: Step,
        retry_after: Option<Duration>,
        seed: u64,
    ) -> Option<Duration> {
        if attempts >= self.max_attempts {
            return None;
        }
        let doubled =
            self.base.saturating_mul(1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX));
        let ceiling = retry_after.map_or(doubled, |_| self.base).min(self.cap);
        let draw = splitmix64(seed ^ (u64::from(attempts) << 8) ^ step as u64);
        // 53 bits: what an f64 holds exactly.
        let fraction = (draw >> 11) as f64 / (1_u64 << 53) as f64;
        let asked_for = Self::granted(retry_after);
        let wait = asked_for.saturating_add(ceiling.mul_f64(fraction));
        Some(Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_drawn_below_a_doubling_ceiling_and_end() {
        let policy = RetryPolicy::default().with_max_attempts(100);
        for attempts in 1..99 {
            let ceiling = (500_u64 << (attempts - 1).min(20)).min(10_000);
            for seed in 0..200 {
                let wait = policy.delay_after(attempts, Step::Upload, None, seed).unwrap();
                assert!(wait <= Duration::from_millis(ceiling));
                assert_eq!(policy.delay_after(attempts, Step::Upload, None, seed), Some(wait));
            }
        }
        assert_eq!(policy.delay_after(100, Step::Upload, None, 0), None);
        let drawn = (0..200).map(|seed| policy.delay_after(4, Step::Upload, None, seed).unwrap());
        assert!(drawn.clone().min().unwrap() < Duration::from_millis(400));
        assert!(drawn.max().unwrap() > Duration::from_millis(3_600));
    }

    #[test]
    fn retry_after_is_a_floor_and_is_capped() {
        let wait = |after| {
            RetryPolicy::default()
                .delay_after(1, Step::PrepUpload, Some(Duration::from_secs(after)), 7)
                .unwrap()
        };
        assert!((Duration::from_secs(7)..=Duration::from_millis(7_500)).contains(&wait(7)));
        assert!((Duration::from_secs(60)..=Duration::from_millis(60_500)).contains(&wait(86_400)));
    }

    #[test]
    fn a_policy_of_never_tries_once_and_its_cap_bounds_every_wait() {
        assert_eq!(RetryPolicy::never().delay_after(1, Step::Upload, None, 7), None);
        let second = Duration::from_secs(1);
        let policy = RetryPolicy::never().with_max_attempts(2).with_backoff(second * 9, second);
        assert_eq!(policy.longest_backoff(), second);
        assert!((0..200).all(|seed| policy.delay_after(1, Step::Upload, None, seed).unwrap() <= second));
        assert_eq!(policy.delay_after(2, Step::Upload, None, 7), None);
        assert_eq!(RetryPolicy::granted(None), Duration::ZERO);
        assert_eq!(RetryPolicy::granted(Some(second * 59)), second * 59);
        assert_eq!(RetryPolicy::granted(Some(second * 61)), RetryPolicy::MAX_RETRY_AFTER);
    }

    #[test]
    fn each_step_and_each_try_draws_its_own_wait() {
        let policy = RetryPolicy::default().with_max_attempts(9);
        let wait = |attempts, step| policy.delay_after(attempts, step, None, 7).unwrap();
        assert_ne!(wait(6, Step::Upload), wait(6, Step::PrepUpload));
        assert_ne!(wait(6, Step::Upload), wait(7, Step::Upload), "both below the same cap");
    }
}
