//! A job over the v3 API under a fake clock: what is sent, what ends it, and what is never sent
//! twice.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::json;
use smile_core::v3::{Consent, UserDetails};
use smile_core::{
    Api, Checkpoint, Decision, Event, Flow, FlowSettings, IdInfo, Image, Job, JobError, JobFlow, JobId,
    JobKey, JobOutcome, JobType, Next, Partner, PollSchedule, Progress, Step, TransportFailure, UserId,
};
use support::{Answer, JPEG, PNG, START, answer, params};

const JOB: &str = "job_01h8x9y2z3a4b5c6d7e8f9g0h1";

fn partner() -> Partner {
    support::partner().with_api(Api::V3)
}

fn consent() -> Consent {
    Consent::new(true, START, "en", "https://bank.example/privacy")
}

fn person() -> UserDetails {
    UserDetails::new("Amina Fatou", "Clearwater").with_email("amina.clearwater@example.com")
}

fn bare_job() -> Job {
    Job::biometric_kyc(params(), Image::path("selfie.jpg"), IdInfo::new("NG", "BVN", "00000000000"))
        .with_liveness((0..6).map(|_| Image::bytes(JPEG)))
        .with_return_job_status(true)
}

fn job() -> Job {
    bare_job().with_consent(consent()).with_user_details(person())
}

fn accepted(status: u16) -> Answer {
    let body = json!({ "status": "accepted", "message": "m", "job_id": JOB, "user_id": "user-1" });
    answer(status, body.to_string())
}

fn word(status: u16, word: &str) -> Answer {
    let user = if word == "not_found" { "unknown" } else { "user-1" };
    let body = json!({ "status": word, "job_id": JOB, "user_id": user, "message": "m" });
    answer(status, body.to_string())
}

fn refusal(status: u16, phrase: &str) -> Answer {
    answer(status, json!({ "status": phrase, "message": "no" }).to_string())
}

/// Requests that were sent, by path, and the end of the job.
struct Played {
    sent: Vec<String>,
    checkpoints: Vec<Checkpoint>,
    events: Vec<Event>,
    outcome: Result<JobOutcome, JobError>,
    seconds: u64,
}

impl Played {
    fn count(&self, path: &str) -> usize {
        self.sent.iter().filter(|sent| *sent == path).count()
    }

    fn error(&self) -> &JobError {
        self.outcome.as_ref().unwrap_err()
    }
}

const SUBMIT: &str = "/v3/biometric_kyc";
const STATUS: &str = "/v3/status/job_01h8x9y2z3a4b5c6d7e8f9g0h1";

/// Drives a flow. Tokens are made; everything else gets the answers in turn, and the last of them
/// for ever.
fn play(mut flow: JobFlow, answers: &[Answer]) -> Played {
    let (mut now, mut answers, mut tokens) = (START, answers.iter(), 0);
    let mut last = None;
    let mut played =
        Played { sent: vec![], checkpoints: vec![], events: vec![], outcome: Err(nothing()), seconds: 0 };
    for _ in 0..2_000 {
        let next = flow.next(now);
        while let Some(event) = flow.take_event() {
            if let Event::Checkpoint(checkpoint) = &event {
                played.checkpoints.push(checkpoint.clone());
            }
            played.events.push(event);
        }
        match next {
            Next::Read(_) => flow.file_read(now, Ok(JPEG.to_vec())),
            Next::Wait { until } => {
                assert!(until > now, "a wait goes forward");
                now = until;
            }
            Next::Finished(outcome) => {
                (played.outcome, played.seconds) = (outcome, now.since(START).as_secs());
                return played;
            }
            Next::Send { request, .. } => {
                played.sent.push(request.uri().path().to_owned());
                if request.uri().path() == "/v3/token" {
                    tokens += 1;
                    flow.receive(
                        now,
                        answer(200, json!({ "token": format!("qzTOKEN{tokens}") }).to_string()),
                    );
                } else {
                    assert_eq!(token_of(&request), format!("qzTOKEN{tokens}"));
                    last = answers.next().cloned().or(last);
                    flow.receive(now, last.clone().expect("there is an answer"));
                }
            }
        }
    }
    panic!("it doesn't end: {:?}", played.sent);
}

