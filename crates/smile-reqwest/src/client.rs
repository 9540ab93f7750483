//! Async client: a loop around core's machines.

use std::fmt;
use std::future::{Future, Ready, ready};
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
use tokio::sync::Semaphore;

use crate::tls;
use crate::transport::Transport;

/// An async client for one partner. Cheap to clone; its futures are `Send` and `'static`, but for
/// those of [`run`](Self::run) and [`run_with`](Self::run_with), which borrow the client and the
/// machine.
///
/// Needs a tokio runtime with time and IO enabled.
#[derive(Clone)]
pub struct Client {
    partner: Partner,
    transport: Transport,
    settings: FlowSettings,
    clock: Option<Arc<dyn Fn() -> Timestamp + Send + Sync>>,
    tokens: TokenCache,
    reads: Arc<Semaphore>,
}

/// Most files that are read at once. Of a thousand jobs that begin together each would have one in
/// memory otherwise, beside the zips that they go into, and the runtime would start hundreds of
/// threads to read them.
const READS_AT_ONCE: usize = 8;

impl Client {
    /// Client with an HTTP client of its own: no redirects, ten seconds to connect, and the
    /// timeouts of [`FlowSettings`] for everything else. It trusts the platform's certificates, and
    /// Mozilla's if the platform has none.
    ///
    /// # Errors
    /// If TLS can't be set up on this machine.
    pub fn new(partner: Partner) -> reqwest::Result<Self> {
        let builder = Self::http_client_builder();
        // What goes to this machine over plain http must not take a detour over a proxy.
        let is_local = partner.environment().is_loopback();
        Self::with_http_client_builder(partner, if is_local { builder.no_proxy() } else { builder })
    }

    /// Settings of the HTTP client that [`Client::new`] makes, to be changed and given to
    /// [`Client::with_http_client_builder`]: the platform's certificates, or Mozilla's if the
    /// platform has none.
    pub fn http_client_builder() -> reqwest::ClientBuilder {
        tls::trust(reqwest::Client::builder())
    }

    /// A client over an HTTP client with settings of the user's own: proxies, certificates,
    /// connection pools. Begin with [`Client::http_client_builder`].
    ///
    /// Redirects and the logging of whole requests are turned off, and connecting gets ten seconds.
    /// The timeouts of [`FlowSettings`] apply to each request, whatever the builder says.
    ///
    /// # Errors
    /// If the HTTP client can't be built.
    pub fn with_http_client_builder(
        partner: Partner,
        builder: reqwest::ClientBuilder,
    ) -> reqwest::Result<Self> {
        let http = builder
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            // It would log all that is sent, images included.
            .connection_verbose(false)
            .build()?;
        Ok(Self::with_http_client(partner, http))
    }

