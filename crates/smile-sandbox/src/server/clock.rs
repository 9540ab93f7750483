//! The clock of the sandbox.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use smile_core::Timestamp;

/// The clock of a [`Sandbox`](crate::Sandbox); the system's by default.
///
/// A virtual clock stands still until [`Sandbox::advance`](crate::Sandbox::advance) moves it, and
/// everything that happens by itself with it: the stages of rules, reviews, and callbacks, the
/// first attempts included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Clock(Option<Timestamp>);

/// The error of a clock that can't be advanced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// The clock is the system's. [`Builder::with_clock`](crate::Builder::with_clock) sets another.
    #[error("the sandbox goes by the system's clock, which it can't advance")]
    System,
}

impl Clock {
    /// The system's clock.
    pub const fn system() -> Self {
        Self(None)
    }

    /// A virtual clock, set to this moment.
    pub const fn virtual_at(now: Timestamp) -> Self {
        Self(Some(now))
    }

    /// Starts the clock: a virtual one does not begin before this moment.
    pub(crate) fn running(self, earliest: Timestamp) -> RunningClock {
        match self.0 {
            None => RunningClock::System,
            Some(now) => RunningClock::Virtual(Mutex::new(now.max(earliest))),
        }
    }
}

/// A clock that can be read.
pub(crate) enum RunningClock {
    System,
    Virtual(Mutex<Timestamp>),
}

impl RunningClock {
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                Timestamp::from_unix(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
            }
            Self::Virtual(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    pub(crate) fn is_virtual(&self) -> bool {
        matches!(self, Self::Virtual(_))
    }

    pub(crate) fn set(&self, to: Timestamp) {
        if let Self::Virtual(now) = self {
            let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
            *now = to.max(*now);
        }
    }
}
