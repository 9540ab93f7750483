//! A sandbox, an address, a directory with the databases, and three jobs.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant, SystemTime};

use durable_receiver::{Fuse, JobReport, Ledger, LedgerEntry, Process, Store};
use smile_sandbox::{Review, SampleImage, Sandbox};
use smile_ureq::Client;
use smile_ureq::core::{
    Decision, Event, IdInfo, Image, Job, JobId, JobKey, JobState, JobType, PartnerParams, Timestamp, Trust,
    UserId,
};

use crate::proxy::Proxy;

/// Generous: nothing waits for this long but a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A job, and how it is to end.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    job_id: &'static str,
    /// The result to request of the sandbox, in the sandbox's own words.
    sandbox_result: &'static str,
    review: Option<Review>,
    decision: Decision,
    action: &'static str,
    /// The number of different results on the way to the last.
    results: usize,
}

pub(crate) const CASES: [Case; 3] = [
    Case {
        job_id: "at-once",
        sandbox_result: "0",
        review: None,
        decision: Decision::Approved,
        action: "open account",
        results: 1,
    },
    Case {
        job_id: "let-in",
        sandbox_result: "2",
        review: Some(Review::Approve),
        decision: Decision::Approved,
        action: "open account",
        results: 2,
    },
    Case {
        job_id: "kept-out",
        sandbox_result: "2",
        review: Some(Review::SpoofDetected),
        decision: Decision::Rejected,
        action: "decline",
        results: 2,
    },
];

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    proxy: Proxy,
    directory: PathBuf,
}

impl World {
    pub(crate) fn new() -> Self {
        static WORLDS: AtomicU32 = AtomicU32::new(0);
        let number = WORLDS.fetch_add(1, Ordering::Relaxed);
        let directory =
            std::env::temp_dir().join(format!("durable-receiver-it-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        // It comes again, soon and often, until it is heard.
        let retries = vec![Duration::from_millis(20); 2_000];
        let sandbox =
            Sandbox::builder().with_automatic_review(None).with_callback_retries(retries).start().unwrap();
        Self { sandbox, proxy: Proxy::start(), directory }
    }

    /// Starts the receiver; whichever there was before is gone.
    pub(crate) fn start(&self, fuse: Option<&str>) -> Process {
        let program = Path::new(env!("CARGO_BIN_EXE_durable-receiver"));
        let receiver = Process::start(program, &self.sandbox, &self.directory, "127.0.0.1:0", fuse).unwrap();
        let address = receiver.url().trim_start_matches("http://").trim_end_matches("/callback");
        self.proxy.leads_to(Some(address.parse().unwrap()));
        receiver
    }

    /// Cuts off the service's callbacks from now on.
    pub(crate) fn hears_nothing(&self) {
        self.proxy.leads_to(None);
    }

    pub(crate) fn submit_all(&self) {
        for Case { job_id, sandbox_result, review, .. } in CASES {
            self.submit(job_id, sandbox_result);
            if let Some(review) = review {
                // Two results that are signed in the same millisecond have the same signature, and
                // only one is believed.
                let submitted = now();
                while now() <= submitted {
                    std::thread::yield_now();
                }
                self.sandbox.review(job_id, review).unwrap();
            }
        }
    }

    pub(crate) fn submit(&self, job_id: &str, result: &str) {
        let key = JobKey {
            user_id: UserId::new(format!("user-of-{job_id}")),
            job_id: JobId::new(job_id),
            job_type: JobType::BIOMETRIC_KYC,
        };
        let mut store = self.store();
        store.register(&key).unwrap();
        let ids = PartnerParams::new(key.user_id, key.job_id).with_param("sandbox_result", result);
        let job = Job::biometric_kyc(
            ids,
            Image::bytes(SampleImage::selfie().jpeg()),
            IdInfo::new("NG", "BVN", "00000000000"),
        );
        let partner = self.sandbox.partner().with_callback_url(self.proxy.url());
        let observer = |event| {
            // Written down before the first request goes out; if it can't be, nothing does.
            if let Event::Checkpoint(checkpoint) = event
                && let Some(id) = checkpoint.submission_id()
            {
                store.name_submission(job_id, id)?;
            }
            Ok(())
        };
        Client::new(partner).unwrap().submit_with(job, observer).unwrap();
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&self.directory.join("receiver.db"), self.sandbox.partner().account(), Fuse::default())
            .unwrap()
    }

    pub(crate) fn report(&self, job_id: &str) -> JobReport {
        self.store().job(job_id).unwrap().unwrap()
    }

    pub(crate) fn ledger(&self) -> Vec<LedgerEntry> {
        let mut entries = Ledger::open(&self.directory.join("ledger.db")).unwrap().entries().unwrap();
        entries.sort_by(|one, other| one.job_id.cmp(&other.job_id));
        entries
    }

    /// Waits until this holds. It can only come to hold with something that the receiver says.
    pub(crate) fn wait_until(&self, receiver: &Process, what: &str, holds: impl Fn(&Self) -> bool) {
        let (end, mut said) = (Instant::now() + PATIENCE, Vec::new());
        while !holds(self) {
            match receiver.next_line(end.saturating_duration_since(Instant::now())) {
                Ok(line) => said.push(line),
                Err(error) => panic!("{error} before {what}; it said {said:#?}"),
            }
        }
    }

    /// Every result has been applied, every last word confirmed, and what follows done.
    pub(crate) fn is_all_settled(&self) -> bool {
        let store = self.store();
        let is_complete = |Case { job_id, results, .. }: Case| {
            let report = store.job(job_id).unwrap();
            report.is_some_and(|report| {
                let is_confirmed =
                    report.history.result().is_some_and(|result| result.trust == Trust::Confirmed);
                report.history.state() == JobState::Final
                    && is_confirmed
                    && report.history.results().len() == results
            })
        };
        CASES.into_iter().all(is_complete) && store.unfinished().unwrap() == 0
    }

    /// Everything that is on the disk.
    pub(crate) fn files(&self) -> Vec<u8> {
        let files = std::fs::read_dir(&self.directory).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }

    /// Checks that each job has one verdict, the right one, and that its action was taken once;
    /// returns the number of requests for actions.
    pub(crate) fn check(&self) -> u32 {
        for Case { job_id, decision, results, .. } in CASES {
            let report = self.report(job_id);
            let result = report.history.result().unwrap();
            assert_eq!((result.decision, result.is_final), (decision, true), "{job_id}");
            assert_eq!(report.history.results().len(), results, "{job_id}: {:?}", report.history);
            assert_eq!(report.look, None, "{job_id}");
            assert_eq!(self.sandbox.job(job_id).unwrap().processed, 1);
        }
        let ledger = self.ledger();
        let mut expected = CASES.map(|case| (case.job_id, case.action));
        expected.sort_unstable();
        let done: Vec<_> =
            ledger.iter().map(|entry| (entry.job_id.as_str(), entry.action.as_str())).collect();
        assert_eq!(done, expected);
        ledger.iter().map(|entry| entry.asked).sum()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn now() -> Timestamp {
    Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap())
}

/// All that it says up to its end.
pub(crate) fn last_words(receiver: &Process) -> Vec<String> {
    let (end, mut said) = (Instant::now() + PATIENCE, Vec::new());
    loop {
        match receiver.next_line(end.saturating_duration_since(Instant::now())) {
            Ok(line) => said.push(line),
            Err(RecvTimeoutError::Disconnected) => return said,
            Err(RecvTimeoutError::Timeout) => panic!("it doesn't die; it said {said:#?}"),
        }
    }
}