fn token_of(request: &Request<Bytes>) -> &str {
    request.headers()["smileid-token"].to_str().unwrap()
}

fn nothing() -> JobError {
    JobFlow::new(partner(), bare_job(), FlowSettings::default(), 7).unwrap_err()
}

fn begin(job: Job) -> JobFlow {
    JobFlow::new(partner(), job, FlowSettings::default(), 7).unwrap()
}

fn problems(partner: &Partner, job: Job) -> Vec<String> {
    match JobFlow::new(partner.clone(), job, FlowSettings::default(), 7) {
        Ok(_) => vec![],
        Err(error) => error.validation().unwrap().problems().iter().map(|p| p.field.clone()).collect(),
    }
}

#[test]
fn a_job_is_submitted_once_and_ends_with_the_word_of_its_status() {
    let played = play(begin(job()), &[accepted(202), word(202, "processing"), word(200, "clear")]);
    assert_eq!(played.sent, ["/v3/token", SUBMIT, "/v3/token", STATUS, "/v3/token", STATUS]);
    let outcome = played.outcome.unwrap();
    let verdict = outcome.verdict().unwrap();
    assert!(verdict.is_approved() && verdict.may_be_let_in());
    assert_eq!(outcome.submission().smile_job_id.as_deref(), Some(JOB));
    assert!(outcome.submission().id.is_some(), "by which the webhook is told");
    assert!(matches!(outcome, JobOutcome::Decided { .. }));
    assert!(outcome.status().is_none(), "there is no record");
}

#[test]
fn each_word_is_a_verdict() {
    for (said, decision) in [
        ("clear", Decision::Approved),
        ("attention", Decision::Provisional),
        ("block", Decision::Rejected),
        ("error", Decision::Error),
    ] {
        let outcome = play(begin(job()), &[accepted(202), word(200, said)]).outcome.unwrap();
        assert_eq!(outcome.verdict().unwrap().decision(), decision, "{said}");
        assert_eq!(outcome.verdict().unwrap().may_be_let_in(), said == "clear");
    }
}

#[test]
fn a_job_that_isnt_waited_for_ends_when_it_is_accepted() {
    for status in [200, 201, 202] {
        let job = job().with_return_job_status(false).with_callback_url("https://bank.example/hook");
        let played = play(begin(job), &[accepted(status)]);
        assert_eq!(played.sent, ["/v3/token", SUBMIT]);
        assert!(matches!(played.outcome, Ok(JobOutcome::Submitted { .. })), "{status}");
    }
}

#[test]
fn what_v3_needs_is_named_before_anything_is_sent_and_v1_doesnt_ask_for_it() {
    assert_eq!(problems(&partner(), bare_job()), ["consent", "user_details"]);
    assert_eq!(problems(&support::partner(), bare_job()), [""; 0]);
    assert_eq!(problems(&support::partner(), job()), [""; 0], "over v1 it is left out");
    let refused = bare_job().with_consent(Consent::new(false, START, "en", "http://bank.example"));
    let named = ["user_details", "consent.granted", "consent.notice_privacy_policy_url"];
    assert_eq!(problems(&partner(), refused), named);
}

