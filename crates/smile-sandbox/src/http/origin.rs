//! The address under which a client knows the service.

use std::fmt;

use http::Request;
use http::header::HOST;
use http::uri::{Authority, Scheme};

/// The beginning of every address in answers, as the client knows it: `http://127.0.0.1:8080`.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    scheme: Scheme,
    host: String,
}

impl Origin {
    /// The origin of a request: scheme and `Host` header.
    pub(crate) fn of<B>(request: &Request<B>, scheme: Scheme) -> Self {
        let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let header = header.and_then(|host| host.parse::<Authority>().ok());
        let authority = header.or_else(|| request.uri().authority().cloned());
        let host = match authority.filter(|authority| !authority.as_str().contains('@')) {
            Some(authority) => authority.as_str().to_ascii_lowercase(),
            None => "localhost".to_owned(),
        };
        Self { scheme, host }
    }

    /// The host, and the port.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)
    }
}
