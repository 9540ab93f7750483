//! The rules of the machine, over random transcripts; the world that they play in is in `machine`.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed, in a helper as well.

mod machine;
mod support;

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use machine::{Driver, End, PLAIN, RESULTS, Service, Watch, play, plot, settings, turns};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use smile_core::{
    Call, Flow, FlowSettings, Image, Job, JobError, JobErrorKind, JobFlow, JobId, JobOutcome,
    JobStatusRequest, JobType, Next, Progress, Step, Timestamp, TransportFailure, TransportFailureKind,
    UserId, Verdict,
};
use support::{Answer, JPEG, START, Sent, answer, classify, params, partner};

fn config(cases: u32) -> ProptestConfig {
    // The plots print whole: what a failure needs is kept as a test of its own.
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn a_job_keeps_the_rules_whatever_happens(plot in plot()) {
        play(&plot);
    }
}

/// The transcripts above are worth something only if they go everywhere.
#[test]
fn the_transcripts_go_everywhere() {
    let mut runner = TestRunner::deterministic();
    let ends: Vec<End> = (0..1_000).map(|_| play(&plot().new_tree(&mut runner).unwrap().current())).collect();
    let count = |is: &dyn Fn(&End) -> bool| ends.iter().filter(|end| is(end)).count();
    let progress = |end: &End| end.outcome.as_ref().err().map(JobError::progress);
    let kind = |end: &End| end.outcome.as_ref().err().map(|error| error.kind().clone());
    let repeats = |end: &End, of: fn(&Sent) -> bool| end.sent.iter().filter(|sent| of(sent)).count() > 1;
    let counts = [
        (
            "approved",
            count(&|end| matches!(&end.outcome, Ok(ok) if ok.verdict().is_some_and(Verdict::is_approved))),
        ),
        (
            "not approved",
            count(&|end| matches!(&end.outcome, Ok(ok) if ok.verdict().is_some_and(|v| !v.is_approved()))),
        ),
        ("submitted", count(&|end| matches!(&end.outcome, Ok(JobOutcome::Submitted { .. })))),
        ("unfinished", count(&|end| matches!(&end.outcome, Ok(JobOutcome::Unfinished { .. })))),
        ("nothing", count(&|end| progress(end) == Some(Progress::Nothing))),
        ("maybe opened", count(&|end| progress(end) == Some(Progress::MaybeOpened))),
        ("opened", count(&|end| progress(end) == Some(Progress::Opened))),
        ("maybe uploaded", count(&|end| progress(end) == Some(Progress::MaybeUploaded))),
        ("uploaded", count(&|end| progress(end) == Some(Progress::Uploaded))),
        ("deadline", count(&|end| matches!(kind(end), Some(JobErrorKind::Deadline(_))))),
        ("cancelled", count(&|end| kind(end) == Some(JobErrorKind::Cancelled))),
        ("validation", count(&|end| matches!(kind(end), Some(JobErrorKind::Validation(_))))),
        (
            "reconciling gave up",
            count(&|end| {
                progress(end) == Some(Progress::MaybeUploaded)
                    && matches!(kind(end), Some(JobErrorKind::Operation { step: Step::JobStatus, .. }))
            }),
        ),
        ("two lives", count(&|end| end.lives == 2)),
        ("three lives", count(&|end| end.lives > 2)),
        ("prep again", count(&|end| repeats(end, |sent| matches!(sent, Sent::Prep { .. })))),
        ("put again", count(&|end| repeats(end, |sent| *sent == Sent::Put))),
    ];
    for (what, count) in counts {
        assert!(count >= 3, "{what}: {count} of {counts:?}");
    }
}

