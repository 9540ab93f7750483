//! A job that is left half-way is finished, once.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use smile_core::{Checkpoint, Event, FlowSettings, Image, Job, ObserverResult, Partner, Progress};
use smile_sandbox::Sandbox;
use smile_tests::{StallingProxy, block_on, jpeg, params, quick};

/// An upload gets a few seconds, because for as long nothing is sent again that nobody reported the
/// end of.
fn settings() -> FlowSettings {
    quick().with_upload_timeout(Duration::from_secs(3))
}

fn job() -> Job {
    Job::smartselfie_registration(params("resumed"), Image::bytes(jpeg(0, 4 * 1024 * 1024)))
        .with_return_job_status(true)
}

fn partner_behind(proxy: &StallingProxy, sandbox: &Sandbox) -> Partner {
    let environment = format!("http://{}/v1", proxy.address()).parse().unwrap();
    Partner::new(sandbox.partner_id(), sandbox.api_key(), environment).unwrap()
}

fn proxied() -> (Sandbox, StallingProxy) {
    let sandbox = Sandbox::start().unwrap();
    let address = sandbox.base_url().trim_start_matches("http://").trim_end_matches("/v1");
    let proxy = StallingProxy::start(address);
    (sandbox, proxy)
}

#[test]
fn a_future_dropped_in_the_middle_of_the_upload_loses_nothing() {
    let (sandbox, proxy) = proxied();
    let client =
        smile_reqwest::Client::new(partner_behind(&proxy, &sandbox)).unwrap().with_settings(settings());
    let mut flow = client.begin(job()).unwrap();
    proxy.set_limit(1_000_000);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stalled = tokio::task::spawn_blocking({
            move || {
                proxy.wait_for_stall();
                proxy
            }
        });
        let proxy = tokio::select! {
            outcome = client.run(&mut flow) => panic!("it stalls: {outcome:?}"),
            proxy = stalled => proxy.unwrap(),
        };
        assert_eq!(flow.checkpoint().progress(), Progress::MaybeUploaded);
        proxy.set_limit(usize::MAX);
        let outcome = client.run(&mut flow).await.unwrap();
        assert!(outcome.verdict().unwrap().is_approved());
    });
    assert_eq!(sandbox.job("job-resumed").unwrap().processed, 1);
}

#[test]
fn a_process_killed_in_the_middle_of_the_upload_is_taken_over_by_another() {
    for adapter in ["reqwest", "ureq"] {
        let (sandbox, proxy) = proxied();
        let file = std::env::temp_dir().join(format!("smile-{}-{adapter}.json", std::process::id()));
        let child = |resume: bool| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "child", "--nocapture"]).env("SMILE_TEST_CHILD", adapter);
            command.env("SMILE_TEST_ADDRESS", proxy.address()).env("SMILE_TEST_CHECKPOINT", &file);
            command.env("SMILE_TEST_PARTNER", sandbox.partner_id()).env("SMILE_TEST_KEY", sandbox.api_key());
            command.env("SMILE_TEST_RESUME", resume.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().unwrap()
        };
        proxy.set_limit(1_000_000);
        let mut first = child(false);
        proxy.wait_for_stall();
        first.kill().unwrap();
        first.wait().unwrap();
        assert_eq!(sandbox.job("job-resumed").unwrap().processed, 0, "{adapter}: only half of it came");

        proxy.set_limit(usize::MAX);
        assert!(child(true).wait().unwrap().success(), "{adapter}");
        let record = sandbox.job("job-resumed").unwrap();
        assert_eq!((record.processed, record.result_code()), (1, Some("0840")), "{adapter}");

        // And again, after the end: nothing is left to do but to read the result.
        assert!(child(true).wait().unwrap().success(), "{adapter}");
        assert_eq!(sandbox.job("job-resumed").unwrap().processed, 1, "{adapter}");
        std::fs::remove_file(&file).unwrap();
    }
}

/// The program that the test above runs as a process of its own; by itself it does nothing.
#[test]
fn child() {
    let Ok(adapter) = std::env::var("SMILE_TEST_CHILD") else { return };
    let file = PathBuf::from(std::env::var("SMILE_TEST_CHECKPOINT").unwrap());
    let base_url = format!("http://{}/v1", std::env::var("SMILE_TEST_ADDRESS").unwrap());
    let secret = |name: &str| std::env::var(name).unwrap();
    let (id, key) = (secret("SMILE_TEST_PARTNER"), secret("SMILE_TEST_KEY"));
    let partner = Partner::new(id, key, base_url.parse().unwrap()).unwrap();
    let resume = std::env::var("SMILE_TEST_RESUME").unwrap() == "true";
    let read = || serde_json::from_slice::<Checkpoint>(&std::fs::read(&file).unwrap()).unwrap();
    let store = |event: Event| -> ObserverResult {
        if let Event::Checkpoint(checkpoint) = event {
            std::fs::write(&file, serde_json::to_vec(&checkpoint)?)?;
        }
        Ok(())
    };
    let outcome = match adapter.as_str() {
        "reqwest" => {
            let client = smile_reqwest::Client::new(partner).unwrap().with_settings(settings());
            let mut flow = if resume { client.resume(&read(), job()) } else { client.begin(job()) }.unwrap();
            block_on(client.run_with(&mut flow, |event| std::future::ready(store(event))))
        }
        _ => {
            let client = smile_ureq::Client::new(partner).unwrap().with_settings(settings());
            let mut flow = if resume { client.resume(&read(), job()) } else { client.begin(job()) }.unwrap();
            client.run_with(&mut flow, store)
        }
    };
    assert!(outcome.unwrap().verdict().unwrap().is_approved());
}
