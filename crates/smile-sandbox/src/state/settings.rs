//! The settings of the service.

use std::time::Duration;

use crate::fault::rules::FaultRule;
use crate::result::finding::Review;
use crate::rule::rules::Rule;
use crate::state::keep::Keep;
use crate::state::users::UserState;

/// The settings of the service.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) callback_url: Option<String>,
    pub(crate) automatic_review: Option<Review>,
    pub(crate) review_delay: Duration,
    pub(crate) callback_retries: Vec<Duration>,
    pub(crate) clock_skew: Option<Duration>,
    pub(crate) enforce_new_users: bool,
    pub(crate) personal_info: bool,
    pub(crate) legacy_two_callbacks: bool,
    pub(crate) upload_lifetime: Duration,
    pub(crate) pending_polls: u32,
    pub(crate) refuses_unknown_jobs: bool,
    pub(crate) placeholders: bool,
    pub(crate) check_id_numbers: bool,
    pub(crate) basic_kyc_not_found: String,
    pub(crate) aml_not_found: String,
    /// The initial states of users.
    pub(crate) users: Vec<(String, UserState)>,
    /// The rules of scenarios.
    pub(crate) rules: Vec<Rule>,
    /// The faults from the start.
    pub(crate) faults: Vec<FaultRule>,
    pub(crate) keep: Keep,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            callback_url: None,
            automatic_review: Some(Review::Approve),
            review_delay: Duration::from_secs(1),
            callback_retries: [100, 500, 1_500, 6_000].map(Duration::from_millis).to_vec(),
            clock_skew: None,
            enforce_new_users: true,
            personal_info: true,
            legacy_two_callbacks: false,
            upload_lifetime: Duration::from_secs(15 * 60),
            pending_polls: 0,
            refuses_unknown_jobs: false,
            placeholders: true,
            check_id_numbers: true,
            basic_kyc_not_found: "1023".to_owned(),
            aml_not_found: "1031".to_owned(),
            users: Vec::new(),
            rules: Vec::new(),
            faults: Vec::new(),
            keep: Keep::default(),
        }
    }
}
