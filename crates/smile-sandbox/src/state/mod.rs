//! The state of the emulated service: jobs, users, sessions, links, rules, and settings.

pub(crate) mod consents;
pub(crate) mod keep;
pub(crate) mod request_log;
pub(crate) mod settings;
pub(crate) mod smile_links;
pub(crate) mod users;

use serde_json::Map;
use smile_core::{JobType, Signer, Timestamp};
use std::collections::VecDeque;

use crate::callback::disturbance::CallbackRules;
use crate::callback::queue::Callbacks;
use crate::fault::rules::Faults;
use crate::http::endpoint::Endpoint;
use crate::job::jobs::{Job, Jobs};
use crate::job::submission::Submission;
use crate::log::Log;
use crate::rule::rules::{Rule, Rules};
use crate::secret::Secret;
use crate::state::consents::Consents;
use crate::state::request_log::RecordedRequest;
use crate::state::settings::Settings;
use crate::state::smile_links::SmileLinks;
use crate::state::users::Users;

/// The state of the service. Its behaviour is in `run` and `v1`.
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) signer: Signer,
    pub(crate) secret: Secret,
    pub(crate) jobs: Jobs,
    pub(crate) users: Users,
    pub(crate) callbacks: Callbacks,
    pub(crate) rules: Rules,
    pub(crate) callback_rules: CallbackRules,
    pub(crate) results_made: u64,
    pub(crate) smile_links: SmileLinks,
    pub(crate) consents: Consents,
    pub(crate) faults: Faults,
    /// The number of changes to stored state, and to whatever else the page shows, requests
    /// excepted.
    pub(crate) changes: u64,
    pub(crate) requests: Log<RecordedRequest>,
    pub(crate) requests_made: u64,
    /// The latest time that the service was given.
    pub(crate) latest: Timestamp,
}

impl State {
    pub(crate) fn new(settings: Settings, signer: Signer, secret: Secret) -> Self {
        let rules = Rules::of_scenario(settings.rules.clone());
        let mut users = Users::default();
        for (user_id, state) in &settings.users {
            users.set(user_id, *state);
        }
        let mut faults = Faults::default();
        for rule in &settings.faults {
            faults.add(rule.clone());
        }
        Self {
            settings,
            signer,
            secret,
            jobs: Jobs::default(),
            users,
            callbacks: Callbacks::default(),
            rules,
            callback_rules: CallbackRules::default(),
            results_made: 0,
            smile_links: SmileLinks::default(),
            consents: Consents::default(),
            faults,
            changes: 0,
            requests: Log::default(),
            requests_made: 0,
            latest: Timestamp::default(),
        }
    }

    /// Forgets everything but the builder's settings, the clock, and the numbers of callbacks.
    pub(crate) fn reset(&mut self) {
        let mut fresh = Self::new(self.settings.clone(), self.signer.clone(), self.secret.clone());
        fresh.latest = self.latest;
        fresh.changes = self.news() + 1;
        std::mem::swap(&mut fresh.callbacks, &mut self.callbacks);
        fresh.callbacks.clear();
        *self = fresh;
    }

    /// A number that changes whenever there is something new to show.
    pub(crate) fn news(&self) -> u64 {
        self.changes + self.requests_made
    }

    /// Records a request, and forgets the oldest beyond the limits. No position of a job may be in
    /// use.
    pub(crate) fn remember(&mut self, request: RecordedRequest) {
        let keep = self.settings.keep;
        self.requests.push(request, keep.requests, keep.bytes);
        self.jobs.keep_newest(keep.jobs, keep.bytes);
        self.callbacks.keep_newest(keep.callbacks, keep.bytes);
    }

    pub(crate) fn add_rule(&mut self, rule: Rule) {
        self.changes += 1;
        self.rules.add(rule);
    }

    /// Creates a job with the next number, and returns its position.
    pub(crate) fn new_job(&mut self, job_id: &str, endpoint: Endpoint, job_type: JobType) -> usize {
        let position = self.jobs.len();
        let smile_job_id = format!("{:010}", position + 1);
        let random = self.secret.base36(&["ref_id", &smile_job_id]);
        self.jobs.add(Job {
            endpoint,
            job_id: job_id.to_owned(),
            user_id: String::new(),
            job_type,
            ref_id: format!("{}-{smile_job_id}-{random}", self.signer.partner_id()),
            smile_job_id,
            partner_params: Map::new(),
            callback_url: None,
            use_enrolled_image: false,
            preps: 0,
            uploads: 0,
            processed: 0,
            submission: Submission::default(),
            request: None,
            results: Vec::new(),
            events: Vec::new(),
            review_due: None,
            staged: VecDeque::new(),
            stage_due: None,
            polls_left: 0,
            size: 0,
        });
        position
    }
}
