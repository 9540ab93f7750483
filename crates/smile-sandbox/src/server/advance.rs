//! Advancing the virtual clock.

use std::sync::Arc;
use std::time::Duration;

use crate::callback::attempt::CallbackAttempt;
use crate::server::accept::{Shared, post};
use crate::server::clock::ClockError;
use crate::service::Service;

/// Advances a virtual clock, and runs everything on the way in the order of due times. Callbacks
/// are posted one after the other, each until its answer.
pub(crate) async fn advance(shared: Arc<Shared>, time: Duration) -> Result<Vec<CallbackAttempt>, ClockError> {
    if !shared.clock.is_virtual() {
        return Err(ClockError::System);
    }
    let _turn = shared.advancing.lock().await;
    let end = shared.clock.now() + time;
    let mut attempts = Vec::new();
    while let Some(due) = {
        let next = shared.lock().next_wakeup();
        next.filter(|due| *due <= end)
    } {
        shared.clock.set(due);
        for callback in shared.change(Service::due_callbacks) {
            attempts.extend(post(callback, &shared).await);
        }
    }
    shared.clock.set(end);
    Ok(attempts)
}
