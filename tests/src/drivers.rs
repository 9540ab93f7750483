//! The three ways to run a flow, as one.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use smile_core::operation::Operation;
use smile_core::{
    Call, CallError, Callback, Checkpoint, Confirm, ConfirmError, Confirmation, Event, Flow, FlowSettings,
    Job, JobError, JobFlow, JobOutcome, Next, ObserverError, ObserverResult, Partner, Submission, Timestamp,
    TransportFailure,
};

/// A way to run a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// `smile-reqwest`.
    Reqwest,
    /// `smile-ureq`.
    Ureq,
    /// The loop of the docs over a socket of the standard library.
    ByHand,
}

/// All three.
pub const ALL_DRIVERS: [Driver; 3] = [Driver::Reqwest, Driver::Ureq, Driver::ByHand];

impl Driver {
    /// Runs a job to its end.
    ///
    /// # Errors
    /// As the adapters do.
    pub fn submit(self, partner: Partner, job: Job, settings: FlowSettings) -> Result<JobOutcome, JobError> {
        self.submit_at(partner, job, settings, None, |_| {})
    }

    /// Runs a job to its end, with a clock that stands still if a moment is given.
    ///
    /// # Errors
    /// As the adapters do.
    pub fn submit_at(
        self,
        partner: Partner,
        job: Job,
        settings: FlowSettings,
        clock: Option<Timestamp>,
        mut on_event: impl FnMut(Event) + Send + 'static,
    ) -> Result<JobOutcome, JobError> {
        let observer = move |event| {
            on_event(event);
            Ok(())
        };
        self.submit_with(partner, job, settings, clock, observer)
    }

    /// As [`Driver::submit_at`], with an observer that may refuse to go on.
    ///
    /// # Errors
    /// As the adapters do.
    pub fn submit_with(
        self,
        partner: Partner,
        job: Job,
        settings: FlowSettings,
        clock: Option<Timestamp>,
        mut observer: impl FnMut(Event) -> ObserverResult + Send + 'static,
    ) -> Result<JobOutcome, JobError> {
        let now = move || {
            clock
                .unwrap_or_else(|| Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default()))
        };
        match self {
            Self::Reqwest => {
                let client = smile_reqwest::Client::new(partner).unwrap();
                let client = client.with_settings(settings.with_seed(1)).with_clock(now);
                block_on(client.submit_with(job, move |event| std::future::ready(observer(event))))
            }
            Self::Ureq => {
                let client = smile_ureq::Client::new(partner)
                    .unwrap()
                    .with_settings(settings.with_seed(1))
                    .with_clock(now);
                client.submit_with(job, observer)
            }
            Self::ByHand => by_hand(JobFlow::new(partner, job, settings, 1)?, now, observer),
        }
    }

    /// Runs a single operation to its end.
    ///
    /// # Errors
    /// As the adapters do.
    pub fn call<O>(
        self,
        partner: Partner,
        operation: O,
        settings: FlowSettings,
    ) -> Result<O::Output, CallError>
    where
        O: Operation + Send + 'static,
        O::Output: Clone + Send + 'static,
    {
        match self {
            Self::Reqwest => {
                let client = smile_reqwest::Client::new(partner).unwrap().with_settings(settings);
                block_on(client.call(operation))
            }
            Self::Ureq => smile_ureq::Client::new(partner).unwrap().with_settings(settings).call(operation),
            Self::ByHand => {
                let now = || Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default());
                by_hand(Call::new(partner, operation, settings, 1), now, |_| Ok(()))
            }
        }
    }

    /// Runs a single operation to its end, from a checkpoint if there is one, with an observer that
    /// may refuse to go on.
    ///
    /// # Errors
    /// As the adapters do.
    pub fn call_with<O>(
        self,
        partner: Partner,
        operation: O,
        settings: FlowSettings,
        checkpoint: Option<&Checkpoint>,
        mut observer: impl FnMut(Event) -> ObserverResult,
    ) -> Result<O::Output, CallError>
    where
        O: Operation + Send + 'static,
        O::Output: Clone + Send + 'static,
    {
        match self {
            Self::Reqwest => {
                let client = smile_reqwest::Client::new(partner).unwrap().with_settings(settings);
                let mut call = match checkpoint {
                    Some(checkpoint) => client.resume_call(checkpoint, operation)?,
                    None => client.begin_call(operation),
                };
                block_on(client.run_with(&mut call, |event| std::future::ready(observer(event))))
            }
            Self::Ureq => {
                let client = smile_ureq::Client::new(partner).unwrap().with_settings(settings);
                let mut call = match checkpoint {
                    Some(checkpoint) => client.resume_call(checkpoint, operation)?,
                    None => client.begin_call(operation),
                };
                client.run_with(&mut call, observer)
            }
            Self::ByHand => {
                let now = || Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default());
                let call = match checkpoint {
                    Some(checkpoint) => Call::resume(partner, checkpoint, operation, settings, 1)?,
                    None => Call::new(partner, operation, settings, 1),
                };
                by_hand(call, now, observer)
            }
        }
    }

    /// Confirms a callback of this submission, or of whichever there is under a job's ids.
    ///
    /// # Errors
    /// As the adapters do.
    pub fn confirm(
        self,
        partner: Partner,
        submission: impl Into<Submission>,
        callback: &Callback,
        settings: FlowSettings,
    ) -> Result<Confirmation, ConfirmError> {
        match self {
            Self::Reqwest => {
                let client = smile_reqwest::Client::new(partner).unwrap().with_settings(settings);
                block_on(client.confirm(submission, callback))
            }
            Self::Ureq => smile_ureq::Client::new(partner)
                .unwrap()
                .with_settings(settings)
                .confirm(submission, callback),
            Self::ByHand => {
                let now = || Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default());
                by_hand(Confirm::new(partner, submission, callback, settings, 1), now, |_| Ok(()))
            }
        }
    }
}

