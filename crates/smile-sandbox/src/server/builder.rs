//! The settings of a sandbox.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use smile_core::{ApiKey, ConfigError, PartnerId, Signer};

use crate::fault::rules::FaultRule;
use crate::result::finding::Review;
use crate::secret::Secret;
use crate::server::clock::Clock;
use crate::server::front::Front;
use crate::server::sandbox::Sandbox;
use crate::service::Service;
use crate::state::State;
use crate::state::keep::Keep;
use crate::state::settings::Settings;

/// Sets up a [`Sandbox`], or a bare [`Service`].
///
/// ```
/// use std::time::Duration;
///
/// let sandbox = smile_sandbox::Sandbox::builder().with_partner_id("2245").with_review_delay(Duration::ZERO).start()?;
/// assert_eq!(sandbox.partner_id(), "2245");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Builder {
    pub(crate) partner_id: String,
    pub(crate) api_key: String,
    seed: u64,
    pub(crate) clock: Clock,
    pub(crate) state_dir: Option<std::path::PathBuf>,
    settings: Settings,
    pub(crate) front: Front,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            partner_id: "001".to_owned(),
            api_key: "sandbox-api-key".to_owned(),
            seed: 0,
            clock: Clock::default(),
            state_dir: None,
            settings: Settings::default(),
            front: Front::default(),
        }
    }
}

impl Builder {
    /// Sets the partner id that may use the sandbox; `001` by default, whose zeros must survive.
    pub fn with_partner_id(mut self, partner_id: impl Into<String>) -> Self {
        self.partner_id = partner_id.into();
        self
    }

    /// Sets the API key that requests must be signed with.
    pub fn with_api_key(mut self, api_key: impl Into<String>) -> Self {
        self.api_key = api_key.into();
        self
    }

    /// Sets the seed of everything that looks random; 0 by default. The same seed and the same
    /// requests at the same times give the same bytes.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the callback address for jobs without one, like the default in the portal; none by
    /// default. Callbacks are only ever sent to http on loopback.
    pub fn with_callback_url(mut self, url: impl Into<String>) -> Self {
        self.settings.callback_url = Some(url.into());
        self
    }

    /// Sets the decision of the automatic review about every provisional job, or `None` for reviews
    /// by [`Sandbox::review`]; approval by default. A job type without a code for it is rejected
    /// instead.
    pub fn with_automatic_review(mut self, review: impl Into<Option<Review>>) -> Self {
        self.settings.automatic_review = review.into();
        self
    }

    /// Sets the time from a provisional verdict to the reviewer's; 1 s by default.
    pub fn with_review_delay(mut self, delay: Duration) -> Self {
        self.settings.review_delay = delay;
        self
    }

    /// Sets the pauses after a callback that was not delivered, each followed by another attempt;
    /// by default 100 ms, 500 ms, 1.5 s and 6 s. The real service's schedule is not published.
    pub fn with_callback_retries(mut self, pauses: impl IntoIterator<Item = Duration>) -> Self {
        self.settings.callback_retries = pauses.into_iter().collect();
        self
    }

    /// Sets the largest difference of a request's timestamp from now, either way, beyond which the
    /// request is refused as unauthorised; no limit by default, as none is documented.
    pub fn with_clock_skew(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.settings.clock_skew = limit.into();
        self
    }

    /// Sets whether job types 1 and 4 refuse a user id that another job has enrolled, with 2209,
    /// unless the request says `allow_new_enroll`; true by default.
    pub fn with_enforce_new_users(mut self, enforce: bool) -> Self {
        self.settings.enforce_new_users = enforce;
        self
    }

    /// Sets whether results carry the data of the (made-up) person behind the ID; true by default.
    pub fn with_personal_info(mut self, included: bool) -> Self {
        self.settings.personal_info = included;
        self
    }

    /// Sets whether a job with an ID lookup sends the details in a second callback, as for old
    /// accounts, instead of within the first; false by default.
    pub fn with_legacy_two_callbacks(mut self, two: bool) -> Self {
        self.settings.legacy_two_callbacks = two;
        self
    }