// A single exchange.

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn a_question_keeps_the_rules_whatever_happens(
        turns in turns(), (deadline, settings) in settings(), seed: u64, zips in 0..2_u32, result in select(RESULTS),
    ) {
        let mut service = Service {
            opened: true, zips, addresses: 0, polls_until_result: 1, result, submission: None,
        };
        let request = JobStatusRequest::new(UserId::new("user-1"), JobId::new("job-1"))
            .with_job_type(JobType::BIOMETRIC_KYC);
        // The model signs all it says at the start, however late it is asked.
        let mut call = Call::new(partner().without_answer_window(), request, settings, seed);
        let mut watch = Watch::new(deadline);
        let mut turns = turns.into_iter();
        let (mut now, mut is_out, mut late) = (START, false, None);
        let outcome = 'over: {
            for _ in 0..200 {
                let turn = turns.next().unwrap_or(PLAIN);
                match turn.driver {
                    Driver::ClockBack(millis) => {
                        now = Timestamp::from_unix_millis(now.unix_millis().saturating_sub(millis));
                    }
                    Driver::ClockForward(millis) => now = now + Duration::from_millis(millis),
                    Driver::TellsUnasked(_) if !is_out => {
                        call.receive(now, late.take().unwrap_or_else(support::approved));
                        watch.told(now);
                    }
                    Driver::ReadsUnasked { .. } => {
                        call.file_read(now, Ok(vec![]));
                        watch.told(now);
                    }
                    _ => {}
                }
                let next = call.next(now);
                is_out = matches!(next, Next::Send { .. });
                watch.told(now);
                watch.saw(&next);
                match next {
                    Next::Finished(outcome) => break 'over outcome,
                    Next::Read(_) => panic!("there is nothing to read"),
                    Next::Wait { until } => now = now + until.since(now),
                    Next::Send { request, timeout } => {
                        assert_eq!(classify(&request), Sent::Status);
                        if turn.driver == Driver::DoesNothing {
                            continue;
                        }
                        let told = turn.network.exchange(&mut service, &request);
                        let is_timeout =
                            told.as_ref().is_err_and(|f| f.kind() == TransportFailureKind::TimedOut);
                        now = now + if is_timeout { timeout } else { Duration::from_millis(turn.millis) };
                        if turn.driver == Driver::DropsTheAnswer {
                            late = Some(told);
                            continue;
                        }
                        call.receive(now, told.clone());
                        watch.told(now);
                        is_out = false;
                        if turn.driver == Driver::TellsTwice {
                            call.receive(now, told);
                        }
                    }
                }
            }
            panic!("it ends");
        };
        match &outcome {
            Ok(status) => {
                // A no of another time tells nothing.
                assert!(status.has_zip().is_none_or(|has_zip| has_zip == (zips > 0)));
                let approves = status.verdict().is_some_and(|verdict| verdict.is_approved());
                assert!(!approves || (zips == 1 && result.is_approval));
            }
            Err(error) => assert!(!error.outcome_unknown(), "asking changes nothing: {error}"),
        }
        for _ in 0..3 {
            call.receive(Timestamp::MAX, support::approved());
            let Next::Finished(again) = call.next(START) else { panic!("it is over") };
            assert_eq!(again, outcome);
        }
    }
}

// Rules with a transcript of their own.

/// Without a deadline to end it, a failure that never passes is given up on all the same.
#[test]
fn what_never_mends_is_given_up_on() {
    let failures = [
        Err(TransportFailure::not_sent("")),
        support::storage_refusal(403, "AccessDenied"),
        support::storage_refusal(503, "SlowDown"),
        support::approval_of(Some("another")),
        Err(TransportFailure::timed_out("")),
        Err(TransportFailure::interrupted("")),
        Err(TransportFailure::new(TransportFailureKind::ResponseTooLarge, "")),
        answer(403, ""),
        answer(408, ""),
        answer(500, ""),
        answer(503, ""),
        answer(200, "<html>"),
        support::badly_signed(),
        support::no_zip(),
        support::pending(),
    ];
    for (which, failure) in failures.iter().enumerate() {
        for before in [
            vec![],
            vec![support::opened()],
            vec![support::opened(), support::timeout()],
            vec![support::opened(), support::timeout(), support::no_zip()],
            vec![support::opened(), answer(403, ""), support::opened()],
            vec![support::opened(), answer(200, "")],
        ] {
            let steps = before.len();
            let mut answers = before.into_iter().chain(std::iter::repeat(failure.clone()));
            let settings = FlowSettings::default().with_deadline(Duration::MAX);
            let mut flow = JobFlow::new(partner(), support::job(), settings, 7).unwrap();
            let (mut now, mut sends) = (START, 0);
            loop {
                match flow.next(now) {
                    Next::Read(path) => panic!("{path:?}"),
                    Next::Wait { until } => now = until,
                    Next::Finished(_) => break,
                    Next::Send { .. } => {
                        sends += 1;
                        assert!(sends <= 30, "failure {which} after {steps} answers");
                        flow.receive(now, answers.next().unwrap());
                    }
                }
            }
        }
    }
}