/// The loop of the docs.
fn by_hand<F: Flow>(
    mut flow: F,
    now: impl Fn() -> Timestamp,
    mut observer: impl FnMut(Event) -> ObserverResult,
) -> F::Outcome {
    loop {
        let mut next = flow.next(now());
        while let Some(event) = flow.take_event() {
            if let Err(reason) = observer(event) {
                flow.refuse(now(), ObserverError::new(reason));
                while flow.take_event().is_some() {}
                next = flow.next(now());
            }
        }
        match next {
            Next::Read(path) => {
                flow.file_read(now(), std::fs::File::open(path).and_then(smile_core::read_image));
            }
            Next::Send { request, timeout } => {
                let answer = exchange(&request, timeout);
                flow.receive(now(), answer);
            }
            Next::Wait { until } => std::thread::sleep(until.since(now())),
            Next::Finished(outcome) => return outcome,
        }
    }
}

/// Runs a future on a runtime of its own.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// One exchange over plain HTTP/1.1, on a connection of its own.
pub(crate) fn exchange(
    request: &Request<Bytes>,
    timeout: Duration,
) -> Result<Response<Bytes>, TransportFailure> {
    let authority = request.uri().authority().unwrap().as_str();
    let mut stream =
        TcpStream::connect(authority).map_err(|error| TransportFailure::not_sent(error.to_string()))?;
    let start = Instant::now();
    let mut talk = || -> std::io::Result<Vec<u8>> {
        let target = request.uri().path_and_query().unwrap();
        let mut head = format!("{} {target} HTTP/1.1\r\nhost: {authority}\r\n", request.method());
        head += &format!("content-length: {}\r\nconnection: close\r\n", request.body().len());
        for (name, value) in request.headers() {
            head += &format!("{name}: {}\r\n", value.to_str().unwrap());
        }
        head += "\r\n";
        stream.set_write_timeout(Some(timeout))?;
        stream.write_all(head.as_bytes())?;
        stream.write_all(request.body())?;
        let mut answer = Vec::new();
        let mut piece = vec![0; 64 * 1024];
        loop {
            let left = timeout.checked_sub(start.elapsed()).filter(|left| !left.is_zero());
            stream.set_read_timeout(Some(left.ok_or(ErrorKind::TimedOut)?))?;
            match stream.read(&mut piece)? {
                0 => return Ok(answer),
                count => answer.extend_from_slice(&piece[..count]),
            }
        }
    };
    let answer = talk().map_err(|error| match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => TransportFailure::timed_out(error.to_string()),
        _ => TransportFailure::interrupted(error.to_string()),
    })?;
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Err(TransportFailure::interrupted("no head"));
    };
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let status = head.split(' ').nth(1).unwrap();
    let mut response = Response::builder().status(status);
    for line in head.lines().skip(1) {
        let (name, value) = line.split_once(": ").unwrap();
        response = response.header(name, value);
    }
    let response = response.body(Bytes::copy_from_slice(&answer[end + 4..])).unwrap();
    let promised =
        response.headers().get("content-length").map(|length| length.to_str().unwrap().parse().unwrap());
    if promised.is_some_and(|promised: usize| promised > response.body().len()) {
        return Err(TransportFailure::interrupted("the body ends early"));
    }
    Ok(response)
}
