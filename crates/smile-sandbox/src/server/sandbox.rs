//! The emulator as a server on this machine.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use smile_core::{Environment, Partner};

use crate::callback::attempt::{CallbackAttempt, CallbackId};
use crate::callback::disturbance::{CallbackError, CallbackRule, Disturbance, Redelivery};
use crate::callback::record::CallbackRecord;
use crate::fault::kinds::Fault;
use crate::fault::rules::{FaultId, FaultInForce, FaultRule};
use crate::http::endpoint::Endpoint;
use crate::job::record::JobRecord;
use crate::result::finding::{Review, ReviewError};
use crate::rule::matcher::Matcher;
use crate::rule::rules::When;
use crate::server::accept::{Shared, run};
use crate::server::advance::advance;
use crate::server::builder::Builder;
use crate::server::clock::ClockError;
use crate::server::front::own_way_to;
use crate::server::keeper::Keeper;
use crate::state::request_log::RecordedRequest;
use crate::state::users::UserState;
use crate::storage::store::Store;

/// A running sandbox, which stops when it is dropped.
///
/// It listens on `127.0.0.1` only, unless [set](Builder::with_addr) otherwise, on a port of its
/// own, so any number of sandboxes can run side by side. All methods work from async and from
/// blocking code.
pub struct Sandbox {
    partner_id: String,
    api_key: String,
    base_url: String,
    #[cfg(feature = "tls")]
    https_base_url: Option<String>,
    environment: Environment,
    partner: Partner,
    shared: Arc<Shared>,
    runtime: tokio::runtime::Handle,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox with the defaults, which accepts connections when this returns.
    ///
    /// # Errors
    /// If no port or thread is available.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Creates a builder with the default settings.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn start_with(builder: Builder) -> io::Result<Self> {
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        let front = builder.front.clone();
        let listener = TcpListener::bind(front.checked_addr()?)?;
        listener.set_nonblocking(true)?;
        let here = own_way_to(listener.local_addr()?);
        let base_url = format!("http://{here}/v1");
        #[cfg(feature = "tls")]
        let (tls, https_base_url) = match front.is_tls() {
            true => (Some(crate::server::tls::Tls::new(here.ip())?), Some(format!("https://{here}/v1"))),
            false => (None, None),
        };
        let sdk_url = if here.ip().is_loopback() { base_url.clone() } else { format!("https://{here}/v1") };
        let environment: Environment = sdk_url.parse().map_err(invalid)?;
        let clock = builder.clock;
        let state_dir = builder.state_dir.clone();
        let (partner_id, api_key) = (builder.partner_id.clone(), builder.api_key.clone());
        let partner =
            Partner::new(partner_id.as_str(), api_key.as_str(), environment.clone()).map_err(invalid)?;
        let mut service = builder.into_service().map_err(invalid)?;
        let keeper = match state_dir {
            Some(folder) => Keeper::of(Store::open(&folder, &mut service.state)?),
            None => Keeper::default(),
        };
        let shared = Arc::new(Shared::new(
            service,
            clock,
            keeper,
            front,
            #[cfg(feature = "tls")]
            tls,
        ));

        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("smile-sandbox".to_owned())
            .spawn(move || runtime.block_on(run(listener, theirs)))?;
        Ok(Self {
            partner_id,
            api_key,
            base_url,
            #[cfg(feature = "tls")]
            https_base_url,
            environment,
            partner,
            shared,
            runtime: handle,
            thread: Some(thread),
        })
    }

    /// The base URL: `http://127.0.0.1:PORT/v1`, or another address if so set.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The address of the page that shows the sandbox, for a browser on this machine:
    /// `http://127.0.0.1:PORT/`.
    pub fn page_url(&self) -> String {
        format!("{}/", self.base_url.trim_end_matches("/v1"))
    }

    /// The https base URL, `https://127.0.0.1:PORT/v1`, with the same port, if TLS was turned
    /// [on](Builder::with_tls). Clients have to trust [`ca_pem`](Self::ca_pem).
    #[cfg(feature = "tls")]
    pub fn https_base_url(&self) -> Option<&str> {
        self.https_base_url.as_deref()
    }

    /// The certificate of the authority behind [`https_base_url`](Self::https_base_url), as PEM:
    /// each sandbox has its own. It is public.
    #[cfg(feature = "tls")]
    pub fn ca_pem(&self) -> Option<&str> {
        self.shared.tls.as_ref().map(|tls| tls.ca_pem.as_str())
    }

    /// The sandbox as an environment of the SDK: [`base_url`](Self::base_url), or with https if
    /// that is beyond loopback.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// A partner of this sandbox, ready for use.
    pub fn partner(&self) -> Partner {
        self.partner.clone()
    }

    /// The id of the sandbox's only partner.
    pub fn partner_id(&self) -> &str {
        &self.partner_id
    }

    /// The API key of the sandbox's partner.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The requests so far, oldest first; the newest ones if there were more than the
    /// [limit](crate::Keep). A request whose body was too large or never came is not among them.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.lock().requests().iter().cloned().collect()
    }

    /// The job with this id of the partner's.
    pub fn job(&self, job_id: &str) -> Option<JobRecord> {
        self.shared.lock().job(job_id)
    }

    /// All jobs, in the order of their announcement.
    pub fn jobs(&self) -> Vec<JobRecord> {
        self.shared.lock().jobs()
    }

    /// All attempts to deliver a callback so far, oldest first.
    pub fn callback_attempts(&self) -> Vec<CallbackAttempt> {
        self.shared.lock().callback_attempts().iter().cloned().collect()
    }

    /// Waits for this number of attempts to deliver a callback, and returns all attempts so far;
    /// fewer, if the time runs out.
    ///
    /// This blocks the thread. If the same thread also runs the receiver of the callbacks, use
    /// [`wait_for_callbacks`](Self::wait_for_callbacks).
    pub fn wait_for_callback_attempts(&self, attempts: usize, timeout: Duration) -> Vec<CallbackAttempt> {
        let started = Instant::now();
        let mut service = self.shared.lock();
        while service.callback_attempts().len() < attempts {
            let Some(left) = timeout.checked_sub(started.elapsed()).filter(|left| !left.is_zero()) else {
                break;
            };
            let woken = self.shared.changed.wait_timeout(service, left);
            service = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        service.callback_attempts().iter().cloned().collect()
    }

    /// Waits like [`wait_for_callback_attempts`](Self::wait_for_callback_attempts), for async code
    /// with any runtime.
    pub fn wait_for_callbacks(
        &self,
        attempts: usize,
        timeout: Duration,
    ) -> impl Future<Output = Vec<CallbackAttempt>> + Send + 'static + use<> {
        let shared = Arc::clone(&self.shared);
        // The sandbox's own runtime minds the clock, so the caller's need not be Tokio.
        let wait = self.runtime.spawn(async move {
            let mut pulse = shared.pulse.subscribe();
            let enough = pulse.wait_for(|()| shared.lock().callback_attempts().len() >= attempts);
            let _ = tokio::time::timeout(timeout, enough).await;
            shared.lock().callback_attempts().iter().cloned().collect()
        });
        async move { wait.await.unwrap_or_default() }
    }

    /// Advances a virtual clock, and runs everything that falls due on the way, in order: stages of
    /// rules, reviews, callbacks and their further attempts. Returns the attempts to deliver a
    /// callback, once the last has been answered. A time of zero posts what is due now.
    ///
    /// This blocks the thread. If the same thread also runs the receiver of the callbacks, use
    /// [`advanced`](Self::advanced).
    ///
    /// ```
    /// use smile_core::Timestamp;
    /// use smile_sandbox::{Clock, Sandbox};
    /// use std::time::Duration;
    ///
    /// let start = Timestamp::parse("2024-01-15T10:30:00Z").expect("a moment");
    /// let sandbox = Sandbox::builder().with_clock(Clock::virtual_at(start)).start()?;
    /// // … submit a job, and an hour later:
    /// let attempts = sandbox.advance(Duration::from_secs(3_600))?;
    /// assert!(attempts.is_empty(), "nobody asked for a callback");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the clock is the system's.
    pub fn advance(&self, time: Duration) -> Result<Vec<CallbackAttempt>, ClockError> {
        let (sender, receiver) = std::sync::mpsc::channel();
        let shared = Arc::clone(&self.shared);
        self.runtime.spawn(async move {
            // The receiver may be gone already.
            let _ = sender.send(advance(shared, time).await);
        });
        receiver.recv().unwrap_or_else(|_| Ok(Vec::new()))
    }

    /// Advances like [`advance`](Self::advance), for async code with any runtime.
    ///
    /// # Errors
    /// If the clock is the system's.
    pub fn advanced(
        &self,
        time: Duration,
    ) -> impl Future<Output = Result<Vec<CallbackAttempt>, ClockError>> + Send + 'static + use<> {
        let advancing = self.runtime.spawn(advance(Arc::clone(&self.shared), time));
        async move { advancing.await.unwrap_or_else(|_| Ok(Vec::new())) }
    }

    /// All callbacks that were made, whether or not they were ever posted, in the order of their
    /// ids.
    pub fn callbacks(&self) -> Vec<CallbackRecord> {
        self.shared.lock().callbacks().to_vec()
    }

    /// Delivers a callback once more, and returns the id of the copy; see
    /// [`Service::redeliver`](crate::Service::redeliver).
    ///
    /// # Errors
    /// If there is no such callback.
    pub fn redeliver(&self, id: CallbackId, redelivery: Redelivery) -> Result<CallbackId, CallbackError> {
        self.shared.change(|service, now| service.redeliver(now, id, redelivery))
    }

    /// Disturbs a callback that was already made; see
    /// [`Service::disturb_callback`](crate::Service::disturb_callback).
    ///
    /// # Errors
    /// If there is no such callback, or if the callback to be dropped doesn't wait to be posted.
    pub fn disturb_callback(
        &self,
        id: CallbackId,
        disturbance: Disturbance,
    ) -> Result<CallbackId, CallbackError> {
        self.shared.change(|service, now| service.disturb_callback(now, id, disturbance))
    }

    /// Adds a rule that disturbs callbacks to come. Of several rules the first that applies to a
    /// callback is used.
    pub fn disturb_callbacks(&self, rule: CallbackRule) {
        self.shared.change(|service, _| service.disturb_callbacks(rule));
    }

    /// Removes all rules for callbacks.
    pub fn clear_callback_rules(&self) {
        self.shared.change(|service, _| service.clear_callback_rules());
    }

    /// Decides about a job that is under review, in place of the automatic review.
    ///
    /// # Errors
    /// If there is no such job, if it is not under review, or if its type has no code for the
    /// decision.
    pub fn review(&self, job_id: &str, review: Review) -> Result<(), ReviewError> {
        self.shared.change(|service, now| service.review(now, job_id, review))
    }

    /// Starts a rule for some jobs, which need not exist yet. Of the rules that apply to a job the
    /// newest answers.
    ///
    /// ```
    /// use smile_sandbox::{Matcher, Outcome, Product, Sandbox, ScriptStage};
    /// use std::time::Duration;
    ///
    /// let sandbox = Sandbox::start()?;
    /// let overturned = ScriptStage::from(Outcome::ReviewerRejected).with_delay(Duration::from_secs(60));
    /// sandbox.when(Matcher::user_id("ada")).respond([Outcome::Provisional.into(), overturned]);
    /// sandbox.when(Matcher::product(Product::EnhancedKyc)).with_times(2).respond([Outcome::IssuerUnavailable]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn when(&self, matcher: Matcher) -> When<'_> {
        When::new(matcher, |rule| self.shared.change(|service, _| service.state.add_rule(rule)))
    }

    /// Adds a fault for the next request to this endpoint. Several faults of an endpoint happen one
    /// after the other.
    pub fn fail_next(&self, endpoint: Endpoint, fault: Fault) {
        self.shared.change(|service, _| service.fail_next(endpoint, fault));
    }

    /// Adds a fault rule for requests from now on.
    pub fn add_fault(&self, rule: FaultRule) -> FaultId {
        self.shared.change(|service, _| service.add_fault(rule))
    }

    /// The fault rules that may still apply, oldest first.
    pub fn faults(&self) -> Vec<FaultInForce> {
        self.shared.lock().faults().to_vec()
    }

    /// Removes a fault rule; true if it was still in force.
    pub fn remove_fault(&self, id: FaultId) -> bool {
        self.shared.change(|service, _| service.remove_fault(id))
    }

    /// Removes all fault rules.
    pub fn clear_faults(&self) {
        self.shared.change(|service, _| service.clear_faults());
    }

    /// Forgets everything that has happened, and all settings since the start; see
    /// [`Service::reset`](crate::Service::reset).
    pub fn reset(&self) {
        self.shared.change(|service, _| service.reset());
    }

    /// Enrols a user, so that jobs of types 2 and 8 are accepted.
    pub fn enrol(&self, user_id: &str) {
        self.set_user(user_id, UserState::Enrolled);
    }

    /// Sets the state of a user.
    pub fn set_user(&self, user_id: &str, state: UserState) {
        self.shared.change(|service, _| service.set_user(user_id, state));
    }

    /// The state of a user.
    pub fn user(&self, user_id: &str) -> UserState {
        self.shared.lock().user(user_id)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            // If the thread panicked, nobody is left to report it to.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("base_url", &self.base_url)
            .field("partner_id", &self.partner_id)
            .finish_non_exhaustive()
    }
}
