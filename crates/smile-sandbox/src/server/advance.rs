//! Moving the virtual clock.

use std::sync::Arc;
use std::time::Duration;

use crate::callback::attempt::CallbackAttempt;
use crate::server::accept::{Shared, post};
use crate::server::clock::ClockError;
use crate::service::Service;

/// Lets a virtual clock go on, and does everything on the way in the order in which it falls due. Whatever is posted is
/// waited for, one after the other.
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
