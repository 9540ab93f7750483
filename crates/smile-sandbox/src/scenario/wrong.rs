//! Errors in a scenario file, with their places.

use std::ops::Range;

use toml::Spanned;

/// The refusal of a scenario, with the place in the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
#[non_exhaustive]
pub struct ScenarioError {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// The problem at that place.
    pub reason: String,
}

/// The problem, and the bytes of the file that have it.
pub(super) struct Wrong {
    pub(super) span: Range<usize>,
    pub(super) reason: String,
}

impl Wrong {
    pub(super) fn new<T>(at: &Spanned<T>, reason: impl Into<String>) -> Self {
        Self { span: at.span(), reason: reason.into() }
    }

    pub(super) fn located(self, toml: &str) -> ScenarioError {
        let before = toml.get(..self.span.start).unwrap_or(toml);
        let line_begins = before.rfind('\n').map_or(0, |at| at + 1);
        ScenarioError {
            line: before.matches('\n').count() + 1,
            column: before[line_begins..].chars().count() + 1,
            reason: self.reason,
        }
    }
}
