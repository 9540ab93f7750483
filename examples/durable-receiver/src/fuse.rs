//! The moments between two steps, at each of which a test kills the process.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A moment between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// A body has come.
    Received,
    /// The callback is verified; nothing is stored.
    Verified,
    /// The callback is stored, in a transaction that isn't committed.
    Storing,
    /// The callback is stored; the service doesn't know.
    Stored,
    /// The service has its 200.
    Acknowledged,
    /// The job's history is written, in a transaction that isn't committed.
    Applying,
    /// The job's history is written.
    Applied,
    /// The service has said what it knows; nothing of that is written.
    Asked,
    /// The confirmed history and what is to be done are written, in a transaction that isn't
    /// committed.
    Confirming,
    /// The confirmed history and what is to be done are written.
    Confirmed,
    /// The action is taken; the outbox doesn't know.
    Acted,
    /// The action is taken, and ticked off.
    Done,
}

impl Moment {
    /// All of them, in the order in which a callback passes them.
    pub const ALL: [Self; 12] = [
        Self::Received,
        Self::Verified,
        Self::Storing,
        Self::Stored,
        Self::Acknowledged,
        Self::Applying,
        Self::Applied,
        Self::Asked,
        Self::Confirming,
        Self::Confirmed,
        Self::Acted,
        Self::Done,
    ];

    /// The moment's name, in small letters.
    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// Ends the process at a moment, as a power cut would: nothing is flushed, closed or rolled back.
#[derive(Clone, Debug, Default)]
pub struct Fuse {
    lit: Option<(Moment, Arc<AtomicU32>)>,
}

impl Fuse {
    /// The variable that lights it.
    pub const VARIABLE: &str = "DURABLE_RECEIVER_ABORT_AT";

    /// Reaches a moment, perhaps for the last time.
    pub(crate) fn reach(&self, moment: Moment) {
        if let Some((at, left)) = &self.lit
            && *at == moment
            && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            crate::say(format_args!("aborted: {}", moment.name()));
            std::process::abort();
        }
    }
}

impl FromStr for Fuse {
    type Err = String;

    /// `stored:2`: the second time that something was just stored.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, times) = text.split_once(':').unwrap_or((text, "1"));
        let moment = Moment::ALL.into_iter().find(|moment| moment.name() == name);
        let moment = moment.ok_or_else(|| format!("there is no moment `{name}`"))?;
        let times: u32 = times.parse().map_err(|_| format!("`{times}` is no number of times"))?;
        Ok(Self { lit: Some((moment, Arc::new(AtomicU32::new(times)))) })
    }
}
