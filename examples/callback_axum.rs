//! Callbacks in an axum server: the machine's provisional result, the reviewer's final one, and
//! what the service itself says of each when it is asked.
//!
//! `cargo run --example callback_axum`. It always runs against a sandbox of its own, as it plays
//! the reviewer too.
#![allow(clippy::print_stdout)] // It talks to a person.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::routing::post;
use smile_axum::{CallbackReceiver, ReceivedCallback, Rejection};
use smile_examples::{Failure, asset, async_narrator, report, verdict_exit};
use smile_reqwest::Client;
use smile_reqwest::core::{
    Callback, Change, IdInfo, Image, InMemoryReplayStore, Job, JobHistory, JobId, JobKey, JobState, JobType,
    Nonce, PartnerParams, Trust, UserId,
};
use smile_sandbox::{Review, Sandbox};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// The server's record of a job. A real server keeps it as a row of a table; see the docs of
/// `JobHistory`.
struct Row {
    key: JobKey,
    nonce: Nonce,
    history: JobHistory,
}

#[derive(Clone)]
struct App {
    receiver: CallbackReceiver,
    jobs: Arc<Mutex<HashMap<String, Row>>>,
    to_confirm: UnboundedSender<(JobKey, Callback)>,
}

impl FromRef<App> for CallbackReceiver {
    fn from_ref(app: &App) -> Self {
        app.receiver.clone()
    }
}

/// Stores a signed and fresh callback, answers, and leaves slow work to others.
async fn on_callback(
    State(app): State<App>,
    received: Result<ReceivedCallback, Rejection>,
) -> Result<StatusCode, Rejection> {
    let ReceivedCallback { callback, replay_check, at, .. } = match received {
        Ok(received) => received,
        // It changes nothing. But it may be that two results are of one millisecond, and the
        // service may not come again.
        Err(Rejection::SignatureReused(received)) => *received,
        Err(rejection) => return Err(rejection),
    };
    let mut jobs = app.jobs.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(row) = callback.job_id().and_then(|job_id| jobs.get_mut(&job_id)) else {
        // Perhaps the job isn't stored yet: the service comes again.
        return Ok(StatusCode::SERVICE_UNAVAILABLE);
    };
    if let Err(error) = callback.check_nonce(&row.nonce) {
        println!("  forged?    {error}");
        return Ok(Change::NotBelieved.status());
    }
    let change = row.history.apply_callback(at, &callback, replay_check);
    println!("  callback   {}", callback.verdict_for(row.key.job_type));
    println!("             the job's history: {change:?}, now {:?}", row.history.state());
    if change == Change::NotBelieved || row.history.needs_confirming() {
        let _ = app.to_confirm.send((row.key.clone(), callback));
    }
    Ok(change.status())
}

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<ExitCode, Failure> {
    println!("Callbacks in an axum server, against a sandbox in this process: nothing leaves this machine\n");
    let sandbox = Sandbox::builder().with_automatic_review(None).start()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let partner = sandbox.partner().with_callback_url(format!("http://{}/callback", listener.local_addr()?));

    // The server.
    let (to_confirm, mut queue) = unbounded_channel();
    let receiver = CallbackReceiver::new(partner.verifier())
        .with_store(InMemoryReplayStore::default())
        .with_rejection_observer(|rejection| println!("  refused    {rejection}"));
    let app = App { receiver, jobs: Arc::default(), to_confirm };
    let jobs = Arc::clone(&app.jobs);
    let router = Router::new().route("/callback", post(on_callback)).with_state(app);
    tokio::spawn(async { axum::serve(listener, router).await });

    // The job is stored before it is submitted: its callback may be quicker than the answer.
    let client = Client::new(partner)?;
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    let nonce = Nonce::from_random(random);
    let (user_id, job_id) = (UserId::new("customer-17"), JobId::new("kyc-17"));
    let key = JobKey { user_id: user_id.clone(), job_id: job_id.clone(), job_type: JobType::BIOMETRIC_KYC };
    let row =
        Row { history: JobHistory::new(client.partner().account(), key.clone()), key, nonce: nonce.clone() };
    jobs.lock().unwrap_or_else(PoisonError::into_inner).insert(job_id.as_str().to_owned(), row);

    // `sandbox_result` 2 leaves the job to a reviewer. Only a sandbox knows it.
    let params =
        PartnerParams::new(user_id, job_id.clone()).with_nonce(&nonce).with_param("sandbox_result", "2");
    let id_info = IdInfo::new("NG", "BVN", "00000000000").with_first_name("Joe").with_last_name("Leo");
    let job = Job::biometric_kyc(params, Image::path(asset("selfie.jpg")), id_info)
        .with_liveness((1..=8).map(|number| Image::path(asset(&format!("liveness_{number}.jpg")))));
    let submission = client.submit_with(job, async_narrator()).await?.submission().clone();

    // A worker, after the callbacks were answered: a signature doesn't cover its body, so ask the
    // service itself.
    loop {
        let next = tokio::time::timeout(Duration::from_secs(30), queue.recv()).await?;
        let (_, callback) = next.ok_or("the server has ended")?;
        let answer = client.confirm(submission.clone(), &callback).await;
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
