//! A request as it comes in.

use std::fmt;

use bytes::Bytes;
use http::Request;
use http::uri::Scheme;

use crate::admin::guard::FromTheNetwork;
use crate::fault::rules::HeadCheck;

/// A request, with facts about its transport. By default it is plain http from this machine.
#[must_use]
pub struct Incoming {
    pub(crate) request: Request<Bytes>,
    pub(crate) scheme: Scheme,
    pub(crate) head_check: Option<HeadCheck>,
    pub(crate) network: Option<FromTheNetwork>,
}

impl Incoming {
    /// Sets the scheme, which the addresses in the answer begin with; http by default.
    pub fn with_scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = scheme;
        self
    }

    /// Passes the decisions of [`Service::admit`](crate::Service::admit), made before the body was
    /// read; without them the service decides once it has the whole request.
    pub fn with_head_check(mut self, head_check: HeadCheck) -> Self {
        self.head_check = Some(head_check);
        self
    }

    /// Marks the request as from another machine, and sets whether such requests may use the page
    /// and the admin API.
    pub fn with_network_origin(mut self, may_use_admin: bool) -> Self {
        self.network = Some(FromTheNetwork { is_let_in: may_use_admin });
        self
    }
}

impl From<Request<Bytes>> for Incoming {
    fn from(request: Request<Bytes>) -> Self {
        Self { request, scheme: Scheme::HTTP, head_check: None, network: None }
    }
}

/// Shows neither headers nor body.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("method", self.request.method())
            .field("scheme", &self.scheme)
            .field("body_len", &self.request.body().len())
            .finish_non_exhaustive()
    }
}
