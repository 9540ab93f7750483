//! Callback that has passed the verifier, as a handler gets it.

use smile_core::{Callback, ReplayCheck, Timestamp};

/// Callback that has passed the verifier, as an argument of a handler. The state must have a
/// [`CallbackReceiver`](crate::CallbackReceiver).
///
/// What isn't believed never reaches the handler, and is answered as
/// [`Rejection::status`](crate::Rejection::status) says. A handler that wants to see it takes a
/// `Result<ReceivedCallback, Rejection>`.
///
/// Behind a [`CallbackLayer`](crate::CallbackLayer) of the same receiver this is what the layer has
/// found; there it is also an [extension](http::Extensions) of the request.
///
/// # Redeliveries
///
/// They reach the handler too, with [`replay_check`](Self::replay_check) saying so. That a callback
/// was recorded doesn't mean that it was acted on: the handler may have failed after that, the
/// process may have died, or the service may have hung up, which drops the handler half-way. The
/// service comes again in all these cases, and only acting again is safe. So act in a way that does
/// no harm the second time: [`JobHistory::apply_callback`](smile_core::JobHistory::apply_callback)
/// is made for that.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReceivedCallback {
    /// The callback.
    pub callback: Callback,
    /// Result of the replay check, if the receiver has a store. A handler never gets
    /// [`ReplayCheck::SignatureReused`]: that is
    /// [`Rejection::SignatureReused`](crate::Rejection::SignatureReused).
    pub replay_check: Option<ReplayCheck>,
    /// Time of arrival, by the receiver's clock.
    pub at: Timestamp,
}
