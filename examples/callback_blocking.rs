//! Callbacks in a blocking server, without a runtime: the same as `callback_axum`, with the steps that `smile-axum` takes
//! there written out.
//!
//! `cargo run --example callback_blocking`. It always runs against a sandbox of its own, as it plays the reviewer too.
#![allow(clippy::print_stdout)] // It talks to a person.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use astra::{Body, Request, Response, Server};
use bytes::Bytes;
use http::{Method, StatusCode};
use smile_examples::{Failure, asset, narrator, report, verdict_exit};
use smile_sandbox::{Review, Sandbox};
use smile_ureq::Client;
use smile_ureq::core::{
    Callback, Change, IdInfo, Image, InMemoryReplayStore, Job, JobId, JobKey, JobLife, JobType, Nonce,
    PartnerParams, Refusal, ReplayStore as _, Standing, Trust, UserId, Verifier,
};

/// What the server keeps of a job. In earnest this is a row of a table; see the docs of `JobLife`.
struct Row {
    key: JobKey,
    nonce: Nonce,
    life: JobLife,
}

struct App {
    verifier: Verifier,
    store: InMemoryReplayStore,
    client: Client,
    jobs: Arc<Mutex<HashMap<String, Row>>>,
    to_confirm: Sender<(JobKey, Callback)>,
}

impl App {
    fn answer(&self, request: Request) -> StatusCode {
        if request.uri().path() != "/callback" {
            return StatusCode::NOT_FOUND;
        }
        if request.method() != Method::POST {
            return StatusCode::METHOD_NOT_ALLOWED;
        }
        self.receive(request).unwrap_or_else(|refusal| {
            // The reason is for the log: a forger learns no more than the status.
            println!("  refused    {refusal}");
            refusal.status()
        })
    }

    /// Believes it or doesn't, writes it down, and leaves what takes time to others.
    fn receive(&self, request: Request) -> Result<StatusCode, Refusal> {
        let (parts, body) = request.into_parts();
        let Some(body) = self.read(body)? else { return Ok(StatusCode::BAD_REQUEST) };
        let now = self.client.now();
        let callback = self.verifier.verify(now, &parts.headers, body)?;
        let Ok(seen) = self.store.record(now, &callback.sighting()) else {
            return Ok(StatusCode::SERVICE_UNAVAILABLE);
        };
        // A redelivery goes on: it may be that the first delivery was recorded, and no more.
        let seen = seen.accept()?;

        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(row) = callback.job_id().and_then(|job_id| jobs.get_mut(&job_id)) else {
            // Perhaps the job isn't stored yet: the service comes again.
            return Ok(StatusCode::SERVICE_UNAVAILABLE);
        };
        if let Err(error) = callback.check_nonce(&row.nonce) {
            println!("  forged?    {error}");
            return Ok(Change::NotBelieved.status());
        }
        let change = row.life.apply_callback(now, &callback, Some(seen));
        println!("  callback   {}", callback.verdict_for(row.key.job_type));
        println!("             the job's life: {change:?}, now {:?}", row.life.standing());
        if change == Change::Advanced {
            let _ = self.to_confirm.send((row.key.clone(), callback));
        }
        Ok(change.status())
    }

    /// The raw body; not a byte is read beyond the chunk that makes it too large. `None` if the connection breaks.
    fn read(&self, body: Body) -> Result<Option<Bytes>, Refusal> {
        let mut whole = Vec::new();
        for chunk in body {
            let Ok(chunk) = chunk else { return Ok(None) };
            self.verifier.check_size(whole.len() + chunk.len())?;
            whole.extend_from_slice(&chunk);
        }
        Ok(Some(whole.into()))
    }
}

fn main() -> ExitCode {
    report(run())
}

fn run() -> Result<ExitCode, Failure> {
    println!(
        "Callbacks in a blocking server, against a sandbox in this process: nothing leaves this machine\n"
    );
    let sandbox = Sandbox::builder().automatic_review(None).start()?;
    let server = Server::bind("127.0.0.1:0");
    let partner =
        sandbox.partner().with_callback_url(&format!("http://{}/callback", server.local_addr()?))?;
    let client = Client::new(partner.clone());

    // The server.
    let (to_confirm, queue) = channel();
    let app = App {
        verifier: partner.verifier(),
        store: InMemoryReplayStore::default(),
        client: client.clone(),
        jobs: Arc::default(),
        to_confirm,
    };
    let jobs = Arc::clone(&app.jobs);
    std::thread::spawn(move || {
        server.serve(move |request, _| {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = app.answer(request);
            response
        })
    });

    // The job is stored before it is submitted: its callback may be quicker than the answer.
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    let nonce = Nonce::from_random(random);
    let (user_id, job_id) = (UserId::new("customer-17"), JobId::new("kyc-17"));
    let key = JobKey { user_id: user_id.clone(), job_id: job_id.clone(), job_type: JobType::BIOMETRIC_KYC };
    let row = Row { life: JobLife::new(key.clone()), key, nonce: nonce.clone() };
    jobs.lock().unwrap_or_else(PoisonError::into_inner).insert(job_id.as_str().to_owned(), row);

    // `sandbox_result` 2 leaves the job to a reviewer. Only a sandbox knows it.
    let params = PartnerParams::new(user_id, job_id.clone()).with_nonce(&nonce).with("sandbox_result", "2");
    let id_info = IdInfo::new("NG", "BVN", "00000000000").with_first_name("Joe").with_last_name("Leo");
    let job = Job::biometric_kyc(params, Image::path(asset("selfie.jpg")), id_info)
        .with_liveness((1..=8).map(|number| Image::path(asset(&format!("liveness_{number}.jpg")))));
    client.submit_with(job, narrator())?;

    // A worker, after the callbacks were answered: a signature doesn't cover its body, so ask the service itself.
    loop {
        let (key, callback) = queue.recv_timeout(Duration::from_secs(30))?;
        let confirmed = client.confirm(key, &callback)?;
        println!("  confirmed  by the job's status: {}", confirmed.verdict());
        let (standing, is_approved) = {
            let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
            let life = &mut jobs.get_mut(job_id.as_str()).ok_or("the job is gone")?.life;
            let change = life.apply_confirmed(client.now(), &confirmed);
            println!("             the job's life: {change:?}, now {:?}", life.standing());
            (life.standing(), life.is_approved(Trust::Confirmed))
        };
        if standing == Standing::Final {
            println!("  let in     {}", if is_approved { "yes" } else { "no" });
            return Ok(verdict_exit(confirmed.verdict()));
        }
        println!("  review     somebody at Smile ID looks at it, and approves");
        sandbox.review(job_id.as_str(), Review::Approve)?;
    }
}
