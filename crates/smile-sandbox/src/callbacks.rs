//! Callbacks that wait to be delivered, and what became of those that were.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{StatusCode, Uri};
use serde_json::Value;
use smile_core::Timestamp;

/// Which callback it is; each attempt to deliver it has the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "state", derive(serde::Serialize, serde::Deserialize))]
pub struct CallbackId(u64);

impl CallbackId {
    /// The number of the callback, in the order in which they were made, from 0.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// A callback that is to be posted now.
#[derive(Clone)]
#[cfg_attr(feature = "state", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Callback {
    /// What to tell [`Service::callback_answered`](crate::Service::callback_answered).
    pub id: CallbackId,
    /// Where to: always http on a loopback address.
    pub url: String,
    /// The JSON to post, the same bytes at every attempt.
    #[cfg_attr(feature = "state", serde(with = "crate::snapshot::base64"))]
    pub body: Bytes,
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("id", &self.id)
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// How an attempt to deliver a callback went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallbackOutcome {
    /// It was answered with this status; any from 200 to 299 counts as delivered.
    Answered(StatusCode),
    /// No connection could be made.
    Unreachable,
    /// There was no answer in time.
    TimedOut,
    /// The connection broke before there was an answer, or the answer was no HTTP.
    Interrupted,
    /// It was never tried: the address is not http on loopback, and the sandbox calls nobody else.
    Refused,
}

impl CallbackOutcome {
    /// Whether the receiver took it.
    pub fn is_delivered(self) -> bool {
        matches!(self, Self::Answered(status) if status.is_success())
    }
}

/// One attempt to deliver a callback.
#[derive(Clone)]
#[non_exhaustive]
pub struct CallbackAttempt {
    /// Which callback.
    pub id: CallbackId,
    /// The job that it is about.
    pub job_id: String,
    /// Which attempt: 1 for the first.
    pub attempt: u32,
    /// When it ended.
    pub at: Timestamp,
    /// Where to.
    pub url: String,
    /// The JSON, as sent.
    pub body: Bytes,
    /// How it went.
    pub outcome: CallbackOutcome,
}

impl CallbackAttempt {
    /// The body as JSON.
    pub fn entry(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl fmt::Debug for CallbackAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackAttempt")
            .field("id", &self.id)
            .field("attempt", &self.attempt)
            .field("at", &self.at)
            .field("body_len", &self.body.len())
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// All callbacks. Of those that were under way when the sandbox ended, nobody knows whether they arrived: they are due
/// again.
#[derive(Default)]
#[cfg_attr(feature = "state", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Callbacks {
    made: u64,
    waiting: Vec<Waiting>,
    #[cfg_attr(feature = "state", serde(skip))]
    attempts: Vec<CallbackAttempt>,
    last_signed: Timestamp,
}

#[cfg_attr(feature = "state", derive(serde::Serialize, serde::Deserialize))]
struct Waiting {
    callback: Callback,
    job_id: String,
    attempts: u32,
    due: Timestamp,
    #[cfg_attr(feature = "state", serde(skip))]
    is_under_way: bool,
}

impl Callbacks {
    /// The moment to sign the next one for: now, but never the same twice. A signature is over the moment alone, so two results
    /// of one moment would have the same, and receivers are right to refuse the second as a forgery of the first.
    pub(crate) fn moment_to_sign(&mut self, now: Timestamp) -> Timestamp {
        self.last_signed = now.max(self.last_signed + Duration::from_millis(1));
        self.last_signed
    }

    /// Adds one, due now. If its address is not on this machine it is refused at once.
    pub(crate) fn add(&mut self, now: Timestamp, job_id: &str, url: &str, body: Bytes) {
        let callback = Callback { id: CallbackId(self.made), url: url.to_owned(), body };
        self.made += 1;
        let mut waiting =
            Waiting { callback, job_id: job_id.to_owned(), attempts: 0, due: now, is_under_way: false };
        if is_loopback_http(url) {
            self.waiting.push(waiting);
        } else {
            self.attempts.push(waiting.attempt(now, CallbackOutcome::Refused));
        }
    }

    pub(crate) fn attempts(&self) -> &[CallbackAttempt] {
        &self.attempts
    }

    /// When the next one is due; those under way are not counted.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        (0..self.waiting.len()).filter(|&at| self.may_go(at)).map(|at| self.waiting[at].due).min()
    }

