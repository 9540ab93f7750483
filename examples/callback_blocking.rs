//! Callbacks in a blocking server, without a runtime: the same as `callback_axum`, with the steps
//! that `smile-axum` takes there written out.
//!
//! `cargo run --example callback_blocking`. It always runs against a sandbox of its own, as it
//! plays the reviewer too.
#![allow(clippy::print_stdout)] // It talks to a person.

use std::collections::HashMap;
use std::io::{ErrorKind, Read as _};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};
use oxhttp::Server;
use oxhttp::model::{Body, Request, Response};
use smile_examples::{Failure, asset, narrator, report, verdict_exit};
use smile_sandbox::{Review, Sandbox};
use smile_ureq::Client;
use smile_ureq::core::{
    Callback, Change, IdInfo, Image, InMemoryReplayStore, Job, JobHistory, JobId, JobKey, JobState, JobType,
    Nonce, PartnerParams, Refusal, ReplayStore as _, Trust, UserId, Verifier,
};

/// The server's record of a job. A real server keeps it as a row of a table; see the docs of
/// `JobHistory`.
struct Row {
    key: JobKey,
    nonce: Nonce,
    history: JobHistory,
}

struct App {
    verifier: Verifier,
    store: InMemoryReplayStore,
    client: Client,
    jobs: Arc<Mutex<HashMap<String, Row>>>,
    to_confirm: Sender<(JobKey, Callback)>,
}

impl App {
    fn answer(&self, request: &mut Request<Body>) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = match (request.uri().path(), request.method()) {
            ("/callback", &Method::POST) => self.receive(request).unwrap_or_else(|refusal| {
                // The reason is for the log: a forger learns no more than the status.
                println!("  refused    {refusal}");
                refusal.status()
            }),
            ("/callback", _) => StatusCode::METHOD_NOT_ALLOWED,
            _ => StatusCode::NOT_FOUND,
        };
        response
    }

    /// Believes it or doesn't, writes it down, and leaves what takes time to others.
    fn receive(&self, request: &mut Request<Body>) -> Result<StatusCode, Refusal> {
        // One byte more than allowed is enough to see that it is too large.
        let (mut body, limit) = (Vec::new(), self.verifier.max_bytes() as u64 + 1);
        if request.body_mut().take(limit).read_to_end(&mut body).is_err() {
            return Ok(StatusCode::BAD_REQUEST);
        }
        let now = self.client.now();
        let callback = self.verifier.verify(now, request.headers(), body.into())?;
        let Ok(seen) = self.store.record(now, &callback.digest()) else {
            return Ok(StatusCode::SERVICE_UNAVAILABLE);
        };
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(row) = callback.job_id().and_then(|job_id| jobs.get_mut(&job_id)) else {
            // Perhaps the job isn't stored yet: the service comes again.
            return Ok(StatusCode::SERVICE_UNAVAILABLE);
        };
        if let Err(error) = callback.check_nonce(&row.nonce) {
            println!("  forged?    {error}");
            return Ok(Change::NotBelieved.status());
        }
        // A redelivery goes on: it may be that the first delivery was recorded, and no more.
        let change = row.history.apply_callback(now, &callback, Some(seen));
        println!("  callback   {}", callback.verdict_for(row.key.job_type));
        println!("             the job's history: {change:?}, now {:?}", row.history.state());
        // A reused signature may be that of two results of one millisecond, and the service may not
        // come again.
        if change == Change::NotBelieved || row.history.needs_confirming() {
            let _ = self.to_confirm.send((row.key.clone(), callback));
        }
        Ok(change.status())
    }
}

fn main() -> ExitCode {
    report(run())
}

/// Starts the server on a free port: another program may be quicker to take the port, so a few are
/// tried.
fn serve(app: &Arc<App>) -> std::io::Result<SocketAddr> {
    let mut tries = 1;
    loop {
        let app = Arc::clone(app);
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let server = Server::new(move |request| app.answer(request))
            .bind(address)
            .with_global_timeout(Duration::from_secs(20))
            .with_max_concurrent_connections(64);
        match server.spawn() {
            Err(error) if error.kind() == ErrorKind::AddrInUse && tries < 20 => tries += 1,
            started => return started.map(|_| address),
        }
    }
}

fn run() -> Result<ExitCode, Failure> {
    println!(
        "Callbacks in a blocking server, against a sandbox in this process: nothing leaves this machine\n"
    );
    let sandbox = Sandbox::builder().with_automatic_review(None).start()?;

    // The server.
    let (to_confirm, queue) = channel();
    let app = App {
        verifier: sandbox.partner().verifier(),
        store: InMemoryReplayStore::default(),
        client: Client::new(sandbox.partner())?,
        jobs: Arc::default(),
        to_confirm,
    };
    let jobs = Arc::clone(&app.jobs);
    let address = serve(&Arc::new(app))?;
    let partner = sandbox.partner().with_callback_url(format!("http://{address}/callback"));
    let client = Client::new(partner.clone())?;

    // The job is stored before it is submitted: its callback may be quicker than the answer.
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    let nonce = Nonce::from_random(random);
    let (user_id, job_id) = (UserId::new("customer-17"), JobId::new("kyc-17"));
    let key = JobKey { user_id: user_id.clone(), job_id: job_id.clone(), job_type: JobType::BIOMETRIC_KYC };
    let row = Row { history: JobHistory::new(partner.account(), key.clone()), key, nonce: nonce.clone() };
    jobs.lock().unwrap_or_else(PoisonError::into_inner).insert(job_id.as_str().to_owned(), row);

    // `sandbox_result` 2 leaves the job to a reviewer. Only a sandbox knows it.
    let params =
        PartnerParams::new(user_id, job_id.clone()).with_nonce(&nonce).with_param("sandbox_result", "2");
    let id_info = IdInfo::new("NG", "BVN", "00000000000").with_first_name("Joe").with_last_name("Leo");
    let job = Job::biometric_kyc(params, Image::path(asset("selfie.jpg")), id_info)
        .with_liveness((1..=8).map(|number| Image::path(asset(&format!("liveness_{number}.jpg")))));
    let submission = client.submit_with(job, narrator())?.submission().clone();

    // A worker, after the callbacks were answered: a signature doesn't cover its body, so ask the
    // service itself.
    loop {
        let (_, callback) = queue.recv_timeout(Duration::from_secs(30))?;
        let answer = client.confirm(submission.clone(), &callback);
        let (standing, is_let_in, verdict) = {
            let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
            let history = &mut jobs.get_mut(job_id.as_str()).ok_or("the job is gone")?.history;
            let (change, verdict) = match answer {
                Ok(confirmed) => {
                    (history.apply_confirmed(client.now(), &confirmed), Some(confirmed.verdict().clone()))
                }
                Err(error) => {
                    println!("  not so     {error}");
                    // What the service says in its place counts. If it says nothing, ask again
                    // later.
                    let Some(status) = error.status() else { continue };
                    (history.apply_status(client.now(), status), status.verdict())
                }
            };
            let Some(verdict) = verdict else { continue };
            println!("  confirmed  by the job's status: {verdict}");
            println!("             the job's history: {change:?}, now {:?}", history.state());
            (history.state(), history.may_be_let_in(Trust::Confirmed), verdict)
        };
        if standing == JobState::Final {
            println!("  let in     {}", if is_let_in { "yes" } else { "no" });
            return Ok(verdict_exit(&verdict));
        }
        println!("  review     somebody at Smile ID looks at it, and approves");
        sandbox.review(job_id.as_str(), Review::Approve)?;
    }
}