#[test]
fn what_only_v1_can_do_is_named_with_the_way_out() {
    let own = params().with_param("count", 3);
    let id = IdInfo::new("NG", "BVN", "00000000000").with_dob("2000-01-02").with_first_name("Amina");
    let job = Job::biometric_kyc(own, Image::bytes(JPEG), id)
        .with_liveness((0..6).map(|_| Image::bytes(JPEG)))
        .with_id_card(Image::bytes(PNG))
        .with_return_job_status(true)
        .with_return_history(true)
        .with_return_image_links(true)
        .with_use_enrolled_image(true)
        .with_retry(true)
        .with_consent(consent())
        .with_user_details(person());
    let error = JobFlow::new(partner(), job, FlowSettings::default(), 7).unwrap_err();
    let named: Vec<_> = error.validation().unwrap().problems().iter().map(|p| p.field.clone()).collect();
    assert_eq!(
        named,
        [
            "retry",
            "return_history",
            "return_image_links",
            "use_enrolled_image",
            "images (ID card)",
            "id_info.first_name",
            "id_info.dob",
            "partner_params.count",
        ]
    );
    assert!(error.to_string().contains("submit the job over v1"), "{error}");
}

#[test]
fn a_product_without_a_job_in_v3_is_named() {
    for job_type in [JobType::COMPARE_USER_INFO, JobType::from_number(77)] {
        let job = Job::of_type(job_type, params()).with_consent(consent()).with_user_details(person());
        assert_eq!(problems(&partner(), job.with_return_job_status(true)), ["job_type"]);
    }
}

#[test]
fn every_product_goes_to_its_endpoint() {
    let with = |job: Job| {
        job.with_liveness((0..6).map(|_| Image::bytes(JPEG)))
            .with_consent(consent())
            .with_user_details(person())
            .with_return_job_status(true)
    };
    let selfie = || Image::bytes(JPEG);
    for (job, path) in [
        (with(Job::smartselfie_registration(params(), selfie())), "/v3/registration"),
        (with(Job::update_photo(params(), selfie())), "/v3/registration"),
        (with(Job::smartselfie_authentication(params(), selfie())), "/v3/authentication"),
        (
            with(Job::document_verification(params(), selfie(), Image::bytes(PNG), "GH")),
            "/v3/document_verification",
        ),
        (
            with(Job::enhanced_document_verification(
                params(),
                selfie(),
                Image::bytes(PNG),
                "NG",
                "PASSPORT",
            )),
            "/v3/enhanced_document_verification",
        ),
    ] {
        let played = play(begin(job), &[accepted(202), word(200, "clear")]);
        assert_eq!(played.sent[1], path);
        assert!(played.outcome.unwrap().verdict().unwrap().may_be_let_in(), "{path}");
    }
}

#[test]
fn a_submission_whose_answer_was_lost_is_never_sent_again() {
    let html = |status: u16| answer(status, "<html></html>");
    let cases: Vec<Answer> = vec![
        Err(TransportFailure::timed_out("")),
        Err(TransportFailure::interrupted("")),
        html(200),
        html(302),
        html(401),
        html(500),
        html(502),
        html(503),
        answer(202, ""),
        answer(202, json!({ "status": "accepted" }).to_string()),
        answer(500, json!({ "status": "integration_failure", "message": "Please retry" }).to_string()),
        answer(504, ""),
    ];
    for lost in cases {
        let played = play(begin(job()), std::slice::from_ref(&lost));
        assert_eq!(played.count(SUBMIT), 1, "{lost:?}");
        assert!(played.error().outcome_unknown(), "{lost:?}: {}", played.error());
        assert_eq!(played.count(STATUS), 0);
        // And nobody who goes on from any of its checkpoints sends it either.
        for checkpoint in &played.checkpoints {
            let again = JobFlow::resume(partner(), checkpoint, job(), FlowSettings::default(), 8).unwrap();
            let resumed = play(again, &[accepted(202), word(200, "clear")]);
            assert_eq!(resumed.sent, [""; 0]);
            assert!(resumed.error().outcome_unknown());
            let advice = resumed.error().to_string();
            assert!(advice.contains("wait for its webhook") && !advice.contains("resume"), "{advice}");
        }
        assert!(!played.checkpoints.is_empty());
    }
}

