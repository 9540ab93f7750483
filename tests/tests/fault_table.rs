//! Each fault, at each step of a job, through each driver: what comes of it is a table, and in no
//! cell of it is a job lost, doubled or hung.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use smile_core::{
    Event, FlowSettings, JobError, JobOutcome, PollSchedule, Progress, RetryPolicy, UnknownReason,
};
use smile_sandbox::{Endpoint, Fault, FaultRule, Pace, Redirect, RetryAfter, Sandbox, StorageError};
use smile_tests::{Driver, biometric_kyc};

/// The end of a job.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// The right verdict.
    Verdict,
    /// A verdict that is unknown because the answer was signed at another time.
    OtherTime,
    /// An error that states the job's possible progress.
    Error(Progress),
    /// Any other end, none of which is right here.
    Odd,
}

const VERDICT: End = End::Verdict;
const MAYBE_OPENED: End = End::Error(Progress::MaybeOpened);
const OPENED: End = End::Error(Progress::Opened);
const UPLOADED: End = End::Error(Progress::Uploaded);

impl From<&Result<JobOutcome, JobError>> for End {
    fn from(outcome: &Result<JobOutcome, JobError>) -> Self {
        match outcome {
            Ok(outcome) if outcome.verdict().is_some_and(smile_core::Verdict::is_approved) => Self::Verdict,
            Ok(outcome)
                if outcome
                    .verdict()
                    .is_some_and(|verdict| verdict.unknown_reason() == Some(UnknownReason::OtherTime)) =>
            {
                Self::OtherTime
            }
            Ok(_) => Self::Odd,
            Err(error) => Self::Error(error.progress()),
        }
    }
}

const STEPS: [Endpoint; 3] = [Endpoint::PrepUpload, Endpoint::Upload, Endpoint::JobStatus];

/// The consequences of a fault at each of the steps, for one that happens once and one that happens
/// every time.
struct Row {
    fault: Fault,
    once: [End; 3],
    always: [End; 3],
}

fn row(fault: Fault, once: [End; 3], always: [End; 3]) -> Row {
    Row { fault, once, always }
}

const HOUR: Duration = Duration::from_secs(3_600);

