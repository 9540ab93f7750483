//! Whole jobs under a fake clock: what is sent when, and how each ends.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

mod support;

use std::time::Duration;

use serde_json::json;
use smile_core::v1::AsyncEnhancedKycRequest;
use smile_core::{
    Call, Checkpoint, Event, Flow, FlowSettings, IdInfo, Image, ImageEncoding, ImageFault, Job, JobErrorKind,
    JobFlow, JobKey, JobOutcome, Next, Partner, PollSchedule, ProblemKind, Progress, Step, Timestamp,
    TransportFailure,
};
use support::{Sent::*, *};

fn flow(job: Job) -> JobFlow {
    JobFlow::new(partner(), job, FlowSettings::default(), 7).unwrap()
}

fn is_approved(outcome: &JobOutcome) -> bool {
    outcome.verdict().is_some_and(smile_core::Verdict::is_approved)
}

#[test]
fn the_straight_way() {
    let run = drive(&mut flow(job()), [opened(), answer(200, ""), pending(), approved()]);
    assert_eq!(run.sent, [(0, Prep { retry: false }), (0, Put), (2, Status), (4, Status)]);
    let outcome = run.outcome.unwrap();
    assert!(is_approved(&outcome));
    assert_eq!(outcome.submission().smile_job_id.as_deref(), Some("0000000007"));
}

#[test]
fn who_does_not_wait_gets_the_submission() {
    let job = job().with_return_job_status(false).with_callback_url("https://bank.example/");
    let run = drive(&mut flow(job), [opened(), answer(200, "")]);
    assert!(matches!(run.outcome.unwrap(), JobOutcome::Submitted { .. }));
}

/// A timeout on the PUT, a 503 with `Retry-After`, six unfinished polls and one answer with a bad
/// signature.
#[test]
fn a_bad_day_ends_in_the_right_verdict() {
    let answers = [
        retry_later(503, 7),
        no_zip(),
        opened(),
        timeout(),
        no_zip(),
        no_zip(),
        no_zip(),
        answer(200, ""),
        pending(),
        pending(),
        badly_signed(),
        pending(),
        pending(),
        pending(),
        pending(),
        approved(),
    ];
    let run = drive(&mut flow(job()), answers);
    assert!(is_approved(&run.outcome.unwrap()));
    let puts = run.sent.iter().filter(|(_, sent)| *sent == Put).count();
    assert_eq!(puts, 2, "once lost, and once again after the service said that it has nothing");
    assert!((7..=8).contains(&run.sent[1].0), "Retry-After is honoured: {:?}", run.sent);
    assert_eq!(run.sent[2].1, Prep { retry: true }, "who says 503 may stand behind the service");
    let asked: Vec<u64> = run.sent[4..7].iter().map(|(at, _)| at - run.sent[3].0).collect();
    assert_eq!(asked, [5, 125, 130], "twice after the send's own time limit, with time to notice a zip");
    let polls: Vec<u64> = run.sent[8..].iter().map(|(at, _)| at - run.sent[7].0).collect();
    assert_eq!(polls, [2, 4, 6, 8, 14, 20, 26, 32]);
}

/// The service's answer about a job that it never had isn't documented: it may refuse to tell its
/// status.
#[test]
fn a_job_that_the_service_refuses_to_know_goes_on_as_one_that_has_no_zip() {
    let unknown = || refused(400, "2314");
    // Of the upload the first one comes too early to count.
    let denials = [unknown(), unknown(), unknown()];
    let answers = [timeout(), unknown(), opened(), timeout()].into_iter().chain(denials);
    let answers = answers.chain([answer(200, ""), approved()]);
    let run = drive(&mut flow(job()), answers);
    let sent: Vec<_> = run.sent.iter().map(|(_, sent)| sent.clone()).collect();
    let prep = |retry| Prep { retry };
    assert_eq!(sent, [prep(false), Status, prep(true), Put, Status, Status, Status, Put, Status]);
    assert!(is_approved(&run.outcome.unwrap()));
}

#[test]
fn a_poll_that_is_refused_for_want_of_a_zip_is_no_failure() {
    let unknown = std::iter::repeat_with(|| refused(400, "2314")).take(6);
    let answers = [opened(), answer(200, "")].into_iter().chain(unknown).chain([approved()]);
    assert!(is_approved(&drive(&mut flow(job()), answers).outcome.unwrap()));
}

#[test]
fn a_status_refused_with_another_code_is_no_denial() {
    let answers =
        [timeout(), refused(400, "2413"), refused(404, "404"), refused(400, "2301"), refused(400, "2405")];
    assert!(drive(&mut flow(job()), answers).outcome.is_err());
}

#[test]
fn a_lost_answer_to_prep_upload_is_asked_for_with_the_retry_flag() {
    for lost in [
        timeout(),
        Err(TransportFailure::interrupted("reset")),
        answer(200, "{\"upl"),
        answer(408, ""),
        answer(429, ""),
        answer(502, "<html>"),
        answer(503, ""),
    ] {
        let run = drive(&mut flow(job()), [lost, no_zip(), opened(), answer(200, ""), approved()]);
        let sent: Vec<_> = run.sent.into_iter().map(|(_, sent)| sent).collect();
        assert_eq!(sent, [Prep { retry: false }, Status, Prep { retry: true }, Put, Status]);
        assert!(is_approved(&run.outcome.unwrap()));
    }
    let run = drive(
        &mut flow(job()),
        [Err(TransportFailure::not_sent("refused")), opened(), answer(200, ""), approved()],
    );
    assert_eq!(run.sent[1].1, Prep { retry: false }, "what was never sent needs no flag");
}

#[test]
fn an_upload_whose_answer_was_lost_is_not_sent_again_if_it_arrived() {
    for answers in
        [vec![opened(), timeout(), pending(), approved()], vec![opened(), answer(500, ""), approved()]]
    {
        let run = drive(&mut flow(job()), answers);
        assert_eq!(run.sent.iter().filter(|(_, sent)| *sent == Put).count(), 1);
        assert!(is_approved(&run.outcome.unwrap()));
    }
}

