//! Whole jobs under a fake clock: what is sent when, and how each ends.
#![allow(clippy::unwrap_used)] // A test that can't set itself up fails.

mod support;

use std::time::Duration;

use smile_core::{
    Checkpoint, Event, Flow, FlowSettings, IdInfo, Image, ImageFault, Job, JobFlow, JobKey, JobOutcome, Next,
    Partner, PollSchedule, ProblemKind, Reach, Step, TransportFailure,
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
    let job = job().return_job_status(false).callback_url("https://bank.example/").unwrap();
    let run = drive(&mut flow(job), [opened(), answer(200, "")]);
    assert!(matches!(run.outcome.unwrap(), JobOutcome::Submitted { .. }));
}

/// A timeout on the PUT, a 503 with `Retry-After`, six unfinished polls and one answer with a bad signature.
#[test]
fn a_bad_day_ends_in_the_right_verdict() {
    let answers = [
        retry_later(503, 7),
        opened(),
        timeout(),
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
    assert_eq!(run.sent[1].1, Prep { retry: false }, "what was turned away is no reason for the flag");
    let asked: Vec<u64> = run.sent[3..5].iter().map(|(at, _)| at - run.sent[2].0).collect();
    assert_eq!(asked, [5, 10], "it is asked twice, with time to notice a zip");
    let polls: Vec<u64> = run.sent[6..].iter().map(|(at, _)| at - run.sent[5].0).collect();
    assert_eq!(polls, [2, 4, 6, 8, 14, 20, 26, 32]);
}

#[test]
fn a_lost_answer_to_prep_upload_is_asked_for_with_the_retry_flag() {
    for lost in
        [timeout(), Err(TransportFailure::interrupted("reset")), answer(502, "<html>"), answer(200, "{\"upl")]
    {
        let run = drive(&mut flow(job()), [lost, opened(), answer(200, ""), approved()]);
        assert_eq!(run.sent[0].1, Prep { retry: false });
        assert_eq!(run.sent[1].1, Prep { retry: true });
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

#[test]
fn an_upload_that_was_turned_away_is_sent_again_without_asking() {
    let run = drive(&mut flow(job()), [opened(), retry_later(503, 1), answer(200, ""), approved()]);
    let sent: Vec<_> = run.sent.into_iter().map(|(_, sent)| sent).collect();
    assert_eq!(sent, [Prep { retry: false }, Put, Put, Status]);
}

#[test]
fn an_expired_address_is_asked_for_anew_once() {
    let run =
        drive(&mut flow(job()), [opened(), answer(403, "<Error/>"), opened(), answer(200, ""), approved()]);
    assert_eq!(run.sent[2].1, Prep { retry: true });
    assert!(is_approved(&run.outcome.unwrap()));

    let run = drive(&mut flow(job()), [opened(), answer(403, ""), opened(), answer(403, "")]);
    let error = run.outcome.unwrap_err();
    assert_eq!(error.reach(), Reach::Opened);
    assert!(!error.is_unauthorized() && !error.outcome_unknown());
    assert_eq!(
        error.to_string(),
        "upload failed: the service answered HTTP 403; \
         the job is open at the service, without images: submit it again with `retry(true)` (job_id job-1)"
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
    assert!(error.outcome_unknown(), "an earlier attempt may have come all the way: {error}");

    let run = drive(&mut flow(job()), [refused(400, "2205")]);
    let error = run.outcome.unwrap_err();
    assert!(error.is_unauthorized());
    assert!(!format!("{error} {error:?}").contains("jane"), "{error}");

    let run = drive(&mut flow(job()), [answer(307, "")]);
    assert!(run.outcome.unwrap_err().to_string().contains("redirect"));
}

#[test]
fn tries_are_limited() {
    let run = drive(&mut flow(job()), (0..4).map(|_| answer(503, "")));
    let error = run.outcome.unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(error.reach(), Reach::Nothing);
    let run = drive(&mut flow(job()), (0..4).map(|_| timeout()));
    let error = run.outcome.unwrap_err();
    assert_eq!(error.reach(), Reach::MaybeOpened);
    assert!(!error.is_retryable(), "as it is, it would be refused as a duplicate");
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
    assert!(error.is_retryable());
    assert_eq!(error.reach(), Reach::Nothing);
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
    assert_eq!(error.reach(), Reach::Uploaded);
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
    let run = drive(&mut flow, [opened(), answer(200, ""), approved()]);
    assert_eq!(run.sent[0].1, Prep { retry: true });

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
    assert_eq!(flow.checkpoint().reach(), Reach::MaybeUploaded);
}

#[test]
fn every_image_fault_is_named_before_anything_is_sent() {
    let job = Job::smartselfie_registration(params(), Image::path("missing.jpg"))
        .with_liveness(
            ["directory", "secret.jpg", "empty.jpg", "photo.heic", "notes.txt", "good.jpg"].map(Image::path),
        )
        .with_liveness([Image::base64("not base64!"), Image::bytes(&b""[..])])
        .return_job_status(true);
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
    assert_eq!(first.checkpoint().reach(), Reach::Nothing);
    let run = drive(&mut resume(&first.checkpoint()), [opened(), answer(200, ""), approved()]);
    assert_eq!(sent(run), [Prep { retry: false }, Put, Status]);

    let Next::Send { .. } = first.next(START) else { panic!("prep") };
    assert_eq!(first.checkpoint().reach(), Reach::MaybeOpened);
    let run = drive(&mut resume(&first.checkpoint()), [opened(), answer(200, ""), approved()]);
    assert_eq!(sent(run), [Prep { retry: true }, Put, Status]);

    first.receive(START, opened());
    assert_eq!(first.checkpoint().reach(), Reach::Opened);
    let run = drive(&mut resume(&first.checkpoint()), [opened(), answer(200, ""), approved()]);
    assert_eq!(sent(run), [Prep { retry: true }, Put, Status]);

    let Next::Send { .. } = first.next(START) else { panic!("put") };
    assert_eq!(first.checkpoint().reach(), Reach::MaybeUploaded);
    let run =
        drive(&mut resume(&first.checkpoint()), [no_zip(), no_zip(), opened(), answer(200, ""), approved()]);
    assert_eq!(sent(run), [Status, Status, Prep { retry: true }, Put, Status]);
    let run = drive(&mut resume(&first.checkpoint()), [pending(), approved()]);
    assert_eq!(sent(run), [Status, Status]);

    first.receive(START, answer(200, ""));
    assert_eq!(first.checkpoint().reach(), Reach::Uploaded);
    let run = drive(&mut resume(&first.checkpoint()), [approved()]);
    assert_eq!(sent(run), [Status]);
}

#[test]
fn checkpoints_come_before_what_they_are_about() {
    let run = drive(&mut flow(job()), [opened(), answer(200, ""), approved()]);
    let reaches: Vec<Reach> = run
        .events
        .iter()
        .filter_map(
            |event| if let Event::Checkpoint(checkpoint) = event { Some(checkpoint.reach()) } else { None },
        )
        .collect();
    assert_eq!(reaches, [Reach::MaybeOpened, Reach::MaybeUploaded, Reach::Uploaded]);
}

#[test]
fn a_checkpoint_holds_no_secret() {
    let mut flow = flow(job());
    drive(&mut flow, [opened(), answer(200, ""), approved()]).outcome.unwrap();
    let text = serde_json::to_string(&flow.checkpoint()).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"version":2,"base_url":"https://service.example/v1","partner_id":"001","user_id":"user-1","#,
            r#""job_id":"job-1","job_type":1,"smile_job_id":"0000000007","reach":"uploaded","denials":0,"#,
            r#""last_send":{"step":"upload","began":1705314600000,"timeout_millis":120000}}"#
        )
    );
}

#[test]
fn a_resumed_upload_is_given_time_to_be_noticed() {
    let mut first = flow(job());
    let Next::Send { .. } = first.next(START) else { panic!("prep") };
    first.receive(START, opened());
    let Next::Send { .. } = first.next(START) else { panic!("put") };
    let run = drive(&mut resume(&first.checkpoint()), [no_zip(), pending(), approved()]);
    assert_eq!(run.sent, [(5, Status), (10, Status), (12, Status)], "the zip was only slow to be noticed");
}

#[test]
fn what_is_wrong_with_a_resumed_job_does_not_hide_how_far_it_came() {
    let mut first = flow(job());
    drive(&mut first, [opened(), answer(200, ""), approved()]).outcome.unwrap();
    let nowhere_to_call = job().return_job_status(false);
    let error = JobFlow::resume(partner(), &first.checkpoint(), nowhere_to_call, FlowSettings::default(), 0)
        .unwrap_err();
    assert!(error.is_validation());
    assert_eq!((error.reach(), error.smile_job_id()), (Reach::Uploaded, Some("0000000007")));
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
    let job = Job::biometric_kyc(params(), Image::bytes(JPEG), id_info).return_job_status(true);
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
    let job = Job::update_photo(params(), Image::bytes(cut)).return_job_status(true);
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
        (Image::base64(&column[..255]).as_file(), ImageFault::CutBase64),
    ] {
        let job = Job::update_photo(params(), image).return_job_status(true);
        let run = drive(&mut flow(job), []);
        let error = run.outcome.unwrap_err();
        assert_eq!(error.validation().unwrap().problems()[0].kind, ProblemKind::Image(fault));
        assert_eq!(error.reach(), Reach::Nothing);
    }
}

#[test]
fn a_file_beyond_the_limit_is_refused_by_name() {
    let mut flow = flow(Job::update_photo(params(), Image::path("zero")).return_job_status(true));
    assert!(matches!(flow.next(START), Next::Read(_)));
    flow.read(START, smile_core::read_image(std::io::repeat(0)));
    let Next::Finished(Err(error)) = flow.next(START) else { panic!("it goes on") };
    assert!(error.to_string().contains("more than 128 MiB"), "{error}");
}

#[test]
fn a_date_of_birth_in_the_future_is_refused_by_the_flow_s_clock() {
    let id_info = IdInfo::new("NG", "BVN", "00000000000").with_dob("2024-01-18");
    let job = Job::biometric_kyc(params(), Image::bytes(JPEG), id_info.clone()).return_job_status(true);
    let run = drive(&mut flow(job), []);
    assert!(run.outcome.unwrap_err().to_string().contains("`id_info.dob` must not be in the future"));

    let check = smile_core::operation::EnhancedKyc::new(params(), id_info);
    let mut call = smile_core::Call::new(partner(), check, FlowSettings::default(), 7);
    let Next::Finished(Err(error)) = call.next(START) else { panic!("it goes on") };
    assert!(error.is_validation() && !error.outcome_unknown(), "{error}");
    assert_eq!(error.problems()[0].field, "dob");
}

#[test]
fn a_checkpoint_of_something_else_is_refused() {
    let checkpoint = flow(job()).checkpoint();
    let other = Partner::new("002", "key", smile_core::Environment::Sandbox).unwrap();
    let other_job = Job::smartselfie_authentication(params(), Image::bytes(JPEG)).return_job_status(true);
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
    let mut flow = JobFlow::wait_for(partner(), key, settings, 0).return_history(true);
    let run = drive(&mut flow, [pending(), no_zip(), approved()]);
    assert_eq!(run.sent, [(0, Status), (3, Status), (6, Status)]);
    assert!(std::str::from_utf8(run.requests[0].body()).unwrap().contains(r#""history":true"#));
    assert!(is_approved(&run.outcome.unwrap()));
}

#[test]
fn events_tell_the_story() {
    let job = job().with_liveness([Image::path("l.jpg").as_base64()]);
    let run = drive(&mut flow(job), [answer(503, ""), opened(), answer(200, ""), pending(), approved()]);
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
        .return_job_status(true);
    assert!(is_approved(&drive(&mut flow(job), [opened(), answer(200, ""), approved()]).outcome.unwrap()));
}
