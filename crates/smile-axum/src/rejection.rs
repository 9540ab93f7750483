//! Rejection of a request, and the response that is sent in its place.

use std::error::Error;

use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use smile_core::Refusal;

use crate::ReceivedCallback;

/// Reason that a handler gets no callback. `Display` and `Debug` show nothing personal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The verifier refuses the callback.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The signature has come before with another body, so it may be anybody's. It may also be
    /// genuine: a signature is over the millisecond alone, and at ten callbacks a second one in a
    /// hundred shares its own with another. The response is the same, and the service may not come
    /// again with another signature, so take the job from here and ask for its status, as
    /// `Client::confirm` does.
    #[error("{}", Refusal::Replayed)]
    SignatureReused(Box<ReceivedCallback>),
    /// The body ended before it was whole: the connection broke, or a layer outside this one gave
    /// up on it. If that was for its size, as with a limit of one's own that is lower than the
    /// verifier's, raise that limit.
    #[error("the callback's body could not be read to its end")]
    BodyUnreadable(#[source] Box<dyn Error + Send + Sync>),
    /// The store fails, so the replay check can't be made. Nothing was acted on, and the service
    /// comes again.
    #[error("the replay store can't say whether the callback has come before")]
    StoreFailed(#[source] Box<dyn Error + Send + Sync>),
}

impl Rejection {
    /// Status of the response: as [`Refusal::status`] says, 409 for a signature that was reused;
    /// 400 if the body can't be read; 503 if the store fails.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refusal) => refusal.status(),
            Self::SignatureReused(_) => Refusal::Replayed.status(),
            Self::BodyUnreadable(_) => StatusCode::BAD_REQUEST,
            Self::StoreFailed(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The verifier's refusal, if the verifier has refused the callback.
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused(refusal) => Some(*refusal),
            Self::SignatureReused(_) => Some(Refusal::Replayed),
            Self::BodyUnreadable(_) | Self::StoreFailed(_) => None,
        }
    }
}

/// Response: the status, and a line of plain text that tells a forger no more than the status does.
/// The reason is for the log.
impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let status = self.status();
        let text = match status {
            StatusCode::PAYLOAD_TOO_LARGE => "too large for a callback\n",
            StatusCode::BAD_REQUEST => "not a callback\n",
            StatusCode::SERVICE_UNAVAILABLE => "try again later\n",
            _ => "not believed\n",
        };
        (status, text).into_response()
    }
}
