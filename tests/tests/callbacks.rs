//! The history of a job as the partner's server sees it: callbacks over a socket, a human's review,
//! and confirmation by each driver.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use serde_json::{Value, json};
use smile_axum::{CallbackReceiver, ReceivedCallback};
use smile_core::{
    CallbackKind, Change, ConfirmError, Decision, FlowSettings, InMemoryReplayStore, JobHistory, JobId,
    JobKey, JobState, JobType, Nonce, NonceError, Partner, PollSchedule, Refusal, ReplayCheck, Submission,
    SubmissionId, Timestamp, Trust, UserId,
};
use smile_core::{IdInfo, Image, Job};
use smile_sandbox::{Review, Sandbox};
use smile_tests::{ALL_DRIVERS, CallbackServer, Driver, jpeg, params, quick};

const PATIENCE: Duration = Duration::from_secs(60);

/// A sandbox without an automatic reviewer, and a server that remembers what comes.
struct Scene {
    sandbox: Sandbox,
    server: CallbackServer,
    partner: Partner,
}

impl Scene {
    fn new() -> Self {
        Self::of(Sandbox::builder().with_automatic_review(None).start().unwrap())
    }

    fn of(sandbox: Sandbox) -> Self {
        let receiver = CallbackReceiver::new(sandbox.partner().verifier());
        let server = CallbackServer::start(receiver.with_store(InMemoryReplayStore::default()));
        Self::with(sandbox, server)
    }

    fn with(sandbox: Sandbox, server: CallbackServer) -> Self {
        let partner = sandbox.partner().with_callback_url(server.url());
        Self { sandbox, server, partner }
    }

    /// Submits a job that is left to a reviewer.
    fn submit_doubtful(&self, driver: Driver, name: &str) -> Submission {
        let with = params(name).with_nonce(&nonce()).with_param("sandbox_result", "2");
        self.submit(driver, Job::biometric_kyc(with, image(0), id_info()))
    }

    fn submit(&self, driver: Driver, job: Job) -> Submission {
        let job = job.with_liveness((1..=8).map(image));
        driver.submit(self.partner.clone(), job, quick()).unwrap().submission().clone()
    }

    /// The job's history in the partner's database once the job is submitted.
    fn history(&self, submission: &Submission) -> JobHistory {
        let history = JobHistory::new(self.partner.account(), submission.key.clone());
        history.with_submission_id(submission.id.clone().unwrap())
    }

    fn next(&self) -> ReceivedCallback {
        self.server.next().unwrap()
    }
}

fn image(number: u8) -> Image {
    Image::bytes(jpeg(number, 3_000))
}

fn id_info() -> IdInfo {
    IdInfo::new("NG", "BVN", "00000000000")
}

fn nonce() -> Nonce {
    Nonce::from_random([7; 16])
}

fn key(name: &str) -> JobKey {
    let (user_id, job_id) = (UserId::new(format!("user-{name}")), JobId::new(format!("job-{name}")));
    JobKey { user_id, job_id, job_type: JobType::BIOMETRIC_KYC }
}

fn now() -> Timestamp {
    Timestamp::from_unix(SystemTime::UNIX_EPOCH.elapsed().unwrap())
}

fn apply(history: &mut JobHistory, received: &ReceivedCallback) -> Change {
    history.apply_callback(received.at, &received.callback, received.replay_check)
}

/// The callback with these fields in place of its own, and everything else, the signature too, as
/// it was.
fn forge(genuine: &ReceivedCallback, fields: Value) -> String {
    let mut body: Value = serde_json::from_slice(genuine.callback.body()).unwrap();
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body.to_string()
}

/// Asks twice, and gives up.
fn impatient() -> FlowSettings {
    quick().with_poll_schedule(PollSchedule::every(Duration::from_millis(1), 2))
}

