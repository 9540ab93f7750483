//! Failures: the flag, the rule, and the remedy.

use std::fmt;

use serde_json::{Map, Value, json};
use smile_core::{
    CallError, CallErrorKind, ConfigError, JobError, JobErrorKind, ObserverError, Problem, Progress,
};

use crate::exit::Exit;

/// The failure of a command. It contains no key, personal value or URL.
#[derive(Debug)]
pub(crate) struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    exit: Exit,
    message: String,
    problems: Vec<Wrong>,
    advice: Vec<String>,
    details: Map<String, Value>,
}

/// One error in the input.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// The source of the value: a flag or a variable.
    flag: Option<String>,
    /// The field's name in the API.
    field: String,
    rule: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        let (message, details) = (message.into(), Map::new());
        Self(Box::new(Inner { exit, message, problems: vec![], advice: vec![], details }))
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Creates a failure for a flag that breaks a rule.
    pub(crate) fn flag(flag: &str, field: &str, rule: impl Into<String>) -> Self {
        let wrong = Wrong { flag: Some(flag.to_owned()), field: field.to_owned(), rule: rule.into() };
        Self::usage("nothing was done").with_problems([wrong])
    }

    fn with_problems(mut self, problems: impl IntoIterator<Item = Wrong>) -> Self {
        self.0.problems.extend(problems);
        self
    }

    pub(crate) fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.0.advice.push(advice.into());
        self
    }

    /// Adds a key that JSON output has beside the message.
    pub(crate) fn with_detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.details.insert(key.to_owned(), value.into());
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        self.0.exit
    }

    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    pub(crate) fn problems(&self) -> &[Wrong] {
        &self.0.problems
    }

    pub(crate) fn advice(&self) -> &[String] {
        &self.0.advice
    }

    pub(crate) fn as_json(&self) -> Value {
        let problems: Vec<Value> = self.0.problems.iter().map(Wrong::as_json).collect();
        let mut object = Map::new();
        object.insert("message".to_owned(), self.0.message.clone().into());
        object.insert("problems".to_owned(), problems.into());
        object.insert("advice".to_owned(), self.0.advice.clone().into());
        object.insert("exit_status".to_owned(), self.0.exit.status().into());
        object.extend(self.0.details.clone());
        object.into()
    }
}

impl Wrong {
    pub(crate) fn as_json(&self) -> Value {
        json!({ "flag": self.flag, "field": self.field, "rule": self.rule })
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.flag {
            Some(flag) if *flag == named_as(&self.field) => write!(f, "{flag} {}", self.rule),
            Some(flag) => write!(f, "{flag} (`{}`) {}", self.field, self.rule),
            None => write!(f, "`{}` {}", self.field, self.rule),
        }
    }
}

impl From<&Problem> for Wrong {
    fn from(problem: &Problem) -> Self {
        Self { flag: flag_of(&problem.field), field: problem.field.clone(), rule: problem.rule.clone() }
    }
}

fn named_as(field: &str) -> String {
    format!("--{}", field.replace('_', "-"))
}

/// The flag, or the variable, that gives a field of the API.
fn flag_of(field: &str) -> Option<String> {
    let last = field.rsplit('.').next().unwrap_or(field);
    let flag = match field {
        "api_key" => return Some("SMILE_API_KEY, --api-key-file or --api-key-stdin".to_owned()),
        "images" => "--selfie, --id-card",
        "images (liveness)" => "--liveness",
        "id_info" => "--country, --id-type, --id-number",
        field if field.starts_with("checkpoint") => return None,
        field
            if field.starts_with("partner_params.") && !matches!(last, "user_id" | "job_id" | "job_type") =>
        {
            "--partner-param"
        }
        field if field.starts_with("countries[") => "--country",
        field if field.starts_with("images[") => {
            let role = field.split(['(', ')']).nth(1).unwrap_or_default();
            return Some(named_as(role));
        }
        _ => match last {
            "callback_url" => "--callback",
            "countries" => "--country",
            "aliases" => "--alias",
            name => return Some(named_as(name)),
        },
    };
    Some(flag.to_owned())
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage("nothing was done").with_problems([error.problem().into()])
    }
}

impl From<&CallError> for Failure {
    fn from(error: &CallError) -> Self {
        if error.is_validation() {
            let message =
                if error.outcome_unknown() { "the check was not resumed" } else { "nothing was sent" };
            return Self::usage(message).with_problems(error.problems().iter().map(Wrong::from));
        }
        let exit = if error.outcome_unknown() { Exit::OutcomeUnknown } else { Exit::Failed };
        if let CallErrorKind::Observer(refusal) = error.kind() {
            return Self::not_sent(exit, refusal, error.outcome_unknown());
        }
        Self::new(exit, error.to_string()).with_hint(error.is_unauthorized())
    }
}

impl From<&JobError> for Failure {
    fn from(error: &JobError) -> Self {
        if let Some(validation) = error.validation() {
            let message = if error.progress() == Progress::Nothing {
                "nothing was sent"
            } else {
                "the job was not resumed"
            };
            return Self::usage(message).with_problems(validation.problems().iter().map(Wrong::from));
        }
        let exit = if error.outcome_unknown() { Exit::OutcomeUnknown } else { Exit::Failed };
        if let JobErrorKind::Observer(refusal) = error.kind() {
            return Self::not_sent(exit, refusal, error.progress() != Progress::Nothing);
        }
        let message = error.to_string().replace("`with_retry(true)`", "--retry");
        let failure = Self::new(exit, message).with_hint(error.is_unauthorized());
        let is_taken = error.is_job_already_exists() || error.is_of_another_submission();
        if is_taken { failure.with_advice("submit this one under a new --job-id") } else { failure }
    }
}

impl Failure {
    /// Creates the failure for a request that this command itself kept from going out.
    fn not_sent(exit: Exit, refusal: &ObserverError, was_sent_before: bool) -> Self {
        let more = if was_sent_before { " more" } else { "" };
        Self::new(exit, format!("nothing{more} was sent: {}", refusal.reason()))
            .with_advice("say with --checkpoint where one can be written")
    }

    /// Adds advice for a field that can be given in more than one way.
    pub(crate) fn with_alternative(self, field: &str, advice: &str) -> Self {
        if self.0.problems.iter().any(|wrong| wrong.field == field) { self.with_advice(advice) } else { self }
    }

    fn with_hint(self, is_unauthorized: bool) -> Self {
        if is_unauthorized {
            self.with_advice("`smile doctor` tells whether it is the key, the environment or the clock")
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_the_flags_that_set_them() {
        for (field, flag) in [
            ("id_info.id_number", "--id-number"),
            ("partner_params.user_id", "--user-id"),
            ("callback_url", "--callback"),
            ("images[0] (selfie)", "--selfie"),
            ("images[9] (id_card_back)", "--id-card-back"),
            ("images (liveness)", "--liveness"),
            ("partner_params.userID", "--partner-param"),
            ("countries[1]", "--country"),
            ("environment", "--environment"),
        ] {
            assert_eq!(flag_of(field).as_deref(), Some(flag), "{field}");
        }
        assert_eq!(flag_of("checkpoint.version"), None);
    }
}
