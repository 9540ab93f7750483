//! The heart: all of the service's state, and no clock, socket, thread or randomness.

use std::fmt;

use bytes::Bytes;
use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::uri::Scheme;
use http::{Method, Request, Response, StatusCode};
use smile_core::{Signer, Timestamp};

use crate::admin;
use crate::callback::attempt::{Callback, CallbackAttempt, CallbackId};
use crate::callback::disturbance::CallbackRules;
use crate::callback::queue::Callbacks;
use crate::callback::record::CallbackAnswer;
use crate::fault::kinds::{Endpoint, Fault};
use crate::fault::rules::{Admission, FaultId, FaultInForce, FaultRule, Faults, endpoint_of};
use crate::http::answers::{Refusal, gateway};
use crate::http::encoding::unpack;
use crate::http::routing::{Route, route};
use crate::job::jobs::Jobs;
use crate::job::record::{JobRecord, RecordedRequest};
use crate::result::verdict::{Review, ReviewError};
use crate::rule::rules::Rules;
use crate::server::builder::Settings;
use crate::state::keep::Log;
use crate::state::secret::Secret;
use crate::state::users::{UserState, Users};
use crate::v1::consent::Consents;
use crate::v1::smile_links::SmileLinks;

/// The emulated service without its server: requests and times go in, responses and callbacks come out.
///
/// It is made by [`Builder::into_service`](crate::Builder::into_service). Whoever drives it calls
/// [`handle`](Self::handle) for every request, and at [`next_wakeup`](Self::next_wakeup) posts the
/// [`due_callbacks`](Self::due_callbacks) and says how each went with [`callback_answered`](Self::callback_answered).
/// The time is an argument throughout; a clock that steps back counts as standing still.
///
/// ```
/// use bytes::Bytes;
/// use smile_core::Timestamp;
///
/// let mut service = smile_sandbox::Sandbox::builder().into_service()?;
/// let request = http::Request::post("/v1/job_status").body(Bytes::from_static(b"{}"))?;
/// let response = service.handle(Timestamp::from_unix_millis(1_705_314_600_000), request);
/// assert_eq!(response.body(), r#"{"error":"A required parameter is missing","code":"2413"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Service {
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
    faults: Faults,
    /// Goes up whenever something has changed but that there was another request: what outlives a restart, and what the
    /// page shows.
    pub(crate) changes: u64,
    requests: Log<RecordedRequest>,
    requests_made: u64,
    pub(crate) latest: Timestamp,
}

impl Service {
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

    /// Answers a request. Never panics, whatever is in it.
    ///
    /// Addresses in the answer begin with what the `Host` header says, and with https if the extensions of the request
    /// have [`Scheme::HTTPS`]. An answer with [`ConnectionLost`](crate::ConnectionLost) in its extensions must not be
    /// sent, and one with a [`Manner`](crate::Manner) not just like that; there is none without a [`Fault`].
    ///
    /// The page and the admin API are served as well, to those who say `Host: localhost` or the like. Requests for these
    /// are not among [`requests`](Self::requests), and no fault happens to them.
    pub fn handle(&mut self, now: Timestamp, mut request: Request<Bytes>) -> Response<Bytes> {
        if admin::concerns(&request) {
            return self.admin(now, &request);
        }
        let now = self.advance(now);
        let admission = match request.extensions_mut().remove::<Admission>() {
            Some(admission) => admission,
            None => {
                Admission { faults: self.faults.take(route(request.uri().path()).endpoint(), &self.secret) }
            }
        };
        let response = match admission.answer_in_place(now) {
            Some(response) => response,
            None => self.unpack_and_answer(now, &mut request),
        };
        self.changes += u64::from(may_change(request.uri().path()));
        let mut record = RecordedRequest::new(self.requests_made, now, request, &response);
        self.requests_made += 1;
        let response = admission.spoil(self, now, response);
        record.fault = admission.told();
        self.remember(record);
        response
    }

    /// Decides what is going to go wrong with a request, before its body has been read; for those who serve clients over
    /// a wire that can break. What it returns goes into the extensions of the request that [`handle`](Self::handle) is
    /// given, which otherwise decides by itself.
    pub fn admit(&mut self, head: &Parts) -> Admission {
        if admin::concerns_head(&head.method, &head.uri, &head.headers) {
            return Admission::default();
        }
        Admission { faults: self.faults.take(endpoint_of(head), &self.secret) }
    }

