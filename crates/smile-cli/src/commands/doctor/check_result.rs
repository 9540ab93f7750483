//! The result of a check, and its printed form.

use serde_json::{Value, json};

use crate::report::{Failure, Tone};

/// The result of one check.
pub(super) struct CheckResult {
    pub(super) name: &'static str,
    pub(super) state: State,
    pub(super) said: String,
    pub(super) mend: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Good,
    Careful,
    Bad,
    Skipped,
}

impl CheckResult {
    pub(super) fn new(
        name: &'static str,
        state: State,
        said: impl Into<String>,
        mend: Option<String>,
    ) -> Self {
        Self { name, state, said: said.into(), mend }
    }

    pub(super) fn good(name: &'static str, said: impl Into<String>) -> Self {
        Self::new(name, State::Good, said, None)
    }

    pub(super) fn careful(name: &'static str, said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(name, State::Careful, said, Some(mend.into()))
    }

    pub(super) fn bad(name: &'static str, said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(name, State::Bad, said, Some(mend.into()))
    }

    pub(super) fn skipped(name: &'static str, said: impl Into<String>) -> Self {
        Self::new(name, State::Skipped, said, None)
    }

    /// Creates the result for an invalid input.
    pub(super) fn of(name: &'static str, failure: &Failure, mend: &str) -> Self {
        let problems: Vec<String> = failure.problems().iter().map(ToString::to_string).collect();
        Self::bad(name, problems.join("; "), mend)
    }

    pub(super) fn as_json(&self) -> Value {
        json!({ "name": self.name, "state": self.state.name(), "said": self.said, "mend": self.mend })
    }
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Careful => "careful",
            Self::Bad => "bad",
            Self::Skipped => "skipped",
        }
    }

    pub(super) fn mark(self) -> (&'static str, Tone) {
        match self {
            Self::Good => ("ok", Tone::Good),
            Self::Careful => ("careful", Tone::Careful),
            Self::Bad => ("WRONG", Tone::Bad),
            Self::Skipped => ("not looked at", Tone::Plain),
        }
    }
}
