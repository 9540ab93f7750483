//! Persistence of the state on the disk, if it is to be kept there.
//!
//! An answer waits until everything that it acknowledges is on the disk; requests that come
//! meanwhile wait together for the next write. Changes without a request are written a moment
//! later. If the sandbox is killed before that, they happen again: the same result comes at the
//! same time, and a callback may come twice.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::service::Service;
use crate::storage::store::Store;

/// The store of the state, with the newest change in it.
#[derive(Default)]
pub(crate) struct Keeper {
    store: Option<Arc<tokio::sync::Mutex<Store>>>,
    /// The newest change that is on the disk.
    written: Arc<AtomicU64>,
}

impl Keeper {
    pub(crate) fn of(store: Store) -> Self {
        Self { store: Some(Arc::new(tokio::sync::Mutex::new(store))), ..Self::default() }
    }

    /// Waits until everything so far is on the disk; false if that failed.
    pub(crate) async fn persist(&self, service: &Arc<Mutex<Service>>) -> bool {
        let Some(store) = &self.store else { return true };
        let wanted = service.lock().unwrap_or_else(PoisonError::into_inner).state.changes;
        if self.written.load(Ordering::Acquire) >= wanted {
            return true;
        }
        let mut store = Arc::clone(store).lock_owned().await;
        // The previous holder of the lock may have written this as well.
        if self.written.load(Ordering::Acquire) >= wanted {
            return true;
        }
        let (service, written) = (Arc::clone(service), Arc::clone(&self.written));
        let writing = tokio::task::spawn_blocking(move || {
            let lock = || service.lock().unwrap_or_else(PoisonError::into_inner);
            let (changes, jobs, pending) = {
                let state = &mut lock().state;
                let pending = store.pending(state);
                (state.changes, std::mem::take(&mut state.jobs.changed), pending)
            };
            let is_written = pending.and_then(|pending| store.write(pending)).is_ok();
            if is_written {
                written.store(changes, Ordering::Release);
            } else {
                lock().state.jobs.changed.extend(jobs);
            }
            is_written
        });
        writing.await.unwrap_or(false)
    }
}