#[test]
fn a_refusal_of_the_api_itself_proves_that_nothing_was_begun() {
    for (status, phrase) in [
        (400, "Bad Request"),
        (401, "Unauthorized"),
        (402, "Payment Required"),
        (403, "Forbidden"),
        (413, "Content Too Large"),
        (415, "Unsupported Media Type"),
        (429, "Too Many Requests"),
    ] {
        let played = play(begin(job()), &[refusal(status, phrase)]);
        assert_eq!(played.count(SUBMIT), 1, "{status}: it isn't tried again with a bound token");
        assert!(!played.error().outcome_unknown(), "{status}");
        assert_eq!(played.error().progress(), Progress::Nothing);
        assert_eq!(played.checkpoints.last().unwrap().progress(), Progress::Nothing, "{status}");
    }
}

#[test]
fn what_certainly_never_left_is_sent_again() {
    let unsent = Err(TransportFailure::not_sent(""));
    let played = play(begin(job()), &[unsent, accepted(202), word(200, "clear")]);
    assert_eq!(played.count(SUBMIT), 2);
    assert!(played.outcome.unwrap().verdict().unwrap().is_approved());
}

#[test]
fn words_that_arent_known_and_jobs_that_arent_found_yet_end_nothing() {
    for (status, said) in [(404, "not_found"), (202, "processing"), (200, "some_future_word")] {
        let played = play(begin(job()), &[accepted(202), word(status, said)]);
        assert!(matches!(played.outcome, Ok(JobOutcome::Unfinished { .. })), "{said}");
        assert!(played.count(STATUS) > 10);
    }
}

#[test]
fn a_gateways_404_is_no_answer_about_the_job() {
    let gateway = answer(404, json!({ "status": "Not Found" }).to_string());
    let played = play(begin(job()), &[accepted(202), gateway]);
    assert!(played.outcome.is_err(), "neither an end nor a verdict");
}

#[test]
fn the_deadline_is_kept_with_a_last_look() {
    let settings = FlowSettings::default()
        .with_deadline(Duration::from_secs(20))
        .with_poll_schedule(PollSchedule::every(Duration::from_secs(15), 50));
    let flow = JobFlow::new(partner(), job(), settings, 7).unwrap();
    let played = play(flow, &[accepted(202), word(202, "processing"), word(200, "clear")]);
    assert_eq!(played.seconds, 18);
    assert!(played.outcome.unwrap().verdict().unwrap().is_approved());
}

#[test]
fn a_bad_poll_or_a_refused_token_doesnt_end_the_waiting() {
    let broken = Err(TransportFailure::interrupted(""));
    let html = answer(502, "<html></html>");
    let refused = refusal(401, "Unauthorized");
    let played = play(
        begin(job()),
        &[accepted(202), broken, html, refused, word(202, "processing"), word(200, "clear")],
    );
    assert!(played.outcome.unwrap().verdict().unwrap().is_approved());
    assert_eq!(played.sent.iter().filter(|path| *path == SUBMIT).count(), 1);
}

#[test]
fn with_the_services_id_a_resumed_job_asks_for_its_status() {
    let settings = || FlowSettings::default().with_deadline(Duration::from_secs(5));
    let first = JobFlow::new(partner(), job(), settings(), 7).unwrap();
    let played = play(first, &[accepted(202), word(202, "processing")]);
    let stored = serde_json::to_string(played.checkpoints.last().unwrap()).unwrap();
    assert!(stored.contains(JOB) && !stored.contains("qzTOKEN"), "{stored}");
    let checkpoint: Checkpoint = serde_json::from_str(&stored).unwrap();
    for resumed in [
        JobFlow::resume(partner(), &checkpoint, job(), settings(), 8).unwrap(),
        JobFlow::wait_for_submission(partner(), &checkpoint, settings(), 8).unwrap(),
    ] {
        let played = play(resumed, &[word(200, "block")]);
        assert_eq!(played.sent, ["/v3/token", STATUS]);
        assert_eq!(played.outcome.unwrap().verdict().unwrap().decision(), Decision::Rejected);
    }
}

