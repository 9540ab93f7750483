//! A request to the admin API.

use bytes::Bytes;
use http::Request;
use smile_core::Timestamp;

use crate::admin::error::AdminError;
use crate::admin::input::{Input, Query};

/// A request to an endpoint of the admin API.
pub(super) struct Ask<'a> {
    pub(super) now: Timestamp,
    /// The path segments matched by the template's braces.
    pub(super) captured: Vec<&'a str>,
    pub(super) request: &'a Request<Bytes>,
}

impl Ask<'_> {
    pub(super) fn query(&self) -> Query {
        Query::new(self.request.uri().query())
    }

    pub(super) fn input(&self) -> Result<Input, AdminError> {
        Input::new(self.request.body())
    }

    /// The number in a captured path segment; `None` if the segment is not a number.
    pub(super) fn number(&self, at: usize) -> Option<u64> {
        self.captured.get(at)?.parse().ok()
    }
}
