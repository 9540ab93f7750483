//! Settings of a flow: schedules, limits and timeouts.

use std::time::Duration;

use crate::flow::{PollSchedule, RetryPolicy};
use crate::v3::token::TokenPolicy;

/// Settings of a job or an exchange: schedules, limits and timeouts.
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
    pub(crate) status_delay: Duration,
    pub(crate) deadline: Duration,
    pub(crate) request_timeout: Duration,
    /// True if the caller has set the timeout.
    has_own_timeout: bool,
    pub(crate) resends_denied_checks: bool,
    token_policy: TokenPolicy,
    least_upload_timeout: Duration,
    most_upload_timeout: Duration,
    seed: Option<u64>,
}

impl Default for FlowSettings {
    /// The Ruby SDK's poll schedule, four tries of each step, five minutes in all; 30 seconds for
    /// an answer, and two to four minutes for an upload; five seconds before the service is asked
    /// whether it has what it may have.
    fn default() -> Self {
        Self {
            poll: PollSchedule::default(),
            retry: RetryPolicy::default(),
            status_delay: Duration::from_secs(5),
            deadline: Duration::from_secs(300),
            request_timeout: Duration::from_secs(30),
            has_own_timeout: false,
            resends_denied_checks: false,
            token_policy: TokenPolicy::default(),
            least_upload_timeout: Duration::from_secs(120),
            most_upload_timeout: Duration::from_secs(240),
            seed: None,
        }
    }
}

/// Pace that any upload is given time for, in bytes a second: a poor mobile connection's.
const UPLOAD_PACE: u64 = 50_000;

impl FlowSettings {
    /// Fixes the seed of a client's random choices, which are the waits between tries and the
    /// submission's id: for tests. By default a client takes a random seed for each job and each
    /// call. Two jobs with the same seed that begin in the same millisecond have the same
    /// submission id, so this is not for production.
    ///
    /// A driver by hand gives [`JobFlow::new`](crate::JobFlow::new) and
    /// [`Call::new`](crate::Call::new) their seed itself.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The fixed seed, if one is set.
    pub fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// Sets the schedule of the polls for a job's status.
    #[must_use]
    pub fn with_poll_schedule(mut self, poll: PollSchedule) -> Self {
        self.poll = poll;
        self
    }

    /// Sets the policy of retries.
    #[must_use]
    pub fn with_retry_policy(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets the delay before the status is requested, in which the service can notice what it may
    /// have received. It must say twice, this far apart, that it has no zip before one is sent
    /// again: a zip takes a moment to be noticed.
    #[must_use]
    pub fn with_status_delay(mut self, delay: Duration) -> Self {
        self.status_delay = delay;
        self
    }

    /// Sets the deadline for everything together, waits included, from the first call of `next`.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets the time to wait for the answer to one request: 30 seconds by default, and a minute if
    /// the answer is the result itself
    /// ([`v3::EnhancedKycSyncRequest`](crate::v3::EnhancedKycSyncRequest),
    /// [`v3::OneTimeAmlSyncRequest`](crate::v3::OneTimeAmlSyncRequest)).
    #[must_use]
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self.has_own_timeout = true;
        self
    }

    /// Time to wait for the answer to a request of an operation that has a default of its own.
    pub(crate) fn timeout_or(&self, default: Option<Duration>) -> Duration {
        default.filter(|_| !self.has_own_timeout).unwrap_or(self.request_timeout)
    }

    /// Sets the tokens that requests of the v3 API carry: one for each submission, or one for all.
    #[must_use]
    pub fn with_token_policy(mut self, policy: TokenPolicy) -> Self {
        self.token_policy = policy;
        self
    }

    /// Tokens that requests of the v3 API carry.
    pub fn token_policy(&self) -> &TokenPolicy {
        &self.token_policy
    }

    /// Sets the time for one upload of the zip, whatever its size.
    #[must_use]
    pub fn with_upload_timeout(self, timeout: Duration) -> Self {
        self.with_upload_timeout_between(timeout, timeout)
    }

    /// Sets the time for one upload of the zip: a second for each 50 kB, and between these two. The
    /// deadline ends it earlier, so raise that along with `most`.
    #[must_use]
    pub fn with_upload_timeout_between(mut self, least: Duration, most: Duration) -> Self {
        self.least_upload_timeout = least;
        self.most_upload_timeout = most.max(least);
        self
    }

    /// Sends a check again whose answer was lost, after the service has said twice that it has
    /// nothing of it: when the earlier send's own timeout is over, and the status delay apart. Off
    /// by default, and the outcome is unknown then.
    ///
    /// **It can bill twice.** A check has no zip, and what the service says about a check that it
    /// never had is not documented: it may say `No zip file received` of one that it is working on,
    /// or has carried out. Turn it on only if a check that is missing costs you more than one that
    /// is paid for twice. It sends no more often than [`RetryPolicy`] allows tries.
    #[must_use]
    pub fn with_resending_of_denied_checks(mut self, yes: bool) -> Self {
        self.resends_denied_checks = yes;
        self
    }

    /// True if a check is sent again after the service said that it has nothing of it.
    pub fn resends_denied_checks(&self) -> bool {
        self.resends_denied_checks
    }

