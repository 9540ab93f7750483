//! The barrier at which deliveries at the same moment wait for each other.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// The time that one delivery waits for the others. They may never come: a store that holds a lock
/// while it waits here keeps them out, and is right.
const LONGEST: Duration = Duration::from_millis(250);

/// A barrier between a store's look and its insert, which opens when all deliveries of a race have
/// looked.
///
/// It opens once all that have no answer yet are there, or after a quarter of a second, and then
/// closes again behind them: a store with several gaps waits in each. Outside of a race it is open.
#[derive(Clone)]
pub struct Barrier(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    opened: Condvar,
}

struct State {
    /// The number of deliveries without an answer yet.
    racers: usize,
    waiting: usize,
    /// The number of times that the barrier has opened.
    opened: u64,
}

impl State {
    fn open(&mut self) {
        self.waiting = 0;
        self.opened += 1;
    }

    fn open_if_all_are_here(&mut self) {
        if self.waiting >= self.racers {
            self.open();
        }
    }
}

impl Barrier {
    pub(super) fn open() -> Self {
        Self::for_racers(0)
    }

    pub(super) fn for_racers(racers: usize) -> Self {
        let state = Mutex::new(State { racers, waiting: 0, opened: 0 });
        Self(Arc::new(Shared { state, opened: Condvar::new() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one place; returns the earlier openings, unless the barrier opens with this place.
    fn arrive(&self) -> Option<u64> {
        let mut state = self.state();
        let before = state.opened;
        state.waiting += 1;
        state.open_if_all_are_here();
        if state.opened > before {
            self.0.opened.notify_all();
            return None;
        }
        Some(before)
    }

    /// Records that one delivery has its answer, and won't wait any more.
    pub(super) fn leave(&self) {
        let mut state = self.state();
        state.racers = state.racers.saturating_sub(1);
        if state.waiting > 0 {
            state.open_if_all_are_here();
            self.0.opened.notify_all();
        }
    }

    fn give_up(&self, before: u64) {
        let mut state = self.state();
        if state.opened == before {
            state.open();
            self.0.opened.notify_all();
        }
    }

    /// Waits, in a blocking store.
    pub fn wait(&self) {
        let Some(before) = self.arrive() else { return };
        let closed = |state: &mut State| state.opened == before;
        let waited = self.0.opened.wait_timeout_while(self.state(), LONGEST, closed);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(state);
        if timeout.timed_out() {
            self.give_up(before);
        }
    }

    /// Waits, in an asynchronous store.
    pub fn pause(&self) -> Pause {
        Pause { barrier: self.clone(), since: None }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Barrier").field("racers", &state.racers).field("waiting", &state.waiting).finish()
    }
}

/// The future of [`Barrier::pause`].
#[derive(Debug)]
#[must_use = "a future does nothing unless it is awaited"]
pub struct Pause {
    barrier: Barrier,
    /// The openings before this wait, and its start.
    since: Option<(u64, Instant)>,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some((before, at)) = self.since else {
            let Some(before) = self.barrier.arrive() else { return Poll::Ready(()) };
            self.since = Some((before, Instant::now()));
            context.waker().wake_by_ref();
            return Poll::Pending;
        };
        if self.barrier.state().opened > before {
            return Poll::Ready(());
        }
        if at.elapsed() >= LONGEST {
            self.barrier.give_up(before);
            return Poll::Ready(());
        }
        // Nobody is told when the others come: all are polled by one task, which looks again at
        // once.
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
