//! Extractor of callbacks.

use axum_core::extract::{FromRef, FromRequest, Request};

use crate::{CallbackReceiver, ReceivedCallback, Rejection};

impl<S> FromRequest<S> for ReceivedCallback
where
    CallbackReceiver: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        let receiver = CallbackReceiver::from_ref(state);
        match receiver.checker.already(&request) {
            Some(received) => Ok(received),
            None => receiver.checker.receive(request).await.map(|(_, received)| received),
        }
    }
}
