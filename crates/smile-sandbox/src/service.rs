//! The heart: all of the service's state, and no clock, socket, thread or randomness.

use std::fmt;

use bytes::Bytes;
use http::header::HOST;
use http::uri::Authority;
use http::{Method, Request, Response, StatusCode};
use smile_core::{Signer, Timestamp};

use crate::builder::Settings;
use crate::callbacks::{Callback, CallbackAttempt, CallbackId, CallbackOutcome, Callbacks};
use crate::consent::Consents;
use crate::faults::{ConnectionLost, Endpoint, Fault, Faults};
use crate::jobs::Jobs;
use crate::outcome::{Review, ReviewError};
use crate::records::{JobRecord, RecordedRequest};
use crate::response::{Refusal, gateway};
use crate::routing::{Route, route};
use crate::rules::Rules;
use crate::secret::Secret;
use crate::smile_links::SmileLinks;
use crate::users::{UserState, Users};

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
    pub(crate) results_made: u64,
    pub(crate) smile_links: SmileLinks,
    pub(crate) consents: Consents,
    faults: Faults,
    requests: Vec<RecordedRequest>,
    pub(crate) latest: Timestamp,
    /// Counts what has happened of what outlives a restart.
    pub(crate) changes: u64,
}

impl Service {
    pub(crate) fn new(settings: Settings, signer: Signer, secret: Secret) -> Self {
        Self {
            settings,
            signer,
            secret,
            jobs: Jobs::default(),
            users: Users::default(),
            callbacks: Callbacks::default(),
            rules: Rules::default(),
            results_made: 0,
            smile_links: SmileLinks::default(),
            consents: Consents::default(),
            faults: Faults::default(),
            requests: Vec::new(),
            latest: Timestamp::default(),
            changes: 0,
        }
    }

    /// Answers a request. Never panics, whatever is in it.
    ///
    /// Addresses in the answer begin with what the `Host` header says. An answer with [`ConnectionLost`] in its
    /// extensions must not be sent; there is none without [`fail_next`](Self::fail_next).
    pub fn handle(&mut self, now: Timestamp, request: Request<Bytes>) -> Response<Bytes> {
        let now = self.advance(now);
        let fault = route(request.uri().path()).endpoint().and_then(|endpoint| self.faults.take(endpoint));
        let mut response = match fault {
            None | Some(Fault::LoseAnswer) => self.answer(now, &request),
            Some(Fault::Answer(status)) => gateway(status, status.canonical_reason().unwrap_or_default()),
            Some(Fault::LoseRequest) => gateway(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        };
        if matches!(fault, Some(Fault::LoseRequest | Fault::LoseAnswer)) {
            response.extensions_mut().insert(ConnectionLost);
        }
        self.changes += u64::from(may_change(request.uri().path()));
        self.requests.push(RecordedRequest::new(now, request, response.status(), fault));
        response
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
        self.callbacks.take_due(now)
    }

    /// Says how posting a callback went. What was not delivered becomes due again, on the schedule.
    pub fn callback_answered(&mut self, id: CallbackId, now: Timestamp, outcome: CallbackOutcome) {
        let now = self.advance(now);
        self.changes += 1;
        self.callbacks.answered(now, id, outcome, &self.settings.callback_retries);
    }

    /// Decides about a job that is under review, in place of the automatic review.
    ///
    /// # Errors
    /// If there is no such job, if it is not under review, or if its type has no code for this.
    pub fn review(&mut self, now: Timestamp, job_id: &str, review: Review) -> Result<(), ReviewError> {
        let now = self.advance(now);
        self.review_by_hand(now, job_id, review)
    }

    /// Lets the next request of this endpoint go wrong, whichever of an endpoint's methods it has. Several faults of a endpoint happen one after the other.
    pub fn fail_next(&mut self, endpoint: Endpoint, fault: Fault) {
        self.faults.add(endpoint, fault);
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

    /// All requests so far, oldest first.
    pub fn requests(&self) -> &[RecordedRequest] {
        &self.requests
    }

    /// The job with this id of the partner's.
    pub fn job(&self, job_id: &str) -> Option<JobRecord> {
        self.jobs.position(job_id).map(|position| self.jobs.at(position).record())
    }

    /// All jobs, checks among them, in the order in which they were first announced.
    pub fn jobs(&self) -> Vec<JobRecord> {
        self.jobs.iter().map(crate::jobs::Job::record).collect()
    }

    /// All attempts to deliver a callback so far, oldest first.
    pub fn callbacks(&self) -> &[CallbackAttempt] {
        self.callbacks.attempts()
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
    fn advance(&mut self, now: Timestamp) -> Timestamp {
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
