//! Interruption by Ctrl-C or a signal: saves a checkpoint before the program ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;

use crate::exit::Exit;
use crate::report::{Failure, Output, ProgressLine};
use crate::system::on_interrupt;

/// The action of an interruption, and its message.
type Farewell = Box<dyn FnOnce() -> Failure + Send>;

enum State {
    Running {
        farewell: Option<Farewell>,
        /// The progress line on the terminal.
        bar: Option<ProgressBar>,
    },
    /// The answer is being printed: nothing is lost by waiting for it.
    Ending,
}

/// The handler of Ctrl-C while a job runs.
#[derive(Clone)]
pub(crate) struct Watch(Arc<Mutex<State>>);

impl Watch {
    /// Installs the handler. Called once in the life of the program.
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

    /// Sets the action of an interruption.
    pub(crate) fn on_interrupt(&self, farewell: impl FnOnce() -> Failure + Send + 'static) {
        if let State::Running { farewell: current, .. } = &mut *self.lock() {
            *current = Some(Box::new(farewell));
        }
    }

    /// Sets the progress line to remove before a message.
    pub(crate) fn shows(&self, progress: &ProgressLine) {
        if let State::Running { bar, .. } = &mut *self.lock() {
            *bar = Some(progress.bar());
        }
    }

    /// Ends the handling: the answer is about to be printed.
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

/// Sets the action of every Ctrl-C, for servers that end with the first. Called once in the life of
/// the program.
pub(crate) fn on_signal(act: impl Fn() + Send + 'static) -> Result<(), Failure> {
    on_interrupt(act).map_err(|error| Failure::failed(format!("Ctrl-C can't be minded: {error}")))
}
