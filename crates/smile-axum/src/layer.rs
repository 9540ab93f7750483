//! The layer.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum_core::extract::Request;
use axum_core::response::{IntoResponse, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::CallbackReceiver;

/// Lets through what is believed, and answers everything else itself.
///
/// Inside, the request has its [`ReceivedCallback`](crate::ReceivedCallback) as an [extension](http::Extensions), and its body as it came.
/// Every request that comes here must be a callback: put it around their routes alone.
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
#[derive(Clone, Debug)]
pub struct CallbackLayer {
    receiver: CallbackReceiver,
}

impl CallbackLayer {
    /// A layer that asks this receiver. The same as [`CallbackReceiver::layer`].
    pub fn new(receiver: CallbackReceiver) -> Self {
        Self { receiver }
    }
}

impl<S> Layer<S> for CallbackLayer {
    type Service = CallbackService<S>;

    fn layer(&self, inner: S) -> CallbackService<S> {
        CallbackService { receiver: self.receiver.clone(), inner }
    }
}

/// A service behind a [`CallbackLayer`].
#[derive(Clone, Debug)]
pub struct CallbackService<S> {
    receiver: CallbackReceiver,
    inner: S,
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
        let receiver = self.receiver.clone();
        Box::pin(async move {
            let request = match receiver.already(&request) {
                Some(_) => request,
                None => match receiver.receive(request).await {
                    Ok((parts, received)) => receiver.restore(parts, received),
                    Err(rejection) => return Ok(rejection.into_response()),
                },
            };
            inner.call(request).await.map(IntoResponse::into_response)
        })
    }
}
