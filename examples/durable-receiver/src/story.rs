//! The story: a receiver that dies at the two worst moments, and a job that doesn't mind.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use durable_receiver::{Fuse, Ledger, Process, Store};
use smile_sandbox::{Review, Sandbox};
use smile_ureq::Client;
use smile_ureq::core::{Event, IdInfo, Image, Job, JobId, JobKey, JobType, PartnerParams, UserId};

/// The longest time of a step, unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn tell() -> Result<(), Box<dyn Error>> {
    println!("A durable receiver, against a sandbox in this process: nothing leaves this machine\n");
    let directory = Directory::new()?;
    let sandbox = Sandbox::builder().with_automatic_review(None).start()?;
    let program = std::env::current_exe()?;
    let start = |listen: &str, fuse| Process::start(&program, &sandbox, &directory.0, listen, fuse);

    // It dies once the service has its 200: the callback won't come again.
    let receiver = start("127.0.0.1:0", Some("acknowledged:2"))?;
    let url = receiver.url().to_owned();
    let address = url.trim_start_matches("http://").trim_end_matches("/callback").to_owned();
    println!("  receiver   listens");

    let key = JobKey {
        user_id: UserId::new("customer-17"),
        job_id: JobId::new("kyc-17"),
        job_type: JobType::BIOMETRIC_KYC,
    };
    // Written down before it is submitted, so that no callback can be faster.
    let mut store =
        Store::open(&directory.0.join("receiver.db"), sandbox.partner().account(), Fuse::default())?;
    store.register(&key)?;
    // The sandbox has a human look at it, as the result 2 asks for.
    let ids = PartnerParams::new(key.user_id.clone(), key.job_id.clone()).with_param("sandbox_result", "2");
    let selfie = Image::path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/selfie.jpg"));
    let job = Job::biometric_kyc(ids, selfie, IdInfo::new("NG", "BVN", "00000000000"));
    let client = Client::new(sandbox.partner().with_callback_url(&url))?;
    client.submit_with(job, |event| {
        // Written down before the first request goes out; if it can't be, nothing does.
        if let Event::Checkpoint(checkpoint) = event
            && let Some(id) = checkpoint.submission_id()
        {
            store.name_submission(key.job_id.as_str(), id)?;
        }
        Ok(())
    })?;
    println!("  submitted  job {}", key.job_id);

    await_line(&receiver, "applied")?;
    await_line(&receiver, "idle")?;
    println!("  reviewer   approves");
    sandbox.review(key.job_id.as_str(), Review::Approve)?;
    await_end(receiver)?;
    println!("  receiver   dies, when it has acknowledged the callback and done nothing about it\n");

    let receiver = start(&address, Some("acted:1"))?;
    println!("  receiver   is started again");
    await_end(receiver)?;
    println!("  receiver   dies, when it has opened the account and not written that down\n");

    let receiver = start(&address, None)?;
    println!("  receiver   is started again");
    await_line(&receiver, "idle")?;
    drop(receiver);

    let report = store.job(key.job_id.as_str())?.ok_or("the job is gone")?;
    let result = report.history.result().ok_or("the job has no verdict")?;
    println!("\n  verdict    {}, {:?}, {:?}", result.decision, report.history.state(), result.trust);
    for entry in Ledger::open(&directory.0.join("ledger.db"))?.entries()? {
        println!("  ledger     {}: {}, once; asked for {} times", entry.job_id, entry.action, entry.asked);
    }
    println!("  left over  {} in the inbox and the outbox", store.unfinished()?);
    Ok(())
}

/// Repeats what the receiver says, up to a line that begins like this.
fn await_line(receiver: &Process, beginning: &str) -> Result<(), Box<dyn Error>> {
    loop {
        let line = receiver.next_line(PATIENCE)?;
        println!("             {line}");
        if line.starts_with(beginning) {
            return Ok(());
        }
    }
}

/// Repeats what the receiver says, up to its end.
fn await_end(receiver: Process) -> Result<(), Box<dyn Error>> {
    loop {
        match receiver.next_line(PATIENCE) {
            Ok(line) => println!("             {line}"),
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(error @ RecvTimeoutError::Timeout) => return Err(error.into()),
        }
    }
}

/// A directory for the databases, gone with the story.
struct Directory(PathBuf);

impl Directory {
    fn new() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("durable-receiver-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
