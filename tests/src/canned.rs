//! A server with prepared answers that writes down what it is sent.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri};

/// A request as it came over the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The request's method.
    pub method: Method,
    /// Path and query.
    pub target: Uri,
    /// The request's headers.
    pub headers: HeaderMap,
    /// The request's body.
    pub body: Bytes,
}

/// Answers each request with what a function makes of it. It stops when it is dropped.
#[derive(Debug)]
pub struct CannedServer {
    address: String,
    recorded: Arc<Mutex<Vec<Recorded>>>,
    _runtime: tokio::runtime::Runtime,
}

impl CannedServer {
    /// Starts one. The function is given its address and a request.
    pub fn start(answer: impl Fn(&str, &Recorded) -> Response<Body> + Send + Sync + 'static) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let recorded = Arc::new(Mutex::new(Vec::new()));
        let (answer, own_address, own_record) = (Arc::new(answer), address.clone(), Arc::clone(&recorded));
        let app = Router::new()
            .fallback(move |method: Method, target: Uri, headers: HeaderMap, body: Bytes| {
                let request = Recorded { method, target, headers, body };
                let response = answer(&own_address, &request);
                own_record.lock().unwrap().push(request);
                std::future::ready(response)
            })
            .layer(DefaultBodyLimit::disable());
        runtime.spawn(async { axum::serve(listener, app).await });
        Self { address, recorded, _runtime: runtime }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Takes the requests that came since the last call.
    pub fn take(&self) -> Vec<Recorded> {
        std::mem::take(&mut self.recorded.lock().unwrap())
    }
}