fn table() -> Vec<Row> {
    let redirect = |status| Fault::Redirect(Redirect::new(status, "https://elsewhere.example/").unwrap());
    let store_says = |code| Fault::StorageError(StorageError::new(code).unwrap());
    let stored = StorageError::new("InternalError").unwrap().after_storing();
    let no_harm = [VERDICT; 3];
    // The work may have been done: the status is asked whether there is a zip before anything is
    // repeated.
    let answer_is_lost = [MAYBE_OPENED, VERDICT, UPLOADED];
    // Nothing was done. Of the zip the status says so, often enough; of the opening nobody here can
    // know.
    let request_is_lost = [MAYBE_OPENED, OPENED, UPLOADED];
    // A gateway's refusal proves nothing either, and to repeat it is no use. One bad poll is none.
    let refused = request_is_lost;
    let refused_once = [MAYBE_OPENED, OPENED, VERDICT];
    let not_one_with_a_signature = [VERDICT, VERDICT, UPLOADED];
    let of_another_time = [VERDICT, VERDICT, End::OtherTime];
    vec![
        row(Fault::Answer(StatusCode::BAD_REQUEST), refused_once, refused),
        // A new address is asked for, once.
        row(Fault::Answer(StatusCode::FORBIDDEN), [MAYBE_OPENED, VERDICT, VERDICT], refused),
        row(Fault::Answer(StatusCode::SERVICE_UNAVAILABLE), no_harm, refused),
        row(Fault::Answer(StatusCode::INTERNAL_SERVER_ERROR), no_harm, request_is_lost),
        row(Fault::Answer(StatusCode::GATEWAY_TIMEOUT), no_harm, request_is_lost),
        row(Fault::Answer(StatusCode::OK), no_harm, request_is_lost),
        row(Fault::ReplaceAnswer(StatusCode::GATEWAY_TIMEOUT), no_harm, answer_is_lost),
        row(Fault::ReplaceAnswer(StatusCode::OK), no_harm, answer_is_lost),
        row(Fault::TooManyRequests(RetryAfter::Seconds(0)), no_harm, refused),
        row(Fault::TooManyRequests(RetryAfter::DateInSeconds(0)), no_harm, refused),
        row(Fault::HtmlPage(StatusCode::BAD_GATEWAY), no_harm, request_is_lost),
        row(Fault::HtmlPage(StatusCode::OK), no_harm, request_is_lost),
        row(redirect(StatusCode::MOVED_PERMANENTLY), refused_once, refused),
        row(redirect(StatusCode::FOUND), refused_once, refused),
        row(redirect(StatusCode::TEMPORARY_REDIRECT), refused_once, refused),
        row(redirect(StatusCode::PERMANENT_REDIRECT), refused_once, refused),
        // The store's own words. Anywhere else they are a gateway's.
        row(store_says("AccessDenied"), [MAYBE_OPENED, VERDICT, VERDICT], refused),
        row(store_says("SlowDown"), no_harm, refused),
        row(store_says("InternalError"), no_harm, request_is_lost),
        row(Fault::StorageError(stored), no_harm, answer_is_lost),
        row(Fault::LoseRequest, no_harm, request_is_lost),
        row(Fault::LoseAnswer, no_harm, answer_is_lost),
        row(Fault::ResetRequest { after_bytes: 0 }, no_harm, request_is_lost),
        row(Fault::ResetRequest { after_bytes: 100 }, no_harm, request_is_lost),
        row(Fault::ResetAnswer { after_bytes: 0 }, no_harm, answer_is_lost),
        row(Fault::ResetAnswer { after_bytes: 20 }, no_harm, answer_is_lost),
        row(Fault::EarlyEof, no_harm, answer_is_lost),
        row(Fault::TruncatedJson, no_harm, answer_is_lost),
        row(Fault::SlowAnswer(Pace::new(200, Duration::from_millis(1))), no_harm, no_harm),
        row(Fault::SlowAnswer(Pace::new(1, HOUR)), no_harm, answer_is_lost),
        row(Fault::Latency(Duration::from_millis(1)), no_harm, no_harm),
        row(Fault::Latency(HOUR), no_harm, answer_is_lost),
        row(Fault::WrongSignature, no_harm, not_one_with_a_signature),
        // A client whose own clock is off would see the same. The signature is right, and decides
        // nothing for now.
        row(Fault::SkewedClock(-86_400), of_another_time, of_another_time),
        row(Fault::SkewedClock(86_400), of_another_time, of_another_time),
        row(Fault::SkewedClock(60), no_harm, no_harm),
    ]
}

/// Far more than an exchange takes here, and what a cell waits for where an exchange doesn't end.
const BRIEF: Duration = Duration::from_secs(1);

/// Patient with what ends, so that no cell depends on how fast the machine is. What hangs ends
/// after a while; and an upload that failed is sent again only after its time limit, which is short
/// where the fault is with uploads.
fn settings(fault: &Fault, step: Endpoint) -> FlowSettings {
    let patient = Duration::from_secs(60);
    let hangs = matches!(fault, Fault::Latency(HOUR) | Fault::SlowAnswer(Pace { pause: HOUR, .. }));
    let upload = if step == Endpoint::Upload { BRIEF } else { patient };
    let request = if hangs && step != Endpoint::Upload { BRIEF } else { patient };
    FlowSettings::default()
        .with_poll_schedule(PollSchedule::every(Duration::from_millis(1), if hangs { 5 } else { 20 }))
        .with_retry_policy(RetryPolicy::default().with_backoff(Duration::ZERO, Duration::ZERO))
        .with_status_delay(Duration::from_millis(1))
        .with_request_timeout(request)
        .with_upload_timeout(upload)
        .with_deadline(Duration::from_secs(300))
}