/// A 302, 403 or 409 may be a gateway's, after prep upload was done.
#[test]
fn a_refusal_of_prep_upload_without_a_code_of_the_services_own_is_not_nothing() {
    for answer in
        [answer(302, ""), answer(403, r#"{"message":"Forbidden"}"#), answer(409, ""), answer(307, "")]
    {
        let error = drive(&mut flow(job()), [answer]).outcome.unwrap_err();
        assert_eq!(error.progress(), Progress::MaybeOpened);
        assert!(!error.to_string().contains("nothing was submitted"), "{error}");
        assert!(!error.is_retryable());
    }
}

#[test]
fn what_the_store_refuses_for_a_while_is_sent_again_without_asking() {
    for (status, code) in [(503, "SlowDown"), (503, "ServiceUnavailable"), (400, "RequestTimeout")] {
        let answers = [opened(), storage_refusal(status, code), answer(200, ""), approved()];
        let run = drive(&mut flow(job()), answers);
        let sent: Vec<_> = run.sent.into_iter().map(|(_, sent)| sent).collect();
        assert_eq!(sent, [Prep { retry: false }, Put, Put, Status]);
    }
}

#[test]
fn what_the_store_refuses_for_good_ends_the_job() {
    let run = drive(&mut flow(job()), [opened(), storage_refusal(400, "EntityTooLarge")]);
    let error = run.outcome.unwrap_err();
    assert_eq!(error.progress(), Progress::Opened);
    assert!(!error.outcome_unknown() && !error.to_string().contains("videos"), "{error}");
}

/// A proxy, a CDN or a custom environment may say anything after the zip was stored.
#[test]
fn an_upload_that_anybody_else_refuses_is_asked_about_before_anything_else() {
    for status in [301, 302, 307, 400, 403, 404, 408, 409, 413, 429, 500, 503] {
        let run = drive(&mut flow(job()), [opened(), answer(status, "<html>"), pending(), approved()]);
        let sent: Vec<_> = run.sent.into_iter().map(|(_, sent)| sent).collect();
        assert_eq!(sent, [Prep { retry: false }, Put, Status, Status], "{status}: it was there");
        assert!(is_approved(&run.outcome.unwrap()));
    }
}

#[test]
fn an_upload_that_is_refused_and_denied_is_sent_again_only_if_that_can_help() {
    // The first denial is too early to count: whoever answered may still pass it on.
    let denied = |status| [opened(), answer(status, ""), no_zip(), no_zip(), no_zip()];
    let run = drive(&mut flow(job()), denied(503).into_iter().chain([answer(200, ""), approved()]));
    assert!(is_approved(&run.outcome.unwrap()));
    for status in [302, 400, 404, 413] {
        let error = drive(&mut flow(job()), denied(status)).outcome.unwrap_err();
        assert_eq!(error.progress(), Progress::Opened, "{status}");
        assert!(error.to_string().contains("resume it from its checkpoint"), "{error}");
    }
}

/// A connection that breaks, or a gateway that answers in the store's place, stops no zip that is
/// on its way already.
#[test]
fn an_upload_that_was_cut_is_sent_again_only_after_its_own_time_limit() {
    for failure in [Err(TransportFailure::interrupted("cut")), answer(503, ""), answer(429, "")] {
        let answers = [opened(), failure, no_zip(), no_zip(), no_zip(), answer(200, ""), approved()];
        let run = drive(&mut flow(job()), answers);
        let sent = [(0, Put), (5, Status), (125, Status), (130, Status), (130, Put), (132, Status)];
        assert_eq!(run.sent[1..], sent);
        assert!(is_approved(&run.outcome.unwrap()));
    }
    // It came after all, within its time.
    let answers = [opened(), answer(503, ""), no_zip(), pending(), approved()];
    let run = drive(&mut flow(job()), answers);
    assert_eq!(run.sent.iter().filter(|(_, sent)| *sent == Put).count(), 1);
    assert!(is_approved(&run.outcome.unwrap()));
}

/// A zip that was never sent, or that the store refused, is on its way no more: nothing is waited
/// for.
#[test]
fn an_upload_that_was_certainly_turned_away_is_not_waited_for() {
    for failure in [Err(TransportFailure::not_sent("no connection")), storage_refusal(503, "SlowDown")] {
        let mut flow = flow(job());
        let run = drive(&mut flow, [opened(), failure, answer(200, ""), approved()]);
        assert!(run.seconds < 10, "{:?}", run.sent);
        assert_eq!(run.sent.iter().filter(|(_, sent)| *sent == Status).count(), 1);
    }
}

#[test]
fn an_expired_address_is_asked_for_anew_once() {
    let expired = || storage_refusal(403, "AccessDenied");
    let run = drive(&mut flow(job()), [opened(), expired(), opened(), answer(200, ""), approved()]);
    assert_eq!(run.sent[2].1, Prep { retry: true });
    assert!(is_approved(&run.outcome.unwrap()));

    // Whoever else says 403 is asked about first.
    let answers =
        [opened(), answer(403, ""), no_zip(), no_zip(), no_zip(), opened(), answer(200, ""), approved()];
    let run = drive(&mut flow(job()), answers);
    assert_eq!(run.sent[5].1, Prep { retry: true }, "after two denials that count");
    assert!(is_approved(&run.outcome.unwrap()));

    let run = drive(&mut flow(job()), [opened(), expired(), opened(), expired()]);
    let error = run.outcome.unwrap_err();
    assert_eq!(error.progress(), Progress::Opened);
    assert!(!error.is_unauthorized() && !error.outcome_unknown());
    assert_eq!(
        error.to_string(),
        "upload failed: the zip's store refused it (HTTP 403, AccessDenied); the job is open at the service, without images: \
         resume it from its checkpoint, or submit it again with `with_retry(true)` (job_id job-1)"
    );
}

#[test]
fn an_upload_nobody_can_tell_about_ends_as_outcome_unknown() {
    let run = drive(&mut flow(job()), [opened(), timeout(), timeout(), timeout(), timeout(), timeout()]);
    let error = run.outcome.unwrap_err();
    assert!(error.outcome_unknown() && error.is_timeout() && !error.is_retryable());
    assert_eq!(run.sent.iter().filter(|(_, sent)| *sent == Put).count(), 1);
}

#[test]
fn refusals_end_the_job_at_once() {
    let run = drive(&mut flow(job()), [refused(400, "2215")]);
    let error = run.outcome.unwrap_err();
    assert!(error.is_job_already_exists() && !error.is_retryable());
    assert_eq!(error.progress(), Progress::Nothing, "of this submission");
    assert_eq!(
        error.to_string(),
        "prep upload failed: the service answered HTTP 400, code 2215: a job with this job id exists already; the job id \
         belongs to an earlier job or attempt, whose result is no verdict on this one: resume that attempt from its \
         checkpoint, or submit this one under a new job id (job_id job-1)"
    );

    let run = drive(&mut flow(job()), [refused(400, "2205")]);
    let error = run.outcome.unwrap_err();
    assert!(error.is_unauthorized());
    assert!(!format!("{error} {error:?}").contains("jane"), "{error}");

    let run = drive(&mut flow(job()), [answer(307, "")]);
    assert!(run.outcome.unwrap_err().to_string().contains("redirect"));
}

#[test]
fn tries_are_limited() {
    let not_sent = || Err(TransportFailure::not_sent("refused"));
    let run = drive(&mut flow(job()), (0..4).map(|_| not_sent()));
    let error = run.outcome.unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(error.progress(), Progress::Nothing);
    for lost in [timeout(), answer(503, "")] {
        let run =
            drive(&mut flow(job()), (0..7).map(|turn| if turn % 2 == 0 { lost.clone() } else { no_zip() }));
        let error = run.outcome.unwrap_err();
        assert_eq!(error.progress(), Progress::MaybeOpened);
        assert!(!error.is_retryable(), "as it is, it would be refused as a duplicate");
    }
}

#[test]
fn an_unfinished_job_is_its_own_outcome() {
    let run =
        drive(&mut flow(job()), [opened(), answer(200, "")].into_iter().chain((0..20).map(|_| pending())));
    let JobOutcome::Unfinished { polls, last, last_error, .. } = run.outcome.unwrap() else {
        panic!("unfinished")
    };
    assert_eq!((polls, last.is_some(), last_error), (20, true, None));
    assert_eq!(run.seconds, 104);
}

#[test]
fn the_deadline_ends_the_waiting_and_no_wait_goes_past_it() {
    let settings = FlowSettings::default().with_deadline(Duration::from_secs(9));
    let mut flow = JobFlow::new(partner(), job(), settings, 7).unwrap();
    let run = drive(&mut flow, [opened(), answer(200, ""), pending(), pending(), pending(), pending()]);
    let outcome = run.outcome.unwrap();
    assert!(outcome.verdict().is_none());
    assert!(matches!(outcome, JobOutcome::Unfinished { .. }));
    assert_eq!(run.seconds, 8, "the next poll would be too late, so nobody waits for it");
}

#[test]
fn a_deadline_before_the_upload_is_an_error() {
    let settings = FlowSettings::default().with_deadline(Duration::from_secs(5));
    let mut flow = JobFlow::new(partner(), job(), settings, 7).unwrap();
    let run = drive(&mut flow, [retry_later(503, 30)]);
    let error = run.outcome.unwrap_err();
    assert!(!error.is_retryable());
    assert_eq!(error.progress(), Progress::MaybeOpened);
}

#[test]
fn an_answer_after_the_deadline_still_counts() {
    let mut flow = flow(job());
    let Next::Send { .. } = flow.next(START) else { panic!("prep") };
    flow.receive(START, opened());
    let Next::Send { .. } = flow.next(START) else { panic!("put") };
    flow.receive(START + Duration::from_secs(3_600), answer(200, ""));
    let Next::Finished(outcome) = flow.next(START + Duration::from_secs(3_600)) else { panic!("over") };
    assert!(matches!(outcome.unwrap(), JobOutcome::Unfinished { .. }));
}

#[test]
fn one_bad_poll_is_nothing_and_many_in_a_row_are_an_error() {
    let bad = [opened(), answer(200, "")].into_iter().chain((0..5).map(|_| badly_signed()));
    let error = drive(&mut flow(job()), bad).outcome.unwrap_err();
    assert_eq!(error.progress(), Progress::Uploaded);
    assert!(error.to_string().contains("don't submit it again"), "{error}");

    let mixed = [
        badly_signed(),
        answer(500, ""),
        timeout(),
        refused(400, "2405"),
        pending(),
        badly_signed(),
        approved(),
    ];
    let run = drive(&mut flow(job()), [opened(), answer(200, "")].into_iter().chain(mixed));
    assert!(is_approved(&run.outcome.unwrap()));
}

#[test]
fn a_clock_that_steps_back_stands_still() {
    let mut flow = flow(job());
    let Next::Send { .. } = flow.next(START) else { panic!("prep") };
    flow.receive(START, opened());
    let Next::Send { .. } = flow.next(START) else { panic!("put") };
    flow.receive(START, answer(200, ""));
    let Next::Wait { until } = flow.next(START) else { panic!("wait") };
    let Next::Wait { until: later } = flow.next(smile_core::Timestamp::default()) else { panic!("wait") };
    assert_eq!(until, later);
}

#[test]
fn asking_again_while_a_request_is_out_says_that_its_answer_is_lost() {
    let mut flow = flow(job());
    let Next::Send { request, .. } = flow.next(START) else { panic!("prep") };
    assert_eq!(classify(&request), Prep { retry: false });
    // It may be on its way for half a minute, and is noticed some seconds later.
    let run = drive(&mut flow, [no_zip(), no_zip(), opened(), answer(200, ""), approved()]);
    let (asked, then) = (&run.sent[..2], &run.sent[2..3]);
    assert_eq!(asked[1], (35, Status), "{asked:?}");
    assert_eq!(then, [(35, Prep { retry: true })]);

    let mut flow = self::flow(job());
    let Next::Send { .. } = flow.next(START) else { panic!("prep") };
    flow.receive(START, opened());
    let Next::Send { .. } = flow.next(START) else { panic!("put") };
    let run = drive(&mut flow, [pending(), approved()]);
    assert_eq!(run.sent[0].1, Status, "the upload isn't sent again before the service was asked");
}

#[test]
fn a_cancelled_job_sends_nothing_more() {
    let mut flow = flow(job());
    let Next::Send { .. } = flow.next(START) else { panic!("prep") };
    flow.receive(START, opened());
    let Next::Send { .. } = flow.next(START) else { panic!("put") };
    flow.cancel();
    flow.receive(START, answer(200, ""));
    let error = drive(&mut flow, []).outcome.unwrap_err();
    assert!(error.is_cancelled() && error.outcome_unknown());
    assert_eq!(flow.checkpoint().progress(), Progress::MaybeUploaded);
}

#[test]
fn every_image_fault_is_named_before_anything_is_sent() {
    let job = Job::smartselfie_registration(params(), Image::path("missing.jpg"))
        .with_liveness(
            ["directory", "secret.jpg", "empty.jpg", "photo.heic", "notes.txt", "good.jpg"].map(Image::path),
        )
        .with_liveness([Image::base64("not base64!"), Image::bytes(&b""[..])])
        .with_return_job_status(true);
    let error = drive(&mut flow(job), []).outcome.unwrap_err();
    let problems = error.validation().unwrap().problems();
    let faults: Vec<_> = problems.iter().map(|problem| (problem.field.as_str(), problem.kind)).collect();
    assert_eq!(
        faults,
        [
            ("images[0] (selfie)", ProblemKind::Image(ImageFault::FileMissing)),
            ("images[1] (liveness)", ProblemKind::Image(ImageFault::IsDirectory)),
            ("images[2] (liveness)", ProblemKind::Image(ImageFault::Unreadable)),
            ("images[3] (liveness)", ProblemKind::Image(ImageFault::Empty)),
            ("images[4] (liveness)", ProblemKind::Image(ImageFault::Heic)),
            ("images[5] (liveness)", ProblemKind::Image(ImageFault::NotJpegOrPng)),
            ("images[7] (liveness)", ProblemKind::Image(ImageFault::NotBase64)),
            ("images[8] (liveness)", ProblemKind::Image(ImageFault::Empty)),
        ]
    );
    assert!(!error.to_string().contains(".jpg"), "no path is shown: {error}");
}

#[test]
fn what_is_wrong_with_the_job_is_said_before_any_file_is_read() {
    let job = Job::document_verification(params(), Image::path("a.jpg"), Image::path("b.jpg"), "nigeria");
    let error = JobFlow::new(partner(), job, FlowSettings::default(), 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing was sent: `id_info.country` must be the two capital letters of ISO 3166-1, such as `NG`; \
         `callback_url` must be set, for the job or the partner, unless `return_job_status` is on"
    );
}

// Checkpoints.

/// Through text, as another process would have it.
fn stored(checkpoint: &Checkpoint) -> Checkpoint {
    serde_json::from_str(&serde_json::to_string(checkpoint).unwrap()).unwrap()
}

fn resume(checkpoint: &Checkpoint) -> JobFlow {
    JobFlow::resume(partner(), &stored(checkpoint), job(), FlowSettings::default(), 8).unwrap()
}

#[test]
fn a_job_resumes_from_wherever_it_was_left() {
    let sent = |run: support::Transcript<_>| {
        let outcome: Result<JobOutcome, smile_core::JobError> = run.outcome;
        assert!(is_approved(&outcome.unwrap()));
        run.sent.into_iter().map(|(_, sent)| sent).collect::<Vec<_>>()
    };
    let mut first = flow(job());
    assert_eq!(first.checkpoint().progress(), Progress::Nothing);
    let run = drive(&mut resume(&first.checkpoint()), [opened(), answer(200, ""), approved()]);
    assert_eq!(sent(run), [Prep { retry: false }, Put, Status]);

    // From any progress beyond nothing, the free question comes first.
    let again = || [no_zip(), no_zip(), opened(), answer(200, ""), approved()];
    let Next::Send { .. } = first.next(START) else { panic!("prep") };
    let maybe_opened = first.checkpoint();
    assert_eq!(maybe_opened.progress(), Progress::MaybeOpened);
    first.receive(START, opened());
    let opened_ = first.checkpoint();
    assert_eq!(opened_.progress(), Progress::Opened);
    let Next::Send { .. } = first.next(START) else { panic!("put") };
    let maybe_uploaded = first.checkpoint();
    assert_eq!(maybe_uploaded.progress(), Progress::MaybeUploaded);
    for checkpoint in [&maybe_opened, &maybe_uploaded] {
        // The first denial is too early to count: the send may still be on its way.
        let run = drive(&mut resume(checkpoint), [no_zip()].into_iter().chain(again()));
        assert_eq!(sent(run), [Status, Status, Status, Prep { retry: true }, Put, Status]);
        let run = drive(&mut resume(checkpoint), [pending(), approved()]);
        assert_eq!(sent(run), [Status, Status]);
    }
    let run = drive(&mut resume(&opened_), again());
    assert_eq!(sent(run), [Status, Status, Prep { retry: true }, Put, Status]);

    first.receive(START, answer(200, ""));
    assert_eq!(first.checkpoint().progress(), Progress::Uploaded);
    let run = drive(&mut resume(&first.checkpoint()), [approved()]);
    assert_eq!(sent(run), [Status]);
}

#[test]
fn checkpoints_come_before_what_they_are_about_and_whenever_a_job_has_come_further() {
    let reaches = |events: &[Event]| -> Vec<Progress> {
        let progress = |event: &Event| match event {
            Event::Checkpoint(checkpoint) => Some(checkpoint.progress()),
            _ => None,
        };
        events.iter().filter_map(progress).collect()
    };
    let run = drive(&mut flow(job()), [opened(), answer(200, ""), approved()]);
    assert_eq!(
        reaches(&run.events),
        [Progress::MaybeOpened, Progress::Opened, Progress::MaybeUploaded, Progress::Uploaded]
    );
    // And when what was written down before a request turns out to be too much.
    let run = drive(&mut flow(job()), [refused(400, "2215")]);
    assert_eq!(reaches(&run.events), [Progress::MaybeOpened, Progress::Nothing]);
}

#[test]
fn the_last_checkpoint_handed_out_knows_as_much_as_the_end() {
    let ends = [
        vec![refused(400, "2215")],
        vec![opened(), storage_refusal(400, "EntityTooLarge")],
        vec![opened(), answer(400, ""), no_zip(), no_zip(), no_zip()],
        vec![opened(), timeout(), timeout(), timeout(), timeout(), timeout()],
        vec![answer(409, "")],
        vec![opened(), answer(200, ""), approved()],
    ];
    for answers in ends {
        let mut flow = flow(job());
        let run = drive(&mut flow, answers);
        let last = run.events.iter().rev().find_map(|event| match event {
            Event::Checkpoint(checkpoint) => Some(checkpoint.clone()),
            _ => None,
        });
        assert_eq!(last.unwrap(), flow.checkpoint());
        if let Err(error) = run.outcome {
            assert_eq!(error.progress(), flow.checkpoint().progress());
        }
    }
}

#[test]
fn each_request_is_told_of_before_it_goes_out() {
    let mut flow = flow(job());
    let denials = [no_zip(), no_zip(), no_zip()];
    let mut answers = [opened(), timeout()].into_iter().chain(denials).chain([answer(200, ""), approved()]);
    let (mut now, mut told) = (START, Vec::new());
    for _ in 0..40 {
        match flow.next(now) {
            Next::Wait { until } => now = until,
            Next::Finished(outcome) => {
                assert!(is_approved(&outcome.unwrap()));
                let attempts: Vec<(Step, u32)> = told;
                let expected = [
                    (Step::PrepUpload, 1),
                    (Step::Upload, 1),
                    (Step::JobStatus, 1),
                    (Step::JobStatus, 1),
                    (Step::JobStatus, 1),
                    (Step::Upload, 2),
                    (Step::JobStatus, 1),
                ];
                return assert_eq!(attempts, expected);
            }
            Next::Read(_) => panic!("nothing to read"),
            Next::Send { timeout, .. } => {
                // The rule: take the events before you send. The checkpoint comes first, and then
                // the send.
                let events: Vec<Event> = std::iter::from_fn(|| flow.take_event()).collect();
                let Some(Event::Sending { step, attempt, timeout: same, .. }) = events.last() else {
                    panic!("{events:?}")
                };
                assert_eq!(*same, timeout);
                let is_change = *step != Step::JobStatus;
                if is_change {
                    let Some(Event::Checkpoint(checkpoint)) = events.iter().rev().nth(1) else {
                        panic!("{events:?}")
                    };
                    let send = checkpoint.last_send().unwrap();
                    assert_eq!((send.step(), send.began(), send.timeout()), (*step, now, timeout));
                    assert_eq!(checkpoint, &flow.checkpoint());
                }
                told.push((*step, *attempt));
                let answer = addressed(answers.next().unwrap(), &flow);
                flow.receive(now, answer);
            }
        }
    }
    panic!("it ends");
}

/// A driver whose checkpoint can't be stored refuses the send.
#[test]
fn a_send_that_the_driver_refuses_ends_the_flow_as_not_sent() {
    let refusal = || Err(TransportFailure::refused("the checkpoint can't be stored"));
    for (before, progress) in [
        (vec![], Progress::Nothing),
        (vec![opened()], Progress::Opened),
        (vec![opened(), timeout()], Progress::MaybeUploaded),
        (vec![opened(), answer(200, "")], Progress::Uploaded),
    ] {
        let mut flow = flow(job());
        let run = drive(&mut flow, before.into_iter().chain([refusal()]));
        assert_eq!(run.outcome.unwrap_err().progress(), progress);
        assert_eq!(flow.checkpoint().progress(), progress);
    }
}

#[test]
fn a_checkpoint_holds_no_secret() {
    let mut flow = flow(job());
    drive(&mut flow, [opened(), answer(200, ""), approved()]).outcome.unwrap();
    let text = serde_json::to_string(&flow.checkpoint()).unwrap();
    assert_eq!(
        text,
        format!(
            concat!(
                r#"{{"version":2,"base_url":"https://service.example/v1","partner_id":"001","user_id":"user-1","#,
                r#""job_id":"job-1","job_type":1,"smile_job_id":"0000000007","reach":"uploaded","submission":"{}","denials":0}}"#
            ),
            flow.submission_id().unwrap()
        )
    );
}

/// An upload left out there by another process, begun at this moment of its clock and given two
/// minutes.
fn left_uploading(at: Timestamp, date: Option<Timestamp>) -> Checkpoint {
    let mut first = flow(job());
    let Next::Send { .. } = first.next(at) else { panic!("prep") };
    first.receive(at, dated(opened(), date));
    let Next::Send { .. } = first.next(at) else { panic!("put") };
    first.checkpoint()
}

/// The answer with a `Date`.
fn dated(answer: Answer, date: Option<Timestamp>) -> Answer {
    let mut response = answer.unwrap();
    if let Some(at) = date {
        let at = std::time::UNIX_EPOCH + Duration::from_millis(at.unix_millis());
        let text = httpdate::fmt_http_date(at);
        response.headers_mut().insert("date", text.parse().unwrap());
    }
    Ok(response)
}

#[test]
fn a_resumed_upload_is_given_time_to_arrive_and_to_be_noticed() {
    let checkpoint = left_uploading(START, None);
    let run = drive(&mut resume(&checkpoint), [no_zip(), pending(), approved()]);
    assert_eq!(run.sent, [(0, Status), (125, Status), (127, Status)], "the zip was only slow");
}

#[test]
fn nothing_is_sent_again_before_the_earlier_send_is_over() {
    // Each process has a clock of its own: the first one's is an hour behind the service's, the
    // second one's is right.
    let an_hour_before = Timestamp::from_unix_millis(START.unix_millis() - 3_600_000);
    let checkpoint = left_uploading(an_hour_before, Some(START));
    for late in [0, 50, 200] {
        let mut second = resume(&checkpoint);
        let began = START + Duration::from_secs(late);
        let (mut now, mut sent) = (began, Vec::new());
        let outcome = 'over: {
            for _ in 0..40 {
                match second.next(now) {
                    Next::Wait { until } => now = until,
                    Next::Read(_) => panic!("nothing to read"),
                    Next::Finished(outcome) => break 'over outcome,
                    Next::Send { request, .. } => {
                        let sends = sent.len();
                        let told = match classify(&request) {
                            Status if sends < 4 => dated(no_zip(), Some(now)),
                            Status => approved(),
                            Prep { .. } => opened(),
                            Put => answer(200, ""),
                        };
                        sent.push((now.since(START).as_secs(), classify(&request)));
                        let told = addressed(told, &second);
                        second.receive(now, told);
                    }
                }
            }
            panic!("it ends");
        };
        assert!(is_approved(&outcome.unwrap()));
        let (at, _) = sent.iter().find(|(_, sent)| matches!(sent, Prep { .. })).unwrap();
        let denials = sent.iter().take_while(|(_, sent)| *sent == Status).count();
        // 120 seconds for the send, five until it is noticed, and five to fifteen between the two
        // denials that count.
        let earliest = if late < 120 { 130 } else { late + 5 };
        assert!((earliest..=earliest + 14).contains(at), "{late}: {sent:?}");
        assert_eq!(denials, if late < 120 { 3 } else { 2 }, "{sent:?}");
    }
}

#[test]
fn without_a_known_offset_a_process_waits_one_timeout_from_its_own_start() {
    let checkpoint = left_uploading(START, None);
    let answers = [no_zip(), no_zip(), no_zip(), opened(), answer(200, ""), approved()];
    let run = drive(&mut resume(&checkpoint), answers);
    assert_eq!(run.sent[1].0, 125);
    let (at, ref sent) = run.sent[3];
    assert_eq!(*sent, Prep { retry: true });
    assert!((130..=145).contains(&at), "{:?}", run.sent);
}

/// The small input of a double: `cp c d; resume c; resume d`, from each place where a job can be
/// left.
#[test]
fn copies_of_a_checkpoint_resumed_one_after_the_other_process_once() {
    let mut first = flow(job());
    let mut copies = Vec::new();
    let Next::Send { .. } = first.next(START) else { panic!("prep") };
    copies.push(first.checkpoint());
    first.receive(START, opened());
    copies.push(first.checkpoint());
    let Next::Send { .. } = first.next(START) else { panic!("put") };
    copies.push(first.checkpoint());
    for copy in copies {
        let again = [no_zip(), no_zip(), no_zip(), opened(), answer(200, ""), approved()];
        let denials = if copy.last_send().is_some() { 0 } else { 1 };
        let run = drive(&mut resume(&copy), again.into_iter().skip(denials));
        assert_eq!(run.sent.iter().filter(|(_, sent)| *sent == Put).count(), 1);
        let run = drive(&mut resume(&copy), [approved()]);
        assert!(is_approved(&run.outcome.unwrap()), "both know the same submission");
        // The service may take a moment to notice.
        let run = drive(&mut resume(&copy), [no_zip(), pending(), approved()]);
        assert!(run.sent.iter().all(|(_, sent)| *sent == Status));
        assert!(run.sent[1].0 >= 5, "{:?}", run.sent);
    }
}

#[test]
fn two_that_go_on_at_the_same_moment_take_turns() {
    let checkpoint = left_uploading(START, None);
    let opens_at = |seed| {
        let mut flow = JobFlow::resume(partner(), &checkpoint, job(), FlowSettings::default(), seed).unwrap();
        let answers = [no_zip(), no_zip(), no_zip(), opened(), answer(200, ""), approved()];
        drive(&mut flow, answers).sent[3].0
    };
    let times: std::collections::BTreeSet<u64> = (0..50).map(opens_at).collect();
    assert!(times.len() >= 8, "{times:?}");
}

#[test]
fn denials_of_an_earlier_process_count() {
    let mut second = resume(&left_uploading(START, None));
    let mut now = START;
    for _ in 0..2 {
        while let Next::Wait { until } = second.next(now) {
            now = until;
        }
        second.receive(now, no_zip());
    }
    let checkpoint = second.checkpoint();
    assert_eq!(checkpoint.denials(), 1, "the first came while the upload may have been on its way");
    assert!(checkpoint.last_send().is_none(), "and that is over now");
    let run = drive(&mut resume(&checkpoint), [no_zip(), opened(), answer(200, ""), approved()]);
    assert!((5..=15).contains(&run.sent[0].0), "it comes late enough to count: {:?}", run.sent);
}

/// The docs of [`JobFlow::resume`] say three.
#[test]
fn a_process_that_may_send_three_requests_gets_on_and_one_that_may_send_fewer_does_no_harm() {
    for budget in 1..=5 {
        for loses_first_zip in [false, true] {
            for tells_the_last in [false, true] {
                let mut zips = 0;
                let mut puts = 0;
                let mut stored: Option<String> = None;
                let mut now = START;
                let mut end = None;
                for process in 0..8 {
                    let settings = FlowSettings::default();
                    let mut flow = match &stored {
                        None => JobFlow::new(partner(), job(), settings, process).unwrap(),
                        Some(text) => {
                            let checkpoint: Checkpoint = serde_json::from_str(text).unwrap();
                            JobFlow::resume(partner(), &checkpoint, job(), settings, process).unwrap()
                        }
                    };
                    let mut sends = 0;
                    for _ in 0..60 {
                        let next = flow.next(now);
                        for event in std::iter::from_fn(|| flow.take_event()) {
                            if let Event::Checkpoint(checkpoint) = event {
                                stored = Some(serde_json::to_string(&checkpoint).unwrap());
                            }
                        }
                        match next {
                            Next::Read(_) => panic!("nothing to read"),
                            Next::Wait { until } => now = until,
                            Next::Finished(outcome) => {
                                end = Some(outcome);
                                break;
                            }
                            Next::Send { request, .. } if sends < budget => {
                                sends += 1;
                                let told = match classify(&request) {
                                    Prep { .. } => opened(),
                                    Put => {
                                        puts += 1;
                                        zips += u32::from(puts > 1 || !loses_first_zip);
                                        if puts == 1 && loses_first_zip { timeout() } else { answer(200, "") }
                                    }
                                    Status if zips == 0 => no_zip(),
                                    Status => approved(),
                                };
                                if sends == budget && !tells_the_last {
                                    break;
                                }
                                let told = addressed(told, &flow);
                                flow.receive(now, told);
                                // What the answer set off is written down as well.
                                for event in std::iter::from_fn(|| flow.take_event()) {
                                    if let Event::Checkpoint(checkpoint) = event {
                                        stored = Some(serde_json::to_string(&checkpoint).unwrap());
                                    }
                                }
                            }
                            Next::Send { .. } => {
                                flow.receive(now, Err(TransportFailure::refused("no more requests")));
                                let Next::Finished(_) = flow.next(now) else { panic!("it ends") };
                                for event in std::iter::from_fn(|| flow.take_event()) {
                                    if let Event::Checkpoint(checkpoint) = event {
                                        stored = Some(serde_json::to_string(&checkpoint).unwrap());
                                    }
                                }
                                break;
                            }
                        }
                    }
                    if end.is_some() {
                        break;
                    }
                }
                let case = format!("{budget} requests, {loses_first_zip}, {tells_the_last}");
                assert!(zips <= 1, "{case}");
                if budget >= 3 {
                    assert!(is_approved(&end.expect(&case).unwrap()), "{case}");
                    assert_eq!(zips, 1, "{case}");
                }
            }
        }
    }
}

// Whose result it is.

#[test]
fn the_result_of_another_submission_is_no_verdict_on_this_one() {
    for named in [Some("0123456789abcdef0123456789abcdef"), None] {
        let others = || approval_of(named);
        let always = std::iter::repeat_with(others).take(20);
        let run = drive(&mut flow(job()), [opened(), answer(200, "")].into_iter().chain(always));
        let error = run.outcome.unwrap_err();
        assert!(error.is_of_another_submission() && !error.is_retryable());
        assert_eq!(error.kind() == &JobErrorKind::UnprovenResult, named.is_none());
        assert_eq!(error.progress(), Progress::Uploaded);
        // Its own may come after it.
        let run = drive(&mut flow(job()), [opened(), answer(200, ""), others(), pending(), approved()]);
        assert!(is_approved(&run.outcome.unwrap()));
        // Nor does it stand for the receipt of a job that nobody waits for.
        let job = job().with_return_job_status(false).with_callback_url("https://bank.example/");
        let checkpoint = {
            let mut first = flow(job.clone());
            let _ = first.next(START);
            first.checkpoint()
        };
        let mut second = JobFlow::resume(partner(), &checkpoint, job, FlowSettings::default(), 8).unwrap();
        let error = drive(&mut second, std::iter::repeat_with(others).take(21)).outcome.unwrap_err();
        assert!(error.is_of_another_submission() && error.outcome_unknown(), "{error}");
    }
}

#[test]
fn an_old_copy_of_a_checkpoint_finds_what_its_submission_has_become() {
    let mut first = flow(job());
    assert!(drive(&mut first, [refused(400, "2405")]).outcome.is_err());
    let old = first.checkpoint();
    assert_eq!(old.progress(), Progress::Nothing);
    // Meanwhile another process went on from a copy of it.
    let run = drive(&mut resume(&old), [refused(400, "2215"), approved()]);
    assert_eq!(run.sent.len(), 2);
    assert_eq!(run.sent[1].1, Status);
    assert!(is_approved(&run.outcome.unwrap()));
    let run = drive(&mut resume(&old), [refused(400, "2215"), pending(), pending(), approved()]);
    assert!(is_approved(&run.outcome.unwrap()));
}

/// A partner whose job ids are derived: whoever comes second must not get the first one's approval.
#[test]
fn whoever_comes_second_under_a_job_id_is_refused() {
    // Told at once.
    let mut second = flow(job());
    let error = drive(&mut second, [refused(400, "2215")]).outcome.unwrap_err();
    assert!(error.is_job_already_exists());
    // And from what it wrote down there is no way to the earlier job.
    for named in [Some("another"), None] {
        let always = std::iter::repeat_with(|| approval_of(named)).take(21);
        let run =
            drive(&mut resume(&second.checkpoint()), std::iter::once(refused(400, "2215")).chain(always));
        let error = run.outcome.unwrap_err();
        assert!(error.is_of_another_submission() && !error.is_retryable(), "{error}");
        assert!(run.sent.iter().skip(1).all(|(_, sent)| *sent == Status), "nothing is taken over");
    }
    let run = drive(&mut resume(&second.checkpoint()), [refused(400, "2215"), no_zip()]);
    assert_eq!(run.sent.len(), 2, "an open job may be anybody's, and isn't taken over");
    assert!(run.outcome.unwrap_err().is_job_already_exists());

    // The refusal was lost: the status of the earlier job ends it, and nothing is taken over.
    for status in [pending(), approval_of(Some("another")), approval_of(None)] {
        let run = drive(&mut flow(job()), [timeout(), status.clone()]);
        let error = run.outcome.unwrap_err();
        assert_eq!(error.kind(), &JobErrorKind::AnotherSubmission, "{error}");
        assert!(error.to_string().contains("under a new job id"), "{error}");
        // With the caller's own flag it is asked about before anything is sent.
        let run = drive(&mut flow(job().with_retry(true)), [status]);
        assert_eq!(run.sent, [(0, Status)]);
        assert!(run.outcome.unwrap_err().is_of_another_submission());
    }
}

#[test]
fn with_the_callers_retry_flag_an_open_job_without_images_is_taken_up() {
    let run =
        drive(&mut flow(job().with_retry(true)), [no_zip(), no_zip(), opened(), answer(200, ""), approved()]);
    assert_eq!(run.sent[2], (5, Prep { retry: true }));
    assert!(is_approved(&run.outcome.unwrap()));
}

#[test]
fn the_submissions_id_travels_in_the_request_and_in_the_zip() {
    let mut flow = flow(job());
    let run = drive(&mut flow, [opened(), answer(200, ""), approved()]);
    let id = flow.submission_id().unwrap().as_str();
    for request in &run.requests[..2] {
        let body = request.body();
        assert!(body.windows(id.len()).any(|window| window == id.as_bytes()));
    }
    assert_eq!(run.outcome.unwrap().submission().id.as_ref().unwrap().as_str(), id);
}

#[test]
fn no_key_of_the_partners_own_may_stand_in_the_place_of_the_submissions_id() {
    let params = params().with_param("sdk_submission", "mine");
    let job = Job::smartselfie_registration(params, Image::bytes(JPEG)).with_return_job_status(true);
    let error = JobFlow::new(partner(), job, FlowSettings::default(), 0).unwrap_err();
    assert_eq!(error.validation().unwrap().problems()[0].field, "partner_params.sdk_submission");
}

#[test]
fn a_submission_is_waited_for_without_its_images() {
    let mut first = flow(job());
    let never_begun = first.checkpoint();
    let Next::Send { .. } = first.next(START) else { panic!("prep") };
    let checkpoint = first.checkpoint();
    let wait = |checkpoint: &Checkpoint| {
        JobFlow::wait_for_submission(partner(), checkpoint, FlowSettings::default(), 0)
    };
    let run = drive(&mut wait(&checkpoint).unwrap(), [pending(), approval_of(None), approved()]);
    assert!(is_approved(&run.outcome.unwrap()));
    assert!(run.sent.iter().all(|(_, sent)| *sent == Status));
    let always = std::iter::repeat_with(|| approval_of(Some("another"))).take(20);
    let error = drive(&mut wait(&checkpoint).unwrap(), always).outcome.unwrap_err();
    assert_eq!(error.kind(), &JobErrorKind::AnotherSubmission);
    let error = wait(&never_begun).unwrap_err();
    assert_eq!(error.validation().unwrap().problems()[0].field, "checkpoint.submission");
}

#[test]
fn the_result_of_a_check_that_was_taken_on_is_waited_for_by_its_checkpoint() {
    let id_info = IdInfo::new("NG", "BVN", "00000000000");
    let check = AsyncEnhancedKycRequest::new(params(), id_info).with_callback_url("https://example.com/x");
    let mut call = Call::new(partner(), check, FlowSettings::default(), 0);
    let Next::Send { .. } = call.next(START) else { panic!("the check") };
    call.receive(START, answer(200, r#"{"success":true}"#));
    let Next::Finished(Ok(_)) = call.next(START) else { panic!("taken on") };
    let checkpoint = call.checkpoint();
    let result_of = |submission: &str| {
        let params =
            json!({ "user_id": "user-1", "job_id": "job-1", "job_type": 5, "sdk_submission": submission });
        status(json!({
            "job_complete": true, "job_success": true, "code": "2302",
            "result": { "ResultCode": "1020", "SmileJobID": "0000000007", "PartnerParams": params,
                "Actions": { "Verify_ID_Number": "Verified", "Return_Personal_Info": "Returned" } },
        }))
    };
    let flow = || JobFlow::wait_for_submission(partner(), &checkpoint, FlowSettings::default(), 0).unwrap();
    assert_eq!(flow().submission_id(), checkpoint.submission_id());
    let outcome = drive(&mut flow(), [pending(), result_of(THIS_SUBMISSION)]).outcome.unwrap();
    assert!(is_approved(&outcome));
    let of_another = std::iter::repeat_with(|| result_of("another")).take(20);
    let error = drive(&mut flow(), of_another).outcome.unwrap_err();
    assert_eq!(error.kind(), &JobErrorKind::AnotherSubmission);
}

/// An old copy of a checkpoint: the job may have been finished since, so nobody may be told to
/// submit it again.
#[test]
fn after_a_resume_nobody_is_told_to_submit_again_before_the_service_has_denied_the_zip() {
    let mut first = flow(job());
    let Next::Send { .. } = first.next(START) else { panic!("prep") };
    let maybe_opened = first.checkpoint();
    first.receive(START, opened());
    let opened_ = first.checkpoint();
    let forbidden = || answer(403, r#"{"message":"Forbidden"}"#);
    let refusal = || Err(TransportFailure::refused("the checkpoint can't be stored"));
    for checkpoint in [&maybe_opened, &opened_] {
        let wait = |checkpoint| {
            JobFlow::wait_for_submission(partner(), checkpoint, FlowSettings::default(), 8).unwrap()
        };
        let mut cancelled = resume(checkpoint);
        let _ = cancelled.next(START);
        cancelled.cancel();
        for error in [
            drive(&mut resume(checkpoint), (0..4).map(|_| forbidden())).outcome.unwrap_err(),
            drive(&mut resume(checkpoint), [refusal()]).outcome.unwrap_err(),
            drive(&mut wait(checkpoint), (0..5).map(|_| forbidden())).outcome.unwrap_err(),
            drive(&mut cancelled, []).outcome.unwrap_err(),
            JobFlow::resume(
                partner(),
                checkpoint,
                job().with_return_job_status(false),
                FlowSettings::default(),
                8,
            )
            .unwrap_err(),
        ] {
            assert!(error.outcome_unknown(), "{error}");
            assert!(!error.to_string().contains("submit it again with"), "{error}");
        }
        // What is written down stays what is known.
        assert_eq!(resume(checkpoint).checkpoint().progress(), checkpoint.progress());
    }
    // Once it has denied it to this process as well, that counts.
    let refused_prep = [no_zip(), no_zip(), refused(400, "2213")];
    let error = drive(&mut resume(&opened_), refused_prep).outcome.unwrap_err();
    assert_eq!(error.progress(), Progress::Opened);
}

/// A status that was signed at another time, or whose result names no job, is no evidence for
/// anything.
#[test]
fn a_doubtful_status_is_asked_for_again() {
    let old = |body: serde_json::Value| {
        let mut body = body;
        let signed = partner().signer().sign(Timestamp::from_unix_millis(START.unix_millis() - 86_400_000));
        body["timestamp"] = json!(signed.timestamp());
        body["signature"] = json!(signed.signature());
        answer(200, body.to_string())
    };
    for doubtful in [
        old(json!({ "job_complete": true, "job_success": true, "code": "2302", "result": {} })),
        old(json!({ "job_complete": false, "job_success": false, "code": "2302" })),
        old(
            json!({ "job_complete": false, "job_success": false, "code": "2314", "result": "No zip file received" }),
        ),
        status(json!({
            "job_complete": true, "job_success": true, "code": "2302",
            "result": { "ResultCode": "0810", "Actions": { "Register_Selfie": "Approved" } },
        })),
    ] {
        // Whoever comes second would otherwise be told that the zip is another submission's.
        let denied = [timeout(), doubtful.clone(), no_zip(), opened(), answer(200, ""), approved()];
        assert!(is_approved(&drive(&mut flow(job()), denied).outcome.unwrap()));
        let retried = [doubtful, no_zip(), no_zip(), opened(), answer(200, ""), approved()];
        assert!(is_approved(&drive(&mut flow(job().with_retry(true)), retried).outcome.unwrap()));
    }
}

/// The caller says that the job is open, and no refusal of this attempt unsays that.
#[test]
fn with_the_callers_retry_flag_no_error_says_that_nothing_was_submitted() {
    let refusal = || Err(TransportFailure::refused("the checkpoint can't be stored"));
    let denials = || [no_zip(), no_zip()];
    for answers in [
        vec![refusal()],
        denials().into_iter().chain([refusal()]).collect(),
        denials().into_iter().chain([refused(400, "2213")]).collect(),
        denials()
            .into_iter()
            .chain((0..4).map(|_| Err(TransportFailure::not_sent("no connection"))))
            .collect(),
    ] {
        let error = drive(&mut flow(job().with_retry(true)), answers).outcome.unwrap_err();
        assert_eq!(error.progress(), Progress::MaybeOpened, "{error}");
        assert!(!error.is_retryable() && !error.to_string().contains("nothing was submitted"), "{error}");
    }
}

#[test]
fn what_is_wrong_with_a_resumed_job_does_not_hide_how_far_it_came() {
    let mut first = flow(job());
    drive(&mut first, [opened(), answer(200, ""), approved()]).outcome.unwrap();
    let nowhere_to_call = job().with_return_job_status(false);
    let error = JobFlow::resume(partner(), &first.checkpoint(), nowhere_to_call, FlowSettings::default(), 0)
        .unwrap_err();
    assert!(error.is_validation());
    assert_eq!((error.progress(), error.smile_job_id()), (Progress::Uploaded, Some("0000000007")));
}

#[test]
fn a_deadline_tells_what_went_wrong_before() {
    let settings = FlowSettings::default().with_deadline(Duration::from_secs(3));
    let mut flow = JobFlow::new(partner(), job(), settings, 7).unwrap();
    let error = drive(&mut flow, [opened(), timeout()]).outcome.unwrap_err();
    assert!(
        error.outcome_unknown() && error.to_string().contains("before that, the service didn't answer"),
        "{error}"
    );
}

#[test]
fn warnings_are_told_and_stop_nothing() {
    let id_info = IdInfo::new("KE", "NATIONAL_ID_NO_PHOTO", "00000000");
    let job = Job::biometric_kyc(params(), Image::bytes(JPEG), id_info).with_return_job_status(true);
    let run = drive(&mut flow(job), [opened(), answer(200, ""), approved()]);
    let warned = warned_of(&run.events);
    assert_eq!(warned, ["images (liveness)", "id_info.id_type"]);
    assert!(is_approved(&run.outcome.unwrap()));
}

fn warned_of(events: &[Event]) -> Vec<&str> {
    let mut fields = Vec::new();
    for event in events {
        if let Event::Warning(problem) = event {
            fields.push(problem.field.as_str());
        }
    }
    fields
}

#[test]
fn what_is_doubtful_about_an_image_is_a_warning_and_goes_out() {
    // Without its end.
    let cut = &JPEG[..JPEG.len() - 2];
    let job = Job::update_photo(params(), Image::bytes(cut)).with_return_job_status(true);
    let run = drive(&mut flow(job), [opened(), answer(200, ""), approved()]);
    assert_eq!(warned_of(&run.events), ["images[0] (selfie)"]);
    let is_no_end = |event: &Event| matches!(event, Event::Warning(problem) if problem.kind == ProblemKind::Image(ImageFault::NoEnd));
    assert!(run.events.iter().any(is_no_end));
    assert!(run.outcome.is_ok());
}

#[test]
fn an_image_that_cannot_hold_a_picture_is_refused_before_anything_is_sent() {
    let start_alone = b"\xFF\xD8\xFF\xD9".as_slice();
    // What a database column of 255 letters left of it.
    let column = format!("{}{}", &SMALL_UNPADDED[..32], "A".repeat(300));
    for (image, fault) in [
        (Image::bytes(start_alone), ImageFault::NoScan),
        (Image::bytes(&JPEG[..12]), ImageFault::BadSegment),
        (Image::bytes(&PNG[..33]), ImageFault::NoImageData),
        (
            Image::base64(SMALL_BASE64.replace('+', " ").replacen("/9j/w", "/9j/ ", 1)),
            ImageFault::BlanksInBase64,
        ),
        (Image::base64(SMALL_BASE64.replace('/', "_")), ImageFault::UrlSafeBase64),
        (Image::base64(&column[..255]), ImageFault::CutBase64),
        (Image::base64(&column[..255]).with_encoding(ImageEncoding::File), ImageFault::CutBase64),
    ] {
        let job = Job::update_photo(params(), image).with_return_job_status(true);
        let run = drive(&mut flow(job), []);
        let error = run.outcome.unwrap_err();
        assert_eq!(error.validation().unwrap().problems()[0].kind, ProblemKind::Image(fault));
        assert_eq!(error.progress(), Progress::Nothing);
    }
}

#[test]
fn a_file_beyond_the_limit_is_refused_by_name() {
    let mut flow = flow(Job::update_photo(params(), Image::path("zero")).with_return_job_status(true));
    assert!(matches!(flow.next(START), Next::Read(_)));
    flow.file_read(START, smile_core::read_image(std::io::repeat(0)));
    let Next::Finished(Err(error)) = flow.next(START) else { panic!("it goes on") };
    assert!(error.to_string().contains("more than 128 MiB"), "{error}");
}

#[test]
fn a_date_of_birth_in_the_future_is_refused_by_the_flow_s_clock() {
    let id_info = IdInfo::new("NG", "BVN", "00000000000").with_dob("2024-01-18");
    let job = Job::biometric_kyc(params(), Image::bytes(JPEG), id_info.clone()).with_return_job_status(true);
    let run = drive(&mut flow(job), []);
    assert!(run.outcome.unwrap_err().to_string().contains("`id_info.dob` must not be in the future"));

    let check = smile_core::v1::EnhancedKycRequest::new(params(), id_info);
    let mut call = smile_core::Call::new(partner(), check, FlowSettings::default(), 7);
    let Next::Finished(Err(error)) = call.next(START) else { panic!("it goes on") };
    assert!(error.is_validation() && !error.outcome_unknown(), "{error}");
    assert_eq!(error.problems()[0].field, "dob");
}

#[test]
fn a_checkpoint_of_something_else_is_refused() {
    let checkpoint = flow(job()).checkpoint();
    let other = Partner::new("002", "key", smile_core::Environment::Sandbox).unwrap();
    let other_job =
        Job::smartselfie_authentication(params(), Image::bytes(JPEG)).with_return_job_status(true);
    let error = JobFlow::resume(other, &checkpoint, other_job, FlowSettings::default(), 0).unwrap_err();
    let fields: Vec<_> =
        error.validation().unwrap().problems().iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["checkpoint.partner_id", "checkpoint.base_url", "checkpoint.job_type"]);
    let newer = serde_json::to_string(&checkpoint).unwrap().replace("\"version\":2", "\"version\":3");
    let newer: Checkpoint = serde_json::from_str(&newer).unwrap();
    assert!(JobFlow::resume(partner(), &newer, job(), FlowSettings::default(), 0).is_err());
}

#[test]
fn a_job_that_somebody_else_submitted_can_be_waited_for() {
    let key = JobKey {
        user_id: params().user_id().clone(),
        job_id: params().job_id().clone(),
        job_type: job().job_type(),
    };
    let settings = FlowSettings::default().with_poll_schedule(PollSchedule::every(Duration::from_secs(3), 5));
    let mut flow = JobFlow::wait_for(partner(), key, settings, 0).with_return_history(true);
    let run = drive(&mut flow, [pending(), no_zip(), approved()]);
    assert_eq!(run.sent, [(0, Status), (3, Status), (6, Status)]);
    assert!(std::str::from_utf8(run.requests[0].body()).unwrap().contains(r#""history":true"#));
    assert!(is_approved(&run.outcome.unwrap()));
}

#[test]
fn events_tell_the_story() {
    let job = job().with_liveness([Image::path("l.jpg").with_encoding(ImageEncoding::Base64)]);
    let answers = [answer(503, ""), no_zip(), opened(), answer(200, ""), pending(), approved()];
    let run = drive(&mut flow(job), answers);
    let story: Vec<String> = run
        .events
        .iter()
        .filter_map(|event| match event {
            Event::ImageRead { index, image_type, bytes, .. } => {
                Some(format!("read {index} {} {bytes}", image_type.id()))
            }
            Event::Retrying { step: Step::PrepUpload, attempt, .. } => Some(format!("retry {attempt}")),
            Event::Opened { smile_job_id, .. } => {
                Some(format!("opened {}", smile_job_id.as_deref().unwrap()))
            }
            Event::Uploading { .. } => Some("uploading".to_owned()),
            Event::Uploaded => Some("uploaded".to_owned()),
            Event::Polled { poll, job_complete, .. } => Some(format!("poll {poll} {job_complete}")),
            _ => None,
        })
        .collect();
    assert_eq!(
        story,
        [
            "read 0 0 39",
            "read 1 6 39",
            "retry 1",
            "opened 0000000007",
            "uploading",
            "uploaded",
            "poll 1 false",
            "poll 2 true"
        ]
    );
}

#[test]
fn the_same_job_seed_and_clock_give_the_same_bytes() {
    let run = || drive(&mut flow(job()), [opened(), answer(200, ""), approved()]).requests;
    let bytes = |requests: Vec<http::Request<bytes::Bytes>>| {
        requests
            .into_iter()
            .map(|r| (r.uri().clone(), r.headers().clone(), r.into_body()))
            .collect::<Vec<_>>()
    };
    assert_eq!(bytes(run()), bytes(run()));
}

#[test]
fn an_id_card_alone_will_do_for_biometric_kyc() {
    let job = Job::biometric_kyc_with_id_card(params(), Image::bytes(JPEG), Image::path("card.jpg"))
        .with_id_info(IdInfo::for_document("GH"))
        .with_return_job_status(true);
    assert!(is_approved(&drive(&mut flow(job), [opened(), answer(200, ""), approved()]).outcome.unwrap()));
}

#[test]
fn a_jobs_key_is_that_of_its_ids_and_its_type() {
    let ids = smile_core::PartnerParams::new(smile_core::UserId::new("u"), smile_core::JobId::new("j"));
    let job = smile_core::Job::smartselfie_registration(ids, smile_core::Image::bytes(vec![1]));
    let expected = smile_core::JobKey::new(
        smile_core::UserId::new("u"),
        smile_core::JobId::new("j"),
        smile_core::JobType::SMARTSELFIE_REGISTRATION,
    );
    assert_eq!(job.key(), expected);
    let history = smile_core::JobHistory::new(partner().account(), expected.clone());
    assert_eq!(history.key(), Some(expected));
    let of_webhook = smile_core::JobHistory::of_webhook(
        partner().account(),
        smile_core::UserId::new("u"),
        smile_core::JobId::new("j"),
    );
    assert_eq!(of_webhook.key(), None, "its results name no type of job");
}

#[test]
fn partner_params_that_were_read_are_checked_like_any() {
    let text = r#"{ "user_id": "u", "job_id": "j", "branch": "Lagos", "job_type": 1 }"#;
    let ids: smile_core::PartnerParams = serde_json::from_str(text).unwrap();
    let job = smile_core::Job::smartselfie_registration(ids, smile_core::Image::bytes(vec![1]));
    let error = smile_core::JobFlow::new(partner(), job, smile_core::FlowSettings::default(), 7).unwrap_err();
    assert!(error.is_validation() && error.name() == "validation");
    assert!(error.problems().iter().any(|problem| problem.field.contains("job_type")), "{error}");
    assert_eq!(serde_json::to_value(error.kind()).unwrap(), serde_json::json!("validation"));
}