#[test]
fn a_job_goes_from_doubt_to_the_reviewers_word_and_every_step_is_confirmed() {
    for driver in ALL_DRIVERS {
        for (review, decision, code) in
            [(Review::Approve, Decision::Approved, "1210"), (Review::Reject, Decision::Rejected, "1211")]
        {
            let scene = Scene::new();
            let submission = scene.submit_doubtful(driver, "kyc");
            let (key, mut history) = (key("kyc"), scene.history(&submission));
            let provisional = scene.next();
            assert_eq!(
                (provisional.replay_check, provisional.callback.is_about(&key)),
                (Some(ReplayCheck::First), true)
            );
            assert_eq!(provisional.callback.check_nonce(&nonce()), Ok(()));
            assert_eq!(apply(&mut history, &provisional), Change::Advanced);
            let confirm = |received: &ReceivedCallback| {
                driver.confirm(scene.partner.clone(), submission.clone(), &received.callback, quick())
            };
            let confirmed = confirm(&provisional).unwrap();
            assert_eq!(confirmed.verdict().decision(), Decision::Provisional, "{driver:?}");
            assert_eq!(history.apply_confirmed(now(), &confirmed), Change::Strengthened);
            assert_eq!(history.state(), JobState::Provisional);

            scene.sandbox.review("job-kyc", review).unwrap();
            let last = scene.next();
            assert_eq!(
                (last.replay_check, last.callback.check_nonce(&nonce())),
                (Some(ReplayCheck::First), Ok(()))
            );
            assert_eq!(apply(&mut history, &last), Change::Advanced);
            assert!(!history.may_be_let_in(Trust::Confirmed), "not before the service has said so itself");
            let confirmed = confirm(&last).unwrap();
            let verdict = confirmed.verdict();
            assert_eq!((verdict.decision(), verdict.is_final()), (decision, true), "{driver:?}");
            assert_eq!(verdict.code().unwrap().as_str(), code);
            assert_eq!(history.apply_confirmed(now(), &confirmed), Change::Strengthened);

            // The provisional one once more changes nothing, and the service says that there is a
            // newer result.
            assert_eq!(apply(&mut history, &provisional), Change::Redelivered);
            assert!(matches!(confirm(&provisional), Err(ConfirmError::Superseded { .. })));
            assert_eq!(history.state(), JobState::Final);
            assert_eq!(history.may_be_let_in(Trust::Confirmed), decision == Decision::Approved);
            let made = scene.sandbox.wait_for_callback_attempts(2, PATIENCE);
            assert_eq!(made.len(), 2);
            assert!(made.iter().all(|attempt| attempt.outcome.is_delivered()), "{made:?}");
        }
    }
}

#[test]
fn the_service_contradicts_an_approval_under_a_signature_that_somebody_has_seen() {
    let approval = json!({ "ResultCode": "1210", "IsFinalResult": "true", "ResultText": "Approved" });
    for driver in ALL_DRIVERS {
        // A server that remembers nothing, so that only the service can tell.
        let sandbox = Sandbox::builder().with_automatic_review(None).start().unwrap();
        let server = CallbackServer::start(CallbackReceiver::new(sandbox.partner().verifier()));
        let scene = Scene::with(sandbox, server);
        let submission = scene.submit_doubtful(driver, "kyc");
        let provisional = scene.next();
        let (key, mut history) = (key("kyc"), scene.history(&submission));
        let confirm = |received: &ReceivedCallback| {
            driver.confirm(scene.partner.clone(), submission.clone(), &received.callback, impatient())
        };

        assert_eq!(scene.server.post(forge(&provisional, approval.clone())), StatusCode::OK);
        let forged = scene.next();
        assert_eq!(forged.callback.verdict_for(key.job_type).code().unwrap().as_str(), "1210");
        let error = confirm(&forged).unwrap_err();
        assert!(matches!(error, ConfirmError::Behind { .. }), "{driver:?}: {error:?}");

        scene.sandbox.review("job-kyc", Review::Reject).unwrap();
        let rejected = scene.next();
        assert_eq!(apply(&mut history, &forged), Change::Advanced);
        assert!(!history.may_be_let_in(Trust::Confirmed));
        assert_eq!(apply(&mut history, &rejected), Change::Disputed, "two last words: nobody is let in");
        let error = confirm(&forged).unwrap_err();
        assert!(matches!(error, ConfirmError::Contradicted { .. }), "{driver:?}: {error:?}");
        let verdict = error.status().unwrap().verdict().unwrap();
        assert_eq!(verdict.decision(), Decision::Rejected);
        let confirmed = confirm(&rejected).unwrap();
        assert_eq!(history.apply_confirmed(now(), &confirmed), Change::Overturned);
        assert_eq!(history.result().unwrap().decision, Decision::Rejected);
        assert!(!history.may_be_let_in(Trust::Verified));
    }
}

#[test]
fn a_server_that_remembers_refuses_the_signature_and_a_nonce_unmasks_who_saw_another_job() {
    let scene = Scene::new();
    scene.submit_doubtful(Driver::Ureq, "mine");
    let mine = scene.next();
    let forged = forge(&mine, json!({ "ResultCode": "1210", "IsFinalResult": "true" }));
    assert_eq!(scene.server.post(forged), StatusCode::CONFLICT);
    assert_eq!(scene.server.next().unwrap_err().refusal(), Some(Refusal::Replayed));

    // Another server, or one that was restarted: the signature is news to it.
    let fresh = CallbackServer::start(CallbackReceiver::new(scene.partner.verifier()));
    for (echoed, error) in [(None, NonceError::Missing), (Some("00".repeat(16)), NonceError::Wrong)] {
        let theirs =
            json!({ "job_id": "job-theirs", "user_id": "user-theirs", "job_type": 1, "nonce": echoed });
        assert_eq!(fresh.post(forge(&mine, json!({ "PartnerParams": theirs }))), StatusCode::OK);
        let forged = fresh.next().unwrap();
        assert!(forged.callback.is_about(&key("theirs")));
        assert_eq!(forged.callback.check_nonce(&nonce()), Err(error));
    }
}