    /// Sets the validity of an upload address, in whole seconds; 15 minutes by default.
    pub fn with_upload_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.upload_lifetime = lifetime.min(Duration::from_secs(u32::MAX.into()));
        self
    }

    /// Sets the number of polls of the job status, after each zip and each check that is answered
    /// by callback, that are answered "not complete"; 0 by default. The callback does not wait for
    /// them.
    pub fn with_pending_polls(mut self, polls: u32) -> Self {
        self.settings.pending_polls = polls;
        self
    }

    /// Sets whether the status of a job that nobody has submitted is refused with 2314, or answered
    /// as that of a job without a zip (the same code, signed, in a 200); false by default. The real
    /// answer is not documented.
    pub fn with_refuse_unknown_jobs(mut self, refuse: bool) -> Self {
        self.settings.refuses_unknown_jobs = refuse;
        self
    }

    /// Sets whether Enhanced KYC writes `Not Available` or `NaN-NaN-NaN` for data that an ID
    /// authority lacks, as the real service does, or leaves the field out; true by default.
    pub fn with_placeholders(mut self, written: bool) -> Self {
        self.settings.placeholders = written;
        self
    }

    /// Sets whether checks use the whole number, and not its last digit alone, if the ID type is
    /// known: a number without the form of its type is answered with 1014, and one that is no test
    /// number with 1013. True by default. Uploads always go by the last digit.
    pub fn with_check_id_numbers(mut self, check: bool) -> Self {
        self.settings.check_id_numbers = check;
        self
    }

    /// Sets the result code of Basic KYC for an ID number that is not found; 1023 by default, as in
    /// the list of codes; the page of test data has 1013 as well.
    pub fn with_basic_kyc_not_found_code(mut self, code: impl Into<String>) -> Self {
        self.settings.basic_kyc_not_found = code.into();
        self
    }

    /// Sets the result code of an AML check that finds nobody; 1031 by default, which no source at
    /// hand confirms.
    pub fn with_aml_not_found_code(mut self, code: impl Into<String>) -> Self {
        self.settings.aml_not_found = code.into();
        self
    }

    /// Sets the clock; the system's by default.
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets a folder that keeps the state, so that it survives a restart; none by default. The
    /// folder is created if needed, and belongs to one sandbox at a time.
    ///
    /// Kept are the jobs with their images, users, consent sessions, Smile Links, rules with their
    /// use counts, callbacks that are still due, and rules for callbacks; not the API key,
    /// requests, faults, finished callbacks, and the certificate authority for https, which is a
    /// new one after each start. A request is answered once everything that the answer acknowledges
    /// is stored. Changes without a request, or by [`Sandbox`]'s methods, are written some 50 ms
    /// later and when the sandbox ends; if it is killed before, results come again, the same and at
    /// the same time, and a callback may come twice.
    ///
    /// A job is written when it has changed, and a list of all jobs with every change, which suits
    /// thousands of jobs and not millions. The state is personal data: only its owner may read the
    /// folder, on systems with file owners.
    ///
    /// The folder must be new, empty, or one of an earlier sandbox: any other is refused by
    /// [`start`](Self::start) and left as it is. No file is removed that a sandbox didn't write.
    ///
    /// [`into_service`](Self::into_service) ignores this setting: see [`Service::snapshot`].
    #[cfg(feature = "state")]
    pub fn with_state_dir(mut self, folder: impl Into<std::path::PathBuf>) -> Self {
        self.state_dir = Some(folder.into());
        self
    }

    /// Adds a scenario, with its users, rules and faults. Later settings outrank the scenario; the
    /// rules of another scenario come after those of this one.
    #[cfg(feature = "scenario")]
    pub fn with_scenario(mut self, scenario: crate::Scenario) -> Self {
        scenario.apply(&mut self.settings);
        self.seed = scenario.seed.unwrap_or(self.seed);
        self.settings.users.extend(scenario.users);
        self.settings.rules.extend(scenario.rules);
        self.settings.faults.extend(scenario.faults);
        self
    }

    /// Adds a fault from the start; see [`Sandbox::add_fault`].
    pub fn with_fault(mut self, rule: FaultRule) -> Self {
        self.settings.faults.push(rule);
        self
    }

    /// Sets the limits on what is remembered; see [`Keep`].
    pub fn with_keep(mut self, keep: Keep) -> Self {
        self.settings.keep = keep;
        self
    }

    /// Sets the address to listen on; by default 127.0.0.1, on a port of the system's choice, as
    /// for port 0.
    ///
    /// Any address but loopback is refused by [`start`](Self::start) without
    /// [`open_to_the_network`](Self::with_network_access).
    pub fn with_addr(mut self, addr: impl Into<SocketAddr>) -> Self {
        self.front.addr = addr.into();
        self
    }

    /// Allows an [address](Self::with_addr) beyond loopback: everyone who reaches this machine can
    /// then read what was uploaded, if they know the key, which by default everyone does. Callbacks
    /// still go to loopback only, and the page and the admin API are this machine's alone, without
    /// [`admin_open_to_the_network`](Self::with_admin_network_access).
    pub fn with_network_access(mut self) -> Self {
        self.front.is_for_everyone = true;
        self
    }

    /// Allows other machines to use the page and the admin API: these show everything that was
    /// uploaded, change everything, and need no key. By default they answer to this machine alone.
    pub fn with_admin_network_access(mut self) -> Self {
        self.front.admin_is_for_everyone = true;
        self
    }

    /// Turns on https beside http, on the same port, with a certificate of an authority that is
    /// created at the start: see `Sandbox::https_base_url` and `Sandbox::ca_pem`.
    #[cfg(feature = "tls")]
    pub fn with_tls(mut self) -> Self {
        self.front.tls = true;
        self
    }

    /// Sets the time that a client has for the head of a request, and for its body; 30 s and 60 s
    /// by default. Afterwards the client gets an error, if possible, and the connection is closed.
    /// A client that doesn't read its answer has as long as for a body.
    pub fn with_request_timeouts(mut self, for_head: Duration, for_body: Duration) -> Self {
        self.front.time_for_headers = for_head;
        self.front.time_for_body = for_body;
        self
    }

    /// Sets the largest number of connections at a time; 1,024 by default. Those beyond are
    /// answered with 503, and closed.
    pub fn with_max_connections(mut self, connections: usize) -> Self {
        self.front.connections = connections;
        self
    }

    /// Starts the sandbox; see [`Sandbox::start`].
    ///
    /// # Errors
    /// If the partner id or the API key is not valid, if the address is not allowed without another
    /// setting, if the address or a thread is not available, or if the folder for the state can't
    /// be used: then the error has a `StateError` inside, which names the file.
    pub fn start(self) -> io::Result<Sandbox> {
        Sandbox::start_with(self)
    }

    /// Creates the service by itself, without a server, for tests with a clock of their own.
    ///
    /// # Errors
    /// If the partner id or the API key is not valid.
    pub fn into_service(self) -> Result<Service, ConfigError> {
        let signer = Signer::new(PartnerId::new(self.partner_id)?, &ApiKey::new(self.api_key.as_str())?);
        Ok(Service::new(State::new(self.settings, signer, Secret::new(&self.api_key, self.seed))))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("partner_id", &self.partner_id)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
