//! Keeps the state on the disk, if it is to be kept there.
//!
//! An answer waits until what it acknowledges is on the disk; requests that come meanwhile wait together for the next
//! writing. What happens without a request is written a moment later. If the sandbox is killed before that, it happens
//! again: the same result comes at the same time, and a callback may come twice.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::http::answers::gateway;
use crate::server::accept::Shared;

/// How long what happened by itself may wait for more of its kind.
const PAUSE: Duration = Duration::from_millis(50);

/// Where the state is kept, and how much of it is there.
#[derive(Default)]
pub(crate) struct Keeper {
    #[cfg(feature = "state")]
    store: Option<Arc<tokio::sync::Mutex<crate::storage::store::Store>>>,
    /// The newest change that is on the disk.
    #[cfg(feature = "state")]
    written: std::sync::atomic::AtomicU64,
}

impl Keeper {
    #[cfg(feature = "state")]
    pub(crate) fn of(store: crate::storage::store::Store) -> Self {
        Self { store: Some(Arc::new(tokio::sync::Mutex::new(store))), ..Self::default() }
    }
}

/// The answer, once what it says is on the disk; else that it could not be written.
pub(crate) async fn kept(shared: &Arc<Shared>, answer: Response<Bytes>) -> Response<Bytes> {
    match settle(shared).await {
        true => answer,
        false => gateway(StatusCode::INTERNAL_SERVER_ERROR, "The State Could Not Be Written"),
    }
}

/// Writes what happens without a request, for as long as it is polled.
pub(crate) async fn keep_up(shared: &Arc<Shared>) {
    let mut pulse = shared.pulse.subscribe();
    while pulse.changed().await.is_ok() {
        tokio::time::sleep(PAUSE).await;
        // What can't be written now is tried again with the next change, and told to who asks for one.
        settle(shared).await;
    }
}

/// Waits until everything so far is on the disk, and says whether it is.
#[cfg(feature = "state")]
pub(crate) async fn settle(shared: &Arc<Shared>) -> bool {
    use std::sync::atomic::Ordering;

    let Some(store) = &shared.keeper.store else { return true };
    let wanted = shared.lock().changes;
    if shared.keeper.written.load(Ordering::Acquire) >= wanted {
        return true;
    }
    let mut store = Arc::clone(store).lock_owned().await;
    // Whoever had it before may have written this as well.
    if shared.keeper.written.load(Ordering::Acquire) >= wanted {
        return true;
    }
    let theirs = Arc::clone(shared);
    let writing = tokio::task::spawn_blocking(move || {
        let (changes, jobs, pending) = {
            let mut service = theirs.lock();
            let pending = store.pending(&mut service);
            (service.changes, std::mem::take(&mut service.jobs.changed), pending)
        };
        let is_written = pending.and_then(|pending| store.write(pending)).is_ok();
        if is_written {
            theirs.keeper.written.store(changes, Ordering::Release);
        } else {
            theirs.lock().jobs.changed.extend(jobs);
        }
        is_written
    });
    writing.await.unwrap_or(false)
}

#[cfg(not(feature = "state"))]
pub(crate) async fn settle(shared: &Arc<Shared>) -> bool {
    let Keeper {} = &shared.keeper;
    true
}
