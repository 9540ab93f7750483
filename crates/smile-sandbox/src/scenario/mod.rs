//! Scenario files: rules, users and settings, written down. The format is described in `docs/scenarios.md`.

mod file;
mod stage;

use std::fmt;
use std::time::Duration;

use crate::fault::rules::FaultRule;
use crate::result::verdict::Review;
use crate::rule::rules::Rule;
use crate::state::settings::Settings;
use crate::state::users::UserState;

/// What a sandbox is to do, as a TOML file says it: the same rules as [`Sandbox::when`](crate::Sandbox::when) has, the
/// users that are known, what goes wrong on the wire, and how the sandbox is set up.
///
/// ```
/// use smile_sandbox::{Sandbox, Scenario};
///
/// let scenario = Scenario::parse(
///     r#"
///     [[rules]]
///     when = { product = "biometric-kyc", user_id = "ada" }
///     stages = [
///         { outcome = "provisional" },
///         { outcome = "reviewer-rejected", after = "1min" },
///     ]
///     "#,
/// )?;
/// let sandbox = Sandbox::builder().scenario(scenario).start()?;
///
/// let wrong = Scenario::parse("[[rules]]\nstages = [{ code = \"9999\" }]").unwrap_err();
/// assert_eq!((wrong.line, wrong.column), (2, 20));
/// assert!(wrong.to_string().starts_with("line 2, column 20: no product has the code 9999"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Scenario {
    pub(crate) seed: Option<u64>,
    pub(crate) users: Vec<(String, UserState)>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) faults: Vec<FaultRule>,
    changes: Changes,
}

/// What is set up otherwise than usual.
#[derive(Clone, Default)]
struct Changes {
    callback_url: Option<String>,
    automatic_review: Option<Option<Review>>,
    review_delay: Option<Duration>,
    callback_retries: Option<Vec<Duration>>,
    clock_skew: Option<Duration>,
    enforce_new_users: Option<bool>,
    personal_info: Option<bool>,
    legacy_two_callbacks: Option<bool>,
    upload_lifetime: Option<Duration>,
    pending_polls: Option<u32>,
    placeholders: Option<bool>,
    check_id_numbers: Option<bool>,
    basic_kyc_not_found: Option<String>,
    aml_not_found: Option<String>,
}

/// Why a scenario was refused, and where in the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
#[non_exhaustive]
pub struct ScenarioError {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What is wrong there.
    pub reason: String,
}

impl Scenario {
    /// Reads a scenario from TOML.
    ///
    /// # Errors
    /// If it isn't TOML, has a key or a word that is not known, a code that the product does not have, a time that can't
    /// be, or a rule that could never apply.
    pub fn parse(toml: &str) -> Result<Self, ScenarioError> {
        file::read(toml).map_err(|wrong| wrong.located(toml))
    }

    pub(crate) fn apply(&self, settings: &mut Settings) {
        let changes = self.changes.clone();
        set(&mut settings.callback_url, changes.callback_url.map(Some));
        set(&mut settings.automatic_review, changes.automatic_review);
        set(&mut settings.review_delay, changes.review_delay);
        set(&mut settings.callback_retries, changes.callback_retries);
        set(&mut settings.clock_skew, changes.clock_skew.map(Some));
        set(&mut settings.enforce_new_users, changes.enforce_new_users);
        set(&mut settings.personal_info, changes.personal_info);
        set(&mut settings.legacy_two_callbacks, changes.legacy_two_callbacks);
        set(&mut settings.upload_lifetime, changes.upload_lifetime);
        set(&mut settings.pending_polls, changes.pending_polls);
        set(&mut settings.placeholders, changes.placeholders);
        set(&mut settings.check_id_numbers, changes.check_id_numbers);
        set(&mut settings.basic_kyc_not_found, changes.basic_kyc_not_found);
        set(&mut settings.aml_not_found, changes.aml_not_found);
    }
}

fn set<T>(setting: &mut T, change: Option<T>) {
    if let Some(change) = change {
        *setting = change;
    }
}

/// It names users, so they are only counted.
impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario")
            .field("users", &self.users.len())
            .field("rules", &self.rules)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