#[test]
fn what_was_recorded_and_not_stored_comes_again_and_counts_once() {
    let builder = Sandbox::builder().with_automatic_review(None);
    let sandbox = builder.with_callback_retries([Duration::ZERO, Duration::ZERO]).start().unwrap();
    let receiver = CallbackReceiver::new(sandbox.partner().verifier());
    // Its database is down twice, after the callback was recorded as seen.
    let answer = |nth| if nth <= 2 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let server = CallbackServer::start_answering(receiver.with_store(InMemoryReplayStore::default()), answer);
    let scene = Scene::with(sandbox, server);
    scene.submit_doubtful(Driver::Ureq, "kyc");

    let deliveries = [scene.next(), scene.next(), scene.next()];
    let seen = [Some(ReplayCheck::First), Some(ReplayCheck::Redelivery), Some(ReplayCheck::Redelivery)];
    assert_eq!(deliveries.each_ref().map(|delivery| delivery.replay_check), seen);
    let made = scene.sandbox.wait_for_callback_attempts(3, PATIENCE);
    assert_eq!(made.iter().filter(|attempt| attempt.outcome.is_delivered()).count(), 1);
    let mut history = JobHistory::new(scene.partner.account(), key("kyc"));
    assert_eq!(apply(&mut history, &deliveries[2]), Change::Advanced, "the first that could be stored");
    assert_eq!(apply(&mut history, &deliveries[1]), Change::Redelivered);

    // Signed afresh, it is still the same result.
    let pair = scene.partner.signer().sign(now());
    let fresh = json!({ "timestamp": pair.timestamp(), "signature": pair.signature() });
    assert_eq!(scene.server.post(forge(&deliveries[0], fresh)), StatusCode::OK);
    let again = scene.next();
    assert_eq!(
        (again.replay_check, apply(&mut history, &again)),
        (Some(ReplayCheck::Redelivery), Change::Redelivered)
    );
    assert_eq!(history.results().len(), 1);
}

#[test]
fn both_callbacks_of_an_older_account_pass_and_only_one_is_the_result() {
    for driver in ALL_DRIVERS {
        let scene = Scene::of(Sandbox::builder().with_legacy_two_callbacks(true).start().unwrap());
        let submission = scene.submit(driver, Job::biometric_kyc(params("kyc"), image(0), id_info()));
        let mut history = scene.history(&submission);
        let both = [scene.next(), scene.next()];
        for received in &both {
            assert_eq!(received.replay_check, Some(ReplayCheck::First));
            let change = apply(&mut history, received);
            let confirmed =
                driver.confirm(scene.partner.clone(), submission.clone(), &received.callback, quick());
            match received.callback.kind() {
                CallbackKind::Result(JobType::BIOMETRIC_KYC) => {
                    assert_eq!(change, Change::Advanced);
                    assert!(confirmed.unwrap().verdict().is_approved(), "{driver:?}");
                }
                CallbackKind::IdInformation => {
                    assert_eq!(change, Change::IdInformation);
                    assert_eq!(confirmed, Err(ConfirmError::NotConfirmable));
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(history.has_id_information());
        assert_eq!((history.state(), history.may_be_let_in(Trust::FirstSeen)), (JobState::Final, true));
    }
}

#[test]
fn confirmation_waits_for_a_service_that_is_behind_its_own_callback_and_asks_about_no_other_job() {
    for driver in ALL_DRIVERS {
        let scene = Scene::of(Sandbox::builder().with_pending_polls(3).start().unwrap());
        let submission = scene.submit(driver, Job::biometric_kyc(params("kyc"), image(0), id_info()));
        let received = scene.next();
        let asked = || scene.sandbox.requests().len();
        let before = asked();
        let other = driver.confirm(scene.partner.clone(), key("other"), &received.callback, quick());
        assert_eq!((other, asked()), (Err(ConfirmError::NotThisJob), before), "{driver:?}");
        let confirmed =
            driver.confirm(scene.partner.clone(), submission, &received.callback, quick()).unwrap();
        assert!(confirmed.verdict().is_approved(), "{driver:?}");
        assert_eq!(asked(), before + 4, "{driver:?}");
    }
}

#[test]
fn another_submissions_result_under_the_same_job_id_is_neither_applied_nor_confirmed() {
    for driver in ALL_DRIVERS {
        let scene = Scene::of(Sandbox::start().unwrap());
        let theirs = scene.submit(driver, Job::biometric_kyc(params("kyc"), image(0), id_info()));
        let received = scene.next();
        let id: SubmissionId = serde_json::from_value(json!("f".repeat(32))).unwrap();
        let ours = Submission::new(theirs.key.clone(), id);
        let mut history = scene.history(&ours);
        assert_eq!(apply(&mut history, &received), Change::NotThisSubmission);
        let confirm = |submission: Submission| {
            driver.confirm(scene.partner.clone(), submission, &received.callback, impatient())
        };
        assert_eq!(confirm(ours), Err(ConfirmError::NotThisSubmission), "{driver:?}");
        let confirmed = confirm(theirs).unwrap();
        assert_eq!(history.apply_confirmed(now(), &confirmed), Change::NotThisSubmission, "{driver:?}");
        assert!(history.results().is_empty() && !history.may_be_let_in(Trust::Verified));
    }
}
