//! The content of a scenario: rules, users, faults and settings.

use std::fmt;
use std::time::Duration;

use crate::fault::rules::FaultRule;
use crate::result::finding::Review;
use crate::rule::rules::Rule;
use crate::state::settings::Settings;
use crate::state::users::UserState;

/// The set-up of a sandbox in a TOML file: the same rules as
/// [`Sandbox::when`](crate::Sandbox::when), users, faults, and settings.
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
/// let sandbox = Sandbox::builder().with_scenario(scenario).start()?;
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
    pub(super) changes: Changes,
}

/// The settings that differ from the defaults.
#[derive(Clone, Default)]
pub(super) struct Changes {
    pub(super) callback_url: Option<String>,
    pub(super) automatic_review: Option<Option<Review>>,
    pub(super) review_delay: Option<Duration>,
    pub(super) callback_retries: Option<Vec<Duration>>,
    pub(super) clock_skew: Option<Duration>,
    pub(super) enforce_new_users: Option<bool>,
    pub(super) personal_info: Option<bool>,
    pub(super) legacy_two_callbacks: Option<bool>,
    pub(super) upload_lifetime: Option<Duration>,
    pub(super) pending_polls: Option<u32>,
    pub(super) refuses_unknown_jobs: Option<bool>,
    pub(super) placeholders: Option<bool>,
    pub(super) check_id_numbers: Option<bool>,
    pub(super) basic_kyc_not_found: Option<String>,
    pub(super) aml_not_found: Option<String>,
}

impl Scenario {
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
        set(&mut settings.refuses_unknown_jobs, changes.refuses_unknown_jobs);
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

/// Shows only counts, as a scenario names users.
impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario")
            .field("users", &self.users.len())
            .field("rules", &self.rules)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}