#[test]
fn a_checkpoint_comes_before_the_submission_and_says_that_it_may_be_out() {
    let mut flow = begin(job());
    let mut before = None;
    for _ in 0..100 {
        match flow.next(START) {
            Next::Read(_) => flow.file_read(START, Ok(JPEG.to_vec())),
            Next::Send { request, .. } if request.uri().path() == SUBMIT => break,
            Next::Send { .. } => flow.receive(START, answer(200, json!({ "token": "a" }).to_string())),
            next => panic!("{next:?}"),
        }
        while flow.take_event().is_some() {}
    }
    while let Some(event) = flow.take_event() {
        match event {
            Event::Checkpoint(checkpoint) => before = Some(checkpoint),
            Event::Sending { step, .. } => assert_eq!(step, Step::BiometricKyc),
            _ => {}
        }
    }
    let before = before.unwrap();
    assert_eq!(before.progress(), Progress::MaybeUploaded);
    assert_eq!(before.submission_id(), flow.submission_id());
    assert_eq!(before.check(), None, "it is a job's");
}

#[test]
fn a_checkpoint_of_one_api_isnt_gone_on_with_over_the_other() {
    let of_v3 = play(begin(job()), &[accepted(202), word(200, "clear")]).checkpoints;
    let error =
        JobFlow::resume(support::partner(), &of_v3[0], job(), FlowSettings::default(), 8).unwrap_err();
    assert!(
        error.to_string().contains("`checkpoint.api` must be the API that the job was begun on"),
        "{error}"
    );
    let of_v1 = JobFlow::new(support::partner(), job(), FlowSettings::default(), 7).unwrap().checkpoint();
    assert!(!serde_json::to_string(&of_v1).unwrap().contains("\"api\""));
    assert!(JobFlow::resume(partner(), &of_v1, job(), FlowSettings::default(), 8).is_err());
}

#[test]
fn a_job_is_waited_for_by_the_services_own_id_alone() {
    let key = |id: &str| JobKey::new(UserId::new("user-1"), JobId::new(id), JobType::BIOMETRIC_KYC);
    let by_own = JobFlow::wait_for(partner(), key(JOB), FlowSettings::default(), 7);
    assert!(play(by_own, &[word(200, "clear")]).outcome.unwrap().verdict().unwrap().is_approved());
    let by_ours = JobFlow::wait_for(partner(), key("kyc-17"), FlowSettings::default(), 7);
    let played = play(by_ours, &[]);
    assert!(played.error().is_validation() && played.sent.is_empty());
}

#[test]
fn neither_token_nor_person_shows_in_what_happens() {
    let played = play(begin(job()), &[accepted(202), word(202, "processing"), refusal(403, "Forbidden")]);
    let shown = format!("{:?} {:?} {:?}", played.events, played.checkpoints, played.outcome);
    for secret in ["qzTOKEN", "Amina", "Clearwater", "00000000000", "test_api_key"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[test]
fn the_submission_names_the_job_and_itself_in_the_partner_params() {
    let mut flow = begin(Job::clone(&job()));
    for _ in 0..100 {
        match flow.next(START) {
            Next::Read(_) => flow.file_read(START, Ok(JPEG.to_vec())),
            Next::Send { request, .. } if request.uri().path() == SUBMIT => {
                let body = String::from_utf8_lossy(request.body()).into_owned();
                while flow.take_event().is_some() {}
                let id = flow.submission_id().unwrap().as_str().to_owned();
                assert!(body.contains(r#""sdk_job_id":"job-1""#) && body.contains(&id), "they come back");
                assert!(body.contains(r#""branch":"Lagos""#));
                return;
            }
            Next::Send { .. } => flow.receive(START, answer(200, json!({ "token": "a" }).to_string())),
            next => panic!("{next:?}"),
        }
    }
    panic!("nothing is submitted");
}
