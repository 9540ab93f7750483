//! Faults on demand.

use http::StatusCode;

use crate::routing::Endpoint;

/// A step of a job, as a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// `POST /upload`.
    PrepUpload,
    /// `PUT` to the upload address.
    Upload,
    /// `POST /job_status`.
    JobStatus,
}

impl Step {
    pub(crate) fn of(endpoint: Endpoint<'_>) -> Option<Self> {
        match endpoint {
            Endpoint::PrepUpload => Some(Self::PrepUpload),
            Endpoint::Upload { .. } => Some(Self::Upload),
            Endpoint::JobStatus => Some(Self::JobStatus),
            Endpoint::Image { .. } | Endpoint::Unknown => None,
        }
    }
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The gateway answers with this status, and the service never sees the request.
    Answer(StatusCode),
    /// The connection is closed before the service sees the request.
    LoseRequest,
    /// The service does what was asked, and then the connection is closed without an answer. To the client it looks
    /// like [`LoseRequest`](Self::LoseRequest).
    LoseAnswer,
}

/// Found in the extensions of a response that must not be sent: the connection is to be closed instead.
///
/// [`Sandbox`](crate::Sandbox) sees to it; it matters only to those who drive a [`Service`](crate::Service)
/// themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionLost;

/// The faults that are still to happen.
#[derive(Default)]
pub(crate) struct Faults(Vec<(Step, Fault)>);

impl Faults {
    pub(crate) fn add(&mut self, step: Step, fault: Fault) {
        self.0.push((step, fault));
    }

    /// The next fault of this step, which is used up.
    pub(crate) fn take(&mut self, step: Step) -> Option<Fault> {
        let at = self.0.iter().position(|(of, _)| *of == step)?;
        Some(self.0.remove(at).1)
    }
}
