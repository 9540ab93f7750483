//! Job status that stands in for the lost answer of a check.

use bytes::Bytes;
use http::{Request, Response};

use crate::job::job_key::JobKey;
use crate::operation::{Lookup, LookupAnswer, Operation, OperationError, Step};
use crate::{JobStatus, JobStatusRequest, Partner, Timestamp};

/// Requests the status of the check's job; `reconcile` says whether it has a result of this very
/// check.
pub(super) fn by_status<'a, T>(
    key: &JobKey,
    reconcile: impl Fn(JobStatus) -> Option<T> + 'a,
) -> Option<Box<dyn Lookup<T> + 'a>> {
    Some(Box::new(StatusLookup { question: JobStatusRequest::of(key), reconcile }))
}

struct StatusLookup<F> {
    question: JobStatusRequest,
    reconcile: F,
}

impl<T, F: Fn(JobStatus) -> Option<T>> Lookup<T> for StatusLookup<F> {
    fn step(&self) -> Step {
        JobStatusRequest::STEP
    }

    fn request(&self, partner: &Partner, now: Timestamp) -> Request<Bytes> {
        self.question.request(partner, now)
    }

    fn parse(
        &self,
        partner: &Partner,
        sent_at: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<LookupAnswer<T>, OperationError> {
        let status = match self.question.parse(partner, sent_at, response) {
            Err(error) if error.denies_zip() => return Ok(LookupAnswer::Denied),
            parsed => parsed?,
        };
        let is_denial = status.has_zip() == Some(false);
        Ok(match (self.reconcile)(status) {
            Some(output) => LookupAnswer::Answer(output),
            None if is_denial => LookupAnswer::Denied,
            None => LookupAnswer::Unclear,
        })
    }
}
