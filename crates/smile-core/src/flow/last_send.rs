//! Last send that may still be on its way, and the time from which it certainly no longer is.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, header};
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::operation::Step;

/// Last request that changes something at the service: its step, its time and its timeout.
///
/// Nothing is sent again before this is over, because until then it may still arrive.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastSend {
    step: Step,
    began: Timestamp,
    timeout_millis: u64,
    /// Most by which the service's clock is ahead of the sender's; unknown before its first answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service_ahead_millis: Option<i64>,
}

impl LastSend {
    pub(crate) fn new(
        step: Step,
        began: Timestamp,
        timeout: Duration,
        service_clock: Option<ServiceClock>,
    ) -> Self {
        Self {
            step,
            began,
            timeout_millis: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            service_ahead_millis: service_clock.map(|clock| clock.most_ahead),
        }
    }

    /// The step that the request belongs to.
    pub fn step(&self) -> Step {
        self.step
    }

    /// Time of the send, by the clock of the process that sent it.
    pub fn began(&self) -> Timestamp {
        self.began
    }

    /// Timeout of the send.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_millis)
    }

    /// Time from which the send is over, for the process that sent it, which may know the service's
    /// clock now.
    ///
    /// Its own clock may have been put forward since: so much longer it takes by that clock, as the
    /// service's shows.
    pub(crate) fn over_for_its_sender(&self, clock: Option<ServiceClock>) -> Timestamp {
        let over = self.began + self.timeout();
        match (self.service_ahead_millis, clock) {
            (Some(most_ahead), Some(clock)) => match most_ahead.saturating_sub(clock.least_ahead) {
                forward if forward > ROUNDING_MILLIS => shifted(over, forward),
                _ => over,
            },
            _ => over,
        }
    }

    /// Time from which the send is over by the clock of another process, which has run since
    /// `start` and may know the service's clock.
    ///
    /// Clocks of two machines differ, so the two moments are compared by the service's. Where
    /// either process doesn't know that, one full timeout from `start` is waited: the request had
    /// been begun by then. It is never longer than that.
    pub(crate) fn over_for_another(&self, start: Timestamp, clock: Option<ServiceClock>) -> Timestamp {
        let latest = start + self.timeout();
        match (self.service_ahead_millis, clock) {
            (Some(most_ahead), Some(clock)) => {
                let shift = most_ahead.saturating_sub(clock.least_ahead);
                shifted(self.over_for_its_sender(None), shift).min(latest)
            }
            _ => latest,
        }
    }
}

impl fmt::Debug for LastSend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastSend")
            .field("step", &self.step)
            .field("began", &self.began)
            .field("timeout", &self.timeout())
            .finish_non_exhaustive()
    }
}

/// Most by which two `Date`s, of whole seconds, can differ with no clock put forward.
const ROUNDING_MILLIS: i64 = 2_000;

/// Milliseconds by which the service's clock is ahead of one's own: between these two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServiceClock {
    least_ahead: i64,
    most_ahead: i64,
}

impl ServiceClock {
    /// Clock from the `Date` of an answer (RFC 9110, 6.6.1), which was written somewhere between
    /// these two moments. It has whole seconds.
    pub(crate) fn of(response: &Response<Bytes>, sent: Timestamp, received: Timestamp) -> Option<Self> {
        let text = response.headers().get(header::DATE)?.to_str().ok()?;
        let date = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        let date = millis(Timestamp::from_unix(date));
        Some(Self { least_ahead: date - millis(received), most_ahead: date + 1_000 - millis(sent) })
    }
}

/// A timestamp's milliseconds end in the year 9999, so they have room to add to.
fn millis(at: Timestamp) -> i64 {
    i64::try_from(at.unix_millis()).unwrap_or(i64::MAX / 4)
}