    /// A client over an HTTP client that exists already.
    ///
    /// **It must have been built with [`reqwest::redirect::Policy::none`]**, which can't be checked
    /// beforehand: one that follows redirects sends signed requests, and images, to wherever the
    /// redirect leads. An answer that came over a redirect is not believed, and nothing more is
    /// sent. Prefer [`Client::with_http_client_builder`], which sees to it.
    pub fn with_http_client(partner: Partner, http: reqwest::Client) -> Self {
        Self {
            partner,
            transport: Transport::new(http),
            settings: FlowSettings::default(),
            clock: None,
            tokens: TokenCache::new(),
            reads: Arc::new(Semaphore::new(READS_AT_ONCE)),
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
    /// all of them, for a progress bar. It is called again and again until both are the same, and
    /// from the beginning if a request is sent again; it must not block. Requests without a body
    /// are not reported.
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
    /// Dropping the future stops the client, not the service. To go on after that, keep the
    /// [`JobFlow`] or its checkpoints: see [`Client::begin`] and [`Client::submit_with`].
    ///
    /// # Errors
    /// [`JobError`] says what stopped the job and how far it came.
    pub fn submit(
        &self,
        job: Job,
    ) -> impl Future<Output = Result<JobOutcome, JobError>> + Send + 'static + use<> {
        self.submit_with(job, ignore)
    }

    /// Submits as [`Client::submit`], with an observer that gets each event, and is waited for.
    ///
    /// An [`Event::Checkpoint`] comes before each request that changes something at the service,
    /// and an [`Event::Sending`] before each request. While the observer's future runs, nothing is
    /// sent: store the checkpoint in it, or renew a lease, and the job can be
    /// [resumed](Client::resume) after a crash. If it ends with an error, nothing more is sent.
    ///
    /// ```
    /// # use smile_core::{Image, Job, JobId, PartnerParams, UserId};
    /// use smile_core::{Checkpoint, Event};
    ///
    /// # #[derive(Clone)] struct Rows;
    /// # impl Rows { async fn store(&self, _: &Checkpoint) -> std::io::Result<()> { Ok(()) } }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = smile_sandbox::Sandbox::start()?;
    /// # let client = smile_reqwest::Client::new(sandbox.partner())?;
    /// # let rows = Rows;
    /// # let ids = PartnerParams::new(UserId::new("customer-17"), JobId::new("enrol-17"));
    /// # let selfie = Image::bytes(smile_sandbox::SampleImage::selfie().jpeg());
    /// # let job = Job::smartselfie_registration(ids, selfie).with_return_job_status(true);
    /// let observer = move |event| {
    ///     let rows = rows.clone();
    ///     async move {
    ///         if let Event::Checkpoint(checkpoint) = event {
    ///             rows.store(&checkpoint).await?; // If this fails, the request isn't sent.
    ///         }
    ///         Ok(())
    ///     }
    /// };
    /// let outcome = client.submit_with(job, observer).await?;
    /// # assert!(outcome.verdict().unwrap().is_approved());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Client::submit`]; and [`JobErrorKind::Observer`](smile_core::JobErrorKind::Observer),
    /// with the observer's error as its source.
    pub fn submit_with<F, R>(
        &self,
        job: Job,
        on_event: F,
    ) -> impl Future<Output = Result<JobOutcome, JobError>> + Send + 'static + use<F, R>
    where
        F: FnMut(Event) -> R + Send + 'static,
        R: Future<Output = ObserverResult> + Send + 'static,
    {
        let flow = self.begin(job);
        let client = self.clone();
        async move { client.run_with(&mut flow?, on_event).await }
    }

    /// Waits for the result of a job that the service has already, whoever submitted it.
    ///
    /// # Errors
    /// As [`Client::submit`].
    pub fn wait_for(
        &self,
        key: JobKey,
    ) -> impl Future<Output = Result<JobOutcome, JobError>> + Send + 'static + use<> {
        let mut flow = JobFlow::wait_for(self.partner.clone(), key, self.settings.clone(), self.seed())
            .with_tokens(self.tokens.clone());
        let client = self.clone();
        async move { client.run(&mut flow).await }
    }

    /// Runs a single operation: any of [`smile_core::operation`].
    ///
    /// # Errors
    /// [`CallError`], after the retries that the operation allows.
    pub fn call<O>(
        &self,
        operation: O,
    ) -> impl Future<Output = Result<O::Output, CallError>> + Send + 'static + use<O>
    where
        O: Operation + Send + 'static,
        O::Output: Clone + Send + 'static,
    {
        self.call_with(operation, ignore)
    }

    /// Calls as [`Client::call`], with an observer that gets each event, and is waited for, as in
    /// [`Client::submit_with`].
    ///
    /// What could bill twice has an [`Event::Checkpoint`] before it goes out, for
    /// [`Client::resume_call`].
    ///
    /// # Errors
    /// As [`Client::call`]; and [`CallErrorKind::Observer`](smile_core::CallErrorKind::Observer),
    /// with the observer's error as its source.
    pub fn call_with<O, F, R>(
        &self,
        operation: O,
        on_event: F,
    ) -> impl Future<Output = Result<O::Output, CallError>> + Send + 'static + use<O, F, R>
    where
        O: Operation + Send + 'static,
        O::Output: Clone + Send + 'static,
        F: FnMut(Event) -> R + Send + 'static,
        R: Future<Output = ObserverResult> + Send + 'static,
    {
        let mut call = self.begin_call(operation);
        let client = self.clone();
        async move { client.run_with(&mut call, on_event).await }
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
    pub fn confirm<S: Into<Submission>>(
        &self,
        submission: S,
        callback: &Callback,
    ) -> impl Future<Output = Result<Confirmation, ConfirmError>> + Send + 'static + use<S> {
        let mut confirm =
            Confirm::new(self.partner.clone(), submission, callback, self.settings.clone(), self.seed());
        let client = self.clone();
        async move { client.run(&mut confirm).await }
    }

    /// Time by this client's clock, such as a [`Verifier`](smile_core::Verifier) asks for.
    pub fn now(&self) -> Timestamp {
        self.clock()()
    }

    /// Machine that runs this job, to be driven with [`Client::run`].
    ///
    /// It stays with the caller, so that a future that is dropped half-way loses nothing: run it
    /// again, and it goes on.
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
    pub async fn run<F: Flow>(&self, flow: &mut F) -> F::Outcome {
        self.run_with(flow, ignore).await
    }