    /// Those that are due, which are under way from now on.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Vec<Callback> {
        let mut due = Vec::new();
        for at in 0..self.waiting.len() {
            if self.waiting[at].due <= now && self.may_go(at) {
                self.waiting[at].is_under_way = true;
                due.push(self.waiting[at].callback.clone());
            }
        }
        due
    }

    /// Takes note of how an attempt went, and schedules another if need be.
    pub(crate) fn answered(
        &mut self,
        now: Timestamp,
        id: CallbackId,
        outcome: CallbackOutcome,
        schedule: &[Duration],
    ) {
        let under_way = |waiting: &Waiting| waiting.callback.id == id && waiting.is_under_way;
        let Some(at) = self.waiting.iter().position(under_way) else { return };
        let waiting = &mut self.waiting[at];
        self.attempts.push(waiting.attempt(now, outcome));
        match schedule.get(waiting.attempts as usize - 1) {
            Some(&pause) if !outcome.is_delivered() => {
                waiting.due = now + pause;
                waiting.is_under_way = false;
            }
            _ => drop(self.waiting.remove(at)),
        }
    }

    /// Whether it is not under way, and neither is an earlier one of the same job: callbacks
    /// that are due together keep their order. One that waits for another attempt can be overtaken.
    fn may_go(&self, at: usize) -> bool {
        let this = &self.waiting[at];
        let blocks = |earlier: &Waiting| earlier.job_id == this.job_id && earlier.is_under_way;
        !this.is_under_way && !self.waiting[..at].iter().any(blocks)
    }
}

impl Waiting {
    fn attempt(&mut self, at: Timestamp, outcome: CallbackOutcome) -> CallbackAttempt {
        self.attempts += 1;
        CallbackAttempt {
            id: self.callback.id,
            job_id: self.job_id.clone(),
            attempt: self.attempts,
            at,
            url: self.callback.url.clone(),
            body: self.callback.body.clone(),
            outcome,
        }
    }
}

/// Whether a callback may go there: plain http to this machine, and no user in front of the host, which could make
/// another machine look like it.
pub(crate) fn is_loopback_http(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let is_loopback = host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    uri.scheme_str() == Some("http") && is_loopback && !authority.as_str().contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: CallbackOutcome = CallbackOutcome::Answered(StatusCode::OK);
    const MINUTE: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_millis(seconds * 1_000)
    }

    fn ids(due: &[Callback]) -> Vec<u64> {
        due.iter().map(|callback| callback.id.number()).collect()
    }

    #[test]
    fn only_this_machine_is_called() {
        for url in ["http://127.0.0.1:1/a", "http://localhost/", "http://[::1]:9/a?b", "http://127.9.9.9"] {
            assert!(is_loopback_http(url), "{url}");
        }
        for url in [
            "",
            "/a",
            "https://127.0.0.1/",
            "http://example.com/",
            "http://127.0.0.1@example.com/",
            "http://a@127.0.0.1/",
            "http://localhost.example.com/",
            "http://0.0.0.0/",
            "http://169.254.169.254/",
            "http://[::ffff:169.254.169.254]/",
            "ftp://127.0.0.1/",
            "127.0.0.1:80",
        ] {
            assert!(!is_loopback_http(url), "{url}");
        }
    }

    #[test]
    fn callbacks_of_one_job_do_not_overtake_each_other() {
        let mut callbacks = Callbacks::default();
        for job in ["a", "a", "b"] {
            callbacks.add(at(0), job, "http://127.0.0.1/", Bytes::new());
        }
        assert_eq!(ids(&callbacks.take_due(at(0))), [0, 2]);
        assert!(callbacks.take_due(at(0)).is_empty());
        assert_eq!(callbacks.next_due(), None);
        callbacks.answered(at(1), CallbackId(0), OK, &[]);
        assert_eq!(callbacks.next_due(), Some(at(0)));
        assert_eq!(ids(&callbacks.take_due(at(1))), [1]);
    }

    #[test]
    fn a_failed_one_is_tried_again_on_schedule_and_then_given_up() {
        let mut callbacks = Callbacks::default();
        callbacks.add(at(0), "a", "http://127.0.0.1/", Bytes::from_static(b"{}"));
        let schedule = [MINUTE, 5 * MINUTE];
        for (due, outcome) in [
            (at(0), CallbackOutcome::Unreachable),
            (at(60), CallbackOutcome::Answered(StatusCode::BAD_GATEWAY)),
            (at(360), CallbackOutcome::TimedOut),
        ] {
            assert_eq!(callbacks.next_due(), Some(due));
            let id = callbacks.take_due(due)[0].id;
            callbacks.answered(due, id, outcome, &schedule);
        }
        assert_eq!(callbacks.next_due(), None);
        let attempts: Vec<_> =
            callbacks.attempts().iter().map(|attempt| (attempt.attempt, attempt.at)).collect();
        assert_eq!(attempts, [(1, at(0)), (2, at(60)), (3, at(360))]);
    }

    #[test]
    fn no_two_are_signed_for_the_same_moment() {
        let mut callbacks = Callbacks::default();
        let moments = [at(5), at(5), at(5), at(6)].map(|now| callbacks.moment_to_sign(now).unix_millis());
        assert_eq!(moments, [5_000, 5_001, 5_002, 6_000]);
    }

    #[test]
    fn an_answer_to_nothing_is_ignored() {
        let mut callbacks = Callbacks::default();
        callbacks.answered(at(0), CallbackId(7), OK, &[]);
        callbacks.add(at(0), "a", "http://127.0.0.1/", Bytes::new());
        callbacks.answered(at(0), CallbackId(0), OK, &[]);
        assert!(callbacks.attempts().is_empty());
        assert_eq!(ids(&callbacks.take_due(at(0))), [0]);
    }
}
