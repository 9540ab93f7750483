//! Ctrl-C, and being told to end: what was begun is written down before the program goes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;

use crate::exit::Exit;
use crate::report::{Failure, Output, ProgressLine};
use crate::system::on_interrupt;

/// What is said, and done, when the program is interrupted.
type Farewell = Box<dyn FnOnce() -> Failure + Send>;

enum State {
    Running {
        farewell: Option<Farewell>,
        /// What moves on the terminal meanwhile.
        bar: Option<ProgressBar>,
    },
    /// The answer is being printed: nothing is lost by waiting for it.
    Ending,
}

/// Minds Ctrl-C while something runs that should not be left without a word.
#[derive(Clone)]
pub(crate) struct Watch(Arc<Mutex<State>>);

impl Watch {
    /// Takes Ctrl-C over. Called once in the life of the program.
    pub(crate) fn start(output: Output) -> Result<Self, Failure> {
        let watch = Self(Arc::new(Mutex::new(State::Running { farewell: None, bar: None })));
        let theirs = watch.clone();
        on_interrupt(move || {
            let mut state = theirs.lock();
            let State::Running { farewell, bar } = &mut *state else { return };
            let failure = farewell.take().map_or_else(nothing_sent, |farewell| farewell());
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
            output.fail(&failure);
            std::process::exit(Exit::Interrupted.status().into());
        })
        .map_err(|error| Failure::failed(format!("Ctrl-C can't be minded: {error}")))?;
        Ok(watch)
    }

    /// What to do from now on.
    pub(crate) fn on_interrupt(&self, farewell: impl FnOnce() -> Failure + Send + 'static) {
        if let State::Running { farewell: current, .. } = &mut *self.lock() {
            *current = Some(Box::new(farewell));
        }
    }

    /// What to take off the terminal before anything is said.
    pub(crate) fn shows(&self, progress: &ProgressLine) {
        if let State::Running { bar, .. } = &mut *self.lock() {
            *bar = Some(progress.bar());
        }
    }

    /// It is over.
    pub(crate) fn end(&self) {
        *self.lock() = State::Ending;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn nothing_sent() -> Failure {
    Failure::new(Exit::Interrupted, "interrupted; nothing was submitted")
}

/// What to do at each Ctrl-C, for servers that end when the first comes. Called once in the life of the program.
pub(crate) fn on_signal(act: impl Fn() + Send + 'static) -> Result<(), Failure> {
    on_interrupt(act).map_err(|error| Failure::failed(format!("Ctrl-C can't be minded: {error}")))
}
