//! Schedule of the polls for a job's status: a pure function of their number so far.

use std::time::Duration;

/// Schedule of the polls for a job's status: some at a first pace, then the rest at a second, each
/// after a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollSchedule {
    first_delay: Duration,
    first_polls: u32,
    delay: Duration,
    max_polls: u32,
}

impl Default for PollSchedule {
    /// The official Ruby SDK's: four polls after 2 seconds each, then every 6 seconds, 20 polls in
    /// all (104 seconds).
    fn default() -> Self {
        Self::two_paced(Duration::from_secs(2), 4, Duration::from_secs(6), 20)
    }
}

impl PollSchedule {
    /// Schedule with the same wait before each of `max_polls` polls.
    pub const fn every(delay: Duration, max_polls: u32) -> Self {
        Self::two_paced(delay, 0, delay, max_polls)
    }

    /// `first_polls` polls after `first_delay` each, then the others after `delay` each,
    /// `max_polls` in all.
    pub const fn two_paced(first_delay: Duration, first_polls: u32, delay: Duration, max_polls: u32) -> Self {
        Self { first_delay, first_polls, delay, max_polls }
    }

    pub(crate) fn longest_delay(&self) -> Duration {
        self.first_delay.max(self.delay)
    }

    /// Wait before the next poll, after this many; `None` when that was the last.
    pub fn delay_after(&self, polls: u32) -> Option<Duration> {
        (polls < self.max_polls).then_some(if polls < self.first_polls {
            self.first_delay
        } else {
            self.delay
        })
    }
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
    fn the_longest_wait_is_that_of_either_pace() {
        let seconds = Duration::from_secs;
        assert_eq!(PollSchedule::two_paced(seconds(2), 1, seconds(6), 9).longest_delay(), seconds(6));
        assert_eq!(PollSchedule::two_paced(seconds(6), 1, seconds(2), 9).longest_delay(), seconds(6));
        let one = PollSchedule::every(seconds(3), 1);
        assert_eq!((one.delay_after(0), one.delay_after(1)), (Some(seconds(3)), None));
    }
}
