//! Machines that run a job, or a single exchange, without doing any IO themselves.
//!
//! A [`Flow`] returns the next action; you report its result. Time comes in as an argument;
//! requests, files to read and moments to wait for come out. So one machine serves async, blocking
//! and hand-driven callers alike, and all of them get the same retries.
//!
//! **The rule: every [`Next::Send`] is answered by one [`Flow::receive`], and every [`Next::Read`]
//! by one [`Flow::file_read`].** To call [`Flow::next`] again without a report means that the
//! answer is lost. Nothing else is asked of a driver:
//!
//! 1. Call [`Flow::next`] with the clock's time.
//! 2. Take the events: [`Flow::take_event`], until there are none.
//! 3. Read the file, send the request, or sleep, as asked; then report the result to the flow.
//! 4. Go on until it is finished. A finished flow stays so, and sends nothing.
//!
//! **A driver that stores checkpoints takes the events before the request goes out.** Those of a
//! request are there as soon as [`Flow::next`] has returned it: an [`Event::Checkpoint`] if it
//! changes something at the service, and an [`Event::Sending`] in any case. If the checkpoint can't
//! be stored, or a lease can't be renewed, don't send: call [`Flow::refuse`], and the flow ends.
//!
//! ```no_run
//! use smile_core::{Flow, Next, Timestamp, read_image};
//! use std::time::SystemTime;
//! # use bytes::Bytes;
//! # use smile_core::TransportFailure;
//! # fn transport(_: http::Request<Bytes>, _: std::time::Duration) -> Result<http::Response<Bytes>, TransportFailure> {
//! #     Err(TransportFailure::not_sent("there is no network in this example"))
//! # }
//! # fn run<F: Flow>(mut flow: F) -> F::Outcome {
//! let now = || Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default());
//! let outcome = loop {
//!     match flow.next(now()) {
//!         Next::Read(path) => flow.file_read(now(), std::fs::File::open(path).and_then(read_image)),
//!         Next::Send { request, timeout } => {
//!             let answer = transport(request, timeout);
//!             flow.receive(now(), answer);
//!         }
//!         Next::Wait { until } => std::thread::sleep(until.since(now())),
//!         Next::Finished(outcome) => break outcome,
//!     }
//! };
//! # outcome
//! # }
//! ```

mod call;
mod checkpoint;
mod last_send;
mod observer;
mod progress;
mod retry;
mod schedule;
mod settings;
mod token;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

#[cfg(test)]
pub(crate) use call::tests::errors as call_errors;
pub use call::{Call, CallError, CallErrorKind};
pub use checkpoint::Checkpoint;
pub use last_send::LastSend;
pub(crate) use last_send::ServiceClock;
pub use observer::{ObserverError, ObserverResult};
pub use progress::Progress;
pub use retry::RetryPolicy;
pub use schedule::PollSchedule;
pub use settings::FlowSettings;

use crate::operation::Step;
use crate::{ImageType, OperationError, Problem, Timestamp, TransportFailure};

/// State machine that runs a job or a single exchange; the [module](self) says how to drive it.
pub trait Flow {
    /// Outcome of the flow.
    type Outcome;

    /// Returns the next action; you report its result.
    ///
    /// A clock that steps back counts as standing still. Calling this again while a request is out
    /// says that its answer is lost; otherwise it may be called any number of times.
    fn next(&mut self, now: Timestamp) -> Next<Self::Outcome>;

    /// Takes the result of reading the file that [`Next::Read`] named.
    fn file_read(&mut self, now: Timestamp, file: std::io::Result<Vec<u8>>);

    /// Takes the answer to the request of [`Next::Send`], or the failure. An answer that nobody
    /// waits for changes nothing.
    fn receive(&mut self, now: Timestamp, answer: Result<Response<Bytes>, TransportFailure>);

    /// Ends the flow, in place of what [`Flow::next`] said: the request was not sent. For a
    /// checkpoint that can't be stored, or a lease that can't be renewed. A flow that is over stays
    /// as it is.
    fn refuse(&mut self, now: Timestamp, error: ObserverError);

    /// Takes the oldest event, if there is one.
    fn take_event(&mut self) -> Option<Event>;
}

/// Next action that a [`Flow`] asks for.
///
/// The list is complete on purpose: a driver that left one of them out would never end.
#[allow(clippy::large_enum_variant)] // It lives for one turn of a loop, and a request is what it holds most often.
pub enum Next<T> {
    /// Read this file whole, and report it with [`Flow::file_read`].
    Read(PathBuf),
    /// Send this request, and report the answer with [`Flow::receive`].
    Send {
        /// The request. Its URL may be a credential and its body holds personal data: keep both out
        /// of logs.
        request: Request<Bytes>,
        /// Time to wait for the whole answer.
        timeout: Duration,
    },
    /// Do nothing before this moment.
    Wait {
        /// Time to call [`Flow::next`] again.
        until: Timestamp,
    },
    /// The flow is over.
    Finished(T),
}

impl<T> fmt::Debug for Next<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(_) => f.write_str("Read(…)"),
            Self::Send { request, timeout } => {
                write!(f, "Send({}, {} bytes, within {timeout:?})", request.method(), request.body().len())
            }
            Self::Wait { until } => write!(f, "Wait({until})"),
            Self::Finished(_) => f.write_str("Finished(…)"),
        }
    }
}

/// Event while a job runs. There is no personal data, image, key or URL in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// An image was read and checked.
    #[non_exhaustive]
    ImageRead {
        /// Index among the job's images.
        index: usize,
        /// Kind and encoding of the image.
        image_type: ImageType,
        /// Size in bytes.
        bytes: usize,
    },
    /// Checkpoint of the job or check, for [`JobFlow::resume`](crate::JobFlow::resume). It comes
    /// before each request that changes something at the service, and after each progress of the
    /// job: a program that stores it before going on can go on after a crash.
    Checkpoint(Checkpoint),
    /// A request is about to be sent. It comes after its checkpoint, if it has one, and is the
    /// moment to renew a lease: see [`FlowSettings::lease`].
    #[non_exhaustive]
    Sending {
        /// The step.
        step: Step,
        /// Number of the attempt: 1 for the first.
        attempt: u32,
        /// Time that the whole answer will be waited for.
        timeout: Duration,
    },
    /// The service has opened the job.
    #[non_exhaustive]
    Opened {
        /// Smile ID's own id of the job.
        smile_job_id: Option<String>,
    },
    /// The zip is about to be sent.
    #[non_exhaustive]
    Uploading {
        /// Size in bytes.
        bytes: usize,
    },
    /// The service has the zip.
    Uploaded,
    /// The service was asked for the job's status, and the answer could be trusted.
    #[non_exhaustive]
    Polled {
        /// Number of the poll: 1 for the first.
        poll: u32,
        /// True if there is a result.
        job_complete: bool,
    },
    /// Something about the input is likely to be refused by the service, or to disappoint. It is
    /// sent all the same.
    Warning(Problem),
    /// An exchange failed and will be tried again.
    #[non_exhaustive]
    Retrying {
        /// The step.
        step: Step,
        /// Number of attempts so far.
        attempt: u32,
        /// Error of the attempt.
        error: OperationError,
        /// Time of the next attempt.
        at: Timestamp,
    },
}
