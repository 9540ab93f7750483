//! Problem of an input: the field and the rule, never the value.

mod image_fault;

use std::fmt;

pub use image_fault::ImageFault;

use crate::wire::names::stable_names;

/// Problem with the caller's input: the field, as the API names it, and the rule it breaks.
///
/// The value is left out on purpose: it may be a person's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The field's path in the API's own names: `api_key`, `id_info.country`, `images[3]`.
    pub field: String,
    /// Kind of the broken rule.
    pub kind: ProblemKind,
    /// The rule, in words that complete the sentence "`field` …".
    pub rule: String,
}

/// Kind of rule that an input can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// Required and not there, or empty.
    Missing,
    /// There, but not of the form that the service takes.
    Malformed,
    /// At odds with something else that the caller said.
    Conflict,
    /// An image that can't be used.
    Image(ImageFault),
}

stable_names! { ProblemKind:
    Self::Missing => "missing",
    Self::Malformed => "malformed",
    Self::Conflict => "conflict",
    Self::Image(fault) => fault.name(),
}

impl Problem {
    pub(crate) fn new(field: impl Into<String>, kind: ProblemKind, rule: impl Into<String>) -> Self {
        Self { field: field.into(), kind, rule: rule.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.field, self.rule)
    }
}

/// Error in a credential, address or environment.
///
/// It is found while the client is set up, so no request has been made. Usually an environment
/// variable is unset, carries a stray space or newline, or holds the value meant for another
/// setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ConfigError {
    problem: Problem,
}

impl ConfigError {
    pub(crate) fn missing(field: &'static str) -> Self {
        Self { problem: Problem::new(field, ProblemKind::Missing, "must not be empty") }
    }

    pub(crate) fn malformed(field: &'static str, rule: &str) -> Self {
        Self { problem: Problem::new(field, ProblemKind::Malformed, rule) }
    }

    /// The field and the rule.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// All problems of a job or a request, found before anything was sent.
///
/// All problems are named at once, so that a form can be mended in one go. Nothing has reached the
/// service: mend the input and try again with the same ids.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing was sent: {}", list(.problems))]
pub struct ValidationError {
    problems: Vec<Problem>,
}

impl ValidationError {
    /// Checks that there is no problem.
    pub(crate) fn check(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }

    /// The problems, at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
