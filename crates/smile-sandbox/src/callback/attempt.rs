//! Callbacks, delivery attempts, and the addresses that are allowed.

use std::fmt;

use bytes::Bytes;
use http::{StatusCode, Uri};
use serde_json::Value;
use smile_core::{Timestamp, is_loopback};

use crate::log::Entry;

/// The id of a callback, the same at each delivery attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct CallbackId(pub(crate) u64);

impl CallbackId {
    /// The id with this number, as the admin API shows it. The callback need not exist.
    pub fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The number of the callback, in order of creation, from 0.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// A callback that is due: to be posted now.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct DueCallback {
    /// The id to report to [`Service::callback_answered`](crate::Service::callback_answered).
    pub id: CallbackId,
    /// The address: always http on a loopback address.
    pub url: String,
    /// The JSON to post, the same bytes at every attempt.
    #[serde(with = "crate::http::base64_text")]
    pub body: Bytes,
}

impl fmt::Debug for DueCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DueCallback")
            .field("id", &self.id)
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The outcome of an attempt to deliver a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallbackOutcome {
    /// The receiver answered with this status; any from 200 to 299 counts as delivered.
    Answered(StatusCode),
    /// No connection could be made.
    Unreachable,
    /// No answer came in time.
    TimedOut,
    /// The connection broke before there was an answer, or the answer was not HTTP.
    Interrupted,
    /// No attempt was made: the address is not http on loopback, and the sandbox calls no other.
    Refused,
}

impl CallbackOutcome {
    /// True if the receiver accepted the callback.
    pub fn is_delivered(self) -> bool {
        matches!(self, Self::Answered(status) if status.is_success())
    }
}

/// One attempt to deliver a callback.
#[derive(Clone)]
#[non_exhaustive]
pub struct CallbackAttempt {
    /// The id of the callback.
    pub id: CallbackId,
    /// The partner's id of the job that the callback is about.
    pub job_id: String,
    /// The number of the attempt: 1 for the first.
    pub attempt: u32,
    /// The time at which the attempt ended.
    pub at: Timestamp,
    /// The address.
    pub url: String,
    /// The JSON, as sent.
    pub body: Bytes,
    /// The outcome of the attempt.
    pub outcome: CallbackOutcome,
    /// The first bytes of the answer's body, at most 1,024; empty if there was none.
    pub answer: Bytes,
}

impl CallbackAttempt {
    /// The body as JSON.
    pub fn entry(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Entry for CallbackAttempt {
    /// Counts the body with each attempt, as an attempt may outlive the record of its callback.
    fn size(&self) -> usize {
        self.body.len() + self.url.len() + self.job_id.len() + self.answer.len()
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
            .field("answer_len", &self.answer.len())
            .finish_non_exhaustive()
    }
}

/// True if a callback may go to this address: plain http to this machine, and no user in front of
/// the host, which could make another machine look like this one.
pub(crate) fn is_loopback_http(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    uri.scheme_str() == Some("http") && is_loopback(authority.host()) && !authority.as_str().contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
