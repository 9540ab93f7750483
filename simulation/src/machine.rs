//! The flows that workers run, as one.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use smile_core::v1::{Acceptance, AsyncEnhancedKycRequest, EnhancedKycRequest, Verification};
use smile_core::{
    Call, CallError, Checkpoint, Confirm, ConfirmError, Confirmation, Event, Flow, JobError, JobFlow,
    JobOutcome, Next, Timestamp, TransportFailure,
};

pub(crate) enum Machine {
    Job(Box<JobFlow>),
    Kyc(Box<Call<EnhancedKycRequest>>),
    AsyncKyc(Box<Call<AsyncEnhancedKycRequest>>),
    Confirm(Box<Confirm>),
}

/// The end of a flow.
#[derive(Debug)]
pub(crate) enum End {
    Job(Box<Result<JobOutcome, JobError>>),
    Kyc(Box<Result<Verification, CallError>>),
    Accepted(Result<Acceptance, CallError>),
    Confirmed(Box<Result<Confirmation, ConfirmError>>),
}

impl End {
    pub(crate) fn is_error(&self) -> bool {
        match self {
            Self::Job(end) => end.is_err(),
            Self::Kyc(end) => end.is_err(),
            Self::Accepted(end) => end.is_err(),
            Self::Confirmed(end) => end.is_err(),
        }
    }
}

/// The next step that a flow requests.
#[derive(Debug)]
pub(crate) enum Doing {
    Send(Box<Request<Bytes>>, Duration),
    Wait(Timestamp),
    End(End),
}

/// A flow's next step, and the checkpoints to store before it.
pub(crate) struct Turn {
    pub(crate) doing: Doing,
    pub(crate) checkpoints: Vec<Checkpoint>,
}

impl Machine {
    pub(crate) fn turn(&mut self, now: Timestamp) -> Turn {
        match self {
            Self::Job(flow) => turn(&mut **flow, now, |end| End::Job(Box::new(end))),
            Self::Kyc(flow) => turn(&mut **flow, now, |end| End::Kyc(Box::new(end))),
            Self::AsyncKyc(flow) => turn(&mut **flow, now, End::Accepted),
            Self::Confirm(flow) => turn(&mut **flow, now, |end| End::Confirmed(Box::new(end))),
        }
    }

    pub(crate) fn receive(&mut self, now: Timestamp, answer: Result<Response<Bytes>, TransportFailure>) {
        match self {
            Self::Job(flow) => flow.receive(now, answer),
            Self::Kyc(flow) => flow.receive(now, answer),
            Self::AsyncKyc(flow) => flow.receive(now, answer),
            Self::Confirm(flow) => flow.receive(now, answer),
        }
    }
}

fn turn<F: Flow>(flow: &mut F, now: Timestamp, end: impl FnOnce(F::Outcome) -> End) -> Turn {
    let doing = match flow.next(now) {
        Next::Send { request, timeout } => Doing::Send(Box::new(request), timeout),
        Next::Wait { until } => Doing::Wait(until),
        Next::Read(_) => unreachable!("every image of a world is in memory"),
        Next::Finished(outcome) => Doing::End(end(outcome)),
    };
    let events = std::iter::from_fn(|| flow.take_event());
    let checkpoints = events.filter_map(|event| match event {
        Event::Checkpoint(checkpoint) => Some(checkpoint),
        _ => None,
    });
    Turn { doing, checkpoints: checkpoints.collect() }
}
