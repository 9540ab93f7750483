//! Reading the input of the admin API. Errors name the field and the rule.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::admin::error::AdminError;
use crate::http::query::parameters;

/// The longest time that is accepted, in seconds: some 31 years.
const MAX_SECONDS: f64 = 1e9;

/// A JSON object whose fields are taken one after the other.
pub(super) struct Input(Map<String, Value>);

impl Input {
    /// Reads a body; an empty one counts as `{}`.
    pub(super) fn new(body: &[u8]) -> Result<Self, AdminError> {
        if body.is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(AdminError::invalid("the body must be a JSON object")),
            Err(error) => Err(AdminError::invalid(format!("the body must be JSON: {error}"))),
        }
    }

    pub(super) fn optional_text(&mut self, name: &str) -> Result<Option<String>, AdminError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(AdminError::invalid(format!("{name} must be a string that is not empty"))),
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Result<String, AdminError> {
        self.optional_text(name)?.ok_or_else(|| AdminError::invalid(format!("{name} is missing")))
    }

    pub(super) fn optional_count(&mut self, name: &str) -> Result<Option<u32>, AdminError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
                let invalid =
                    || AdminError::invalid(format!("{name} must be a whole number from 0 to {}", u32::MAX));
                count.map(Some).ok_or_else(invalid)
            }
        }
    }

    /// A time in seconds, with or without a fraction.
    pub(super) fn seconds(&mut self, name: &str) -> Result<Duration, AdminError> {
        let value = self.0.remove(name).unwrap_or_default();
        let seconds = value.as_f64().filter(|seconds| (0.0..=MAX_SECONDS).contains(seconds));
        seconds.map(Duration::from_secs_f64).ok_or_else(|| {
            AdminError::invalid(format!("{name} must be a number of seconds from 0 to {MAX_SECONDS}"))
        })
    }

    /// One of these words, if the field is present.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &str,
        choices: &[(&'static str, T)],
    ) -> Result<Option<T>, AdminError> {
        let Some(word) = self.optional_text(name)? else { return Ok(None) };
        match choices.iter().find(|(choice, _)| *choice == word) {
            Some((_, chosen)) => Ok(Some(*chosen)),
            None => {
                let words: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
                Err(AdminError::invalid(format!("{name} must be one of: {}", words.join(", "))))
            }
        }
    }

    /// One of these words; the field must be present.
    pub(super) fn required_choice<T: Copy>(
        &mut self,
        name: &str,
        choices: &[(&'static str, T)],
    ) -> Result<T, AdminError> {
        self.choice(name, choices)?.ok_or_else(|| AdminError::invalid(format!("{name} is missing")))
    }

    /// Refuses any field that is left: a misspelt one would go unnoticed.
    pub(super) fn end(self) -> Result<(), AdminError> {
        match self.0.keys().next() {
            // Quoted as JSON does it, so that no control character ends up in a terminal.
            Some(name) => {
                Err(AdminError::invalid(format!("{} is no field of this", Value::from(name.as_str()))))
            }
            None => Ok(()),
        }
    }
}

/// The parameters in a query.
pub(super) struct Query(Map<String, Value>);

impl Query {
    pub(super) fn new(query: Option<&str>) -> Self {
        Self(parameters(query.unwrap_or_default()))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, AdminError> {
        let number = self.text(name).map(str::parse).transpose();
        number.map_err(|_| AdminError::invalid(format!("{name} must be a whole number")))
    }

    /// The number of newest entries to list; 100 by default.
    pub(super) fn limit(&self) -> Result<usize, AdminError> {
        match self.number("limit")? {
            None => Ok(100),
            Some(limit @ 1..=1_000) => Ok(limit as usize),
            Some(_) => Err(AdminError::invalid("limit must be from 1 to 1000")),
        }
    }
}