    /// Runs as [`Client::run`], with an observer that gets each event, and is waited for, as in
    /// [`Client::submit_with`].
    pub async fn run_with<F, R>(&self, flow: &mut F, mut on_event: impl FnMut(Event) -> R) -> F::Outcome
    where
        F: Flow,
        R: Future<Output = ObserverResult>,
    {
        let now = self.clock();
        loop {
            let mut next = flow.next(now());
            while let Some(event) = flow.take_event() {
                if let Err(reason) = on_event(event).await {
                    flow.refuse(now(), ObserverError::new(reason));
                    // They are about a request that isn't sent.
                    while flow.take_event().is_some() {}
                    next = flow.next(now());
                }
            }
            match next {
                Next::Read(path) => {
                    // Kept until the flow has taken the file. It is never closed.
                    let _turn = self.reads.acquire().await;
                    let file = tokio::task::spawn_blocking(move || read_file(&path)).await;
                    flow.file_read(now(), file.unwrap_or_else(|error| Err(error.into())));
                }
                Next::Send { request, timeout } => {
                    let answer = self.transport.send(request, timeout).await;
                    flow.receive(now(), answer);
                }
                Next::Wait { until } => tokio::time::sleep(until.since(now())).await,
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

/// Observer that ignores all events.
fn ignore(_: Event) -> Ready<ObserverResult> {
    ready(Ok(()))
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

    fn is_send_and_static<T: Send + 'static>(_: T) {}

    #[test]
    fn futures_are_send_and_static_and_clients_are_cheap_to_clone() {
        fn is_clone_send_sync<T: Clone + Send + Sync + 'static>() {}
        is_clone_send_sync::<Client>();
        // Never run: the types are the test.
        let _ = |client: &Client, job: Job, key: JobKey, request: smile_core::JobStatusRequest| {
            is_send_and_static(client.submit(job.clone()));
            is_send_and_static(client.submit_with(job, |_| async { Ok(()) }));
            is_send_and_static(client.wait_for(key));
            is_send_and_static(client.call(request.clone()));
            is_send_and_static(client.call_with(request, |_| async { Ok(()) }));
        };
        let _ = |client: &Client, key: JobKey, submission: Submission, callback: &Callback| {
            is_send_and_static(client.confirm(key, callback));
            is_send_and_static(client.confirm(submission, callback));
        };
    }

    #[test]
    fn the_futures_that_borrow_a_machine_are_send() {
        fn is_send<T: Send>(_: T) {}
        // Never run: the types are the test.
        let _ = |client: &Client, flow: &mut JobFlow| {
            is_send(client.run(flow));
            is_send(client.run_with(flow, |_| async { Ok(()) }));
        };
    }

    #[tokio::test]
    async fn progress_goes_up_to_the_size_of_the_zip_which_arrives_whole() {
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
        client.submit(job.with_callback_url("http://127.0.0.1:9/")).await.unwrap();

        let told = told.lock().unwrap();
        let of_zip: Vec<u64> =
            told.iter().filter(|(_, total)| *total > 1_000_000).map(|(sent, _)| *sent).collect();
        assert!(of_zip.len() > 1 && of_zip.is_sorted(), "{of_zip:?}");
        assert_eq!(of_zip.last(), told.last().map(|(_, total)| total));
        assert_eq!(sandbox.job("j").unwrap().processed, 1);
    }

    #[tokio::test]
    async fn nothing_is_sent_before_the_observer_is_done() {
        use smile_core::{IdInfo, JobId, PartnerParams, UserId, v1::EnhancedKycRequest};

        let sandbox = Arc::new(smile_sandbox::Sandbox::start().unwrap());
        let client = Client::new(sandbox.partner()).unwrap();
        let ids = PartnerParams::new(UserId::new("u"), JobId::new("j"));
        let check = EnhancedKycRequest::new(ids, IdInfo::new("NG", "BVN", "00000000000"));
        let observed = Arc::clone(&sandbox);
        let observer = move |event| {
            let sandbox = Arc::clone(&observed);
            async move {
                if let Event::Sending { .. } = event {
                    for _ in 0..10 {
                        tokio::task::yield_now().await;
                    }
                    if !sandbox.requests().is_empty() {
                        return Err("it went out before".into());
                    }
                }
                Ok(())
            }
        };
        client.call_with(check, observer).await.unwrap();
        assert_eq!(sandbox.requests().len(), 1);
    }
}
