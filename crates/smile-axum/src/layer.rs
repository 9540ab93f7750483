//! Layer for the routes of callbacks.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum_core::extract::Request;
use axum_core::response::{IntoResponse, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::checker::Checker;

/// Layer that lets genuine callbacks through, and answers everything else itself. Made by
/// [`CallbackReceiver::layer`](crate::CallbackReceiver::layer).
///
/// Inside, the request has its [`ReceivedCallback`](crate::ReceivedCallback) as an
/// [extension](http::Extensions), and its body as it came. Every request that comes here must be a
/// callback: put it around their routes alone.
///
/// ```
/// use axum::routing::post;
/// use axum::{Extension, Router};
/// use smile_axum::{CallbackReceiver, ReceivedCallback};
///
/// async fn callback(Extension(received): Extension<ReceivedCallback>, body: String) {
///     assert_eq!(body.as_bytes(), received.callback.body());
/// }
///
/// fn app(receiver: &CallbackReceiver) -> Router {
///     Router::new().route("/smile-id/callback", post(callback).layer(receiver.layer()))
/// }
/// # let _ = app;
/// ```
#[derive(Clone)]
pub struct CallbackLayer {
    checker: Checker,
}

impl CallbackLayer {
    pub(crate) fn new(checker: Checker) -> Self {
        Self { checker }
    }
}

impl fmt::Debug for CallbackLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.checker.debug("CallbackLayer", f)
    }
}

impl<S> Layer<S> for CallbackLayer {
    type Service = CallbackService<S>;

    fn layer(&self, inner: S) -> CallbackService<S> {
        CallbackService { checker: self.checker.clone(), inner }
    }
}

/// A service behind a [`CallbackLayer`].
#[derive(Clone)]
pub struct CallbackService<S> {
    checker: Checker,
    inner: S,
}

impl<S> fmt::Debug for CallbackService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.checker.debug("CallbackService", f)
    }
}

impl<S> Service<Request> for CallbackService<S>
where
    S: Service<Request> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that has said it is ready goes along; its clone need not be.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let checker = self.checker.clone();
        Box::pin(async move {
            let request = match checker.already(&request) {
                Some(_) => request,
                None => match checker.receive(request).await {
                    Ok((parts, received)) => checker.restore(parts, received),
                    Err(rejection) => return Ok(rejection.into_response()),
                },
            };
            inner.call(request).await.map(IntoResponse::into_response)
        })
    }
}
