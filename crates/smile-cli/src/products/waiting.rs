//! The wait for a result: its time limit, and the polling interval.

use std::time::Duration;

use clap::Args;
use serde::{Deserialize, Serialize};
use smile_core::{FlowSettings, PollSchedule};

#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[command(next_help_heading = "Result")]
pub(crate) struct Waiting {
    /// The longest wait for the result
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    timeout: u32,

    /// The pause before each status request; by default 2 seconds at first, and then 6
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    poll_every: Option<Duration>,
}

/// The time that a job may take before the wait for its result: its requests, and the upload.
const BEFORE: Duration = Duration::from_secs(240);

impl Waiting {
    /// The settings for a job that is submitted first.
    pub(crate) fn submitting(&self) -> FlowSettings {
        self.settings().with_deadline(BEFORE + self.timeout())
    }

    /// The settings for a job that the service has already.
    pub(crate) fn asking(&self) -> FlowSettings {
        self.settings().with_deadline(self.timeout())
    }

    pub(crate) fn max_polls(&self) -> u32 {
        match self.poll_every {
            Some(pause) => {
                let looks = (self.timeout().as_secs_f64() / pause.as_secs_f64()).ceil();
                // A conversion of floats saturates.
                (looks as u32).max(1)
            }
            None => 4 + self.timeout.saturating_sub(8).div_ceil(6),
        }
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.into())
    }

    /// The settings for a check that answers at once; after a lost answer its status is asked for.
    pub(crate) fn settings(&self) -> FlowSettings {
        let settings = FlowSettings::default();
        match self.poll_every {
            Some(pause) => {
                let schedule = PollSchedule::every(pause, self.max_polls());
                settings.with_poll_schedule(schedule).with_status_delay(pause.min(Duration::from_secs(5)))
            }
            None => {
                let (first, then) = (Duration::from_secs(2), Duration::from_secs(6));
                settings.with_poll_schedule(PollSchedule::two_paced(first, 4, then, self.max_polls()))
            }
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.01..=86_400.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "must be a number from 0.01 to 86400".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(timeout: u32, poll_every: Option<f64>) -> Waiting {
        Waiting { timeout, poll_every: poll_every.map(Duration::from_secs_f64) }
    }

    #[test]
    fn looks_fill_the_time() {
        assert_eq!(waiting(104, None).max_polls(), 20, "the schedule of the official Ruby SDK");
        assert_eq!(waiting(1, None).max_polls(), 4);
        assert_eq!(waiting(10, Some(0.5)).max_polls(), 20);
        assert_eq!(waiting(1, Some(60.0)).max_polls(), 1);
    }

    #[test]
    fn an_invalid_pause_is_refused() {
        for text in ["", "0", "-1", "nan", "inf", "1e9", "soon"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
