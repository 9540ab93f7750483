//! When to try again, when to ask again, and when to give up: pure functions of what has happened so far.

use std::time::Duration;

use super::Step;

/// How a job or an exchange is run: schedules, limits and timeouts.
///
/// ```
/// use smile_core::{FlowSettings, PollSchedule};
/// use std::time::Duration;
///
/// let settings = FlowSettings::default()
///     .with_deadline(Duration::from_secs(60))
///     .with_poll_schedule(PollSchedule::every(Duration::from_secs(3), 15));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowSettings {
    pub(crate) poll: PollSchedule,
    pub(crate) retry: RetryPolicy,
    pub(crate) settle: Duration,
    pub(crate) deadline: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) upload_timeout: Duration,
}

impl Default for FlowSettings {
    /// The Ruby SDK's poll schedule, four tries of each step, five minutes in all; 30 seconds for an answer and two
    /// minutes for an upload; five seconds before the service is asked whether it has what it may have.
    fn default() -> Self {
        Self {
            poll: PollSchedule::default(),
            retry: RetryPolicy::default(),
            settle: Duration::from_secs(5),
            deadline: Duration::from_secs(300),
            request_timeout: Duration::from_secs(30),
            upload_timeout: Duration::from_secs(120),
        }
    }
}

impl FlowSettings {
    /// When to ask for a job's status.
    #[must_use]
    pub fn with_poll_schedule(mut self, poll: PollSchedule) -> Self {
        self.poll = poll;
        self
    }

    /// When to try a failed step again.
    #[must_use]
    pub fn with_retry_policy(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How long the service is given to notice what it may have received, before it is asked. It must say twice, this far
    /// apart, that it has no zip before one is sent again: a zip takes a moment to be noticed.
    #[must_use]
    pub fn with_settle_delay(mut self, delay: Duration) -> Self {
        self.settle = delay;
        self
    }

    /// How long everything together may take, waits included, from the first call of `next`.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How long to wait for the answer to one request.
    #[must_use]
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// How long one upload of the zip may take.
    #[must_use]
    pub fn with_upload_timeout(mut self, timeout: Duration) -> Self {
        self.upload_timeout = timeout;
        self
    }
}

/// When a job's status is asked for: some polls at a first pace, then the rest at a second, each after a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollSchedule {
    first_delay: Duration,
    first_polls: u32,
    delay: Duration,
    max_polls: u32,
}

impl Default for PollSchedule {
    /// The official Ruby SDK's: four polls after 2 seconds each, then every 6 seconds, 20 polls in all (104 seconds).
    fn default() -> Self {
        Self::two_paced(Duration::from_secs(2), 4, Duration::from_secs(6), 20)
    }
}

impl PollSchedule {
    /// The same wait before each of `max_polls` polls.
    pub const fn every(delay: Duration, max_polls: u32) -> Self {
        Self::two_paced(delay, 0, delay, max_polls)
    }

    /// `first_polls` polls after `first_delay` each, then the others after `delay` each, `max_polls` in all.
    pub const fn two_paced(first_delay: Duration, first_polls: u32, delay: Duration, max_polls: u32) -> Self {
        Self { first_delay, first_polls, delay, max_polls }
    }

    /// The wait before the next poll, after this many; `None` when that was the last.
    pub fn delay_after(&self, polls: u32) -> Option<Duration> {
        (polls < self.max_polls).then_some(if polls < self.first_polls {
            self.first_delay
        } else {
            self.delay
        })
    }
}

/// When a failed step is tried again.
///
/// The wait grows twofold with each try, and a random part of it is taken, so that many clients don't come back at
/// once. A `Retry-After` of the service is honoured up to a minute.
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

    /// Nothing is tried twice.
    pub const fn never() -> Self {
        Self { max_attempts: 1, base: Duration::ZERO, cap: Duration::ZERO }
    }

    /// `max_attempts` tries in all, the first one included.
    #[must_use]
    pub const fn with_max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = max_attempts;
        self
    }

    /// The first wait is up to `base`; no wait is longer than `cap`.
    #[must_use]
    pub const fn with_backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.base = base;
        self.cap = cap;
        self
    }

    /// The wait after this many tries (1 for the first) of this step; `None` when that was the last.
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
        let asked_for = retry_after.unwrap_or_default().min(Self::MAX_RETRY_AFTER);
        let wait = asked_for.saturating_add(ceiling.mul_f64(fraction));
        Some(Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// One step of Steele, Lea and Flood's SplitMix64: spreads a seed over all 64 bits.
fn splitmix64(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_schedule_is_the_ruby_one() {
        let schedule = PollSchedule::default();
        let delays: Vec<u64> =
            (0..).map_while(|polls| schedule.delay_after(polls)).map(|d| d.as_secs()).collect();
        assert_eq!(delays.len(), 20);
        assert_eq!(delays[..5], [2, 2, 2, 2, 6]);
        assert_eq!(delays.iter().sum::<u64>(), 104);
    }

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
}