/// Runs one cell of the table, and then, if it ended badly, goes on once all is well again.
fn run(driver: Driver, fault: &Fault, step: Endpoint, times: Option<u32>) -> End {
    let cell = format!("{driver:?}: {fault:?} at {step:?}, times: {times:?}");
    let sandbox = Sandbox::start().unwrap();
    let mut rule = FaultRule::new(fault.clone()).with_endpoint(step);
    if let Some(times) = times {
        rule = rule.with_times(times);
    }
    sandbox.add_fault(rule);
    let newest = Arc::new(Mutex::new(None));
    let store = Arc::clone(&newest);
    let on_event = move |event| {
        if let Event::Checkpoint(checkpoint) = event {
            *store.lock().unwrap() = Some(checkpoint);
        }
    };
    let (job, settings) = (biometric_kyc("table"), settings(fault, step));
    let outcome = driver.submit_at(sandbox.partner(), job.clone(), settings.clone(), None, on_event);
    let end = End::from(&outcome);
    let processed = || sandbox.job("job-table").map_or(0, |job| job.processed);
    match end {
        VERDICT | UPLOADED => assert_eq!(processed(), 1, "{cell}"),
        MAYBE_OPENED | OPENED => assert_eq!(processed(), 0, "{cell}"),
        _ => assert!(processed() <= 1, "{cell}"),
    }
    if let Err(error) = outcome {
        let text = error.to_string();
        let names_step = ["prep upload failed: ", "upload failed: ", "job status failed: "];
        assert!(names_step.iter().any(|name| text.starts_with(name)), "{cell}: {text}");
        assert!(text.contains("job-table"), "{cell}: {text}");

        // Nothing is lost: whoever goes on from what was written down last gets the verdict, and
        // pays once.
        sandbox.clear_faults();
        let client = smile_ureq::Client::new(sandbox.partner()).unwrap().with_settings(settings);
        let checkpoint = newest.lock().unwrap().take();
        let mut flow = match &checkpoint {
            Some(checkpoint) => client.resume(checkpoint, job).unwrap(),
            None => client.begin(job).unwrap(),
        };
        assert_eq!(End::from(&client.run(&mut flow)), VERDICT, "{cell}, and then again");
        assert_eq!(processed(), 1, "{cell}, and then again");
    }
    end
}

/// The number of cells that run at once: most of their time is spent waiting.
const AT_ONCE: usize = 24;

fn check(driver: Driver) {
    let cells: Vec<_> = table()
        .into_iter()
        .flat_map(|row| {
            STEPS.into_iter().enumerate().flat_map(move |(column, step)| {
                let fault = row.fault.clone();
                [(Some(1), row.once[column]), (None, row.always[column])]
                    .map(|(times, expected)| (fault.clone(), step, times, expected))
            })
        })
        .collect();
    let check = |(fault, step, times, expected): &(Fault, Endpoint, Option<u32>, End)| {
        let end = run(driver, fault, *step, *times);
        (end != *expected)
            .then(|| format!("{fault:?} at {step:?}, times {times:?}: {end:?}, not {expected:?}"))
    };
    // Each takes the next cell: the slow ones are beside each other in the table.
    let next = AtomicUsize::new(0);
    let work = || {
        let turns = std::iter::from_fn(|| cells.get(next.fetch_add(1, Ordering::Relaxed)));
        turns.filter_map(check).collect::<Vec<_>>()
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{driver:?}:\n{}", wrong.join("\n"));
}

#[test]
fn over_reqwest() {
    check(Driver::Reqwest);
}

#[test]
fn over_ureq() {
    check(Driver::Ureq);
}

#[test]
fn by_hand() {
    check(Driver::ByHand);
}
