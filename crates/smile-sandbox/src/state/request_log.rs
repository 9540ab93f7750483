//! The requests that came, with their answers.
//!
//! All of this may be personal data, so `Debug` shows kinds and counts only.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use serde_json::Value;
use smile_core::Timestamp;

use crate::fault::kinds::Fault;
use crate::http::routing::Route;
use crate::log::Entry;

/// The part of an answer that is kept, in bytes.
const KEPT_OF_ANSWER: usize = 64 * 1024;

/// A request as the sandbox received it, with its answer.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The number of the request, in the order of handling, from 0.
    pub number: u64,
    /// The time of handling.
    pub at: Timestamp,
    /// The method.
    pub method: Method,
    /// The path, as it was sent, without the query.
    pub path: String,
    /// The query, as it was sent, without the question mark. That of an upload address permits an
    /// upload.
    pub query: Option<String>,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body, unpacked if it came compressed; the received part, if the connection was
    /// reset within.
    pub body: Bytes,
    /// The status of the answer, whether or not it arrived.
    pub status: StatusCode,
    /// The headers of the service's answer, without the connection's own, and before any fault
    /// changed them.
    pub answer_headers: HeaderMap,
    /// The body of the service's answer; of a longer one the first 64 KiB.
    pub answer: Bytes,
    /// The length of that body in bytes.
    pub answer_len: usize,
    /// The name of its endpoint.
    endpoint: &'static str,
    /// The fault that happened to the request; a latency only if there was no other.
    pub fault: Option<Fault>,
}

impl RecordedRequest {
    pub(crate) fn new(
        number: u64,
        at: Timestamp,
        route: &Route,
        request: Request<Bytes>,
        response: &Response<Bytes>,
    ) -> Self {
        let (head, body) = request.into_parts();
        let answer = response.body();
        Self {
            number,
            at,
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers: copied(&head.headers),
            body,
            status: response.status(),
            answer_headers: response.headers().clone(),
            // A slice would keep all of it in memory.
            answer: match answer.get(..KEPT_OF_ANSWER) {
                Some(beginning) => Bytes::copy_from_slice(beginning),
                None => answer.clone(),
            },
            answer_len: answer.len(),
            endpoint: route.name(),
            fault: None,
        }
    }

    /// The body as JSON, if it is valid.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Copies headers. The received ones are views of the buffer that their connection was read into,
/// and would keep all of that alive.
fn copied(headers: &HeaderMap) -> HeaderMap {
    let copy = |value: &HeaderValue| HeaderValue::from_bytes(value.as_bytes()).ok();
    headers.iter().filter_map(|(name, value)| Some((name.clone(), copy(value)?))).collect()
}

impl Entry for RecordedRequest {
    fn size(&self) -> usize {
        let headers = self
            .headers
            .iter()
            .chain(&self.answer_headers)
            .map(|(name, value)| name.as_str().len() + value.len());
        self.body.len()
            + self.path.len()
            + self.query.as_ref().map_or(0, String::len)
            + self.answer.len()
            + headers.sum::<usize>()
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("at", &self.at)
            .field("method", &self.method)
            .field("endpoint", &self.endpoint)
            .field("headers", &self.headers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>())
            .field("body_len", &self.body.len())
            .field("status", &self.status)
            .field("answer_len", &self.answer_len)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}