    /// Schedule of the polls for a job's status.
    pub fn poll_schedule(&self) -> PollSchedule {
        self.poll
    }

    /// Policy of retries.
    pub fn retry_policy(&self) -> RetryPolicy {
        self.retry
    }

    /// Delay before the status is requested, in which the service can notice what it may have
    /// received.
    pub fn status_delay(&self) -> Duration {
        self.status_delay
    }

    /// Time that everything together may take.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Time to wait for the answer to one request.
    pub fn request_timeout(&self) -> Duration {
        self.request_timeout
    }

    /// Least and greatest time that one upload of the zip may take.
    pub fn upload_timeout_between(&self) -> (Duration, Duration) {
        (self.least_upload_timeout, self.most_upload_timeout)
    }

    /// Time that one upload of a zip of this many bytes may take.
    pub fn upload_timeout(&self, bytes: usize) -> Duration {
        let needed = Duration::from_secs(u64::try_from(bytes).unwrap_or(u64::MAX) / UPLOAD_PACE);
        needed.clamp(self.least_upload_timeout, self.most_upload_timeout)
    }

    /// Shortest safe lease on a job or check: the longest that a flow with these settings is
    /// silent, from one [`Event::Sending`](super::Event::Sending) to the next, or to its end.
    ///
    /// A flow must be run by one process at a time. Who can't know whether another one is alive
    /// takes a lease on the row or file that the checkpoint is in, renews it with each `Sending`,
    /// and goes on with a job only when its lease has run out. The silence is the longest single
    /// timeout, and what is waited after it: for the earlier process's send to be over and its zip
    /// to be noticed, for a `Retry-After`, or for the next poll. No flow outlasts its deadline, so
    /// neither need the lease.
    ///
    /// A lease that is shorter doesn't by itself double a job: nothing is sent again before the
    /// earlier send's own timeout is over and the service has twice said that it has no zip. But a
    /// process that was only slow, and sends after that, does.
    pub fn lease(&self) -> Duration {
        let timeout = self.request_timeout.max(self.most_upload_timeout);
        let retry = RetryPolicy::MAX_RETRY_AFTER.saturating_add(self.retry.longest_backoff());
        let over_and_noticed = timeout.saturating_add(self.status_delay.saturating_mul(4));
        let wait = retry.max(over_and_noticed).max(self.poll.longest_delay());
        timeout.saturating_add(wait).min(self.deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uploads_timeout_grows_with_its_size_between_bounds() {
        let seconds = |settings: &FlowSettings, bytes| settings.upload_timeout(bytes).as_secs();
        let settings = FlowSettings::default();
        let sizes = [0, 6_000_000, 7_500_000, 12_000_000, 600_000_000, usize::MAX];
        assert_eq!(sizes.map(|bytes| seconds(&settings, bytes)), [120, 120, 150, 240, 240, 240]);
        let fixed = settings.clone().with_upload_timeout(Duration::from_secs(7));
        assert_eq!(sizes.map(|bytes| seconds(&fixed, bytes)), [7; 6]);
        let turned = settings.with_upload_timeout_between(Duration::from_secs(9), Duration::from_secs(3));
        assert_eq!(sizes.map(|bytes| seconds(&turned, bytes)), [9; 6]);
    }

    #[test]
    fn a_lease_covers_the_longest_timeout_and_wait_up_to_the_deadline() {
        assert_eq!(FlowSettings::default().lease(), Duration::from_secs(300));
        let patient = FlowSettings::default().with_deadline(Duration::from_secs(3_600));
        assert_eq!(patient.lease(), Duration::from_secs(240 + 240 + 20));
        let quick = patient.with_upload_timeout(Duration::from_secs(5));
        assert_eq!(quick.lease(), Duration::from_secs(30 + 70), "a `Retry-After` is the longest wait then");
        let slow = quick.with_poll_schedule(PollSchedule::every(Duration::from_secs(600), 3));
        assert_eq!(slow.lease(), Duration::from_secs(30 + 600));
        let endless = slow.with_upload_timeout(Duration::MAX).with_deadline(Duration::MAX);
        assert_eq!(endless.lease(), Duration::MAX);
    }

    #[test]
    fn settings_can_be_read_back() {
        let (poll, retry) = (PollSchedule::every(Duration::from_secs(3), 4), RetryPolicy::never());
        let settings = FlowSettings::default()
            .with_poll_schedule(poll)
            .with_retry_policy(retry)
            .with_status_delay(Duration::from_secs(1))
            .with_deadline(Duration::from_secs(2))
            .with_request_timeout(Duration::from_secs(3))
            .with_upload_timeout_between(Duration::from_secs(4), Duration::from_secs(5))
            .with_resending_of_denied_checks(true)
            .with_seed(7);
        assert_eq!((settings.poll_schedule(), settings.retry_policy()), (poll, retry));
        let durations = [settings.status_delay(), settings.deadline(), settings.request_timeout()];
        assert_eq!(durations, [1, 2, 3].map(Duration::from_secs));
        assert_eq!(settings.upload_timeout_between(), (Duration::from_secs(4), Duration::from_secs(5)));
        assert_eq!((settings.resends_denied_checks(), settings.seed()), (true, Some(7)));
        assert_eq!(FlowSettings::default().seed(), None);
    }
}