    /// When there is something to do without a request: a stage of a script, a review, or a callback.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        let result = self.jobs.next_due().map(|(due, _)| due);
        result.into_iter().chain(self.callbacks.next_due()).min()
    }

    /// The latest moment that it has been told of.
    pub(crate) fn latest(&self) -> Timestamp {
        self.latest
    }

    /// The callbacks that are to be posted now. Each is handed out once, until it has been answered.
    pub fn due_callbacks(&mut self, now: Timestamp) -> Vec<Callback> {
        let now = self.advance(now);
        let due = self.callbacks.take_due(now);
        self.changes += u64::from(!due.is_empty());
        due
    }

    /// Says how posting a callback went. What was not delivered becomes due again, on the schedule.
    ///
    /// A [`CallbackOutcome`](crate::CallbackOutcome) will do; a [`CallbackAnswer`] has the beginning of the body too.
    pub fn callback_answered(&mut self, id: CallbackId, now: Timestamp, answer: impl Into<CallbackAnswer>) {
        let now = self.advance(now);
        self.changes += 1;
        self.callbacks.answered(now, id, answer.into(), &self.settings.callback_retries);
        let keep = self.settings.keep;
        self.callbacks.keep_newest(keep.callbacks, keep.bytes);
    }

    /// Decides about a job that is under review, in place of the automatic review.
    ///
    /// # Errors
    /// If there is no such job, if it is not under review, or if its type has no code for this.
    pub fn review(&mut self, now: Timestamp, job_id: &str, review: Review) -> Result<(), ReviewError> {
        let now = self.advance(now);
        self.review_by_hand(now, job_id, review)
    }

    /// Lets the next request of this endpoint go wrong, whichever of an endpoint's methods it has. Several faults of an
    /// endpoint happen one after the other.
    pub fn fail_next(&mut self, endpoint: Endpoint, fault: Fault) {
        self.add_fault(FaultRule::new(fault).on(endpoint).times(1));
    }

    /// Lets requests go wrong from now on, as the rule says.
    pub fn add_fault(&mut self, rule: FaultRule) -> FaultId {
        self.changes += 1;
        self.faults.add(rule)
    }

    /// The rules that may still come to something, oldest first.
    pub fn faults(&self) -> &[FaultInForce] {
        self.faults.in_force()
    }

    /// Takes a rule back; whether it was still in force.
    pub fn remove_fault(&mut self, id: FaultId) -> bool {
        self.changes += 1;
        self.faults.remove(id)
    }

    /// Takes all rules back.
    pub fn clear_faults(&mut self) {
        self.changes += 1;
        self.faults.clear();
    }

    /// Sets what is known of a user.
    pub fn set_user(&mut self, user_id: &str, state: UserState) {
        self.changes += 1;
        self.users.set(user_id, state);
    }

    /// What is known of a user.
    pub fn user(&self, user_id: &str) -> UserState {
        self.users.state(user_id)
    }

    /// The requests so far, oldest first; the newest, if there were more than are to be [kept](crate::Keep).
    pub fn requests(&self) -> &[RecordedRequest] {
        &self.requests
    }

    /// The job with this id of the partner's.
    pub fn job(&self, job_id: &str) -> Option<JobRecord> {
        self.jobs.position(job_id).map(|position| self.jobs.at(position).record())
    }

    /// All jobs, checks among them, in the order in which they were first announced.
    pub fn jobs(&self) -> Vec<JobRecord> {
        self.jobs.iter().map(crate::job::jobs::Job::record).collect()
    }

    /// All attempts to deliver a callback so far, oldest first.
    pub fn callbacks(&self) -> &[CallbackAttempt] {
        self.callbacks.attempts()
    }

    /// Forgets everything that has happened, and all that was said since the start: jobs, users, requests, callbacks, those
    /// that wait included, rules and faults. What the builder said stays, a scenario among it, whose rules are as if they
    /// had never been used. The clock doesn't go back, and the numbers of callbacks go on, as some may be under way.
    pub fn reset(&mut self) {
        let mut fresh = Self::new(self.settings.clone(), self.signer.clone(), self.secret.clone());
        fresh.latest = self.latest;
        fresh.changes = self.news() + 1;
        std::mem::swap(&mut fresh.callbacks, &mut self.callbacks);
        fresh.callbacks.clear();
        *self = fresh;
    }

    /// Another number whenever there is something new to see.
    pub(crate) fn news(&self) -> u64 {
        self.changes + self.requests_made
    }

    /// The object store takes a body as it comes; everybody else unpacks it.
    fn unpack_and_answer(&mut self, now: Timestamp, request: &mut Request<Bytes>) -> Response<Bytes> {
        if !matches!(route(request.uri().path()), Route::Upload { .. })
            && let Err(refusal) = unpack(request)
        {
            return refusal.into();
        }
        self.answer(now, request)
    }

    /// Files a request, and forgets what is then too much. No position of a job may be in use.
    fn remember(&mut self, request: RecordedRequest) {
        let keep = self.settings.keep;
        self.requests.push(request, keep.requests, keep.bytes);
        self.jobs.keep_newest(keep.jobs, keep.bytes);
        self.callbacks.keep_newest(keep.callbacks, keep.bytes);
    }

    fn answer(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        match route(request.uri().path()) {
            Route::Api(endpoint) => self.answer_api(now, request, endpoint).unwrap_or_else(Response::from),
            Route::SmileLink { ref_id } => match *request.method() {
                Method::GET => self.smile_link(now, request, ref_id).unwrap_or_else(Response::from),
                Method::PUT => self.update_smile_link(now, request, ref_id).unwrap_or_else(Response::from),
                _ => not_allowed(),
            },
            Route::Upload { ref_id } => self.upload(now, request, ref_id),
            Route::Image { smile_job_id, name, token } if request.method() == Method::GET => {
                self.image(smile_job_id, name, token)
            }
            Route::Unknown => gateway(StatusCode::NOT_FOUND, "Not Found"),
            Route::Image { .. } => not_allowed(),
        }
    }

    fn answer_api(
        &mut self,
        now: Timestamp,
        request: &Request<Bytes>,
        endpoint: Endpoint,
    ) -> Result<Response<Bytes>, Refusal> {
        match (endpoint, request.method()) {
            (Endpoint::Services, &Method::GET) => Ok(self.services()),
            (Endpoint::SmileLinks, &Method::GET) => self.list_smile_links(now, request),
            (_, &Method::POST) => match endpoint {
                Endpoint::PrepUpload => self.prep_upload(now, request),
                Endpoint::JobStatus => self.job_status(now, request),
                Endpoint::EnhancedKyc | Endpoint::EnhancedKycAsync => {
                    self.enhanced_kyc(now, request, endpoint)
                }
                Endpoint::BasicKyc | Endpoint::BasicKycAsync => self.basic_kyc(now, request, endpoint),
                Endpoint::BusinessVerification | Endpoint::BusinessVerificationAsync => {
                    self.business_verification(now, request, endpoint)
                }
                Endpoint::Aml => self.aml(now, request),
                Endpoint::AddressVerification => self.address_verification(now, request),
                Endpoint::PhoneVerification => self.phone_verification(now, request),
                Endpoint::WebToken => self.web_token(now, request),
                Endpoint::SmileLinks => self.create_smile_link(now, request),
                Endpoint::Consent => self.consent(now, request),
                Endpoint::ConsentMode => self.consent_mode(now, request),
                Endpoint::ConsentOtp => self.consent_otp(now, request),
                Endpoint::ProductsConfig => self.products_config(now, request),
                Endpoint::ValidDocuments => self.valid_documents(now, request),
                Endpoint::Upload | Endpoint::Services => Ok(not_allowed()),
            },
            _ => Ok(not_allowed()),
        }
    }

    /// Lets time pass: does what fell due, and keeps the clock from going back.
    pub(crate) fn advance(&mut self, now: Timestamp) -> Timestamp {
        self.latest = self.latest.max(now);
        self.run_due(self.latest);
        self.latest
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("partner_id", self.signer.partner_id())
            .field("requests", &self.requests.len())
            .field("jobs", &self.jobs.len())
            .finish_non_exhaustive()
    }
}

