//! Blocking client: a loop around core's machines.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use smile_core::operation::Operation;
use smile_core::v3::TokenCache;
use smile_core::{
    Call, CallError, Callback, Checkpoint, Confirm, ConfirmError, Confirmation, Event, Flow, FlowSettings,
    Job, JobError, JobFlow, JobKey, JobOutcome, Next, ObserverError, ObserverResult, Partner, Submission,
    Timestamp,
};

use crate::tls;
use crate::transport::Transport;

/// A blocking client for one partner. Cheap to clone, and shared between threads as it is.
#[derive(Clone)]
pub struct Client {
    partner: Partner,
    transport: Transport,
    settings: FlowSettings,
    clock: Option<Arc<dyn Fn() -> Timestamp + Send + Sync>>,
    tokens: TokenCache,
}

impl Client {
    /// Client with an HTTP client of its own: no redirects, ten seconds to connect, and the
    /// timeouts of [`FlowSettings`] for everything else. It trusts the platform's certificates, and
    /// Mozilla's if the platform has none.
    ///
    /// With `rustls-no-provider` and not `rustls`, the program has to install a crypto provider
    /// before the first request: ureq panics without one.
    ///
    /// # Errors
    /// If the environment is one of `https`, and this crate was built without a feature for TLS.
    pub fn new(partner: Partner) -> Result<Self, ureq::Error> {
        if !tls::IS_THERE && partner.environment().base_url().starts_with("https:") {
            return Err(ureq::Error::TlsRequired);
        }
        let builder = Self::http_client_builder();
        // What goes to this machine over plain http must not take a detour over a proxy.
        let is_local = partner.environment().is_loopback();
        let builder = if is_local { builder.proxy(None) } else { builder };
        let mut client = Self::with_http_client_builder(partner, builder)?;
        // The service may name an address of https for the upload.
        client.transport.has_tls = tls::IS_THERE;
        Ok(client)
    }

