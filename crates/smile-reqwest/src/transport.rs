//! One exchange over reqwest: convert, send, read, classify.

use std::error::Error as _;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use smile_core::{TransportFailure, TransportFailureKind};

#[derive(Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
    pub(crate) max_response_bytes: usize,
}

impl Transport {
    pub(crate) fn new(http: reqwest::Client) -> Self {
        Self { http, max_response_bytes: 16 * 1024 * 1024 }
    }

    pub(crate) async fn send(
        &self,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Response<Bytes>, TransportFailure> {
        let mut request = reqwest::Request::try_from(request).map_err(classify)?;
        *request.timeout_mut() = Some(timeout);
        let asked = request.url().clone();
        let mut answer = self.http.execute(request).await.map_err(classify)?;
        if *answer.url() != asked {
            let kind = TransportFailureKind::Misdirected;
            return Err(TransportFailure::new(kind, "build it with `redirect::Policy::none`"));
        }
        let mut response = Response::new(());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(classify)? {
            if body.len() + chunk.len() > self.max_response_bytes {
                let kind = TransportFailureKind::ResponseTooLarge;
                return Err(TransportFailure::new(
                    kind,
                    format!("more than {} bytes", self.max_response_bytes),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(response.map(|()| body.freeze()))
    }
}

fn classify(error: reqwest::Error) -> TransportFailure {
    // The URL may be presigned, and then it is a credential.
    let error = error.without_url();
    let kind = if error.is_connect() || error.is_builder() {
        TransportFailureKind::NotSent
    } else if error.is_timeout() {
        TransportFailureKind::TimedOut
    } else {
        TransportFailureKind::Interrupted
    };
    let mut detail = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        detail.push_str(": ");
        detail.push_str(&error.to_string());
        source = error.source();
    }
    TransportFailure::new(kind, detail)
}
