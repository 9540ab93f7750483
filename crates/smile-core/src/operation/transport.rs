//! Failures of an exchange before there is an answer to read.

use std::fmt;

use crate::wire::names::stable_names;

/// Failure of a request without a usable answer, as reported by the transport.
///
/// The transport only says what happened; what to do about it is decided in core. When in doubt
/// between [`NotSent`](TransportFailureKind::NotSent) and another kind, say the other: a request
/// taken for unsent is sent again.
#[derive(Clone, PartialEq, Eq)]
pub struct TransportFailure {
    kind: TransportFailureKind,
    detail: String,
}

/// Fate of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportFailureKind {
    /// Certainly nothing of it reached the service: the name didn't resolve, the connection was
    /// refused, TLS failed.
    NotSent,
    /// No answer in time. The service may have it, and may have acted on it.
    TimedOut,
    /// The connection broke, or the caller stopped waiting. The service may have it, and may have
    /// acted on it.
    Interrupted,
    /// The answer was larger than the transport takes. The service has acted on the request.
    ResponseTooLarge,
    /// The HTTP client followed a redirect, so the answer, and perhaps the request, is somebody
    /// else's.
    Misdirected,
    /// The transport won't send this, now or later: nothing of it left.
    Refused,
}

stable_names! { TransportFailureKind:
    Self::NotSent => "not_sent",
    Self::TimedOut => "timed_out",
    Self::Interrupted => "interrupted",
    Self::ResponseTooLarge => "response_too_large",
    Self::Misdirected => "misdirected",
    Self::Refused => "refused",
}

impl TransportFailure {
    /// A failure of this kind. `detail` is for a person to read: it must hold no URL, key or
    /// personal data.
    pub fn new(kind: TransportFailureKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// Failure of a request that certainly never arrived.
    pub fn not_sent(detail: impl Into<String>) -> Self {
        Self::new(TransportFailureKind::NotSent, detail)
    }

    /// Failure of a request without an answer in time.
    pub fn timed_out(detail: impl Into<String>) -> Self {
        Self::new(TransportFailureKind::TimedOut, detail)
    }

    /// Failure of a connection that broke before the answer was complete.
    pub fn interrupted(detail: impl Into<String>) -> Self {
        Self::new(TransportFailureKind::Interrupted, detail)
    }

    /// Failure of a request that the transport won't send, now or later.
    pub fn refused(detail: impl Into<String>) -> Self {
        Self::new(TransportFailureKind::Refused, detail)
    }

    /// Fate of the request.
    pub fn kind(&self) -> TransportFailureKind {
        self.kind
    }

    /// The transport's own description of the failure.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl std::error::Error for TransportFailure {}

impl fmt::Display for TransportFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " ({})", self.detail) }
    }
}

impl fmt::Debug for TransportFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransportFailure({:?}: {})", self.kind, self.detail)
    }
}

impl fmt::Display for TransportFailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSent => "the service couldn't be reached",
            Self::TimedOut => "the service didn't answer in time",
            Self::Interrupted => "the connection broke before the answer was complete",
            Self::ResponseTooLarge => "the answer was larger than this client takes",
            Self::Misdirected => "the HTTP client followed a redirect, which it must not",
            Self::Refused => "the request was not sent",
        })
    }
}