fn shifted(at: Timestamp, by_millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(at.unix_millis().saturating_add_signed(by_millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDER: Timestamp = Timestamp::from_unix_millis(1_705_314_600_000);
    const TIMEOUT: Duration = Duration::from_secs(120);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The service's clock as a process sees it that is `behind` seconds behind it, at `at` of its
    /// own.
    fn clock(at: Timestamp, behind: u64) -> Option<ServiceClock> {
        let date = std::time::UNIX_EPOCH + Duration::from_millis((at + seconds(behind)).unix_millis());
        let response = Response::builder().header("Date", httpdate::fmt_http_date(date));
        ServiceClock::of(&response.body(Bytes::new()).unwrap(), at, at)
    }

    #[test]
    fn without_a_known_offset_a_whole_timeout_is_waited() {
        let start = SENDER + seconds(5_000);
        for (send, own) in [
            (LastSend::new(Step::Upload, SENDER, TIMEOUT, None), None),
            (LastSend::new(Step::Upload, SENDER, TIMEOUT, None), clock(start, 0)),
            (LastSend::new(Step::Upload, SENDER, TIMEOUT, clock(SENDER, 0)), None),
        ] {
            assert_eq!(send.over_for_another(start, own), start + TIMEOUT);
        }
    }

    #[test]
    fn clocks_that_differ_are_compared_by_the_services() {
        // The sender is an hour behind the service, and the other one a minute: 10 seconds after
        // the send it is there.
        let send = LastSend::new(Step::Upload, SENDER, TIMEOUT, clock(SENDER, 3_600));
        let start = SENDER + seconds(3_540 + 10);
        let over = send.over_for_another(start, clock(start, 60));
        assert!((seconds(110)..=seconds(112)).contains(&over.since(start)), "{:?}", over.since(start));
        // Long after, nothing is left to wait for, whatever the other's clock says.
        let start = SENDER + seconds(3_540 + 4_000);
        assert!(send.over_for_another(start, clock(start, 60)) < start);
    }

    #[test]
    fn a_sender_whose_clock_was_put_forward_waits_as_long_by_the_services() {
        let send = LastSend::new(Step::Upload, SENDER, TIMEOUT, clock(SENDER, 0));
        let over = SENDER + TIMEOUT;
        // A minute later by the service's clock, and 80 seconds by its own.
        let stepped = clock(SENDER + seconds(80), 0).map(|mut clock| {
            (clock.least_ahead, clock.most_ahead) = (clock.least_ahead - 20_000, clock.most_ahead - 20_000);
            clock
        });
        assert!((20..=22).contains(&send.over_for_its_sender(stepped).since(over).as_secs()));
        // The seconds of two dates are rounded, and one that was put back, or isn't known, makes
        // nothing shorter.
        assert_eq!(send.over_for_its_sender(clock(SENDER + seconds(60), 0)), over);
        assert_eq!(send.over_for_its_sender(clock(SENDER + seconds(60), 20)), over);
        assert_eq!(send.over_for_its_sender(None), over);
    }

    #[test]
    fn no_clock_however_wrong_makes_anybody_wait_longer_than_a_timeout() {
        let send = LastSend::new(Step::Upload, SENDER, TIMEOUT, clock(SENDER, 100_000));
        assert_eq!(send.over_for_another(SENDER, clock(SENDER, 0)), SENDER + TIMEOUT);
        let endless = LastSend::new(Step::Upload, SENDER, Duration::MAX, None);
        assert_eq!(endless.over_for_another(SENDER, None), Timestamp::MAX);
    }

    #[test]
    fn an_answer_that_was_long_on_its_way_never_shortens_the_wait() {
        // The service wrote its `Date` some time between the request and the answer: for the sender
        // the latest of these counts, for the other one the earliest.
        let date = std::time::UNIX_EPOCH + Duration::from_millis(SENDER.unix_millis());
        let response = Response::builder().header("Date", httpdate::fmt_http_date(date));
        let response = response.body(Bytes::new()).unwrap();
        let slow = ServiceClock::of(&response, SENDER, SENDER + seconds(20));
        let send = LastSend::new(Step::Upload, SENDER + seconds(20), TIMEOUT, slow);
        let start = SENDER + seconds(30);
        assert!(send.over_for_another(start, clock(start, 0)) >= SENDER + seconds(20) + TIMEOUT);
        assert!(send.over_for_another(start, slow).since(SENDER) >= seconds(20) + TIMEOUT);
    }

    #[test]
    fn a_date_that_is_none_tells_nothing() {
        for text in ["", "soon", "Mon, 15 Jan 2024", "1705314600"] {
            let response = Response::builder().header("Date", text).body(Bytes::new()).unwrap();
            assert_eq!(ServiceClock::of(&response, SENDER, SENDER), None, "{text}");
        }
        assert_eq!(ServiceClock::of(&Response::new(Bytes::new()), SENDER, SENDER), None);
    }

    #[test]
    fn it_says_what_was_sent_and_when_and_for_how_long() {
        let send = LastSend::new(Step::Upload, SENDER, TIMEOUT, None);
        assert_eq!((send.step(), send.began(), send.timeout()), (Step::Upload, SENDER, TIMEOUT));
        let shown = format!("{send:?}");
        assert!(shown.starts_with("LastSend { step: Upload, began: "), "{shown}");
        assert!(shown.contains("timeout: 120s"), "{shown}");
    }

    #[test]
    fn two_seconds_between_two_dates_are_their_rounding_and_a_millisecond_more_is_a_clock_put_forward() {
        let of = |ahead| ServiceClock { least_ahead: ahead, most_ahead: ahead };
        let send = LastSend::new(Step::Upload, SENDER, TIMEOUT, Some(of(0)));
        let over = SENDER + TIMEOUT;
        assert_eq!(send.over_for_its_sender(Some(of(-ROUNDING_MILLIS))), over);
        let forward = of(-ROUNDING_MILLIS - 1);
        assert_eq!(send.over_for_its_sender(Some(forward)), over + Duration::from_millis(2_001));
    }
}