/// Whether a request there can change what outlives a restart. How many polls were told to wait is not counted.
fn may_change(path: &str) -> bool {
    use Endpoint::{JobStatus, ProductsConfig, Services, ValidDocuments, WebToken};
    match route(path) {
        Route::Api(endpoint) => {
            !matches!(endpoint, JobStatus | ProductsConfig | Services | ValidDocuments | WebToken)
        }
        Route::Upload { .. } | Route::SmileLink { .. } => true,
        Route::Image { .. } | Route::Unknown => false,
    }
}

fn not_allowed() -> Response<Bytes> {
    gateway(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}

/// The beginning of every address here, as the client knows it: `http://127.0.0.1:8080`.
pub(crate) fn origin(request: &Request<Bytes>) -> String {
    let scheme = request.extensions().get::<Scheme>().unwrap_or(&Scheme::HTTP);
    format!("{scheme}://{}", host(request))
}

/// The host, and port, under which the client knows the service.
pub(crate) fn host(request: &Request<Bytes>) -> String {
    let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let header = header.and_then(|host| host.parse::<Authority>().ok());
    let authority = header.or_else(|| request.uri().authority().cloned());
    match authority.filter(|authority| !authority.as_str().contains('@')) {
        Some(authority) => authority.as_str().to_ascii_lowercase(),
        None => "localhost".to_owned(),
    }
}