/// `RetryPolicy` says it: a `Retry-After` is honoured up to a minute, at every step.
#[test]
fn no_wait_is_longer_than_a_minute_and_the_backoff_whatever_retry_after_says() {
    let put_lost = || {
        let response = Response::builder().status(500).header("Retry-After", "200");
        Ok(response.body(Bytes::new()).unwrap())
    };
    let before: [(&str, Vec<Answer>, Answer); 4] = [
        ("prep upload", vec![], support::retry_later(503, 200)),
        ("upload, turned away", vec![support::opened()], support::retry_later(503, 200)),
        ("upload, lost", vec![support::opened()], put_lost()),
        ("job status", vec![support::opened(), answer(200, "")], support::retry_later(503, 200)),
    ];
    for (step, answers, last) in before {
        let mut flow = JobFlow::new(partner(), support::job(), FlowSettings::default(), 7).unwrap();
        let mut now = START;
        for told in answers.into_iter().chain([last]) {
            let next = loop {
                match flow.next(now) {
                    Next::Wait { until } => now = until,
                    next => break next,
                }
            };
            assert!(matches!(next, Next::Send { .. }), "{step}");
            flow.receive(now, told);
        }
        let Next::Wait { until } = flow.next(now) else { panic!("{step}: it is tried again") };
        assert!(until.since(now) <= Duration::from_millis(60_500), "{step}: {:?}", until.since(now));
    }
}

/// A `Retry-After` beyond the deadline is no reason to leave unasked what became of an upload.
#[test]
fn a_huge_retry_after_does_not_keep_a_lost_upload_from_being_asked_about() {
    let lost = Response::builder().status(500).header("Retry-After", "86400").body(Bytes::new()).unwrap();
    let mut flow = JobFlow::new(partner(), support::job(), FlowSettings::default(), 7).unwrap();
    let run = support::drive(&mut flow, [support::opened(), Ok(lost), support::approved()]);
    assert!(run.outcome.unwrap().verdict().unwrap().is_approved());
}

/// The promise of `Flow::receive` for answers holds for files: one that nobody asked for changes
/// nothing. Otherwise a driver that reports twice puts one image in another's place.
#[test]
fn a_file_that_nobody_asked_for_changes_nothing() {
    let other = [JPEG, b"somebody else"].concat();
    let job = || {
        Job::smartselfie_registration(params(), Image::bytes(JPEG))
            .with_id_card(Image::path("card.jpg"))
            .with_return_job_status(true)
    };
    let put = |mut flow: JobFlow| {
        let run = support::drive(&mut flow, [support::opened(), answer(200, ""), support::approved()]);
        run.requests[1].body().clone()
    };
    let new = || JobFlow::new(partner(), job(), FlowSettings::default(), 7).unwrap();
    let expected = put(new());

    // Before anything was asked for.
    let mut flow = new();
    flow.file_read(START, Ok(other.clone()));
    assert!(put(flow) == expected, "a file that came unasked took the place of the selfie's own bytes");

    // Twice for one question.
    let mut flow =
        JobFlow::new(partner(), job().with_id_card_back(Image::path("back.jpg")), FlowSettings::default(), 7)
            .unwrap();
    let Next::Read(_) = flow.next(START) else { panic!("the card") };
    flow.file_read(START, Ok(JPEG.to_vec()));
    flow.file_read(START, Ok(other));
    let Next::Read(path) = flow.next(START) else { panic!("the back of the card must be asked for") };
    assert_eq!(path.to_str(), Some("back.jpg"));
}