    /// Settings of the HTTP client that [`Client::new`] makes, to be changed and given to
    /// [`Client::with_http_client_builder`]: the platform's certificates, or Mozilla's if the
    /// platform has none.
    pub fn http_client_builder() -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
        tls::trust(ureq::Agent::config_builder())
    }

    /// A client over an HTTP client with settings of the user's own: proxies, certificates,
    /// connection pools. Begin with [`Client::http_client_builder`]: ureq's own default trusts
    /// Mozilla's certificates alone.
    ///
    /// Redirects are never followed, and connecting gets ten seconds. The timeouts of
    /// [`FlowSettings`] apply to each request, whatever the builder says. Its TLS has to be
    /// compiled in: ureq panics if it isn't.
    ///
    /// # Errors
    /// None so far: the result is that of `smile-reqwest`'s client, and of HTTP clients to come.
    pub fn with_http_client_builder(
        partner: Partner,
        builder: ureq::config::ConfigBuilder<ureq::typestate::AgentScope>,
    ) -> Result<Self, ureq::Error> {
        let config = builder.timeout_connect(Some(Duration::from_secs(10))).build();
        Ok(Self::with_http_client(partner, ureq::Agent::new_with_config(config)))
    }

    /// A client over an HTTP client that exists already.
    ///
    /// Redirects are never followed, and the timeouts of [`FlowSettings`] apply to each request,
    /// whatever the agent's configuration says. Its TLS has to be compiled in: ureq panics if it
    /// isn't.
    pub fn with_http_client(partner: Partner, agent: ureq::Agent) -> Self {
        Self {
            partner,
            transport: Transport::new(agent),
            settings: FlowSettings::default(),
            clock: None,
            tokens: TokenCache::new(),
        }
    }

    /// Sets schedules, limits and timeouts.
    #[must_use]
    pub fn with_settings(mut self, settings: FlowSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Sets the largest answer that is read, in bytes; 16 MiB by default.
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.transport.max_response_bytes = bytes;
        self
    }

    /// Sets an observer of uploads: the bytes of a request's body that the network has taken, and
    /// all of them, for a progress bar. It is called on the thread that sends, again and again
    /// until both are the same, and from the beginning if a request is sent again. Requests without
    /// a body are not reported.
    #[must_use]
    pub fn with_progress(mut self, on_progress: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        self.transport.on_progress = Some(Arc::new(on_progress));
        self
    }

    /// Sets a clock in place of the system's: for tests, or for machines whose clock is off.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// The schedules, limits and timeouts.
    pub fn settings(&self) -> &FlowSettings {
        &self.settings
    }

    /// The partner.
    pub fn partner(&self) -> &Partner {
        &self.partner
    }

    /// Submits a job, and waits for its result if [`Job::with_return_job_status`] says so.
    ///
    /// # Errors
    /// [`JobError`] says what stopped the job and how far it came.
    pub fn submit(&self, job: Job) -> Result<JobOutcome, JobError> {
        self.submit_with(job, |_| Ok(()))
    }

    /// Submits as [`Client::submit`], with an observer that gets each event.
    ///
    /// An [`Event::Checkpoint`] comes before each request that changes something at the service,
    /// and an [`Event::Sending`] before each request. Nothing is sent before the observer returns:
    /// store the checkpoint in it, or renew a lease, and the job can be [resumed](Client::resume)
    /// after a crash. If it returns an error, nothing more is sent.
    ///
    /// # Errors
    /// As [`Client::submit`]; and [`JobErrorKind::Observer`](smile_core::JobErrorKind::Observer),
    /// with the observer's error as its source.
    pub fn submit_with(
        &self,
        job: Job,
        on_event: impl FnMut(Event) -> ObserverResult,
    ) -> Result<JobOutcome, JobError> {
        self.run_with(&mut self.begin(job)?, on_event)
    }

    /// Waits for the result of a job that the service has already, whoever submitted it.
    ///
    /// # Errors
    /// As [`Client::submit`].
    pub fn wait_for(&self, key: JobKey) -> Result<JobOutcome, JobError> {
        self.run(
            &mut JobFlow::wait_for(self.partner.clone(), key, self.settings.clone(), self.seed())
                .with_tokens(self.tokens.clone()),
        )
    }

    /// Runs a single operation: any of [`smile_core::operation`].
    ///
    /// # Errors
    /// [`CallError`], after the retries that the operation allows.
    pub fn call<O>(&self, operation: O) -> Result<O::Output, CallError>
    where
        O: Operation,
        O::Output: Clone,
    {
        self.call_with(operation, |_| Ok(()))
    }

    /// Calls as [`Client::call`], with an observer that gets each event, as in
    /// [`Client::submit_with`].
    ///
    /// What could bill twice has an [`Event::Checkpoint`] before it goes out, for
    /// [`Client::resume_call`].
    ///
    /// # Errors
    /// As [`Client::call`]; and [`CallErrorKind::Observer`](smile_core::CallErrorKind::Observer),
    /// with the observer's error as its source.
    pub fn call_with<O>(
        &self,
        operation: O,
        on_event: impl FnMut(Event) -> ObserverResult,
    ) -> Result<O::Output, CallError>
    where
        O: Operation,
        O::Output: Clone,
    {
        self.run_with(&mut self.begin_call(operation), on_event)
    }

    /// Asks the service for the status of the job that a callback is about, and compares the two: a
    /// callback's signature doesn't cover its body, and only this says that the result is the
    /// service's own.
    ///
    /// `submission` is what the partner's own records have: the [`Submission`] with its id, so that
    /// no result of another one under the same job id is confirmed, or a [`JobKey`] alone. Nothing
    /// is taken from the callback but that there is something to ask about.
    ///
    /// # Errors
    /// [`ConfirmError`]: it is about another job or submission, the service says something else, or
    /// it can't be asked.
    pub fn confirm(
        &self,
        submission: impl Into<Submission>,
        callback: &Callback,
    ) -> Result<Confirmation, ConfirmError> {
        let mut confirm =
            Confirm::new(self.partner.clone(), submission, callback, self.settings.clone(), self.seed());
        self.run(&mut confirm)
    }

    /// Time by this client's clock, such as a [`Verifier`](smile_core::Verifier) asks for.
    pub fn now(&self) -> Timestamp {
        self.clock()()
    }

    /// Machine that runs this job, to be driven with [`Client::run`].
    ///
    /// It stays with the caller, who may write down where it stands: [`JobFlow::checkpoint`].
    ///
    /// # Errors
    /// All problems that can be found without the job's files.
    pub fn begin(&self, job: Job) -> Result<JobFlow, JobError> {
        let flow = JobFlow::new(self.partner.clone(), job, self.settings.clone(), self.seed())?;
        Ok(flow.with_tokens(self.tokens.clone()))
    }

    /// Machine that goes on with a job from its checkpoint, to be driven with [`Client::run`].
    ///
    /// # Errors
    /// As [`Client::begin`]; and if the checkpoint is of another job, partner, environment or
    /// version.
    pub fn resume(&self, checkpoint: &Checkpoint, job: Job) -> Result<JobFlow, JobError> {
        let flow =
            JobFlow::resume(self.partner.clone(), checkpoint, job, self.settings.clone(), self.seed())?;
        Ok(flow.with_tokens(self.tokens.clone()))
    }

    /// Machine that runs this operation, to be driven with [`Client::run`], as [`Client::begin`]
    /// gives one of a job.
    pub fn begin_call<O: Operation>(&self, operation: O) -> Call<O> {
        let call = Call::new(self.partner.clone(), operation, self.settings.clone(), self.seed());
        call.with_tokens(self.tokens.clone())
    }

    /// Machine that goes on with an operation from its checkpoint, to be driven with
    /// [`Client::run`]. It asks what came of the request, and doesn't send it again: see
    /// [`Call::resume`].
    ///
    /// # Errors
    /// If something is wrong with the input; and if the checkpoint is of another operation, job,
    /// partner, environment or version.
    pub fn resume_call<O: Operation>(
        &self,
        checkpoint: &Checkpoint,
        operation: O,
    ) -> Result<Call<O>, CallError> {
        let call =
            Call::resume(self.partner.clone(), checkpoint, operation, self.settings.clone(), self.seed())?;
        Ok(call.with_tokens(self.tokens.clone()))
    }

    /// Runs a machine to its end.
    pub fn run<F: Flow>(&self, flow: &mut F) -> F::Outcome {
        self.run_with(flow, |_| Ok(()))
    }

    /// Runs as [`Client::run`], with an observer that gets each event, as in
    /// [`Client::submit_with`].
    pub fn run_with<F: Flow>(
        &self,
        flow: &mut F,
        mut on_event: impl FnMut(Event) -> ObserverResult,
    ) -> F::Outcome {
        let now = self.clock();
        loop {
            let mut next = flow.next(now());
            while let Some(event) = flow.take_event() {
                if let Err(reason) = on_event(event) {
                    flow.refuse(now(), ObserverError::new(reason));
                    // They are about a request that isn't sent.
                    while flow.take_event().is_some() {}
                    next = flow.next(now());
                }
            }
            match next {
                Next::Read(path) => {
                    flow.file_read(now(), read_file(&path));
                }
                Next::Send { request, timeout } => {
                    let answer = self.transport.send(request, timeout);
                    flow.receive(now(), answer);
                }
                Next::Wait { until } => std::thread::sleep(until.since(now())),
                Next::Finished(outcome) => return outcome,
            }
        }
    }

    /// Clock for one run. The system's may be set while a job runs, forwards or back, so it is read
    /// once, and what passes after that is measured.
    fn clock(&self) -> impl Fn() -> Timestamp + Send + Sync + use<> {
        let own = self.clock.clone();
        let (begin, since) = (SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default(), Instant::now());
        move || own.as_ref().map_or_else(|| Timestamp::from_unix(begin + since.elapsed()), |clock| clock())
    }

    fn seed(&self) -> u64 {
        // The standard library's one source of randomness: the keys of its hash maps.
        self.settings.seed().unwrap_or_else(|| RandomState::new().hash_one(0))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("partner", &self.partner)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Reads an image file, if it isn't too large.
fn read_file(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    smile_core::read_image_of_size(file.metadata()?.len(), file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_goes_up_to_the_size_of_the_zip_which_arrives_whole() {
        use smile_core::{Image, JobId, PartnerParams, UserId};
        use std::sync::Mutex;

        let sandbox = smile_sandbox::Sandbox::start().unwrap();
        let told: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
        let telling = Arc::clone(&told);
        let client = Client::new(sandbox.partner())
            .unwrap()
            .with_progress(move |sent, total| telling.lock().unwrap().push((sent, total)));
        let picture = smile_sandbox::SampleImage::selfie().with_bytes(1_000_000).jpeg();
        let ids = PartnerParams::new(UserId::new("u"), JobId::new("j"));
        let job = Job::smartselfie_registration(ids, Image::bytes(picture));
        client.submit(job.with_callback_url("http://127.0.0.1:9/")).unwrap();

        let told = told.lock().unwrap();
        let of_zip: Vec<u64> =
            told.iter().filter(|(_, total)| *total > 1_000_000).map(|(sent, _)| *sent).collect();
        assert!(of_zip.len() > 1 && of_zip.is_sorted(), "{of_zip:?}");
        assert_eq!(of_zip.last(), told.last().map(|(_, total)| total));
        assert_eq!(sandbox.job("j").unwrap().processed, 1);
    }

    #[test]
    fn clients_are_cheap_to_clone_and_shared_between_threads() {
        fn is_clone_send_sync<T: Clone + Send + Sync + 'static>() {}
        is_clone_send_sync::<Client>();
    }
}
